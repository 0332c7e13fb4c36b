//! Public services, each described by the TOML file of its name. They follow the documentation that
//! the file links to, and are untried against the live services.

#![cfg_attr(target_family = "wasm", no_std)]

use connector_vendor_file::vendor;

vendor!(Zoom, "zoom.toml");

connector_guest::export!(Zoom);

#[cfg(test)]
mod tests;
