//! The sessions of vendors with `durable-state`, one for each credential, sealed like its secrets.
//! Removed with the credential, and when it becomes another vendor's.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use connector_host::{Secret, SessionStore, StoreKey};
use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params};

use super::seal::{self, Part, Place};
use super::{Store, StoreError};

/// The store as the [`SessionStore`] of [`Sessions`](connector_host::Sessions). The id of a
/// credential is the id of its row, in decimal.
#[derive(Clone)]
pub(crate) struct StoredSessions(Arc<Mutex<Store>>);

/// The outcome of a call of [`SessionStore`].
type Outcome<'a, T> =
    Pin<Box<dyn Future<Output = Result<T, connector_host::StoreError>> + Send + 'a>>;

impl StoredSessions {
    /// Keeps the sessions beside their credentials.
    pub(crate) fn new(store: Arc<Mutex<Store>>) -> Self {
        Self(store)
    }

    /// Asks the store, which blocks, on a thread for blocking work.
    fn ask<T: Send + 'static>(
        &self,
        key: &StoreKey,
        ask: impl FnOnce(&Store, i64, &str) -> Result<T, StoreError> + Send + 'static,
    ) -> Outcome<'static, T> {
        let store = Arc::clone(&self.0);
        let StoreKey { vendor, id, .. } = key.clone();
        let asked = tokio::task::spawn_blocking(move || {
            let id = id.parse().map_err(|_| StoreError::Gone)?;
            ask(
                &store.lock().unwrap_or_else(PoisonError::into_inner),
                id,
                &vendor,
            )
        });
        Box::pin(async move {
            let answer = asked.await.map_err(failed)?;
            answer.map_err(failed)
        })
    }
}

/// The host's error, with this store's message.
fn failed(error: impl std::fmt::Display) -> connector_host::StoreError {
    connector_host::StoreError::new(error.to_string())
}

impl SessionStore for StoredSessions {
    fn load(&self, key: &StoreKey) -> Outcome<'_, Option<Secret>> {
        self.ask(key, Store::session)
    }

    fn save(&self, key: &StoreKey, session: &Secret) -> Outcome<'_, ()> {
        let session = session.clone();
        self.ask(key, move |store, id, vendor| {
            store.save_session(id, vendor, &session)
        })
    }

    fn remove(&self, key: &StoreKey) -> Outcome<'_, ()> {
        self.ask(key, Store::remove_session)
    }
}

impl Store {
    /// Returns the session of a credential with this vendor, if one is saved.
    fn session(&self, id: i64, vendor: &str) -> Result<Option<Secret>, StoreError> {
        let view = Transaction::new_unchecked(&self.database, TransactionBehavior::Deferred)?;
        let sealed: Option<Vec<u8>> = view
            .query_row(
                "SELECT sealed FROM session WHERE credential = ?1 AND vendor = ?2",
                params![id, vendor],
                |row| row.get(0),
            )
            .optional()?;
        let Some(sealed) = sealed else {
            return Ok(None);
        };
        let place = place(&view, id, vendor)?;
        let mut text = self.sealer.open(&place, &sealed)?;
        Ok(Some(Secret::new(std::mem::take(&mut *text))))
    }

    /// Saves the session of a credential with this vendor, in place of an older one. It is on disk
    /// when this returns.
    fn save_session(&self, id: i64, vendor: &str, session: &Secret) -> Result<(), StoreError> {
        let change = self.change()?;
        let place = place(&change, id, vendor)?;
        let sealed = self.sealer.seal(&place, session.expose().as_bytes())?;
        change.execute(
            "INSERT OR REPLACE INTO session (credential, vendor, sealed) VALUES (?1, ?2, ?3)",
            params![id, vendor, sealed],
        )?;
        Ok(change.commit()?)
    }

    /// Removes the session of a credential with this vendor, if one is saved.
    fn remove_session(&self, id: i64, vendor: &str) -> Result<(), StoreError> {
        let change = self.change()?;
        change.execute(
            "DELETE FROM session WHERE credential = ?1 AND vendor = ?2",
            params![id, vendor],
        )?;
        Ok(change.commit()?)
    }
}

/// The place of a session. Fails when the credential is gone, or another vendor's by now.
fn place<'a>(view: &Transaction<'_>, id: i64, vendor: &'a str) -> Result<Place<'a>, StoreError> {
    let seal_id: Option<[u8; seal::ID_BYTES]> = view
        .query_row(
            "SELECT seal_id FROM credential WHERE id = ?1 AND vendor = ?2",
            params![id, vendor],
            |row| row.get(0),
        )
        .optional()?;
    Ok(Place {
        seal_id: seal_id.ok_or(StoreError::Gone)?,
        vendor,
        part: Part::Session(id),
    })
}
