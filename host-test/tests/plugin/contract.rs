//! The rules of the contract for functions that use the network or a session, over every vendor
//! that the component lists. Those about forms and texts are in `forms.rs`.

use std::time::Duration;

use bytes::Bytes;
use connector_host::{
    ApiResponse, CertificateError, ConnectorError, Inspection, Origin, RequestHead, Signing, Stage,
    TransportError, Verdict,
};
use host_test::script::{Asked, Reply};
use serde_json::Value;

use super::common::{failure, head, invalid_response, now, refusal, response};
use super::documents::validator;
use super::samples::{Sample, Suite};

const YEAR: Duration = Duration::from_hours(365 * 24);

#[tokio::test]
async fn lists_vendors_by_unique_ids_with_their_origins() {
    let suite = Suite::load().await;
    let mut ids: Vec<_> = suite.samples.iter().map(Sample::id).collect();
    for id in &ids {
        let is_id = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        assert!(
            (1..=64).contains(&id.len()) && id.bytes().all(is_id),
            "{id}"
        );
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), suite.samples.len());
    assert!(
        suite
            .samples
            .iter()
            .all(|sample| !sample.vendor.origins.is_empty())
    );
    assert!(suite.open().count() > 0, "the suite runs over a session");
}

#[tokio::test]
async fn opens_and_replaces_a_session_with_at_most_one_request_each() {
    let suite = Suite::load().await;
    for sample in suite.open() {
        suite.network.answer(sample.token_reply());
        let opened = suite.connector.authenticate(sample.id(), sample.document());
        let session = opened.await.unwrap();
        assert!(suite.network.take_asked().len() <= 1);
        assert_eq!(session.issued_at, now());
        assert_eq!(
            session.refresh_after.is_some(),
            session.expires_at.is_some()
        );
        if let (Some(refresh_after), Some(expires_at)) = (session.refresh_after, session.expires_at)
        {
            let life = expires_at.duration_since(now()).unwrap();
            assert!((Duration::from_mins(1)..=YEAR).contains(&life), "{life:?}");
            let margin = expires_at.duration_since(refresh_after).unwrap();
            assert_eq!(margin, Duration::from_mins(15).min(life / 2));
        }
        suite.network.answer(sample.token_reply());
        let replaced = suite
            .connector
            .refresh(sample.id(), sample.document(), &session);
        let replaced = replaced.await.unwrap();
        assert!(suite.network.take_asked().len() <= 1);
        assert_eq!(
            (replaced.base_url, replaced.scopes, replaced.account),
            (session.base_url, session.scopes, session.account)
        );
    }
}

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

#[tokio::test]
async fn offers_choices_that_the_form_accepts() {
    let suite = Suite::load().await;
    for sample in suite.open().filter(|sample| sample.is_inspected()) {
        let session = suite.session(sample).await;
        suite.network.answer(sample.access_reply());
        let inspected = suite
            .connector
            .inspect_all(sample.id(), sample.document(), Some(&session));
        let access = inspected.await.unwrap();
        let field = |pointer: &str| {
            let name = pointer.strip_prefix('/').expect("a JSON pointer");
            let field = sample.schema["properties"].get(name);
            field.unwrap_or_else(|| panic!("the form has no field {name}"))
        };
        for choices in &access.fields {
            let form = field(&choices.pointer);
            let validator = validator(form.get("items").unwrap_or(form));
            for choice in &choices.choices {
                let is_offered = validator.is_valid(&choice.value);
                // A vendor may have scopes that are not in the form.
                let is_other = form.get("items").is_some() && choice.value.is_string();
                assert!(is_offered || is_other, "{}", choice.value);
                assert!(!choice.title.trim().is_empty());
            }
            for pointer in &choices.depends_on {
                field(pointer);
            }
        }
        let none = Some("no such cursor");
        let inspected =
            suite
                .connector
                .inspect(sample.id(), sample.document(), Some(&session), none);
        assert_eq!(failure(inspected.await).kind(), "other");
    }
}

#[tokio::test]
async fn is_inspected_with_the_declared_input() {
    let suite = Suite::load().await;
    for sample in suite.open() {
        suite.network.answer(sample.access_reply());
        let inspected = suite
            .connector
            .inspect(sample.id(), sample.document(), None, None);
        let inspected = inspected.await;
        if sample.vendor.inspection == Inspection::Credential {
            inspected.unwrap();
        } else {
            assert_eq!(failure(inspected).kind(), "other");
            assert_eq!(suite.network.take_asked().len(), 0);
        }
    }
}

