//! The identity of a credential in the caches of this folder, and the bounds of these caches.

use std::time::Duration;

/// A hundred thousand credentials: some 200 MB of sessions. Beyond, the least recently used are
/// dropped.
pub(super) const MAX_CREDENTIALS: u64 = 100_000;
/// Longer than any session lives. Idle entries are dropped, and their secrets zeroized, at the
/// latest on the next use of the cache.
pub(super) const MAX_IDLE: Duration = Duration::from_hours(24);

/// Vendor and credential: the vendor's index in the plugin's list, and the keyed hash of the
/// credential (HMAC with SHA-256, RFC 2104).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct CredentialKey {
    pub(super) vendor: usize,
    pub(super) hash: [u8; 32],
}
