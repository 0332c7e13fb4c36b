//! The errors of the store, each with the way out. None of them holds a secret.

use std::io;
use std::path::PathBuf;

use rusqlite::ErrorCode;
use thiserror::Error;

use super::private_file::Distrust;

/// A failure of the store. Nothing was changed.
#[derive(Debug, Error)]
pub(crate) enum StoreError {
    /// There is no home folder.
    #[error(
        "there is no home folder for credentials; name a file with --store, and set the key in \
         CONNECTOR_STORE_KEY"
    )]
    NoHome,
    /// The file, or a folder on the way to it, cannot be created or read.
    #[error("cannot use the store {}: {error}", path.display())]
    Access {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// The key file cannot be created or read.
    #[error("cannot use the store's key file {}: {error}", path.display())]
    KeyAccess {
        /// The key file.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// Others may read the key file.
    #[error(
        "other users can read the store's key file {} (mode {mode:o}); `chmod 600` it, or set the \
         key in CONNECTOR_STORE_KEY (a file of root may have mode 440), and replace the \
         credentials if others had access",
        path.display()
    )]
    KeyTooOpen {
        /// The key file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Another user may have put the key file there.
    #[error(
        "the store's key file {} {why}; put a regular file of your own there, or set the key in \
         CONNECTOR_STORE_KEY",
        path.display()
    )]
    KeyDistrusted {
        /// The key file.
        path: PathBuf,
        /// The reason.
        why: Distrust,
    },
    /// Another user may have put the store there.
    #[error(
        "the store {} {why}; name a regular file of your own with --store",
        path.display()
    )]
    Distrusted {
        /// The database.
        path: PathBuf,
        /// The reason.
        why: Distrust,
    },
    /// Something else is in the database, which could change the saved or shown values.
    #[error(
        "the store has a {kind} \"{name}\" that this program did not create; restore the store \
         from a copy, or move it away to start a new one"
    )]
    Foreign {
        /// As in `CREATE …`.
        kind: String,
        /// Its name.
        name: String,
    },
    /// The key is malformed. Names its source.
    #[error(
        "{0} does not hold a key; it must be 32 bytes in base64, such as the output of \
         `openssl rand -base64 32`"
    )]
    KeyMalformed(String),
    /// The store has credentials, and its key is missing.
    #[error(
        "the key of the store {} is missing; restore {}, or set the key in CONNECTOR_STORE_KEY \
         (without the key, move the store away to start a new one)",
        store.display(), key.display()
    )]
    KeyMissing {
        /// The database.
        store: PathBuf,
        /// Where the key is expected.
        key: PathBuf,
    },
    /// A copy of the folder would have both.
    #[error(
        "the store {} is in the folder of its key, which then protects nothing; choose another \
         folder with --store",
        .0.display()
    )]
    KeyBeside(PathBuf),
    /// The store was created with another key.
    #[error(
        "the key does not belong to the store {}; restore its own key, in the key file or in \
         CONNECTOR_STORE_KEY",
        .0.display()
    )]
    WrongKey(PathBuf),
    /// The file is something else.
    #[error("{} is not a store of credentials; name another file with --store", .0.display())]
    NotAStore(PathBuf),
    /// The store is corrupt.
    #[error(
        "the store {} is damaged; restore it from a copy, or move it away to start a new one",
        .0.display()
    )]
    Damaged(PathBuf),
    /// A later version of this program created it.
    #[error(
        "the store {} has format {found}, and this program supports formats up to {known}; use a \
         newer version",
        path.display()
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest known here.
        known: i64,
    },
    /// A later version of this program has migrated it since it was opened.
    #[error("a newer version of this program has migrated the store; use that version")]
    Outdated,
    /// A credential is not as it was last saved: it was damaged, copied from another row, renamed
    /// or rolled back. Names it.
    #[error(
        "the saved credential \"{0}\" is damaged, or was moved, changed or rolled back by another \
         program; remove it and enter it again, or restore the store from a copy"
    )]
    Altered(String),
    /// The list of revisions is missing or does not open.
    #[error(
        "the store's list of revisions is missing or damaged; restore the store from a copy, or \
         move it away to start a new one"
    )]
    Revisions,
    /// Another credential has this name.
    #[error("the name \"{0}\" is taken; choose another")]
    NameTaken(String),
    /// Other credentials have these names.
    #[error(
        "the store has credentials with the names {}; nothing was imported; add --rename OLD=NEW \
         for other names, or --replace",
        quoted(.0)
    )]
    NamesTaken(Vec<String>),
    /// No credential has this name.
    #[error(
        "there is no saved credential \"{name}\"; `connector credentials{store}` lists the saved \
         ones"
    )]
    UnknownName {
        /// The name.
        name: String,
        /// The option that names the store, after a space; empty for the user's store.
        store: String,
    },
    /// The name is empty, too long, or not one line.
    #[error("a credential needs a name: one line of at most 256 bytes")]
    Name,
    /// There is no credential of this id any more.
    #[error("the credential no longer exists")]
    Gone,
    /// It was saved by someone else since it was read.
    #[error("the credential was changed meanwhile; read it again, and repeat the edit")]
    Changed,
    /// The key was replaced since the store was opened.
    #[error("the store got a new key meanwhile; run the command again")]
    Rekeyed,
    /// The key is in the environment, and the new one is missing.
    #[error(
        "the key of the store is in CONNECTOR_STORE_KEY; put a new one into a file that only you \
         can read, such as by `openssl rand -base64 32`, and name it with --new-key-file"
    )]
    NewKeyMissing,
    /// The new key is the old one.
    #[error("the new key is the key that the store has; choose another")]
    SameKey,
    /// A key that is to be removed from the key file is that of another store.
    #[error(
        "the store {} has an earlier key of the key file, which would be removed; rekey it first, \
         with --store",
        .0.display()
    )]
    KeyInUse(PathBuf),
    /// The key file has no room for another key.
    #[error(
        "the key file {} has too many keys; once no other store uses them, remove them with \
         --drop-earlier-keys",
        .0.display()
    )]
    TooManyKeys(PathBuf),
    /// The credential is no JSON object.
    #[error("a credential must be a JSON object")]
    Document,
    /// Another process writes for longer than any save takes.
    #[error("another process is using the store; try again")]
    Busy,
    /// The disk is full.
    #[error("the disk is full; nothing was saved")]
    Full,
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(String),
    /// Another failure of the database.
    #[error("the store's database fails: {0}")]
    Database(rusqlite::Error),
}

