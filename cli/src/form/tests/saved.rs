//! Credentials as they are saved, edited and removed, without their secrets.

use std::fs;
use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use super::server::TestServer;

#[tokio::test]
async fn no_step_with_a_credential_reveals_a_secret() {
    let server = TestServer::new().await;
    for vendor in ["hotjar", "contentsquare"] {
        let document = server.sample(vendor, 0);
        server
            .ok(
                "POST",
                "inspect",
                json!({"vendor": vendor, "credential": document}),
            )
            .await;
        let id = server.saved(vendor, vendor, 0).await;
        let list = server.ok("GET", "credentials", json!({})).await;
        let found = list
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["id"] == id)
            .unwrap();
        assert_eq!(found["secrets"], json!(["client_secret"]));
        assert_eq!(found["fields"].get("client_secret"), None);
        assert_eq!(found["description"], "what for");
        let first = server
            .ok("POST", &format!("credentials/{id}/session"), json!({}))
            .await;
        assert!(first["base_url"].as_str().unwrap().starts_with("https://"));
        assert_eq!(first.get("access_token"), None);
        *server.clock.0.lock().unwrap() += Duration::from_secs(1);
        let again = server
            .ok("POST", &format!("credentials/{id}/refresh"), json!({}))
            .await;
        assert_ne!(first["issued_at"], again["issued_at"]);
        assert_eq!(
            server
                .ok("DELETE", &format!("credentials/{id}"), json!({}))
                .await["removed"],
            true
        );
        let (status, _) = server
            .ask("POST", &format!("credentials/{id}/session"), json!({}))
            .await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
    for file in fs::read_dir(server.dir.path().join("data")).unwrap() {
        server.assert_silent(&String::from_utf8_lossy(
            &fs::read(file.unwrap().path()).unwrap(),
        ));
    }
}

#[tokio::test]
async fn an_edit_keeps_the_secret_that_is_left_blank_for_its_own_vendor_alone() {
    let server = TestServer::new().await;
    let id = server.saved("a", "hotjar", 0).await;
    for secret in [json!({}), json!({"client_secret": ""})] {
        let mut blank = json!({"client_id": "simulated-hotjar-key-1"});
        blank
            .as_object_mut()
            .unwrap()
            .extend(secret.as_object().unwrap().clone());
        let version = server.version(id).await;
        let entry = json!({
            "name": "b", "vendor": "hotjar", "credential": blank, "keep": id, "version": version,
        });
        assert_eq!(
            server.ok("POST", "validate", entry.clone()).await["issues"],
            json!([])
        );
        server.ok("POST", "inspect", entry.clone()).await;
        server.ok("PUT", &format!("credentials/{id}"), entry).await;
        server
            .ok("POST", &format!("credentials/{id}/session"), json!({}))
            .await;
    }
    // A value of another type is no blank, and is not saved.
    let wrong = json!({"client_id": "a", "client_secret": 5});
    let version = server.version(id).await;
    let entry = json!({
        "name": "b", "vendor": "hotjar", "credential": wrong, "keep": id, "version": version,
    });
    let path = format!("credentials/{id}");
    let (status, _) = server.ask("PUT", &path, entry).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    server
        .ok("POST", &format!("{path}/session"), json!({}))
        .await;
    let elsewhere =
        json!({"vendor": "contentsquare", "credential": {"client_id": "a"}, "keep": id});
    let (status, _) = server.ask("POST", "inspect", elsewhere).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(server.simulators.contentsquare().asked(), 0);
}

