//! Sessions kept alive: one for each credential, shared by everyone who needs it, and API calls made with them.
//! What is known of one credential, and what follows from it at a given time, is in `sessions/credential.rs`, the pauses after failures in
//! `sessions/delays.rs`; the API call is in `sessions/call.rs`, and how many are under way in `sessions/lane.rs`.

mod call;
mod credential;
mod delays;
mod lane;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use moka::future::Cache;
use moka::policy::EvictionPolicy;
use ring::hmac;

pub use self::call::ApiError;
use self::credential::{Credential, Next};
use self::lane::Lanes;
use crate::{CallError, Connector, ConnectorError, Secret, Session};

/// A hundred thousand credentials: some 200 MB of sessions. Beyond, those that were not used for the longest time are forgotten.
const MAX_CREDENTIALS: u64 = 100_000;
/// Nobody has asked for a day, and no session lives longer. What is forgotten is wiped, at the latest when somebody asks for another.
const MAX_IDLE: Duration = Duration::from_hours(24);

/// Gives a live session for a credential, and makes API calls with it.
///
/// Cheap to clone; clones share their sessions. Needs a tokio runtime with its timer enabled.
///
/// # When the vendor is asked for a token
///
/// Never twice at a time for one credential that is not forgotten meanwhile, however many callers wait: they share one request and its outcome. A caller that gives up
/// does not end it for the others.
///
/// | what is known | what a caller gets | what is asked |
/// |---|---|---|
/// | nothing, or the session has expired | waits | a session |
/// | a session before `refresh-after` | it, at once | nothing |
/// | a session after `refresh-after` | it, at once | another, in the background |
/// | the vendor throttled | the old session while it lasts, then [`Throttled`](ConnectorError::Throttled) with what is left to wait | nothing before the time it told |
/// | unavailable, unreachable, unintelligible, or the plugin broke | the old session while it lasts, then that error | after the time it told, or 1, 2, 4 … 300 s, and up to twice that by chance, so that not all hosts come back at once |
/// | there was no room for the call (`busy`) | the old session while it lasts, then that error | after a second |
/// | rejected, forbidden, invalid, denied | that error, at once, even where an old session would last | nothing, until the credential is another, [forgotten](Sessions::forget), or unused for a day |
///
/// A session is kept under the vendor and a keyed hash of the whole credential document, so a rotated secret never meets the old token.
/// Credentials themselves are not kept: one is in memory while its token is asked for. That is why a session is replaced when
/// somebody uses it, and not by a timer.
#[derive(Clone)]
pub struct Sessions {
    shared: Arc<Shared>,
}

struct Shared {
    connector: Connector,
    /// Of this process alone, so that a hash says nothing about its credential to anybody else.
    hashed_with: hmac::Key,
    credentials: Cache<Key, Arc<Credential>>,
    lanes: Lanes,
}

/// Vendor and credential. The vendor is its place in the plugin's list, the credential its keyed hash (HMAC with SHA-256, RFC 2104).
type Key = (usize, [u8; 32]);

/// There is no source of random numbers, without which no hash can be keyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this machine has no source of random numbers")]
pub struct NoRandom;

impl Sessions {
    /// Keeps the sessions of a plugin's vendors, by the plugin's own clock. Asks nobody anything yet.
    pub fn new(connector: Connector) -> Result<Self, NoRandom> {
        let random = ring::rand::SystemRandom::new();
        let hashed_with = hmac::Key::generate(hmac::HMAC_SHA256, &random).map_err(|_| NoRandom)?;
        let credentials = Cache::builder()
            .max_capacity(MAX_CREDENTIALS)
            // By use alone: with a policy that weighs frequency a new credential might not be kept at all, and each of its
            // callers would ask for a token.
            .eviction_policy(EvictionPolicy::lru())
            .time_to_idle(MAX_IDLE)
            .build();
        Ok(Self {
            shared: Arc::new(Shared {
                connector,
                hashed_with,
                credentials,
                lanes: Lanes::default(),
            }),
        })
    }

    /// The plugin whose sessions these are.
    pub fn connector(&self) -> &Connector {
        &self.shared.connector
    }

    /// Returns a live session for a credential document; the table above says when it waits.
    pub async fn session(&self, vendor: &str, credential: &str) -> Result<Arc<Session>, CallError> {
        let key = self.key(vendor, credential)?;
        let kept = self.kept(key).await;
        self.live(&kept, vendor, credential).await
    }

    /// Forgets what is known of a credential: its session, and that it was refused. For a person's "try again", after something was changed
    /// at the vendor.
    pub async fn forget(&self, vendor: &str, credential: &str) {
        if let Ok(key) = self.key(vendor, credential)
            && let Some(kept) = self.shared.credentials.remove(&key).await
        {
            kept.wipe();
        }
    }

    fn key(&self, vendor: &str, credential: &str) -> Result<Key, ConnectorError> {
        let mut vendors = self.shared.connector.vendors().iter();
        let place = vendors
            .position(|listed| listed.id == vendor)
            .ok_or(ConnectorError::UnknownVendor)?;
        let tag = hmac::sign(&self.shared.hashed_with, credential.as_bytes());
        let mut hash = [0; 32];
        hash.copy_from_slice(tag.as_ref());
        Ok((place, hash))
    }

    async fn kept(&self, key: Key) -> Arc<Credential> {
        let new = async { Arc::new(Credential::default()) };
        match self.shared.credentials.get(&key).await {
            Some(kept) => kept,
            None => self.shared.credentials.get_with(key, new).await,
        }
    }

    async fn live(
        &self,
        kept: &Arc<Credential>,
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
        match kept.next(connector.now(), renewal) {
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
