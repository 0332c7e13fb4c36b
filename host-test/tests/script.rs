//! Tests of the scripted HTTP: requests that differ from the script, and the replies.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use bytes::Bytes;
use connector_host::{Timeouts, Transport, TransportError};
use host_test::script::{Expect, Reply, Script};
use http::{Request, Response};
use http_body_util::BodyExt as _;
use serde_json::json;
use tokio::time::Instant;

leak_check::capture!();

const URL: &str = "https://api.hotjar.io/v1/oauth/token";

const TIMEOUTS: Timeouts = Timeouts::new()
    .connect(Duration::from_secs(1))
    .first_byte(Duration::from_secs(2))
    .between_bytes(Duration::from_secs(3));

fn post(content_type: &str, body: &str) -> Request<Bytes> {
    Request::post(URL)
        .header("content-type", content_type)
        .body(Bytes::from(body.to_owned()))
        .unwrap()
}

async fn send(
    script: &Script,
    request: Request<Bytes>,
) -> Result<(u16, Vec<Bytes>), TransportError> {
    let response = script.send(request, TIMEOUTS).await?;
    let status = response.status().as_u16();
    let mut pieces = Vec::new();
    let mut body = response.into_body();
    while let Some(frame) = body.frame().await {
        pieces.push(frame?.into_data().expect("only data"));
    }
    Ok((status, pieces))
}

/// The message of the panic in `work`.
fn panic_of(work: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(work)).expect_err("it should have panicked");
    *payload.downcast::<String>().expect("a formatted panic")
}

#[tokio::test]
async fn an_expected_request_gets_its_reply() {
    let script = Script::new();
    script
        .expect(
            Expect::post(URL)
                .header("content-type", "application/json")
                .no_header("authorization")
                .json(json!({ "b": 1, "a": [2] })),
        )
        .reply(Reply::json(201, json!({ "c": 3 })).header("retry-after", "5"));
    let request = post("application/json", r#"{ "a": [2], "b": 1 }"#);
    let response: Response<_> = script.send(request, TIMEOUTS).await.unwrap();
    assert_eq!(response.status(), 201);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["retry-after"], "5");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, r#"{"c":3}"#);
    script.finish();
}

#[tokio::test]
async fn a_form_matches_in_any_order_and_decoded() {
    let script = Script::new();
    script
        .expect(Expect::post(URL).form([("a", "1 +"), ("b", "é"), ("b", "")]))
        .reply(Reply::empty(204));
    let request = post("any/thing", "b=&b=%C3%A9&a=1%20%2B");
    assert_eq!(send(&script, request).await, Ok((204, vec![])));
}

#[test]
fn a_request_that_is_missing_fails_the_script() {
    let script = Script::new();
    script.expect(Expect::get(URL)).reply(Reply::empty(204));
    let message = panic_of(|| script.finish());
    assert!(
        message.contains(&format!("GET {URL} was not sent")),
        "{message}"
    );
}

#[test]
fn dropping_the_script_finishes_it_but_dropping_a_clone_does_not() {
    let script = Script::new();
    script.expect(Expect::get(URL)).reply(Reply::empty(204));
    drop(script.clone());
    assert!(panic_of(|| drop(script)).contains("was not sent"));
}

#[tokio::test]
async fn an_unexpected_request_is_denied_and_fails_the_script() {
    let script = Script::new();
    let denied = send(&script, post("a/b", "secret")).await;
    assert_eq!(denied, Err(TransportError::Denied));
    assert_eq!(script.asked().len(), 1);
    let message = panic_of(|| script.finish());
    assert!(
        message.contains(&format!("POST {URL} was not expected")),
        "{message}"
    );
}

#[tokio::test]
async fn a_request_that_differs_is_denied_and_every_difference_is_named() {
    let other = "https://api.hotjar.io/v1/oauth/token?x=1";
    let cases = [
        (Expect::get(URL), "the method was POST"),
        (Expect::post(other), "the URL was"),
        (
            Expect::post(URL).header("content-type", "c/d"),
            "the header content-type was",
        ),
        (
            Expect::post(URL).header("accept", "c/d"),
            "the header accept was []",
        ),
        (
            Expect::post(URL).no_header("content-type"),
            "and not \"absent\"",
        ),
        (Expect::post(URL).json(json!({})), "not JSON"),
        (Expect::post(URL).form([("a", "2")]), "the form was"),
        (Expect::post(URL).form([("a", "1"), ("a", "1")]), "the form"),
        (Expect::post(URL).body("a=2"), "the body was"),
    ];
    for (expect, named) in cases {
        let script = Script::new();
        script.expect(expect).reply(Reply::empty(204));
        let denied = send(&script, post("a/b", "a=1")).await;
        assert_eq!(denied, Err(TransportError::Denied), "{named}");
        let message = panic_of(|| script.finish());
        assert!(message.contains(named), "{message} names {named}");
    }
}

#[tokio::test]
async fn requests_are_expected_in_order() {
    let script = Script::new();
    for body in ["a=1", "a=2"] {
        script
            .expect(Expect::post(URL).body(body))
            .reply(Reply::empty(204));
    }
    assert!(send(&script, post("a/b", "a=2")).await.is_err());
    assert!(panic_of(|| script.finish()).contains("the body was"));
}

#[tokio::test]
async fn a_body_has_the_given_chunks_and_ends_where_cut_off() {
    let script = Script::new();
    for reply in [
        Reply::text(200, "abcdefg").chunks(3),
        Reply::text(200, "abcdefg").chunks(3).cut_after(4),
        Reply::fail(TransportError::Dns),
    ] {
        script.expect(Expect::post(URL)).reply(reply);
    }
    let (_, pieces) = send(&script, post("a/b", "")).await.unwrap();
    assert_eq!(pieces, ["abc", "def", "g"]);

    let cut = script.send(post("a/b", ""), TIMEOUTS).await.unwrap();
    let mut body = cut.into_body();
    for piece in ["abc", "d"] {
        let frame = body.frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), piece);
    }
    let end = body.frame().await.unwrap().map(|_| ());
    assert_eq!(end, Err(TransportError::CutOff));

    let failed = send(&script, post("a/b", "")).await;
    assert_eq!(failed, Err(TransportError::Dns));
}

#[tokio::test(start_paused = true)]
async fn delays_take_no_time_under_a_paused_clock() {
    let script = Script::new();
    let (delay, pause) = (Duration::from_hours(1), Duration::from_mins(1));
    script
        .expect(Expect::post(URL))
        .reply(Reply::text(200, "abc").delay(delay).chunks(1).pause(pause));
    let start = Instant::now();
    send(&script, post("a/b", "")).await.unwrap();
    assert_eq!(start.elapsed(), delay + pause * 2);
}

#[tokio::test]
async fn the_record_has_the_whole_request_and_its_debug_output_no_secret() {
    let script = Script::new();
    script.expect(Expect::post(URL)).reply(Reply::empty(204));
    let mut request = post("a/b", "body-secret");
    let token = "Bearer header-secret".parse().unwrap();
    request.headers_mut().insert("authorization", token);
    send(&script, request).await.unwrap();
    let asked = script.asked().pop().unwrap();
    assert_eq!(
        (&asked.body[..], asked.timeouts),
        (&b"body-secret"[..], TIMEOUTS)
    );
    assert_eq!(asked.headers["authorization"], "Bearer header-secret");
    assert!(!format!("{asked:?}").contains("secret"));
}
