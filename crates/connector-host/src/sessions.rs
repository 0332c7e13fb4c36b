//! [`Sessions`]: one cached session for each credential, shared by all callers. API calls with them
//! are in `sessions/call.rs`.

pub(crate) mod api_error;
mod backoff;
pub(crate) mod call;
pub(crate) mod credential;
mod credential_key;
mod credential_state;
mod durable_state;
mod limiter;
mod revision_state;
mod session_state;
pub(crate) mod store;
mod stored_session;
#[cfg(test)]
mod testing;

use std::fmt;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use moka::future::Cache;
use moka::policy::EvictionPolicy;
use ring::hmac;

use crate::connector::Connector;
use crate::error::{CallError, ConnectorError};
use crate::secret::Secret;
use crate::sessions::credential::Credential;
use crate::sessions::credential_key::{CredentialKey, MAX_CREDENTIALS, MAX_IDLE, revision};
use crate::sessions::credential_state::CredentialState;
use crate::sessions::limiter::ConcurrencyLimiters;
use crate::sessions::revision_state::{Next, Renewed, RevisionState};
use crate::sessions::store::{SessionStore, StoreKey};
use crate::types::{Access, Inspection, Session, Vendor};

/// Provides a valid session for a credential, and makes API calls with it.
///
/// Cheap to clone; clones share their sessions. Needs a tokio runtime with its timer enabled.
///
/// # Identity
///
/// A session belongs to a vendor, the [id](Credential::id) of a credential, and a keyed hash of its
/// whole document. An edited document gets a new session, so a rotated secret never gets the old
/// token. The sessions of the last two documents are kept, since callers may use the previous one
/// during an edit. Documents themselves are not kept: one is in memory only during its token
/// request. That is why a session is replaced on use, and not by a timer.
///
/// # Token requests
///
/// At most one token request is in flight per document; concurrent callers share its result. (After
/// [`invalidate`](Sessions::invalidate) or eviction another one may start.) A caller that gives up
/// does not cancel it for the others.
///
/// | session | the caller gets |
/// |---|---|
/// | none, or an expired one | the result of a token request, for which it waits |
/// | before `refresh-after` | the session |
/// | after `refresh-after` | the session; another one is requested in the background |
/// | without an expiry | the session; it is never replaced by time |
///
/// After a failed token request:
///
/// | outcome | old session | next request |
/// |---|---|---|
/// | `throttled` or `unavailable` with a time | kept | after that time |
/// | `throttled` or `unavailable` | kept | after a pause |
/// | `unreachable`, `invalid-response`, a broken plugin | kept | after a pause |
/// | the store failed | kept | after a pause |
/// | `rejected` or `forbidden`, not confirmed | kept | after a longer pause |
/// | no capacity for the call (`busy`) | kept | after 1 s |
/// | `other` | kept | with `retry`: after a pause; else never |
/// | `rejected` or `forbidden`, confirmed | ended | never |
/// | `invalid-credential`, `denied` | ended | never |
///
/// Pauses are 1, 2, 4 … s and up to as much jitter: at most 5 min, the longer ones at most 1 h.
/// "Never" means: not until the document changes, [`renew`](Sessions::renew) or
/// [`invalidate`](Sessions::invalidate) is called, or the credential is unused for a day.
///
/// While an old session that was kept is alive, callers get it. Otherwise they get the error at
/// once; `throttled` and `unavailable` with the remaining time.
///
/// # Refusals by the API
///
/// | verdict | session | the caller of [`send`](Sessions::send) gets |
/// |---|---|---|
/// | `refresh`, confirmed | ended | the response to the repeated call, with a new session |
/// | `refresh`, not confirmed | kept until there is a new one | the same |
/// | `forbidden` | kept | the refusal |
///
/// If the token request is refused without confirmation too, the caller gets the refusal of the
/// API as `rejected`, and the old session is used until it expires.
///
/// # Durable state
///
/// The state of a vendor with [`durable_state`](Vendor::durable_state), such as a refresh token
/// that rotates, must survive a restart. Such a vendor needs a [`SessionStore`] and credentials
/// with an [id](Credential::id), else the error is [`NoStore`](CallError::NoStore).
///
/// - The store is read before each token request. A stored session that is alive is used without a
///   request if it belongs to the same document; its expiry is that of the wall clock.
/// - While there is a state it is refreshed, also for an edited document.
/// - A session is saved before it is used. If the store fails, the error is
///   [`Store`](CallError::Store), the session is not used, and later only the saving is repeated.
/// - A token request that may have been sent, and whose response is lost, is never repeated: after
///   `timeout`, `cut-off`, `protocol` or `other` of `unreachable`, a plugin that broke or exceeded
///   its deadline, or an unreadable response with a successful status. The old session is used
///   until it expires, and then the error is returned, until the document changes or a person
///   requests another attempt: call [`renew`](Sessions::renew).
/// - Before the program ends, await [`settle`](Sessions::settle).
/// - For a deleted credential, call [`remove`](Sessions::remove).
#[derive(Clone)]
pub struct Sessions {
    shared: Arc<Shared>,
}

