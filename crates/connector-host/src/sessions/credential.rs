//! What is known of one credential: its session, how the last try went, and the request that is under way. `State` decides by times that
//! it is given; `Credential` shares it, and runs the request.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::delays::{Delays, seconds};
use crate::{CallError, ConnectorError, PluginError, Session};

/// How a request for a session ended.
pub(super) type Outcome = Result<Arc<Session>, CallError>;

/// What a caller does next.
pub(super) enum Next {
    /// It uses this session.
    Serve(Arc<Session>),
    /// It waits for the request that is under way.
    Wait(Shared<BoxFuture<'static, Outcome>>),
    /// It hears why there is no session.
    Fail(CallError),
}

/// What is known of one credential.
#[derive(Default)]
pub(super) struct Credential {
    state: Mutex<State>,
}

impl Credential {
    /// Tells what a caller at `now` does, and starts `renewal` with the session so far where it is time and none is under way.
    ///
    /// The request runs in a task of its own, so that it ends well for all even when the caller who started it gives up.
    pub(super) fn next(
        self: &Arc<Self>,
        now: SystemTime,
        renewal: impl FnOnce(Option<Arc<Session>>) -> BoxFuture<'static, Renewed>,
    ) -> Next {
        let mut state = self.state();
        let serving = match state.decide(now, Instant::now()) {
            Decision::Serve(session) => return Next::Serve(session),
            Decision::Fail(error) => return Next::Fail(error),
            Decision::Renew(serving) => serving,
        };
        let under_way = state.renewal.as_ref().and_then(Renewal::under_way);
        let outcome = under_way.unwrap_or_else(|| {
            let asked = renewal(state.session.clone());
            let this = Arc::clone(self);
            let started = Renewal::start(async move {
                let (renewed, now) = asked.await;
                this.state().renewed(renewed, now, Instant::now())
            });
            let outcome = started.outcome.clone();
            state.renewal = Some(started);
            outcome
        });
        serving.map_or(Next::Wait(outcome), Next::Serve)
    }

    /// Notes that the vendor refused `session` before its time, and tells whether a caller may go on with another one.
    pub(super) fn refused(&self, session: &Arc<Session>) -> bool {
        self.state().refused(session, Instant::now())
    }

    /// Tells whether a caller who had to wait may still use `session`.
    pub(super) fn serves(&self, session: &Arc<Session>, now: SystemTime) -> bool {
        let decision = self.state().decide(now, Instant::now());
        let (Decision::Serve(current) | Decision::Renew(Some(current))) = decision else {
            return false;
        };
        Arc::ptr_eq(&current, session)
    }

