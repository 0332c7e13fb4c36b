//! Processes that are killed during a save. This test binary starts itself as such a process.

use std::collections::BTreeSet;
use std::env;
use std::hint;
use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use tempfile::TempDir;

use super::super::seal::random;
use super::{Place, SECRET, Saved, Store, document, entry, schema};
use crate::store::EarlierKeys;

const KILLS: usize = 1000;

/// As many as find each step of a rekey, which are few.
const REKEY_KILLS: usize = 200;

/// The store is begun anew after so many kills, so that its making is hit too.
const KILLS_PER_STORE: usize = 50;

/// The kill comes after at most so many lines.
const MAX_LINES: u8 = 4;

/// About as long as a save takes, in turns of an idle loop.
const MAX_TURNS: u16 = u16::MAX;

/// Names the folder of the store to the process. Without it, the process's part does nothing.
const FOLDER: &str = "CONNECTOR_TEST_STORE_FOLDER";

/// The prefix of the names of credentials.
const PREFIX: &str = "CONNECTOR_TEST_STORE_PREFIX";

/// Comes before each name that is acknowledged.
const ACKNOWLEDGED: &str = "acknowledged ";

impl Place {
    /// A place in memory, if the system has one, where syncing is fast. It outlives the process.
    pub(super) fn fast() -> Self {
        let memory = Path::new("/dev/shm");
        let dir = if memory.is_dir() {
            TempDir::new_in(memory)
        } else {
            TempDir::new()
        };
        Self { dir: dir.unwrap() }
    }
}

/// A process that saves one credential after the other, until it is killed.
struct Saver {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    acknowledged: Vec<String>,
}

impl Saver {
    fn start(place: &Place, prefix: &str) -> Self {
        Self::start_as("saves_until_it_is_killed", place, prefix)
    }

    /// Starts one of the processes below.
    fn start_as(process: &str, place: &Place, prefix: &str) -> Self {
        let test = format!("store::tests::killed::{process}");
        let mut process = Command::new(env::current_exe().unwrap())
            .args(["--exact", &test])
            .args(["--nocapture", "--test-threads", "1"])
            .env(FOLDER, place.dir.path())
            .env(PREFIX, prefix)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self {
            process,
            lines,
            acknowledged: Vec::new(),
        }
    }

    /// Waits until the next credential is acknowledged; `false` when the process has ended.
    fn next(&mut self) -> bool {
        for line in self.lines.by_ref() {
            // A last line that is cut off acknowledges nothing.
            let line = line.unwrap();
            if let Some(name) = line
                .strip_prefix(ACKNOWLEDGED)
                .and_then(|name| name.strip_suffix('.'))
            {
                self.acknowledged.push(name.to_owned());
                return true;
            }
        }
        false
    }

    /// Kills it, and gives the names of all that it acknowledged.
    fn kill(mut self) -> Vec<String> {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        while self.next() {}
        self.acknowledged
    }
}

/// Not a test but the process that the tests start.
#[test]
fn saves_until_it_is_killed() {
    let Some(folder) = env::var_os(FOLDER) else {
        return;
    };
    let prefix = env::var_os(PREFIX).unwrap().into_string().unwrap();
    let store = Store::open(&location(Path::new(&folder))).unwrap();
    println!();
    let mut last: Option<Saved> = None;
    for number in 0.. {
        let name = format!("{prefix}-{number}");
        let saved = store.save(&entry(&name, SECRET), &schema()).unwrap();
        println!("{ACKNOWLEDGED}{name}.");
        if let Some(last) = last {
            let edited = entry(&last.name, "");
            store.update(last.id, &edited, &schema()).unwrap();
        }
        last = Some(saved);
    }
}

/// Not a test but the process that the tests start.
#[test]
fn rekeys_until_it_is_killed() {
    let Some(folder) = env::var_os(FOLDER) else {
        return;
    };
    let location = location(Path::new(&folder));
    println!();
    for number in 0.. {
        let earlier = if number % 2 == 0 {
            EarlierKeys::Keep
        } else {
            EarlierKeys::Drop
        };
        Store::rekey(&location, None, earlier).unwrap();
        println!("{ACKNOWLEDGED}{number}.");
    }
}

fn location(folder: &Path) -> super::Location {
    super::Location::at(
        folder.join("data/credentials.db"),
        folder.join("key/store.key"),
    )
}

fn all_are_there(store: &Store, names: &BTreeSet<String>) {
    for name in names {
        let saved = store.find(name).unwrap();
        let saved = saved.unwrap_or_else(|| panic!("{name} was acknowledged and is lost"));
        assert_eq!(document(store, &saved)["hidden"], SECRET);
    }
}

#[test]
fn a_thousand_kills_lose_no_acknowledged_credential() {
    let (mut in_the_middle, mut acknowledged) = (0, 0);
    for round in 0..KILLS / KILLS_PER_STORE {
        let place = Place::fast();
        let mut names = BTreeSet::new();
        for kill in 0..KILLS_PER_STORE {
            let mut saver = Saver::start(&place, &format!("{round}-{kill}"));
            let [lines, low, high] = random().unwrap();
            // Now and then before the store is even open.
            for _ in 0..lines % (MAX_LINES + 1) {
                assert!(saver.next(), "the process ended by itself");
            }
            for _ in 0..u16::from_be_bytes([high, low]) % MAX_TURNS {
                hint::spin_loop();
            }
            let new: BTreeSet<_> = saver.kill().into_iter().collect();
            let journal = place.data().with_extension("db-journal");
            in_the_middle += usize::from(journal.exists());
            acknowledged += new.len();
            all_are_there(&place.open(), &new);
            names.extend(new);
        }
        all_are_there(&place.open(), &names);
    }
    println!("{KILLS} kills, {in_the_middle} within a change, {acknowledged} acknowledged");
    assert!(
        in_the_middle > KILLS / 20,
        "hit too rarely: {in_the_middle}"
    );
    assert!(acknowledged > KILLS, "too few: {acknowledged}");
}

#[test]
fn kills_during_rekeys_lose_neither_a_key_nor_a_credential() {
    let place = Place::fast();
    let names: BTreeSet<_> = ["first", "second"].map(str::to_owned).into_iter().collect();
    for name in &names {
        place.open().save(&entry(name, SECRET), &schema()).unwrap();
    }
    let mut acknowledged = 0;
    for _ in 0..REKEY_KILLS {
        let mut rekeyer = Saver::start_as("rekeys_until_it_is_killed", &place, "");
        let [lines, low, high] = random().unwrap();
        for _ in 0..=lines % MAX_LINES {
            assert!(rekeyer.next(), "the process ended by itself");
        }
        for _ in 0..u16::from_be_bytes([high, low]) % MAX_TURNS {
            hint::spin_loop();
        }
        acknowledged += rekeyer.kill().len();
        all_are_there(&place.open(), &names);
    }
    assert!(acknowledged >= REKEY_KILLS, "too few: {acknowledged}");
}

#[test]
fn two_processes_save_at_once_and_nothing_is_lost() {
    let place = Place::fast();
    let mut savers = ["a", "b"].map(|prefix| Saver::start(&place, prefix));
    for _ in 0..50 {
        for saver in &mut savers {
            assert!(saver.next(), "the process ended by itself");
        }
    }
    let names = savers.into_iter().flat_map(Saver::kill).collect();
    all_are_there(&place.open(), &names);
    assert!(names.len() >= 100);
}