struct Shared {
    connector: Connector,
    store: Option<Arc<dyn SessionStore>>,
    /// Random for each process, so that a hash reveals nothing about its credential elsewhere.
    hash_key: hmac::Key,
    credentials: Cache<CredentialKey, Arc<CredentialState>>,
    limiters: ConcurrencyLimiters,
}

/// A credential with its vendor and its states.
struct Found<'a> {
    key: CredentialKey,
    vendor: &'a Vendor,
    credential: Arc<CredentialState>,
    revision: Arc<RevisionState>,
    store: Option<Stored>,
}

/// Where the session of a credential is stored.
type Stored = (Arc<dyn SessionStore>, StoreKey);

/// The machine has no source of random numbers, which the keyed hash needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this machine has no source of random numbers")]
pub struct NoRandom;

impl Sessions {
    /// Creates an empty cache for the plugin's vendors, on the plugin's clock, without a durable
    /// store. Sends no request.
    pub fn new(connector: Connector) -> Result<Self, NoRandom> {
        Self::with(connector, None)
    }

    /// Like [`Sessions::new`], with a store for the vendors with `durable-state`.
    pub fn with_store(
        connector: Connector,
        store: Arc<dyn SessionStore>,
    ) -> Result<Self, NoRandom> {
        Self::with(connector, Some(store))
    }

    fn with(connector: Connector, store: Option<Arc<dyn SessionStore>>) -> Result<Self, NoRandom> {
        let random = ring::rand::SystemRandom::new();
        let hash_key = hmac::Key::generate(hmac::HMAC_SHA256, &random).map_err(|_| NoRandom)?;
        let credentials = Cache::builder()
            .max_capacity(MAX_CREDENTIALS)
            // Not by frequency: such a policy might not admit a new credential at all, and each of
            // its callers would send a token request.
            .eviction_policy(EvictionPolicy::lru())
            .time_to_idle(MAX_IDLE)
            .build();
        Ok(Self {
            shared: Arc::new(Shared {
                connector,
                store,
                hash_key,
                credentials,
                limiters: ConcurrencyLimiters::default(),
            }),
        })
    }

    /// The connector of these sessions.
    pub fn connector(&self) -> &Connector {
        &self.shared.connector
    }

    /// Returns a valid session for a credential; the tables above say when it waits.
    pub async fn session(&self, credential: &Credential<'_>) -> Result<Arc<Session>, CallError> {
        let found = self.find(credential).await?;
        self.valid_session(&found, credential).await
    }

    /// Asks the vendor what a credential reaches, with a valid session if the vendor's
    /// [`inspection`](Vendor::inspection) needs one. Follows all pages.
    pub async fn inspect(&self, credential: &Credential<'_>) -> Result<Access, CallError> {
        let connector = &self.shared.connector;
        let (_, vendor) = self.vendor(credential)?;
        let session = match vendor.inspection {
            Inspection::Session => Some(self.session(credential).await?),
            Inspection::Credential | Inspection::None => None,
        };
        let (vendor, document) = (credential.vendor, credential.document);
        connector
            .inspect_all(vendor, document, session.as_deref())
            .await
    }

    /// Requests a new session now, whether or not one is due, and returns it. For a person's
    /// "refresh" or "try again": an earlier failure does not delay the request.
    ///
    /// The current session is used until there is a new one. If the request fails, the table above
    /// says whether the current session is kept. Shares the token request in flight, if there is
    /// one.
    pub async fn renew(&self, credential: &Credential<'_>) -> Result<Arc<Session>, CallError> {
        let found = self.find(credential).await?;
        if let Some((store, key)) = &found.store {
            // After a restart, the session to keep is in the store.
            let (durable, now) = (&found.credential.durable, self.shared.connector.now());
            let stored = durable.stored((&**store, key), credential.document, now);
            if let Some(stored) = stored.await? {
                found.revision.adopt(stored, now);
            }
        }
        let renewal = |current| self.renewal(&found, credential, current);
        found.revision.renew(renewal).await
    }

    /// Invalidates the state of a credential: its sessions, and an earlier failure. For a change
    /// at the vendor that ends its sessions; see [`renew`](Sessions::renew) for a person's "try
    /// again".
    ///
    /// A stored state is kept: the next session is a refreshed one.
    pub async fn invalidate(&self, credential: &Credential<'_>) {
        if let Ok((index, vendor)) = self.vendor(credential) {
            let key = CredentialKey::new(&self.shared.hash_key, index, credential);
            let state = if vendor.durable_state {
                // A stored session is invalid too, even if it has not been loaded.
                Some(self.state(key).await)
            } else {
                self.shared.credentials.get(&key).await
            };
            if let Some(state) = state {
                state.invalidate();
            }
        }
    }

    /// Removes everything about a credential, its stored state included. For a deleted credential,
    /// or to open a session anew with its document.
    ///
    /// Waits for a token request in flight that has to be saved.
    pub async fn remove(&self, credential: &Credential<'_>) -> Result<(), CallError> {
        let found = self.find(credential).await?;
        found.credential.invalidate();
        if let Some((store, key)) = &found.store {
            found.credential.durable.remove((&**store, key)).await?;
        }
        self.shared.credentials.invalidate(&found.key).await;
        Ok(())
    }

