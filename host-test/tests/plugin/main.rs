//! The built component in wasmtime: its imports and size, the rules that hold for every vendor, and
//! each vendor by its documentation.
//!
//! The rules run over every vendor that the component lists, with documents made from its schema. A
//! vendor whose server replies with more than a token has a file `src/VENDOR.samples.json`.

leak_check::capture!();

#[path = "../../../fuzz/src/answer.rs"]
pub mod answer;

mod agreement;
mod common;
mod component;
mod contentsquare;
mod contract;
mod documents;
mod encodings;
mod forms;
mod hotjar;
mod inputs;
mod messages;
mod samples;
mod silence;
