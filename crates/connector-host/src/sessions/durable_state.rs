//! The token requests of a vendor with `durable-state`: one at a time for each credential, with the
//! stored state, and saved before the session is used.

use std::mem::take;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use futures::future::BoxFuture;
use tokio::sync::Mutex;

use crate::error::CallError;
use crate::secret::Secret;
use crate::sessions::revision_state::aborted;
use crate::sessions::session_state::is_alive;
use crate::sessions::store::{SessionStore, StoreKey};
use crate::sessions::stored_session::StoredSession;
use crate::types::Session;

/// The state that outlives the sessions of one credential: of all revisions of its document.
#[derive(Default)]
pub(super) struct DurableState {
    progress: Mutex<Progress>,
    /// The sessions up to now are not to be used again.
    is_invalidated: AtomicBool,
}

/// Where the last token request stopped.
#[derive(Default)]
struct Progress {
    /// The vendor's state may be ahead of the stored one, because a request has no result.
    is_sending: bool,
    /// A session that could not be saved. It may hold the only valid state.
    unsaved: Option<Secret>,
}

impl DurableState {
    /// The next token request is sent even if a stored session is alive.
    pub(super) fn invalidate(&self) {
        self.is_invalidated.store(true, Ordering::Relaxed);
    }

    /// Returns a newer session than `current`: the stored one if it is alive and belongs to this
    /// document, else one that `request` opens or, given a session with a state, refreshes.
    ///
    /// The store is read before each request, since another process may have replaced the state.
    pub(super) async fn renew(
        &self,
        (store, key): (&dyn SessionStore, &StoreKey),
        document: &str,
        current: Option<Arc<Session>>,
        now: impl Fn() -> SystemTime + Send,
        request: impl FnOnce(Option<Arc<Session>>) -> BoxFuture<'static, Result<Session, CallError>>
        + Send,
    ) -> Result<Session, CallError> {
        let mut progress = self.progress.lock().await;
        if take(&mut progress.is_sending) {
            return Err(aborted());
        }
        if let Some(unsaved) = progress.unsaved.clone() {
            store.save(key, &unsaved).await?;
            progress.unsaved = None;
        }
        let stored = match store.load(key).await? {
            Some(text) => Some(StoredSession::read(&text)?),
            None => None,
        };
        let is_invalidated = self.is_invalidated.swap(false, Ordering::Relaxed);
        let may_use = |stored: &StoredSession| {
            stored.is_of(document)
                && is_alive(&stored.session, now())
                && is_newer(&stored.session, current.as_deref())
        };
        let current = match stored {
            Some(stored) if !is_invalidated && may_use(&stored) => return Ok(stored.session),
            Some(stored) => Some(Arc::new(stored.session)),
            None => current,
        };
        // Without a state there is nothing to refresh.
        let current = current.filter(|current| current.state.is_some());
        progress.is_sending = true;
        let renewed = request(current).await;
        progress.is_sending = false;
        let renewed = renewed.inspect_err(|_| {
            self.is_invalidated
                .fetch_or(is_invalidated, Ordering::Relaxed);
        })?;
        let text = StoredSession::write(&renewed, document);
        progress.unsaved = Some(text.clone());
        store.save(key, &text).await?;
        progress.unsaved = None;
        Ok(renewed)
    }

    /// The stored session, if it is alive and belongs to this document.
    pub(super) async fn stored(
        &self,
        (store, key): (&dyn SessionStore, &StoreKey),
        document: &str,
        now: SystemTime,
    ) -> Result<Option<Session>, CallError> {
        let _progress = self.progress.lock().await;
        if self.is_invalidated.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let Some(text) = store.load(key).await? else {
            return Ok(None);
        };
        let stored = StoredSession::read(&text)?;
        let may_use = stored.is_of(document) && is_alive(&stored.session, now);
        Ok(may_use.then_some(stored.session))
    }

    /// Waits for the request in flight, and until its session is saved.
    pub(super) async fn settle(&self) {
        drop(self.progress.lock().await);
    }

    /// Removes the stored session, after the request in flight.
    pub(super) async fn remove(
        &self,
        (store, key): (&dyn SessionStore, &StoreKey),
    ) -> Result<(), CallError> {
        let mut progress = self.progress.lock().await;
        store.remove(key).await?;
        *progress = Progress::default();
        Ok(())
    }
}

/// Whether a stored session was issued after the one at hand.
fn is_newer(stored: &Session, current: Option<&Session>) -> bool {
    current.is_none_or(|current| current.issued_at < stored.issued_at)
}

#[cfg(test)]
mod tests;
