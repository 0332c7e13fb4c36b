//! Hotjar by its documentation: what it is sent, and what is made of its answers.

use connector_host::{Access, ConnectorError, Refusal, Verdict};
use host_test::script::{Expect, Reply};
use serde_json::{Value, json};

use super::common::{refusal, scripted};

const TOKEN_URL: &str = "https://api.hotjar.io/v1/oauth/token";
const CREDENTIAL: &str = r#"{"client_id":"hj-id-0001","client_secret":"a;b?c&d=e+f%g h"}"#;

#[tokio::test]
async fn asks_for_a_token_with_a_form_of_exactly_three_parameters() {
    let (connector, script) = scripted().await;
    let exchange = Expect::post(TOKEN_URL)
        .header("content-type", "application/x-www-form-urlencoded")
        .form([
            ("grant_type", "client_credentials"),
            ("client_id", "hj-id-0001"),
            ("client_secret", "a;b?c&d=e+f%g h"),
        ]);
    let token = json!({"access_token": "hj-token-1", "token_type": "Bearer", "expires_in": 3600});
    script.expect(exchange).reply(Reply::json(200, token));
    let session = connector.authenticate("hotjar", CREDENTIAL).await.unwrap();
    assert_eq!(session.base_url, "https://api.hotjar.io");
    assert_eq!((session.scopes, session.project), (Vec::new(), None));
    script.finish();
}

#[tokio::test]
async fn is_inspected_by_the_grant_and_names_nothing() {
    let (connector, script) = scripted().await;
    let token = json!({"access_token": "hj-token-1", "token_type": "bearer"});
    script
        .expect(Expect::post(TOKEN_URL))
        .reply(Reply::json(200, token));
    let nothing = Access {
        scopes: Vec::new(),
        projects: Vec::new(),
        level: None,
    };
    assert_eq!(connector.inspect("hotjar", CREDENTIAL).await, Ok(nothing));
    script.finish();
}

#[tokio::test]
async fn refuses_in_many_shapes() {
    let (connector, script) = scripted().await;
    for (body, code) in [
        (
            r#"{"error":"invalid_client","error_description":"free text"}"#,
            Some("invalid_client"),
        ),
        (
            r#"{"message":"free text","code":"key_expired"}"#,
            Some("key_expired"),
        ),
        (r#"{"msg":"free text","code":401}"#, None),
        (r#"{"error":"Free text."}"#, None),
        ("<!doctype html><title>401</title>", None),
        ("", None),
    ] {
        for status in [400, 401] {
            script
                .expect(Expect::post(TOKEN_URL))
                .reply(Reply::text(status, body));
            let expected = Refusal {
                status,
                code: code.map(Into::into),
            };
            let error = refusal(connector.authenticate("hotjar", CREDENTIAL).await);
            assert_eq!(error, ConnectorError::Rejected(expected));
        }
    }
    script.finish();
}

#[tokio::test]
async fn makes_both_namings_of_its_fields_findable() {
    let (connector, _script) = scripted().await;
    let schema: Value =
        serde_json::from_str(&connector.credential_schema("hotjar").await.unwrap()).unwrap();
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
async fn says_by_401_that_a_token_is_over_and_by_403_that_the_plan_lacks_it() {
    let (connector, _script) = scripted().await;
    for (status, expected) in [(401, Verdict::Refresh), (403, Verdict::Forbidden)] {
        let response = connector_host::ApiResponse {
            status,
            headers: Vec::new(),
            body: b"{}".to_vec(),
        };
        assert_eq!(connector.classify("hotjar", &response).await, Ok(expected));
    }
}
