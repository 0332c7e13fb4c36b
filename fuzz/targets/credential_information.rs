//! Runs the property of the same name in `src/properties.rs` on inputs of libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| properties::credential_information(input));
