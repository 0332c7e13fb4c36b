//! Requests, replies and verdicts of every vendor that the component lists, where the SDK promises
//! more than the contract. Forms and texts are in `forms.rs`.

use std::time::Duration;

use bytes::Bytes;
use connector_host::{ApiResponse, ConnectorError, Origin, Stage, Verdict};
use host_test::script::{Asked, Reply};

use super::common::{failure, invalid_response, refusal, response};
use super::samples::{Sample, Suite};

/// Makes each call that sends a request, with this reply, and returns the errors.
async fn failures(suite: &Suite, sample: &Sample, reply: &Reply) -> Vec<ConnectorError> {
    let (vendor, document) = (sample.id(), sample.document());
    let session = suite.session(sample).await;
    let mut failures = Vec::new();
    let mut record = |asked: Vec<Asked>, result| {
        if !asked.is_empty() {
            assert_eq!(asked.len(), 1, "{vendor}");
            failures.push(failure::<()>(result));
        }
    };
    suite.network.answer(reply.clone());
    let opened = suite.connector.authenticate(vendor, document).await;
    record(suite.network.take_asked(), opened.map(drop));
    let replaced = suite.connector.refresh(vendor, document, &session).await;
    record(suite.network.take_asked(), replaced.map(drop));
    if sample.is_inspected() {
        let inspected = suite
            .connector
            .inspect(vendor, document, Some(&session), None);
        let inspected = inspected.await;
        record(suite.network.take_asked(), inspected.map(drop));
    }
    failures
}

#[tokio::test]
async fn sends_requests_that_any_server_accepts_to_the_origins_of_the_credential() {
    let suite = Suite::load().await;
    let mut count = 0;
    for sample in suite.open() {
        let (vendor, document) = (sample.id(), sample.document());
        let origins = suite.connector.origins(vendor, document).await.unwrap();
        let session = suite.session(sample).await;
        suite.network.answer(sample.token_reply());
        suite
            .connector
            .authenticate(vendor, document)
            .await
            .unwrap();
        let mut asked = suite.network.take_asked();
        if sample.is_inspected() {
            suite.network.answer(sample.access_reply());
            let inspected = suite
                .connector
                .inspect(vendor, document, Some(&session), None);
            inspected.await.unwrap();
            asked.extend(suite.network.take_asked());
        }
        count += asked.len();
        for asked in asked {
            let header = |name: &str| {
                let value = asked.headers.get(name);
                value.map(|value| value.to_str().unwrap().to_owned())
            };
            if asked.method == "POST" {
                let length = Some(asked.body.len().to_string());
                assert_eq!(header("content-length"), length, "{asked:?}");
                assert!(header("content-type").is_some(), "{asked:?}");
            } else {
                assert_eq!((&*asked.method.to_string(), asked.body.len()), ("GET", 0));
            }
            assert_eq!(header("transfer-encoding"), None);
            assert!(header("accept").is_some() && header("user-agent").is_some());
            let host = asked.url.host().unwrap();
            let covers = |origin: &Origin| match origin.to_string().split_once("*.") {
                Some((_, domain)) => host.ends_with(&format!(".{domain}")),
                None => origin.to_string() == format!("https://{host}"),
            };
            assert!(origins.iter().any(covers), "{}", asked.url);
            assert_eq!(asked.timeouts.connect, Duration::from_secs(10));
            assert_eq!(asked.timeouts.first_byte, Duration::from_secs(30));
            assert_eq!(asked.timeouts.between_bytes, Duration::from_secs(10));
        }
    }
    assert!(count > 0);
}

