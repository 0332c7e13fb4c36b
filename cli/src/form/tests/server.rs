//! The server under test, in this process, and its vendors.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use bytes::Bytes;
use connector_host::{Clock, Connector, SystemClock};
use connector_simulators::{Simulators, TOKEN_PREFIX};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::form::access::AccessToken;
use crate::form::api::Api;
use crate::form::page::Page;
use crate::form::site::Site;
use crate::plugin;
use crate::store::{Location, Store};

pub(super) const PORT: u16 = 4711;
pub(super) const SELF: &str = "http://127.0.0.1:4711";

/// A line of the page's script.
pub(super) const SCRIPT: &str = "let a = 1;\n";

/// Machine code that these tests share: an unoptimized compiler takes a third of a second for it.
pub(super) fn machine_code() -> PathBuf {
    Path::new(env!("CONNECTOR_WASM")).with_file_name("machine-code")
}

/// A clock that tests advance.
pub(super) struct FakeClock(pub(super) Mutex<SystemTime>);

impl Clock for FakeClock {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap()
    }
}

/// The server, its vendors, and its files.
pub(super) struct TestServer {
    pub(super) site: Site,
    /// The field `Authorization` of the page.
    pub(super) bearer: String,
    pub(super) clock: Arc<FakeClock>,
    pub(super) simulators: Simulators,
    pub(super) dir: TempDir,
}

impl TestServer {
    pub(super) async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let dist = dir.path().join("dist");
        fs::create_dir_all(dist.join("assets")).unwrap();
        fs::write(dist.join("index.html"), "<meta content=__NONCE__>").unwrap();
        fs::write(dist.join("assets/page.js"), SCRIPT.repeat(100)).unwrap();
        fs::write(dist.join("assets/short.js"), "1").unwrap();
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
    pub(super) async fn raw(
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

    pub(super) fn assert_silent(&self, text: &str) {
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
    pub(super) async fn ask(&self, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
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

    pub(super) async fn ok(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, json) = self.ask(method, path, body).await;
        assert_eq!(status, StatusCode::OK, "{method} {path}: {json}");
        json
    }

    pub(super) fn sample(&self, vendor: &str, number: usize) -> Value {
        self.simulators.vendor(vendor).unwrap().sample_credentials()[number]
            .1
            .clone()
    }

    /// The version of a saved credential.
    pub(super) async fn version(&self, id: i64) -> Value {
        let mut list = self.ok("GET", "credentials", json!({})).await;
        let list = list.as_array_mut().unwrap();
        let mut found = list.iter_mut().find(|one| one["id"] == id).unwrap().take();
        found["version"].take()
    }

    /// Saves a sample, and returns its number.
    pub(super) async fn saved(&self, name: &str, vendor: &str, number: usize) -> i64 {
        let entry = json!({
            "name": name, "description": " what for ", "vendor": vendor,
            "credential": self.sample(vendor, number),
        });
        self.ok("POST", "credentials", entry).await["id"]
            .as_i64()
            .unwrap()
    }
}
