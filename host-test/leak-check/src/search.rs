//! Searches captured logs for registered secrets, in each encoding that logs and requests use.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use aho_corasick::{AhoCorasick, BuildError};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::{LOG, OUTPUT, SECRETS, hex};

/// The file with the output of `cargo test`, which names the test binaries.
pub const CARGO: &str = "cargo.output";

/// Secrets of small tests and the prefix of simulated tokens: searched for without registration.
pub const FIXTURES: [&str; 5] = ["hush", "tulip", "daffodil", "s3cr3t", "simulated-token-"];

/// Test binaries that cannot log: the guest SDK, its examples and vendors that are files depend on
/// no `tracing`. The output of their tests is searched.
const WITHOUT_TRACING: [&str; 8] = [
    "api_key",
    "basic_auth",
    "connector_guest",
    "connector_vendor_file",
    "example_vendors",
    "hmac",
    "query_token",
    "refresh_token",
];
/// Crates that must appear at TRACE, or the capture missed the network or the runtime.
const TRACED: [&str; 4] = ["wasmtime_wasi", "hyper_util", "h2", "rustls"];

/// Shorter registered secrets, made by property tests, occur in logs by chance.
const MIN_REGISTERED_BYTES: usize = 8;

/// Shorter secrets have base64 forms that occur by chance.
const MIN_BASE64_BYTES: usize = 9;

/// The search needs the start of a secret only; this bounds the automaton.
const MAX_NEEDLE_BYTES: usize = 24;

/// Fewer secrets than this mean that the tests do not register theirs.
const MIN_SECRETS: usize = 100;

/// Further leaks are only counted.
const MAX_LISTED: usize = 20;

/// The outcome of a search. No text of it contains a secret.
#[derive(Debug, Default)]
pub struct Report {
    /// Each place where a secret shows, with its encoding.
    pub leaks: Vec<String>,
    /// What is missing for the search to mean anything.
    pub gaps: Vec<String>,
    secrets: usize,
    lines: usize,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.leaks.iter().take(MAX_LISTED).chain(&self.gaps) {
            writeln!(f, "leak-check: {line}")?;
        }
        let Self { secrets, lines, .. } = self;
        let leaks = self.leaks.len();
        writeln!(
            f,
            "leak-check: {secrets} secrets, {lines} lines, {leaks} leaks"
        )
    }
}

/// Searches the captured files of a test run.
pub fn folder(folder: &Path) -> io::Result<Report> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.sort();
    let having = |extension: &'static str| {
        let files = files.iter();
        files.filter(move |file| file.extension().is_some_and(|found| found == extension))
    };

    let mut secrets: BTreeSet<Vec<u8>> = FIXTURES.map(|text| text.as_bytes().to_vec()).into();
    for file in having(SECRETS) {
        let lines = fs::read_to_string(file)?;
        let registered = lines.lines().filter_map(from_hex);
        secrets.extend(registered.filter(|secret| secret.len() >= MIN_REGISTERED_BYTES));
    }
    let mut report = Report {
        secrets: secrets.len(),
        ..Report::default()
    };
    let search = Search::new(&secrets).map_err(io::Error::other)?;

    let mut untraced = BTreeSet::from(TRACED);
    let mut binaries = Vec::new();
    for file in having(LOG).chain(having(OUTPUT)) {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        for (number, line) in (1..).zip(BufReader::new(File::open(file)?).split(b'\n')) {
            let line = line?;
            report.lines += 1;
            if let Some(encoding) = search.find(&line) {
                let leak = format!("{name}:{number} shows a secret, {encoding}");
                report.leaks.push(leak);
            }
            if line.trim_ascii_start().starts_with(b"TRACE") {
                untraced.retain(|target| !contains(&line, format!(" {target}:").as_bytes()));
            }
            if name == CARGO {
                binaries.extend(test_binary(&line));
            }
        }
    }
    report
        .gaps
        .extend(gaps(report.secrets, &untraced, &binaries));
    let has_tracing = |binary: &String| {
        let mut without = WITHOUT_TRACING.iter();
        !without.any(|name| {
            binary
                .strip_prefix(name)
                .is_some_and(|rest| rest.starts_with('-'))
        })
    };
    for binary in binaries.into_iter().filter(has_tracing) {
        let start = format!("{binary}.");
        let is_its = |file: &PathBuf| {
            let name = file.file_name().unwrap_or_default();
            name.to_string_lossy().starts_with(&start)
        };
        if !having(LOG).any(is_its) {
            let gap = format!("no log of {binary}; add `leak_check::capture!();` to its root");
            report.gaps.push(gap);
        }
    }
    Ok(report)
}

fn gaps(secrets: usize, untraced: &BTreeSet<&str>, binaries: &[String]) -> Vec<String> {
    let mut gaps: Vec<_> = untraced
        .iter()
        .map(|target| format!("no TRACE event of {target}"))
        .collect();
    if secrets < MIN_SECRETS {
        gaps.push(format!("only {secrets} secrets, of at least {MIN_SECRETS}"));
    }
    if binaries.is_empty() {
        gaps.push(format!("{CARGO} names no test binary"));
    }
    gaps
}

/// Reads cargo's `Running unittests src/lib.rs (target/debug/deps/host_test-0123456789abcdef)`.
fn test_binary(line: &[u8]) -> Option<String> {
    let line = str::from_utf8(line).ok()?.trim_start();
    let (_, path) = line.strip_prefix("Running ")?.rsplit_once('(')?;
    let name = Path::new(path.strip_suffix(')')?).file_name()?;
    Some(name.to_str()?.to_owned())
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().as_chunks::<2>().0.iter();
    let pairs = pairs.map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok());
    pairs.collect()
}

