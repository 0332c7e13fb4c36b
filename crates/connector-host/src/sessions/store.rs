//! The durable store of sessions, which vendors with `durable-state` need, and one in memory for
//! tests. What is stored, and when, is in `sessions/durable_state.rs`.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::FutureExt;
use futures::future::{BoxFuture, ready};

use crate::error::StoreError;
use crate::secret::Secret;

/// The identity of a stored session.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub struct StoreKey {
    /// The vendor's id.
    pub vendor: String,
    /// The credential's id, as given to [`Credential::with_id`](crate::Credential::with_id).
    pub id: String,
}

impl StoreKey {
    /// The key of a vendor and the id of a credential.
    pub fn new(vendor: impl Into<String>, id: impl Into<String>) -> Self {
        Self {
            vendor: vendor.into(),
            id: id.into(),
        }
    }
}

/// A durable store for the sessions of vendors with `durable-state`.
///
/// The text of a session is a secret: the store seals it. A session holds the only copy of a
/// refresh token that rotates, so `save` returns only when the text survives a crash.
///
/// A future that never ends blocks the credential: set a time limit inside. The futures of one key
/// do not overlap within one [`Sessions`](crate::Sessions).
pub trait SessionStore: Send + Sync {
    /// Returns the text that was saved last under this key.
    fn load(&self, key: &StoreKey) -> BoxFuture<'_, Result<Option<Secret>, StoreError>>;

    /// Replaces the text under this key.
    fn save(&self, key: &StoreKey, session: &Secret) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Removes the text under this key, if there is one.
    fn remove(&self, key: &StoreKey) -> BoxFuture<'_, Result<(), StoreError>>;
}

/// A [`SessionStore`] in memory, for tests: it is empty after each start.
#[derive(Debug, Default)]
pub struct MemorySessionStore {
    sessions: Mutex<HashMap<StoreKey, Secret>>,
}

impl MemorySessionStore {
    /// Creates an empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<StoreKey, Secret>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionStore for MemorySessionStore {
    fn load(&self, key: &StoreKey) -> BoxFuture<'_, Result<Option<Secret>, StoreError>> {
        ready(Ok(self.lock().get(key).cloned())).boxed()
    }

    fn save(&self, key: &StoreKey, session: &Secret) -> BoxFuture<'_, Result<(), StoreError>> {
        self.lock().insert(key.clone(), session.clone());
        ready(Ok(())).boxed()
    }

    fn remove(&self, key: &StoreKey) -> BoxFuture<'_, Result<(), StoreError>> {
        self.lock().remove(key);
        ready(Ok(())).boxed()
    }
}
