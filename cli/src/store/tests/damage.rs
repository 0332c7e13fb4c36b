//! Damaged files and wrong keys: a clear error, and no byte changed.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rusqlite::Connection;

use super::super::format::CURRENT;
use super::{Location, Place, SECRET, Store, StoreError, entry, schema};

impl Place {
    /// A store with a credential in it.
    fn filled() -> Self {
        let place = Self::new();
        place
            .open()
            .save(&entry("first", SECRET), &schema())
            .unwrap();
        place
    }

    /// Opening fails with this code and advice, and changes nothing.
    fn refuses(&self, code: &str, advice: &str) {
        self.refuses_at(&self.location(), code, advice);
    }

    fn refuses_at(&self, location: &Location, code: &str, advice: &str) {
        let before = self.bytes();
        let key = fs::read(self.key()).ok();
        let error = Store::open(location).err().unwrap();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(advice), "{error}");
        assert_eq!(self.bytes(), before);
        assert_eq!(fs::read(self.key()).ok(), key);
    }

    fn run(&self, sql: &str) {
        Connection::open(self.data())
            .unwrap()
            .execute_batch(sql)
            .unwrap();
    }
}

#[test]
fn a_wrong_key_is_refused() {
    let place = Place::filled();
    let other = STANDARD.encode([7; 32]);
    let location = Location::with_key(place.data(), &other);
    place.refuses_at(&location, "wrong-key", "restore its own key");
    fs::write(place.key(), other).unwrap();
    place.refuses("wrong-key", "restore its own key");
}

#[test]
fn a_key_in_place_of_its_file_opens_the_store() {
    let place = Place::filled();
    let key = fs::read_to_string(place.key()).unwrap();
    let location = Location::with_key(place.data(), &key);
    assert_eq!(Store::open(&location).unwrap().list().unwrap().len(), 1);
}

#[test]
fn a_malformed_key_is_refused_and_not_repeated() {
    let place = Place::filled();
    for text in ["", "hush", &STANDARD.encode([7; 31])] {
        let location = Location::with_key(place.data(), text);
        place.refuses_at(&location, "key-malformed", "CONNECTOR_STORE_KEY");
        fs::write(place.key(), text).unwrap();
        place.refuses("key-malformed", "store.key");
        assert!(!place.error().to_string().contains("hush"));
    }
}

#[test]
fn a_store_whose_key_is_gone_gets_no_new_one() {
    let place = Place::filled();
    fs::remove_file(place.key()).unwrap();
    place.refuses("key-missing", "restore");
    assert!(!place.key().exists());
}

