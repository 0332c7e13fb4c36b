//! Build steps that plain cargo lacks. `cargo xtask`, build scripts and tests share them, so the
//! component under test is the component that is released.

#[cfg(test)]
leak_check::capture!();

pub mod component;
pub mod dist;
pub mod lines;
pub mod page;

use std::path::Path;

pub use component::{Component, build, build_script};

/// The root of the workspace.
pub fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}
