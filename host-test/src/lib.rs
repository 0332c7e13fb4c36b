//! The harness around the connector plugin: what plays the network and the vendors, and where the built plugin lies.
//! The contract tests in `tests/` use it, and so does the command line for its demonstration.
//!
//! - [`script`] is a fake HTTP: it knows which requests are to come and what each is answered, and a test fails when
//!   anything else is asked. Nothing in it opens a socket.
//! - [`answers`] is one for many requests in no order: a function from a request to its reply.
//! - [`plain`] is a host without any care, and [`dialing`] a client that keeps no connection: to measure beside.
//! - [`note`] notes the secrets that pass, while a run of the tests is listened to.
//! - [`sim`] plays the vendors over TLS on loopback, as strict as their documentation, with faults on demand.
//! - [`tls`] makes the certificates of such services, good and bad.
//!
//! A harness may panic, and does so with a sentence that says what differed. Everything in here that looks like a secret is invented.

#[cfg(test)]
said::listens!();

pub mod answers;
pub mod dialing;
pub mod note;
pub mod plain;
pub mod script;
pub mod sim;
pub mod tls;

/// The path of the plugin, built from this workspace by the build script with the profile that people take away.
pub const COMPONENT: &str = env!("CONNECTOR_WASM");

/// The plugin itself, for a program that may be moved away from where it was built.
pub const COMPONENT_BYTES: &[u8] = include_bytes!(env!("CONNECTOR_WASM"));
