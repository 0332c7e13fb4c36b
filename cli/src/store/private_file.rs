//! The key file and the file of the store: opened without following a link, and refused if another
//! user could have put them there.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use thiserror::Error;

/// Why a file is refused. Completes "the file …".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum Distrust {
    /// Its target may change.
    #[error("is a symbolic link")]
    Link,
    /// A folder, a pipe, a device.
    #[error("is not a regular file")]
    NotRegular,
    /// Another user may change it.
    #[error("belongs to another user (uid {0})")]
    Owner(u32),
    /// Everybody may change it.
    #[error("can be changed by every user (mode {0:o})")]
    Writable(u32),
}

/// Why a file cannot be used.
pub(super) enum Refused {
    /// The system's error.
    Access(io::Error),
    Distrust(Distrust),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Access(error)
    }
}

/// Opens a regular file of the user or of root for reading. A link in its place is refused; one on
/// the way to it is not.
pub(super) fn open(path: &Path) -> Result<File, Refused> {
    let link = || fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
    let file = open_no_link(path).map_err(|error| match error {
        _ if link() => Refused::Distrust(Distrust::Link),
        error => Refused::Access(error),
    })?;
    check(&file.metadata()?)?;
    Ok(file)
}

/// Checks the file of the store, which SQLite opens by itself.
pub(super) fn check_store(path: &Path) -> Result<(), Refused> {
    let metadata = fs::symlink_metadata(path)?;
    if metadata.is_symlink() {
        return Err(Refused::Distrust(Distrust::Link));
    }
    check(&metadata)?;
    #[cfg(unix)]
    {
        let mode = mode(&metadata);
        if mode & 0o002 != 0 {
            return Err(Refused::Distrust(Distrust::Writable(mode)));
        }
    }
    Ok(())
}

#[cfg(unix)]
fn open_no_link(path: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags, open};
    // Opening a pipe would wait for its writer.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    Ok(File::from(open(path, flags, Mode::empty())?))
}

#[cfg(not(unix))]
fn open_no_link(path: &Path) -> io::Result<File> {
    if fs::symlink_metadata(path)?.is_symlink() {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    }
    File::open(path)
}

fn check(metadata: &fs::Metadata) -> Result<(), Refused> {
    if !metadata.is_file() {
        return Err(Refused::Distrust(Distrust::NotRegular));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let owner = metadata.uid();
        if owner != rustix::process::geteuid().as_raw() && !belongs_to_root(metadata) {
            return Err(Refused::Distrust(Distrust::Owner(owner)));
        }
    }
    Ok(())
}

/// Whether the administrator put the file there, as for a mounted secret.
#[cfg(unix)]
pub(super) fn belongs_to_root(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    metadata.uid() == 0
}

/// The permissions of a file.
#[cfg(unix)]
pub(super) fn mode(metadata: &fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o7777
}
