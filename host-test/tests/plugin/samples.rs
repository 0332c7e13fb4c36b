//! A sample for each vendor that the component lists: those of the folder `samples/VENDOR`, else
//! one that is derived from its schema.

use std::fs;

use connector_conformance::similar_documents;
use connector_host::{Connector, Inspection, Session, Vendor};
use host_test::network::Network;
use host_test::script::Reply;
use serde_json::{Value, json};

use super::common::connector;

/// The number of documents that are tried to satisfy a schema.
const TRIES: usize = 1_000;

/// The component, its network, and its vendors.
pub(crate) struct Suite {
    pub(crate) connector: Connector,
    pub(crate) network: Network,
    pub(crate) samples: Vec<Sample>,
}

/// The data of a vendor for the tests.
pub(crate) struct Sample {
    pub(crate) vendor: Vendor,
    pub(crate) schema: Value,
    /// A valid credential document.
    pub(crate) credential: Value,
    document: String,
    /// A valid token reply.
    pub(crate) token: Value,
    /// A valid reply to `inspect`.
    pub(crate) access: Value,
    /// Whether the token reply opens a session. Without a file it need not; then the vendor's own
    /// tests cover its sessions.
    pub(crate) opens: bool,
}

impl Suite {
    pub(crate) async fn load() -> Self {
        let network = Network::default();
        let connector = connector(network.clone()).await;
        let mut samples = Vec::new();
        for vendor in connector.vendors() {
            samples.push(Sample::of(&connector, &network, vendor.clone()).await);
        }
        Self {
            connector,
            network,
            samples,
        }
    }

    /// The vendors with sessions.
    pub(crate) fn open(&self) -> impl Iterator<Item = &Sample> {
        self.samples.iter().filter(|sample| sample.opens)
    }

    /// Opens a session with the credential and the token reply.
    pub(crate) async fn session(&self, sample: &Sample) -> Session {
        self.network.answer(sample.token_reply());
        let opened = self
            .connector
            .authenticate(&sample.vendor.id, sample.document());
        let session = opened.await.expect("a valid credential opens a session");
        self.network.take_asked();
        session
    }
}

impl Sample {
    async fn of(connector: &Connector, network: &Network, vendor: Vendor) -> Self {
        let schema = connector.credential_schema(&vendor.id, &[]).await.unwrap();
        let schema: Value = serde_json::from_str(&schema).unwrap();
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let opening = sampled(&vendor.id, "authenticate", "session");
        let credential = opening.as_ref().map_or_else(
            || {
                let mut documents = similar_documents(&schema, None, 1, TRIES)
                    .unwrap()
                    .into_iter();
                let good = documents.find(|document| validator.is_valid(document));
                good.expect("one of many documents satisfies the schema")
            },
            |exchange| exchange["credential"].clone(),
        );
        let is_good = validator.is_valid(&credential);
        assert!(is_good, "the sample document of {} is invalid", vendor.id);
        let reply = |exchange: &Value| exchange["reply"]["json"].clone();
        let token = opening.as_ref().map_or_else(
            || json!({"access_token": "token-1", "token_type": "Bearer", "expires_in": 3600}),
            reply,
        );
        let inspection = sampled(&vendor.id, "inspect", "access");
        let access = inspection.as_ref().map_or_else(|| token.clone(), reply);
        let mut sample = Self {
            vendor,
            schema,
            document: credential.to_string(),
            credential,
            token,
            access,
            opens: false,
        };
        network.answer(sample.token_reply());
        let opened = connector.authenticate(&sample.vendor.id, sample.document());
        let opened = opened.await;
        if opening.is_some() {
            opened
                .as_ref()
                .expect("the replies of the samples are valid");
        }
        sample.opens = opened.is_ok();
        sample
    }

    pub(crate) fn id(&self) -> &str {
        &self.vendor.id
    }

    /// The credential document as a string.
    pub(crate) fn document(&self) -> &str {
        &self.document
    }

    pub(crate) fn token_reply(&self) -> Reply {
        Reply::json(200, self.token.clone())
    }

    pub(crate) fn access_reply(&self) -> Reply {
        Reply::json(200, self.access.clone())
    }

    pub(crate) fn is_inspected(&self) -> bool {
        self.vendor.inspection != Inspection::None
    }
}

/// The first sample of a function with this outcome.
fn sampled(vendor: &str, function: &str, outcome: &str) -> Option<Value> {
    let folder = xtask::root().join("samples").join(vendor);
    let mut paths: Vec<_> = fs::read_dir(folder)
        .ok()?
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let exchanges = paths.iter().map(|path| {
        let text = fs::read_to_string(path).unwrap();
        toml::from_str::<Value>(&text).expect("a sample is TOML")
    });
    let mut exchanges = exchanges.filter(|exchange| exchange["function"] == function);
    exchanges.find(|exchange| exchange["outcome"].get(outcome).is_some())
}
