//! Tests of sharing a session, its authorization and a token request.

use super::*;
use crate::error::ConnectorError;
use crate::sessions::testing::{EPOCH, refusal, secs, session};

fn renewed(revision: &RevisionState, renewed: Result<Session, CallError>) {
    let mut inner = revision.lock();
    let _ = inner
        .session
        .renewed(renewed, EPOCH + secs(1000), Instant::now());
}

fn current(revision: &RevisionState) -> Option<Arc<Session>> {
    revision.lock().session.current()
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_waited_uses_no_expired_or_replaced_session() {
    let revision = RevisionState::new(false);
    renewed(&revision, Ok(session("a")));
    let first = current(&revision).unwrap();
    assert!(revision.is_valid(&first, EPOCH + secs(4599)));
    assert!(!revision.is_valid(&first, EPOCH + secs(4600)));
    renewed(&revision, Ok(session("b")));
    assert!(!revision.is_valid(&first, EPOCH + secs(1000)));
    revision.clear();
    assert!(current(&revision).is_none());
}

#[tokio::test(start_paused = true)]
async fn an_authorization_is_used_again_within_its_session_only() {
    let revision = Arc::new(RevisionState::new(false));
    renewed(&revision, Ok(session("a")));
    let first = current(&revision).unwrap();
    assert!(revision.authorization(&first).is_none());
    let authorization = Arc::new(Authorization {
        headers: Vec::new(),
        query: Vec::new(),
    });
    revision.keep(&first, &authorization);
    assert!(Arc::ptr_eq(
        &revision.authorization(&first).unwrap(),
        &authorization
    ));

    let works = |_| async { (Ok(session("b")), EPOCH) }.boxed();
    let Next::Renew(Some(_), outcome) = revision.next(EPOCH + secs(3700), works) else {
        panic!("the session is due")
    };
    let second = outcome.await.unwrap();
    assert!(revision.lock().authorization.is_none(), "it holds a token");
    assert!(revision.authorization(&second).is_none());
    // A late caller of the old session.
    revision.keep(&first, &authorization);
    assert!(revision.authorization(&first).is_none());
}

#[tokio::test(start_paused = true)]
async fn callers_share_a_request_and_are_served_during_it() {
    let revision = Arc::new(RevisionState::new(false));
    renewed(&revision, Ok(session("a")));
    let works = |_| async { (Ok(session("b")), EPOCH + secs(3700)) }.boxed();
    let Next::Renew(Some(served), first) = revision.next(EPOCH + secs(3700), works) else {
        panic!("the session is due")
    };
    let again = |_| panic!("a request is in flight");
    let Next::Renew(Some(_), second) = revision.next(EPOCH + secs(3700), again) else {
        panic!("the session is due")
    };
    assert_eq!(served.access_token.expose(), "a");
    assert!(Arc::ptr_eq(&first.await.unwrap(), &second.await.unwrap()));
}

#[tokio::test(start_paused = true)]
async fn an_aborted_request_is_an_error_and_the_next_one_is_sent() {
    let revision = Arc::new(RevisionState::new(false));
    let panics = |_| async { panic!("a bug") }.boxed();
    let Next::Renew(None, outcome) = revision.next(EPOCH, panics) else {
        panic!("no session is valid")
    };
    assert_eq!(outcome.await.unwrap_err(), aborted());
    let works = |_| async { (Ok(session("a")), EPOCH) }.boxed();
    let Next::Renew(None, outcome) = revision.next(EPOCH, works) else {
        panic!("no session is valid")
    };
    assert_eq!(outcome.await.unwrap().access_token.expose(), "a");
}

#[tokio::test(start_paused = true)]
async fn a_renewal_on_request_keeps_the_session_until_there_is_a_new_one() {
    let revision = Arc::new(RevisionState::new(false));
    renewed(&revision, Ok(session("a")));
    let (lasts, now) = (revision.lock().session.current(), EPOCH + secs(1000));
    let fails = |old: Option<Arc<Session>>| {
        assert_eq!(old.unwrap().access_token.expose(), "a");
        let refused = ConnectorError::Rejected(refusal(401, false));
        async move { (Err(refused.into()), now) }.boxed()
    };
    let in_flight = revision.renew(fails);
    let shared = revision.renew(|_| panic!("a request is in flight"));
    for outcome in [in_flight, shared] {
        assert_eq!(outcome.await.unwrap_err().kind(), "rejected");
    }
    let Next::Serve(kept) = revision.next(now, |_| panic!("the session is not due")) else {
        panic!("the session is alive")
    };
    assert!(Arc::ptr_eq(&kept, &lasts.unwrap()));
    // The earlier failure does not delay the next request.
    let works = |_| async move { (Ok(session("b")), now) }.boxed();
    let replaced = revision.renew(works).await.unwrap();
    assert_eq!(replaced.access_token.expose(), "b");
}
