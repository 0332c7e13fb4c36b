//! The page's server whole: the guard in front of every path, and every answer searched for secrets and tokens.
//! Asks the real component and the simulators; the page's files are stand-ins.

use std::fs;

use bytes::Bytes;
use connector_host::{Clock, SystemClock};
use connector_simulators::{Fault, Simulators, TOKEN_PREFIX};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

use super::api::Api;
use super::page::Page;
use super::site::{MAX_BODY_BYTES, Site};
use crate::args::Plugin;
use crate::plugin;
use crate::store::{Location, Store};

const PORT: u16 = 4711;
const SELF: &str = "http://127.0.0.1:4711";

/// A clock to turn forward.
struct Hands(Mutex<SystemTime>);

impl Clock for Hands {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap()
    }
}

/// The server, its vendors, and what it keeps on the disk.
struct House {
    site: Site,
    clock: Arc<Hands>,
    simulators: Simulators,
    dir: TempDir,
}

impl House {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let dist = dir.path().join("dist");
        fs::create_dir_all(dist.join("assets")).unwrap();
        fs::write(dist.join("index.html"), "<meta content=__NONCE__>").unwrap();
        fs::write(dist.join("assets/page.js"), "1").unwrap();
        let simulators = Simulators::start().await.unwrap();
        let transport = plugin::simulated(&simulators);
        let connector = plugin::load(&Plugin::default(), transport).await.unwrap();
        let place = Location::at(
            dir.path().join("data/c.db"),
            dir.path().join("key/store.key"),
        );
        let clock = Arc::new(Hands(Mutex::new(SystemClock.now())));
        let api = Api::new(connector, clock.clone(), Store::open(&place).unwrap());
        let page = Page::read(&dist).unwrap();
        Self {
            site: Site {
                port: PORT,
                page,
                api,
            },
            clock,
            simulators,
            dir,
        }
    }

    /// Answers a request with these headers, and sees to it that every answer is protected and holds no secret.
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
    }

    /// Asks as the page does.
    async fn ask(&self, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
        let headers = [
            ("host", "127.0.0.1:4711"),
            ("origin", SELF),
            ("sec-fetch-site", "same-origin"),
            ("content-type", "application/json"),
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

    /// Saves a sample, and returns its number.
    async fn saved(&self, name: &str, vendor: &str, number: usize) -> i64 {
        let entry = json!({"name": name, "description": " what for ", "vendor": vendor, "credential": self.sample(vendor, number)});
        self.ok("POST", "credentials", entry).await["id"]
            .as_i64()
            .unwrap()
    }
}

#[tokio::test]
async fn strangers_get_neither_the_page_nor_an_answer() {
    let house = House::new().await;
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
        ("GET", "/api/credentials", vec![own], StatusCode::OK),
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
        let status = house.raw(method, path, &headers, "").await.status();
        assert_eq!(status, expected, "{method} {path} {headers:?}");
    }
}

