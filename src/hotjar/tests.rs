//! The requests to Hotjar, and the answers that only Hotjar gives.

use connector_guest::testing;
use connector_guest::{Access, Error, InvalidResponse, Refusal, Request, Verdict};
use serde_json::json;

use super::*;
use crate::tests::{HOTJAR, authenticate, classify, inspect, reply, token};

#[test]
fn asks_for_a_token_with_a_form_of_exactly_three_parameters() {
    let check = |request: &Request| {
        assert_eq!(request.method, "POST");
        assert_eq!(request.url.expose(), "https://api.hotjar.io/v1/oauth/token");
        let content_type = request.header_value("content-type");
        assert_eq!(content_type, Some("application/x-www-form-urlencoded"));
        assert_eq!(request.headers.len(), 1);
        let body = str::from_utf8(request.body.expose()).unwrap();
        let expected = "grant_type=client_credentials&client_id=id%261\
            &client_secret=s%3B%C3%A9%3F%2B+%25%3D";
        assert_eq!(body, expected);
        token(&json!({}))
    };
    let session = testing::authenticate(&Hotjar, HOTJAR, check).unwrap();
    testing::refresh(&Hotjar, HOTJAR, &session, check).unwrap();
    testing::inspect(&Hotjar, HOTJAR, None, check).unwrap();
}

#[test]
fn a_minimal_reply_opens_a_session() {
    let answer = reply(200, &[], r#"{"access_token":"a","token_type":"BEARER"}"#);
    let session = authenticate("hotjar", HOTJAR, &answer).unwrap();
    assert_eq!(session.access_token.expose(), "a");
    assert_eq!(session.base_url, "https://api.hotjar.io");
    assert_eq!((session.scopes.len(), session.account), (0, None));
    assert!(session.state.is_none());
    assert_eq!(session.issued_at, testing::NOW);
    assert_eq!(session.expires_at, Some(testing::NOW.plus(3600)));
    assert_eq!(session.refresh_after, Some(testing::NOW.plus(2700)));
}

#[test]
fn the_reply_cannot_move_the_base_url() {
    let answer =
        token(&json!({"endpoint": "https://evil.example", "base_url": "https://x.example"}));
    let session = authenticate("hotjar", HOTJAR, &answer).unwrap();
    assert_eq!(session.base_url, "https://api.hotjar.io");
}

#[test]
fn an_inspection_is_a_token_request_and_names_little() {
    let access = inspect("hotjar", HOTJAR, &token(&json!({})));
    assert_eq!(access, Ok(Access::default()));
    let access = inspect("hotjar", HOTJAR, &token(&json!({"scope": "a b"}))).unwrap();
    assert_eq!(
        access,
        Access::default().scopes(vec!["a".into(), "b".into()])
    );
    let (status, field) = (200, "access_token");
    let error = Error::InvalidResponse(InvalidResponse { status, field });
    assert_eq!(
        inspect("hotjar", HOTJAR, &reply(200, &[], "{}")),
        Err(error)
    );
}

#[test]
fn api_answers_are_classified_by_rfc_6750() {
    let challenge =
        |error: &str| format!("Bearer realm=\"x\", error=\"{error}\", error_description=\"y\"");
    let known = |status, code: &str| Refusal {
        status,
        code: Some(code.into()),
        confirmed: true,
    };
    let refresh = |status| Verdict::Refresh(known(status, "invalid_token"));
    let forbidden = |status| Verdict::Forbidden(known(status, "insufficient_scope"));
    let unconfirmed = Refusal {
        status: 401,
        code: None,
        confirmed: false,
    };
    for (status, challenge, body, expected) in [
        (200, String::new(), "", Verdict::Accepted),
        (401, String::new(), "", Verdict::Refresh(unconfirmed)),
        (400, challenge("invalid_token"), "", refresh(400)),
        (403, challenge("invalid_token"), "", refresh(403)),
        (403, challenge("insufficient_scope"), "", forbidden(403)),
        (400, challenge("insufficient_scope"), "", forbidden(400)),
        (400, challenge("invalid_request"), "", Verdict::Accepted),
        (
            400,
            "Digest error=\"invalid_token\"".into(),
            "",
            Verdict::Accepted,
        ),
        (400, "Bearer".into(), "", Verdict::Accepted),
        (
            400,
            String::new(),
            r#"{"error":"invalid_token"}"#,
            refresh(400),
        ),
        (200, challenge("invalid_token"), "", Verdict::Accepted),
        // A code of another vendor.
        (
            400,
            String::new(),
            r#"{"errorCode":"JWT_EXPIRED"}"#,
            Verdict::Accepted,
        ),
    ] {
        let headers = [("WWW-Authenticate", &*challenge)];
        let verdict = classify("hotjar", &reply(status, &headers, body));
        assert_eq!(verdict, expected, "{status} {challenge} {body}");
    }
}

#[test]
fn the_schema_is_portable_and_agrees_with_the_reading() {
    testing::check_schema(&Hotjar);
}