    /// Waits for the token requests in flight of vendors with `durable-state`, until their sessions
    /// are saved. To be awaited before the runtime ends: a request that is cut off may take the
    /// only copy of a refresh token with it.
    ///
    /// Returns at once if there is none. Each request ends within the deadline of a call.
    pub async fn settle(&self) {
        let vendors = self.shared.connector.vendors();
        let is_durable = |key: &CredentialKey| {
            let vendor = vendors.get(key.vendor);
            vendor.is_some_and(|vendor| vendor.durable_state)
        };
        let states = self.shared.credentials.iter();
        let states = states.filter(|(key, _)| is_durable(key));
        let states: Vec<_> = states.map(|(_, state)| state).collect();
        for state in states {
            state.settle().await;
        }
    }

    fn vendor(&self, credential: &Credential<'_>) -> Result<(usize, &Vendor), ConnectorError> {
        let mut vendors = self.shared.connector.vendors().iter().enumerate();
        vendors
            .find(|(_, listed)| listed.id == credential.vendor)
            .ok_or(ConnectorError::UnknownVendor)
    }

    async fn state(&self, key: CredentialKey) -> Arc<CredentialState> {
        let new = async { Arc::new(CredentialState::default()) };
        match self.shared.credentials.get(&key).await {
            Some(state) => state,
            None => self.shared.credentials.get_with(key, new).await,
        }
    }

    async fn find(&self, credential: &Credential<'_>) -> Result<Found<'_>, CallError> {
        let (index, vendor) = self.vendor(credential)?;
        let store = store_of(self.shared.store.as_ref(), vendor, credential)?;
        let hash_key = &self.shared.hash_key;
        let key = CredentialKey::new(hash_key, index, credential);
        let state = self.state(key).await;
        let hash = revision(hash_key, credential.document);
        Ok(Found {
            key,
            vendor,
            revision: state.revision(hash, vendor.durable_state),
            credential: state,
            store,
        })
    }

    async fn valid_session(
        &self,
        found: &Found<'_>,
        credential: &Credential<'_>,
    ) -> Result<Arc<Session>, CallError> {
        match self.next(found, credential) {
            Next::Serve(session) | Next::Renew(Some(session), _) => Ok(session),
            Next::Renew(None, outcome) => outcome.await,
            Next::Fail(error) => Err(error),
        }
    }

    /// The next step of a caller; starts a token request if one is due.
    fn next(&self, found: &Found<'_>, credential: &Credential<'_>) -> Next {
        let renewal = |current| self.renewal(found, credential, current);
        found.revision.next(self.shared.connector.now(), renewal)
    }

    /// A token request with the current session, if there is one.
    fn renewal(
        &self,
        found: &Found<'_>,
        credential: &Credential<'_>,
        current: Option<Arc<Session>>,
    ) -> BoxFuture<'static, Renewed> {
        let connector = self.shared.connector.clone();
        let (vendor, document) = (credential.vendor.into(), Secret::new(credential.document));
        let state = Arc::clone(&found.credential);
        renew(
            connector,
            vendor,
            document,
            current,
            state,
            found.store.clone(),
        )
        .boxed()
    }
}

/// Where the session of a credential is stored, if its vendor's state is durable.
fn store_of(
    store: Option<&Arc<dyn SessionStore>>,
    vendor: &Vendor,
    credential: &Credential<'_>,
) -> Result<Option<Stored>, CallError> {
    if !vendor.durable_state {
        return Ok(None);
    }
    let (store, id) = store.zip(credential.id).ok_or(CallError::NoStore)?;
    Ok(Some((Arc::clone(store), StoreKey::new(&*vendor.id, id))))
}

/// Opens or refreshes a session, by way of the store if there is one.
async fn renew(
    connector: Connector,
    vendor: String,
    document: Secret,
    current: Option<Arc<Session>>,
    state: Arc<CredentialState>,
    store: Option<Stored>,
) -> Renewed {
    let request = |current| token_request(connector.clone(), vendor, document.clone(), current);
    let renewed = match &store {
        None => request(current).await,
        Some((store, key)) => {
            let (store, now) = ((&**store, key), || connector.now());
            let durable = &state.durable;
            durable
                .renew(store, document.expose(), current, now, request)
                .await
        }
    };
    (renewed, connector.now())
}

fn token_request(
    connector: Connector,
    vendor: String,
    document: Secret,
    current: Option<Arc<Session>>,
) -> BoxFuture<'static, Result<Session, CallError>> {
    let request = async move {
        let document = document.expose();
        match current {
            Some(current) => connector.refresh(&vendor, document, &current).await,
            None => connector.authenticate(&vendor, document).await,
        }
    };
    request.boxed()
}

impl fmt::Debug for Sessions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Sessions")
            .field("connector", &self.shared.connector)
            .field("credentials", &self.shared.credentials.entry_count())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
