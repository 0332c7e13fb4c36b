//! The whole server of the page: the guard in front of every path, and no secret or token in any
//! response. Uses the real component and the simulators; the page's files are fakes.

mod durable;

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use connector_host::{Clock, Connector, SystemClock};
use connector_simulators::{Fault, Simulators, TOKEN_PREFIX};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

use super::access::AccessToken;
use super::api::{Api, ROUTES};
use super::page::Page;
use super::site::{MAX_BODY_BYTES, Site};
use crate::plugin;
use crate::store::{Location, Store};

const PORT: u16 = 4711;
const SELF: &str = "http://127.0.0.1:4711";

/// Machine code that these tests share: an unoptimized compiler takes a third of a second for it.
fn machine_code() -> PathBuf {
    Path::new(env!("CONNECTOR_WASM")).with_file_name("machine-code")
}

/// A clock that tests advance.
struct FakeClock(Mutex<SystemTime>);

impl Clock for FakeClock {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap()
    }
}

/// The server, its vendors, and its files.
struct TestServer {
    site: Site,
    /// The field `Authorization` of the page.
    bearer: String,
    clock: Arc<FakeClock>,
    simulators: Simulators,
    dir: TempDir,
}

impl TestServer {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let dist = dir.path().join("dist");
        fs::create_dir_all(dist.join("assets")).unwrap();
        fs::write(dist.join("index.html"), "<meta content=__NONCE__>").unwrap();
        fs::write(dist.join("assets/page.js"), "1").unwrap();
        let simulators = Simulators::start().await.unwrap();
        let clock = Arc::new(FakeClock(Mutex::new(SystemClock.now())));
        let connector = Connector::builder(plugin::simulated(&simulators))
            .clock(clock.clone())
            .cache(machine_code())
            .load_bytes(plugin::COMPONENT_BYTES)
            .await
            .unwrap();
        let place = Location::at(
            dir.path().join("data/c.db"),
            dir.path().join("key/store.key"),
        );
        let api = Api::new(connector, Store::open(&place).unwrap()).unwrap();
        let page = Page::read(&dist).unwrap();
        let access = AccessToken::random().unwrap();
        let link = access.link(PORT);
        let token = link.rsplit('=').next().unwrap().to_owned();
        leak_check::register(&token);
        Self {
            site: Site {
                port: PORT,
                access,
                page,
                api,
            },
            bearer: format!("Bearer {token}"),
            clock,
            simulators,
            dir,
        }
    }

    /// Sends a request with these header fields. Every response is protected and holds no secret.
    async fn raw(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response<String> {
        leak_check::register_document(body);
        let request = Request::builder().method(method).uri(path);
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        let request = request
            .body(Full::new(Bytes::from(body.to_owned())))
            .unwrap();
        let (parts, body) = self.site.answer(request).await.into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        let header = |name: &str| parts.headers.get(name).unwrap().to_str().unwrap();
        let policy = header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        assert!(
            policy.ends_with("base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
            "{policy}"
        );
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("cache-control"), "no-store");
        let cors = |name: &http::HeaderName| name.as_str().starts_with("access-control");
        assert!(!parts.headers.keys().any(cors));
        leak_check::output(&text);
        self.assert_silent(&text);
        Response::from_parts(parts, text)
    }

    fn assert_silent(&self, text: &str) {
        for vendor in ["hotjar", "contentsquare"] {
            for (_, document) in self.simulators.vendor(vendor).unwrap().sample_credentials() {
                let secret = document["client_secret"].as_str().unwrap().to_owned();
                let quoted = json!(secret).to_string();
                for shape in [&secret, quoted.trim_matches('"')] {
                    assert!(!text.contains(shape), "{text}");
                }
            }
        }
        assert!(!text.contains(TOKEN_PREFIX), "{text}");
        assert!(!text.contains("hush"), "{text}");
        let token = self.bearer.trim_start_matches("Bearer ");
        assert!(!text.contains(token), "{text}");
    }

    /// Sends a request as the page does.
    async fn ask(&self, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
        let headers = [
            ("host", "127.0.0.1:4711"),
            ("origin", SELF),
            ("sec-fetch-site", "same-origin"),
            ("content-type", "application/json"),
            ("authorization", self.bearer.as_str()),
        ];
        let body = if method == "GET" {
            String::new()
        } else {
            body.to_string()
        };
        let response = self
            .raw(method, &format!("/api/{path}"), &headers, &body)
            .await;
        (
            response.status(),
            serde_json::from_str(response.body()).unwrap(),
        )
    }

    async fn ok(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, json) = self.ask(method, path, body).await;
        assert_eq!(status, StatusCode::OK, "{method} {path}: {json}");
        json
    }

    fn sample(&self, vendor: &str, number: usize) -> Value {
        self.simulators.vendor(vendor).unwrap().sample_credentials()[number]
            .1
            .clone()
    }

    /// The version of a saved credential.
    async fn version(&self, id: i64) -> Value {
        let mut list = self.ok("GET", "credentials", json!({})).await;
        let list = list.as_array_mut().unwrap();
        let mut found = list.iter_mut().find(|one| one["id"] == id).unwrap().take();
        found["version"].take()
    }

    /// Saves a sample, and returns its number.
    async fn saved(&self, name: &str, vendor: &str, number: usize) -> i64 {
        let entry = json!({
            "name": name, "description": " what for ", "vendor": vendor,
            "credential": self.sample(vendor, number),
        });
        self.ok("POST", "credentials", entry).await["id"]
            .as_i64()
            .unwrap()
    }
}

