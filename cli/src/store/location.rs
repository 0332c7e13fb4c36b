//! The places of the store and its key: two folders, so that a copy of one is useless alone.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use connector_host::Secret;
use etcetera::BaseStrategy;

use super::StoreError;

/// Holds the key in base64, in place of a key file.
pub(crate) const KEY_VARIABLE: &str = "CONNECTOR_STORE_KEY";

/// Names the file of the store, where no option does.
pub(crate) const STORE_VARIABLE: &str = "CONNECTOR_STORE";

/// The file of the store, and the source of its key.
#[derive(Debug, Clone)]
pub(crate) struct Location {
    pub(super) file: PathBuf,
    pub(super) key: KeySource,
}

/// The source of the key.
#[derive(Debug, Clone)]
pub(super) enum KeySource {
    /// The key itself, in base64.
    Given(Secret),
    /// A file, created if it does not exist.
    File(PathBuf),
}

impl Location {
    /// The given file, or that of the environment, or the user's store.
    pub(crate) fn credentials(file: Option<&Path>) -> Result<Self, StoreError> {
        let variable = env::var_os(STORE_VARIABLE).filter(|name| !name.is_empty());
        let variable = variable.map(PathBuf::from);
        Self::of(file.or(variable.as_deref()), "credentials.db")
    }

    /// The given file, or the user's store for simulated vendors: they must never receive a real
    /// secret, and their secrets are not mixed with real ones. That is why the environment does not
    /// name it.
    pub(crate) fn simulated(file: Option<&Path>) -> Result<Self, StoreError> {
        Self::of(file, "simulated.db")
    }

    /// The given file, or the one of this name in the user's data folder; the key from the
    /// environment, or from a file in the user's configuration folder.
    fn of(file: Option<&Path>, name: &str) -> Result<Self, StoreError> {
        let home = etcetera::choose_base_strategy();
        let home = || home.as_ref().map_err(|_| StoreError::NoHome);
        let file = match file {
            Some(file) => file.to_owned(),
            // Subfolders, since some systems have one folder for both.
            None => home()?.data_dir().join("connector/store").join(name),
        };
        let given = env::var_os(KEY_VARIABLE).filter(|key| !key.is_empty());
        let key = match given {
            Some(key) => KeySource::Given(Secret::new(key.to_string_lossy().into_owned())),
            None => KeySource::File(home()?.config_dir().join("connector/key/store.key")),
        };
        Ok(Self { file, key })
    }

    /// The file of the store.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// The other files beside the store and in the user's data folder that may be stores.
    pub(super) fn neighbours(&self) -> Vec<PathBuf> {
        let own = fs::canonicalize(&self.file).ok();
        let default = etcetera::choose_base_strategy().ok();
        let default = default.map(|home| home.data_dir().join("connector/store"));
        let folders = self.file.parent().map(Path::to_owned).into_iter();
        let files = folders
            .chain(default)
            .filter_map(|folder| fs::read_dir(folder).ok());
        let paths = files.flatten().flatten().map(|file| file.path());
        let may_be_store = |path: &PathBuf| {
            path.extension().is_some_and(|name| name == "db") && fs::canonicalize(path).ok() != own
        };
        paths.filter(may_be_store).collect()
    }

    /// Names the source of the key, and not the key.
    pub(crate) fn key_source(&self) -> String {
        match &self.key {
            KeySource::Given(_) => KEY_VARIABLE.to_owned(),
            KeySource::File(path) => path.display().to_string(),
        }
    }

    /// These files and no others.
    #[cfg(test)]
    pub(crate) fn at(file: PathBuf, key_file: PathBuf) -> Self {
        Self {
            file,
            key: KeySource::File(key_file),
        }
    }

    /// This file, opened with this key in base64.
    #[cfg(test)]
    pub(crate) fn with_key(file: PathBuf, key: &str) -> Self {
        Self {
            file,
            key: KeySource::Given(Secret::new(key)),
        }
    }
}
