//! Seals secrets with XChaCha20-Poly1305
//! (<https://datatracker.ietf.org/doc/html/draft-irtf-cfrg-xchacha>), whose nonces are long enough
//! to be random. A sealed value opens only at its place: its row, with this name, these clear
//! columns and this revision.

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

/// The length of the hash of a row's clear columns, in bytes.
pub(super) const HASH_BYTES: usize = 32;

const NONCE_BYTES: usize = 24;

/// The version of the seal: the first byte of each value, and part of the authenticated data.
const VERSION: u8 = 2;

/// The version up to the second format of the store, and of the check value in all formats: another
/// program must be able to tell a wrong key from a newer format.
const FIRST_VERSION: u8 = 1;

/// The content of the check value. Its place is shorter than all others.
const CHECK: &[u8] = b"connector store";

/// The place of a sealed value, which is authenticated with it.
pub(super) enum Place<'a> {
    /// A secret field of a credential's document.
    Field {
        /// The credential.
        of: Owner<'a>,
        /// The field's name.
        field: &'a str,
    },
    /// The session of a credential.
    Session {
        /// The credential's row, which is never reused.
        id: i64,
        /// The credential's random id.
        seal_id: [u8; ID_BYTES],
        /// The session's own revision: a session outlives an edit of its credential.
        revision: u64,
        /// The vendor's id.
        vendor: &'a str,
    },
    /// A page of the list of revisions.
    Revisions {
        /// Its number.
        page: i64,
        /// Its own revision.
        revision: u64,
    },
}

/// A credential at one of its revisions.
#[derive(Clone, Copy)]
pub(super) struct Owner<'a> {
    /// The row, which is never reused.
    pub(super) id: i64,
    /// The random id, so that two stores with one key share no place.
    pub(super) seal_id: [u8; ID_BYTES],
    /// Counts the saves of this credential.
    pub(super) revision: u64,
    /// The name.
    pub(super) name: &'a str,
    /// The hash of all clear columns.
    pub(super) clear: [u8; HASH_BYTES],
}

impl Place<'_> {
    /// Encodes the place. No two places have the same bytes: each part has its length before it.
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Field { of, field } => parts(
                0,
                &[
                    &of.seal_id,
                    &of.id.to_be_bytes(),
                    &of.revision.to_be_bytes(),
                    of.name.as_bytes(),
                    &of.clear,
                    field.as_bytes(),
                ],
            ),
            Self::Session {
                id,
                seal_id,
                revision,
                vendor,
            } => parts(
                1,
                &[
                    seal_id,
                    &id.to_be_bytes(),
                    &revision.to_be_bytes(),
                    vendor.as_bytes(),
                ],
            ),
            Self::Revisions { page, revision } => {
                parts(2, &[&page.to_be_bytes(), &revision.to_be_bytes()])
            }
        }
    }
}

/// The version, the kind of the place, and its parts.
fn parts(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = vec![VERSION, kind];
    for part in parts {
        bytes.extend((part.len() as u64).to_be_bytes());
        bytes.extend(*part);
    }
    bytes
}

/// The place of a value up to the second format of the store.
pub(super) enum FirstPlace<'a> {
    /// A secret field of the document, by its name.
    Field(&'a str),
    /// The session, with the id of the credential's row.
    Session(i64),
}

/// Stands for the vendor's length in the first place of a session, and is no length of any vendor.
const SESSION: u64 = u64::MAX;

impl FirstPlace<'_> {
    fn bytes(&self, seal_id: [u8; ID_BYTES], vendor: &str) -> Vec<u8> {
        let start = [&[FIRST_VERSION], seal_id.as_slice()].concat();
        let vendor = vendor.as_bytes();
        let rest = match self {
            Self::Field(name) => {
                let length = (vendor.len() as u64).to_be_bytes();
                [&length, vendor, name.as_bytes()].concat()
            }
            Self::Session(id) => [&SESSION.to_be_bytes(), &id.to_be_bytes(), vendor].concat(),
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
    pub(super) fn seal(&self, place: &Place<'_>, bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.seal_bytes(VERSION, &place.bytes(), bytes)
    }

    /// `None` when the value was sealed elsewhere, with another key, or is damaged.
    pub(super) fn open(&self, place: &Place<'_>, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.open_bytes(VERSION, &place.bytes(), sealed)
    }

    /// The same for text.
    pub(super) fn open_text(&self, place: &Place<'_>, sealed: &[u8]) -> Option<Zeroizing<String>> {
        let mut bytes = self.open(place, sealed)?;
        let text = String::from_utf8(std::mem::take(&mut *bytes));
        text.map(Zeroizing::new).ok()
    }

    /// Opens a value that was sealed up to the second format of the store.
    pub(super) fn open_first(
        &self,
        seal_id: [u8; ID_BYTES],
        vendor: &str,
        place: &FirstPlace<'_>,
        sealed: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        self.open_bytes(FIRST_VERSION, &place.bytes(seal_id, vendor), sealed)
    }

    /// Creates a value by which this key is recognised later.
    pub(super) fn check_value(&self) -> Result<Vec<u8>, StoreError> {
        self.seal_bytes(FIRST_VERSION, &[FIRST_VERSION], CHECK)
    }

    /// Whether this key created the check value.
    pub(super) fn created(&self, check_value: &[u8]) -> bool {
        self.open_bytes(FIRST_VERSION, &[FIRST_VERSION], check_value)
            .is_some_and(|text| *text == CHECK)
    }

    fn seal_bytes(&self, version: u8, place: &[u8], text: &[u8]) -> Result<Vec<u8>, StoreError> {
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
        Ok([&[version], nonce.as_slice(), sealed.as_slice()].concat())
    }

    fn open_bytes(&self, version: u8, place: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let rest = sealed.strip_prefix(&[version])?;
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
