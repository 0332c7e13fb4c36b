//! The identity of a credential in the caches of this folder, and the bounds of these caches.

use std::time::Duration;

use ring::hmac;

use crate::sessions::credential::Credential;

/// A hundred thousand credentials: some 200 MB of sessions. Beyond, the least recently used are
/// dropped.
pub(super) const MAX_CREDENTIALS: u64 = 100_000;
/// Idle entries are dropped, and their secrets zeroized, at the latest on the next use of the
/// cache. Most sessions live for less than a day; one that lives longer is requested again.
pub(super) const MAX_IDLE: Duration = Duration::from_hours(24);

/// A keyed hash (HMAC with SHA-256, RFC 2104).
pub(super) type KeyedHash = [u8; 32];

/// Vendor and credential: the vendor's index in the plugin's list, and the keyed hash of the
/// credential's id, or of its document if it has none.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct CredentialKey {
    pub(super) vendor: usize,
    id: KeyedHash,
}

impl CredentialKey {
    pub(super) fn new(key: &hmac::Key, vendor: usize, credential: &Credential<'_>) -> Self {
        // The prefixes keep an id apart from an equal document.
        let id = match credential.id {
            Some(id) => keyed_hash(key, b"id:", id),
            None => revision(key, credential.document),
        };
        Self { vendor, id }
    }
}

/// The keyed hash of a document: another one after every edit.
pub(super) fn revision(key: &hmac::Key, document: &str) -> KeyedHash {
    keyed_hash(key, b"document:", document)
}

fn keyed_hash(key: &hmac::Key, prefix: &[u8], text: &str) -> KeyedHash {
    let mut context = hmac::Context::with_key(key);
    context.update(prefix);
    context.update(text.as_bytes());
    let mut hash = [0; 32];
    hash.copy_from_slice(context.sign().as_ref());
    hash
}