    /// Wipes the session, unless a call still holds it.
    pub(super) fn wipe(&self) {
        self.state().session = None;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the vendor granted, or why not, and when.
pub(super) type Renewed = (Result<Session, CallError>, SystemTime);

/// A request for a session that all callers wait for.
struct Renewal {
    outcome: Shared<BoxFuture<'static, Outcome>>,
    task: AbortHandle,
}

impl Renewal {
    fn start(work: impl Future<Output = Outcome> + Send + 'static) -> Self {
        let task = tokio::spawn(work);
        let handle = task.abort_handle();
        let outcome = async {
            // Only a defect of ours or the end of the runtime ends a task before its work.
            let gone = |_| Err(PluginError::Trapped("the host gave it up".to_owned()).into());
            task.await.unwrap_or_else(gone)
        };
        Self {
            outcome: outcome.boxed().shared(),
            task: handle,
        }
    }

    fn under_way(&self) -> Option<Shared<BoxFuture<'static, Outcome>>> {
        (!self.task.is_finished()).then(|| self.outcome.clone())
    }
}

#[derive(Default)]
struct State {
    session: Option<Arc<Session>>,
    /// When the session has lasted for as long as it may, even if the wall clock was set back meanwhile.
    lasts_until: Option<Instant>,
    /// The vendor refused the session before its time.
    is_over: bool,
    failure: Option<Failure>,
    /// Between tries that bring nothing that lasts.
    delays: Delays,
    /// The session was due when it came; the next is asked for after this.
    rests_until: Option<Instant>,
    /// Between sessions that the vendor grants and then refuses.
    refusals: Delays,
    renewal: Option<Renewal>,
}

/// Why there is no new session.
struct Failure {
    error: CallError,
    /// When to ask again; never, if `None`.
    until: Option<Instant>,
}

enum Decision {
    Serve(Arc<Session>),
    /// A new session is due; the old one still serves, if there is one here.
    Renew(Option<Arc<Session>>),
    Fail(CallError),
}

impl State {
    fn decide(&self, now: SystemTime, at: Instant) -> Decision {
        let failure = self.failure.as_ref();
        let waiting = failure.filter(|failure| failure.until.is_none_or(|until| at < until));
        let session = self.session.as_ref();
        let lasts = !self.is_over && self.lasts_until.is_none_or(|end| at < end);
        let session = session.filter(|session| lasts && now < session.expires_at);
        match (session, waiting) {
            (_, Some(Failure { error, until: None })) => Decision::Fail(error.clone()),
            (Some(session), None)
                if now >= session.refresh_after && self.rests_until <= Some(at) =>
            {
                Decision::Renew(Some(Arc::clone(session)))
            }
            (Some(session), _) => Decision::Serve(Arc::clone(session)),
            (None, None) => Decision::Renew(None),
            (None, Some(failure)) => Decision::Fail(failure.left(at)),
        }
    }

    fn renewed(
        &mut self,
        renewed: Result<Session, CallError>,
        now: SystemTime,
        at: Instant,
    ) -> Outcome {
        self.renewal = None;
        let renewed = renewed.and_then(|session| {
            // Else each caller would ask again at once.
            let over = || PluginError::Contract("expires-at").into();
            (now < session.expires_at)
                .then_some(session)
                .ok_or_else(over)
        });
        match renewed {
            Ok(session) => {
                let left = session.expires_at.duration_since(now).unwrap_or_default();
                self.lasts_until = at.checked_add(left);
                let session = Arc::new(session);
                self.session = Some(Arc::clone(&session));
                self.is_over = false;
                self.failure = None;
                if now < session.refresh_after {
                    self.delays.reset();
                    self.rests_until = None;
                } else {
                    // Else each use would ask for the next, as long as sessions come like this.
                    self.rests_until = Some(self.delays.next_from(at));
                }
                Ok(session)
            }
            Err(error) => {
                let until = match again(&error) {
                    Again::Never => None,
                    Again::After(wait) => Some(at + wait),
                    Again::Later => Some(self.delays.next_from(at)),
                };
                if until.is_none() {
                    // Of no more use, so it is wiped.
                    self.session = None;
                }
                self.failure = Some(Failure {
                    error: error.clone(),
                    until,
                });
                Err(error)
            }
        }
    }

