//! Digests and their encodings, for vendors whose requests are signed.

use alloc::string::String;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};

/// The SHA-256 of `bytes` (FIPS 180-4).
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The HMAC of `message` with SHA-256 (RFC 2104).
///
/// ```
/// use connector_guest::signature::{hex, hmac_sha256};
///
/// // RFC 4231 §4.3
/// let tag = hmac_sha256(b"Jefe", b"what do ya want for nothing?");
/// assert!(hex(&tag).starts_with("5bdcc146bf60754e6a042426089575c7"));
/// ```
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(hmac) => hmac.chain_update(message).finalize().into_bytes().into(),
        // Keys of any length are allowed.
        Err(_) => [0; 32],
    }
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    nibbles
        .filter_map(|nibble| DIGITS.get(usize::from(nibble)))
        .collect()
}

/// Base64 with padding (RFC 4648 §4).
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
