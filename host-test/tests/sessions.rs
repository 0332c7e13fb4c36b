//! `Sessions` with the real plugin: a vendor that is a function, and a paused clock.

use std::collections::HashSet;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use connector_host::{
    ApiError, CallError, Clock, Connector, ConnectorError, Credential, Refusal, Session, Sessions,
    Stage,
};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::future::join_all;
use host_test::answers::Answers;
use host_test::script::Reply;
use host_test::{COMPONENT_BYTES, machine_code};
use http::header::AUTHORIZATION;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::json;
use tokio::time::{Instant, advance, sleep, timeout};

leak_check::capture!();

const HOTJAR: &str = r#"{"client_id":"hj-id-0001","client_secret":"hj;secret?&=+% 1"}"#;
const ROTATED: &str = r#"{"client_id":"hj-id-0001","client_secret":"hj;secret?&=+% 2"}"#;
const CONTENTSQUARE: &str = r#"{"client_id":"cs-id-0001","client_secret":"cs;secret? 1",
    "credential_level":"account","project_id":42,"scopes":["data-export"]}"#;
const OTHER_PROJECT: &str = r#"{"client_id":"cs-id-0001","client_secret":"cs;secret? 1",
    "credential_level":"account","project_id":43,"scopes":["data-export"]}"#;
const SAME_PROJECT: &str = r#"{"client_id":"cs-id-0002","client_secret":"cs;secret? 2",
    "credential_level":"project","scopes":["metrics"]}"#;
const OTHER_KEY: &str = r#"{"client_id":"cs-id-0003","client_secret":"cs;secret? 3",
    "credential_level":"project","scopes":["metrics"]}"#;

/// A wall clock that follows tokio's, which the tests pause.
struct PausedClock(Instant);

impl Clock for PausedClock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_700_000_000) + self.0.elapsed()
    }
}

async fn sessions(vendor: &Answers) -> Sessions {
    let connector = Connector::builder(Arc::new(vendor.clone()))
        .clock(Arc::new(PausedClock(Instant::now())))
        .cache(machine_code())
        .load_bytes(COMPONENT_BYTES)
        .await
        .expect("the component loads");
    Sessions::new(connector).unwrap()
}

/// A valid token reply of both vendors, with a numbered token.
fn token(number: u64) -> Reply {
    token_for(number, 42)
}

fn token_for(number: u64, project: u64) -> Reply {
    let token = json!({
        "access_token": format!("tok.en-{number}"), "token_type": "bearer", "expires_in": 3600,
        "endpoint": "https://api.eu-west-1.production.contentsquare.com", "project_id": project,
    });
    Reply::json(200, token)
}

/// A vendor that grants every token request, after a second.
fn granting() -> Answers {
    Answers::new(|_, before| token(before).delay(seconds(1)))
}

