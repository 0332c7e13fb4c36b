//! The refresh token of Orchard, which each token request replaces: the store keeps it, and nothing
//! that may have been sent is repeated.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use connector_host::{
    ApiError, CallError, CertificateError, Connector, Credential, MemorySessionStore, ResponseBody,
    Secret, SessionStore, Sessions, StoreError, StoreKey, TransportError,
};
use futures::FutureExt as _;
use futures::future::{BoxFuture, ready};
use host_test::answers::Answers;
use host_test::script::Reply;
use http::header::AUTHORIZATION;
use http::{Request, Response};
use serde_json::json;
use tokio::time::{advance, sleep};

use crate::harness::{get, load};

const PASTED: &str = r#"{"refresh_token": "rt;pasted"}"#;
/// The same token in a document that was edited.
const EDITED: &str = r#"{ "refresh_token": "rt;pasted" }"#;
const REPLACED: &str = r#"{"refresh_token": "rt;other"}"#;
const PATIENCE: Duration = Duration::from_secs(30);

/// Orchard, with a store that survives restarts.
struct Orchard {
    connector: Connector,
    store: Arc<Store>,
    script: Arc<Mutex<Script>>,
}

/// The current replies, and the events so far.
#[derive(Default)]
struct Script {
    /// In place of the next token.
    token: Option<Reply>,
    tokens: u32,
    /// "spend TOKEN" for a token request, "save" for a session, "call TOKEN" for an API call.
    events: Vec<String>,
}

/// A store in memory that records its saves, and fails while its disk is full.
struct Store {
    memory: MemorySessionStore,
    is_full: AtomicBool,
    script: Arc<Mutex<Script>>,
}

impl Orchard {
    async fn load() -> Self {
        let script = Arc::<Mutex<Script>>::default();
        let scripted = Arc::clone(&script);
        let network = Answers::new(move |request, _| scripted.lock().unwrap().answer(request));
        Self {
            connector: load("refresh_token", network).await,
            store: Arc::new(Store::new(&script)),
            script,
        }
    }

    /// The sessions of a process that starts now.
    fn started(&self) -> Sessions {
        let store = Arc::clone(&self.store) as Arc<dyn SessionStore>;
        Sessions::with_store(self.connector.clone(), store).unwrap()
    }

    /// Starts the next case, with an empty store and a vendor that grants every request.
    fn restart(&mut self) {
        *self.script.lock().unwrap() = Script::default();
        self.store = Arc::new(Store::new(&self.script));
    }

    /// Replies to token requests like this, or with the next token.
    fn token(&self, reply: impl Into<Option<Reply>>) {
        self.script.lock().unwrap().token = reply.into();
    }

    /// The events since the last look.
    fn events(&self) -> Vec<String> {
        std::mem::take(&mut self.script.lock().unwrap().events)
    }
}

impl Script {
    fn answer(&mut self, request: &Request<Bytes>) -> Reply {
        if request.uri().host() != Some("login.orchard.example") {
            let token = request.headers()[AUTHORIZATION].to_str().unwrap();
            self.events.push(token.replace("Bearer", "call"));
            return Reply::empty(204);
        }
        let mut form = form_urlencoded::parse(request.body()).into_owned();
        let spent = form.find(|(name, _)| name == "refresh_token").unwrap().1;
        self.events.push(format!("spend {spent}"));
        if let Some(reply) = &self.token {
            return reply.clone();
        }
        self.tokens += 1;
        let number = self.tokens;
        let token = json!({
            "access_token": format!("tok.en-{number}"), "token_type": "bearer",
            "expires_in": 3600, "refresh_token": format!("rt;{number}"),
        });
        Reply::json(200, token)
    }
}

impl Store {
    fn new(script: &Arc<Mutex<Script>>) -> Self {
        Self {
            memory: MemorySessionStore::new(),
            is_full: AtomicBool::new(false),
            script: Arc::clone(script),
        }
    }
}

impl SessionStore for Store {
    fn load(&self, key: &StoreKey) -> BoxFuture<'_, Result<Option<Secret>, StoreError>> {
        self.memory.load(key)
    }

    fn save(&self, key: &StoreKey, session: &Secret) -> BoxFuture<'_, Result<(), StoreError>> {
        if self.is_full.load(Ordering::Relaxed) {
            return ready(Err(StoreError::new("the disk is full"))).boxed();
        }
        self.script.lock().unwrap().events.push("save".to_owned());
        self.memory.save(key, session)
    }

    fn remove(&self, key: &StoreKey) -> BoxFuture<'_, Result<(), StoreError>> {
        self.memory.remove(key)
    }
}

/// Gets a session, and returns its token.
async fn session(sessions: &Sessions, document: &str) -> Result<String, CallError> {
    let credential = Credential::new("orchard", document).with_id("row-1");
    let session = sessions.session(&credential).await?;
    Ok(session.access_token.expose().to_owned())
}

async fn call(sessions: &Sessions) -> Result<Response<ResponseBody>, ApiError> {
    let credential = Credential::new("orchard", PASTED).with_id("row-1");
    sessions.send(&credential, get("/trees"), PATIENCE).await
}

