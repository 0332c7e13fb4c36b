//! Every rule of the contract over every vendor that the component lists.

use std::time::Duration;

use bytes::Bytes;
use connector_host::{
    ApiResponse, Connector, ConnectorError, Misreply, Refusal, Stage, TransportError, Verdict,
};
use host_test::script::{Expect, Reply, Script};
use serde_json::{Value, json};

use super::common::{Sample, now, refusal, samples, scripted};

#[tokio::test]
async fn lists_vendors_that_a_host_can_show() {
    let (connector, _script) = scripted().await;
    let ids: Vec<_> = connector
        .vendors()
        .iter()
        .map(|vendor| vendor.id.as_str())
        .collect();
    let with_sample: Vec<_> = samples().iter().map(|sample| sample.vendor).collect();
    assert_eq!(
        ids, with_sample,
        "each vendor has a sample, so that the suite runs over it"
    );
    for vendor in connector.vendors() {
        let is_id = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        assert!(vendor.id.bytes().all(is_id), "{}", vendor.id);
        assert!(!vendor.display_name.is_empty());
        assert!(
            vendor.setup_url.starts_with("https://"),
            "{}",
            vendor.setup_url
        );
        assert!(!vendor.origins.is_empty());
    }
}

#[tokio::test]
async fn gives_each_vendor_a_schema_that_a_form_can_be_drawn_from() {
    let (connector, _script) = scripted().await;
    for sample in samples() {
        let schema = connector.credential_schema(sample.vendor).await.unwrap();
        let schema: Value = serde_json::from_str(&schema).unwrap();
        assert!(
            jsonschema::meta::is_valid(&schema),
            "{} is no JSON Schema",
            sample.vendor
        );
        assert_eq!(
            schema["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
        assert_eq!(schema["additionalProperties"], json!(false));
        assert_eq!(
            schema.get("allOf"),
            None,
            "a root allOf breaks form libraries"
        );
        for (name, field) in schema["properties"].as_object().unwrap() {
            for text in ["title", "description"] {
                assert!(
                    field[text].is_string(),
                    "{name} of {} has no {text}",
                    sample.vendor
                );
            }
        }
        let secret = &schema["properties"]["client_secret"];
        assert_eq!(
            (&secret["format"], &secret["writeOnly"]),
            (&json!("password"), &json!(true))
        );
        for required in schema["required"].as_array().unwrap() {
            assert!(
                schema["properties"]
                    .get(required.as_str().unwrap())
                    .is_some()
            );
        }
    }
}

#[tokio::test]
async fn opens_and_replaces_a_session_with_one_request_each() {
    let (connector, script) = scripted().await;
    for sample in samples() {
        let session = sample.session(&connector, &script).await;
        assert_eq!(session.access_token.expose(), sample.token["access_token"]);
        assert_eq!(session.issued_at, now());
        assert_eq!(session.expires_at, now() + Duration::from_hours(1));
        assert_eq!(session.refresh_after, now() + Duration::from_mins(45));

        let mut second = sample.token.clone();
        second["access_token"] = "second".into();
        sample.expect_token(&script, Reply::json(200, second));
        let renewed = connector
            .refresh(sample.vendor, &sample.document(), &session)
            .await
            .unwrap();
        assert_eq!(renewed.access_token.expose(), "second");
        assert_eq!(
            (renewed.base_url, renewed.scopes),
            (session.base_url, session.scopes)
        );
    }
    script.finish();
}

#[tokio::test]
async fn sends_requests_that_any_server_accepts() {
    let (connector, script) = scripted().await;
    for sample in samples() {
        sample.expect_token(&script, Reply::json(200, sample.token.clone()));
        connector
            .authenticate(sample.vendor, &sample.document())
            .await
            .unwrap();
    }
    for sample in samples() {
        script
            .expect(Expect::post(sample.inspect_url))
            .reply(Reply::json(200, sample.access.clone()));
        connector
            .inspect(sample.vendor, &sample.document())
            .await
            .unwrap();
    }
    for asked in script.asked() {
        let header = |name: &str| {
            asked
                .headers
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(
            header("content-length"),
            Some(asked.body.len().to_string()),
            "{asked:?}"
        );
        assert_eq!(header("transfer-encoding"), None);
        assert_eq!(
            header("authorization"),
            None,
            "one way of client authentication a request (RFC 6749 §2.3)"
        );
        assert_eq!(header("accept").as_deref(), Some("application/json"));
        assert!(header("user-agent").is_some());
        assert_eq!(asked.url.query(), None);
        assert_eq!(asked.timeouts.connect, Duration::from_secs(10));
        assert_eq!(asked.timeouts.first_byte, Duration::from_secs(30));
        assert_eq!(asked.timeouts.between_bytes, Duration::from_secs(10));
    }
    script.finish();
}

#[tokio::test]
async fn inspects_with_what_identifies_the_credential() {
    let (connector, script) = scripted().await;
    for sample in samples() {
        script
            .expect(Expect::post(sample.inspect_url))
            .reply(Reply::json(200, sample.access.clone()));
        let pair = json!({
            "client_id": sample.credential["client_id"],
            "client_secret": sample.credential["client_secret"],
        });
        connector
            .inspect(sample.vendor, &pair.to_string())
            .await
            .unwrap();
        let error = refusal(
            connector
                .inspect(sample.vendor, r#"{"client_id":"x"}"#)
                .await,
        );
        assert_eq!(error.kind(), "invalid-credential");
    }
    script.finish();
}

#[tokio::test]
async fn sends_nothing_for_a_document_that_is_not_good() {
    let (connector, script) = scripted().await;
    for sample in samples() {
        for document in [
            "",
            "nonsense",
            "[]",
            "{}",
            r#"{"client_id":1,"client_secret":""}"#,
        ] {
            let expected = refusal(connector.validate(sample.vendor, document).await);
            assert!(
                matches!(&expected, ConnectorError::InvalidCredential(issues) if !issues.is_empty())
            );
            assert_eq!(
                refusal(connector.authenticate(sample.vendor, document).await),
                expected
            );
        }
        assert_eq!(
            connector.validate(sample.vendor, &sample.document()).await,
            Ok(())
        );
    }
    script.finish();
}

#[tokio::test]
async fn knows_no_other_vendor() {
    let (connector, script) = scripted().await;
    for sample in samples() {
        let session = sample.session(&connector, &script).await;
        for vendor in ["", "Hotjar", "hotjar ", "contentsquare\0", "none"] {
            let document = sample.document();
            let unknown = ConnectorError::UnknownVendor;
            assert_eq!(refusal(connector.credential_schema(vendor).await), unknown);
            assert_eq!(
                refusal(connector.validate(vendor, &document).await),
                unknown
            );
            assert_eq!(
                refusal(connector.authenticate(vendor, &document).await),
                unknown
            );
            assert_eq!(
                refusal(connector.refresh(vendor, &document, &session).await),
                unknown
            );
            assert_eq!(refusal(connector.inspect(vendor, &document).await), unknown);
            assert_eq!(
                refusal(connector.classify(vendor, &ok_response()).await),
                unknown
            );
        }
    }
    script.finish();
}

/// Every verb that uses the network, on one answer each.
async fn failures(
    connector: &Connector,
    script: &Script,
    sample: &Sample,
    reply: impl Fn() -> Reply,
) -> Vec<ConnectorError> {
    let document = sample.document();
    let session = sample.session(connector, script).await;
    sample.expect_token(script, reply());
    let authenticated = connector.authenticate(sample.vendor, &document).await;
    sample.expect_token(script, reply());
    let refreshed = connector.refresh(sample.vendor, &document, &session).await;
    script
        .expect(Expect::post(sample.inspect_url))
        .reply(reply());
    let inspected = connector.inspect(sample.vendor, &document).await;
    vec![
        refusal(authenticated),
        refusal(refreshed),
        refusal(inspected),
    ]
}

#[tokio::test]
async fn names_the_cause_of_each_refusal() {
    let refused = |status, code: Option<&str>| Refusal {
        status,
        code: code.map(Into::into),
    };
    let invalid_client = || {
        Reply::text(
            400,
            r#"{"error":"invalid_client","error_description":"text"}"#,
        )
    };
    let (connector, script) = scripted().await;
    let cases: [(&dyn Fn() -> Reply, ConnectorError); 10] = [
        (
            &invalid_client,
            ConnectorError::Rejected(refused(400, Some("invalid_client"))),
        ),
        (
            &|| Reply::text(400, r#"{"error":"invalid_scope"}"#),
            ConnectorError::Forbidden(refused(400, Some("invalid_scope"))),
        ),
        (
            &|| Reply::empty(401),
            ConnectorError::Rejected(refused(401, None)),
        ),
        (
            &|| Reply::empty(403),
            ConnectorError::Forbidden(refused(403, None)),
        ),
        (
            &|| Reply::empty(429).header("retry-after", "5"),
            ConnectorError::Throttled(Some(5)),
        ),
        (
            &|| Reply::empty(429).header("Retry-After", "Tue, 14 Nov 2023 22:14:20 GMT"),
            ConnectorError::Throttled(Some(60)),
        ),
        (
            &|| Reply::text(503, "<h1>no</h1>"),
            ConnectorError::Unavailable(None),
        ),
        (
            &|| Reply::empty(302).header("location", "https://evil.example/"),
            misreply(302, "status"),
        ),
        (&|| Reply::empty(204), misreply(204, "status")),
        (
            &|| Reply::text(200, "<html>hello</html>"),
            misreply(200, "body"),
        ),
    ];
    for sample in samples() {
        for (reply, expected) in &cases {
            for error in failures(&connector, &script, &sample, reply).await {
                assert_eq!(error, *expected, "{}", sample.vendor);
            }
        }
    }
    script.finish();
}

#[tokio::test]
async fn reads_64_kib_of_a_reply_and_no_more() {
    let (connector, script) = scripted().await;
    for sample in samples() {
        let padded = |bytes: usize| {
            let mut body = sample.token.to_string();
            body.push_str(&" ".repeat(bytes - body.len()));
            Reply::text(200, &body).chunks(1000)
        };
        sample.expect_token(&script, padded(64 * 1024));
        connector
            .authenticate(sample.vendor, &sample.document())
            .await
            .unwrap();
        // The last is longer than the plugin's memory.
        for bytes in [64 * 1024 + 1, 20 << 20] {
            sample.expect_token(&script, padded(bytes));
            let error = refusal(
                connector
                    .authenticate(sample.vendor, &sample.document())
                    .await,
            );
            assert_eq!(error, misreply(200, "body"));
        }
    }
    script.finish();
}

fn ok_response() -> ApiResponse {
    ApiResponse {
        status: 200,
        headers: Vec::new(),
        body: Vec::new(),
    }
}

fn misreply(status: u16, part: &str) -> ConnectorError {
    ConnectorError::Unintelligible(Misreply {
        status,
        part: part.into(),
    })
}

#[tokio::test]
async fn names_the_stage_at_which_a_request_failed() {
    use TransportError as Failure;
    let (connector, script) = scripted().await;
    for sample in samples() {
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
                Failure::TlsCertificate,
                ConnectorError::Unreachable(Stage::Tls),
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
            for error in failures(&connector, &script, &sample, || Reply::fail(failure)).await {
                assert_eq!(error, expected, "{} after {failure}", sample.vendor);
            }
        }
    }
    script.finish();
}

#[tokio::test(start_paused = true)]
async fn gives_up_on_a_vendor_that_does_not_answer_or_does_not_go_on() {
    let (connector, script) = scripted().await;
    for sample in samples() {
        // The host gives a reply 10 seconds to connect and 30 to begin, together.
        let late = Reply::json(200, sample.token.clone()).delay(Duration::from_secs(41));
        let halting = Reply::json(200, sample.token.clone())
            .chunks(8)
            .pause(Duration::from_secs(11));
        for reply in [late, halting] {
            sample.expect_token(&script, reply);
            let error = refusal(
                connector
                    .authenticate(sample.vendor, &sample.document())
                    .await,
            );
            assert_eq!(
                error,
                ConnectorError::Unreachable(Stage::Timeout),
                "{}",
                sample.vendor
            );
        }
        let slow = Reply::json(200, sample.token.clone())
            .chunks(8)
            .pause(Duration::from_secs(1));
        sample.expect_token(&script, slow.delay(Duration::from_secs(29)));
        connector
            .authenticate(sample.vendor, &sample.document())
            .await
            .unwrap();
    }
    script.finish();
}

#[tokio::test]
async fn reads_a_reply_in_any_pieces_and_notices_a_missing_end() {
    let (connector, script) = scripted().await;
    for sample in samples() {
        for bytes in [1, 7, 4096] {
            sample.expect_token(
                &script,
                Reply::json(200, sample.token.clone()).chunks(bytes),
            );
            connector
                .authenticate(sample.vendor, &sample.document())
                .await
                .unwrap();
        }
        sample.expect_token(
            &script,
            Reply::json(200, sample.token.clone()).cut_after(20),
        );
        let error = refusal(
            connector
                .authenticate(sample.vendor, &sample.document())
                .await,
        );
        assert_eq!(error, ConnectorError::Unreachable(Stage::CutOff));
    }
    script.finish();
}

#[tokio::test]
async fn judges_api_answers() {
    let (connector, _script) = scripted().await;
    for sample in samples() {
        for (status, header, expected) in [
            (200, None, Verdict::Accepted),
            (404, None, Verdict::Accepted),
            (401, None, Verdict::Refresh),
            (403, None, Verdict::Forbidden),
            (
                400,
                Some(("WWW-Authenticate", "Bearer error=\"invalid_token\"")),
                Verdict::Refresh,
            ),
            (
                403,
                Some(("www-authenticate", "Bearer error=\"insufficient_scope\"")),
                Verdict::Forbidden,
            ),
            (429, Some(("Retry-After", "9")), Verdict::Throttled(Some(9))),
            (500, None, Verdict::Unavailable(None)),
        ] {
            for body in [&b""[..], b"{\"a\":", b"\xff<html>"] {
                let headers =
                    header.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
                let response = ApiResponse {
                    status,
                    headers: headers.into_iter().collect(),
                    body: body.into(),
                };
                assert_eq!(
                    connector.classify(sample.vendor, &response).await,
                    Ok(expected),
                    "{status}"
                );
            }
        }
    }
}

#[tokio::test]
async fn opens_sessions_whose_calls_stay_within_the_declared_origins() {
    let (connector, script) = scripted().await;
    for sample in samples() {
        let session = sample.session(&connector, &script).await;
        let bearer = format!("Bearer {}", sample.token["access_token"].as_str().unwrap());
        script
            .expect(
                Expect::get(&format!("{}/v1/things?limit=1", session.base_url))
                    .header("authorization", &bearer),
            )
            .reply(Reply::empty(204));
        let request = http::Request::get("/v1/things?limit=1")
            .body(Bytes::new())
            .unwrap();
        let response = connector
            .send(sample.vendor, &session, request)
            .await
            .unwrap();
        assert_eq!(response.status(), 204);
    }
    script.finish();
}
