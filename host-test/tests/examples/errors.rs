//! The errors of each example, as the host reports them.

use std::time::Duration;

use connector_host::{
    ApiError, CallError, CertificateError, ConnectorError, Credential, InvalidResponse, Sessions,
    Stage, TransportError,
};
use host_test::script::Reply;
use serde_json::{Value, json};

use crate::harness::{Example, get, refusal};

/// The error of a credential after this reply to its first request: the token request, or another
/// one where there is none.
async fn error(example: &Example, credential: &Value, reply: Reply) -> ConnectorError {
    let document = credential.to_string();
    let credential = Credential::new(&example.vendor, &document).with_id("row-1");
    let connector = &example.connector;
    let error = match &*example.vendor {
        "beacon" => {
            let opened = connector.authenticate("beacon", &document).await;
            example.network.answer(reply);
            match opened {
                Ok(session) => {
                    let inspected = connector.inspect_all("beacon", &document, Some(&session));
                    inspected.await.unwrap_err()
                }
                Err(error) => error,
            }
        }
        "quarry" => {
            example.network.answer(reply);
            let sessions = Sessions::new(connector.clone()).unwrap();
            let sent = sessions.send(&credential, get("/v1/stones"), Duration::from_secs(30));
            match sent.await.unwrap_err() {
                ApiError::Call(error) => error,
                error => panic!("{error}"),
            }
        }
        vendor => {
            example.network.answer(reply);
            connector.authenticate(vendor, &document).await.unwrap_err()
        }
    };
    match error {
        CallError::Connector(error) => error,
        error => panic!("{}: {error}", example.vendor),
    }
}

/// Checks the errors that every vendor has. `fields` are the required ones of its form, and `code`
/// is a refusal that it documents.
async fn check(example: &Example, credential: &Value, fields: &[&str], status: u16, code: &str) {
    let refused = Reply::json(status, json!({"error": code}));
    let page = Reply::text(403, "<!doctype html><title>Just a moment…</title>");
    for (reply, expected) in [
        (
            refused,
            ConnectorError::Rejected(refusal(status, Some(code))),
        ),
        (
            Reply::empty(401),
            ConnectorError::Rejected(refusal(401, None)),
        ),
        (page, ConnectorError::Forbidden(refusal(403, None))),
        (
            Reply::empty(429).header("retry-after", "60"),
            ConnectorError::Throttled(Some(60)),
        ),
        (Reply::empty(503), ConnectorError::Unavailable(None)),
        (
            Reply::fail(TransportError::Dns),
            ConnectorError::Unreachable(Stage::Dns),
        ),
        (
            Reply::fail(TransportError::TlsCertificate(CertificateError::Expired)),
            ConnectorError::Unreachable(Stage::Certificate(CertificateError::Expired)),
        ),
        (
            Reply::fail(TransportError::Timeout),
            ConnectorError::Unreachable(Stage::Timeout),
        ),
        (
            Reply::text(200, "{}").cut_after(1),
            ConnectorError::Unreachable(Stage::CutOff),
        ),
    ] {
        assert_eq!(error(example, credential, reply).await, expected);
    }

    let incomplete = error(example, &json!({}), Reply::empty(500)).await;
    let ConnectorError::InvalidCredential(issues) = incomplete else {
        panic!("{incomplete}")
    };
    let named: Vec<_> = issues.iter().map(|issue| &issue.pointer[1..]).collect();
    assert_eq!(named, fields);
    assert!(
        example.asked().is_none(),
        "an invalid credential is not sent"
    );
}

/// Checks that replies without this field are invalid, whether they are JSON or not.
async fn check_replies(example: &Example, credential: &Value, field: &str) {
    for (body, missing) in [("<html>Welcome</html>", "body"), ("{}", field)] {
        let invalid = InvalidResponse {
            status: 200,
            field: missing.to_owned(),
        };
        let expected = ConnectorError::InvalidResponse(invalid);
        let reply = Reply::text(200, body);
        assert_eq!(error(example, credential, reply).await, expected, "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_holder_of_an_api_key_cannot_be_read() {
    let beacon = Example::load("api_key").await;
    let credential = json!({"api_key": "bk_hush-0001"});
    check(&beacon, &credential, &["api_key"], 401, "invalid_token").await;
}

#[tokio::test(start_paused = true)]
async fn http_basic_is_refused() {
    let harbour = Example::load("basic_auth").await;
    let credential = json!({
        "tenant": "acme", "client_id": "id-0001", "client_secret": "hush-0001",
        "scopes": ["ships.read"],
    });
    let fields = ["tenant", "client_id", "client_secret", "scopes"];
    check(&harbour, &credential, &fields, 401, "invalid_client").await;
    check_replies(&harbour, &credential, "access_token").await;
    let reply = Reply::json(400, json!({"error": "invalid_scope"}));
    let forbidden = ConnectorError::Forbidden(refusal(400, Some("invalid_scope")));
    assert_eq!(error(&harbour, &credential, reply).await, forbidden);
}

#[tokio::test(start_paused = true)]
async fn a_signed_call_is_refused() {
    let quarry = Example::load("hmac").await;
    let credential = json!({"key_id": "k1", "secret": "hush-0001"});
    check(
        &quarry,
        &credential,
        &["key_id", "secret"],
        401,
        "invalid_token",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_token_from_a_get_is_refused() {
    let tidal = Example::load("query_token").await;
    let account = "123e4567-e89b-12d3-a456-426614174000";
    // The key goes into the URL.
    leak_check::register("hush-0011");
    let credential = json!({"account": account, "station_key": "hush-0011"});
    check(
        &tidal,
        &credential,
        &["account", "station_key"],
        400,
        "E4011",
    )
    .await;
    check_replies(&tidal, &credential, "session").await;
    let reply = Reply::json(400, json!({"error": "E4290"}));
    let throttled = ConnectorError::Throttled(None);
    assert_eq!(error(&tidal, &credential, reply).await, throttled);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_token_is_refused() {
    let orchard = Example::load("refresh_token").await;
    let credential = json!({"refresh_token": "hush-0001"});
    check(
        &orchard,
        &credential,
        &["refresh_token"],
        400,
        "invalid_grant",
    )
    .await;
    check_replies(&orchard, &credential, "access_token").await;
}
