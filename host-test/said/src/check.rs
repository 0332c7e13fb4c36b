//! What a folder of a test run must hold: a log of every test binary, at the most talkative level, secrets that were used, and none of
//! these in any log or stream.

use std::collections::HashSet;
use std::fmt;
use std::fs::File;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use said::{FIXTURES, LOG, PRIVATE, STREAM};

use crate::search::{Private, Search};

/// Where the run script puts the standard streams of `cargo test`, which names the test binaries.
const CARGO: &str = "cargo.stream";

/// Who has to have spoken at the level below which there is none: the runtime, and each layer of the network.
const TALKERS: [&str; 4] = ["wasmtime_wasi", "hyper_util", "h2", "rustls"];

/// A whole run uses thousands; with fewer, the tests do not note theirs.
const MIN_PRIVATES: usize = 1000;

/// Each kind of place where secrets pass, so that none is forgotten. The tests' own places have names of their own.
const KINDS: [&str; 5] = [
    "client secret sent",
    "bearer token sent",
    "access token answered",
    "access token issued",
    "client secret typed",
];

/// What the words are called that need no note.
const FIXTURE: &str = "fixture";

/// Shorter ones that a test made up by chance are found by chance; only fixtures are chosen not to be.
const MIN_NOTED_BYTES: usize = 8;

/// More are not listed; the first ones lead to the rest.
const MAX_SHOWN: usize = 20;

/// What the search came to.
#[derive(Default)]
pub(crate) struct Outcome {
    files: usize,
    lines: usize,
    bytes: usize,
    privates: usize,
    /// A sentence for each place where a secret shows.
    pub(crate) shown: Vec<String>,
    /// A sentence for everything that should have been there to be searched.
    pub(crate) missing: Vec<String>,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for sentence in self.shown.iter().take(MAX_SHOWN).chain(&self.missing) {
            writeln!(f, "said: {sentence}")?;
        }
        if self.shown.len() > MAX_SHOWN {
            writeln!(f, "said: and {} more", self.shown.len() - MAX_SHOWN)?;
        }
        writeln!(
            f,
            "said: {} secrets and tokens, searched for in {} lines ({} MB) of {} logs and streams: {}",
            self.privates,
            self.lines,
            self.bytes.div_ceil(1_000_000),
            self.files,
            if self.shown.is_empty() {
                "none shows"
            } else {
                "FOUND"
            }
        )
    }
}

/// Searches the folder.
pub(crate) fn folder(folder: &Path) -> io::Result<Outcome> {
    let mut files: Vec<_> = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.sort();
    let ending = |file: &&PathBuf, ending: &str| file.extension().is_some_and(|e| e == ending);
    let mut outcome = Outcome::default();

    let fixtures = FIXTURES.iter().map(|text| Private {
        kind: FIXTURE.to_owned(),
        text: text.as_bytes().to_vec(),
    });
    let mut privates: Vec<_> = fixtures.collect();
    for file in files.iter().filter(|file| ending(file, PRIVATE)) {
        each_line(file, |_, line| privates.extend(private(line)))?;
    }
    outcome.missing.extend(missing_kinds(&privates));
    let mut known = HashSet::new();
    privates.retain(|private| known.insert(private.text.clone()));
    outcome.privates = privates.len();
    privates.retain(|private| private.kind == FIXTURE || private.text.len() >= MIN_NOTED_BYTES);
    let search = Search::new(privates);

    let mut talkers: HashSet<&str> = TALKERS.into();
    let mut binaries = Vec::new();
    // Logs repeat themselves.
    let (mut seen, hasher) = (HashSet::new(), RandomState::new());
    for file in files
        .iter()
        .filter(|file| ending(file, LOG) || ending(file, STREAM))
    {
        outcome.files += 1;
        let is_cargo = file.file_name().is_some_and(|name| name == CARGO);
        each_line(file, |number, line| {
            outcome.lines += 1;
            outcome.bytes += line.len();
            if !seen.insert(hasher.hash_one(line)) {
                return;
            }
            if !talkers.is_empty() && line.trim_ascii_start().starts_with(b"TRACE") {
                talkers.retain(|talker| !speaks(line, talker));
            }
            if is_cargo {
                binaries.extend(test_binary(line));
            }
            if let Some(found) = search.find(line) {
                let name = file.file_name().unwrap_or_default().display();
                outcome
                    .shown
                    .push(format!("{name}, line {number}, shows the {found}"));
            }
        })?;
    }
    outcome.missing.extend(
        talkers
            .iter()
            .map(|talker| format!("nothing of {talker} at the level trace")),
    );
    if binaries.is_empty() {
        outcome
            .missing
            .push(format!("{CARGO} names no test binary"));
    }
    for binary in binaries {
        let start = format!("{binary}.");
        let is_its = |file: &&PathBuf| {
            ending(file, LOG)
                && file
                    .file_name()
                    .is_some_and(|name| name.to_string_lossy().starts_with(&start))
        };
        if !files.iter().any(|file| is_its(&file)) {
            outcome.missing.push(format!(
                "no log of {binary}: `said::listens!();` is missing at its root"
            ));
        }
    }
    Ok(outcome)
}

fn each_line(file: &Path, mut with: impl FnMut(usize, &[u8])) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(1 << 20, File::open(file)?);
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        with(number, line.trim_ascii_end());
    }
    Ok(())
}

/// Reads a line of a file of secrets.
fn private(line: &[u8]) -> Option<Private> {
    let (kind, digits) = str::from_utf8(line).ok()?.split_once('\t')?;
    let pairs = digits.as_bytes().as_chunks::<2>().0.iter();
    let bytes = pairs.map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok());
    Some(Private {
        kind: kind.to_owned(),
        text: bytes.collect::<Option<_>>()?,
    })
}