#[tokio::test]
async fn each_page_has_a_nonce_of_its_own_which_its_policy_names() {
    let house = House::new().await;
    let mut seen = Vec::new();
    for _ in 0..2 {
        let page = house
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
    let house = House::new().await;
    let headers = [
        ("host", "127.0.0.1:4711"),
        ("origin", SELF),
        ("content-type", "application/json"),
    ];
    let long = format!("{{\"vendor\":\"{}\"}}", "hush".repeat(MAX_BODY_BYTES / 4));
    let status = house
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
        let status = house
            .raw("POST", "/api/validate", &headers, body)
            .await
            .status();
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    }
    let (status, _) = house.ask("GET", "nothing", json!({})).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_credential_of_each_vendor_is_kept_chosen_refreshed_and_removed_in_silence() {
    let house = House::new().await;
    for vendor in ["hotjar", "contentsquare"] {
        let document = house.sample(vendor, 0);
        house
            .ok(
                "POST",
                "inspect",
                json!({"vendor": vendor, "credential": document}),
            )
            .await;
        let id = house.saved(vendor, vendor, 0).await;
        let list = house.ok("GET", "credentials", json!({})).await;
        let found = list
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["id"] == id)
            .unwrap();
        assert_eq!(found["secrets"], json!(["client_secret"]));
        assert_eq!(found["fields"].get("client_secret"), None);
        assert_eq!(found["description"], "what for");
        let first = house
            .ok("POST", &format!("credentials/{id}/session"), json!({}))
            .await;
        assert!(first["base_url"].as_str().unwrap().starts_with("https://"));
        assert_eq!(first.get("access_token"), None);
        let again = house
            .ok("POST", &format!("credentials/{id}/refresh"), json!({}))
            .await;
        assert_ne!(first["issued_at"], again["issued_at"]);
        assert_eq!(
            house
                .ok("DELETE", &format!("credentials/{id}"), json!({}))
                .await["removed"],
            true
        );
        let (status, _) = house
            .ask("POST", &format!("credentials/{id}/session"), json!({}))
            .await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
    for file in fs::read_dir(house.dir.path().join("data")).unwrap() {
        house.assert_silent(&String::from_utf8_lossy(
            &fs::read(file.unwrap().path()).unwrap(),
        ));
    }
}

#[tokio::test]
async fn a_session_serves_until_it_should_be_replaced() {
    let house = House::new().await;
    let id = house.saved("a", "hotjar", 0).await;
    let choose = format!("credentials/{id}/session");
    house.ok("POST", &choose, json!({})).await;
    house.ok("POST", &choose, json!({})).await;
    assert_eq!(house.simulators.hotjar().asked(), 1);
    *house.clock.0.lock().unwrap() += Duration::from_hours(1);
    house.ok("POST", &choose, json!({})).await;
    assert_eq!(house.simulators.hotjar().asked(), 2);
    // What was chosen before an edit says nothing about the credential as it is now.
    *house.clock.0.lock().unwrap() -= Duration::from_hours(1);
    let entry = json!({"name": "a", "vendor": "hotjar", "credential": house.sample("hotjar", 0)});
    house.ok("PUT", &format!("credentials/{id}"), entry).await;
    house.ok("POST", &choose, json!({})).await;
    assert_eq!(house.simulators.hotjar().asked(), 3);
}

#[tokio::test]
async fn an_edit_keeps_the_secret_that_is_left_blank_for_its_own_vendor_alone() {
    let house = House::new().await;
    let id = house.saved("a", "hotjar", 0).await;
    for secret in [json!({}), json!({"client_secret": ""})] {
        let mut blank = json!({"client_id": "simulated-hotjar-key-1"});
        blank
            .as_object_mut()
            .unwrap()
            .extend(secret.as_object().unwrap().clone());
        let entry = json!({"name": "b", "vendor": "hotjar", "credential": blank, "keep": id});
        assert_eq!(
            house.ok("POST", "validate", entry.clone()).await["issues"],
            json!([])
        );
        house.ok("POST", "inspect", entry.clone()).await;
        house.ok("PUT", &format!("credentials/{id}"), entry).await;
        house
            .ok("POST", &format!("credentials/{id}/session"), json!({}))
            .await;
    }
    // What is neither left blank nor a secret replaces nothing.
    let wrong = json!({"client_id": "a", "client_secret": 5});
    let entry = json!({"name": "b", "vendor": "hotjar", "credential": wrong, "keep": id});
    let path = format!("credentials/{id}");
    assert_ne!(house.ask("PUT", &path, entry).await.0, StatusCode::OK);
    house
        .ok("POST", &format!("{path}/session"), json!({}))
        .await;
    let elsewhere =
        json!({"vendor": "contentsquare", "credential": {"client_id": "a"}, "keep": id});
    let (status, _) = house.ask("POST", "inspect", elsewhere).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(house.simulators.contentsquare().asked(), 0);
}

#[tokio::test]
async fn what_is_wrong_is_told_at_its_field_before_any_request() {
    let house = House::new().await;
    let mut document = house.sample("contentsquare", 1);
    document["scopes"] = json!(["enrichment", "metrics"]);
    document.as_object_mut().unwrap().remove("project_id");
    let sent = json!({"name": "a", "vendor": "contentsquare", "credential": document});
    let issues = house.ok("POST", "validate", sent.clone()).await["issues"].take();
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
    let (status, refused) = house.ask("POST", "credentials", sent).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused["error"]["issues"], issues);
    assert_eq!(house.simulators.contentsquare().asked(), 0);
    assert_eq!(house.ok("GET", "credentials", json!({})).await, json!([]));
}

#[tokio::test]
async fn a_name_is_needed_fits_a_tile_and_serves_once() {
    let house = House::new().await;
    house.saved("a", "hotjar", 0).await;
    for name in ["", "  ", "a", &"long".repeat(26), "two\nlines"] {
        let entry =
            json!({"name": name, "vendor": "hotjar", "credential": house.sample("hotjar", 0)});
        let (status, refused) = house.ask("POST", "credentials", entry).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        assert_eq!(refused["error"]["kind"], "about", "{name}");
        assert_eq!(refused["error"]["issues"][0]["pointer"], "/name", "{name}");
    }
}

#[tokio::test]
async fn a_vendor_that_refuses_or_echoes_is_told_of_without_its_words() {
    let house = House::new().await;
    let wrong =
        json!({"vendor": "hotjar", "credential": {"client_id": "me", "client_secret": "hush"}});
    let (status, told) = house.ask("POST", "inspect", wrong.clone()).await;
    assert_eq!(
        (status, &told["error"]["kind"]),
        (StatusCode::BAD_GATEWAY, &json!("rejected"))
    );
    house
        .simulators
        .hotjar()
        .fault(Fault::Status(500, Vec::new(), "hush hush".into()));
    let (status, told) = house.ask("POST", "inspect", wrong).await;
    assert_eq!(
        (status, &told["error"]["kind"]),
        (StatusCode::BAD_GATEWAY, &json!("unavailable"))
    );
}
