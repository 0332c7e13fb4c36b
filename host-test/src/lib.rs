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

/// The path of the plugin, built by the build script with the release profile.
pub const COMPONENT: &str = env!("CONNECTOR_WASM");

/// The plugin itself.
pub const COMPONENT_BYTES: &[u8] = include_bytes!(env!("CONNECTOR_WASM"));
