//! Sessions of a vendor whose token requests or API calls are refused: which refusals end a
//! session, and when the vendor is asked again.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use connector_host::{
    ApiError, CallError, ConnectorError, Credential, ResponseBody, Session, Sessions,
};
use host_test::answers::Answers;
use host_test::script::Reply;
use http::header::AUTHORIZATION;
use http::{Request, Response};
use serde_json::json;
use tokio::time::{Instant, advance, sleep};

use crate::harness::{get, load, refusal, unconfirmed};

const DOCUMENT: &str = r#"{"tenant":"acme","client_id":"id-0001","client_secret":"hush-0001",
    "scopes":["ships.read"]}"#;
const PATIENCE: Duration = Duration::from_secs(30);

/// The life of a token.
const LIFE: Duration = Duration::from_hours(2);
/// The age at which it is due for renewal.
const DUE: Duration = Duration::from_mins(105);

/// Harbour with scripted replies.
struct Harbour {
    sessions: Sessions,
    script: Arc<Mutex<Script>>,
}

/// The current replies, and the requests so far.
#[derive(Default)]
struct Script {
    /// In place of the next token.
    token: Option<Reply>,
    /// In place of 204.
    api: Option<Reply>,
    /// When each token request was made.
    token_requests: Vec<Instant>,
    /// The access token of each API call.
    calls: Vec<String>,
}

impl Harbour {
    async fn load() -> Self {
        let script = Arc::new(Mutex::new(Script::default()));
        let scripted = Arc::clone(&script);
        let network = Answers::new(move |request, _| scripted.lock().unwrap().answer(request));
        let connector = load("basic_auth", network).await;
        Self {
            sessions: Sessions::new(connector).unwrap(),
            script,
        }
    }

    /// Starts the next case: without a session, and with a vendor that grants every request.
    fn restart(&mut self) {
        self.sessions = Sessions::new(self.sessions.connector().clone()).unwrap();
        *self.script.lock().unwrap() = Script::default();
    }

    /// Replies to token requests like this, or with the next token.
    fn token(&self, reply: impl Into<Option<Reply>>) {
        self.script.lock().unwrap().token = reply.into();
    }

    /// Replies to API calls like this, or with 204.
    fn api(&self, reply: impl Into<Option<Reply>>) {
        self.script.lock().unwrap().api = reply.into();
    }

    fn token_requests(&self) -> Vec<Instant> {
        self.script.lock().unwrap().token_requests.clone()
    }

    fn calls(&self) -> Vec<String> {
        self.script.lock().unwrap().calls.clone()
    }

    async fn session(&self) -> Result<String, CallError> {
        let credential = Credential::new("harbour", DOCUMENT);
        let session = self.sessions.session(&credential).await?;
        Ok(shown(&session).to_owned())
    }

    async fn call(&self) -> Result<Response<ResponseBody>, ApiError> {
        let credential = Credential::new("harbour", DOCUMENT);
        self.sessions
            .send(&credential, get("/ships"), PATIENCE)
            .await
    }
}

impl Script {
    fn answer(&mut self, request: &Request<Bytes>) -> Reply {
        if request.uri().path() != "/oauth2/token" {
            let token = request.headers()[AUTHORIZATION].to_str().unwrap();
            self.calls.push(token.replace("Bearer ", ""));
            return self.api.clone().unwrap_or(Reply::empty(204));
        }
        let number = self.token_requests.len();
        self.token_requests.push(Instant::now());
        let token = json!({
            "access_token": format!("tok.en-{number}"), "token_type": "bearer",
            "expires_in": LIFE.as_secs(),
        });
        self.token.clone().unwrap_or(Reply::json(200, token))
    }
}

fn shown(session: &Session) -> &str {
    session.access_token.expose()
}

/// An error of the contract, as `send` returns it.
fn failed(error: ConnectorError) -> ApiError {
    CallError::from(error).into()
}

