//! Small ill-behaved plugins, written in WAT: the host names the fault and continues. A test is a
//! row: the plugin, and the outcome of its call. `harness.rs` repeats it beside correct calls and
//! measures the memory of the process.

mod bombs;
mod cache;
mod concurrency;
mod events;
mod harness;
mod loading;
mod origins;
mod requests;
mod results;
mod running;
mod wat;

leak_check::capture!();
