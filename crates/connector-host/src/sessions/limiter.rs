//! The concurrency limiter: the number of API calls in flight for one account, and pauses after the
//! vendor throttled one. Sessions that name no account are limited by credential.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use moka::future::Cache;
use moka::policy::EvictionPolicy;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::sessions::backoff::{Backoff, seconds};
use crate::sessions::credential_key::{CredentialKey, MAX_CREDENTIALS, MAX_IDLE};
use crate::transport::{ResponseBody, TransportError};

/// As many as cached credentials.
const MAX_LIMITERS: u64 = MAX_CREDENTIALS;

/// The calls that share a limit.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Scope {
    /// All calls for this account of the vendor with this index.
    Account(usize, String),
    /// All calls with this credential.
    Credential(CredentialKey),
}

/// The limiters in use.
pub(super) struct ConcurrencyLimiters(Cache<Scope, Arc<ConcurrencyLimiter>>);

impl Default for ConcurrencyLimiters {
    fn default() -> Self {
        let limiters = Cache::builder()
            .max_capacity(MAX_LIMITERS)
            .eviction_policy(EvictionPolicy::lru())
            .time_to_idle(MAX_IDLE);
        Self(limiters.build())
    }
}

impl ConcurrencyLimiters {
    /// The limiter of a scope, with the vendor's maximum if it documents one.
    pub(super) async fn limiter(
        &self,
        scope: Scope,
        max_concurrent_calls: Option<u32>,
    ) -> Arc<ConcurrencyLimiter> {
        let new = async { Arc::new(ConcurrencyLimiter::new(max_concurrent_calls)) };
        self.0.get_with(scope, new).await
    }
}

/// Limits the concurrent calls of one scope.
pub(super) struct ConcurrencyLimiter {
    permits: Arc<Semaphore>,
    pause: Mutex<Pause>,
}

#[derive(Default)]
struct Pause {
    until: Option<Instant>,
    backoff: Backoff,
}

/// Permission for one call, which ends when this is dropped.
pub(super) struct Permit {
    _permit: OwnedSemaphorePermit,
}

/// The permit would come after the deadline: in this many seconds, if known.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLate(pub(super) Option<u32>);

impl ConcurrencyLimiter {
    fn new(max_concurrent_calls: Option<u32>) -> Self {
        let permits = max_concurrent_calls.and_then(|calls| usize::try_from(calls).ok());
        let permits = permits
            .unwrap_or(Semaphore::MAX_PERMITS)
            .clamp(1, Semaphore::MAX_PERMITS);
        Self {
            permits: Arc::new(Semaphore::new(permits)),
            pause: Mutex::default(),
        }
    }

    /// Waits for a permit, until the deadline at most.
    pub(super) async fn acquire(&self, deadline: Instant) -> Result<Permit, TooLate> {
        loop {
            let permit = timeout_at(deadline, Arc::clone(&self.permits).acquire_owned());
            // The semaphore is never closed.
            let permit = permit
                .await
                .ok()
                .and_then(Result::ok)
                .ok_or(TooLate(None))?;
            let now = Instant::now();
            let Some(until) = self.lock().until.filter(|until| now < *until) else {
                return Ok(Permit { _permit: permit });
            };
            if deadline < until {
                return Err(TooLate(Some(seconds(until - now))));
            }
            drop(permit);
            sleep_until(until).await;
        }
    }

    /// Records that the vendor throttled a call, with the vendor's time if it named one.
    pub(super) fn pause(&self, secs: Option<u32>) {
        let now = Instant::now();
        let mut pause = self.lock();
        let until = match secs {
            Some(secs) => now + Duration::from_secs(secs.into()),
            // Responses to concurrent calls count as one refusal.
            None if pause.until.is_some_and(|until| now < until) => return,
            None => pause.backoff.next_from(now),
        };
        pause.until = pause.until.max(Some(until));
    }

    /// Records that the vendor accepted a call.
    pub(super) fn succeeded(&self) {
        self.lock().backoff.reset();
    }

    fn lock(&self) -> MutexGuard<'_, Pause> {
        self.pause.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A response body that holds its call's permit to its end.
pub(super) struct BodyWithPermit {
    body: ResponseBody,
    permit: Option<Permit>,
}

impl BodyWithPermit {
    pub(super) fn new(body: ResponseBody, permit: Permit) -> Self {
        // An empty body ends before the first read.
        let permit = (!body.is_end_stream()).then_some(permit);
        Self { body, permit }
    }
}

impl Body for BodyWithPermit {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) || self.body.is_end_stream() {
            self.permit = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
