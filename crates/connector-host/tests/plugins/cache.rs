//! The cache of machine code: its use, files that were changed, and folders that are not trusted.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use connector_host::{Connector, Live, LoadError, PluginError, Profile};
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

/// The machine code in the folder, in the order of names.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "cwasm"));
    files.sort();
    files
}

/// The time of a file that no load has replaced.
const OLD: SystemTime = SystemTime::UNIX_EPOCH;

fn write_old(file: &Path, bytes: &[u8]) {
    fs::write(file, bytes).unwrap();
    let file = File::options().write(true).open(file).unwrap();
    file.set_modified(OLD).unwrap();
}

/// Whether the file is still the one of `write_old`: the load used it, and compiled nothing.
fn is_old(file: &Path) -> bool {
    fs::metadata(file).unwrap().modified().unwrap() == OLD
}

#[tokio::test]
async fn a_plugin_is_compiled_once_and_then_loaded_from_the_folder() {
    let home = TempDir::new().unwrap();
    let folder = home.path().join("not/yet/there");
    let (good, bad) = (CORRECT.component(), validating("unreachable"));
    assert!(validates(&good, &folder).await);
    assert!(!validates(&bad, &folder).await);
    let both = files(&folder);
    assert_eq!(both.len(), 2);
    for file in &both {
        write_old(file, &fs::read(file).unwrap());
    }
    assert!(validates(&good, &folder).await);
    assert!(!validates(&bad, &folder).await);
    assert_eq!(files(&folder), both);
    assert!(both.iter().all(|file| is_old(file)));
}

/// The plugin works although its file is this one, which is replaced by its own machine code.
async fn is_compiled_anew(plugin: &[u8], folder: &Path, file: &Path, found: &[u8]) {
    write_old(file, found);
    assert!(validates(plugin, folder).await);
    assert!(!is_old(file), "code of {} bytes was run", found.len());
}

#[tokio::test]
async fn a_file_with_one_changed_byte_is_never_run() {
    let folder = TempDir::new().unwrap();
    let plugin = CORRECT.component();
    assert!(validates(&plugin, folder.path()).await);
    let file = files(folder.path()).remove(0);
    let code = fs::read(&file).unwrap();
    // The tag, the header of the machine code, and all over it to the last byte.
    let spread = (0..24).map(|part| 64 + part * (code.len() - 65) / 23);
    for place in [0, 1, 31, 32, 33, 40].into_iter().chain(spread) {
        for bit in [0x01, 0x80] {
            let mut changed = code.clone();
            changed[place] ^= bit;
            is_compiled_anew(&plugin, folder.path(), &file, &changed).await;
            assert!(fs::read(&file).unwrap() == code, "{place}");
        }
    }
}

#[tokio::test]
async fn a_file_that_is_not_the_machine_code_of_the_plugin_is_never_run() {
    let folder = TempDir::new().unwrap();
    let plugin = CORRECT.component();
    let bad = validating("unreachable");
    assert!(validates(&plugin, folder.path()).await);
    let file = files(folder.path()).remove(0);
    let code = fs::read(&file).unwrap();
    assert!(!validates(&bad, folder.path()).await);
    let other = files(folder.path())
        .into_iter()
        .find(|found| *found != file);
    let other = fs::read(other.unwrap()).unwrap();
    // The tag of one file with the code of the other.
    let joined = [&code[..32], &other[32..]].concat();
    let elsewhere = TempDir::new().unwrap();
    assert!(validates(&plugin, elsewhere.path()).await);
    let of_another_key = fs::read(files(elsewhere.path()).remove(0)).unwrap();
    for found in [
        &[][..],
        b"not code",
        &code[..31],
        &code[..32],
        &code[..64],
        &code[..code.len() - 1],
        // Without its tag, as earlier versions kept it.
        &code[32..],
        &[&code[..], b"x"].concat(),
        &plugin,
        &other,
        &joined,
        &of_another_key,
    ] {
        is_compiled_anew(&plugin, folder.path(), &file, found).await;
        assert!(fs::read(&file).unwrap() == code, "{} bytes", found.len());
    }
}

#[tokio::test]
async fn machine_code_of_one_profile_is_not_run_for_another() {
    let folder = TempDir::new().unwrap();
    let plugin = CORRECT.component();
    for (profile, kept) in [(Profile::Native, 1), (Profile::Interpreter, 2)] {
        for _ in 0..2 {
            let network = Arc::new(Live::builder().build().unwrap());
            let builder = Connector::builder(network).cache(folder.path());
            builder.profile(profile).load_bytes(&plugin).await.unwrap();
            assert_eq!(files(folder.path()).len(), kept, "{profile}");
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn the_key_is_private_and_one_that_is_not_is_replaced() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = TempDir::new().unwrap();
    let plugin = CORRECT.component();
    assert!(validates(&plugin, folder.path()).await);
    let key = folder.path().join("key");
    let file = files(folder.path()).remove(0);
    let mode = || fs::symlink_metadata(&key).unwrap().permissions().mode() & 0o7777;
    for file in [&key, &file] {
        let mode = fs::metadata(file).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600, "{}", file.display());
    }
    let elsewhere = folder.path().join("elsewhere");
    fs::copy(&key, &elsewhere).unwrap();
    let changes: [&dyn Fn(); 6] = [
        &|| fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap(),
        &|| fs::set_permissions(&key, fs::Permissions::from_mode(0o604)).unwrap(),
        &|| fs::write(&key, [0; 31]).unwrap(),
        &|| fs::write(&key, [0; 33]).unwrap(),
        &|| fs::remove_file(&key).unwrap(),
        &|| {
            fs::remove_file(&key).unwrap();
            symlink(&elsewhere, &key).unwrap();
        },
    ];
    for change in changes {
        write_old(&file, &fs::read(&file).unwrap());
        let before = fs::read(&key).unwrap();
        change();
        assert!(validates(&plugin, folder.path()).await);
        assert!(!is_old(&file));
        assert_ne!(fs::read(&key).unwrap(), before);
        assert_eq!(mode(), 0o600);
        assert!(fs::symlink_metadata(&key).unwrap().is_file());
    }
}

#[tokio::test]
async fn without_a_key_that_can_be_kept_the_plugin_is_compiled() {
    let folder = TempDir::new().unwrap();
    // A folder in its place cannot be replaced by a file.
    fs::create_dir_all(folder.path().join("key/full")).unwrap();
    for _ in 0..2 {
        assert!(validates(&CORRECT.component(), folder.path()).await);
    }
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
