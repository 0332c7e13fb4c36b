//! Contentsquare as documented: its requests, and the reading of its responses.

use std::time::Duration;

use connector_host::{ConnectorError, FieldChoices, Verdict};
use host_test::script::{Expect, Reply};
use serde_json::{Value, json};

use super::common::{failure, head, invalid_response, refusal, response, scripted};

const TOKEN_URL: &str = "https://api.contentsquare.com/v1/oauth/token";
const ME_URL: &str = "https://api.contentsquare.com/v1/oauth/me";
const CLIENT_ID: &str = "0badc0de-0000-4000-8000-000000000000";
const CLIENT_SECRET: &str = "0EXAMPLE;0NLY?;NOT\"A\\SECRET";

fn credential(level: &str, scopes: &[&str], rest: &Value) -> String {
    let mut document = json!({
        "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "credential_level": level,
        "scopes": scopes,
    });
    document
        .as_object_mut()
        .unwrap()
        .extend(rest.as_object().unwrap().clone());
    document.to_string()
}

/// The reply from the vendor's documentation, with `scope` and `endpoint`.
fn token(scope: &str, endpoint: &str) -> Value {
    json!({
        "access_token": "eyJhbGciOiJub25lIn0.eyJpbnZlbnRlZCI6dHJ1ZX0.AA",
        "token_type": "bearer", "expires_in": 3600, "scope": scope, "project_id": 42,
        "endpoint": endpoint,
    })
}

#[tokio::test]
async fn requests_a_token_with_json_that_omits_absent_fields() {
    let (connector, script) = scripted().await;
    let asked = json!({
        "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
        "grant_type": "client_credentials", "scope": "data-export metrics",
    });
    script
        .expect(
            Expect::post(TOKEN_URL)
                .header("content-type", "application/json")
                .no_header("authorization")
                .json(asked),
        )
        .reply(Reply::json(
            200,
            token(
                "data-export",
                "https://api.eu-west-1.production.contentsquare.com",
            ),
        ));
    let document = credential("project", &["data-export", "metrics"], &json!({}));
    let session = connector
        .authenticate("contentsquare", &document)
        .await
        .unwrap();
    assert_eq!(
        session.base_url,
        "https://api.eu-west-1.production.contentsquare.com"
    );
    assert_eq!(session.scopes, ["data-export"], "granted, not requested");
    assert_eq!(session.account.as_deref(), Some("42"));
    let lifetime = session
        .expires_at
        .unwrap()
        .duration_since(session.issued_at);
    assert_eq!(lifetime.unwrap(), Duration::from_hours(1));
    script.finish();
}

#[tokio::test]
async fn requests_enrichment_with_project_and_integration_as_integers() {
    let (connector, script) = scripted().await;
    let asked = json!({
        "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "grant_type": "client_credentials",
        "scope": "enrichment", "project_id": 42, "integration_id": 123,
    });
    script
        .expect(Expect::post(TOKEN_URL).json(asked))
        .reply(Reply::json(
            200,
            token(
                "enrichment",
                "https://enrichment-api.eu-west-1.contentsquare.com/v1/",
            ),
        ));
    let document = credential(
        "account",
        &["enrichment"],
        &json!({"project_id": 42, "integration_id": 123}),
    );
    let session = connector
        .authenticate("contentsquare", &document)
        .await
        .unwrap();
    assert_eq!(
        session.base_url,
        "https://enrichment-api.eu-west-1.contentsquare.com/v1"
    );
    script.finish();
}

#[tokio::test]
async fn reads_the_base_url_with_each_new_token() {
    let (connector, script) = scripted().await;
    let document = credential("project", &["metrics"], &json!({}));
    let (first, second) = (
        "https://api.a.contentsquare.com",
        "https://api.b.contentsquare.com",
    );
    script
        .expect(Expect::post(TOKEN_URL))
        .reply(Reply::json(200, token("metrics", first)));
    script
        .expect(Expect::post(TOKEN_URL))
        .reply(Reply::json(200, token("metrics", second)));
    let session = connector
        .authenticate("contentsquare", &document)
        .await
        .unwrap();
    let renewed = connector
        .refresh("contentsquare", &document, &session)
        .await
        .unwrap();
    assert_eq!(
        (session.base_url.as_str(), renewed.base_url.as_str()),
        (first, second)
    );
    script.finish();
}

