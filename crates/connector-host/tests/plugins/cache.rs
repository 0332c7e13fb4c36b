//! The cache of machine code: its use, and folders that are not trusted or hold other files.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use connector_host::{Connector, Live, LoadError, PluginError};
use tempfile::TempDir;

use crate::wat::{CORRECT, validating};

async fn load(plugin: &[u8], folder: &Path) -> Result<Connector, LoadError> {
    let network = Arc::new(Live::builder().build().unwrap());
    let builder = Connector::builder(network).cache(folder);
    builder.load_bytes(plugin).await
}

async fn validates(plugin: &[u8], folder: &Path) -> bool {
    let connector = load(plugin, folder).await.unwrap();
    connector.validate("a", "{}", &[]).await.is_ok()
}

/// The files of the folder, in the order of names.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[tokio::test]
async fn a_plugin_is_compiled_once_and_then_loaded_from_the_folder() {
    let home = TempDir::new().unwrap();
    let folder = home.path().join("not/yet/there");
    let (good, bad) = (CORRECT.component(), validating("unreachable"));
    assert!(validates(&good, &folder).await);
    let [good_code] = &files(&folder)[..] else {
        panic!("not one file");
    };
    assert!(!validates(&bad, &folder).await);
    let both = files(&folder);
    let bad_code = both.iter().find(|file| *file != good_code).unwrap();
    assert_eq!(both.len(), 2);

    // Only a host that uses the cache is deceived.
    fs::copy(bad_code, good_code).unwrap();
    assert!(!validates(&good, &folder).await);
    assert_eq!(files(&folder), both);
}

#[tokio::test]
async fn a_file_that_is_not_machine_code_is_replaced() {
    let folder = TempDir::new().unwrap();
    let plugin = CORRECT.component();
    assert!(validates(&plugin, folder.path()).await);
    let file = files(folder.path()).remove(0);
    let code = fs::read(&file).unwrap();
    for damaged in [&[][..], b"not code", &code[..64], &plugin] {
        fs::write(&file, damaged).unwrap();
        assert!(validates(&plugin, folder.path()).await);
        assert!(fs::read(&file).unwrap() == code, "{} bytes", damaged.len());
    }
    assert_eq!(files(folder.path()), [file]);
}

#[tokio::test]
async fn a_component_that_is_rejected_without_a_folder_is_rejected_with_one() {
    let folder = TempDir::new().unwrap();
    let error = load(b"not a component", folder.path()).await;
    assert!(matches!(error, Err(LoadError::NotAComponent)));
    assert!(files(folder.path()).is_empty());
    let starts_with_too_much = crate::wat::Plugin {
        more: "(memory $second 65536)",
        ..CORRECT
    };
    // The second time the folder exists already.
    for _ in 0..2 {
        let error = load(&starts_with_too_much.component(), folder.path()).await;
        let memory = matches!(error, Err(LoadError::Plugin(PluginError::Memory)));
        assert!(memory);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_others_may_write_to_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = TempDir::new().unwrap();
    for (mode, usable) in [(0o700, true), (0o755, true), (0o720, false), (0o777, false)] {
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
        let loaded = load(&CORRECT.component(), folder.path()).await;
        let refused = matches!(
            &loaded,
            Err(LoadError::Cache { folder: named, .. }) if named == folder.path()
        );
        assert_eq!((loaded.is_ok(), refused), (usable, !usable), "{mode:o}");
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_created_is_named() {
    let home = TempDir::new().unwrap();
    let file = home.path().join("file");
    fs::write(&file, "").unwrap();
    let error = load(&CORRECT.component(), &file).await.err().unwrap();
    let text = error.to_string();
    assert!(matches!(error, LoadError::Cache { .. }));
    assert!(text.starts_with(&format!("cannot keep machine code in {}: ", file.display())));
}
