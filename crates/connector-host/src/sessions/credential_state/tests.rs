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
async fn an_invalidated_credential_has_no_session() {
    let credential = CredentialState::default();
    for new in ["a", "b"] {
        assert_eq!(token(&credential, 1, new).await, new);
        assert_eq!(token(&credential, 2, new).await, new);
        credential.invalidate();
    }
}