    fn refused(&mut self, session: &Arc<Session>, at: Instant) -> bool {
        let current = self.session.as_ref();
        if self.is_over || !current.is_some_and(|current| Arc::ptr_eq(current, session)) {
            // Another caller heard it first.
            return true;
        }
        if !self.refusals.is_over(at) {
            return false;
        }
        self.refusals.next_from(at);
        self.is_over = true;
        true
    }
}

impl Failure {
    /// The error as it is now: of what the vendor told to wait, the rest.
    fn left(&self, at: Instant) -> CallError {
        let secs = self.until.map_or(0, |until| seconds(until - at));
        match &self.error {
            CallError::Connector(ConnectorError::Throttled(_)) => {
                ConnectorError::Throttled(Some(secs)).into()
            }
            CallError::Connector(ConnectorError::Unavailable(_)) => {
                ConnectorError::Unavailable(Some(secs)).into()
            }
            error => error.clone(),
        }
    }
}

/// When asking again may help.
enum Again {
    /// Somebody has to change something first.
    Never,
    /// As the vendor told.
    After(Duration),
    /// Nobody told when.
    Later,
}

fn again(error: &CallError) -> Again {
    use ConnectorError as E;
    match error {
        CallError::Connector(
            E::UnknownVendor
            | E::InvalidCredential(_)
            | E::Rejected(_)
            | E::Forbidden(_)
            | E::Denied,
        ) => Again::Never,
        CallError::Connector(E::Throttled(Some(secs)) | E::Unavailable(Some(secs))) => {
            Again::After(Duration::from_secs((*secs).into()))
        }
        // Nobody was asked: there was no room here.
        CallError::Plugin(PluginError::Busy) => Again::After(Duration::from_secs(1)),
        CallError::Connector(
            E::Throttled(None)
            | E::Unavailable(None)
            | E::Unreachable(_)
            | E::Unintelligible(_)
            | E::Other(_),
        )
        | CallError::Plugin(_) => Again::Later,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Refusal, Secret, Stage};

    const EPOCH: SystemTime = SystemTime::UNIX_EPOCH;

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    /// A session from 1000 s to 4600 s, due at 3700 s.
    fn session(token: &str) -> Session {
        Session {
            access_token: Secret::new(token),
            base_url: "https://api.hotjar.io".to_owned(),
            scopes: Vec::new(),
            project: None,
            issued_at: EPOCH + secs(1000),
            expires_at: EPOCH + secs(4600),
            refresh_after: EPOCH + secs(3700),
        }
    }

    /// What a state decides at a time, in a word.
    fn at(state: &State, now: u64, at: Instant) -> String {
        match state.decide(EPOCH + secs(now), at) {
            Decision::Serve(session) => format!("serve {}", session.access_token.expose()),
            Decision::Renew(Some(_)) => "renew while it serves".to_owned(),
            Decision::Renew(None) => "renew".to_owned(),
            Decision::Fail(error) => error.kind().to_owned(),
        }
    }

    fn renewed(state: &mut State, renewed: Result<Session, ConnectorError>, at: Instant) {
        let renewed = renewed.map_err(CallError::from);
        let _ = state.renewed(renewed, EPOCH + secs(1000), at);
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_serves_to_its_end_and_is_due_before() {
        let now = Instant::now();
        let mut state = State::default();
        assert_eq!(at(&state, 1000, now), "renew");
        renewed(&mut state, Ok(session("a")), now);
        for (secs, decision) in [
            (1000, "serve a"),
            (3699, "serve a"),
            (3700, "renew while it serves"),
            (4599, "renew while it serves"),
            (4600, "renew"),
            (9999, "renew"),
        ] {
            assert_eq!(at(&state, secs, now), decision, "{secs}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_wall_clock_that_is_set_back_prolongs_no_session() {
        let now = Instant::now();
        let mut state = State::default();
        renewed(&mut state, Ok(session("a")), now);
        assert_eq!(at(&state, 1000, now + secs(3599)), "serve a");
        assert_eq!(at(&state, 1000, now + secs(3600)), "renew");
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_that_has_expired_or_was_replaced_meanwhile_serves_nobody_who_waited() {
        let credential = Credential::default();
        renewed(&mut credential.state(), Ok(session("a")), Instant::now());
        let first = credential.state().session.clone().unwrap();
        assert!(credential.serves(&first, EPOCH + secs(4599)));
        assert!(!credential.serves(&first, EPOCH + secs(4600)));
        renewed(&mut credential.state(), Ok(session("b")), Instant::now());
        assert!(!credential.serves(&first, EPOCH + secs(1000)));
        credential.wipe();
        assert!(credential.state().session.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_failure_nobody_asks_before_its_time() {
        let told = ConnectorError::Unavailable(Some(90));
        for (error, first, last) in [
            (told, 90, 90),
            (ConnectorError::Throttled(None), 1, 2),
            (ConnectorError::Unreachable(Stage::Dns), 1, 2),
            (ConnectorError::Other("why".to_owned()), 1, 2),
        ] {
            let now = Instant::now();
            let mut state = State::default();
            renewed(&mut state, Ok(session("a")), now);
            renewed(&mut state, Err(error.clone()), now);
            let early = now + secs(first) - Duration::from_millis(1);
            assert_eq!(at(&state, 3700, early), "serve a");
            assert_eq!(at(&state, 4600, early), error.kind());
            let late = now + secs(last);
            assert_eq!(at(&state, 3700, late), "renew while it serves");
            assert_eq!(at(&state, 4600, late), "renew");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_somebody_has_to_change_is_never_asked_again_and_takes_the_session_along() {
        let refusal = Refusal {
            status: 401,
            code: None,
        };
        for error in [
            ConnectorError::UnknownVendor,
            ConnectorError::InvalidCredential(Vec::new()),
            ConnectorError::Rejected(refusal.clone()),
            ConnectorError::Forbidden(refusal),
            ConnectorError::Denied,
        ] {
            let now = Instant::now();
            let mut state = State::default();
            renewed(&mut state, Ok(session("a")), now);
            renewed(&mut state, Err(error.clone()), now);
            assert_eq!(at(&state, 1000, now), error.kind());
            assert_eq!(at(&state, 1000, now + secs(1_000_000)), error.kind());
            assert!(state.session.is_none());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_that_is_over_when_it_comes_is_no_session() {
        let now = Instant::now();
        let mut state = State::default();
        let came = state.renewed(Ok(session("a")), EPOCH + secs(4600), now);
        let breach = PluginError::Contract("expires-at");
        assert_eq!(came.unwrap_err(), breach.into());
        assert_eq!(at(&state, 4600, now), "broken-plugin");
        assert_eq!(at(&state, 4600, now + secs(2)), "renew");
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_that_is_due_when_it_comes_serves_and_is_not_replaced_at_every_use() {
        let now = Instant::now();
        let mut state = State::default();
        let came = state.renewed(Ok(session("a")), EPOCH + secs(3700), now);
        assert!(came.is_ok());
        assert_eq!(at(&state, 3700, now), "serve a");
        assert_eq!(at(&state, 3702, now + secs(2)), "renew while it serves");
        let came = state.renewed(Ok(session("b")), EPOCH + secs(3702), now + secs(2));
        assert!(came.is_ok());
        assert_eq!(at(&state, 3703, now + secs(3)), "serve b");
        assert_eq!(at(&state, 4600, now + secs(3)), "renew");
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_that_is_refused_early_is_replaced_and_the_next_one_not_at_once() {
        let now = Instant::now();
        let mut state = State::default();
        renewed(&mut state, Ok(session("a")), now);
        let first = state.session.clone().unwrap();
        assert!(state.refused(&first, now));
        assert_eq!(at(&state, 1000, now), "renew");
        assert!(
            state.refused(&first, now),
            "the second who hears it goes on"
        );
        renewed(&mut state, Ok(session("b")), now);
        assert!(state.refused(&first, now), "it is replaced already");
        assert_eq!(at(&state, 1000, now), "serve b");
        let second = state.session.clone().unwrap();
        assert!(!state.refused(&second, now));
        assert_eq!(at(&state, 1000, now), "serve b");
        assert!(state.refused(&second, now + secs(2)));
        assert_eq!(at(&state, 1000, now + secs(2)), "renew");
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_dies_is_an_error_and_the_next_one_is_made() {
        let credential = Arc::new(Credential::default());
        let dies = |_| async { panic!("a defect") }.boxed();
        let Next::Wait(outcome) = credential.next(EPOCH, dies) else {
            panic!("there is nothing to serve")
        };
        let gone = PluginError::Trapped("the host gave it up".to_owned());
        assert_eq!(outcome.await.unwrap_err(), gone.into());
        let works = |_| async { (Ok(session("a")), EPOCH) }.boxed();
        let Next::Wait(outcome) = credential.next(EPOCH, works) else {
            panic!("there is nothing to serve")
        };
        assert_eq!(outcome.await.unwrap().access_token.expose(), "a");
    }
}