#[tokio::test]
async fn rejects_a_foreign_base_url() {
    let (connector, script) = scripted().await;
    let document = credential("project", &["metrics"], &json!({}));
    for endpoint in [
        "",
        "http://api.contentsquare.com",
        "https://contentsquare.com.evil.example",
        "https://evil-contentsquare.com",
        "https://user@api.contentsquare.com",
        "https://api.contentsquare.com:8443",
        "https://127.0.0.1",
        "https://api.contentsquare.com/?x",
    ] {
        script
            .expect(Expect::post(TOKEN_URL))
            .reply(Reply::json(200, token("metrics", endpoint)));
        let error = failure(connector.authenticate("contentsquare", &document).await);
        assert_eq!(error, invalid_response(200, "endpoint"), "{endpoint}");
    }
    script.finish();
}

#[tokio::test]
async fn uses_the_host_of_the_survey_pages_for_surveys_alone() {
    let (connector, script) = scripted().await;
    let reply = token(
        "surveys",
        "https://api.eu-west-1.production.contentsquare.com",
    );
    script
        .expect(Expect::post(TOKEN_URL))
        .reply(Reply::json(200, reply));
    let document = credential("project", &["surveys"], &json!({}));
    let session = connector
        .authenticate("contentsquare", &document)
        .await
        .unwrap();
    assert_eq!(session.base_url, "https://api.contentsquare.com");
    script.finish();
}

#[tokio::test]
async fn refuses_a_token_for_another_project() {
    let (connector, script) = scripted().await;
    let reply = token("metrics", "https://api.contentsquare.com");
    script
        .expect(Expect::post(TOKEN_URL))
        .reply(Reply::json(200, reply));
    let document = credential("account", &["metrics"], &json!({"project_id": 43}));
    let error = failure(connector.authenticate("contentsquare", &document).await);
    assert_eq!(error, invalid_response(200, "project_id"));
    script.finish();
}

#[tokio::test]
async fn has_no_account_unless_the_reply_names_it() {
    let (connector, script) = scripted().await;
    let mut reply = token("metrics", "https://api.contentsquare.com");
    reply.as_object_mut().unwrap().remove("project_id");
    script
        .expect(Expect::post(TOKEN_URL))
        .reply(Reply::json(200, reply));
    let document = credential("project", &["metrics"], &json!({"project_id": 42}));
    let session = connector.authenticate("contentsquare", &document).await;
    assert_eq!(session.unwrap().account, None);
    script.finish();
}

#[tokio::test]
async fn authorizes_calls_with_its_bearer_token() {
    let (connector, script) = scripted().await;
    let reply = token("metrics", "https://api.contentsquare.com");
    script
        .expect(Expect::post(TOKEN_URL))
        .reply(Reply::json(200, reply));
    let document = credential("project", &["metrics"], &json!({}));
    let session = connector.authenticate("contentsquare", &document).await;
    let session = session.unwrap();
    let call = head("GET", "https://api.contentsquare.com/v1/segments");
    let authorized = connector.authorize("contentsquare", &session, &call).await;
    let authorized = authorized.unwrap();
    let bearer = b"Bearer eyJhbGciOiJub25lIn0.eyJpbnZlbnRlZCI6dHJ1ZX0.AA".to_vec();
    assert_eq!(authorized.headers, [("authorization".to_owned(), bearer)]);
    assert_eq!(authorized.query, []);
}

