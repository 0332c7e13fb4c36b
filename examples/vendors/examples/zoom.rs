//! A plugin of one vendor that a file describes, to show its size: see the README.

#![cfg_attr(target_family = "wasm", no_std)]

connector_vendor_file::vendor!(Zoom, "zoom.toml");

connector_guest::export!(Zoom);
