//! The key of the store: read, checked, created or replaced. A key file is complete or absent. It
//! has a key on each line, the newest first: several stores may use one file, and a store keeps its
//! key until it is rekeyed itself.

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

/// More than anybody replaces a key without dropping the earlier ones.
const MAX_KEYS: usize = 64;

/// A key in base64 has 45 bytes with its line end; bounds the read of a wrong file.
const MAX_KEY_FILE_BYTES: u64 = 4096;

/// The keys of which one is that of a store that holds something; the newest first.
pub(super) fn existing(location: &Location) -> Result<Vec<Key>, StoreError> {
    match &location.key {
        KeySource::Given(text) => Ok(vec![given(text.expose())?]),
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
            let newest = |keys: Vec<Key>| keys.into_iter().next();
            if let Some(key) = read(path)?.and_then(newest) {
                return Ok(key);
            }
            let failed = |error| StoreError::KeyAccess {
                path: path.clone(),
                error,
            };
            let made = make(path)?;
            made.map_err(failed)?;
            // Read back, because another process may have written its key first.
            let key = read(path)?.and_then(newest);
            key.ok_or_else(|| failed(io::Error::from(io::ErrorKind::NotFound)))
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

/// The keys of a file, at least one; `None` when there is no such file.
fn read(path: &Path) -> Result<Option<Vec<Key>>, StoreError> {
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
    let keys = match read {
        Err(error) if error.kind() != io::ErrorKind::InvalidData => return Err(failed(error)),
        _ => text.trim().lines().map(decode).collect::<Option<Vec<_>>>(),
    };
    let malformed = || StoreError::KeyMalformed(path.display().to_string());
    let keys = keys.filter(|keys| (1..=MAX_KEYS).contains(&keys.len()));
    keys.map(Some).ok_or_else(malformed)
}

/// The only key of a file.
pub(super) fn only(path: &Path) -> Result<Key, StoreError> {
    let keys = read(path)?.ok_or_else(|| StoreError::KeyAccess {
        path: path.to_owned(),
        error: io::Error::from(io::ErrorKind::NotFound),
    })?;
    match <[Key; 1]>::try_from(keys) {
        Ok([key]) => Ok(key),
        Err(_) => Err(StoreError::KeyMalformed(path.display().to_string())),
    }
}

/// A new random key.
pub(super) fn random() -> Result<Key, StoreError> {
    Ok(Zeroizing::new(seal::random()?))
}

/// The key file while its keys are replaced. Only one process at a time has it.
pub(super) struct KeyFile<'a> {
    path: &'a Path,
    /// Locked while it is open.
    _lock: File,
    keys: Vec<Key>,
}

impl<'a> KeyFile<'a> {
    /// Waits for the others, and reads the keys.
    pub(super) fn lock(path: &'a Path) -> Result<Self, StoreError> {
        let mut options = File::options();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        // Not the key file itself, which is replaced.
        let lock = options.open(path.with_added_extension("lock"));
        let lock = lock.and_then(|file| file.lock().map(|()| file));
        let lock = lock.map_err(|error| StoreError::KeyAccess {
            path: path.to_owned(),
            error,
        })?;
        Ok(Self {
            path,
            _lock: lock,
            keys: read(path)?.unwrap_or_default(),
        })
    }

    /// The keys, the newest first.
    pub(super) fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// Makes this the newest key. Keeps the earlier ones.
    pub(super) fn add(&mut self, key: &Key) -> Result<(), StoreError> {
        self.keys.retain(|known| known != key);
        self.keys.insert(0, key.clone());
        if self.keys.len() > MAX_KEYS {
            return Err(StoreError::TooManyKeys(self.path.to_owned()));
        }
        self.write()
    }

    /// Removes all keys but the newest.
    pub(super) fn drop_earlier(&mut self) -> Result<(), StoreError> {
        self.keys.truncate(1);
        self.write()
    }

    /// Replaces the file as a whole.
    fn write(&self) -> Result<(), StoreError> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let write = || {
            // Created with mode 0600, exclusively.
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            for key in &self.keys {
                writeln!(file, "{}", *encode(key))?;
            }
            file.as_file().sync_all()?;
            file.persist(self.path).map_err(|error| error.error)?;
            sync_folder(folder)
        };
        write().map_err(|error| StoreError::KeyAccess {
            path: self.path.to_owned(),
            error,
        })
    }
}

fn encode(key: &Key) -> Zeroizing<String> {
    Zeroizing::new(STANDARD.encode(key.as_slice()))
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
    let text = encode(&random()?);
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
