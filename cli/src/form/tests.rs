//! The whole server of the page: the guard in front of every path, and no secret or token in any
//! response. Uses the real component and the simulators; the page's files are fakes.

mod durable;
mod files;
mod forbidden;
mod saved;
mod server;
mod sign_in;
mod vendors;