#[cfg(unix)]
#[test]
fn a_key_file_that_others_can_read_is_refused() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let place = Place::filled();
    let set = |mode| fs::set_permissions(place.key(), fs::Permissions::from_mode(mode)).unwrap();
    for mode in [0o604, 0o644, 0o650, 0o660, 0o620, 0o700, 0o666, 0o4600] {
        set(mode);
        place.refuses("key-too-open", "chmod 600");
        place.refuses("key-too-open", "CONNECTOR_STORE_KEY");
    }
    set(0o400);
    assert_eq!(place.open().list().unwrap().len(), 1);
    // As a container platform mounts a secret: only if root put it there.
    for mode in [0o640, 0o440] {
        set(mode);
        if fs::metadata(place.key()).unwrap().uid() == 0 {
            assert_eq!(place.open().list().unwrap().len(), 1);
        } else {
            place.refuses("key-too-open", "chmod 600");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_key_that_is_no_regular_file_of_the_user_is_refused() {
    let place = Place::filled();
    let key = place.key();
    let elsewhere = place.dir.path().join("elsewhere");
    fs::rename(&key, &elsewhere).unwrap();
    for target in [&elsewhere, &place.dir.path().join("nowhere")] {
        std::os::unix::fs::symlink(target, &key).unwrap();
        place.refuses("key-distrusted", "is a symbolic link");
        place.refuses("key-distrusted", "CONNECTOR_STORE_KEY");
        fs::remove_file(&key).unwrap();
    }
    fs::create_dir(&key).unwrap();
    place.refuses("key-distrusted", "is not a regular file");
    fs::remove_dir(&key).unwrap();
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    let fifo = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, &key, fifo, mode, 0).unwrap();
    // Without waiting for somebody to write to it.
    assert_eq!(place.error().code(), "key-distrusted");
    fs::remove_file(&key).unwrap();
    fs::rename(&elsewhere, &key).unwrap();
    // Only root can give a file away.
    if std::os::unix::fs::chown(&key, Some(4202), None).is_ok() {
        place.refuses("key-distrusted", "belongs to another user (uid 4202)");
    }
}

#[cfg(unix)]
#[test]
fn a_store_that_is_no_regular_file_of_the_user_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::filled();
    let data = place.data();
    let elsewhere = place.dir.path().join("elsewhere.db");
    fs::set_permissions(&data, fs::Permissions::from_mode(0o666)).unwrap();
    place.refuses("distrusted", "can be changed by every user (mode 666)");
    fs::set_permissions(&data, fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(place.open().list().unwrap().len(), 1);
    fs::rename(&data, &elsewhere).unwrap();
    for target in [&elsewhere, &place.dir.path().join("nowhere.db")] {
        std::os::unix::fs::symlink(target, &data).unwrap();
        assert_eq!(place.error().code(), "distrusted");
        assert!(place.error().to_string().contains("is a symbolic link"));
        fs::remove_file(&data).unwrap();
    }
    assert!(!place.dir.path().join("nowhere.db").exists());
    fs::create_dir(&data).unwrap();
    assert!(place.error().to_string().contains("is not a regular file"));
    fs::remove_dir(&data).unwrap();
    fs::rename(&elsewhere, &data).unwrap();
    if std::os::unix::fs::chown(&data, Some(4202), None).is_ok() {
        place.refuses("distrusted", "belongs to another user (uid 4202)");
    }
}

#[test]
fn what_another_program_added_to_the_database_is_refused() {
    for (kind, sql) in [
        (
            "trigger",
            "CREATE TRIGGER spy AFTER INSERT ON secret BEGIN
                 UPDATE credential SET vendor = 'evil' WHERE id = new.credential; END",
        ),
        ("view", "CREATE VIEW spy AS SELECT * FROM credential"),
        ("table", "CREATE TABLE spy (x)"),
        ("index", "CREATE INDEX spy ON credential (vendor)"),
        (
            "view",
            "ALTER TABLE credential RENAME TO spied;
             CREATE VIEW credential AS SELECT * FROM spied",
        ),
        ("table", "ALTER TABLE credential ADD COLUMN spy TEXT"),
    ] {
        let place = Place::filled();
        place.run(sql);
        place.refuses("foreign", "that this program did not create");
        let text = place.error().to_string();
        assert!(text.contains(kind) || text.contains("table"), "{text}");
    }
    let place = Place::filled();
    place.run("DROP TABLE session");
    place.refuses("damaged", "restore it from a copy");
    // Statistics of SQLite itself.
    let place = Place::filled();
    place.run("ANALYZE");
    assert_eq!(place.open().list().unwrap().len(), 1);
}

#[test]
fn a_trigger_that_is_added_while_the_store_is_open_stops_the_next_change() {
    for (kind, sql) in [
        (
            "trigger",
            "CREATE TRIGGER spy AFTER INSERT ON secret BEGIN DELETE FROM credential; END",
        ),
        ("view", "CREATE VIEW spy AS SELECT 1"),
    ] {
        let place = Place::filled();
        let store = place.open();
        place.run(sql);
        let error = store.save(&entry("second", SECRET), &schema()).err();
        assert!(matches!(error, Some(StoreError::Foreign { kind: found, .. }) if found == kind));
        assert_eq!(store.list().unwrap().len(), 1);
    }
}

#[test]
fn data_beside_its_key_is_refused_before_there_is_a_key() {
    let place = Place::new();
    let location = Location::at(
        place.dir.path().join("both.db"),
        place.dir.path().join("key"),
    );
    let error = Store::open(&location).err().unwrap();
    assert_eq!(error.code(), "key-beside-data");
    assert!(!place.dir.path().join("key").exists());
}

#[test]
fn a_file_of_something_else_is_refused() {
    let place = Place::filled();
    for text in [
        "x",
        &"not a database, and longer than its header ".repeat(100),
    ] {
        fs::write(place.data(), text).unwrap();
        place.refuses("not-a-store", "--store");
    }
    fs::remove_file(place.data()).unwrap();
    place.run("CREATE TABLE somebody_elses (x)");
    place.refuses("not-a-store", "--store");
    place.run("PRAGMA user_version = 1");
    place.refuses("not-a-store", "--store");
}

#[test]
fn a_newer_format_is_refused() {
    let place = Place::filled();
    place.run(&format!("PRAGMA user_version = {}", CURRENT + 1));
    place.refuses("newer-format", "use a newer version");
}

#[test]
fn a_format_that_becomes_newer_while_the_store_is_open_is_left_alone() {
    let place = Place::filled();
    let store = place.open();
    place.run(&format!("PRAGMA user_version = {}", CURRENT + 1));
    let before = place.bytes();
    let saved = store.save(&entry("second", SECRET), &schema());
    assert!(matches!(saved, Err(StoreError::Outdated)));
    drop(store);
    assert_eq!(place.bytes(), before);
}

#[test]
fn a_file_that_is_cut_short_is_refused() {
    let place = Place::filled();
    let whole = fs::read(place.data()).unwrap();
    for pages in 1..whole.len() / 4096 {
        fs::write(place.data(), &whole[..pages * 4096]).unwrap();
        place.refuses("damaged", "restore it from a copy");
    }
}

#[test]
fn a_page_overwritten_is_refused() {
    let place = Place::filled();
    let whole = fs::read(place.data()).unwrap();
    for page in 0..whole.len() / 4096 {
        let mut damaged = whole.clone();
        let start = if page == 0 { 100 } else { page * 4096 };
        damaged[start..(page + 1) * 4096].fill(0xa5);
        fs::write(place.data(), damaged).unwrap();
        place.refuses("damaged", "restore it from a copy");
    }
}

#[test]
fn one_bit_in_a_sealed_secret_is_noticed() {
    let place = Place::filled();
    let store = place.open();
    let saved = store.find("first").unwrap().unwrap();
    let sealed: Vec<u8> = store
        .database
        .query_row("SELECT sealed FROM secret", [], |row| row.get(0))
        .unwrap();
    for index in 0..sealed.len() {
        let mut damaged = sealed.clone();
        damaged[index] ^= 1;
        store
            .database
            .execute("UPDATE secret SET sealed = ?1", [damaged])
            .unwrap();
        let opened = store.document(saved.id);
        assert!(matches!(opened, Err(StoreError::Altered(_))), "{index}");
    }
}
