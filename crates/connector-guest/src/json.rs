//! JSON (RFC 8259) as people and vendors write it.

use serde_json::Value;

/// Parses a JSON text, with or without a byte-order mark before it.
///
/// All parsing goes through here, so that the parser is in a component only once.
pub(crate) fn parse(text: &[u8]) -> Result<Value, serde_json::Error> {
    const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
    serde_json::from_slice(text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text))
}
