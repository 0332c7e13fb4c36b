//! Seals secret members with XChaCha20-Poly1305 (<https://datatracker.ietf.org/doc/html/draft-irtf-cfrg-xchacha>): nonces are long
//! enough to be drawn at random. What is sealed opens only at its place: this credential, this vendor, this member.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::StoreError;
use super::key::Key;

/// The length of a credential's mark in seals, in bytes.
pub(super) const ID_BYTES: usize = 16;

const NONCE_BYTES: usize = 24;

/// How values are sealed; the first byte of each, and part of what is authenticated.
const VERSION: u8 = 1;

/// What the check value says. Its place is no member's: a member's begins with the credential's mark.
const CHECK: &[u8] = b"connector store";

/// Where a sealed value belongs.
pub(super) struct Place<'a> {
    pub(super) seal_id: [u8; ID_BYTES],
    pub(super) vendor: &'a str,
    pub(super) member: &'a str,
}

impl Place<'_> {
    /// No two places have the same bytes: the mark has a fixed length, and the vendor's is told.
    fn bytes(&self) -> Vec<u8> {
        let length = (self.vendor.len() as u64).to_be_bytes();
        [
            &[VERSION],
            self.seal_id.as_slice(),
            length.as_slice(),
            self.vendor.as_bytes(),
            self.member.as_bytes(),
        ]
        .concat()
    }
}

/// Seals and opens with one key.
pub(super) struct Sealer(XChaCha20Poly1305);

impl Sealer {
    pub(super) fn new(key: &Key) -> Self {
        Self(XChaCha20Poly1305::new(key.as_slice().into()))
    }

    /// Version, nonce, ciphertext.
    pub(super) fn seal(&self, place: &Place<'_>, text: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.seal_bytes(&place.bytes(), text)
    }

    pub(super) fn open(
        &self,
        place: &Place<'_>,
        sealed: &[u8],
    ) -> Result<Zeroizing<String>, StoreError> {
        let mut bytes = self
            .open_bytes(&place.bytes(), sealed)
            .ok_or(StoreError::Unsealable)?;
        let text = String::from_utf8(std::mem::take(&mut *bytes));
        text.map(Zeroizing::new).map_err(|_| StoreError::Unsealable)
    }

    /// A value that tells later whether a key is this one.
    pub(super) fn check_value(&self) -> Result<Vec<u8>, StoreError> {
        self.seal_bytes(&[VERSION], CHECK)
    }

    /// Whether this key made the check value.
    pub(super) fn made(&self, check_value: &[u8]) -> bool {
        self.open_bytes(&[VERSION], check_value)
            .is_some_and(|text| *text == CHECK)
    }

    fn seal_bytes(&self, place: &[u8], text: &[u8]) -> Result<Vec<u8>, StoreError> {
        let nonce: [u8; NONCE_BYTES] = random()?;
        let payload = Payload {
            msg: text,
            aad: place,
        };
        // Fails only for texts of more than 256 GiB.
        let sealed = self
            .0
            .encrypt(XNonce::from_slice(&nonce), payload)
            .map_err(|_| StoreError::Document)?;
        Ok([&[VERSION], nonce.as_slice(), sealed.as_slice()].concat())
    }

    fn open_bytes(&self, place: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let rest = sealed.strip_prefix(&[VERSION])?;
        let (nonce, sealed) = rest.split_at_checked(NONCE_BYTES)?;
        let payload = Payload {
            msg: sealed,
            aad: place,
        };
        let text = self.0.decrypt(XNonce::from_slice(nonce), payload).ok()?;
        Some(Zeroizing::new(text))
    }
}

/// Random bytes from the system.
pub(super) fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| StoreError::Random(error.to_string()))?;
    Ok(bytes)
}
