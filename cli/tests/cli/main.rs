//! The binary as a person runs it, with the built component, against the simulators over TLS.
//! Every run is searched for secrets and tokens (`harness::Run::new`), whatever it is about.

mod harness;
mod offline;
mod online;
// Sends a signal.
#[cfg(unix)]
mod simulate;
mod stories;