/// Names in quotation marks, separated by commas.
fn quoted(names: &[String]) -> String {
    let names = names.iter().map(|name| format!("\"{name}\""));
    names.collect::<Vec<_>>().join(", ")
}

impl StoreError {
    /// A stable name, for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NoHome => "no-home",
            Self::Access { .. } => "access",
            Self::KeyAccess { .. } => "key-access",
            Self::KeyTooOpen { .. } => "key-too-open",
            Self::KeyDistrusted { .. } => "key-distrusted",
            Self::Distrusted { .. } => "distrusted",
            Self::Foreign { .. } => "foreign",
            Self::KeyMalformed(_) => "key-malformed",
            Self::KeyMissing { .. } => "key-missing",
            Self::KeyBeside(_) => "key-beside-data",
            Self::WrongKey(_) => "wrong-key",
            Self::NotAStore(_) => "not-a-store",
            Self::Damaged(_) | Self::Revisions => "damaged",
            Self::Newer { .. } | Self::Outdated => "newer-format",
            Self::Altered(_) => "altered",
            Self::NameTaken(_) | Self::NamesTaken(_) => "name-taken",
            Self::UnknownName { .. } => "unknown-name",
            Self::Name => "name",
            Self::Gone => "gone",
            Self::Changed => "changed",
            Self::Rekeyed => "rekeyed",
            Self::NewKeyMissing => "new-key-missing",
            Self::SameKey => "same-key",
            Self::KeyInUse(_) => "key-in-use",
            Self::TooManyKeys(_) => "too-many-keys",
            Self::Document => "document",
            Self::Busy => "busy",
            Self::Full => "disk-full",
            Self::Random(_) => "random",
            Self::Database(_) => "database",
        }
    }

    /// SQLite's error from opening this file.
    pub(super) fn opening(error: rusqlite::Error, path: &std::path::Path) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotAStore(path.to_owned()),
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged(path.to_owned()),
            Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
                Self::Access {
                    path: path.to_owned(),
                    error: io::Error::from(io::ErrorKind::PermissionDenied),
                }
            }
            _ => error.into(),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::Full,
            _ => Self::Database(error),
        }
    }
}
