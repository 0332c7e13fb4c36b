//! Hostile vendors: the built component over real sockets and real TLS, with one test per fault.
//! Each test makes every call that the fault can affect, checks its outcome, its time and the
//! memory of the process, and then calls the same vendor again, which now behaves.
//!
//! `check.rs` runs the tests, `server.rs` and `http2.rs` are the vendor, the other files are the
//! faults.

mod answers;
mod base_urls;
mod certificates;
mod check;
mod connections;
mod http1_wire;
mod http2;
mod http2_wire;
mod server;
mod without_end;

leak_check::capture!();
