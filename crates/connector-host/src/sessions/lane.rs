//! How many API calls are under way for one project, and since when none should be. A lane is a project's, or a credential's where sessions
//! name no project.

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

use super::delays::{Delays, seconds};
use crate::{ResponseBody, TransportError};

/// As many as there are credentials kept, and forgotten as late.
const MAX_LANES: u64 = super::MAX_CREDENTIALS;

/// What a lane is for: the vendor's place in the list, and whose calls count together.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Of {
    /// All calls for this project.
    Project(usize, u64),
    /// All calls with this credential.
    Credential(super::Key),
}

/// The lanes that are known.
pub(super) struct Lanes(Cache<Of, Arc<Lane>>);

impl Default for Lanes {
    fn default() -> Self {
        let lanes = Cache::builder()
            .max_capacity(MAX_LANES)
            .eviction_policy(EvictionPolicy::lru())
            .time_to_idle(super::MAX_IDLE);
        Self(lanes.build())
    }
}

impl Lanes {
    /// The lane `of` something, for `at_once` calls where the vendor sets a limit.
    pub(super) async fn lane(&self, of: Of, at_once: Option<u32>) -> Arc<Lane> {
        self.0
            .get_with(of, async { Arc::new(Lane::new(at_once)) })
            .await
    }
}

/// Lets calls pass, so many at a time.
pub(super) struct Lane {
    turns: Arc<Semaphore>,
    closed: Mutex<Closed>,
}

#[derive(Default)]
struct Closed {
    until: Option<Instant>,
    delays: Delays,
}

/// A call's place among those under way. It ends with this.
pub(super) struct Turn {
    _permit: OwnedSemaphorePermit,
}

/// The turn would come too late: after so many seconds, if somebody told.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLate(pub(super) Option<u32>);

impl Lane {
    fn new(at_once: Option<u32>) -> Self {
        let at_once = at_once.and_then(|calls| usize::try_from(calls).ok());
        let turns = at_once
            .unwrap_or(Semaphore::MAX_PERMITS)
            .clamp(1, Semaphore::MAX_PERMITS);
        Self {
            turns: Arc::new(Semaphore::new(turns)),
            closed: Mutex::default(),
        }
    }

    /// Waits for a turn, until `until` at most.
    pub(super) async fn enter(&self, until: Instant) -> Result<Turn, TooLate> {
        loop {
            let turn = timeout_at(until, Arc::clone(&self.turns).acquire_owned());
            // Nobody closes the semaphore.
            let permit = turn.await.ok().and_then(Result::ok).ok_or(TooLate(None))?;
            let now = Instant::now();
            let Some(opens) = self.closed().until.filter(|opens| now < *opens) else {
                return Ok(Turn { _permit: permit });
            };
            if until < opens {
                return Err(TooLate(Some(seconds(opens - now))));
            }
            drop(permit);
            sleep_until(opens).await;
        }
    }

    /// Notes that the vendor wants no more calls, for so many seconds if it told.
    pub(super) fn close(&self, secs: Option<u32>) {
        let now = Instant::now();
        let mut closed = self.closed();
        let opens = match secs {
            Some(secs) => now + Duration::from_secs(secs.into()),
            // The answers of calls that were sent together are one refusal.
            None if closed.until.is_some_and(|opens| now < opens) => return,
            None => closed.delays.next_from(now),
        };
        closed.until = closed.until.max(Some(opens));
    }

    /// Notes that the vendor served a call.
    pub(super) fn served(&self) {
        self.closed().delays.reset();
    }

    fn closed(&self) -> MutexGuard<'_, Closed> {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A reply's body that keeps its call's turn to its end.
pub(super) struct WithTurn {
    body: ResponseBody,
    turn: Option<Turn>,
}

impl WithTurn {
    pub(super) fn new(body: ResponseBody, turn: Turn) -> Self {
        // Some bodies are over before anybody reads them.
        let turn = (!body.is_end_stream()).then_some(turn);
        Self { body, turn }
    }
}

impl Body for WithTurn {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) || self.body.is_end_stream() {
            self.turn = None;
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