#[tokio::test]
async fn an_edit_of_an_older_version_is_a_conflict() {
    let server = TestServer::new().await;
    let id = server.saved("a", "hotjar", 0).await;
    let path = format!("credentials/{id}");
    let first = server.version(id).await;
    let entry = |name: &str, version: &Value| {
        json!({
            "name": name, "vendor": "hotjar", "version": version,
            "credential": {"client_id": "simulated-hotjar-key-1"},
        })
    };
    let edited = server.ok("PUT", &path, entry("b", &first)).await;
    assert_eq!(edited["version"], server.version(id).await);
    assert_ne!(edited["version"], first);
    let (status, error) = server.ask("PUT", &path, entry("c", &first)).await;
    assert_eq!(
        (status, &error["error"]["kind"]),
        (StatusCode::CONFLICT, &json!("conflict"))
    );
    for version in [json!(null), json!("1"), json!(1.5), json!({})] {
        let (status, error) = server.ask("PUT", &path, entry("c", &version)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{version}");
        let message = error["error"]["message"].as_str().unwrap();
        assert!(message.contains("`version`"), "{message}");
    }
    let list = server.ok("GET", "credentials", json!({})).await;
    assert_eq!(list[0]["name"], "b");
    server
        .ok("PUT", &path, entry("c", &edited["version"]))
        .await;
    server.ok("DELETE", &path, json!({})).await;
    let (status, _) = server
        .ask("PUT", &path, entry("d", &edited["version"]))
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn only_an_edit_keeps_saved_secrets() {
    let server = TestServer::new().await;
    let id = server.saved("a", "hotjar", 0).await;
    let other = server.saved("b", "hotjar", 1).await;
    let version = server.version(id).await;
    for (method, path, keep, why) in [
        ("POST", "credentials".to_owned(), json!(id), "for edits"),
        ("POST", "credentials".to_owned(), json!("1"), "not the id"),
        ("POST", "validate".to_owned(), json!(true), "not the id"),
        (
            "PUT",
            format!("credentials/{id}"),
            json!(other),
            "another credential",
        ),
    ] {
        let entry = json!({
            "name": "c", "vendor": "hotjar", "keep": keep, "version": version,
            "credential": {"client_id": "simulated-hotjar-key-1"},
        });
        let (status, error) = server.ask(method, &path, entry).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{method} {path} {keep}");
        let message = error["error"]["message"].as_str().unwrap();
        assert!(
            message.contains("`keep`") && message.contains(why),
            "{message}"
        );
    }
    let list = server.ok("GET", "credentials", json!({})).await;
    assert_eq!(list.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_mask_is_an_issue_and_is_neither_sent_nor_saved() {
    let server = TestServer::new().await;
    let id = server.saved("a", "hotjar", 0).await;
    let version = server.version(id).await;
    for mask in ["********", " ********\n", "\u{200b}********"] {
        let credential = json!({"client_id": "simulated-hotjar-key-1", "client_secret": mask});
        let entry = json!({
            "name": "b", "vendor": "hotjar", "credential": credential, "version": version,
        });
        let found = server.ok("POST", "validate", entry.clone()).await;
        assert_eq!(found["issues"][0]["pointer"], "/client_secret");
        assert_eq!(found["issues"][0]["code"], "masked");
        for (method, path) in [
            ("POST", "inspect".to_owned()),
            ("POST", "credentials".to_owned()),
            ("PUT", format!("credentials/{id}")),
        ] {
            let (status, error) = server.ask(method, &path, entry.clone()).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{method} {path}");
            assert_eq!(error["error"]["issues"], found["issues"], "{method} {path}");
        }
    }
    assert_eq!(server.simulators.hotjar().asked(), 0);
    let list = server.ok("GET", "credentials", json!({})).await;
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert_eq!(list[0]["version"], version);
}

#[tokio::test]
async fn issues_name_their_fields_and_no_request_is_sent() {
    let server = TestServer::new().await;
    let mut document = server.sample("contentsquare", 1);
    document["scopes"] = json!(["enrichment", "metrics"]);
    document.as_object_mut().unwrap().remove("project_id");
    let sent = json!({"name": "a", "vendor": "contentsquare", "credential": document});
    let issues = server.ok("POST", "validate", sent.clone()).await["issues"].take();
    let pointers: Vec<_> = issues
        .as_array()
        .unwrap()
        .iter()
        .map(|issue| issue["pointer"].as_str().unwrap())
        .collect();
    assert!(
        pointers
            .iter()
            .any(|pointer| pointer.starts_with("/scopes")),
        "{pointers:?}"
    );
    assert!(pointers.contains(&"/project_id"), "{pointers:?}");
    let (status, refused) = server.ask("POST", "credentials", sent).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused["error"]["issues"], issues);
    assert_eq!(server.simulators.contentsquare().asked(), 0);
    assert_eq!(server.ok("GET", "credentials", json!({})).await, json!([]));
}

#[tokio::test]
async fn a_name_is_required_unique_and_fits_a_tile() {
    let server = TestServer::new().await;
    server.saved("a", "hotjar", 0).await;
    for name in ["", "  ", "a", &"long".repeat(26), "two\nlines"] {
        let entry =
            json!({"name": name, "vendor": "hotjar", "credential": server.sample("hotjar", 0)});
        let (status, refused) = server.ask("POST", "credentials", entry).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        assert_eq!(refused["error"]["kind"], "entry", "{name}");
        assert_eq!(refused["error"]["issues"][0]["pointer"], "/name", "{name}");
    }
}
