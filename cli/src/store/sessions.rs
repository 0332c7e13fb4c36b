//! The sessions of vendors with `durable-state`, one for each credential, sealed like its secrets.
//! Removed with the credential, and when it becomes another vendor's.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use connector_host::{Secret, SessionStore, StoreKey};
use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params};
use zeroize::Zeroizing;

use super::clear_row::ClearRow;
use super::revisions::Revisions;
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
        ask: impl Fn(&Store, i64, &str) -> Result<T, StoreError> + Send + 'static,
    ) -> Outcome<'static, T> {
        let store = Arc::clone(&self.0);
        let StoreKey { vendor, id, .. } = key.clone();
        let asked = tokio::task::spawn_blocking(move || {
            let id = id.parse().map_err(|_| StoreError::Gone)?;
            let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
            match ask(&store, id, &vendor) {
                // A session that cannot be saved would be lost.
                Err(StoreError::Rekeyed) => {
                    *store = Store::open(&store.location)?;
                    ask(&store, id, &vendor)
                }
                answer => answer,
            }
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
    /// Returns the session of a credential with this vendor, if one is saved. Fails when the
    /// credential or its session is not as it was last saved.
    fn session(&self, id: i64, vendor: &str) -> Result<Option<Secret>, StoreError> {
        let view = Transaction::new_unchecked(&self.database, TransactionBehavior::Deferred)?;
        let Some((row, revisions)) = self.row(&view, id)? else {
            return Ok(None);
        };
        revisions.owner(&row)?;
        if row.vendor != vendor {
            return Ok(None);
        }
        let text = self.session_of(&view, &row, &revisions)?;
        Ok(text.map(|mut text| Secret::new(std::mem::take(&mut *text))))
    }

    /// The session of a row that has been checked, if one is saved.
    pub(super) fn session_of(
        &self,
        view: &Transaction<'_>,
        row: &ClearRow,
        revisions: &Revisions,
    ) -> Result<Option<Zeroizing<String>>, StoreError> {
        let sealed: Option<Vec<u8>> = view
            .query_row(
                "SELECT sealed FROM session WHERE credential = ?1 AND vendor = ?2",
                params![row.id, row.vendor],
                |row| row.get(0),
            )
            .optional()?;
        let text = match (revisions.session(row), sealed) {
            (None, None) => return Ok(None),
            (Some(place), Some(sealed)) => self.sealer.open_text(&place, &sealed),
            // Removed, or put back.
            (Some(_), None) | (None, Some(_)) => None,
        };
        let text = text.ok_or_else(|| StoreError::Altered(row.name.clone()))?;
        Ok(Some(text))
    }

    /// Saves the session of a credential with this vendor, in place of an older one. It is on disk
    /// when this returns.
    fn save_session(&self, id: i64, vendor: &str, session: &Secret) -> Result<(), StoreError> {
        let change = self.change()?;
        let (row, mut revisions) = self.of_vendor(&change, id, vendor)?;
        revisions.owner(&row)?;
        let place = revisions.advance_session(&row).ok_or(StoreError::Gone)?;
        let sealed = self.sealer.seal(&place, session.expose().as_bytes())?;
        change.execute(
            "INSERT OR REPLACE INTO session (credential, vendor, sealed) VALUES (?1, ?2, ?3)",
            params![id, vendor, sealed],
        )?;
        revisions.write(&change, &self.sealer)?;
        Ok(change.commit()?)
    }

    /// Removes the session of a credential with this vendor, if one is saved.
    fn remove_session(&self, id: i64, vendor: &str) -> Result<(), StoreError> {
        let change = self.change()?;
        match self.of_vendor(&change, id, vendor) {
            Ok(_) => self.drop_session(&change, id)?,
            Err(StoreError::Gone) => {}
            Err(error) => return Err(error),
        }
        Ok(change.commit()?)
    }

    /// Removes the session of a credential within a change.
    pub(super) fn drop_session(&self, change: &Transaction<'_>, id: i64) -> Result<(), StoreError> {
        change.execute("DELETE FROM session WHERE credential = ?1", [id])?;
        let mut revisions = Revisions::read(change, &self.sealer, id)?;
        revisions.remove_session(id);
        revisions.write(change, &self.sealer)
    }

    /// The row of a credential with the list of revisions. Fails when the credential is gone, or
    /// another vendor's by now.
    fn of_vendor(
        &self,
        view: &Transaction<'_>,
        id: i64,
        vendor: &str,
    ) -> Result<(ClearRow, Revisions), StoreError> {
        self.row(view, id)?
            .filter(|(row, _)| row.vendor == vendor)
            .ok_or(StoreError::Gone)
    }
}