#[tokio::test]
async fn forbidden_requests_get_neither_the_page_nor_data() {
    let server = TestServer::new().await;
    let own = ("host", "localhost:4711");
    let evil = ("host", "evil.test:4711");
    for (method, path, headers, expected) in [
        ("GET", "/", vec![own], StatusCode::OK),
        ("GET", "/", vec![evil], StatusCode::MISDIRECTED_REQUEST),
        (
            "GET",
            "/assets/page.js",
            vec![evil],
            StatusCode::MISDIRECTED_REQUEST,
        ),
        (
            "GET",
            "/api/credentials",
            vec![evil],
            StatusCode::MISDIRECTED_REQUEST,
        ),
        (
            "GET",
            "/api/credentials",
            vec![own, ("authorization", &server.bearer)],
            StatusCode::OK,
        ),
        (
            "GET",
            "/api/credentials",
            vec![own],
            StatusCode::UNAUTHORIZED,
        ),
        (
            "GET",
            "/api/credentials",
            vec![own, ("origin", "http://evil.test")],
            StatusCode::FORBIDDEN,
        ),
        (
            "GET",
            "/api/credentials",
            vec![own, ("sec-fetch-site", "cross-site")],
            StatusCode::FORBIDDEN,
        ),
        (
            "DELETE",
            "/api/credentials/1",
            vec![own],
            StatusCode::FORBIDDEN,
        ),
        (
            "OPTIONS",
            "/api/credentials",
            vec![own, ("origin", "http://evil.test")],
            StatusCode::FORBIDDEN,
        ),
        ("POST", "/", vec![own], StatusCode::METHOD_NOT_ALLOWED),
        (
            "GET",
            "/assets/../../data/c.db",
            vec![own],
            StatusCode::NOT_FOUND,
        ),
    ] {
        let status = server.raw(method, path, &headers, "").await.status();
        assert_eq!(status, expected, "{method} {path} {headers:?}");
    }
}

#[tokio::test]
async fn each_route_needs_the_token_of_this_run() {
    let server = TestServer::new().await;
    let id = server.saved("a", "hotjar", 0).await.to_string();
    let other = AccessToken::random().unwrap().link(PORT);
    let other = format!("Bearer {}", other.rsplit('=').next().unwrap());
    let page = [
        ("host", "127.0.0.1:4711"),
        ("origin", SELF),
        ("sec-fetch-site", "same-origin"),
        ("content-type", "application/json"),
    ];
    let routes = ROUTES.map(|(method, path, _)| (method, path.replace('*', &id)));
    let unknown = [("GET", "nothing"), ("POST", ""), ("PATCH", "credentials")];
    let unknown = unknown.map(|(method, path)| (method, path.to_owned()));
    for (method, path) in routes.iter().chain(&unknown) {
        for token in [None, Some(""), Some("Bearer wrong"), Some(other.as_str())] {
            let headers = token.map(|token| ("authorization", token));
            let headers: Vec<_> = page.into_iter().chain(headers).collect();
            let response = server
                .raw(method, &format!("/api/{path}"), &headers, "{}")
                .await;
            assert_eq!(
                response.status(),
                StatusCode::UNAUTHORIZED,
                "{method} {path} {token:?}"
            );
            assert_eq!(response.headers()["www-authenticate"], "Bearer");
            let error: Value = serde_json::from_str(response.body()).unwrap();
            assert_eq!(error["error"]["kind"], "unauthorized");
            let message = error["error"]["message"].as_str().unwrap();
            assert!(message.contains("open the link"), "{message}");
        }
        // With the token, the request reaches its route.
        let (status, _) = server.ask(method, path, json!({})).await;
        assert_ne!(status, StatusCode::UNAUTHORIZED, "{method} {path}");
    }
}

#[tokio::test]
async fn each_page_has_its_own_nonce_in_its_policy() {
    let server = TestServer::new().await;
    let mut seen = Vec::new();
    for _ in 0..2 {
        let page = server
            .raw("GET", "/", &[("host", "127.0.0.1:4711")], "")
            .await;
        let policy = page.headers()["content-security-policy"].to_str().unwrap();
        let nonce = page
            .body()
            .trim_start_matches("<meta content=")
            .trim_end_matches('>')
            .to_owned();
        assert_eq!(nonce.len(), 32, "{nonce}");
        assert!(
            policy.contains(&format!("style-src 'self' 'nonce-{nonce}';")),
            "{policy}"
        );
        seen.push(nonce);
    }
    assert_ne!(seen[0], seen[1]);
}

#[tokio::test]
async fn a_body_that_is_too_long_or_no_object_is_refused() {
    let server = TestServer::new().await;
    let headers = [
        ("host", "127.0.0.1:4711"),
        ("origin", SELF),
        ("content-type", "application/json"),
        ("authorization", server.bearer.as_str()),
    ];
    let long = format!("{{\"vendor\":\"{}\"}}", "hush".repeat(MAX_BODY_BYTES / 4));
    let status = server
        .raw("POST", "/api/validate", &headers, &long)
        .await
        .status();
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    for body in [
        "",
        "hush",
        "[]",
        "{}",
        r#"{"vendor":"hotjar","credential":"hush"}"#,
    ] {
        let status = server
            .raw("POST", "/api/validate", &headers, body)
            .await
            .status();
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    }
    let (status, _) = server.ask("GET", "nothing", json!({})).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

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
