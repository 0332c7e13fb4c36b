//! Shared by the tests: a connector with a network of the test, a fixed clock, and short forms of
//! the host's types.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use connector_host::{
    ApiResponse, CallError, Clock, Connector, ConnectorError, InvalidResponse, Refusal,
    RequestHead, Transport,
};
use host_test::script::Script;
use host_test::{COMPONENT, machine_code};

/// The language of the translated texts.
pub(crate) const FRENCH: &str = "fr";

/// The time of all calls: 2023-11-14T22:13:20Z.
pub(crate) fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

/// A fixed clock.
struct Still;

impl Clock for Still {
    fn now(&self) -> SystemTime {
        now()
    }
}

/// The built component, with `transport` for a network.
pub(crate) async fn connector(transport: impl Transport) -> Connector {
    Connector::builder(Arc::new(transport))
        .clock(Arc::new(Still))
        .cache(machine_code())
        .load_file(Path::new(COMPONENT))
        .await
        .expect("the component loads")
}

/// The built component on an empty script, and the script.
pub(crate) async fn scripted() -> (Connector, Script) {
    let script = Script::new();
    (connector(script.clone()).await, script)
}

/// The error of a call that fails as the contract says.
pub(crate) fn failure<T: std::fmt::Debug>(result: Result<T, CallError>) -> ConnectorError {
    match result.expect_err("the call fails") {
        CallError::Connector(error) => error,
        error => panic!("the plugin broke: {error}"),
    }
}

/// A refusal, with the code that confirms it if there is one.
pub(crate) fn refusal(status: u16, code: Option<&str>, confirmed: bool) -> Refusal {
    Refusal {
        status,
        code: code.map(Into::into),
        confirmed,
    }
}

pub(crate) fn invalid_response(status: u16, field: &str) -> ConnectorError {
    ConnectorError::InvalidResponse(InvalidResponse {
        status,
        field: field.into(),
    })
}

pub(crate) fn response(
    status: u16,
    headers: &[(&str, &str)],
    body: impl Into<Vec<u8>>,
) -> ApiResponse {
    let headers = headers.iter();
    ApiResponse {
        status,
        headers: headers
            .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
            .collect(),
        body: body.into(),
    }
}

/// The head of a request, with all fields that a vendor may sign.
pub(crate) fn head(method: &str, url: &str) -> RequestHead {
    RequestHead {
        method: method.to_owned(),
        url: url.to_owned(),
        headers: Vec::new(),
        body_sha256: Some([7; 32]),
        body: Some(b"{}".to_vec()),
    }
}

/// Language preferences.
pub(crate) fn locales(tags: &[&str]) -> Vec<String> {
    tags.iter().map(|tag| (*tag).to_owned()).collect()
}