#[tokio::test]
async fn rejects_every_other_vendor() {
    let suite = Suite::load().await;
    let connector = &suite.connector;
    suite.network.answer(Reply::empty(200));
    for sample in suite.open() {
        let session = suite.session(sample).await;
        let document = sample.document();
        let odd = [
            String::new(),
            sample.id().to_uppercase(),
            format!("{} ", sample.id()),
            format!("{}\0", sample.id()),
            "none".to_owned(),
        ];
        for vendor in &odd {
            let ends = [
                connector.describe(vendor, &[]).await.map(drop),
                connector.credential_schema(vendor, &[]).await.map(drop),
                connector.validate(vendor, document, &[]).await,
                connector.origins(vendor, document).await.map(drop),
                connector.authenticate(vendor, document).await.map(drop),
                connector
                    .refresh(vendor, document, &session)
                    .await
                    .map(drop),
                connector
                    .inspect(vendor, document, None, None)
                    .await
                    .map(drop),
                connector
                    .authorize(vendor, &session, &head("GET", "https://a.example/"))
                    .await
                    .map(drop),
                connector
                    .classify(vendor, &response(200, &[], ""))
                    .await
                    .map(drop),
            ];
            for end in ends {
                assert_eq!(failure(end), ConnectorError::UnknownVendor, "{vendor:?}");
            }
        }
        assert_eq!(suite.network.take_asked().len(), 0);
    }
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

#[tokio::test]
async fn names_the_stage_at_which_a_request_failed() {
    use TransportError as Failure;
    let suite = Suite::load().await;
    for sample in suite.open() {
        for (failure, expected) in [
            (Failure::Dns, ConnectorError::Unreachable(Stage::Dns)),
            (Failure::DnsTimeout, ConnectorError::Unreachable(Stage::Dns)),
            (
                Failure::Connect,
                ConnectorError::Unreachable(Stage::Connect),
            ),
            (
                Failure::ConnectTimeout,
                ConnectorError::Unreachable(Stage::Connect),
            ),
            (
                Failure::TlsCertificate(CertificateError::WrongName),
                ConnectorError::Unreachable(Stage::Certificate(CertificateError::WrongName)),
            ),
            (Failure::Tls, ConnectorError::Unreachable(Stage::Tls)),
            (
                Failure::Timeout,
                ConnectorError::Unreachable(Stage::Timeout),
            ),
            (Failure::CutOff, ConnectorError::Unreachable(Stage::CutOff)),
            (
                Failure::Protocol,
                ConnectorError::Unreachable(Stage::Protocol),
            ),
            (Failure::Denied, ConnectorError::Denied),
        ] {
            for error in failures(&suite, sample, &Reply::fail(failure)).await {
                assert_eq!(error, expected, "{} after {failure}", sample.id());
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

#[tokio::test]
async fn reads_a_reply_in_any_pieces_and_notices_a_missing_end() {
    let suite = Suite::load().await;
    for sample in asked(&suite).await {
        let document = sample.document();
        for bytes in [1, 7, 4096] {
            suite.network.answer(sample.token_reply().chunks(bytes));
            suite
                .connector
                .authenticate(sample.id(), document)
                .await
                .unwrap();
        }
        suite.network.answer(sample.token_reply().cut_after(20));
        let opened = suite.connector.authenticate(sample.id(), document).await;
        assert_eq!(failure(opened), ConnectorError::Unreachable(Stage::CutOff));
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
async fn authorizes_requests_with_the_session_alone_if_it_declares_so() {
    let suite = Suite::load().await;
    for sample in suite.open() {
        let session = suite.session(sample).await;
        let authorize = async |head: RequestHead| {
            let authorized = suite
                .connector
                .authorize(sample.id(), &session, &head)
                .await;
            let authorized = authorized.unwrap();
            (authorized.headers, authorized.query)
        };
        let url = |path: &str| format!("{}{path}", session.base_url);
        let first = authorize(head("GET", &url("/v1/a?b=c"))).await;
        assert!(
            !(first.0.is_empty() && first.1.is_empty()),
            "nothing carries the session"
        );
        if sample.vendor.signing == Signing::Session {
            assert_eq!(first, authorize(head("DELETE", &url("/"))).await);
            let token = session.access_token.expose();
            let carries = |value: &[u8]| String::from_utf8_lossy(value).contains(token);
            let in_headers = first.0.iter().any(|(_, value)| carries(value));
            let in_query = first.1.iter().any(|(_, value)| carries(value.as_bytes()));
            assert!(in_headers || in_query);
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

#[tokio::test]
async fn sends_nothing_for_an_invalid_document() {
    let suite = Suite::load().await;
    suite.network.answer(Reply::empty(200));
    for sample in &suite.samples {
        let session = if sample.opens {
            Some(suite.session(sample).await)
        } else {
            None
        };
        let wrong: Value = sample
            .credential
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect();
        for document in [
            "",
            "nonsense",
            "[]",
            "{}",
            &wrong.to_string(),
            r#"{"client_id":1}"#,
        ] {
            let (vendor, connector) = (sample.id(), &suite.connector);
            let expected = failure(connector.validate(vendor, document, &[]).await);
            assert!(
                matches!(&expected, ConnectorError::InvalidCredential(issues) if !issues.is_empty())
            );
            assert_eq!(
                failure(connector.authenticate(vendor, document).await),
                expected
            );
            assert_eq!(failure(connector.origins(vendor, document).await), expected);
            if let Some(session) = &session {
                let refreshed = connector.refresh(vendor, document, session).await;
                assert_eq!(failure(refreshed), expected);
            }
        }
        let good = suite
            .connector
            .validate(sample.id(), sample.document(), &[])
            .await;
        assert_eq!(good, Ok(()));
        assert_eq!(suite.network.take_asked().len(), 0);
    }
}
