//! Tests of the decisions, as tables of times.

use super::*;
use crate::secret::Secret;
use crate::types::{Refusal, Stage};

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

/// The decision of a state at a time, in a word.
fn at(state: &SessionState, now: u64, at: Instant) -> String {
    match state.decide(EPOCH + secs(now), at) {
        Decision::Serve(session) => format!("serve {}", session.access_token.expose()),
        Decision::Renew(Some(_)) => "renew while it serves".to_owned(),
        Decision::Renew(None) => "renew".to_owned(),
        Decision::Fail(error) => error.kind().to_owned(),
    }
}

fn renewed(state: &mut SessionState, renewed: Result<Session, ConnectorError>, at: Instant) {
    let renewed = renewed.map_err(CallError::from);
    let _ = state.renewed(renewed, EPOCH + secs(1000), at);
}

#[tokio::test(start_paused = true)]
async fn a_session_is_valid_until_its_expiry_and_due_before() {
    let now = Instant::now();
    let mut state = SessionState::default();
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
async fn setting_back_the_wall_clock_extends_no_session() {
    let now = Instant::now();
    let mut state = SessionState::default();
    renewed(&mut state, Ok(session("a")), now);
    assert_eq!(at(&state, 1000, now + secs(3599)), "serve a");
    assert_eq!(at(&state, 1000, now + secs(3600)), "renew");
}

#[tokio::test(start_paused = true)]
async fn after_a_failure_no_request_is_sent_before_its_time() {
    let with_time = ConnectorError::Unavailable(Some(90));
    for (error, first, last) in [
        (with_time, 90, 90),
        (ConnectorError::Throttled(None), 1, 2),
        (ConnectorError::Unreachable(Stage::Dns), 1, 2),
        (ConnectorError::Other("why".to_owned()), 1, 2),
    ] {
        let now = Instant::now();
        let mut state = SessionState::default();
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
async fn an_error_that_needs_a_change_is_final_and_drops_the_session() {
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
        let mut state = SessionState::default();
        renewed(&mut state, Ok(session("a")), now);
        renewed(&mut state, Err(error.clone()), now);
        assert_eq!(at(&state, 1000, now), error.kind());
        assert_eq!(at(&state, 1000, now + secs(1_000_000)), error.kind());
        assert!(state.session.is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_expired_on_arrival_is_an_error() {
    let now = Instant::now();
    let mut state = SessionState::default();
    let arrived = state.renewed(Ok(session("a")), EPOCH + secs(4600), now);
    let breach = PluginError::Contract("expires-at");
    assert_eq!(arrived.unwrap_err(), breach.into());
    assert_eq!(at(&state, 4600, now), "broken-plugin");
    assert_eq!(at(&state, 4600, now + secs(2)), "renew");
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_due_on_arrival_is_used_and_not_replaced_at_every_use() {
    let now = Instant::now();
    let mut state = SessionState::default();
    let arrived = state.renewed(Ok(session("a")), EPOCH + secs(3700), now);
    assert!(arrived.is_ok());
    assert_eq!(at(&state, 3700, now), "serve a");
    assert_eq!(at(&state, 3702, now + secs(2)), "renew while it serves");
    let arrived = state.renewed(Ok(session("b")), EPOCH + secs(3702), now + secs(2));
    assert!(arrived.is_ok());
    assert_eq!(at(&state, 3703, now + secs(3)), "serve b");
    assert_eq!(at(&state, 4600, now + secs(3)), "renew");
}

#[tokio::test(start_paused = true)]
async fn a_session_refused_early_is_replaced_and_the_next_one_not_immediately() {
    let now = Instant::now();
    let mut state = SessionState::default();
    renewed(&mut state, Ok(session("a")), now);
    let first = state.session.clone().unwrap();
    assert!(state.refused(&first, now));
    assert_eq!(at(&state, 1000, now), "renew");
    assert!(state.refused(&first, now), "the second caller continues");
    renewed(&mut state, Ok(session("b")), now);
    assert!(state.refused(&first, now), "it has been replaced");
    assert_eq!(at(&state, 1000, now), "serve b");
    let second = state.session.clone().unwrap();
    assert!(!state.refused(&second, now));
    assert_eq!(at(&state, 1000, now), "serve b");
    assert!(state.refused(&second, now + secs(2)));
    assert_eq!(at(&state, 1000, now + secs(2)), "renew");
}
