//! The shared state of one credential: its session, and the token request in flight. The decisions
//! are in `session_state.rs`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::error::{CallError, PluginError};
use crate::sessions::session_state::{Decision, Outcome, SessionState};
use crate::types::Session;

/// The next step of a caller.
pub(super) enum Next {
    /// Use this session.
    Serve(Arc<Session>),
    /// Wait for the token request in flight.
    Wait(Shared<BoxFuture<'static, Outcome>>),
    /// Report this error.
    Fail(CallError),
}

/// The result of a token request, and the time of its end.
pub(super) type Renewed = (Result<Session, CallError>, SystemTime);

/// The state of one credential, shared by its callers.
#[derive(Default)]
pub(super) struct CredentialState {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    session: SessionState,
    renewal: Option<Renewal>,
}

impl CredentialState {
    /// The next step of a caller at `now`. Starts `renewal` with the current session if a new one
    /// is due and no token request is in flight.
    ///
    /// The request runs in a task of its own, so that it also completes for the others when the
    /// caller that started it gives up.
    pub(super) fn next(
        self: &Arc<Self>,
        now: SystemTime,
        renewal: impl FnOnce(Option<Arc<Session>>) -> BoxFuture<'static, Renewed>,
    ) -> Next {
        let mut inner = self.lock();
        let serving = match inner.session.decide(now, Instant::now()) {
            Decision::Serve(session) => return Next::Serve(session),
            Decision::Fail(error) => return Next::Fail(error),
            Decision::Renew(serving) => serving,
        };
        let in_flight = inner.renewal.as_ref().and_then(Renewal::in_flight);
        let outcome = in_flight.unwrap_or_else(|| {
            let request = renewal(inner.session.current());
            let this = Arc::clone(self);
            let started = Renewal::start(async move {
                let (renewed, now) = request.await;
                let mut inner = this.lock();
                inner.renewal = None;
                inner.session.renewed(renewed, now, Instant::now())
            });
            let outcome = started.outcome.clone();
            inner.renewal = Some(started);
            outcome
        });
        serving.map_or(Next::Wait(outcome), Next::Serve)
    }

    /// Records that the vendor refused `session` before its expiry. Returns whether the caller may
    /// continue with another session.
    pub(super) fn refused(&self, session: &Arc<Session>) -> bool {
        self.lock().session.refused(session, Instant::now())
    }

    /// Whether a caller that had to wait may still use `session`.
    pub(super) fn is_valid(&self, session: &Arc<Session>, now: SystemTime) -> bool {
        let decision = self.lock().session.decide(now, Instant::now());
        let (Decision::Serve(current) | Decision::Renew(Some(current))) = decision else {
            return false;
        };
        Arc::ptr_eq(&current, session)
    }

    /// Drops the session, which is zeroized unless a call still holds it.
    pub(super) fn clear(&self) {
        self.lock().session.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A token request whose outcome all callers share.
struct Renewal {
    outcome: Shared<BoxFuture<'static, Outcome>>,
    task: AbortHandle,
}

impl Renewal {
    fn start(work: impl Future<Output = Outcome> + Send + 'static) -> Self {
        let task = tokio::spawn(work);
        let handle = task.abort_handle();
        let outcome = async {
            // A task ends early only by a bug of this crate or the end of the tokio runtime.
            let aborted =
                |_| Err(PluginError::Trapped("the host aborted the call".to_owned()).into());
            task.await.unwrap_or_else(aborted)
        };
        Self {
            outcome: outcome.boxed().shared(),
            task: handle,
        }
    }

    fn in_flight(&self) -> Option<Shared<BoxFuture<'static, Outcome>>> {
        (!self.task.is_finished()).then(|| self.outcome.clone())
    }
}

#[cfg(test)]
mod tests;
