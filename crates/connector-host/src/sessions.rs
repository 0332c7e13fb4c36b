//! [`Sessions`]: one cached session for each credential, shared by all callers. API calls with them
//! are in `sessions/call.rs`.

pub(crate) mod api_error;
mod backoff;
mod call;
mod credential_key;
mod credential_state;
mod limiter;
mod session_state;

use std::fmt;
use std::sync::Arc;

use futures::FutureExt;
use moka::future::Cache;
use moka::policy::EvictionPolicy;
use ring::hmac;

use crate::connector::Connector;
use crate::error::{CallError, ConnectorError};
use crate::secret::Secret;
use crate::sessions::credential_key::{CredentialKey, MAX_CREDENTIALS, MAX_IDLE};
use crate::sessions::credential_state::{CredentialState, Next};
use crate::sessions::limiter::ConcurrencyLimiters;
use crate::types::Session;

/// Provides a valid session for a credential, and makes API calls with it.
///
/// Cheap to clone; clones share their sessions. Needs a tokio runtime with its timer enabled.
///
/// # Token requests
///
/// At most one token request is in flight per credential; concurrent callers share its result.
/// (After [`forget`](Sessions::forget) or eviction another one may start.) A caller that gives up
/// does not cancel it for the others.
///
/// - No session, or an expired one: the caller waits for a token request.
/// - A session before `refresh-after`: the caller gets it.
/// - A session after `refresh-after`: the caller gets it, and another one is requested in the
///   background.
/// - The vendor throttled: the caller gets the old session until it expires, then
///   [`Throttled`](ConnectorError::Throttled) with the remaining time.
/// - Unavailable, unreachable, invalid response, or a broken plugin: the caller gets the old
///   session until it expires, then that error. The next request comes after the vendor's time,
///   else after 1, 2, 4 … 300 s plus up to as much jitter.
/// - No capacity for the call (`busy`): the same, with a request after a second.
/// - Rejected, forbidden, invalid or denied: the caller gets that error, even if an old session is
///   valid. No request is sent until the credential changes, is [invalidated](Sessions::forget), or
///   is unused for a day.
///
/// The key of a session is the vendor and a keyed hash of the whole credential document, so a
/// rotated secret never gets the old token. Credentials themselves are not kept: one is in memory
/// only during its token request. That is why a session is replaced on use, and not by a timer.
#[derive(Clone)]
pub struct Sessions {
    shared: Arc<Shared>,
}

struct Shared {
    connector: Connector,
    /// Random for each process, so that a hash reveals nothing about its credential elsewhere.
    hash_key: hmac::Key,
    credentials: Cache<CredentialKey, Arc<CredentialState>>,
    limiters: ConcurrencyLimiters,
}

/// The machine has no source of random numbers, which the keyed hash needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this machine has no source of random numbers")]
pub struct NoRandom;

impl Sessions {
    /// Creates an empty cache for the plugin's vendors, on the plugin's clock. Sends no request.
    pub fn new(connector: Connector) -> Result<Self, NoRandom> {
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

    /// Returns a valid session for a credential document; the list above tells when it waits.
    pub async fn session(&self, vendor: &str, credential: &str) -> Result<Arc<Session>, CallError> {
        let key = self.key(vendor, credential)?;
        let state = self.state(key).await;
        self.valid_session(&state, vendor, credential).await
    }

    /// Invalidates the state of a credential: its session, and an earlier refusal. For a person's
    /// "try again" after a change at the vendor.
    pub async fn forget(&self, vendor: &str, credential: &str) {
        if let Ok(key) = self.key(vendor, credential)
            && let Some(state) = self.shared.credentials.remove(&key).await
        {
            state.clear();
        }
    }

    fn key(&self, vendor: &str, credential: &str) -> Result<CredentialKey, ConnectorError> {
        let mut vendors = self.shared.connector.vendors().iter();
        let vendor = vendors
            .position(|listed| listed.id == vendor)
            .ok_or(ConnectorError::UnknownVendor)?;
        let tag = hmac::sign(&self.shared.hash_key, credential.as_bytes());
        let mut hash = [0; 32];
        hash.copy_from_slice(tag.as_ref());
        Ok(CredentialKey { vendor, hash })
    }

    async fn state(&self, key: CredentialKey) -> Arc<CredentialState> {
        let new = async { Arc::new(CredentialState::default()) };
        match self.shared.credentials.get(&key).await {
            Some(state) => state,
            None => self.shared.credentials.get_with(key, new).await,
        }
    }

    async fn valid_session(
        &self,
        state: &Arc<CredentialState>,
        vendor: &str,
        credential: &str,
    ) -> Result<Arc<Session>, CallError> {
        let connector = &self.shared.connector;
        let renewal = |current: Option<Arc<Session>>| {
            let connector = connector.clone();
            let (vendor, credential) = (vendor.to_owned(), Secret::new(credential));
            let work = async move {
                let credential = credential.expose();
                let renewed = match current {
                    Some(current) => connector.refresh(&vendor, credential, &current).await,
                    None => connector.authenticate(&vendor, credential).await,
                };
                (renewed, connector.now())
            };
            work.boxed()
        };
        match state.next(connector.now(), renewal) {
            Next::Serve(session) => Ok(session),
            Next::Fail(error) => Err(error),
            Next::Wait(renewal) => renewal.await,
        }
    }
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
