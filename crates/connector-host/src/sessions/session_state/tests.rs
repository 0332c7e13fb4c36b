//! Tests of the decisions, as tables of times.

use super::*;
use crate::error::StoreError;
use crate::sessions::testing::{EPOCH, durable, endless, refusal, secs, session};
use crate::transport::CertificateError;
use crate::types::Stage;

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

/// A state with the session `a`.
fn serving(has_durable_state: bool, at: Instant) -> SessionState {
    let mut state = SessionState::new(has_durable_state);
    renewed(&mut state, Ok(session("a")), at);
    state
}

fn fault(retry: bool) -> ConnectorError {
    ConnectorError::Other(Fault {
        code: "why".to_owned(),
        message: "why".to_owned(),
        retry,
    })
}

fn invalid_response(status: u16) -> ConnectorError {
    ConnectorError::InvalidResponse(InvalidResponse {
        status,
        field: "body".to_owned(),
    })
}

#[tokio::test(start_paused = true)]
async fn a_session_is_valid_until_its_expiry_and_due_before() {
    let now = Instant::now();
    let mut state = SessionState::new(false);
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
async fn a_session_without_an_expiry_is_never_replaced_by_time() {
    let now = Instant::now();
    let mut state = SessionState::new(false);
    renewed(&mut state, Ok(endless("a")), now);
    for days in [0, 1, 400] {
        let passed = days * 24 * 3600;
        assert_eq!(at(&state, 1000 + passed, now + secs(passed)), "serve a");
    }
    // Still by a refusal.
    let first = state.current().unwrap();
    assert!(state.refused(&first, true, now));
    assert_eq!(at(&state, 1000, now), "renew");
}

#[tokio::test(start_paused = true)]
async fn setting_back_the_wall_clock_extends_no_session() {
    let now = Instant::now();
    let state = serving(false, now);
    assert_eq!(at(&state, 1000, now + secs(3599)), "serve a");
    assert_eq!(at(&state, 1000, now + secs(3600)), "renew");
}

#[tokio::test(start_paused = true)]
async fn after_a_failure_no_request_is_sent_before_its_time() {
    let unavailable = ConnectorError::Unavailable(Some(90));
    let throttled = ConnectorError::Throttled(None);
    let dns = ConnectorError::Unreachable(Stage::Dns);
    let certificate = ConnectorError::Unreachable(Stage::Certificate(CertificateError::Expired));
    let timeout = ConnectorError::Unreachable(Stage::Timeout);
    for (error, has_durable_state, first, last) in [
        (unavailable.clone(), false, 90, 90),
        (unavailable, true, 90, 90),
        (throttled.clone(), false, 1, 2),
        (throttled, true, 1, 2),
        (dns.clone(), false, 1, 2),
        (dns, true, 1, 2),
        (certificate, true, 1, 2),
        (timeout, false, 1, 2),
        (invalid_response(200), false, 1, 2),
        (invalid_response(302), true, 1, 2),
        (fault(true), false, 1, 2),
        (fault(true), true, 1, 2),
    ] {
        let now = Instant::now();
        let mut state = serving(has_durable_state, now);
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
    for error in [
        ConnectorError::UnknownVendor,
        ConnectorError::InvalidCredential(Vec::new()),
        ConnectorError::Rejected(refusal(401, true)),
        ConnectorError::Forbidden(refusal(403, true)),
        ConnectorError::Denied,
    ] {
        for has_durable_state in [false, true] {
            let now = Instant::now();
            let mut state = serving(has_durable_state, now);
            renewed(&mut state, Err(error.clone()), now);
            assert_eq!(at(&state, 1000, now), error.kind());
            assert_eq!(at(&state, 1000, now + secs(1_000_000)), error.kind());
            assert!(state.session.is_none());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_whose_answer_is_lost_is_not_repeated_where_the_state_is_durable() {
    let unreachable = |stage| CallError::from(ConnectorError::Unreachable(stage));
    let trapped = PluginError::Trapped("unreachable".to_owned());
    for (error, repeated_otherwise) in [
        (unreachable(Stage::Timeout), true),
        (unreachable(Stage::CutOff), true),
        (unreachable(Stage::Protocol), true),
        (unreachable(Stage::Other), true),
        (invalid_response(200).into(), true),
        (PluginError::Deadline.into(), true),
        (PluginError::Memory.into(), true),
        (PluginError::Contract("state").into(), true),
        (trapped.into(), true),
        (fault(false).into(), false),
    ] {
        let now = Instant::now();
        let later = now + secs(1_000_000);
        let mut state = serving(true, now);
        let _ = state.renewed(Err(error.clone()), EPOCH + secs(1000), now);
        // The old session is used until it expires.
        assert_eq!(at(&state, 4599, now), "serve a", "{error}");
        assert_eq!(at(&state, 4600, later), error.kind(), "{error}");

        let mut state = serving(false, now);
        let _ = state.renewed(Err(error.clone()), EPOCH + secs(1000), now);
        let decision = at(&state, 4600, later);
        assert_eq!(decision == "renew", repeated_otherwise, "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_save_is_repeated_where_a_lost_answer_is_not() {
    let now = Instant::now();
    let mut state = serving(true, now);
    let error = CallError::Store(StoreError::new("disk full"));
    let _ = state.renewed(Err(error), EPOCH + secs(1000), now);
    assert_eq!(at(&state, 4600, now), "store");
    assert_eq!(at(&state, 3700, now + secs(2)), "renew while it serves");
}

/// A firewall, a captive portal or a bad deploy must not end a connection.
#[tokio::test(start_paused = true)]
async fn an_unconfirmed_refusal_keeps_the_session_and_is_asked_about_again() {
    for error in [
        ConnectorError::Forbidden(refusal(403, false)),
        ConnectorError::Rejected(refusal(401, false)),
        ConnectorError::Rejected(refusal(400, false)),
    ] {
        let mut now = Instant::now();
        let mut state = serving(false, now);
        for step in 0..16 {
            // Ten minutes are left.
            assert_eq!(at(&state, 4000, now), "renew while it serves");
            renewed(&mut state, Err(error.clone()), now);
            assert_eq!(at(&state, 4000, now), "serve a");
            let least = secs((1 << step).min(3600));
            let most = secs((2 << step).min(3600));
            let early = now + least - Duration::from_millis(1);
            assert_eq!(at_instant(&state, early), "waits", "{step}");
            assert_eq!(at_instant(&state, now + most), "asks", "{step}");
            assert_eq!(at(&state, 4600, early), error.kind(), "expired");
            now += most;
            // The session of this test does not expire by tokio's clock.
            state.expires_at = None;
        }
        renewed(&mut state, Ok(session("b")), now);
        assert_eq!(at(&state, 1000, now), "serve b");
        // The next refusal is the first again.
        renewed(&mut state, Err(error.clone()), now);
        assert_eq!(at_instant(&state, now + secs(2)), "asks");
    }
}

fn at_instant(state: &SessionState, instant: Instant) -> &'static str {
    match &*at(state, 4000, instant) {
        "serve a" | "serve b" => "waits",
        "renew while it serves" => "asks",
        _ => "ended",
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_session_the_first_refusal_is_reported() {
    let now = Instant::now();
    let mut state = SessionState::new(false);
    let error = ConnectorError::Rejected(refusal(401, false));
    let outcome = state.renewed(Err(error.clone().into()), EPOCH + secs(1000), now);
    assert_eq!(outcome.unwrap_err(), error.into());
    assert_eq!(at(&state, 1000, now), "rejected");
    assert_eq!(at(&state, 1000, now + secs(2)), "renew");
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_expired_on_arrival_is_an_error() {
    for has_durable_state in [false, true] {
        let now = Instant::now();
        let mut state = SessionState::new(has_durable_state);
        let arrived = state.renewed(Ok(session("a")), EPOCH + secs(4600), now);
        let breach = PluginError::Contract("expires-at");
        assert_eq!(arrived.unwrap_err(), breach.into());
        assert_eq!(at(&state, 4600, now), "broken-plugin");
        assert_eq!(at(&state, 4600, now + secs(2)), "renew");
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_due_on_arrival_is_used_and_not_replaced_at_every_use() {
    let now = Instant::now();
    let mut state = SessionState::new(false);
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
    for (confirmed, decision) in [(true, "renew"), (false, "renew while it serves")] {
        let now = Instant::now();
        let mut state = serving(false, now);
        let first = state.current().unwrap();
        assert!(state.refused(&first, confirmed, now));
        assert_eq!(at(&state, 1000, now), decision);
        let again = state.refused(&first, confirmed, now);
        assert!(again, "the second caller continues");
        renewed(&mut state, Ok(session("b")), now);
        let again = state.refused(&first, confirmed, now);
        assert!(again, "it has been replaced");
        assert_eq!(at(&state, 1000, now), "serve b");
        let second = state.current().unwrap();
        assert!(!state.refused(&second, confirmed, now));
        assert_eq!(at(&state, 1000, now), "serve b");
        assert!(state.refused(&second, confirmed, now + secs(2)));
        assert_eq!(at(&state, 1000, now + secs(2)), decision);
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_refused_without_confirmation_is_used_until_there_is_a_new_one() {
    let now = Instant::now();
    for (error, decision) in [
        (ConnectorError::Forbidden(refusal(403, false)), "serve a"),
        (ConnectorError::Unavailable(Some(60)), "serve a"),
        (ConnectorError::Rejected(refusal(401, true)), "rejected"),
    ] {
        let mut state = serving(false, now);
        let first = state.current().unwrap();
        assert!(state.refused(&first, false, now));
        renewed(&mut state, Err(error), now);
        assert_eq!(at(&state, 1000, now), decision);
    }
    // A confirmed refusal ends it after all.
    let mut state = serving(false, now);
    let first = state.current().unwrap();
    assert!(state.refused(&first, false, now));
    assert!(state.refused(&first, true, now));
    assert_eq!(at(&state, 1000, now), "renew");
}

#[tokio::test(start_paused = true)]
async fn a_stored_session_is_adopted_if_it_is_newer_and_no_failure_ended_it() {
    let now = Instant::now();
    let stored = |issued_at| durable("stored", "state", issued_at);
    let adopts = |state: &mut SessionState, issued_at| {
        state.adopt(stored(issued_at), EPOCH + secs(1000), now)
    };
    let mut state = SessionState::new(true);
    assert!(adopts(&mut state, 1000));
    assert_eq!(at(&state, 1000, now), "serve stored");

    let mut state = serving(true, now);
    assert!(!adopts(&mut state, 1000));
    assert!(adopts(&mut state, 1001));

    let mut state = serving(true, now);
    let refused = ConnectorError::Rejected(refusal(401, true));
    renewed(&mut state, Err(refused), now);
    assert!(!adopts(&mut state, 1001));
    assert_eq!(at(&state, 1001, now), "rejected");
}
