//! Texts of vendors, in the languages of the browser, and inspections.

use http::StatusCode;
use serde_json::json;

use super::server::TestServer;

#[tokio::test]
async fn texts_are_in_the_language_of_the_browser() {
    let server = TestServer::new().await;
    let french = [("accept-language", "de;q=0.5, fr-CA")];
    for (path, headers, expected) in [
        ("vendors", &[][..], "Exports data"),
        ("vendors?locales=fr", &[], "Exporte des données"),
        ("vendors", &french, "Exporte des données"),
        ("vendors?locales=en", &french, "Exports data"),
        ("vendors/contentsquare/schema?locales=fr", &[], "Portées"),
        ("vendors/contentsquare/schema?locales=de,en", &[], "Scopes"),
    ] {
        let own = [
            ("host", "localhost:4711"),
            ("authorization", server.bearer.as_str()),
        ];
        let headers: Vec<_> = own.into_iter().chain(headers.iter().copied()).collect();
        let response = server
            .raw("GET", &format!("/api/{path}"), &headers, "")
            .await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert!(response.body().contains(expected), "{path} {headers:?}");
    }
    let draft = json!({"vendor": "contentsquare", "credential": {"scopes": ["enrichment"]}});
    let issues = server.ok("POST", "validate?locales=fr", draft).await;
    let issues = issues["issues"].to_string();
    assert!(issues.contains("a besoin de l’intégration"), "{issues}");
}

#[tokio::test]
async fn the_vendors_come_with_their_descriptions() {
    let server = TestServer::new().await;
    let vendors = server.ok("GET", "vendors", json!({})).await;
    for (vendor, id, name) in [
        (&vendors[0], "hotjar", "Hotjar"),
        (&vendors[1], "contentsquare", "Contentsquare"),
    ] {
        assert_eq!(vendor["id"], id);
        assert_eq!(vendor["name"], name);
        assert_eq!(vendor["inspection"], "credential");
        assert!(vendor["summary"].is_string(), "{vendor}");
        assert!(vendor["prerequisites"][0].is_string(), "{vendor}");
        let link = vendor["setup_url"].as_str().unwrap();
        assert!(link.starts_with("https://"), "{link}");
    }
}

#[tokio::test]
async fn a_draft_and_a_saved_credential_are_inspected_alike() {
    let server = TestServer::new().await;
    let document = server.sample("contentsquare", 1);
    let draft = json!({"vendor": "contentsquare", "credential": document});
    let drafted = server.ok("POST", "inspect", draft).await;
    let id = server.saved("a", "contentsquare", 1).await;
    let path = format!("credentials/{id}/access");
    assert_eq!(server.ok("POST", &path, json!({})).await, drafted);
    let fields = drafted["fields"].as_array().unwrap();
    let project = fields
        .iter()
        .find(|field| field["pointer"] == "/project_id")
        .unwrap();
    assert_eq!(project["complete"], true);
    assert_eq!(
        project["depends_on"],
        json!(["/client_id", "/client_secret"])
    );
    let choice = &project["choices"][0];
    assert!(
        choice["value"].is_number() && choice["title"].is_string(),
        "{choice}"
    );
}
