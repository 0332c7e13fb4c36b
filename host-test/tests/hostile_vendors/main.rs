//! Hostile vendors: the built component over real sockets and real TLS, one named test per row of
//! the matrix. Each row makes every call that meets the vendor, looks at how it ends, at its time
//! and its memory, and then asks the same vendor again, which is honest now.
//!
//! `check.rs` is what every row goes through, `server.rs` and `http2.rs` are the vendor, the other
//! files are the rows.

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