/// Every secret in every encoding, in one automaton. Letter case is ignored.
pub struct Search {
    automaton: AhoCorasick,
    /// The name of each pattern's encoding.
    encodings: Vec<&'static str>,
}

impl Search {
    /// Prepares the search for these secrets.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Vec<u8>>) -> Result<Self, BuildError> {
        let (encodings, needles): (Vec<_>, Vec<_>) = secrets
            .into_iter()
            .flat_map(|secret| encode(secret))
            .unzip();
        let needles = needles.into_iter().map(|needle: Vec<u8>| {
            needle
                .into_iter()
                .take(MAX_NEEDLE_BYTES)
                .collect::<Vec<_>>()
        });
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(needles)?;
        Ok(Self {
            automaton,
            encodings,
        })
    }

    /// The encoding in which a line shows a secret.
    pub fn find(&self, line: &[u8]) -> Option<&'static str> {
        let found = self.automaton.find(line)?;
        self.encodings.get(found.pattern().as_usize()).copied()
    }
}

fn encode(secret: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let text = String::from_utf8_lossy(secret);
    let debug = text.escape_debug().to_string();
    let form: String = form_urlencoded::byte_serialize(secret).collect();
    let list = format!("{secret:?}");
    let mut encoded = vec![
        ("as it is", secret.to_vec()),
        (
            "escaped twice",
            debug.escape_debug().to_string().into_bytes(),
        ),
        ("escaped", debug.into_bytes()),
        ("escaped", secret.escape_ascii().to_string().into_bytes()),
        ("percent-encoded", form.replace('+', "%20").into_bytes()),
        ("percent-encoded", form.into_bytes()),
        ("in hexadecimal", hex(secret).into_bytes()),
        ("as a list of bytes", list.trim_matches(['[', ']']).into()),
    ];
    if secret.len() >= MIN_BASE64_BYTES {
        encoded.extend((0..3).flat_map(|offset| base64(secret, offset)));
    }
    encoded
}

/// The characters that depend on the secret alone when `offset` other bytes stand before it.
fn base64(secret: &[u8], offset: usize) -> [(&'static str, Vec<u8>); 2] {
    let bytes = [&[0; 2][..offset], secret].concat();
    let own = (offset * 8).div_ceil(6)..bytes.len() * 8 / 6;
    [STANDARD_NO_PAD, URL_SAFE_NO_PAD].map(|alphabet| {
        let encoded = alphabet.encode(&bytes);
        ("in base64", encoded.as_bytes()[own.clone()].to_vec())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With every character that an encoding changes.
    const SECRET: &str = "not;a?real&secret+of%41=\"any\" \\one é";

    #[test]
    fn finds_a_secret_in_every_encoding_and_case() {
        let search = Search::new(&[SECRET.as_bytes().to_vec()]).unwrap();
        let bytes = SECRET.as_bytes();
        let form: String = form_urlencoded::byte_serialize(bytes).collect();
        for (text, encoding) in [
            (SECRET.to_owned(), "as it is"),
            (SECRET.to_uppercase(), "as it is"),
            (SECRET[..30].to_owned(), "as it is"),
            (form.replace('+', "%20").to_lowercase(), "percent-encoded"),
            (form, "percent-encoded"),
            (hex(bytes).to_uppercase(), "in hexadecimal"),
            (format!("{bytes:?}"), "as a list of bytes"),
            (STANDARD_NO_PAD.encode(SECRET), "in base64"),
            (STANDARD_NO_PAD.encode(format!("a:{SECRET}")), "in base64"),
            (URL_SAFE_NO_PAD.encode(format!("b{SECRET}")), "in base64"),
        ] {
            for line in [text.clone(), format!("DEBUG a::b: x=1 y={text}, z=2")] {
                assert_eq!(search.find(line.as_bytes()), Some(encoding), "{line}");
            }
        }
        assert_eq!(search.find(b"DEBUG a::b: not a real secret"), None);
    }

    #[test]
    fn finds_what_debug_and_json_escape() {
        let secret = "\"quoted\\ secret\" é";
        let search = Search::new(&[secret.as_bytes().to_vec()]).unwrap();
        for text in [
            format!("{secret:?}"),
            format!("{:?}", format!("{secret:?}")),
            secret.as_bytes().escape_ascii().to_string(),
            serde_json::json!({ "client_secret": secret }).to_string(),
        ] {
            let found = search.find(text.as_bytes());
            assert!(found.unwrap_or_default().starts_with("escaped"), "{text}");
        }
    }

    #[test]
    fn reports_each_gap() {
        let dir = tempfile::tempdir().unwrap();
        let cargo = "     Running tests/two.rs (/a (b)/deps/two-2)\n";
        fs::write(dir.path().join(CARGO), cargo).unwrap();
        let gaps = folder(dir.path()).unwrap().gaps.join("\n");
        for gap in ["no log of two-2", "no TRACE event of h2", "only 5 secrets"] {
            assert!(gaps.contains(gap), "{gap} in {gaps}");
        }
        fs::write(dir.path().join(CARGO), "").unwrap();
        let gaps = folder(dir.path()).unwrap().gaps.join("\n");
        assert!(gaps.contains("names no test binary"), "{gaps}");
    }
}
