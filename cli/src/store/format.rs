//! The database: opened, checked before anything is written, and migrated step by step.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior};

use super::StoreError;
use super::key;
use super::location::Location;
use super::private_file::{self, Refused};
use super::revisions;
use super::seal::{Key, Sealer};

/// "cred" in ASCII, which distinguishes the file from other SQLite databases
/// (<https://sqlite.org/pragma.html#pragma_application_id>).
const APPLICATION_ID: i64 = 0x6372_6564;

/// Each step migrates one format to the next. Steps are never edited, only added.
const STEPS: [&str; 3] = [
    "
    CREATE TABLE key_check (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        value BLOB NOT NULL
    ) STRICT;
    CREATE TABLE credential (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        seal_id BLOB NOT NULL CHECK (length(seal_id) = 16),
        name TEXT NOT NULL UNIQUE,
        description TEXT,
        vendor TEXT NOT NULL,
        fields TEXT NOT NULL,
        created_at_ms INTEGER NOT NULL,
        updated_at_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE secret (
        credential INTEGER NOT NULL REFERENCES credential (id) ON DELETE CASCADE,
        member TEXT NOT NULL,
        sealed BLOB NOT NULL,
        PRIMARY KEY (credential, member)
    ) STRICT, WITHOUT ROWID;
",
    // The sessions of vendors with `durable-state`.
    "
    CREATE TABLE session (
        credential INTEGER PRIMARY KEY REFERENCES credential (id) ON DELETE CASCADE,
        vendor TEXT NOT NULL,
        sealed BLOB NOT NULL
    ) STRICT;
",
    // The revisions of all rows; `revisions::begin` seals the values of this store to them.
    "
    CREATE TABLE revisions (
        page INTEGER PRIMARY KEY,
        sealed BLOB NOT NULL
    ) STRICT;
",
];

/// The index of the step that adds the revisions.
const ADDS_REVISIONS: usize = 2;

/// The format that this program reads and writes.
#[expect(clippy::cast_possible_wrap, reason = "there are a handful of steps")]
pub(super) const CURRENT: i64 = STEPS.len() as i64;

/// Opens the database with its key, and creates both if there is no store yet.
pub(super) fn open(
    location: &Location,
    busy: Duration,
) -> Result<(Connection, Sealer), StoreError> {
    let path = location.file.as_path();
    create_file(path)?;
    private_file::check_store(path).map_err(|refused| match refused {
        Refused::Access(error) => StoreError::Access {
            path: path.to_owned(),
            error,
        },
        Refused::Distrust(why) => StoreError::Distrusted {
            path: path.to_owned(),
            why,
        },
    })?;
    let database = connect(path, busy).map_err(|error| StoreError::opening(error, path))?;
    let found = {
        // One view of the file, while another process may be creating it.
        let view = Transaction::new_unchecked(&database, TransactionBehavior::Deferred)
            .map_err(|error| StoreError::opening(error, path))?;
        state(&view, path)?
    };
    let sealer = match found {
        State::Empty => Sealer::new(&key::existing_or_new(location)?),
        State::Store(_) => own_key(&database, location)?,
    };
    match found {
        State::Store(CURRENT) => {}
        State::Store(_) | State::Empty => migrate(&database, &sealer, path)?,
    }
    Ok((database, sealer))
}

/// Fails when a newer program has changed the format since this one opened the store, or another
/// program has added a trigger or a view.
pub(super) fn still_current(database: &Connection) -> Result<(), StoreError> {
    if number(database, "user_version")? != CURRENT {
        return Err(StoreError::Outdated);
    }
    let query = "SELECT type, name FROM sqlite_schema WHERE type IN ('trigger', 'view')";
    let found = database.query_row(query, [], |row| {
        Ok(StoreError::Foreign {
            kind: row.get(0)?,
            name: row.get(1)?,
        })
    });
    found.optional()?.map_or(Ok(()), Err)
}

/// The content of the file.
enum State {
    /// Nothing.
    Empty,
    /// A store of this format, which is not newer than this program.
    Store(i64),
}

fn state(database: &Connection, path: &Path) -> Result<State, StoreError> {
    let read = || {
        let tables = "SELECT count(*) FROM sqlite_schema";
        Ok((
            number(database, "application_id")?,
            number(database, "user_version")?,
            database.query_row(tables, [], |row| row.get::<_, i64>(0))?,
        ))
    };
    let (application, version, tables) = read().map_err(|e| StoreError::opening(e, path))?;
    if (application, version, tables) == (0, 0, 0) {
        return Ok(State::Empty);
    }
    if application != APPLICATION_ID || version < 1 {
        return Err(StoreError::NotAStore(path.to_owned()));
    }
    if version > CURRENT {
        return Err(StoreError::Newer {
            path: path.to_owned(),
            found: version,
            known: CURRENT,
        });
    }
    let sound: String = database
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|error| StoreError::opening(error, path))?;
    if sound != "ok" {
        return Err(StoreError::Damaged(path.to_owned()));
    }
    check_schema(database, version, path)?;
    Ok(State::Store(version))
}

