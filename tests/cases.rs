//! Replays the inputs of `fuzz/cases`, written by people or once found to break a property, each
//! through its property, on the ordinary compiler. `fuzz/run` finds more.

#[path = "../fuzz/src/properties.rs"]
pub mod properties;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, panic};

leak_check::capture!();

type Property = fn(&[u8]);

/// Each property, with the name of its target and of its folder.
const PROPERTIES: [(&str, Property); 6] = [
    ("base_url", properties::base_url),
    ("classify", properties::classify),
    ("credential_document", properties::credential_document),
    ("credential_information", properties::credential_information),
    ("retry_after", properties::retry_after),
    ("token_reply", properties::token_reply),
];

/// The paths in a folder of `fuzz/`, in the same order in every run.
fn inside(folder: impl AsRef<Path>) -> BTreeSet<PathBuf> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let entries = fs::read_dir(fuzz.join(folder)).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn every_case_has_its_property() {
    let mut broken = Vec::new();
    for (name, property) in PROPERTIES {
        let paths = inside(Path::new("cases").join(name));
        assert!(!paths.is_empty(), "fuzz/cases/{name} is empty");
        for path in paths {
            let input = fs::read(&path).unwrap();
            if panic::catch_unwind(|| property(&input)).is_err() {
                broken.push(path);
            }
        }
    }
    assert!(
        broken.is_empty(),
        "the panics above come from these inputs: {broken:#?}"
    );
}

#[test]
fn no_target_and_no_folder_is_left_out() {
    let replayed: BTreeSet<_> = PROPERTIES
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    for folder in ["targets", "cases"] {
        for path in inside(folder) {
            let name = path.file_stem().unwrap().to_str().unwrap();
            assert!(replayed.contains(name), "{name} in fuzz/{folder}");
        }
    }
}
