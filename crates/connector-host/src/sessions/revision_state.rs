//! The shared state of one revision of a credential: its session, the authorization of that
//! session, and the token request in flight. The decisions are in `session_state.rs`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::error::{CallError, PluginError};
use crate::sessions::session_state::{Decision, Outcome, SessionState};
use crate::types::{Authorization, Session};

/// The outcome of a token request, once it has ended.
pub(super) type SharedOutcome = Shared<BoxFuture<'static, Outcome>>;

/// The next step of a caller.
pub(super) enum Next {
    /// Use this session.
    Serve(Arc<Session>),
    /// A token request is in flight. Use the old session if there is one, else wait.
    Renew(Option<Arc<Session>>, SharedOutcome),
    /// Report this error.
    Fail(CallError),
}

/// The result of a token request, and the time of its end.
pub(super) type Renewed = (Result<Session, CallError>, SystemTime);

/// The state of one revision of a credential, shared by its callers.
pub(super) struct RevisionState {
    inner: Mutex<Inner>,
}

struct Inner {
    session: SessionState,
    authorization: Option<(Arc<Session>, Arc<Authorization>)>,
    renewal: Option<Renewal>,
}

impl RevisionState {
    /// The state before the first token request; see [`SessionState::new`].
    pub(super) fn new(has_durable_state: bool) -> Self {
        Self {
            inner: Mutex::new(Inner {
                session: SessionState::new(has_durable_state),
                authorization: None,
                renewal: None,
            }),
        }
    }

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
        Next::Renew(serving, self.request(&mut inner, renewal))
    }

    /// The outcome of `renewal` with the current session, which is used until there is a new one.
    /// Shares the request in flight, if there is one.
    pub(super) fn renew(
        self: &Arc<Self>,
        renewal: impl FnOnce(Option<Arc<Session>>) -> BoxFuture<'static, Renewed>,
    ) -> SharedOutcome {
        self.request(&mut self.lock(), renewal)
    }

    fn request(
        self: &Arc<Self>,
        inner: &mut Inner,
        renewal: impl FnOnce(Option<Arc<Session>>) -> BoxFuture<'static, Renewed>,
    ) -> SharedOutcome {
        if let Some(in_flight) = inner.renewal.as_ref().and_then(Renewal::in_flight) {
            return in_flight;
        }
        let request = renewal(inner.session.current());
        let this = Arc::clone(self);
        let started = Renewal::start(async move {
            let (renewed, now) = request.await;
            let mut inner = this.lock();
            inner.renewal = None;
            inner.authorization = None;
            inner.session.renewed(renewed, now, Instant::now())
        });
        let outcome = started.outcome.clone();
        inner.renewal = Some(started);
        outcome
    }

    /// Waits for the token request in flight, if there is one.
    pub(super) async fn settle(&self) {
        let renewal = self.lock().renewal.as_ref().and_then(Renewal::in_flight);
        if let Some(outcome) = renewal {
            // Its callers have the outcome.
            let _ = outcome.await;
        }
    }

    /// Uses a session from the store; see [`SessionState::adopt`].
    pub(super) fn adopt(&self, stored: Session, now: SystemTime) {
        let mut inner = self.lock();
        if inner.session.adopt(stored, now, Instant::now()) {
            inner.authorization = None;
        }
    }

    /// Records that the vendor's API refused `session` before its expiry; see
    /// [`SessionState::refused`].
    pub(super) fn refused(&self, session: &Arc<Session>, confirmed: bool) -> bool {
        let at = Instant::now();
        self.lock().session.refused(session, confirmed, at)
    }

    /// Whether a caller that had to wait may still use `session`.
    pub(super) fn is_valid(&self, session: &Arc<Session>, now: SystemTime) -> bool {
        let decision = self.lock().session.decide(now, Instant::now());
        let (Decision::Serve(current) | Decision::Renew(Some(current))) = decision else {
            return false;
        };
        Arc::ptr_eq(&current, session)
    }

    /// The authorization that was kept for `session`.
    pub(super) fn authorization(&self, session: &Arc<Session>) -> Option<Arc<Authorization>> {
        let inner = self.lock();
        let (authorized, authorization) = inner.authorization.as_ref()?;
        Arc::ptr_eq(authorized, session).then(|| Arc::clone(authorization))
    }

    /// Keeps an authorization for other requests of `session`.
    pub(super) fn keep(&self, session: &Arc<Session>, authorization: &Arc<Authorization>) {
        let mut inner = self.lock();
        // A session that has been replaced or invalidated meanwhile is not kept alive by it.
        let current = inner.session.current();
        if current.is_some_and(|current| Arc::ptr_eq(&current, session)) {
            inner.authorization = Some((Arc::clone(session), Arc::clone(authorization)));
        }
    }

    /// Drops the session, which is zeroized unless a call still holds it.
    pub(super) fn clear(&self) {
        let mut inner = self.lock();
        inner.session.clear();
        inner.authorization = None;
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A token request whose outcome all callers share.
struct Renewal {
    outcome: SharedOutcome,
    task: AbortHandle,
}

impl Renewal {
    fn start(work: impl Future<Output = Outcome> + Send + 'static) -> Self {
        let task = tokio::spawn(work);
        let handle = task.abort_handle();
        let outcome = async {
            // A task ends early only by a bug of this crate or the end of the tokio runtime.
            task.await.unwrap_or_else(|_| Err(aborted()))
        };
        Self {
            outcome: outcome.boxed().shared(),
            task: handle,
        }
    }

    fn in_flight(&self) -> Option<SharedOutcome> {
        (!self.task.is_finished()).then(|| self.outcome.clone())
    }
}

/// The error of a token request that ended without a result.
pub(super) fn aborted() -> CallError {
    PluginError::Trapped("the host aborted the call".to_owned()).into()
}

#[cfg(test)]
mod tests;
