//! The five vendors in `crates/connector-guest/examples`, as components in the host: each signs in,
//! authorizes a call, refreshes, and reports its errors. Native tests of their steps are beside
//! them.

use std::env;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use connector_host::{
    CallError, Clock, Connector, ConnectorError, Credential, MemorySessionStore, Refusal, Session,
    Sessions, Verdict,
};
use host_test::network::Network;
use host_test::script::{Asked, Reply};
use http::{HeaderMap, Request};
use ring::{digest, hmac};
use serde_json::{Value, json};
use xtask::Component;
use xtask::component::shared_dir;

leak_check::capture!();

const PATIENCE: Duration = Duration::from_secs(30);

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

struct Still;

impl Clock for Still {
    fn now(&self) -> SystemTime {
        now()
    }
}

/// An example as a component, and its network.
struct Example {
    connector: Connector,
    network: Network,
    vendor: String,
}

impl Example {
    async fn load(example: &str) -> Self {
        let target_dir = shared_dir(&env::current_exe().unwrap());
        let component = xtask::build(&Component {
            package: "connector-guest",
            example: Some(example),
            target_dir: &target_dir,
        });
        let network = Network::default();
        let connector = Connector::builder(Arc::new(network.clone()))
            .clock(Arc::new(Still))
            .load_file(&component.unwrap())
            .await
            .unwrap();
        let [vendor] = connector.vendors() else {
            panic!("one vendor");
        };
        Self {
            vendor: vendor.id.clone(),
            network,
            connector,
        }
    }

    /// Opens a session with this reply to the token request, if there is one, and returns the
    /// request.
    async fn sign_in(&self, credential: &Value, reply: Value) -> (Session, Option<Asked>) {
        self.network.answer(Reply::json(200, reply));
        let credential = credential.to_string();
        let opened = self.connector.authenticate(&self.vendor, &credential);
        (opened.await.unwrap(), self.asked())
    }

    async fn refresh(
        &self,
        credential: &Value,
        current: &Session,
        reply: Value,
    ) -> (Session, Option<Asked>) {
        self.network.answer(Reply::json(200, reply));
        let credential = credential.to_string();
        let replaced = self.connector.refresh(&self.vendor, &credential, current);
        (replaced.await.unwrap(), self.asked())
    }

    /// How signing in fails after this reply to the token request.
    async fn failure(&self, credential: &Value, status: u16, body: &str) -> ConnectorError {
        self.network.answer(Reply::text(status, body));
        let credential = credential.to_string();
        let opened = self.connector.authenticate(&self.vendor, &credential);
        match opened.await.unwrap_err() {
            CallError::Connector(error) => error,
            error => panic!("{error}"),
        }
    }

    /// Makes an API call, and returns the request as the vendor gets it.
    async fn call(&self, session: &Session, request: Request<Bytes>) -> Asked {
        self.network.answer(Reply::empty(204));
        let sent = self.connector.send(&self.vendor, session, request);
        assert_eq!(sent.await.unwrap().status(), 204);
        self.asked().unwrap()
    }

    /// The latest request; there is at most one.
    fn asked(&self) -> Option<Asked> {
        let mut asked = self.network.take_asked();
        assert!(asked.len() <= 1, "{asked:?}");
        asked.pop()
    }

    async fn verdict(&self, status: u16, body: &str) -> Verdict {
        let response = connector_host::ApiResponse {
            status,
            headers: Vec::new(),
            body: body.into(),
        };
        let verdict = self.connector.classify(&self.vendor, &response).await;
        verdict.unwrap()
    }
}

fn get(path: &str) -> Request<Bytes> {
    Request::get(path).body(Bytes::new()).unwrap()
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let value = headers.get(name).unwrap_or_else(|| panic!("no {name}"));
    value.to_str().unwrap()
}

fn refusal(status: u16, code: Option<&str>) -> Refusal {
    Refusal {
        status,
        code: code.map(Into::into),
        confirmed: code.is_some(),
    }
}