/// A vendor that grants the first token request, and replies like this to the others.
fn granting_once(then: impl Fn() -> Reply + Send + Sync + 'static) -> Answers {
    Answers::new(move |_, before| match before {
        0 => token(0),
        _ => then(),
    })
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

/// Gets a session, and opens one if needed.
async fn open(
    sessions: &Sessions,
    vendor: &str,
    document: &str,
) -> Result<Arc<Session>, CallError> {
    sessions.session(&Credential::new(vendor, document)).await
}

fn refusal(status: u16, code: Option<&str>, confirmed: bool) -> Refusal {
    Refusal {
        status,
        code: code.map(Into::into),
        confirmed,
    }
}

fn shown(session: &Session) -> &str {
    session.access_token.expose()
}

/// Runs all tasks that are ready.
async fn settle() {
    sleep(Duration::from_millis(1)).await;
}

#[tokio::test(start_paused = true)]
async fn concurrent_callers_share_one_request() {
    let vendor = granting();
    let sessions = sessions(&vendor).await;
    let callers = (0..1000).map(|_| open(&sessions, "hotjar", HOTJAR));
    let served = join_all(callers).await;
    assert_eq!(vendor.asked(), 1);
    assert!(
        served
            .iter()
            .all(|session| shown(session.as_ref().unwrap()) == "tok.en-0")
    );
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_gives_up_does_not_cancel_the_request_for_others() {
    let vendor = granting();
    let sessions = sessions(&vendor).await;
    let impatient = timeout(Duration::from_millis(10), open(&sessions, "hotjar", HOTJAR));
    assert!(impatient.await.is_err());
    let session = open(&sessions, "hotjar", HOTJAR).await.unwrap();
    assert_eq!((shown(&session), vendor.asked()), ("tok.en-0", 1));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_due_is_replaced_in_the_background() {
    let vendor = granting();
    let sessions = sessions(&vendor).await;
    let hotjar = || open(&sessions, "hotjar", HOTJAR);
    hotjar().await.unwrap();
    advance(seconds(45 * 60 - 2)).await;
    assert_eq!(shown(&hotjar().await.unwrap()), "tok.en-0");
    assert_eq!(vendor.asked(), 1);

    advance(seconds(3)).await;
    let before = Instant::now();
    let served = join_all((0..100).map(|_| hotjar())).await;
    assert!(
        served
            .iter()
            .all(|session| shown(session.as_ref().unwrap()) == "tok.en-0")
    );
    assert_eq!(before.elapsed(), Duration::ZERO, "no caller waits");

    sleep(seconds(2)).await;
    assert_eq!(shown(&hotjar().await.unwrap()), "tok.en-1");
    assert_eq!(vendor.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_expired_session_is_not_used() {
    let vendor = granting();
    let sessions = sessions(&vendor).await;
    open(&sessions, "hotjar", HOTJAR).await.unwrap();
    advance(minutes(60)).await;
    let served = join_all((0..100).map(|_| open(&sessions, "hotjar", HOTJAR))).await;
    assert!(
        served
            .iter()
            .all(|session| shown(session.as_ref().unwrap()) == "tok.en-1")
    );
    assert_eq!(vendor.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn another_secret_never_gets_the_old_token() {
    let vendor = granting();
    let sessions = sessions(&vendor).await;
    let first = open(&sessions, "hotjar", HOTJAR).await.unwrap();
    let second = open(&sessions, "hotjar", ROTATED).await.unwrap();
    assert_eq!((shown(&first), shown(&second)), ("tok.en-0", "tok.en-1"));
    assert_eq!(vendor.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_throttled_request_is_repeated_after_the_time_that_the_vendor_names() {
    let vendor = Answers::new(|_, before| match before {
        0 => Reply::empty(429).header("retry-after", "30"),
        _ => token(1),
    });
    let sessions = sessions(&vendor).await;
    for (passed, left) in [(0, 30), (1, 29), (28, 1)] {
        advance(seconds(passed)).await;
        let throttled = open(&sessions, "hotjar", HOTJAR).await.unwrap_err();
        assert_eq!(throttled, ConnectorError::Throttled(Some(left)).into());
        assert_eq!(vendor.asked(), 1);
    }
    advance(seconds(1)).await;
    assert_eq!(
        shown(&open(&sessions, "hotjar", HOTJAR).await.unwrap()),
        "tok.en-1"
    );
}

#[tokio::test(start_paused = true)]
async fn the_old_session_is_used_while_renewals_fail_with_backoff() {
    for failure in [
        Reply::empty(429),
        Reply::empty(503),
        Reply::fail(connector_host::TransportError::Connect),
        Reply::text(200, "no JSON"),
    ] {
        let vendor = granting_once(move || failure.clone());
        let sessions = sessions(&vendor).await;
        open(&sessions, "hotjar", HOTJAR).await.unwrap();
        advance(minutes(45)).await;
        // A caller every second, until shortly before the expiry.
        for _ in 0..14 * 60 {
            let session = open(&sessions, "hotjar", HOTJAR).await.unwrap();
            assert_eq!(shown(&session), "tok.en-0");
            sleep(seconds(1)).await;
        }
        // Pauses of 1, 2, 4 … 256, 300 s, and up to as much jitter.
        let asked = vendor.asked();
        assert!((8..=12).contains(&asked), "{asked} requests");

        advance(minutes(2)).await;
        let error = open(&sessions, "hotjar", HOTJAR).await.unwrap_err();
        assert_ne!(error.kind(), "rejected");
    }
}

#[tokio::test(start_paused = true)]
async fn a_success_resets_the_backoff() {
    let vendor = Answers::new(|_, before| match before {
        0 | 2 => Reply::empty(503),
        _ => token(before),
    });
    let sessions = sessions(&vendor).await;
    let error = open(&sessions, "hotjar", HOTJAR).await.unwrap_err();
    assert_eq!(error, ConnectorError::Unavailable(None).into());
    // The next caller gets the rest of the pause: one second, and up to one of jitter.
    let error = open(&sessions, "hotjar", HOTJAR).await.unwrap_err();
    let CallError::Connector(ConnectorError::Unavailable(Some(1..=2))) = error else {
        panic!("{error}")
    };
    advance(seconds(2)).await;
    assert_eq!(
        shown(&open(&sessions, "hotjar", HOTJAR).await.unwrap()),
        "tok.en-1"
    );
    advance(minutes(60)).await;
    open(&sessions, "hotjar", HOTJAR).await.unwrap_err();
    // The pause is the first one again.
    advance(seconds(2)).await;
    assert_eq!(
        shown(&open(&sessions, "hotjar", HOTJAR).await.unwrap()),
        "tok.en-3"
    );
}

#[tokio::test(start_paused = true)]
async fn a_refused_credential_is_not_sent_again_until_it_changes() {
    let vendor = Answers::new(|_, before| match before {
        0 => Reply::json(401, json!({"error": "invalid_client"})),
        _ => token(before),
    });
    let sessions = sessions(&vendor).await;
    let refusal = refusal(401, Some("invalid_client"), true);
    let rejected = CallError::from(ConnectorError::Rejected(refusal));
    for _ in 0..100 {
        let error = open(&sessions, "hotjar", HOTJAR).await.unwrap_err();
        assert_eq!(error, rejected);
        advance(minutes(60)).await;
    }
    assert_eq!(vendor.asked(), 1);
    open(&sessions, "hotjar", ROTATED).await.unwrap();
    let error = open(&sessions, "hotjar", HOTJAR).await.unwrap_err();
    assert_eq!(error, rejected);
    assert_eq!(vendor.asked(), 2);

    sessions
        .invalidate(&Credential::new("hotjar", HOTJAR))
        .await;
    assert_eq!(
        shown(&open(&sessions, "hotjar", HOTJAR).await.unwrap()),
        "tok.en-2"
    );
}

/// Refusals that may come from a firewall: a page, an empty body, an unknown code.
fn unconfirmed() -> [Reply; 5] {
    [
        Reply::text(403, "<!doctype html><title>Just a moment…</title>"),
        Reply::text(401, "<html>Sign in to the guest network</html>"),
        Reply::empty(400),
        Reply::empty(403),
        Reply::json(401, json!({"error": "no_tulips_today"})),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_confirmed_refusal_ends_a_session_that_is_alive() {
    for (status, code) in [(401, "invalid_client"), (403, "invalid_scope")] {
        let vendor = granting_once(move || Reply::json(status, json!({"error": code})));
        let sessions = sessions(&vendor).await;
        open(&sessions, "hotjar", HOTJAR).await.unwrap();
        advance(minutes(46)).await;
        open(&sessions, "hotjar", HOTJAR).await.unwrap();
        settle().await;
        for _ in 0..10 {
            let error = open(&sessions, "hotjar", HOTJAR).await.unwrap_err();
            assert!(["rejected", "forbidden"].contains(&error.kind()), "{error}");
        }
        assert_eq!(vendor.asked(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_live_session_outlasts_unconfirmed_refusals_and_is_then_replaced() {
    for refusal in unconfirmed() {
        // The vendor recovers after three refusals: after 1, 2 and 4 s, and up to as much jitter.
        let vendor = Answers::new(move |_, before| match before {
            1..=3 => refusal.clone(),
            _ => token(before),
        });
        let sessions = sessions(&vendor).await;
        open(&sessions, "hotjar", HOTJAR).await.unwrap();
        advance(minutes(46)).await;
        for _ in 0..20 {
            let session = open(&sessions, "hotjar", HOTJAR).await.unwrap();
            assert!(["tok.en-0", "tok.en-4"].contains(&shown(&session)));
            sleep(seconds(1)).await;
        }
        let session = open(&sessions, "hotjar", HOTJAR).await.unwrap();
        assert_eq!(shown(&session), "tok.en-4");
        assert_eq!(vendor.asked(), 5);
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_live_session_an_unconfirmed_refusal_is_reported_and_repeated() {
    for refusal in unconfirmed() {
        let vendor = Answers::new(move |_, before| match before {
            0 => refusal.clone(),
            _ => token(before),
        });
        let sessions = sessions(&vendor).await;
        for _ in 0..10 {
            let error = open(&sessions, "hotjar", HOTJAR).await.unwrap_err();
            assert!(["rejected", "forbidden"].contains(&error.kind()), "{error}");
        }
        assert_eq!(vendor.asked(), 1, "no request within the pause");
        advance(seconds(2)).await;
        let session = open(&sessions, "hotjar", HOTJAR).await.unwrap();
        assert_eq!(shown(&session), "tok.en-1");
    }
}

#[tokio::test(start_paused = true)]
async fn pauses_after_unconfirmed_refusals_double_up_to_an_hour() {
    let vendor = Answers::new(|_, _| Reply::text(403, "<html>no</html>"));
    let sessions = sessions(&vendor).await;
    for _ in 0..24 * 60 {
        open(&sessions, "hotjar", HOTJAR).await.unwrap_err();
        sleep(minutes(1)).await;
    }
    // 1, 2, 4 … 2048 s take one hour, or two with jitter; then one request each hour or two.
    let asked = vendor.asked();
    assert!((16..=37).contains(&asked), "{asked} requests");
}

#[tokio::test(start_paused = true)]
async fn an_edited_document_never_gets_the_old_token() {
    let vendor = granting();
    let sessions = sessions(&vendor).await;
    let first = Credential::new("hotjar", HOTJAR).with_id("row-1");
    let edited = Credential::new("hotjar", ROTATED).with_id("row-1");
    let other = Credential::new("hotjar", HOTJAR).with_id("row-2");
    for (credential, token) in [
        (&first, "tok.en-0"),
        (&edited, "tok.en-1"),
        (&edited, "tok.en-1"),
        (&other, "tok.en-2"),
    ] {
        let session = sessions.session(credential).await.unwrap();
        assert_eq!(shown(&session), token);
    }
    assert_eq!(vendor.asked(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_cannot_succeed_sends_nothing() {
    let vendor = granting();
    let sessions = sessions(&vendor).await;
    for (vendor, credential, kind) in [
        ("hotjarr", HOTJAR, "unknown-vendor"),
        ("hotjar", "{}", "invalid-credential"),
    ] {
        for _ in 0..2 {
            let error = open(&sessions, vendor, credential).await.unwrap_err();
            assert_eq!(error.kind(), kind);
        }
        let error = send(&sessions, vendor, credential, seconds(9))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind);
    }
    let elsewhere = Request::get("https://evil.example/x")
        .body(Bytes::new())
        .unwrap();
    let error = sessions
        .send(&Credential::new("hotjar", HOTJAR), elsewhere, seconds(9))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), "request");
    assert_eq!(vendor.asked(), 0);
}

/// Makes a first API call.
async fn send(
    sessions: &Sessions,
    vendor: &str,
    credential: &str,
    within: Duration,
) -> Result<Response<connector_host::ResponseBody>, ApiError> {
    let request = Request::get("/v1/things?limit=1")
        .body(Bytes::new())
        .unwrap();
    let credential = Credential::new(vendor, credential);
    sessions.send(&credential, request, within).await
}

fn bearer(request: &Request<Bytes>) -> Option<&str> {
    request
        .headers()
        .get(AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Bearer ")
}

/// A vendor that grants tokens and answers API calls by their token.
fn serving(
    api: impl Fn(&str, &Request<Bytes>) -> Reply + Send + Sync + 'static,
) -> (Answers, Arc<AtomicU32>) {
    let granted = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&granted);
    let vendor = Answers::new(move |request, _| {
        if let Some(token) = bearer(request) {
            return api(token, request);
        }
        let body = std::str::from_utf8(request.body()).unwrap();
        let project = if body.contains("43") { 43 } else { 42 };
        token_for(count.fetch_add(1, Ordering::Relaxed).into(), project)
    });
    (vendor, granted)
}

#[tokio::test(start_paused = true)]
async fn a_call_goes_to_the_base_url_with_the_token_and_its_response_is_complete() {
    let (vendor, _) = serving(|token, request| {
        assert_eq!(token, "tok.en-0");
        assert_eq!(request.method(), "POST");
        assert_eq!(request.body(), "all of it");
        let url = "https://api.eu-west-1.production.contentsquare.com/v1/things?limit=1";
        assert_eq!(request.uri(), url);
        Reply::bytes(404, "x".repeat(10_000)).chunks(999)
    });
    let sessions = sessions(&vendor).await;
    let request = Request::post("/v1/things?limit=1")
        .body("all of it".into())
        .unwrap();
    let answer = sessions
        .send(
            &Credential::new("contentsquare", CONTENTSQUARE),
            request,
            seconds(9),
        )
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert_eq!(
        answer.into_body().collect().await.unwrap().to_bytes(),
        "x".repeat(10_000)
    );
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ended_early_is_replaced_once_for_all_callers() {
    let (vendor, granted) = serving(|token, _| match token {
        "tok.en-0" => Reply::empty(401).delay(seconds(1)),
        _ => Reply::empty(200),
    });
    let sessions = sessions(&vendor).await;
    let calls = (0..100).map(|_| send(&sessions, "hotjar", HOTJAR, seconds(9)));
    let answers = join_all(calls).await;
    assert!(
        answers
            .iter()
            .all(|answer| answer.as_ref().unwrap().status() == 200)
    );
    assert_eq!(granted.load(Ordering::Relaxed), 2);
    assert_eq!(vendor.asked(), 202);
}

#[tokio::test(start_paused = true)]
async fn an_unconfirmed_401_of_the_api_does_not_end_a_live_session() {
    // A captive portal answers API calls and token requests.
    let portal = Arc::new(AtomicU32::new(0));
    let closed = Arc::clone(&portal);
    let vendor = Answers::new(move |request, before| {
        let is_closed = closed.load(Ordering::Relaxed) == 1;
        match bearer(request) {
            _ if is_closed => Reply::text(401, "<html>Sign in to the guest network</html>"),
            Some("tok.en-0") => Reply::empty(200),
            Some(token) => panic!("{token} is not the old token"),
            None => token(before),
        }
    });
    let sessions = sessions(&vendor).await;
    let call = || send(&sessions, "hotjar", HOTJAR, seconds(9));
    assert_eq!(call().await.unwrap().status(), 200);
    portal.store(1, Ordering::Relaxed);
    for _ in 0..3 {
        let error = call().await.unwrap_err();
        let rejected = ConnectorError::Rejected(refusal(401, None, false));
        assert_eq!(error, CallError::from(rejected).into());
    }
    portal.store(0, Ordering::Relaxed);
    let session = open(&sessions, "hotjar", HOTJAR).await.unwrap();
    assert_eq!(shown(&session), "tok.en-0", "the old session is used");
    assert_eq!(call().await.unwrap().status(), 200);
}

#[tokio::test(start_paused = true)]
async fn an_unconfirmed_403_of_the_api_is_reported_and_the_session_is_kept() {
    let (vendor, granted) = serving(|_, request| match request.uri().query() {
        Some("limit=1") => Reply::text(403, "<html>Just a moment…</html>"),
        _ => Reply::empty(200),
    });
    let sessions = sessions(&vendor).await;
    let error = send(&sessions, "hotjar", HOTJAR, seconds(9)).await;
    let forbidden = ConnectorError::Forbidden(refusal(403, None, false));
    assert_eq!(error.unwrap_err(), CallError::from(forbidden).into());
    let request = Request::get("/v1/others").body(Bytes::new()).unwrap();
    let credential = Credential::new("hotjar", HOTJAR);
    let answer = sessions.send(&credential, request, seconds(9)).await;
    assert_eq!(answer.unwrap().status(), 200);
    assert_eq!(granted.load(Ordering::Relaxed), 1);
}

fn gzip(body: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_code_in_a_gzip_body_replaces_the_session_and_an_accepted_body_stays_encoded() {
    let expired = gzip(r#"{"success":false,"errorCode":"JWT_EXPIRED"}"#);
    let page = gzip(&"a valid page. ".repeat(1000));
    let good = page.clone();
    let (vendor, granted) = serving(move |token, _| {
        let reply = match token {
            "tok.en-0" => Reply::bytes(200, expired.clone()),
            _ => Reply::bytes(200, good.clone()).chunks(7),
        };
        reply.header("content-encoding", "gzip")
    });
    let sessions = sessions(&vendor).await;
    let answer = send(&sessions, "contentsquare", CONTENTSQUARE, seconds(9)).await;
    let answer = answer.unwrap();
    assert_eq!(granted.load(Ordering::Relaxed), 2);
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), page);
}

#[tokio::test(start_paused = true)]
async fn a_vendor_that_refuses_its_own_tokens_gets_requests_with_backoff() {
    let (vendor, granted) = serving(|_, _| Reply::empty(401));
    let sessions = sessions(&vendor).await;
    for _ in 0..20 * 60 {
        let error = send(&sessions, "hotjar", HOTJAR, seconds(9))
            .await
            .unwrap_err();
        let rejected = ConnectorError::Rejected(refusal(401, None, false));
        assert_eq!(error, CallError::from(rejected).into());
        sleep(seconds(1)).await;
    }
    // Pauses of 1, 2, 4 … 256, 300 s, and up to as much jitter.
    let granted = granted.load(Ordering::Relaxed);
    assert!((9..=14).contains(&granted), "{granted} tokens");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_fails_is_an_error_that_says_who_acts_next() {
    for (reply, error) in [
        (
            Reply::json(403, json!({"message": "free text"})),
            ConnectorError::Forbidden(refusal(403, None, false)),
        ),
        (Reply::empty(503), ConnectorError::Unavailable(None)),
        (
            Reply::empty(503).header("retry-after", "7"),
            ConnectorError::Unavailable(Some(7)),
        ),
        (
            Reply::fail(connector_host::TransportError::Denied),
            ConnectorError::Denied,
        ),
        (
            Reply::fail(connector_host::TransportError::TlsTimeout),
            ConnectorError::Unreachable(Stage::Tls),
        ),
        (
            Reply::empty(200).delay(seconds(10)),
            ConnectorError::Unreachable(Stage::Timeout),
        ),
        (
            Reply::bytes(200, "abcd").chunks(2).pause(seconds(10)),
            ConnectorError::Unreachable(Stage::Timeout),
        ),
        (
            Reply::bytes(200, "abcd").cut_after(2),
            ConnectorError::Unreachable(Stage::CutOff),
        ),
    ] {
        let (vendor, _) = serving(move |_, _| reply.clone());
        let sessions = sessions(&vendor).await;
        let before = Instant::now();
        let failed = send(&sessions, "hotjar", HOTJAR, seconds(9))
            .await
            .unwrap_err();
        assert_eq!(failed, CallError::from(error).into());
        assert!(before.elapsed() <= seconds(9) + Duration::from_millis(1));
        assert_eq!(vendor.asked(), 2, "{failed}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_throttled_call_is_repeated_after_the_vendors_time_if_time_is_left() {
    let throttles = AtomicU32::new(0);
    let (vendor, granted) = serving(
        move |_, _| match throttles.fetch_add(1, Ordering::Relaxed) {
            0 => Reply::empty(429).header("retry-after", "5"),
            1 => Reply::empty(429),
            _ => Reply::empty(200),
        },
    );
    let sessions = sessions(&vendor).await;
    let before = Instant::now();
    let answer = send(&sessions, "hotjar", HOTJAR, seconds(9)).await.unwrap();
    assert_eq!(answer.status(), 200);
    // The vendor's time, and then the first pause of the backoff.
    let waited = before.elapsed();
    assert!((seconds(6)..seconds(8)).contains(&waited), "{waited:?}");
    assert_eq!((granted.load(Ordering::Relaxed), vendor.asked()), (1, 4));
}

#[tokio::test(start_paused = true)]
async fn a_call_throttled_beyond_its_deadline_fails_at_once_as_do_others_of_its_project() {
    let (vendor, _) = serving(|_, _| Reply::empty(429).header("retry-after", "60"));
    let sessions = sessions(&vendor).await;
    let before = Instant::now();
    let error = send(&sessions, "contentsquare", CONTENTSQUARE, seconds(9))
        .await
        .unwrap_err();
    assert_eq!(
        error,
        CallError::from(ConnectorError::Throttled(Some(60))).into()
    );
    advance(seconds(20)).await;
    let error = send(&sessions, "contentsquare", SAME_PROJECT, seconds(9))
        .await
        .unwrap_err();
    assert_eq!(
        error,
        CallError::from(ConnectorError::Throttled(Some(40))).into()
    );
    assert_eq!(before.elapsed(), seconds(20), "no caller waits");
    // Two token requests and one call.
    assert_eq!(vendor.asked(), 3);
    send(&sessions, "contentsquare", OTHER_PROJECT, seconds(9))
        .await
        .unwrap_err();
    assert_eq!(vendor.asked(), 5, "another project is not throttled");
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_for_a_throttled_token_request_if_time_is_left() {
    for (within, outcome) in [(seconds(31), Ok(())), (seconds(29), Err(30))] {
        let vendor = Answers::new(|_, before| match before {
            0 => Reply::empty(429).header("retry-after", "30"),
            1 => token(1),
            _ => Reply::empty(200),
        });
        let sessions = sessions(&vendor).await;
        let sent = send(&sessions, "hotjar", HOTJAR, within).await.map(drop);
        let outcome =
            outcome.map_err(|left| CallError::from(ConnectorError::Throttled(Some(left))).into());
        assert_eq!(sent, outcome);
    }
}

#[tokio::test(start_paused = true)]
async fn ten_calls_of_one_project_are_in_flight_and_others_wait() {
    let (vendor, granted) = serving(|_, _| Reply::bytes(200, "ab").chunks(1).pause(seconds(1)));
    let sessions = sessions(&vendor).await;
    let one = async |credential| {
        let answer = send(&sessions, "contentsquare", credential, seconds(60))
            .await
            .unwrap();
        // A call is in flight until the end of its body.
        answer.into_body().collect().await.unwrap()
    };
    // Opens the sessions, so that only API calls are counted below.
    tokio::join!(one(CONTENTSQUARE), one(SAME_PROJECT), one(OTHER_PROJECT));
    assert_eq!(granted.load(Ordering::Relaxed), 3);
    let (before, begin) = (vendor.asked(), Instant::now());
    let calls = (0..25).map(|n| {
        one(if n % 2 == 0 {
            CONTENTSQUARE
        } else {
            SAME_PROJECT
        })
    });
    let watch = async {
        for wave in [10, 20, 25] {
            settle().await;
            assert_eq!(vendor.asked() - before, wave);
            sleep(seconds(1)).await;
        }
    };
    tokio::join!(join_all(calls), watch);
    assert!(begin.elapsed() < seconds(4));

    // Ten more of another project.
    let calls = (0..20).map(|n| {
        one(if n % 2 == 0 {
            CONTENTSQUARE
        } else {
            OTHER_PROJECT
        })
    });
    let begin = Instant::now();
    join_all(calls).await;
    assert!(begin.elapsed() < seconds(2));
}

#[tokio::test(start_paused = true)]
async fn calls_of_sessions_without_an_account_are_counted_for_each_credential() {
    let vendor = Answers::new(|request, before| match bearer(request) {
        Some(_) => Reply::bytes(200, "ab").chunks(1).pause(seconds(1)),
        // Names no project, nor do the credentials.
        None => Reply::json(
            200,
            json!({
                "access_token": format!("tok.en-{before}"), "token_type": "bearer",
                "endpoint": "https://api.eu-west-1.production.contentsquare.com",
            }),
        ),
    });
    let sessions = sessions(&vendor).await;
    let one = async |credential| {
        let answer = send(&sessions, "contentsquare", credential, seconds(60))
            .await
            .unwrap();
        answer.into_body().collect().await.unwrap()
    };
    tokio::join!(one(SAME_PROJECT), one(OTHER_KEY));
    let before = vendor.asked();
    let calls = (0..24).map(|n| one(if n % 2 == 0 { SAME_PROJECT } else { OTHER_KEY }));
    let watch = async {
        for wave in [20, 24] {
            settle().await;
            assert_eq!(vendor.asked() - before, wave);
            sleep(seconds(1)).await;
        }
    };
    tokio::join!(join_all(calls), watch);
}

#[tokio::test(start_paused = true)]
async fn a_late_permit_is_throttled_and_a_dropped_response_returns_its_permit() {
    let (vendor, _) = serving(|_, _| {
        Reply::bytes(200, "x".repeat(9000))
            .chunks(5000)
            .pause(minutes(1))
    });
    let sessions = sessions(&vendor).await;
    let call = || send(&sessions, "contentsquare", CONTENTSQUARE, minutes(5));
    let mut held = join_all((0..10).map(|_| call())).await;
    assert!(held.iter().all(Result::is_ok));
    let error = send(&sessions, "contentsquare", CONTENTSQUARE, seconds(9))
        .await
        .unwrap_err();
    assert_eq!(
        error,
        CallError::from(ConnectorError::Throttled(None)).into()
    );
    held.pop();
    call().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_session_that_expires_in_the_queue_is_not_sent() {
    let (vendor, granted) = serving(|token, _| match token {
        "tok.en-0" => Reply::bytes(200, "x".repeat(9000))
            .chunks(5000)
            .pause(minutes(1)),
        _ => Reply::empty(200),
    });
    let sessions = sessions(&vendor).await;
    let call = || send(&sessions, "contentsquare", CONTENTSQUARE, minutes(120));
    let held = join_all((0..10).map(|_| call())).await;
    let asked = vendor.asked();
    let released = async {
        sleep(minutes(61)).await;
        drop(held);
    };
    let (answer, ()) = tokio::join!(call(), released);
    assert_eq!(answer.unwrap().status(), 200);
    // The new token request and the call. The old token is not sent.
    assert_eq!(vendor.asked() - asked, 2);
    assert_eq!(granted.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn a_response_without_a_body_holds_no_permit() {
    let (vendor, _) = serving(|_, _| Reply::empty(204));
    let sessions = sessions(&vendor).await;
    let mut kept = Vec::new();
    for _ in 0..11 {
        let answer = send(&sessions, "contentsquare", CONTENTSQUARE, Duration::MAX).await;
        kept.push(answer.unwrap());
    }
    assert!(kept.iter().all(|answer| answer.status() == 204));
}

#[tokio::test(start_paused = true)]
async fn calls_to_a_vendor_without_a_limit_are_all_concurrent() {
    let (vendor, _) = serving(|_, _| Reply::empty(200).delay(seconds(1)));
    let sessions = sessions(&vendor).await;
    let begin = Instant::now();
    join_all((0..100).map(|_| send(&sessions, "hotjar", HOTJAR, seconds(9)))).await;
    assert!(begin.elapsed() < seconds(2));
}

#[tokio::test(start_paused = true)]
async fn debug_output_contains_no_secret() {
    let vendor = granting();
    let sessions = sessions(&vendor).await;
    let session = open(&sessions, "hotjar", HOTJAR).await.unwrap();
    let text = format!("{sessions:?} {session:?}");
    assert!(text.contains("hotjar"), "{text}");
    for secret in ["hj;secret", "hj-id", "tok.en"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn pauses_have_jitter() {
    let pauses = (0..8).map(async |_| {
        let vendor = Answers::new(|_, _| Reply::empty(503));
        let sessions = sessions(&vendor).await;
        let begin = Instant::now();
        while vendor.asked() < 4 {
            open(&sessions, "hotjar", HOTJAR).await.unwrap_err();
            sleep(Duration::from_millis(1)).await;
        }
        begin.elapsed()
    });
    let pauses: HashSet<_> = join_all(pauses).await.into_iter().collect();
    assert!(pauses.len() > 1, "{pauses:?}");
}

#[tokio::test(start_paused = true)]
async fn a_classified_call_returns_the_response_with_every_final_verdict() {
    let (vendor, granted) = serving(|_, request| match request.uri().path() {
        "/v1/good" => Reply::text(404, "none"),
        "/v1/ended" => Reply::text(401, "ended"),
        "/v1/forbidden" => Reply::text(403, "forbidden"),
        "/v1/throttled" => Reply::text(429, "slow down").header("retry-after", "60"),
        _ => Reply::text(503, "down").header("retry-after", "7"),
    });
    let sessions = sessions(&vendor).await;
    let credential = Credential::new("hotjar", HOTJAR);
    for (path, kind, body) in [
        ("/v1/good", "accepted", "none"),
        ("/v1/ended", "refresh", "ended"),
        ("/v1/forbidden", "forbidden", "forbidden"),
        ("/v1/down", "unavailable", "down"),
        ("/v1/throttled", "throttled", "slow down"),
    ] {
        let before = (Instant::now(), vendor.asked());
        let request = Request::get(path).body(Bytes::new()).unwrap();
        let classified = sessions.send_classified(&credential, request, seconds(9));
        let classified = classified.await.unwrap();
        assert_eq!(classified.verdict.kind(), kind, "{path}");
        let read = classified.response.into_body().collect().await.unwrap();
        assert_eq!(read.to_bytes(), body, "{path}");
        assert!(before.0.elapsed() < seconds(1), "{path} does not wait");
        // The first call signs in. A session that has ended is replaced, and the call repeated.
        let requests = match kind {
            "accepted" => 2,
            "refresh" => 3,
            _ => 1,
        };
        assert_eq!(vendor.asked() - before.1, requests, "{path}");
    }
    assert_eq!(granted.load(Ordering::Relaxed), 2);
    // The vendor's time applies to later calls for the account.
    let request = Request::get("/v1/good").body(Bytes::new()).unwrap();
    let error = sessions.send_classified(&credential, request, seconds(9));
    let throttled = ConnectorError::Throttled(Some(60));
    assert_eq!(error.await.unwrap_err(), CallError::from(throttled).into());
}

#[tokio::test(start_paused = true)]
async fn a_classified_call_does_not_wait_for_a_throttled_token_request() {
    let vendor = Answers::new(|_, _| Reply::empty(429).header("retry-after", "3"));
    let sessions = sessions(&vendor).await;
    let credential = Credential::new("hotjar", HOTJAR);
    let request = Request::get("/v1/things").body(Bytes::new()).unwrap();
    let before = Instant::now();
    let error = sessions.send_classified(&credential, request, seconds(9));
    let throttled = ConnectorError::Throttled(Some(3));
    assert_eq!(error.await.unwrap_err(), CallError::from(throttled).into());
    assert!(before.elapsed() < seconds(1));
}
