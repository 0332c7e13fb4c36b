//! The live transport over real sockets on loopback, against scripted servers.

mod server;

mod certificates;
mod connections;
mod proxies;
mod refusals;
mod stages;
mod wire;

leak_check::capture!();