/// Compares the schema with that of a new store of this format. A trigger or a view could change
/// the values that are saved or shown, and so could other tables in place of ours.
fn check_schema(database: &Connection, version: i64, path: &Path) -> Result<(), StoreError> {
    let new = Connection::open_in_memory()?;
    let steps = usize::try_from(version).unwrap_or(0);
    for step in STEPS.iter().take(steps) {
        new.execute_batch(step)?;
    }
    let known = objects(&new)?;
    let found = objects(database).map_err(|error| StoreError::opening(error, path))?;
    for object in &found {
        if !known.contains(object) {
            let (kind, name, _) = object.clone();
            return Err(StoreError::Foreign { kind, name });
        }
    }
    if found.len() == known.len() {
        Ok(())
    } else {
        Err(StoreError::Damaged(path.to_owned()))
    }
}

/// The objects of a schema: kind, name, and definition in one line. SQLite's own are left out.
fn objects(database: &Connection) -> rusqlite::Result<Vec<(String, String, String)>> {
    let query = "SELECT type, name, coalesce(sql, '') FROM sqlite_schema \
                 WHERE substr(name, 1, 7) <> 'sqlite_'";
    let mut query = database.prepare(query)?;
    let objects = query.query_map([], |row| {
        let sql: String = row.get(2)?;
        let words: Vec<_> = sql.split_whitespace().collect();
        Ok((row.get(0)?, row.get(1)?, words.join(" ")))
    })?;
    objects.collect()
}

/// Runs the missing steps, all or none of them.
fn migrate(database: &Connection, sealer: &Sealer, path: &Path) -> Result<(), StoreError> {
    let change = Transaction::new_unchecked(database, TransactionBehavior::Immediate)?;
    // Again, under the lock for writing.
    let version = match state(&change, path)? {
        State::Empty => {
            // SQLite takes a file shorter than its header for empty, and would overwrite it.
            let bytes = fs::metadata(path).map_or(0, |metadata| metadata.len());
            if bytes > 0 {
                return Err(StoreError::NotAStore(path.to_owned()));
            }
            0
        }
        State::Store(version) => {
            check_key(&change, sealer, path)?;
            version
        }
    };
    let known = usize::try_from(version).unwrap_or(0);
    for (index, step) in STEPS.iter().enumerate().skip(known) {
        change.execute_batch(step)?;
        if index == ADDS_REVISIONS {
            revisions::begin(&change, sealer)?;
        }
    }
    if version == 0 {
        let value = sealer.check_value()?;
        change.execute("INSERT INTO key_check (one, value) VALUES (1, ?1)", [value])?;
        change.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    change.pragma_update(None, "user_version", CURRENT)?;
    Ok(change.commit()?)
}

/// How often a key is looked for that other processes replace at the same time.
const MAX_LOOKS: usize = 10;

/// The key of the store, which another process may be replacing.
fn own_key(database: &Connection, location: &Location) -> Result<Sealer, StoreError> {
    let look = || key_of(database, &key::existing(location)?, &location.file);
    for _ in 1..MAX_LOOKS {
        match look() {
            Err(StoreError::WrongKey(_)) => {}
            found => return found,
        }
    }
    look()
}

/// Of these keys, the one of the store. A key file has several if the key was replaced.
fn key_of(database: &Connection, keys: &[Key], path: &Path) -> Result<Sealer, StoreError> {
    let value = check_value(database).map_err(|_| StoreError::Damaged(path.to_owned()))?;
    let mut sealers = keys.iter().map(Sealer::new);
    sealers
        .find(|sealer| sealer.created(&value))
        .ok_or_else(|| StoreError::WrongKey(path.to_owned()))
}

fn check_key(database: &Connection, sealer: &Sealer, path: &Path) -> Result<(), StoreError> {
    let value = check_value(database).map_err(|_| StoreError::Damaged(path.to_owned()))?;
    if sealer.created(&value) {
        Ok(())
    } else {
        Err(StoreError::WrongKey(path.to_owned()))
    }
}

/// Whether the store still has this key.
pub(super) fn is_key_of(database: &Connection, sealer: &Sealer) -> Result<bool, StoreError> {
    Ok(sealer.created(&check_value(database)?))
}

/// Whether a file is a store with this key. Changes nothing.
pub(super) fn has_key(path: &Path, sealer: &Sealer) -> bool {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(path, flags);
    database.is_ok_and(|database| is_key_of(&database, sealer).unwrap_or(false))
}

fn check_value(database: &Connection) -> rusqlite::Result<Vec<u8>> {
    let query = "SELECT value FROM key_check WHERE one = 1";
    database.query_row(query, [], |row| row.get(0))
}

/// Opens a connection. Its settings end with it; none of them writes to the file.
fn connect(path: &Path, busy: Duration) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(path, flags)?;
    database.busy_timeout(busy)?;
    // More than FULL: the removal of the journal, which is the commit, is synced too.
    database.pragma_update(None, "synchronous", "EXTRA")?;
    database.pragma_update(None, "secure_delete", true)?;
    database.pragma_update(None, "foreign_keys", true)?;
    database.pragma_update(None, "trusted_schema", false)?;
    Ok(database)
}

/// Creates an empty file for the user alone, and its folder, if it does not exist.
fn create_file(path: &Path) -> Result<(), StoreError> {
    let failed = |error| StoreError::Access {
        path: path.to_owned(),
        error,
    };
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    key::make_folder(folder).map_err(failed)?;
    match options.open(path) {
        Ok(file) => file
            .sync_all()
            .and_then(|()| key::sync_folder(folder))
            .map_err(failed),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(failed(error)),
    }
}

fn number(database: &Connection, pragma: &str) -> rusqlite::Result<i64> {
    database.pragma_query_value(None, pragma, |row| row.get(0))
}
