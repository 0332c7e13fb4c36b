//! A folder in the user's cache that no other user can read or change. A folder that another user
//! may have prepared is refused.

use std::fs::{self, DirBuilder};
use std::io;
use std::path::Path;

use crate::failure::Failure;

/// Creates a missing folder for its owner only, and checks one that is there.
pub(super) fn create(folder: &Path) -> Result<(), Failure> {
    let failed = |why: &dyn std::fmt::Display| {
        Failure::setup(&format!("use the folder {}", folder.display()), why)
    };
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .recursive(true)
        .create(folder)
        .map_err(|error| failed(&error))?;
    let metadata = fs::symlink_metadata(folder).map_err(|error| failed(&error))?;
    if !metadata.is_dir() {
        return Err(failed(&"it is a link and not a folder; delete it"));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if !is_own(&metadata) {
            let why = format!(
                "it belongs to another user (uid {}); delete it, or set XDG_CACHE_HOME",
                metadata.uid()
            );
            return Err(failed(&why));
        }
        let mode = metadata.mode() & 0o777;
        if mode & 0o077 != 0 {
            let why = format!("other users can use it (mode {mode:o}); delete it");
            return Err(failed(&why));
        }
    }
    Ok(())
}

/// Reads a file in such a folder. Another user's file is refused, and so is a link: only a build
/// puts files there, and it makes neither.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let metadata = fs::symlink_metadata(path)?;
    let refused = |why| Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    if !metadata.is_file() {
        return refused("it is not a regular file");
    }
    #[cfg(unix)]
    if !is_own(&metadata) {
        return refused("it belongs to another user");
    }
    fs::read(path)
}

#[cfg(unix)]
fn is_own(metadata: &fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::uid(metadata) == rustix::process::geteuid().as_raw()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[test]
    fn a_new_folder_is_private_and_one_that_others_can_use_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("connector/page");
        create(&folder).unwrap();
        create(&folder).unwrap();
        let mode = folder.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        for mode in [0o750, 0o705, 0o770, 0o777, 0o1777] {
            fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
            let error = create(&folder).unwrap_err().to_string();
            assert!(error.contains("other users can use it"), "{error}");
            assert!(error.contains(folder.to_str().unwrap()), "{error}");
        }
    }

    #[test]
    fn a_link_in_place_of_the_folder_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (folder, target) = (dir.path().join("page"), dir.path().join("target"));
        create(&target).unwrap();
        symlink(&target, &folder).unwrap();
        let error = create(&folder).unwrap_err().to_string();
        assert!(error.contains("is a link"), "{error}");
    }

    #[test]
    fn a_folder_or_file_of_another_user_is_refused() {
        // Only root can give files away.
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("page");
        create(&folder).unwrap();
        let file = folder.join("index.html");
        fs::write(&file, "").unwrap();
        assert!(read(&file).is_ok());
        std::os::unix::fs::chown(&file, Some(65534), None).unwrap();
        assert!(read(&file).is_err());
        std::os::unix::fs::chown(&folder, Some(65534), None).unwrap();
        let error = create(&folder).unwrap_err().to_string();
        assert!(error.contains("another user (uid 65534)"), "{error}");
    }

    #[test]
    fn only_regular_files_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a");
        fs::write(&file, "1").unwrap();
        let link = dir.path().join("link");
        symlink(&file, &link).unwrap();
        assert_eq!(read(&file).unwrap(), b"1");
        assert!(read(&link).is_err());
        assert!(read(dir.path()).is_err());
    }
}
