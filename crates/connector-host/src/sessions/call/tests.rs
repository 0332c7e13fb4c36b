//! Tests of the result for a caller after the API refused a session without confirmation.

use futures::FutureExt;

use super::*;
use crate::sessions::revision_state::RevisionState;
use crate::sessions::testing::{EPOCH, refusal, secs, session};

/// The next step at 1000 s, if a token request would give `renewed`.
fn next(revision: &Arc<RevisionState>, renewed: Result<Session, CallError>) -> Next {
    let now = EPOCH + secs(1000);
    revision.next(now, move |_| async move { (renewed, now) }.boxed())
}

/// A revision with the session `a`.
async fn serving() -> (Arc<RevisionState>, Arc<Session>) {
    let revision = Arc::new(RevisionState::new(false));
    let Next::Renew(None, outcome) = next(&revision, Ok(session("a"))) else {
        panic!("there is no session")
    };
    let session = outcome.await.unwrap();
    (revision, session)
}

#[tokio::test(start_paused = true)]
async fn after_an_unconfirmed_refusal_the_caller_gets_a_new_session_or_the_refusal() {
    let of_the_api = refusal(401, false);
    let api = Err(CallError::from(ConnectorError::Rejected(
        of_the_api.clone(),
    )));
    let page = CallError::from(ConnectorError::Forbidden(refusal(403, false)));
    let unavailable = CallError::from(ConnectorError::Unavailable(Some(7)));
    let rejected = CallError::from(ConnectorError::Rejected(refusal(401, true)));
    for (renewed, expected, left) in [
        (Ok(session("b")), Ok(()), Some("b")),
        (Err(page), api.clone(), Some("a")),
        (Err(unavailable.clone()), Err(unavailable), Some("a")),
        (Err(rejected.clone()), Err(rejected), None),
    ] {
        let (revision, old) = serving().await;
        assert!(revision.refused(&old, false));
        let Next::Renew(Some(served), _) = next(&revision, renewed.clone()) else {
            panic!("the old session is used until there is a new one")
        };
        assert!(Arc::ptr_eq(&served, &old));
        let step = next(&revision, renewed);
        let got = replaced(step, &old, of_the_api.clone()).await;
        assert_eq!(got, expected);

        let step = next(&revision, Ok(session("c")));
        let used = match &step {
            Next::Serve(session) => Some(session.access_token.expose()),
            Next::Fail(_) => None,
            Next::Renew(..) => panic!("no request is due"),
        };
        assert_eq!(used, left, "{expected:?}");
        // A second caller, in the pause after that.
        if left == Some("a") {
            let got = replaced(step, &old, of_the_api.clone()).await;
            assert_eq!(got, api);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_of_a_firewall_ends_no_session_and_heals() {
    let (revision, old) = serving().await;
    let page = CallError::from(ConnectorError::Forbidden(refusal(403, false)));
    assert!(revision.refused(&old, false));
    for _ in 0..5 {
        let Next::Renew(Some(served), outcome) = next(&revision, Err(page.clone())) else {
            panic!("the old session is used")
        };
        assert!(Arc::ptr_eq(&served, &old));
        outcome.await.unwrap_err();
        let Next::Serve(served) = next(&revision, Ok(session("early"))) else {
            panic!("there is a pause")
        };
        assert!(Arc::ptr_eq(&served, &old));
        sleep(secs(60)).await;
    }
    let Next::Renew(Some(_), outcome) = next(&revision, Ok(session("b"))) else {
        panic!("a new session is due")
    };
    assert_eq!(outcome.await.unwrap().access_token.expose(), "b");
    assert!(!revision.is_valid(&old, EPOCH + secs(1000)));
}
