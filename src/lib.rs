//! The connector plugin. The data's way is in [`connect`]; the contract that it serves, in `wit/`.
//!
//! In WebAssembly, `door` turns WIT into the types of this library and back, and `http::wasi` does the only I/O. Natively this is
//! an ordinary library without both, so that all the rest is tested and fuzzed as it is. The artefact that hosts load is made by `cargo wasm`.

#![cfg_attr(target_family = "wasm", no_std)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

extern crate alloc;

#[cfg(test)]
leak_check::capture!();

pub mod access;
pub mod base_url;
pub mod connect;
pub mod credential;
pub mod error;
pub mod http;
pub mod json;
pub mod reply;
pub mod secret;
pub mod session;
pub mod token;
pub mod vendors;
pub mod verdict;

#[cfg(target_family = "wasm")]
mod allocator;
#[cfg(target_family = "wasm")]
mod bindings;
#[cfg(target_family = "wasm")]
mod door;

/// Nobody reads what a trap says, so no text of it is linked. No input may get here.
#[cfg(target_family = "wasm")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
