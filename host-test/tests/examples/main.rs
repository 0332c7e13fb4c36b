//! The five vendors in `crates/connector-guest/examples`, as components in the host. Native tests
//! of their steps are beside them.

leak_check::capture!();

mod durable_state;
mod errors;
mod harness;
mod renewal;
mod vendors;
