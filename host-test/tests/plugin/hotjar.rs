//! Hotjar as documented: its requests, and the reading of its responses.

use std::time::Duration;

use connector_host::{ConnectorError, Verdict};
use host_test::script::{Expect, Reply};
use serde_json::{Value, json};

use super::common::{failure, head, refusal, response, scripted};

const TOKEN_URL: &str = "https://api.hotjar.io/v1/oauth/token";
const CREDENTIAL: &str = r#"{"client_id":"hj-id-0001","client_secret":"a;b?c&d=e+f%g h"}"#;

#[tokio::test]
async fn requests_a_token_with_a_form_of_exactly_three_parameters() {
    let (connector, script) = scripted().await;
    let exchange = Expect::post(TOKEN_URL)
        .header("content-type", "application/x-www-form-urlencoded")
        .no_header("authorization")
        .form([
            ("grant_type", "client_credentials"),
            ("client_id", "hj-id-0001"),
            ("client_secret", "a;b?c&d=e+f%g h"),
        ]);
    let token = json!({"access_token": "hj-token-1", "token_type": "Bearer", "expires_in": 3600});
    script.expect(exchange).reply(Reply::json(200, token));
    let session = connector.authenticate("hotjar", CREDENTIAL).await.unwrap();
    assert_eq!(session.base_url, "https://api.hotjar.io");
    assert_eq!((&session.scopes, &session.account), (&Vec::new(), &None));
    let lifetime = session
        .expires_at
        .unwrap()
        .duration_since(session.issued_at);
    assert_eq!(lifetime.unwrap(), Duration::from_hours(1));
    let call = head("GET", "https://api.hotjar.io/v1/sites/1/surveys");
    let authorized = connector
        .authorize("hotjar", &session, &call)
        .await
        .unwrap();
    let bearer = ("authorization".to_owned(), b"Bearer hj-token-1".to_vec());
    assert_eq!(authorized.headers, [bearer]);
    assert_eq!(authorized.query, []);
    script.finish();
}

#[tokio::test]
async fn is_inspected_by_a_token_request_and_offers_no_choices() {
    let (connector, script) = scripted().await;
    let token = json!({"access_token": "hj-token-1", "token_type": "bearer"});
    script
        .expect(Expect::post(TOKEN_URL))
        .reply(Reply::json(200, token));
    let access = connector.inspect("hotjar", CREDENTIAL, None, None).await;
    let access = access.unwrap();
    assert_eq!((access.scopes, access.fields.len()), (Vec::new(), 0));
    assert_eq!((access.identity, access.next), (None, None));
    script.finish();
}

#[tokio::test]
async fn reads_refusals_in_many_forms() {
    let (connector, script) = scripted().await;
    for (body, code, confirmed) in [
        (
            r#"{"error":"invalid_client","error_description":"free text"}"#,
            Some("invalid_client"),
            true,
        ),
        (
            r#"{"message":"free text","code":"key_expired"}"#,
            Some("key_expired"),
            false,
        ),
        (r#"{"msg":"free text","code":401}"#, None, false),
        (r#"{"error":"Free text."}"#, None, false),
        ("<!doctype html><title>401</title>", None, false),
        ("", None, false),
    ] {
        for status in [400, 401] {
            script
                .expect(Expect::post(TOKEN_URL))
                .reply(Reply::text(status, body));
            let expected = refusal(status, code, confirmed);
            let error = failure(connector.authenticate("hotjar", CREDENTIAL).await);
            assert_eq!(error, ConnectorError::Rejected(expected), "{body}");
        }
    }
    script.finish();
}

#[tokio::test]
async fn names_its_fields_as_both_pages_of_the_vendor_do() {
    let (connector, _script) = scripted().await;
    let schema: Value =
        serde_json::from_str(&connector.credential_schema("hotjar", &[]).await.unwrap()).unwrap();
    for (field, title, elsewhere) in [
        ("client_id", "Client ID", "Username or Client ID"),
        (
            "client_secret",
            "Client secret",
            "Password or Client Secret",
        ),
    ] {
        let field = &schema["properties"][field];
        assert_eq!(field["title"], title);
        let help = field["description"].as_str().unwrap();
        assert!(
            help.contains(elsewhere) && help.contains("Settings → API"),
            "{help}"
        );
    }
    assert!(schema["description"].as_str().unwrap().contains("one year"));
}

#[tokio::test]
async fn reads_a_401_as_an_expired_token_and_a_403_as_a_missing_plan() {
    let (connector, _script) = scripted().await;
    for (status, expected) in [
        (401, Verdict::Refresh(refusal(401, None, false))),
        (403, Verdict::Forbidden(refusal(403, None, false))),
    ] {
        let verdict = connector
            .classify("hotjar", &response(status, &[], "{}"))
            .await;
        assert_eq!(verdict, Ok(expected));
    }
}
