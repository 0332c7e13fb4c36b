//! Why the store cannot do what it was asked, each with what to do about it. Nothing here holds a secret.

use std::io;
use std::path::PathBuf;

use rusqlite::ErrorCode;
use thiserror::Error;

/// Why the store failed. Nothing was changed.
#[derive(Debug, Error)]
pub(crate) enum StoreError {
    /// There is no home folder to keep things in.
    #[error(
        "there is no home folder to keep credentials in: name a file with --store, and give the key in CONNECTOR_STORE_KEY"
    )]
    NoHome,
    /// The file, or a folder on the way to it, cannot be made or read.
    #[error("cannot use the store {}: {error}", path.display())]
    Access {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The key file cannot be made or read.
    #[error("cannot use the store's key file {}: {error}", path.display())]
    KeyAccess {
        /// The key file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Others may read the key file.
    #[error(
        "the store's key file {} can be read by others (mode {mode:o}): `chmod 600` it, and if others had access, make new credentials",
        path.display()
    )]
    KeyTooOpen {
        /// The key file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// What should be a key is none. Names where it came from.
    #[error(
        "{0} does not hold a key: it must be 32 bytes in base64, as `openssl rand -base64 32` prints them"
    )]
    KeyMalformed(String),
    /// The store has credentials, and the key that opens them is gone.
    #[error(
        "the key of the store {} is missing: restore {}, or give the key in CONNECTOR_STORE_KEY; without it the saved secrets \
         cannot be opened, and the store must be moved away to begin again",
        store.display(), key.display()
    )]
    KeyMissing {
        /// The database.
        store: PathBuf,
        /// Where the key is expected.
        key: PathBuf,
    },
    /// Whoever gets the folder would get both.
    #[error("the store {} is in the folder of its key, where it protects nothing: choose another folder with --store", .0.display())]
    KeyBeside(PathBuf),
    /// The store was made with another key.
    #[error(
        "the key does not belong to the store {}: give the one that it was made with, in its key file or in CONNECTOR_STORE_KEY",
        .0.display()
    )]
    WrongKey(PathBuf),
    /// It is a file of something else.
    #[error("{} is not a store of credentials: name another file with --store", .0.display())]
    NotAStore(PathBuf),
    /// It was a store, and no longer is a sound one.
    #[error("the store {} is damaged: restore it from a copy, or move it away to begin again", .0.display())]
    Damaged(PathBuf),
    /// A later version of this program made it.
    #[error("the store {} has format {found}, and this program knows formats up to {known}: use a newer version", path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest known here.
        known: i64,
    },
    /// A later version of this program is at work on it at this moment.
    #[error("the store was changed by a newer version of this program: use that one")]
    Outdated,
    /// A sealed member does not open at its place: it was damaged or moved.
    #[error("a saved secret is damaged or was moved: enter the credential again")]
    Unsealable,
    /// Another credential has this name.
    #[error("the name \"{0}\" is taken: choose another")]
    NameTaken(String),
    /// No credential has this name.
    #[error(
        "there is no saved credential \"{0}\": `connector credentials` lists those that there are"
    )]
    UnknownName(String),
    /// It cannot be a name.
    #[error("a credential needs a name, of one line and at most 256 bytes")]
    Name,
    /// There is nothing of that id any more.
    #[error("the credential is no longer there")]
    Gone,
    /// The credential is no JSON object.
    #[error("a credential must be a JSON object")]
    Document,
    /// Another process writes for longer than a save takes.
    #[error("another process is using the store: try again")]
    Busy,
    /// No room.
    #[error("the disk is full: the credential was not saved")]
    Full,
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(String),
    /// The database fails otherwise.
    #[error("the store's database fails: {0}")]
    Database(rusqlite::Error),
}

impl StoreError {
    /// A stable name, for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NoHome => "no-home",
            Self::Access { .. } => "access",
            Self::KeyAccess { .. } => "key-access",
            Self::KeyTooOpen { .. } => "key-too-open",
            Self::KeyMalformed(_) => "key-malformed",
            Self::KeyMissing { .. } => "key-missing",
            Self::KeyBeside(_) => "key-beside-data",
            Self::WrongKey(_) => "wrong-key",
            Self::NotAStore(_) => "not-a-store",
            Self::Damaged(_) => "damaged",
            Self::Newer { .. } | Self::Outdated => "newer-format",
            Self::Unsealable => "unsealable",
            Self::NameTaken(_) => "name-taken",
            Self::UnknownName(_) => "unknown-name",
            Self::Name => "name",
            Self::Gone => "gone",
            Self::Document => "document",
            Self::Busy => "busy",
            Self::Full => "disk-full",
            Self::Random(_) => "random",
            Self::Database(_) => "database",
        }
    }

    /// What SQLite says while it opens this file.
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
