//! Sessions of saved credentials, and the results of sign-ins.

use std::time::Duration;

use connector_simulators::Fault;
use http::StatusCode;
use serde_json::json;

use super::server::TestServer;

#[tokio::test]
async fn a_session_is_used_until_it_expires_or_the_document_changes() {
    let server = TestServer::new().await;
    let id = server.saved("a", "hotjar", 0).await;
    let choose = format!("credentials/{id}/session");
    server.ok("POST", &choose, json!({})).await;
    server.ok("POST", &choose, json!({})).await;
    assert_eq!(server.simulators.hotjar().asked(), 1);
    *server.clock.0.lock().unwrap() += Duration::from_hours(2);
    server.ok("POST", &choose, json!({})).await;
    assert_eq!(server.simulators.hotjar().asked(), 2);
    let mut edited = server.sample("hotjar", 0);
    let id_with_space = format!("{} ", edited["client_id"].as_str().unwrap());
    edited["client_id"] = json!(id_with_space);
    let version = server.version(id).await;
    let entry = json!({"name": "a", "vendor": "hotjar", "credential": edited, "version": version});
    server.ok("PUT", &format!("credentials/{id}"), entry).await;
    server.ok("POST", &choose, json!({})).await;
    assert_eq!(server.simulators.hotjar().asked(), 3);
}

#[tokio::test]
async fn the_list_tells_which_credentials_work_and_whose_they_are() {
    let server = TestServer::new().await;
    let id = server.saved("a", "contentsquare", 1).await;
    let path = |step: &str| format!("credentials/{id}/{step}");
    let check = async || {
        let mut list = server.ok("GET", "credentials", json!({})).await;
        list[0]["check"].take()
    };
    let contentsquare = server.simulators.contentsquare();
    assert_eq!(check().await, json!(null), "not checked");
    // Neither a firewall's page nor a fault tells anything about the credential.
    for fault in [
        Fault::Status(403, Vec::new(), "<html>".into()),
        Fault::Status(500, Vec::new(), String::new()),
    ] {
        contentsquare.fault(fault);
        server.ask("POST", &path("refresh"), json!({})).await;
        assert_eq!(check().await, json!(null));
    }
    let session = server.ok("POST", &path("refresh"), json!({})).await;
    let signed_in = check().await;
    assert_eq!(signed_in["works"], true);
    assert_eq!(signed_in["account"], session["account"]);
    server.ok("POST", &path("access"), json!({})).await;
    let named = check().await;
    assert!(named["account_title"].is_string(), "{named}");
    server.ok("POST", &path("session"), json!({})).await;
    assert_eq!(check().await, named);
    let refusal = Fault::Status(401, Vec::new(), r#"{"error":"invalid_client"}"#.into());
    contentsquare.fault(refusal);
    server.ask("POST", &path("refresh"), json!({})).await;
    assert_eq!(check().await, json!({"works": false}));
    // Another version is not checked yet.
    let entry = json!({
        "name": "b", "vendor": "contentsquare", "version": server.version(id).await,
        "credential": server.sample("contentsquare", 1),
    });
    server.ok("PUT", &format!("credentials/{id}"), entry).await;
    assert_eq!(check().await, json!(null));
}

#[tokio::test]
async fn a_refused_credential_is_tried_again_on_request_only() {
    let server = TestServer::new().await;
    let id = server.saved("a", "hotjar", 0).await;
    let refusal = Fault::Status(401, Vec::new(), r#"{"error":"invalid_client"}"#.into());
    server.simulators.hotjar().fault(refusal);
    let path = |step: &str| format!("credentials/{id}/{step}");
    for asked in [1, 1] {
        let (status, error) = server.ask("POST", &path("session"), json!({})).await;
        assert_eq!(status, StatusCode::BAD_GATEWAY);
        assert_eq!(error["error"]["kind"], "rejected");
        assert_eq!(error["error"]["confirmed"], true);
        assert_eq!(server.simulators.hotjar().asked(), asked);
    }
    server.ok("POST", &path("refresh"), json!({})).await;
    assert_eq!(server.simulators.hotjar().asked(), 2);
}

#[tokio::test]
async fn a_refresh_that_fails_without_confirmation_keeps_the_session_that_lives() {
    let server = TestServer::new().await;
    let id = server.saved("a", "hotjar", 0).await;
    let path = |step: &str| format!("credentials/{id}/{step}");
    let first = server.ok("POST", &path("session"), json!({})).await;
    let hotjar = server.simulators.hotjar();
    for (requests, fault, kind) in [
        (
            2,
            Fault::Status(401, Vec::new(), "<html>".into()),
            "rejected",
        ),
        (3, Fault::Html(503), "unavailable"),
        (4, Fault::Html(200), "invalid-response"),
    ] {
        hotjar.fault(fault);
        let (status, error) = server.ask("POST", &path("refresh"), json!({})).await;
        assert_eq!(status, StatusCode::BAD_GATEWAY, "{kind}");
        assert_eq!(error["error"]["kind"], kind);
        let kept = server.ok("POST", &path("session"), json!({})).await;
        assert_eq!(kept, first, "{kind}");
        assert_eq!(hotjar.asked(), requests, "{kind}");
    }
    // A refusal with a final code ends it.
    let refusal = Fault::Status(401, Vec::new(), r#"{"error":"invalid_client"}"#.into());
    hotjar.fault(refusal);
    for step in ["refresh", "session"] {
        let (status, error) = server.ask("POST", &path(step), json!({})).await;
        assert_eq!(status, StatusCode::BAD_GATEWAY);
        assert_eq!(error["error"]["confirmed"], true);
    }
    assert_eq!(hotjar.asked(), 5);
}

#[tokio::test]
async fn an_error_of_a_vendor_repeats_none_of_its_text() {
    let server = TestServer::new().await;
    let wrong =
        json!({"vendor": "hotjar", "credential": {"client_id": "me", "client_secret": "hush"}});
    let (status, error) = server.ask("POST", "inspect", wrong.clone()).await;
    assert_eq!(
        (status, &error["error"]["kind"]),
        (StatusCode::BAD_GATEWAY, &json!("rejected"))
    );
    server
        .simulators
        .hotjar()
        .fault(Fault::Status(500, Vec::new(), "hush hush".into()));
    let (status, error) = server.ask("POST", "inspect", wrong).await;
    assert_eq!(
        (status, &error["error"]["kind"]),
        (StatusCode::BAD_GATEWAY, &json!("unavailable"))
    );
}