#[tokio::test]
async fn an_api_key_goes_into_a_header_and_needs_no_token_request() {
    let beacon = Example::load("api_key").await;
    let credential = json!({"api_key": " bk_hush-0001\n"});
    let (session, asked) = beacon.sign_in(&credential, json!({})).await;
    assert!(asked.is_none());
    assert_eq!((session.expires_at, session.refresh_after), (None, None));

    let asked = beacon.call(&session, get("/v1/things?limit=1")).await;
    assert_eq!(asked.url, "https://api.beacon.example/v1/things?limit=1");
    assert_eq!(header(&asked.headers, "x-api-key"), "bk_hush-0001");
    assert!(!asked.headers.contains_key("authorization"));

    let edited = json!({"api_key": "bk_hush-0002"});
    let (session, asked) = beacon.refresh(&edited, &session, json!({})).await;
    assert!(asked.is_none());
    let asked = beacon.call(&session, get("/v1/things")).await;
    assert_eq!(header(&asked.headers, "x-api-key"), "bk_hush-0002");

    let holder = json!({"name": "Acme", "key_expires_at": "2023-11-15T22:13:20Z"});
    beacon.network.answer(Reply::json(200, holder));
    let edited = edited.to_string();
    let access = beacon
        .connector
        .inspect_all("beacon", &edited, Some(&session));
    let access = access.await.unwrap();
    assert_eq!(access.identity.as_deref(), Some("Acme"));
    let end = Some(now() + Duration::from_hours(24));
    assert_eq!(access.credential_expires_at, end);
    let asked = beacon.asked().unwrap();
    assert_eq!(header(&asked.headers, "x-api-key"), "bk_hush-0002");

    let error = beacon
        .failure(&json!({"api_key": "bk hush"}), 200, "")
        .await;
    assert_eq!(error.kind(), "invalid-credential");
    let revoked = Verdict::Refresh(refusal(401, None));
    assert_eq!(beacon.verdict(401, "").await, revoked);
}

