//! The built component: its imports and its size.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use host_test::COMPONENT_BYTES;

use super::common::scripted;

const MAX_COMPONENT_BYTES: usize = 128 * 1024;
const MAX_GZIPPED_BYTES: usize = 52 * 1024;

/// Neither vendor signs with a nonce, so `wasi:random/random` is not among them.
const IMPORTS: [&str; 7] = [
    "wasi:clocks/monotonic-clock@0.2.12",
    "wasi:clocks/wall-clock@0.2.12",
    "wasi:http/outgoing-handler@0.2.12",
    "wasi:http/types@0.2.12",
    "wasi:io/error@0.2.12",
    "wasi:io/poll@0.2.12",
    "wasi:io/streams@0.2.12",
];

#[tokio::test]
async fn imports_exactly_the_seven_interfaces_that_its_vendors_need() {
    let (connector, _script) = scripted().await;
    let mut imports: Vec<_> = connector.imports().iter().map(String::as_str).collect();
    imports.sort_unstable();
    assert_eq!(imports, IMPORTS);
}

#[test]
fn is_within_its_budget_of_bytes_also_gzipped() {
    let bytes = COMPONENT_BYTES.len();
    assert!(bytes <= MAX_COMPONENT_BYTES, "it has {bytes} bytes");
    let mut gzipped = GzEncoder::new(Vec::new(), Compression::best());
    gzipped.write_all(COMPONENT_BYTES).unwrap();
    let bytes = gzipped.finish().unwrap().len();
    assert!(bytes <= MAX_GZIPPED_BYTES, "gzipped it has {bytes} bytes");
}
