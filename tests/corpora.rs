//! Replays the fuzzer's inputs, on the ordinary compiler: those that it kept (`fuzz/corpus`), and those that people wrote or that once broke
//! a property (`fuzz/cases`), each through its property. How to find more is in `fuzz/run`.

#[path = "../fuzz/src/properties.rs"]
pub mod properties;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, panic};

said::listens!();

type Property = fn(&[u8]);

/// Each property, with the name of its target and so of its folders.
const PROPERTIES: [(&str, Property); 6] = [
    ("base_url", properties::base_url),
    ("classify", properties::classify),
    ("credential_document", properties::credential_document),
    ("credential_information", properties::credential_information),
    ("retry_after", properties::retry_after),
    ("token_reply", properties::token_reply),
];

/// What is in a folder of `fuzz/`, in the same order in every run; nothing when there is no such folder.
fn inside(folder: impl AsRef<Path>) -> BTreeSet<PathBuf> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let entries = fs::read_dir(fuzz.join(folder)).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn every_input_that_was_kept_has_its_property() {
    let mut broken = Vec::new();
    for (name, property) in PROPERTIES {
        for folder in ["cases", "corpus"] {
            let paths = inside(Path::new(folder).join(name));
            assert!(!paths.is_empty(), "fuzz/{folder}/{name} is empty");
            for path in paths {
                let input = fs::read(&path).unwrap();
                if panic::catch_unwind(|| property(&input)).is_err() {
                    broken.push(path);
                }
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
    for folder in ["targets", "cases", "corpus"] {
        for path in inside(folder) {
            let name = path.file_stem().unwrap().to_str().unwrap();
            assert!(replayed.contains(name), "{name} in fuzz/{folder}");
        }
    }
}