#[tokio::test]
async fn http_basic_goes_to_the_host_of_the_tenant_and_to_no_other() {
    let harbour = Example::load("basic_auth").await;
    let credential = json!({
        "tenant": "Acme", "client_id": "id-0001", "client_secret": "hu:sh-0001",
        "scopes": ["ships.read"],
    });
    let token =
        |name: &str| json!({"access_token": name, "token_type": "Bearer", "expires_in": 7200});
    let (session, asked) = harbour.sign_in(&credential, token("t1")).await;
    let asked = asked.unwrap();
    assert_eq!(asked.url, "https://acme.harbour.example/oauth2/token");
    // The pair id-0001 and hu%3Ash-0001, as RFC 6749 §2.3.1 encodes it.
    let basic = "Basic aWQtMDAwMTpodSUzQXNoLTAwMDE=";
    assert_eq!(header(&asked.headers, "authorization"), basic);
    assert_eq!(session.base_url, "https://acme.harbour.example/api");
    assert_eq!(session.expires_at, Some(now() + Duration::from_hours(2)));

    let asked = harbour.call(&session, get("/v2/ships?limit=1")).await;
    assert_eq!(
        asked.url,
        "https://acme.harbour.example/api/v2/ships?limit=1"
    );
    assert_eq!(header(&asked.headers, "authorization"), "Bearer t1");
    let (session, _) = harbour.refresh(&credential, &session, token("t2")).await;
    let asked = harbour.call(&session, get("/v2/ships")).await;
    assert_eq!(header(&asked.headers, "authorization"), "Bearer t2");

    let mut foreign = session.clone();
    foreign.base_url = "https://other.harbour.example/api".to_owned();
    let denied = harbour
        .connector
        .send("harbour", &foreign, get("/v2/ships"))
        .await;
    assert_eq!(denied.unwrap_err().kind(), "denied");
    assert!(harbour.asked().is_none(), "another tenant's host");

    let rejected = ConnectorError::Rejected(refusal(401, Some("invalid_client")));
    let error = harbour.failure(&credential, 401, r#"{"error":"invalid_client"}"#);
    assert_eq!(error.await, rejected);
    let forbidden = ConnectorError::Forbidden(refusal(400, Some("invalid_scope")));
    let error = harbour.failure(&credential, 400, r#"{"error":"invalid_scope"}"#);
    assert_eq!(error.await, forbidden);
    let ended = Verdict::Refresh(refusal(401, Some("invalid_token")));
    assert_eq!(
        harbour.verdict(401, r#"{"error":"invalid_token"}"#).await,
        ended
    );
}

/// The signature that the vendor computes for a request.
fn signature(secret: &str, asked: &Asked) -> String {
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
    };
    let message = [
        asked.method.as_str(),
        &asked.url.to_string(),
        header(&asked.headers, "x-quarry-time"),
        header(&asked.headers, "x-quarry-nonce"),
        &hex(digest::digest(&digest::SHA256, &asked.body).as_ref()),
    ];
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    hex(hmac::sign(&key, message.join("\n").as_bytes()).as_ref())
}

#[tokio::test]
async fn a_signature_covers_method_url_time_nonce_and_body_of_every_call() {
    let quarry = Example::load("hmac").await;
    let credential = json!({"key_id": "k1", "secret": "hush-0001"});
    let (session, asked) = quarry.sign_in(&credential, json!({})).await;
    assert!(asked.is_none());

    let request = Request::post("/v1/stones?heavy=1").body(r#"{"size": 3}"#.into());
    let first = quarry.call(&session, request.unwrap()).await;
    let request = Request::post("/v1/stones?heavy=1").body(r#"{"size": 3}"#.into());
    let second = quarry.call(&session, request.unwrap()).await;
    for asked in [&first, &second] {
        assert_eq!(asked.url, "https://api.quarry.example/v1/stones?heavy=1");
        assert_eq!(header(&asked.headers, "x-quarry-key"), "k1");
        assert_eq!(header(&asked.headers, "x-quarry-time"), "1700000000");
        let expected = signature("hush-0001", asked);
        assert_eq!(header(&asked.headers, "x-quarry-signature"), expected);
    }
    let nonce = |asked: &Asked| header(&asked.headers, "x-quarry-nonce").to_owned();
    assert_ne!(nonce(&first), nonce(&second));

    let edited = json!({"key_id": "k2", "secret": "hush-0002"});
    let (session, asked) = quarry.refresh(&edited, &session, json!({})).await;
    assert!(asked.is_none());
    let asked = quarry.call(&session, get("/v1/stones")).await;
    assert_eq!(header(&asked.headers, "x-quarry-key"), "k2");
    let expected = signature("hush-0002", &asked);
    assert_eq!(header(&asked.headers, "x-quarry-signature"), expected);

    let error = quarry.failure(&json!({"key_id": "k1"}), 200, "").await;
    assert_eq!(error.kind(), "invalid-credential");
    assert_eq!(
        quarry.verdict(401, "").await,
        Verdict::Refresh(refusal(401, None))
    );
    assert_eq!(quarry.verdict(503, "").await, Verdict::Unavailable(None));
}

#[tokio::test]
async fn a_get_brings_a_token_for_one_account_until_a_date() {
    const ACCOUNT: &str = "123e4567-e89b-12d3-a456-426614174000";
    let tidal = Example::load("query_token").await;
    let credential = json!({"account": ACCOUNT, "station_key": "hu sh-0001"});
    let end = "2023-11-15T00:13:20Z";
    let token = |name: &str| json!({"session": name, "account": ACCOUNT, "expires_at": end});
    let (session, asked) = tidal.sign_in(&credential, token("s;1")).await;
    let asked = asked.unwrap();
    let url =
        format!("https://api.tidal.example/session?account={ACCOUNT}&key=hu+sh-0001&minutes=60");
    assert_eq!((asked.method.as_str(), asked.url.to_string()), ("GET", url));
    assert_eq!(session.account.as_deref(), Some(ACCOUNT));
    assert_eq!(session.expires_at, Some(now() + Duration::from_hours(2)));

    let asked = tidal.call(&session, get("/levels")).await;
    assert_eq!(header(&asked.headers, "x-session"), "s;1");
    let mut edited = credential.clone();
    edited["sandbox"] = true.into();
    let (session, _) = tidal.refresh(&edited, &session, token("s;2")).await;
    let asked = tidal.call(&session, get("/levels")).await;
    assert_eq!(asked.url, "https://api.sandbox.tidal.example/levels");
    assert_eq!(header(&asked.headers, "x-session"), "s;2");

    let rejected = ConnectorError::Rejected(refusal(400, Some("E4011")));
    let error = tidal.failure(&credential, 400, r#"{"error":{"code":"E4011"}}"#);
    assert_eq!(error.await, rejected);
    let error = tidal.failure(&credential, 400, r#"{"error":"E4290"}"#);
    assert_eq!(error.await, ConnectorError::Throttled(None));
    let other = token("s;3").to_string().replace("123e", "999e");
    let error = tidal.failure(&credential, 200, &other).await;
    assert_eq!(error.kind(), "invalid-response");
    let ended = Verdict::Refresh(refusal(200, Some("E4010")));
    assert_eq!(
        tidal.verdict(200, r#"{"error":{"code":"E4010"}}"#).await,
        ended
    );
}

#[tokio::test]
async fn a_refresh_token_that_rotates_outlives_its_sessions_and_its_process() {
    let orchard = Example::load("refresh_token").await;
    let token = |access: &str, refresh: &str| {
        let reply =
            json!({"access_token": access, "token_type": "bearer", "refresh_token": refresh});
        Reply::json(200, reply)
    };
    // The refresh token of the only request.
    let spent = || {
        let asked = orchard.asked().expect("one request");
        assert_eq!(asked.url, "https://login.orchard.example/token");
        let mut form = form_urlencoded::parse(&asked.body).into_owned();
        form.find(|(name, _)| name == "refresh_token").unwrap().1
    };
    let pasted = json!({"refresh_token": "pasted-0001"}).to_string();
    let credential = Credential::new("orchard", &pasted).with_id("row-1");
    let store = Arc::new(MemorySessionStore::default());
    let started = || Sessions::with_store(orchard.connector.clone(), store.clone()).unwrap();

    let sessions = started();
    orchard.network.answer(token("t1", "second-0002"));
    sessions.session(&credential).await.unwrap();
    assert_eq!(spent(), "pasted-0001");
    orchard.network.answer(Reply::empty(204));
    let answered = sessions.send(&credential, get("/trees"), PATIENCE);
    assert_eq!(answered.await.unwrap().status(), 204);
    let asked = orchard.asked().unwrap();
    assert_eq!(header(&asked.headers, "authorization"), "Bearer t1");
    drop(sessions);

    // Another process, which has to replace the session at once.
    let sessions = started();
    sessions.invalidate(&credential).await;
    orchard.network.answer(token("t2", "third-0003"));
    sessions.session(&credential).await.unwrap();
    assert_eq!(spent(), "second-0002", "the pasted token was spent before");

    // A person pastes another one.
    let replaced = json!({"refresh_token": "pasted-0009"}).to_string();
    let edited = Credential::new("orchard", &replaced).with_id("row-1");
    orchard.network.answer(token("t3", "tenth-0010"));
    let session = sessions.session(&edited).await.unwrap();
    assert_eq!(session.access_token.expose(), "t3");
    assert_eq!(spent(), "pasted-0009");

    let spent_token = r#"{"error":"invalid_grant"}"#;
    let error = orchard
        .failure(&json!({"refresh_token": "x"}), 400, spent_token)
        .await;
    let rejected = ConnectorError::Rejected(refusal(400, Some("invalid_grant")));
    assert_eq!(error, rejected);
    let ended = Verdict::Refresh(refusal(401, Some("invalid_token")));
    assert_eq!(
        orchard.verdict(401, r#"{"error":"invalid_token"}"#).await,
        ended
    );
}

#[tokio::test]
async fn a_refresh_token_that_rotates_is_not_spent_without_a_durable_store() {
    let orchard = Example::load("refresh_token").await;
    let sessions = Sessions::new(orchard.connector.clone()).unwrap();
    let pasted = json!({"refresh_token": "pasted-0001"}).to_string();
    let credential = Credential::new("orchard", &pasted).with_id("row-1");
    orchard.network.answer(Reply::empty(200));
    let error = sessions.session(&credential).await.unwrap_err();
    assert_eq!(error.kind(), "no-store");
    assert!(orchard.asked().is_none());
}
