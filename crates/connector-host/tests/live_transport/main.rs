//! The live transport over real sockets on loopback, against servers whose every byte is the test's.

mod server;

mod connections;
mod stages;
mod walls;
mod wire;

leak_check::capture!();
