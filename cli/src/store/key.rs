//! The key of the store: read, checked, or created. A key file is complete or absent.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read, Write};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::StoreError;
use super::location::{KEY_VARIABLE, KeySource, Location};
use super::private_file::{self, Refused};
use super::seal::{self, Key};

/// A key in base64 has 45 bytes with its line end; bounds the read of a wrong file.
const MAX_KEY_FILE_BYTES: u64 = 256;

/// The key of a store that holds something.
pub(super) fn existing(location: &Location) -> Result<Key, StoreError> {
    match &location.key {
        KeySource::Given(text) => given(text.expose()),
        KeySource::File(path) => read(path)?.ok_or_else(|| StoreError::KeyMissing {
            store: location.file.clone(),
            key: path.clone(),
        }),
    }
}

/// The key of a new store; creates one if there is none.
pub(super) fn existing_or_new(location: &Location) -> Result<Key, StoreError> {
    match &location.key {
        KeySource::Given(text) => given(text.expose()),
        KeySource::File(path) => {
            not_beside(location, path)?;
            if let Some(key) = read(path)? {
                return Ok(key);
            }
            let failed = |error| StoreError::KeyAccess {
                path: path.clone(),
                error,
            };
            let made = make(path)?;
            made.map_err(failed)?;
            // Read back, because another process may have written its key first.
            read(path)?.ok_or_else(|| failed(io::Error::from(io::ErrorKind::NotFound)))
        }
    }
}

fn given(text: &str) -> Result<Key, StoreError> {
    decode(text).ok_or_else(|| StoreError::KeyMalformed(KEY_VARIABLE.to_owned()))
}

fn decode(text: &str) -> Option<Key> {
    let bytes = Zeroizing::new(STANDARD.decode(text.trim()).ok()?);
    Some(Zeroizing::new(bytes.as_slice().try_into().ok()?))
}

/// `None` when there is no such file.
fn read(path: &Path) -> Result<Option<Key>, StoreError> {
    let failed = |error| StoreError::KeyAccess {
        path: path.to_owned(),
        error,
    };
    let file = match private_file::open(path) {
        Err(Refused::Access(error)) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(Refused::Access(error)) => return Err(failed(error)),
        Err(Refused::Distrust(why)) => {
            return Err(StoreError::KeyDistrusted {
                path: path.to_owned(),
                why,
            });
        }
        Ok(file) => file,
    };
    private(&file, path)?;
    let mut text = Zeroizing::new(String::new());
    let read = file.take(MAX_KEY_FILE_BYTES).read_to_string(&mut text);
    let key = match read {
        Err(error) if error.kind() != io::ErrorKind::InvalidData => return Err(failed(error)),
        _ => decode(&text),
    };
    let malformed = || StoreError::KeyMalformed(path.display().to_string());
    key.map(Some).ok_or_else(malformed)
}

/// Refuses a key file that others can read. The group may read one of root, which is how container
/// platforms mount secrets.
#[cfg(unix)]
fn private(file: &File, path: &Path) -> Result<(), StoreError> {
    let metadata = file.metadata().map_err(|error| StoreError::KeyAccess {
        path: path.to_owned(),
        error,
    })?;
    let mode = private_file::mode(&metadata);
    let group = if private_file::belongs_to_root(&metadata) {
        0o040
    } else {
        0
    };
    if mode & !(0o600 | group) == 0 {
        return Ok(());
    }
    Err(StoreError::KeyTooOpen {
        path: path.to_owned(),
        mode,
    })
}

/// The user's own folders are private here.
#[cfg(not(unix))]
fn private(_: &File, _: &Path) -> Result<(), StoreError> {
    Ok(())
}

/// Writes a new key beside its place, and puts it there only if nothing is there.
fn make(path: &Path) -> Result<io::Result<()>, StoreError> {
    let key: Key = Zeroizing::new(seal::random()?);
    let text = Zeroizing::new(STANDARD.encode(key.as_slice()));
    let folder = path.parent().unwrap_or(Path::new("."));
    let write = || {
        make_folder(folder)?;
        // Created with mode 0600, exclusively.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        writeln!(file, "{}", *text)?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(path) {
            Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(error.error);
            }
            _ => {}
        }
        sync_folder(folder)
    };
    Ok(write())
}

/// Creates a folder, and those above it, for the user alone.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Makes the names of new files in the folder durable.
#[cfg(unix)]
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Folders cannot be synced here.
#[cfg(not(unix))]
pub(super) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

fn not_beside(location: &Location, key: &Path) -> Result<(), StoreError> {
    let folder = |path: &Path| {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        fs::canonicalize(folder.unwrap_or(Path::new("."))).ok()
    };
    match (folder(&location.file), folder(key)) {
        (Some(of_data), Some(of_key)) if of_data == of_key => {
            Err(StoreError::KeyBeside(location.file.clone()))
        }
        _ => Ok(()),
    }
}
