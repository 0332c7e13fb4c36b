//! The built component: its imports and its size.

use std::io::Write as _;

use connector_host::Connector;
use flate2::Compression;
use flate2::write::GzEncoder;
use host_test::COMPONENT_BYTES;

use super::common::scripted;

const MAX_COMPONENT_BYTES: usize = 96 * 1024;
const MAX_GZIPPED_BYTES: usize = 40 * 1024;

const ALLOWED_IMPORTS: [&str; 7] = [
    "wasi:clocks/monotonic-clock@0.2.12",
    "wasi:clocks/wall-clock@0.2.12",
    "wasi:http/outgoing-handler@0.2.12",
    "wasi:http/types@0.2.12",
    "wasi:io/error@0.2.12",
    "wasi:io/poll@0.2.12",
    "wasi:io/streams@0.2.12",
];

fn sorted_imports(connector: &Connector) -> Vec<&str> {
    let mut imports: Vec<_> = connector.imports().iter().map(String::as_str).collect();
    imports.sort_unstable();
    imports
}

#[tokio::test]
async fn imports_exactly_the_seven_interfaces_of_the_contract() {
    let (connector, _script) = scripted().await;
    assert_eq!(sorted_imports(&connector), ALLOWED_IMPORTS);
}

#[test]
fn is_at_most_96_kib_and_40_gzipped() {
    let bytes = COMPONENT_BYTES.len();
    assert!(bytes <= MAX_COMPONENT_BYTES, "it has {bytes} bytes");
    let mut gzipped = GzEncoder::new(Vec::new(), Compression::best());
    gzipped.write_all(COMPONENT_BYTES).unwrap();
    let bytes = gzipped.finish().unwrap().len();
    assert!(bytes <= MAX_GZIPPED_BYTES, "gzipped it has {bytes} bytes");
}