/// Replies to a token request, each with its error.
fn refusals() -> Vec<(Reply, ConnectorError)> {
    use ConnectorError::{Forbidden, Rejected, Throttled, Unavailable};
    let page = "<!doctype html><title>Just a moment…</title>";
    let json = |status, body: &str| Reply::text(status, body);
    vec![
        // A code decides before the status.
        (
            json(
                400,
                r#"{"error":"invalid_client","error_description":"text"}"#,
            ),
            Rejected(refusal(400, Some("invalid_client"), true)),
        ),
        (
            json(403, r#"{"error":"invalid_client"}"#),
            Rejected(refusal(403, Some("invalid_client"), true)),
        ),
        (
            json(200, r#"{"error":"invalid_client"}"#),
            Rejected(refusal(200, Some("invalid_client"), true)),
        ),
        (
            json(401, r#"{"error":{"code":"invalid_client","message":"m"}}"#),
            Rejected(refusal(401, Some("invalid_client"), true)),
        ),
        (
            json(400, r#"{"error":"invalid_scope"}"#),
            Forbidden(refusal(400, Some("invalid_scope"), true)),
        ),
        (
            json(401, r#"{"error":"invalid_scope"}"#),
            Forbidden(refusal(401, Some("invalid_scope"), true)),
        ),
        // Replies that may come from a firewall, and unknown codes.
        (Reply::empty(400), Rejected(refusal(400, None, false))),
        (Reply::empty(401), Rejected(refusal(401, None, false))),
        (Reply::empty(403), Forbidden(refusal(403, None, false))),
        (json(401, page), Rejected(refusal(401, None, false))),
        (json(403, page), Forbidden(refusal(403, None, false))),
        (
            json(401, r#"{"error":"account_closed"}"#),
            Rejected(refusal(401, Some("account_closed"), false)),
        ),
        (
            json(401, r#"{"error":"tulip_field"}"#),
            Rejected(refusal(401, None, false)),
        ),
        (
            json(200, r#"{"success":"false"}"#),
            Rejected(refusal(200, None, false)),
        ),
        // Temporary codes with any status.
        (
            json(400, r#"{"error":"temporarily_unavailable"}"#),
            Unavailable(None),
        ),
        (json(400, r#"{"error":"server_error"}"#), Unavailable(None)),
        (json(400, r#"{"error":"slow_down"}"#), Throttled(None)),
        (
            json(401, r#"{"error":"rate_limit_exceeded"}"#),
            Throttled(None),
        ),
        (
            json(403, r#"{"error":"rate_limit_exceeded"}"#),
            Throttled(None),
        ),
        (
            Reply::empty(403).header("retry-after", "299.997"),
            Throttled(Some(300)),
        ),
        (
            Reply::empty(429).header("retry-after", "5"),
            Throttled(Some(5)),
        ),
        (
            Reply::empty(429).header("Retry-After", "Tue, 14 Nov 2023 22:14:20 GMT"),
            Throttled(Some(60)),
        ),
        (
            // Relative to the date of the reply, not to the local clock.
            Reply::empty(429)
                .header("retry-after", "Tue, 14 Nov 2023 22:14:20 GMT")
                .header("date", "Tue, 14 Nov 2023 22:14:00 GMT"),
            Throttled(Some(20)),
        ),
        (json(503, "<h1>no</h1>"), Unavailable(None)),
        (json(500, r#"{"error":"token_expired"}"#), Unavailable(None)),
        (
            json(500, r#"{"error":"invalid_client"}"#),
            Rejected(refusal(500, Some("invalid_client"), true)),
        ),
        // Statuses and bodies that the endpoint does not document.
        (
            Reply::empty(302).header("location", "https://evil.example/"),
            invalid_response(302, "status"),
        ),
        (Reply::empty(204), invalid_response(204, "status")),
        (
            json(200, "<html>hello</html>"),
            invalid_response(200, "body"),
        ),
    ]
}

#[tokio::test]
async fn names_the_cause_of_each_refusal_and_confirms_only_known_codes() {
    let cases = refusals();
    let suite = Suite::load().await;
    for sample in suite.open() {
        for (index, (reply, expected)) in cases.iter().enumerate() {
            for error in failures(&suite, sample, reply).await {
                assert_eq!(error, *expected, "{}, case {index}", sample.id());
            }
        }
    }
}

/// The vendors whose sessions cost a request.
async fn asked(suite: &Suite) -> Vec<&Sample> {
    let mut asked = Vec::new();
    for sample in suite.open() {
        suite.network.answer(sample.token_reply());
        let opened = suite.connector.authenticate(sample.id(), sample.document());
        opened.await.unwrap();
        if !suite.network.take_asked().is_empty() {
            asked.push(sample);
        }
    }
    asked
}

#[tokio::test]
async fn reads_a_mebibyte_of_a_reply_and_no_more() {
    let suite = Suite::load().await;
    for sample in asked(&suite).await {
        let document = sample.document();
        let padded = |bytes: usize| {
            let mut body = sample.token.to_string();
            body.push_str(&" ".repeat(bytes - body.len()));
            Reply::text(200, &body).chunks(1000)
        };
        suite.network.answer(padded(1 << 20));
        suite
            .connector
            .authenticate(sample.id(), document)
            .await
            .unwrap();
        // The last is longer than the plugin's memory.
        for bytes in [(1 << 20) + 1, 20 << 20] {
            suite.network.answer(padded(bytes));
            let opened = suite.connector.authenticate(sample.id(), document).await;
            assert_eq!(failure(opened), invalid_response(200, "body"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn gives_up_on_a_vendor_that_does_not_answer_or_does_not_go_on() {
    let suite = Suite::load().await;
    for sample in asked(&suite).await {
        let document = sample.document();
        // The host gives a reply 10 seconds to connect and 30 to begin, together.
        let late = sample.token_reply().delay(Duration::from_secs(41));
        let halting = sample
            .token_reply()
            .chunks(8)
            .pause(Duration::from_secs(11));
        for reply in [late, halting] {
            suite.network.answer(reply);
            let opened = suite.connector.authenticate(sample.id(), document).await;
            let expected = ConnectorError::Unreachable(Stage::Timeout);
            assert_eq!(failure(opened), expected, "{}", sample.id());
        }
        let slow = sample.token_reply().chunks(8).pause(Duration::from_secs(1));
        suite.network.answer(slow.delay(Duration::from_secs(29)));
        suite
            .connector
            .authenticate(sample.id(), document)
            .await
            .unwrap();
    }
}

/// A status with header fields, and its verdict.
type ApiCase<'a> = (u16, Vec<(&'a str, &'a str)>, Verdict);

#[tokio::test]
async fn classifies_api_responses_by_code_wait_and_status() {
    use Verdict::{Accepted, Forbidden, Refresh, Throttled, Unavailable};
    let challenge = |code: &str| format!("Bearer error=\"{code}\"");
    let (ended, lacking) = (challenge("invalid_token"), challenge("insufficient_scope"));
    let cases: [ApiCase; 12] = [
        (200, vec![], Accepted),
        (404, vec![], Accepted),
        (400, vec![], Accepted),
        (401, vec![], Refresh(refusal(401, None, false))),
        (403, vec![], Forbidden(refusal(403, None, false))),
        (
            400,
            vec![("WWW-Authenticate", &ended)],
            Refresh(refusal(400, Some("invalid_token"), true)),
        ),
        (
            403,
            vec![("www-authenticate", &ended)],
            Refresh(refusal(403, Some("invalid_token"), true)),
        ),
        (
            403,
            vec![("www-authenticate", &lacking)],
            Forbidden(refusal(403, Some("insufficient_scope"), true)),
        ),
        (429, vec![("Retry-After", "9")], Throttled(Some(9))),
        (403, vec![("retry-after", "9")], Throttled(Some(9))),
        (500, vec![("www-authenticate", &ended)], Unavailable(None)),
        (503, vec![("retry-after", "7")], Unavailable(Some(7))),
    ];
    let suite = Suite::load().await;
    for sample in &suite.samples {
        for (status, headers, expected) in &cases {
            for body in [&b""[..], b"{\"a\":", b"\xff<html>"] {
                let response: ApiResponse = response(*status, headers, body);
                let verdict = suite.connector.classify(sample.id(), &response).await;
                assert_eq!(verdict.as_ref(), Ok(expected), "{status} {headers:?}");
            }
        }
        let codes = [
            (
                403,
                r#"{"error":"token_expired"}"#,
                Refresh(refusal(403, Some("token_expired"), true)),
            ),
            (
                401,
                r#"{"error":"temporarily_unavailable"}"#,
                Unavailable(None),
            ),
            (403, r#"{"error":"rate_limit_exceeded"}"#, Throttled(None)),
            (
                403,
                r#"{"error":"invalid_client"}"#,
                Refresh(refusal(403, Some("invalid_client"), true)),
            ),
        ];
        for (status, body, expected) in codes {
            let verdict = suite
                .connector
                .classify(sample.id(), &response(status, &[], body))
                .await;
            assert_eq!(verdict, Ok(expected), "{status} {body}");
        }
    }
}

#[tokio::test]
async fn opens_sessions_whose_calls_stay_within_the_origins_of_the_credential() {
    let suite = Suite::load().await;
    for sample in suite.open() {
        let session = suite.session(sample).await;
        let origins = suite
            .connector
            .origins(sample.id(), sample.document())
            .await;
        assert_eq!(session.origins, origins.unwrap());
        suite.network.answer(Reply::empty(204));
        let request = http::Request::get("/v1/things?limit=1").body(Bytes::new());
        let sent = suite
            .connector
            .send(sample.id(), &session, request.unwrap());
        assert_eq!(sent.await.unwrap().status(), 204);
        let [asked] = &suite.network.take_asked()[..] else {
            panic!("one request");
        };
        let url = format!("{}/v1/things?limit=1", session.base_url);
        assert!(asked.url.to_string().starts_with(&url), "{}", asked.url);
    }
}
