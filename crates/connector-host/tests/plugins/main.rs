//! Small plugins that do what none should, each written as text: the host names what they did, and goes on. A test is a row: the
//! plugin, and how its call ends; `harness.rs` runs it many times beside honest calls and watches the memory of the process.

mod crowd;
mod events;
mod harness;
mod kept_code;
mod loading;
mod requests;
mod results;
mod running;
mod wat;

leak_check::capture!();
