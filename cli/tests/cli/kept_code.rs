//! The plugin's machine code is kept between commands, where that is possible.

use tempfile::TempDir;

use crate::harness::Run;

#[test]
fn machine_code_is_kept_in_the_cache_folder() {
    let cache = TempDir::new().unwrap();
    let folder = cache.path().join("connector/code");
    let variables = [("XDG_CACHE_HOME", cache.path().to_str().unwrap())];
    for _ in 0..2 {
        let run = Run::with(&["vendors"], "", &variables);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        // The machine code, and its key.
        assert_eq!(folder.read_dir().unwrap().count(), 2);
    }
}

#[test]
fn without_a_folder_that_can_be_used_the_plugin_is_compiled() {
    // A file, so that no folder can be created below it.
    let file = tempfile::NamedTempFile::new().unwrap();
    let variables = [("XDG_CACHE_HOME", file.path().to_str().unwrap())];
    let run = Run::with(&["vendors"], "", &variables);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stderr.is_empty(), "{}", run.stderr);
}
