//! The built component in wasmtime: what it may reach, the rules that hold for every vendor, and
//! each vendor by its documentation. The tests of the parts, without WebAssembly, are beside the
//! parts in `src/`.

leak_check::capture!();

#[path = "../../../fuzz/src/answer.rs"]
pub mod answer;

mod agreement;
mod common;
mod component;
mod contentsquare;
mod contract;
mod hotjar;
mod inputs;
mod silence;
