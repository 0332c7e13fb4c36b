//! Replays `fuzz/cases`, the inputs that people wrote or that once broke a property, on the stable
//! compiler. `fuzz/run` finds new ones.

#[path = "../fuzz/src/properties.rs"]
pub mod properties;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, panic};

leak_check::capture!();

type Property = fn(&[u8]);

/// Each property, by the name of its target and of its folder of cases.
const PROPERTIES: [(&str, Property); 6] = [
    ("base_url", properties::base_url),
    ("classify", properties::classify),
    ("credential_document", properties::credential_document),
    ("credential_information", properties::credential_information),
    ("retry_after", properties::retry_after),
    ("token_reply", properties::token_reply),
];

/// The entries of a folder of `fuzz/`, sorted.
fn entries(folder: impl AsRef<Path>) -> BTreeSet<PathBuf> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let entries = fs::read_dir(fuzz.join(folder)).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn every_case_has_its_property() {
    let mut broken = Vec::new();
    for (name, property) in PROPERTIES {
        let paths = entries(Path::new("cases").join(name));
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
fn no_target_and_no_folder_of_cases_is_left_out() {
    let replayed = PROPERTIES.map(|(name, _)| name);
    for folder in ["targets", "cases"] {
        for path in entries(folder) {
            let name = path.file_stem().unwrap().to_str().unwrap();
            assert!(replayed.contains(&name), "{name} in fuzz/{folder}");
        }
    }
}
