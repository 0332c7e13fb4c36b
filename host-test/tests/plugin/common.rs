//! What the tests share: a connector on a script, a clock that stands still, and a good credential
//! and reply for each vendor.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use connector_host::{CallError, Clock, Connector, ConnectorError, Session, Transport};
use host_test::COMPONENT;
use host_test::script::{Expect, Reply, Script};
use serde_json::{Value, json};

/// When all calls are made: 2023-11-14T22:13:20Z.
pub(crate) fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

/// A clock that stands still.
pub(crate) struct Still;

impl Clock for Still {
    fn now(&self) -> SystemTime {
        now()
    }
}

/// The built component, with `transport` for a network.
pub(crate) async fn connector(transport: impl Transport) -> Connector {
    Connector::builder(Arc::new(transport))
        .clock(Arc::new(Still))
        .load_file(Path::new(COMPONENT))
        .await
        .expect("the component loads")
}

/// The built component on an empty script, and the script.
pub(crate) async fn scripted() -> (Connector, Script) {
    let script = Script::new();
    (connector(script.clone()).await, script)
}

/// What stands in the way of a call.
pub(crate) fn refusal<T: std::fmt::Debug>(result: Result<T, CallError>) -> ConnectorError {
    match result.expect_err("the call fails") {
        CallError::Connector(error) => error,
        CallError::Plugin(error) => panic!("the plugin broke: {error}"),
    }
}

/// What a test needs of a vendor that the contract suite runs over.
pub(crate) struct Sample {
    /// The vendor's id.
    pub(crate) vendor: &'static str,
    /// A credential document that is good.
    pub(crate) credential: Value,
    /// Where the token comes from.
    pub(crate) token_url: &'static str,
    /// A good token reply.
    pub(crate) token: Value,
    /// Where `inspect` asks.
    pub(crate) inspect_url: &'static str,
    /// A good answer to it.
    pub(crate) access: Value,
}

/// One for each vendor; the contract suite fails when a vendor of the component has none.
pub(crate) fn samples() -> [Sample; 2] {
    [
        Sample {
            vendor: "hotjar",
            credential: json!({"client_id": "hj-id-0001", "client_secret": "hj;secret?&=+% 1"}),
            token_url: "https://api.hotjar.io/v1/oauth/token",
            token: json!({"access_token": "hj-token-1", "token_type": "Bearer",
                    "expires_in": 3600}),
            inspect_url: "https://api.hotjar.io/v1/oauth/token",
            access: json!({"access_token": "hj-token-1", "token_type": "Bearer",
                    "expires_in": 3600}),
        },
        Sample {
            vendor: "contentsquare",
            credential: json!({
                "client_id": "cs-id-0001", "client_secret": "cs;secret?\"\\ 1",
                "credential_level": "project", "scopes": ["data-export", "metrics"],
            }),
            token_url: "https://api.contentsquare.com/v1/oauth/token",
            token: json!({
                "access_token": "cs.token-1", "token_type": "bearer", "expires_in": 3600,
                "scope": "data-export metrics", "project_id": 42,
                "endpoint": "https://api.eu-west-1.production.contentsquare.com",
            }),
            inspect_url: "https://api.contentsquare.com/v1/oauth/me",
            access: json!({
                "scopes": "metrics data-export",
                "permissions": {"projects": [{"id": 42, "name": "INVENTED SHOP"}]},
            }),
        },
    ]
}

impl Sample {
    /// The good credential as a document.
    pub(crate) fn document(&self) -> String {
        self.credential.to_string()
    }

    /// Expects one token request, answered so.
    pub(crate) fn expect_token(&self, script: &Script, reply: Reply) {
        script.expect(Expect::post(self.token_url)).reply(reply);
    }

    /// A session, opened with the good credential and the good reply.
    pub(crate) async fn session(&self, connector: &Connector, script: &Script) -> Session {
        self.expect_token(script, Reply::json(200, self.token.clone()));
        let opened = connector.authenticate(self.vendor, &self.document()).await;
        opened.expect("the good credential opens a session")
    }
}
