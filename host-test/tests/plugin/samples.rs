//! A sample for each vendor that the component lists, derived from its schema. The optional file
//! `src/VENDOR.samples.json` adds the replies of the vendor's server.

use std::fs;

use connector_host::{Connector, Inspection, Session, Vendor};
use host_test::network::Network;
use host_test::script::Reply;
use serde_json::{Value, json};

use super::common::connector;
use super::documents::{good_document, validator};

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
        let file = file(&vendor.id);
        let part = |name: &str| file.as_ref().and_then(|file| file.get(name).cloned());
        let credential = part("credential").unwrap_or_else(|| good_document(&schema));
        let is_good = validator(&schema).is_valid(&credential);
        assert!(is_good, "the sample document of {} is invalid", vendor.id);
        let token = part("token").unwrap_or_else(
            || json!({"access_token": "token-1", "token_type": "Bearer", "expires_in": 3600}),
        );
        let access = part("access").unwrap_or_else(|| token.clone());
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
        if file.is_some() {
            opened
                .as_ref()
                .expect("the replies of the samples file are valid");
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

    /// The fields that accept any string, such as secrets.
    pub(crate) fn free_fields(&self) -> Vec<String> {
        let validator = validator(&self.schema);
        let fields = self.credential.as_object().unwrap().keys();
        let takes_any = |name: &&String| {
            ["Zq;0?&=+%\"\\", "zq-0123456789"].iter().all(|text| {
                let mut document = self.credential.clone();
                document[name.as_str()] = (*text).into();
                validator.is_valid(&document)
            })
        };
        fields.filter(takes_any).cloned().collect()
    }
}

fn file(vendor: &str) -> Option<Value> {
    let path = xtask::root().join(format!("src/{vendor}.samples.json"));
    let text = fs::read_to_string(path).ok()?;
    Some(serde_json::from_str(&text).expect("a samples file is JSON"))
}
