//! What each example vendor sends: its token request, an authorized call, and the refresh.

use std::time::Duration;

use connector_host::Verdict;
use host_test::script::{Asked, Reply};
use http::Request;
use ring::{digest, hmac};
use serde_json::json;

use crate::harness::{Example, get, header, now, refusal};

#[tokio::test(start_paused = true)]
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

    let revoked = Verdict::Refresh(refusal(401, None));
    assert_eq!(beacon.verdict(401, "").await, revoked);
}

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
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

    assert_eq!(
        quarry.verdict(401, "").await,
        Verdict::Refresh(refusal(401, None))
    );
    assert_eq!(quarry.verdict(503, "").await, Verdict::Unavailable(None));
}

#[tokio::test(start_paused = true)]
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

    let other = token("s;3").to_string().replace("123e", "999e");
    let error = tidal.failure(&credential, Reply::text(200, &other)).await;
    assert_eq!(error.kind(), "invalid-response", "another account");
    let ended = Verdict::Refresh(refusal(200, Some("E4010")));
    assert_eq!(
        tidal.verdict(200, r#"{"error":{"code":"E4010"}}"#).await,
        ended
    );
}