#[tokio::test(start_paused = true)]
async fn without_a_durable_store_or_an_id_the_token_is_not_spent() {
    let orchard = Orchard::load().await;
    let without_store = Sessions::new(orchard.connector.clone()).unwrap();
    let credential = Credential::new("orchard", PASTED);
    for (sessions, credential) in [
        (&without_store, credential.with_id("row-1")),
        (&orchard.started(), credential),
    ] {
        let error = sessions.session(&credential).await.unwrap_err();
        assert_eq!(error.kind(), "no-store");
    }
    assert!(orchard.events().is_empty());
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_the_stored_state_is_refreshed_also_for_an_edited_document() {
    let orchard = Orchard::load().await;
    let sessions = orchard.started();
    session(&sessions, PASTED).await.unwrap();
    assert_eq!(orchard.events(), ["spend rt;pasted", "save"]);

    // While the stored session is alive, nothing is requested.
    let sessions = orchard.started();
    assert_eq!(session(&sessions, PASTED).await.unwrap(), "tok.en-1");
    assert!(orchard.events().is_empty());

    advance(Duration::from_hours(1)).await;
    let sessions = orchard.started();
    session(&sessions, PASTED).await.unwrap();
    assert_eq!(orchard.events(), ["spend rt;1", "save"]);

    session(&sessions, EDITED).await.unwrap();
    assert_eq!(orchard.events(), ["spend rt;2", "save"]);
    let sessions = orchard.started();
    session(&sessions, PASTED).await.unwrap();
    assert_eq!(orchard.events(), ["spend rt;3", "save"]);

    // A person pastes another token, which goes before the state.
    session(&sessions, REPLACED).await.unwrap();
    assert_eq!(orchard.events(), ["spend rt;other", "save"]);
    advance(Duration::from_hours(1)).await;
    session(&orchard.started(), REPLACED).await.unwrap();
    assert_eq!(orchard.events(), ["spend rt;5", "save"]);
}

#[tokio::test(start_paused = true)]
async fn a_state_is_saved_before_its_session_is_used() {
    let orchard = Orchard::load().await;
    let sessions = orchard.started();
    assert_eq!(call(&sessions).await.unwrap().status(), 204);
    let expected = ["spend rt;pasted", "save", "call tok.en-1"];
    assert_eq!(orchard.events(), expected);

    advance(Duration::from_hours(1)).await;
    orchard.store.is_full.store(true, Ordering::Relaxed);
    assert_eq!(call(&sessions).await.unwrap_err().kind(), "store");
    assert_eq!(orchard.events(), ["spend rt;1"]);
    // Later only the saving is repeated.
    for _ in 0..3 {
        advance(Duration::from_mins(1)).await;
        assert_eq!(call(&sessions).await.unwrap_err().kind(), "store");
    }
    assert!(orchard.events().is_empty());
    orchard.store.is_full.store(false, Ordering::Relaxed);
    advance(Duration::from_mins(1)).await;
    assert_eq!(call(&sessions).await.unwrap().status(), 204);
    assert_eq!(orchard.events(), ["save", "call tok.en-2"]);
}

#[tokio::test(start_paused = true)]
async fn a_token_request_that_may_have_been_sent_is_not_repeated() {
    let mut orchard = Orchard::load().await;
    let token = r#"{"access_token":"tok.en","token_type":"bearer","refresh_token":"rt;lost"}"#;
    for lost in [
        Reply::fail(TransportError::Timeout),
        Reply::fail(TransportError::CutOff),
        Reply::fail(TransportError::Protocol),
        Reply::text(200, token).cut_after(40),
        Reply::text(200, "<html>Welcome</html>"),
        Reply::text(200, "{}"),
    ] {
        orchard.restart();
        let sessions = orchard.started();
        session(&sessions, PASTED).await.unwrap();
        orchard.events();
        orchard.token(lost);
        advance(Duration::from_mins(50)).await;
        // Due: the old session is used while its replacement fails.
        session(&sessions, PASTED).await.unwrap();
        sleep(Duration::from_secs(1)).await;
        assert_eq!(orchard.events(), ["spend rt;1"]);
        orchard.token(None);
        for _ in 0..8 {
            assert_eq!(session(&sessions, PASTED).await.unwrap(), "tok.en-1");
            advance(Duration::from_mins(1)).await;
        }
        advance(Duration::from_mins(2)).await;
        for _ in 0..20 {
            let error = session(&sessions, PASTED).await.unwrap_err();
            assert!(["unreachable", "invalid-response"].contains(&error.kind()));
            advance(Duration::from_hours(1)).await;
        }
        assert!(orchard.events().is_empty());

        // A person asks for another attempt.
        let credential = Credential::new("orchard", PASTED).with_id("row-1");
        sessions.invalidate(&credential).await;
        session(&sessions, PASTED).await.unwrap();
        assert_eq!(orchard.events(), ["spend rt;1", "save"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_request_that_was_not_sent_or_was_answered_is_repeated() {
    let mut orchard = Orchard::load().await;
    for failure in [
        Reply::fail(TransportError::Dns),
        Reply::fail(TransportError::Connect),
        Reply::fail(TransportError::Tls),
        Reply::fail(TransportError::TlsCertificate(CertificateError::Expired)),
        Reply::empty(503),
        Reply::empty(429),
    ] {
        orchard.restart();
        let sessions = orchard.started();
        orchard.token(failure);
        session(&sessions, PASTED).await.unwrap_err();
        orchard.token(None);
        advance(Duration::from_secs(2)).await;
        session(&sessions, PASTED).await.unwrap();
        let expected = ["spend rt;pasted", "spend rt;pasted", "save"];
        assert_eq!(orchard.events(), expected);
    }
}
