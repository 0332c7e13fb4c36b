//! Tests of the revisions of a credential.

use std::time::SystemTime;

use futures::FutureExt;

use super::*;
use crate::sessions::revision_state::Next;
use crate::sessions::testing::endless;

/// The token of a revision's session, after a token request if there is none.
async fn token(credential: &CredentialState, hash: u8, new: &'static str) -> String {
    let revision = credential.revision([hash; 32], false);
    let request = |_| async move { (Ok(endless(new)), SystemTime::UNIX_EPOCH) }.boxed();
    let session = match revision.next(SystemTime::UNIX_EPOCH, request) {
        Next::Serve(session) | Next::Renew(Some(session), _) => session,
        Next::Renew(None, outcome) => outcome.await.unwrap(),
        Next::Fail(error) => panic!("{error}"),
    };
    session.access_token.expose().to_owned()
}

#[tokio::test]
async fn an_edited_document_gets_a_new_session_and_the_previous_one_keeps_its_own() {
    let credential = CredentialState::default();
    for (hash, new, expected) in [
        (1, "a", "a"),
        (1, "b", "a"),
        (2, "c", "c"),
        // A caller that read the document before the edit.
        (1, "d", "a"),
        (2, "e", "c"),
        // Another edit ends the least recently used revision.
        (3, "f", "f"),
        (2, "g", "c"),
        (1, "h", "h"),
    ] {
        assert_eq!(token(&credential, hash, new).await, expected, "{hash}{new}");
    }
}

#[tokio::test]
async fn a_credential_settles_when_no_token_request_is_in_flight() {
    let credential = CredentialState::default();
    assert!(credential.settle().now_or_never().is_some());
    for abandoned in [1, 2] {
        let (answer, answered) = tokio::sync::oneshot::channel();
        let request = |_| {
            let answered = answered.map(|session| (Ok(session.unwrap()), SystemTime::UNIX_EPOCH));
            answered.boxed()
        };
        let revision = credential.revision([abandoned; 32], true);
        drop(revision.renew(request));
        let mut settled = Box::pin(credential.settle());
        assert!((&mut settled).now_or_never().is_none());
        answer.send(endless("a")).unwrap();
        settled.await;
        assert!(credential.settle().now_or_never().is_some());
    }
    // A request of a revision that is no longer known.
    let progress = credential.durable.renewing().await;
    assert!(credential.settle().now_or_never().is_none());
    drop(progress);
    assert!(credential.settle().now_or_never().is_some());
}

#[tokio::test]
async fn an_invalidated_credential_has_no_session() {
    let credential = CredentialState::default();
    for new in ["a", "b"] {
        assert_eq!(token(&credential, 1, new).await, new);
        assert_eq!(token(&credential, 2, new).await, new);
        credential.invalidate();
    }
}
