//! The built component in wasmtime: the rules of the contract, its imports and size, what the SDK
//! promises beyond the contract, and each vendor by its documentation.
//!
//! A vendor whose server replies with more than a token has files `samples/VENDOR/NAME.toml`.

leak_check::capture!();

mod common;
mod component;
mod conformance;
mod contentsquare;
mod contract;
mod encodings;
mod forms;
mod hotjar;
mod messages;
mod samples;
