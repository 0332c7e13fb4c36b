//! The connector plugin for Hotjar and Contentsquare: one file and one schema for each vendor. The
//! mechanism is in `connector-guest`, the contract in `wit/`.

#![cfg_attr(target_family = "wasm", no_std)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

extern crate alloc;

pub mod contentsquare;
pub mod hotjar;

#[cfg(test)]
mod tests;

#[cfg(test)]
leak_check::capture!();

use contentsquare::Contentsquare;
use hotjar::Hotjar;

connector_guest::export!(Hotjar, Contentsquare);
