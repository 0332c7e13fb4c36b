//! Whatever a vendor answers, no error and no verdict repeats the secret, the token or the vendor's
//! own words. The plugin has no log and no standard stream to leak into: `component.rs` holds it to
//! its imports. That it always answers is in `inputs.rs`.

use std::sync::Mutex;

use bytes::Bytes;
use connector_host::{ApiResponse, CallError, ResponseBody, Timeouts, Transport, TransportError};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http_body_util::{BodyExt as _, Full};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};
use std::sync::Arc;

use super::common::{connector, samples};

const ANSWERS: usize = 2_000;

/// Status, header fields and body.
type Answer = (u16, Vec<(String, String)>, Vec<u8>);

/// Answers every request with what was last put in.
#[derive(Clone, Default)]
pub(super) struct Echo(Arc<Mutex<Answer>>);

impl Echo {
    pub(super) fn answer(&self, status: u16, headers: &[(String, String)], body: &[u8]) {
        *self.0.lock().unwrap() = (status, headers.to_vec(), body.to_vec());
    }
}

impl Transport for Echo {
    fn send(
        &self,
        _request: http::Request<Bytes>,
        _timeouts: Timeouts,
    ) -> BoxFuture<'static, Result<http::Response<ResponseBody>, TransportError>> {
        let (status, headers, body) = self.0.lock().unwrap().clone();
        let mut response = http::Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(name, value);
        }
        let body = Full::new(Bytes::from(body)).map_err(|never| match never {});
        let response = response.body(body.boxed_unsync()).unwrap();
        async move { Ok(response) }.boxed()
    }
}

/// What may not be seen: long enough that a constant text of ours never holds it by chance.
fn private() -> impl Strategy<Value = String> {
    prop_oneof!["[A-Za-z0-9_.-]{12,40}", "[A-Za-z0-9;?&=+%\"\\\\]{12,40}"]
}

/// A text that repeats something private, whole or in part, alone or in a sentence.
fn echo(private: &[String]) -> BoxedStrategy<String> {
    let whole = proptest::sample::select(private.to_vec());
    (whole, 0..5_usize)
        .prop_map(|(text, shape)| match shape {
            0 => text,
            1 => format!("Client {text} is not known."),
            2 => format!("E_{text}"),
            3 => text.chars().skip(2).collect(),
            _ => text.to_ascii_uppercase(),
        })
        .boxed()
}

/// Every member that the plugin reads, and those in which vendors put their texts.
const MEMBERS: [&str; 16] = [
    "error",
    "error_description",
    "errorCode",
    "errorMessage",
    "code",
    "message",
    "msg",
    "access_token",
    "token_type",
    "expires_in",
    "scope",
    "scopes",
    "endpoint",
    "project_id",
    "permissions",
    "success",
];

/// A vendor's answer with echoes everywhere.
fn answer(private: &[String]) -> BoxedStrategy<Answer> {
    let member = (proptest::sample::select(&MEMBERS[..]), echo(private));
    let object = proptest::collection::vec(member, 0..8).prop_map(|members| {
        let mut object: serde_json::Map<String, Value> = members
            .into_iter()
            .map(|(name, text)| (name.into(), text.into()))
            .collect();
        if object.contains_key("success") {
            object.insert("success".into(), json!(false));
        }
        Value::Object(object).to_string()
    });
    let nested = echo(private).prop_map(|text| {
        json!({
            "access_token": "a", "token_type": "bearer", "success": true, "scopes": "metrics",
            text.clone(): [{text.clone(): text}],
            "error": {"code": text, "errors": [text]},
            "permissions": {"projects": [{"id": text, "name": text}]},
        })
        .to_string()
    });
    let body = prop_oneof![4 => object, 1 => nested, 1 => echo(private)];
    let status = prop_oneof![
        2 => Just(200_u16),
        4 => proptest::sample::select(&[400_u16, 401, 403, 429, 500, 503][..]),
        1 => 200_u16..600,
    ];
    let headers = prop_oneof![
        Just(Vec::new()),
        echo(private).prop_map(|text| {
            let text: String = text.chars().filter(|char| !char.is_control()).collect();
            [
                "www-authenticate",
                "retry-after",
                "location",
                "x-request-id",
            ]
            .map(|name| (name.to_owned(), text.clone()))
            .into()
        }),
    ];
    (status, headers, body)
        .prop_map(|(status, headers, body)| (status, headers, body.into_bytes()))
        .boxed()
}

