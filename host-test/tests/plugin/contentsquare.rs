//! Contentsquare by its documentation: what it is sent, and what is made of its answers.

use connector_host::{
    Access, ApiResponse, ConnectorError, Level, Misreply, Project, Refusal, Verdict,
};
use host_test::script::{Expect, Reply};
use serde_json::{Value, json};

use super::common::{refusal, scripted};

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

/// The example reply of the vendor's page, with `scope` and `endpoint`.
fn token(scope: &str, endpoint: &str) -> Value {
    json!({
        "access_token": "eyJhbGciOiJub25lIn0.eyJpbnZlbnRlZCI6dHJ1ZX0.AA",
        "token_type": "bearer", "expires_in": 3600, "scope": scope, "project_id": 42,
        "endpoint": endpoint,
    })
}

#[tokio::test]
async fn is_asked_with_json_that_leaves_out_what_is_absent() {
    let (connector, script) = scripted().await;
    let asked = json!({
        "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
        "grant_type": "client_credentials", "scope": "data-export metrics",
    });
    script
        .expect(
            Expect::post(TOKEN_URL)
                .header("content-type", "application/json")
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
    assert_eq!(session.scopes, ["data-export"], "granted, not asked for");
    assert_eq!(session.project, Some(42));
    script.finish();
}

#[tokio::test]
async fn is_asked_for_enrichment_with_project_and_integration_as_integers() {
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
async fn takes_a_new_base_url_with_each_new_token() {
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
async fn gives_no_token_to_a_foreign_base_url() {
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
        let error = refusal(connector.authenticate("contentsquare", &document).await);
        let expected = Misreply {
            status: 200,
            part: "endpoint".into(),
        };
        assert_eq!(
            error,
            ConnectorError::Unintelligible(expected),
            "{endpoint}"
        );
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
    let error = refusal(connector.authenticate("contentsquare", &document).await);
    assert_eq!(
        error,
        ConnectorError::Unintelligible(Misreply {
            status: 200,
            part: "project_id".into()
        })
    );
    script.finish();
}

#[tokio::test]
async fn tells_scopes_and_projects_of_a_credential_before_anything_is_chosen() {
    let (connector, script) = scripted().await;
    let answer = json!({
        "scopes": "metrics data-export session-replay symbolicator",
        "permissions": {"projects": [{"id": 42, "name": "INVENTED SHOP"},
                {"id": 43, "name": "INVENTED BLOG"}]},
    });
    let pair = json!({"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET});
    script
        .expect(
            Expect::post(ME_URL)
                .json(pair.clone())
                .no_header("authorization"),
        )
        .reply(Reply::json(200, answer));
    let access = connector
        .inspect("contentsquare", &pair.to_string())
        .await
        .unwrap();
    let project = |id, name: &str| Project {
        id,
        name: name.into(),
    };
    let expected = Access {
        scopes: ["metrics", "data-export", "session-replay", "symbolicator"]
            .map(Into::into)
            .into(),
        projects: vec![project(42, "INVENTED SHOP"), project(43, "INVENTED BLOG")],
        level: Some(Level::Account),
    };
    assert_eq!(access, expected);
    script.finish();
}

#[tokio::test]
async fn refuses_in_its_own_shape_and_in_that_of_the_rfc() {
    let (connector, script) = scripted().await;
    let document = credential("project", &["metrics"], &json!({}));
    let rejected = |status, code: Option<&str>| {
        ConnectorError::Rejected(Refusal {
            status,
            code: code.map(Into::into),
        })
    };
    for (reply, expected) in [
        (
            Reply::json(401, failure("BAD_CREDENTIALS")),
            rejected(401, Some("BAD_CREDENTIALS")),
        ),
        (
            Reply::json(200, failure("BAD_CREDENTIALS")),
            rejected(200, Some("BAD_CREDENTIALS")),
        ),
        (
            Reply::json(400, json!({"error": "invalid_request"})),
            rejected(400, Some("invalid_request")),
        ),
        (
            Reply::json(500, failure("INTERNAL")),
            ConnectorError::Unavailable(None),
        ),
        (
            Reply::json(403, failure("CONCURRENT_API_CALL")),
            ConnectorError::Throttled(None),
        ),
    ] {
        script.expect(Expect::post(TOKEN_URL)).reply(reply);
        assert_eq!(
            refusal(connector.authenticate("contentsquare", &document).await),
            expected
        );
    }
    script.finish();
}

fn failure(code: &str) -> Value {
    json!({"success": false, "errorMessage": "Free text of the vendor.", "errorCode": code})
}

#[tokio::test]
async fn says_that_a_token_is_over_or_that_there_were_too_many_calls_with_any_status() {
    let (connector, _script) = scripted().await;
    let expired =
        br#"{"success":false,"errorMessage":"Auth token is expired.","errorCode":"JWT_EXPIRED"}"#;
    let concurrent = failure("CONCURRENT_API_CALL").to_string().into_bytes();
    for (status, body, expected) in [
        (401, expired.to_vec(), Verdict::Refresh),
        (200, expired.to_vec(), Verdict::Refresh),
        (200, concurrent.clone(), Verdict::Throttled(None)),
        (429, concurrent, Verdict::Throttled(None)),
        (
            403,
            failure("NOT_ENABLED").to_string().into_bytes(),
            Verdict::Forbidden,
        ),
        (
            200,
            br#"{"success":true,"payload":[]}"#.to_vec(),
            Verdict::Accepted,
        ),
        (
            400,
            failure("BAD_REQUEST").to_string().into_bytes(),
            Verdict::Accepted,
        ),
    ] {
        let response = ApiResponse {
            status,
            headers: Vec::new(),
            body,
        };
        assert_eq!(
            connector.classify("contentsquare", &response).await,
            Ok(expected),
            "{status}"
        );
    }
}
