//! The page with a vendor whose refresh token rotates: an example of the guest SDK, with a vendor
//! that is a function. The server is restarted between the steps.

use std::fs;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use connector_host::{
    Clock as _, Connector, ResponseBody, SystemClock, Timeouts, Transport, TransportError,
};
use http::{Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};
use tempfile::TempDir;
use xtask::Component;
use xtask::component::shared_dir;

use super::server::{FakeClock, machine_code};
use crate::form::api::Api;
use crate::store::{Location, Store};

/// The vendor: replaces the refresh token on each use, and refuses every other one.
#[derive(Default)]
struct Orchard(Mutex<State>);

#[derive(Default)]
struct State {
    /// A firewall answers instead of the vendor.
    is_blocked: bool,
    rotations: usize,
    asked: Vec<String>,
}

fn refresh_token(number: usize) -> String {
    let token = format!("hush-orchard-000{number}");
    leak_check::register(&token);
    token
}

impl Orchard {
    fn answer(&self, request: &Request<Bytes>) -> (u16, Value) {
        let mut state = self.0.lock().unwrap();
        state.asked.push(request.uri().path().to_owned());
        if state.is_blocked {
            return (403, json!("blocked"));
        }
        if request.uri().path() == "/v3/me" {
            return (200, json!({"email": "ada@acme.example"}));
        }
        let mut form = form_urlencoded::parse(request.body());
        let spent = form.find(|(name, _)| name == "refresh_token").unwrap().1;
        assert_eq!(spent, refresh_token(state.rotations));
        state.rotations += 1;
        let token = json!({
            "access_token": format!("hush-access-{}", state.rotations), "token_type": "bearer",
            "expires_in": 3600, "refresh_token": refresh_token(state.rotations),
        });
        (200, token)
    }

    fn block(&self, is_blocked: bool) {
        self.0.lock().unwrap().is_blocked = is_blocked;
    }

    /// The paths of the requests since the last call.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().asked)
    }
}

impl Transport for Orchard {
    fn send(
        &self,
        request: Request<Bytes>,
        _: Timeouts,
    ) -> Pin<Box<dyn Future<Output = Result<Response<ResponseBody>, TransportError>> + Send>> {
        let (status, json) = self.answer(&request);
        let body = Full::new(Bytes::from(json.to_string()));
        let body = body.map_err(|never| match never {}).boxed_unsync();
        let response = Response::builder().status(status);
        let response = response.header("content-type", "application/json");
        Box::pin(std::future::ready(Ok(response.body(body).unwrap())))
    }
}

/// A server of the page that has just started.
struct Started(Api);

impl Started {
    async fn new(vendor: &Arc<Orchard>, clock: &Arc<FakeClock>, dir: &TempDir) -> Self {
        let target_dir = shared_dir(&std::env::current_exe().unwrap());
        let component = xtask::build(&Component {
            package: "connector-guest",
            example: Some("refresh_token"),
            target_dir: &target_dir,
        });
        let connector = Connector::builder(vendor.clone())
            .clock(clock.clone())
            .cache(machine_code())
            .load_file(&component.unwrap())
            .await
            .unwrap();
        let place = Location::at(dir.path().join("data/c.db"), dir.path().join("key/k"));
        Self(Api::new(connector, Store::open(&place).unwrap()).unwrap())
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let body = Bytes::from(body.to_string());
        let (status, json) = self.0.answer(&Method::POST, path, &[], &body).await;
        assert!(!json.to_string().contains("hush"), "{json}");
        (status.as_u16(), json)
    }

    /// The time of issue of the session after a request to this path.
    async fn issued(&self, path: &str) -> Value {
        let (status, mut json) = self.post(path, json!({})).await;
        assert_eq!(status, 200, "{path}: {json}");
        json["issued_at"].take()
    }
}

#[tokio::test]
async fn a_rotating_token_is_spent_once_and_a_session_outlives_a_failed_refresh() {
    let (vendor, dir) = (Arc::<Orchard>::default(), tempfile::tempdir().unwrap());
    let clock = Arc::new(FakeClock(Mutex::new(SystemClock.now())));
    let start = || Started::new(&vendor, &clock, &dir);
    let pass = || *clock.0.lock().unwrap() += Duration::from_secs(1);
    let server = start().await;
    let entry = json!({
        "name": "trees", "vendor": "orchard", "credential": {"refresh_token": refresh_token(0)},
    });
    let (status, unsaved) = server.post("inspect", entry.clone()).await;
    assert_eq!(
        (status, &unsaved["error"]["kind"]),
        (409, &json!("unsaved"))
    );
    let (_, saved) = server.post("credentials", entry).await;
    assert_eq!(vendor.asked(), [""; 0], "a draft spends no token");
    let path = |step: &str| format!("credentials/{}/{step}", saved["id"]);

    let first = server.issued(&path("session")).await;
    let (_, access) = server.post(&path("access"), json!({})).await;
    assert_eq!(access["identity"], "ada@acme.example");
    assert_eq!(vendor.asked(), ["/token", "/v3/me"]);

    let server = start().await;
    assert_eq!(server.issued(&path("session")).await, first);
    assert_eq!(vendor.asked(), [""; 0], "the session is in the store");
    pass();
    let second = server.issued(&path("refresh")).await;
    assert_ne!(second, first);
    assert_eq!(vendor.asked(), ["/token"]);

    // The first request after the start: the session to keep is only in the store.
    let server = start().await;
    vendor.block(true);
    let (status, error) = server.post(&path("refresh"), json!({})).await;
    assert_eq!((status, &error["error"]["confirmed"]), (502, &json!(false)));
    assert_eq!(server.issued(&path("session")).await, second);
    assert_eq!(vendor.asked(), ["/token"]);
    vendor.block(false);
    pass();
    assert_ne!(server.issued(&path("refresh")).await, second);

    for file in fs::read_dir(dir.path().join("data")).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("hush"));
    }
}
