//! Builds and loads an example, and makes its calls over scripted HTTP.

use std::env;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use connector_host::{
    ApiResponse, CallError, Clock, Connector, ConnectorError, Refusal, Session, Transport, Verdict,
};
use host_test::machine_code;
use host_test::network::Network;
use host_test::script::{Asked, Reply};
use http::{HeaderMap, Request};
use serde_json::Value;
use tokio::time::Instant;
use xtask::Component;
use xtask::component::shared_dir;

/// When every test starts: 2023-11-14T22:13:20Z.
pub(crate) fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

/// Starts at [`now`], and follows tokio's clock, which the tests pause.
struct PausedClock(Instant);

impl Clock for PausedClock {
    fn now(&self) -> SystemTime {
        now() + self.0.elapsed()
    }
}

/// An example as a component in the host.
pub(crate) async fn load(example: &str, transport: impl Transport) -> Connector {
    let target_dir = shared_dir(&env::current_exe().unwrap());
    let component = xtask::build(&Component {
        package: "connector-guest",
        example: Some(example),
        target_dir: &target_dir,
    });
    Connector::builder(Arc::new(transport))
        .clock(Arc::new(PausedClock(Instant::now())))
        .cache(machine_code())
        .load_file(&component.unwrap())
        .await
        .unwrap()
}

/// An example, and its network.
pub(crate) struct Example {
    pub(crate) connector: Connector,
    pub(crate) network: Network,
    pub(crate) vendor: String,
}

impl Example {
    pub(crate) async fn load(example: &str) -> Self {
        let network = Network::default();
        let connector = load(example, network.clone()).await;
        let [vendor] = connector.vendors() else {
            panic!("one vendor");
        };
        Self {
            vendor: vendor.id.clone(),
            network,
            connector,
        }
    }

    /// Opens a session with this reply to the token request, if there is one, and returns the
    /// request.
    pub(crate) async fn sign_in(
        &self,
        credential: &Value,
        reply: Value,
    ) -> (Session, Option<Asked>) {
        self.network.answer(Reply::json(200, reply));
        let credential = credential.to_string();
        let opened = self.connector.authenticate(&self.vendor, &credential);
        (opened.await.unwrap(), self.asked())
    }

    /// Refreshes a session with this reply to the token request, if there is one, and returns the
    /// request.
    pub(crate) async fn refresh(
        &self,
        credential: &Value,
        current: &Session,
        reply: Value,
    ) -> (Session, Option<Asked>) {
        self.network.answer(Reply::json(200, reply));
        let credential = credential.to_string();
        let replaced = self.connector.refresh(&self.vendor, &credential, current);
        (replaced.await.unwrap(), self.asked())
    }

    /// The error of signing in after this reply to the token request.
    pub(crate) async fn failure(&self, credential: &Value, reply: Reply) -> ConnectorError {
        self.network.answer(reply);
        let credential = credential.to_string();
        let opened = self.connector.authenticate(&self.vendor, &credential);
        match opened.await.unwrap_err() {
            CallError::Connector(error) => error,
            error => panic!("{error}"),
        }
    }

    /// Makes an API call, and returns the request as the vendor receives it.
    pub(crate) async fn call(&self, session: &Session, request: Request<Bytes>) -> Asked {
        self.network.answer(Reply::empty(204));
        let sent = self.connector.send(&self.vendor, session, request);
        assert_eq!(sent.await.unwrap().status(), 204);
        self.asked().unwrap()
    }

    /// The request since the reply was set; there is at most one.
    pub(crate) fn asked(&self) -> Option<Asked> {
        let mut asked = self.network.take_asked();
        assert!(asked.len() <= 1, "{asked:?}");
        asked.pop()
    }

    pub(crate) async fn verdict(&self, status: u16, body: &str) -> Verdict {
        let response = ApiResponse {
            status,
            headers: Vec::new(),
            body: body.into(),
        };
        let verdict = self.connector.classify(&self.vendor, &response).await;
        verdict.unwrap()
    }
}

pub(crate) fn get(path: &str) -> Request<Bytes> {
    Request::get(path).body(Bytes::new()).unwrap()
}

pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let value = headers.get(name).unwrap_or_else(|| panic!("no {name}"));
    value.to_str().unwrap()
}

/// A refusal, confirmed by its code if it has one.
pub(crate) fn refusal(status: u16, code: Option<&str>) -> Refusal {
    Refusal {
        status,
        code: code.map(Into::into),
        confirmed: code.is_some(),
    }
}

/// Refusals that may come from a firewall, a captive portal or a bad deploy.
pub(crate) fn unconfirmed() -> [Reply; 7] {
    let page = |status| {
        Reply::bytes(status, "<!doctype html><title>Just a moment…</title>")
            .header("content-type", "text/html")
    };
    [
        page(403),
        page(401),
        Reply::empty(400),
        Reply::empty(401),
        Reply::empty(403),
        Reply::text(401, r#"{"error":"no_tulips_today"}"#),
        Reply::text(403, r#"{"error":{"code":"E-0000"}}"#),
    ]
}
