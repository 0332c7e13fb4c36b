//! Feeds libFuzzer's inputs to the property of the same name, which is in `src/properties.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| properties::classify(input));
