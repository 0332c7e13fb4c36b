//! The harness around the built plugin: scripted HTTP, and the plugin itself.
//!
//! - [`script`] expects requests in order and fails the test on any other.
//! - [`answers`] answers any number of requests in any order by a function.
//! - [`network`] answers every request with the current reply, and records the requests.
//! - [`secrets`] registers the secrets that pass for the leak check.
//!
//! A harness may panic, with a sentence that says what differed. All its secrets are invented.

#[cfg(test)]
leak_check::capture!();

pub mod answers;
pub mod network;
pub mod script;
pub mod secrets;

/// The path of the plugin as it is released, built by the build script.
pub const COMPONENT: &str = env!("CONNECTOR_WASM");

/// The plugin itself.
pub const COMPONENT_BYTES: &[u8] = include_bytes!(env!("CONNECTOR_WASM"));