fn missing_kinds(privates: &[Private]) -> Vec<String> {
    let unseen = KINDS
        .iter()
        .filter(|kind| !privates.iter().any(|private| private.kind == **kind));
    let mut missing: Vec<_> = unseen.map(|kind| format!("no {kind} was noted")).collect();
    if privates.len() < MIN_PRIVATES {
        missing.push(format!(
            "only {} secrets were noted, of at least {MIN_PRIVATES}",
            privates.len()
        ));
    }
    missing
}

/// Whether the line is of this crate: its modules' names stand before two colons, or its own before one.
fn speaks(line: &[u8], talker: &str) -> bool {
    let talker = talker.as_bytes();
    line.windows(talker.len() + 2).any(|part| {
        part.first() == Some(&b' ')
            && part[1..].starts_with(talker)
            && matches!(part.last(), Some(b':' | b'_'))
    })
}

/// Reads cargo's `Running unittests src/lib.rs (target/debug/deps/host_test-0123456789abcdef)`.
fn test_binary(line: &[u8]) -> Option<String> {
    let line = str::from_utf8(line).ok()?.trim_start();
    let (_, path) = line.strip_prefix("Running ")?.rsplit_once('(')?;
    let name = Path::new(path.strip_suffix(')')?).file_name()?;
    Some(name.to_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    const SECRET: &str = "a secret of this test";

    /// What a whole run leaves behind.
    fn run() -> TempDir {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
        let digits = |text: String| -> String {
            let digits = text
                .into_bytes()
                .into_iter()
                .flat_map(|byte| format!("{byte:02x}").into_bytes());
            digits.map(char::from).collect()
        };
        let kinds = KINDS.iter().cycle().zip(1..=MIN_PRIVATES);
        let privates = kinds
            .map(|(kind, number)| format!("{kind}\t{}\n", digits(format!("{SECRET} {number}"))));
        write("one-1.7.private", &privates.collect::<String>());
        let talk = TALKERS.map(|talker| format!("TRACE call{{a=1}}: {talker}::b::c: d\n"));
        write("one-1.7.log", &talk.concat());
        write("two-2.8.log", "");
        write(
            CARGO,
            "   Compiling one\n     Running unittests src/lib.rs (target/debug/deps/one-1)\n     Running tests/two.rs (/a (b)/deps/two-2)\n",
        );
        write("two-2.9.stream", "test result: ok\n");
        dir
    }

    fn add(dir: &TempDir, name: &str, text: &str) {
        let path = dir.path().join(name);
        let mut all = fs::read_to_string(&path).unwrap_or_default();
        all.push_str(text);
        fs::write(path, all).unwrap();
    }

    #[test]
    fn a_whole_run_without_a_secret_passes() {
        let outcome = folder(run().path()).unwrap();
        assert_eq!(outcome.missing, [""; 0]);
        assert_eq!(outcome.shown, [""; 0]);
        assert_eq!((outcome.files, outcome.lines), (4, 8));
        assert!(outcome.to_string().ends_with("none shows\n"));
    }

    #[test]
    fn a_secret_is_named_by_its_place_and_kind_wherever_it_shows() {
        for file in ["one-1.7.log", "two-2.8.stream", CARGO, "two-2.9.stream"] {
            let dir = run();
            add(
                &dir,
                file,
                "harmless\nerror: A%20SECRET%20OF%20THIS%20test\n",
            );
            let outcome = folder(dir.path()).unwrap();
            let [shown] = &outcome.shown[..] else {
                panic!("{:?}", outcome.shown)
            };
            assert!(shown.starts_with(&format!("{file}, line ")), "{shown}");
            assert!(shown.contains("client secret sent"), "{shown}");
            let told = outcome.to_string();
            assert!(
                !told.contains("of this test") && told.ends_with("FOUND\n"),
                "{told}"
            );
        }
    }

    #[test]
    fn a_fixture_needs_no_note() {
        let dir = run();
        add(&dir, "one-1.7.log", "DEBUG a: b=hush\n");
        assert_eq!(folder(dir.path()).unwrap().shown.len(), 1);
    }

    #[test]
    fn a_word_that_a_test_made_up_by_chance_is_not_searched_for() {
        let dir = run();
        add(&dir, "one-1.7.private", "client secret sent\t776f726473\n");
        add(&dir, "one-1.7.log", "DEBUG a: words\n");
        assert_eq!(folder(dir.path()).unwrap().shown, [""; 0]);
    }

    #[test]
    fn a_run_that_shows_too_little_does_not_pass() {
        type Damage = fn(&Path);
        let cases: [(Damage, &str); 6] = [
            (
                |dir| fs::remove_file(dir.join("two-2.8.log")).unwrap(),
                "no log of two-2",
            ),
            (
                |dir| fs::write(dir.join("one-1.7.log"), "DEBUG h2::a: b\n").unwrap(),
                "nothing of h2 at the level trace",
            ),
            (
                |dir| fs::write(dir.join("one-1.7.private"), "").unwrap(),
                "only 4 secrets",
            ),
            (
                |dir| fs::write(dir.join("one-1.7.private"), "").unwrap(),
                "no bearer token sent",
            ),
            (
                |dir| fs::write(dir.join(CARGO), "").unwrap(),
                "names no test binary",
            ),
            (
                |dir| fs::rename(dir.join("one-1.7.log"), dir.join("one-11.7.log")).unwrap(),
                "no log of one-1:",
            ),
        ];
        for (damage, expected) in cases {
            let dir = run();
            damage(dir.path());
            let outcome = folder(dir.path()).unwrap();
            let told = outcome.missing.join("\n");
            assert!(told.contains(expected), "{expected} in {told}");
        }
    }
}
