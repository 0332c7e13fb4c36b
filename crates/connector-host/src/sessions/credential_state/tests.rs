//! Tests of sharing a session and a token request.

use std::time::Duration;

use super::*;
use crate::secret::Secret;

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

fn renewed(credential: &CredentialState, renewed: Result<Session, CallError>) {
    let mut inner = credential.lock();
    let _ = inner
        .session
        .renewed(renewed, EPOCH + secs(1000), Instant::now());
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_waited_uses_no_expired_or_replaced_session() {
    let credential = CredentialState::default();
    renewed(&credential, Ok(session("a")));
    let first = credential.lock().session.current().unwrap();
    assert!(credential.is_valid(&first, EPOCH + secs(4599)));
    assert!(!credential.is_valid(&first, EPOCH + secs(4600)));
    renewed(&credential, Ok(session("b")));
    assert!(!credential.is_valid(&first, EPOCH + secs(1000)));
    credential.clear();
    assert!(credential.lock().session.current().is_none());
}

#[tokio::test(start_paused = true)]
async fn an_aborted_request_is_an_error_and_the_next_one_is_sent() {
    let credential = Arc::new(CredentialState::default());
    let panics = |_| async { panic!("a bug") }.boxed();
    let Next::Wait(outcome) = credential.next(EPOCH, panics) else {
        panic!("no session is valid")
    };
    let aborted = PluginError::Trapped("the host aborted the call".to_owned());
    assert_eq!(outcome.await.unwrap_err(), aborted.into());
    let works = |_| async { (Ok(session("a")), EPOCH) }.boxed();
    let Next::Wait(outcome) = credential.next(EPOCH, works) else {
        panic!("no session is valid")
    };
    assert_eq!(outcome.await.unwrap().access_token.expose(), "a");
}
