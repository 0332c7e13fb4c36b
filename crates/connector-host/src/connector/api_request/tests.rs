//! Tests of combining requests with sessions.

use std::time::SystemTime;

use super::*;
use crate::secret::Secret;

fn session(base_url: &str, token: &str) -> Session {
    Session {
        access_token: Secret::new(token),
        base_url: base_url.to_owned(),
        scopes: Vec::new(),
        project: None,
        issued_at: SystemTime::UNIX_EPOCH,
        expires_at: SystemTime::UNIX_EPOCH,
        refresh_after: SystemTime::UNIX_EPOCH,
    }
}

fn get(path: &str) -> http::Request<Bytes> {
    http::Request::get(path).body(Bytes::new()).unwrap()
}

#[test]
fn adds_base_url_and_bearer_and_drops_the_fields_of_the_transport() {
    let mut request = get("/v1/exports?limit=1");
    for name in [HOST, CONTENT_LENGTH, TRANSFER_ENCODING, AUTHORIZATION] {
        request.headers_mut().insert(name, "mine".parse().unwrap());
    }
    let session = session("https://api.eu.contentsquare.com/base", "t0k");
    let request = with_session(&session, request).unwrap();
    let url = "https://api.eu.contentsquare.com/base/v1/exports?limit=1";
    assert_eq!(request.uri(), url);
    assert_eq!(request.headers().len(), 1);
    assert_eq!(request.headers()[AUTHORIZATION], "Bearer t0k");
    assert!(!format!("{request:?}").contains("t0k"));
}

#[test]
fn rejects_requests_that_would_send_the_token_elsewhere() {
    let good = "https://api.hotjar.io";
    let connect = http::Request::connect("/x").body(Bytes::new()).unwrap();
    for (base, token, request) in [
        (good, "t", get("https://evil.example/x")),
        (good, "t", get("*")),
        (good, "t", connect),
        ("https://api.hotjar.io?", "t", get("/x")),
        ("https://api.hotjar.io#", "t", get("/x")),
        ("", "t\r\nx: y", get("/x")),
        (good, "t\r\nx: y", get("/x")),
    ] {
        let rejected = with_session(&session(base, token), request);
        assert!(matches!(rejected, Err(SendError::Request(_))), "{base}");
    }
}