/// The result of `inspect` for this reply to a client ID and secret alone.
async fn inspect(answer: Value) -> connector_host::Access {
    let (connector, script) = scripted().await;
    let pair = json!({"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET});
    let document = pair.to_string();
    script
        .expect(Expect::post(ME_URL).json(pair).no_header("authorization"))
        .reply(Reply::json(200, answer));
    let access = connector.inspect("contentsquare", &document, None, None);
    let access = access.await.unwrap();
    script.finish();
    access
}

/// The choices for a field, as value and title. They are complete unless an entry of the vendor's
/// list is unreadable.
fn choices<'a>(
    fields: &'a [FieldChoices],
    pointer: &str,
    complete: bool,
) -> Vec<(&'a Value, &'a str)> {
    let field = fields.iter().find(|field| field.pointer == pointer);
    let field = field.unwrap_or_else(|| panic!("no choices for {pointer}"));
    assert_eq!(field.complete, complete);
    assert_eq!(field.depends_on, ["/client_id", "/client_secret"]);
    let choices = field.choices.iter();
    choices
        .map(|choice| (&choice.value, &*choice.title))
        .collect()
}

#[tokio::test]
async fn offers_the_scopes_and_projects_of_a_credential() {
    let access = inspect(json!({
        "scopes": "metrics data-export",
        "permissions": {"projects": [{"id": 42, "name": "INVENTED SHOP"},
                {"id": 43, "name": "INVENTED BLOG"}]},
    }))
    .await;
    assert_eq!(access.scopes, ["metrics", "data-export"]);
    let (metrics, export, account) = (json!("metrics"), json!("data-export"), json!("account"));
    assert_eq!(
        choices(&access.fields, "/scopes", true),
        [(&metrics, "metrics"), (&export, "data-export")]
    );
    assert_eq!(
        choices(&access.fields, "/project_id", true),
        [(&json!(42), "INVENTED SHOP"), (&json!(43), "INVENTED BLOG")]
    );
    assert_eq!(
        choices(&access.fields, "/credential_level", true),
        [(&account, "account")]
    );
    assert_eq!((access.identity, access.next), (None, None));
}

#[tokio::test]
async fn offers_projects_with_odd_ids_and_names_and_skips_those_without_an_id() {
    let access = inspect(json!({
        "scopes": "metrics",
        "permissions": {"projects": [
            {"id": 42, "name": "x\u{202e}\u{200b}y\n"}, {"id": "7", "name": "z"}, {"name": "no id"},
            "nonsense", {"id": 8},
        ]},
    }))
    .await;
    let projects = choices(&access.fields, "/project_id", false);
    let ids: Vec<_> = projects.iter().map(|(id, _)| id.to_string()).collect();
    assert_eq!(ids, ["42", "7", "8"]);
    assert_eq!(projects[0].1, "xy");
    let one = inspect(json!({
        "scopes": "metrics", "permissions": {"projects": [{"id": 42, "name": "x"}]},
    }))
    .await;
    assert!(
        one.fields
            .iter()
            .all(|field| field.pointer != "/credential_level")
    );
}

#[tokio::test]
async fn offers_all_of_three_thousand_projects() {
    let projects: Vec<_> = (1..=3000)
        .map(|id| json!({"id": id, "name": format!("Invented project with a long name {id}")}))
        .collect();
    let access = inspect(json!({
        "scopes": "metrics", "permissions": {"projects": projects},
    }))
    .await;
    assert_eq!(choices(&access.fields, "/project_id", true).len(), 3000);
}

#[tokio::test]
async fn reads_refusals_in_its_own_form_and_in_that_of_the_rfc() {
    let (connector, script) = scripted().await;
    let document = credential("project", &["metrics"], &json!({}));
    let rejected =
        |status, code, confirmed| ConnectorError::Rejected(refusal(status, Some(code), confirmed));
    for (reply, expected) in [
        (
            Reply::json(401, error_body("BAD_CREDENTIALS")),
            rejected(401, "BAD_CREDENTIALS", false),
        ),
        (
            Reply::json(200, error_body("BAD_CREDENTIALS")),
            rejected(200, "BAD_CREDENTIALS", false),
        ),
        (
            Reply::json(400, json!({"error": "invalid_request"})),
            rejected(400, "invalid_request", true),
        ),
        (
            Reply::json(500, error_body("INTERNAL")),
            ConnectorError::Unavailable(None),
        ),
        (
            Reply::json(403, error_body("CONCURRENT_API_CALL")),
            ConnectorError::Throttled(None),
        ),
    ] {
        script.expect(Expect::post(TOKEN_URL)).reply(reply);
        assert_eq!(
            failure(connector.authenticate("contentsquare", &document).await),
            expected
        );
    }
    script.finish();
}

fn error_body(code: &str) -> Value {
    json!({"success": false, "errorMessage": "Free text of the vendor.", "errorCode": code})
}

#[tokio::test]
async fn reads_an_expired_token_or_too_many_calls_with_any_status() {
    use Verdict::{Accepted, Forbidden, Refresh, Throttled, Unavailable};
    let (connector, _script) = scripted().await;
    let expired = |status| Refresh(refusal(status, Some("JWT_EXPIRED"), true));
    let body = |code| error_body(code).to_string();
    for (status, body, expected) in [
        (401, body("JWT_EXPIRED"), expired(401)),
        (200, body("JWT_EXPIRED"), expired(200)),
        (
            200,
            r#"{"success":false,"error":{"code":"JWT_EXPIRED"}}"#.to_owned(),
            expired(200),
        ),
        (500, body("JWT_EXPIRED"), Unavailable(None)),
        (200, body("CONCURRENT_API_CALL"), Throttled(None)),
        (429, body("CONCURRENT_API_CALL"), Throttled(None)),
        (
            403,
            body("NOT_ENABLED"),
            Forbidden(refusal(403, Some("NOT_ENABLED"), false)),
        ),
        (200, r#"{"success":true,"payload":[]}"#.to_owned(), Accepted),
        (400, body("BAD_REQUEST"), Accepted),
    ] {
        let response = response(status, &[], body.as_bytes());
        let verdict = connector.classify("contentsquare", &response).await;
        assert_eq!(verdict, Ok(expected), "{status} {body}");
    }
}
