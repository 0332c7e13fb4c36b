//! Components for tests, built once.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::{env, fs};

use xtask::Component;
use xtask::component::{PLUGIN, shared_dir};

/// The components that were built.
static BUILT: Mutex<BTreeMap<Option<&str>, Vec<u8>>> = Mutex::new(BTreeMap::new());

/// The component of an example of the guest SDK, or of the plugin of this repository.
pub(crate) fn component(example: Option<&'static str>) -> Vec<u8> {
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    built
        .entry(example)
        .or_insert_with(|| build(example))
        .clone()
}

fn build(example: Option<&str>) -> Vec<u8> {
    let target_dir = shared_dir(&env::current_exe().unwrap());
    let package = example.map_or(PLUGIN, |_| "connector-guest");
    let built = xtask::build(&Component {
        package,
        example,
        target_dir: &target_dir,
    });
    fs::read(built.unwrap()).unwrap()
}
