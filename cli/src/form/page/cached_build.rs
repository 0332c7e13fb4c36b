//! Builds the page from its sources, once for each version of them, in a private folder:
//!
//! - `lock`: held by the process that builds
//! - `work/`: the unpacked sources, with the packages that npm installs
//! - `0a1b…/`: the built page, by the hash of its sources

use std::fmt::Write as _;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use ring::digest::{Context, SHA256};

use super::npm::Npm;
use super::{Files, private_folder};
use crate::failure::Failure;

/// The folder of the sources in which npm runs; a part of their names.
const MAIN: &str = "cli/form";

const LOCK: &str = "lock";
const WORK: &str = "work";
const PACKAGES: &str = "node_modules";

/// The files that determine the installed packages, by their names without folders.
const PACKAGE_FILES: [&str; 3] = [".npmrc", "package-lock.json", "package.json"];

/// Beside the packages: the hash of the files that determine them. Written when a build with them
/// has succeeded.
const INSTALLED: &str = ".connector-installed";

/// Where and how the page is built.
pub(super) struct CachedBuild<'a> {
    /// The folder of all versions.
    pub(super) folder: &'a Path,
    pub(super) sources: Files,
    pub(super) npm: &'a Npm,
    /// Shows a message to the person who waits.
    pub(super) say: &'a dyn Fn(&str),
}

impl CachedBuild<'_> {
    /// Reads the page that is built from these sources, and builds it if necessary. Other
    /// processes wait until it is read: a build of another version removes it.
    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&Path) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        private_folder::create(self.folder)?;
        let _lock = self.lock()?;
        read(&self.page()?)
    }

    /// The folder of the built page.
    fn page(&self) -> Result<PathBuf, Failure> {
        let folder = self.folder;
        let page = folder.join(hash(self.sources.iter()));
        if page.join("index.html").is_file() {
            return Ok(page);
        }
        let work = folder.join(WORK);
        unpack(self.sources, &work).map_err(|error| cannot_build(&error))?;
        self.build(&work.join(MAIN))?;
        // Of earlier versions. Programs have read theirs into memory.
        remove_others(folder).map_err(|error| cannot_build(&error))?;
        // Last, so that a page is whole or missing.
        fs::rename(work.join(MAIN).join("dist"), &page).map_err(|error| cannot_build(&error))?;
        (self.say)("the page is built");
        Ok(page)
    }

    /// Waits for the lock, which ends with the returned file.
    fn lock(&self) -> Result<File, Failure> {
        let open = || {
            let file = File::create(self.folder.join(LOCK))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    (self.say)("another process builds the page; waiting for it …");
                    file.lock()?;
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
            Ok(file)
        };
        open().map_err(|error| cannot_build(&error))
    }

    /// Installs the packages if they are missing or others, and builds the page.
    fn build(&self, main: &Path) -> Result<(), Failure> {
        let of_packages = |(name, _): &&(&str, _)| {
            let file = Path::new(name).file_name();
            file.is_some_and(|file| PACKAGE_FILES.iter().any(|known| file == *known))
        };
        let packages = hash(self.sources.iter().filter(of_packages));
        let mark = main.join(PACKAGES).join(INSTALLED);
        if fs::read_to_string(&mark).is_ok_and(|installed| installed == packages) {
            // Written again when the build succeeds: packages that fail are installed anew.
            fs::remove_file(&mark).map_err(|error| cannot_build(&error))?;
        } else {
            (self.say)("installing the packages of the page (npm ci), which may take a minute …");
            self.npm.install(main)?;
        }
        (self.say)("building the page (npm run build) …");
        self.npm.build(main)?;
        if !main.join("dist/index.html").is_file() {
            return Err(cannot_build(&"npm has built no index.html"));
        }
        fs::write(&mark, packages).map_err(|error| cannot_build(&error))
    }
}

/// Writes the sources in place of earlier ones. Installed packages stay.
fn unpack(sources: Files, work: &Path) -> io::Result<()> {
    if work.exists() {
        clear(work)?;
    }
    for (name, content) in sources {
        let file = work.join(name);
        fs::create_dir_all(file.parent().unwrap_or(work))?;
        fs::write(file, content)?;
    }
    Ok(())
}

/// Removes everything in a folder but the installed packages.
fn clear(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if !entry.file_type()?.is_dir() {
            fs::remove_file(&path)?;
        } else if entry.file_name() != PACKAGES {
            clear(&path)?;
            if fs::read_dir(&path)?.next().is_none() {
                fs::remove_dir(&path)?;
            }
        }
    }
    Ok(())
}

fn remove_others(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() && entry.file_name() != WORK {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// The hash of the names and contents of files, in hexadecimal.
fn hash<'a>(files: impl Iterator<Item = &'a (&'a str, &'a [u8])>) -> String {
    let mut context = Context::new(&SHA256);
    for (name, content) in files {
        for part in [name.as_bytes(), content] {
            // With the lengths, so that no two lists have the same bytes.
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
    }
    let mut text = String::new();
    for byte in context.finish().as_ref() {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn cannot_build(why: &dyn std::fmt::Display) -> Failure {
    Failure::setup("build the page", why)
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
