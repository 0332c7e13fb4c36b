//! The state of one credential: that of the last revisions of its document, and the state that
//! outlives its sessions.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::sessions::credential_key::KeyedHash;
use crate::sessions::durable_state::DurableState;
use crate::sessions::revision_state::RevisionState;

/// Two: while a document is being edited, some callers still use the previous revision. Neither
/// ends the session of the other.
const MAX_REVISIONS: usize = 2;

/// The state of one credential, shared by its callers.
#[derive(Default)]
pub(super) struct CredentialState {
    /// The least recently used one first.
    revisions: Mutex<Vec<(KeyedHash, Arc<RevisionState>)>>,
    pub(super) durable: DurableState,
}

impl CredentialState {
    /// The state of a revision. Of a new one, that before its first token request.
    pub(super) fn revision(&self, hash: KeyedHash, has_durable_state: bool) -> Arc<RevisionState> {
        let mut revisions = self.lock();
        let known = revisions.iter().position(|(known, _)| *known == hash);
        let (_, state) = match known {
            Some(index) => revisions.remove(index),
            None => (hash, Arc::new(RevisionState::new(has_durable_state))),
        };
        if revisions.len() == MAX_REVISIONS {
            let (_, oldest) = revisions.remove(0);
            oldest.clear();
        }
        revisions.push((hash, Arc::clone(&state)));
        state
    }

    /// Drops the sessions and failures of all revisions. The next token request is sent even if a
    /// stored session is alive.
    pub(super) fn invalidate(&self) {
        self.durable.invalidate();
        for (_, revision) in self.lock().drain(..) {
            revision.clear();
        }
    }

    /// Waits for the token requests in flight, and until their sessions are saved.
    pub(super) async fn settle(&self) {
        let revisions: Vec<_> = self
            .lock()
            .iter()
            .map(|(_, revision)| Arc::clone(revision))
            .collect();
        for revision in revisions {
            revision.settle().await;
        }
        // Of revisions that were dropped meanwhile.
        self.durable.settle().await;
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(KeyedHash, Arc<RevisionState>)>> {
        self.revisions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