/// The same cases in every run.
fn runner() -> TestRunner {
    TestRunner::new_with_rng(
        Config::default(),
        TestRng::deterministic_rng(RngAlgorithm::ChaCha),
    )
}

/// Whether `text` shows a piece of `private`, in any case of letters.
fn shows(text: &str, private: &str) -> bool {
    let (text, private) = (text.to_lowercase(), private.to_lowercase());
    private
        .as_bytes()
        .windows(8)
        .any(|piece| text.as_bytes().windows(8).any(|part| part == piece))
}

/// What is private, in all the wrong places of a form.
fn misplaced([id, secret, token]: &[String; 3]) -> String {
    json!({
        "client_id": format!("{id}\n{secret}"), "client_secret": [secret],
        "credential_level": secret,
        "scopes": [token, secret], "project_id": id, "integration_id": {id: token}, secret: token,
    })
    .to_string()
}

fn words(error: &CallError) -> String {
    format!("{error} {error:?} {}", error.kind())
}

#[tokio::test]
async fn no_error_and_no_verdict_repeats_the_secret_or_the_token() {
    let echo = Echo::default();
    let connector = connector(echo.clone()).await;
    let mut runner = runner();
    let mut errors = 0;
    for sample in samples() {
        for _ in 0..ANSWERS {
            let private: Vec<String> = (0..3)
                .map(|_| private().new_tree(&mut runner).unwrap().current())
                .collect();
            let [id, secret, token] = &private[..] else {
                unreachable!("three of them")
            };
            let mut document = sample.credential.clone();
            (document["client_id"], document["client_secret"]) =
                (id.as_str().into(), secret.as_str().into());
            let document = document.to_string();

            // A session whose token is the private one, where that can be a token.
            let token: String = token
                .chars()
                .map(|char| {
                    if "\"\\;?&%=".contains(char) {
                        '-'
                    } else {
                        char
                    }
                })
                .collect();
            let mut good = sample.token.clone();
            good["access_token"] = token.as_str().into();
            echo.answer(200, &[], good.to_string().as_bytes());
            let session = connector
                .authenticate(sample.vendor, &document)
                .await
                .unwrap();

            let private = [id.clone(), secret.clone(), token];
            for text in &private {
                leak_check::register(text);
            }
            let (status, headers, body) = answer(&private).new_tree(&mut runner).unwrap().current();
            echo.answer(status, &headers, &body);
            let headers = headers
                .into_iter()
                .map(|(name, value)| (name, value.into_bytes()))
                .collect();
            let response = ApiResponse {
                status,
                headers,
                body,
            };
            let verdict = format!(
                "{:?}",
                connector.classify(sample.vendor, &response).await.unwrap()
            );
            let outcomes = [
                connector
                    .refresh(sample.vendor, &document, &session)
                    .await
                    .err(),
                connector.authenticate(sample.vendor, &document).await.err(),
                connector.inspect(sample.vendor, &document).await.err(),
                connector
                    .validate(sample.vendor, &document.replace('{', "{{"))
                    .await
                    .err(),
                connector
                    .validate(sample.vendor, &misplaced(&private))
                    .await
                    .err(),
            ];
            for text in outcomes.iter().flatten().map(words).chain([verdict]) {
                errors += 1;
                for private in &private {
                    assert!(!shows(&text, private), "{text} shows {private}");
                }
            }
        }
    }
    assert!(errors > 2 * ANSWERS, "only {errors} texts were looked at");
}
