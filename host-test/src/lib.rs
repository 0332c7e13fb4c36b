//! The test harness: scripted HTTP, and the built plugin.
//!
//! - [`script`] expects requests in order, and fails the test on any other.
//! - [`answers`] computes the reply to each request by a function.
//! - [`network`] sends the current reply to every request, and records the requests.
//! - [`secrets`] registers the secrets of requests and replies for the leak check.
//!
//! The harness panics with a message that names the difference. All its secrets are invented.

#[cfg(test)]
leak_check::capture!();

pub mod answers;
pub mod network;
pub mod script;
pub mod secrets;

use std::path::{Path, PathBuf};

/// The path of the plugin, built by the build script with the release profile.
pub const COMPONENT: &str = env!("CONNECTOR_WASM");

/// A folder for the machine code of components. Tests that do not test the compiler load from it:
/// an unoptimized compiler takes a third of a second for each.
pub fn machine_code() -> PathBuf {
    Path::new(COMPONENT).with_file_name("machine-code")
}

/// The plugin itself.
pub const COMPONENT_BYTES: &[u8] = include_bytes!(env!("CONNECTOR_WASM"));
