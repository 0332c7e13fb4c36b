//! Seals secrets with XChaCha20-Poly1305
//! (<https://datatracker.ietf.org/doc/html/draft-irtf-cfrg-xchacha>), whose nonces are long enough
//! to be random. A sealed value opens only at its place: credential, vendor, and field.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::StoreError;

/// The length of a key, in bytes.
const KEY_BYTES: usize = 32;

/// The key of a store.
pub(super) type Key = Zeroizing<[u8; KEY_BYTES]>;

/// The length of a credential's random id in seals, in bytes.
pub(super) const ID_BYTES: usize = 16;

const NONCE_BYTES: usize = 24;

/// The version of the seal: the first byte of each value, and part of the authenticated data.
const VERSION: u8 = 1;

/// The content of the check value. Its place is shorter than all others.
const CHECK: &[u8] = b"connector store";

/// The place of a sealed value, which is authenticated with it.
pub(super) struct Place<'a> {
    pub(super) seal_id: [u8; ID_BYTES],
    pub(super) vendor: &'a str,
    pub(super) part: Part<'a>,
}

/// The part of a credential that is sealed.
pub(super) enum Part<'a> {
    /// A secret field of the document, by its name.
    Field(&'a str),
    /// The session, with the id of the credential's row.
    Session(i64),
}

/// Stands for the vendor's length in the place of a session, and is no length of any vendor.
const SESSION: u64 = u64::MAX;

impl Place<'_> {
    /// Encodes the place. No two places have the same bytes: all but the last string have a fixed
    /// length or a length before them.
    fn bytes(&self) -> Vec<u8> {
        let start = [&[VERSION], self.seal_id.as_slice()].concat();
        let vendor = self.vendor.as_bytes();
        let rest = match self.part {
            Part::Field(name) => {
                let length = (vendor.len() as u64).to_be_bytes();
                [&length, vendor, name.as_bytes()].concat()
            }
            Part::Session(id) => [&SESSION.to_be_bytes(), &id.to_be_bytes(), vendor].concat(),
        };
        [start, rest].concat()
    }
}

/// Seals and opens with one key.
pub(super) struct Sealer(XChaCha20Poly1305);

impl Sealer {
    pub(super) fn new(key: &Key) -> Self {
        Self(XChaCha20Poly1305::new(key.as_slice().into()))
    }

    /// Returns version, nonce and ciphertext.
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

    /// Creates a value by which this key is recognised later.
    pub(super) fn check_value(&self) -> Result<Vec<u8>, StoreError> {
        self.seal_bytes(&[VERSION], CHECK)
    }

    /// Whether this key created the check value.
    pub(super) fn created(&self, check_value: &[u8]) -> bool {
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