#[tokio::test(start_paused = true)]
async fn a_live_session_outlasts_unconfirmed_refusals_with_pauses_that_double() {
    let mut harbour = Harbour::load().await;
    for reply in unconfirmed() {
        harbour.restart();
        let expiry = Instant::now() + LIFE;
        harbour.session().await.unwrap();
        harbour.token(reply);
        advance(DUE).await;
        while Instant::now() < expiry {
            assert_eq!(harbour.session().await.unwrap(), "tok.en-0");
            sleep(Duration::from_millis(100)).await;
        }
        let times = harbour.token_requests();
        let pauses: Vec<_> = times[1..]
            .windows(2)
            .map(|pair| pair[1] - pair[0])
            .collect();
        // 1 + 2 + … + 256 s, or with jitter 2 + 4 + … + 256 s, fit into a quarter of an hour.
        assert!((8..=9).contains(&pauses.len()), "{pauses:?}");
        for (step, pause) in pauses.iter().enumerate() {
            let least = Duration::from_secs(1 << step);
            let most = least * 2 + Duration::from_millis(200);
            assert!((least..most).contains(pause), "{step}: {pauses:?}");
        }

        // The session has expired, so callers get the refusal until the vendor is back.
        let error = harbour.session().await.unwrap_err();
        assert!(["rejected", "forbidden"].contains(&error.kind()), "{error}");
        harbour.token(None);
        advance(Duration::from_hours(1)).await;
        assert_ne!(harbour.session().await.unwrap(), "tok.en-0");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_live_session_the_first_refusal_is_reported() {
    let mut harbour = Harbour::load().await;
    for reply in unconfirmed() {
        harbour.restart();
        harbour.token(reply);
        let error = harbour.session().await.unwrap_err();
        let CallError::Connector(
            ConnectorError::Rejected(refusal) | ConnectorError::Forbidden(refusal),
        ) = &error
        else {
            panic!("{error}")
        };
        assert!(!refusal.confirmed);
        for _ in 0..10 {
            assert_eq!(harbour.session().await.unwrap_err(), error);
        }
        assert_eq!(harbour.token_requests().len(), 1, "none within the pause");
        harbour.token(None);
        advance(Duration::from_secs(2)).await;
        assert_eq!(harbour.session().await.unwrap(), "tok.en-1");
    }
}

#[tokio::test(start_paused = true)]
async fn a_confirmed_refusal_ends_the_session_and_is_not_repeated() {
    let mut harbour = Harbour::load().await;
    for (status, code, kind) in [
        (401, "invalid_client", "rejected"),
        (403, "invalid_client", "rejected"),
        (400, "invalid_scope", "forbidden"),
    ] {
        harbour.restart();
        harbour.session().await.unwrap();
        harbour.token(Reply::json(status, json!({"error": code})));
        advance(DUE).await;
        // Starts the request, which ends behind the caller.
        harbour.session().await.unwrap();
        sleep(Duration::from_secs(1)).await;
        harbour.token(None);
        for _ in 0..20 {
            assert_eq!(harbour.session().await.unwrap_err().kind(), kind);
            advance(Duration::from_hours(1)).await;
        }
        assert_eq!(harbour.token_requests().len(), 2);
        let credential = Credential::new("harbour", DOCUMENT);
        harbour.sessions.invalidate(&credential).await;
        assert_eq!(harbour.session().await.unwrap(), "tok.en-2");
    }
}

/// Unconfirmed refusals of an API call that may mean that the session has ended.
fn unconfirmed_verdicts() -> [Reply; 3] {
    [
        Reply::empty(401),
        Reply::text(401, "<html>Sign in to the guest network</html>"),
        Reply::json(401, json!({"error": "no_tulips_today"})),
    ]
}

#[tokio::test(start_paused = true)]
async fn after_an_unconfirmed_refresh_verdict_the_session_is_kept_until_there_is_a_new_one() {
    let mut harbour = Harbour::load().await;
    for verdict in unconfirmed_verdicts() {
        for reply in unconfirmed() {
            harbour.restart();
            harbour.call().await.unwrap();
            harbour.api(verdict.clone());
            harbour.token(reply);
            let rejected = failed(ConnectorError::Rejected(refusal(401, None)));
            assert_eq!(harbour.call().await.unwrap_err(), rejected);
            assert_eq!(harbour.token_requests().len(), 2);

            harbour.api(None);
            harbour.call().await.unwrap();
            assert_eq!(harbour.calls(), ["tok.en-0"; 3], "the old session");
            // Behind the next caller, after the pause, there is a new session.
            harbour.token(None);
            advance(Duration::from_secs(2)).await;
            harbour.call().await.unwrap();
            sleep(Duration::from_secs(1)).await;
            harbour.call().await.unwrap();
            assert_eq!(harbour.calls()[3..], ["tok.en-0", "tok.en-2"]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn after_an_unconfirmed_refresh_verdict_the_call_is_repeated_with_a_new_session() {
    let mut harbour = Harbour::load().await;
    for verdict in unconfirmed_verdicts() {
        harbour.restart();
        harbour.call().await.unwrap();
        harbour.api(verdict);
        let rejected = failed(ConnectorError::Rejected(refusal(401, None)));
        assert_eq!(harbour.call().await.unwrap_err(), rejected);
        assert_eq!(harbour.calls(), ["tok.en-0", "tok.en-0", "tok.en-1"]);
        assert_eq!(harbour.session().await.unwrap(), "tok.en-1");
        assert_eq!(harbour.token_requests().len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_confirmed_refresh_verdict_ends_the_session_at_once() {
    let harbour = Harbour::load().await;
    harbour.call().await.unwrap();
    harbour.api(Reply::json(401, json!({"error": "invalid_token"})));
    harbour.token(Reply::empty(503));
    let unavailable = failed(ConnectorError::Unavailable(None));
    assert_eq!(harbour.call().await.unwrap_err(), unavailable);
    harbour.api(Reply::empty(204));
    let error = harbour.call().await.unwrap_err();
    assert_eq!(error.kind(), "unavailable", "the old session is not used");
    harbour.token(None);
    advance(Duration::from_secs(2)).await;
    harbour.call().await.unwrap();
    assert_eq!(harbour.calls(), ["tok.en-0", "tok.en-0", "tok.en-2"]);
}
