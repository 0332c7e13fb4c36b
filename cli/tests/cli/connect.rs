//! `connect` with a person at a terminal, and what is saved by it used by the other commands.

use std::fs;
use std::path::PathBuf;

use host_test::sim::Fault;
use serde_json::{Value, json};

use crate::harness::{Run, Vendors, shows_a_secret};
use crate::pty::{CTRL_C, DOWN, Dialogue, ENTER, ESCAPE};

/// Any key will do, as long as it is one.
const KEY: (&str, &str) = (
    "CONNECTOR_STORE_KEY",
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
);

impl Vendors {
    fn store(&self) -> PathBuf {
        self.dir.path().join("store/credentials.db")
    }

    fn sample(&self, vendor: &str, number: usize) -> Value {
        let samples = self.simulators.vendor(vendor).unwrap().sample_credentials();
        samples[number].1.clone()
    }

    /// Starts `connect`, and names the credential.
    fn connect(&self, vendor: &str, name: &str) -> Dialogue {
        let store = self.store();
        let mut arguments = vec!["connect", vendor, "--store", store.to_str().unwrap()];
        arguments.extend(self.network.iter().map(String::as_str));
        let mut dialogue = Dialogue::start(self.dir.path(), &arguments, &[KEY]);
        dialogue
            .answers("Credential name:", name)
            .answers("Credential description:", "for the test");
        dialogue
    }

    /// Runs a command that uses the store.
    fn with_store(&self, arguments: &[&str]) -> Run {
        let store = self.store();
        let arguments = [arguments, &["--store", store.to_str().unwrap()]].concat();
        Run::with(&arguments, "", &[KEY])
    }
}

fn text<'a>(credential: &'a Value, member: &str) -> &'a str {
    credential[member].as_str().unwrap()
}

/// Types id and secret.
fn signs_in(dialogue: &mut Dialogue, credential: &Value) {
    dialogue
        .answers("Client ID:", text(credential, "client_id"))
        .answers("Client secret:", text(credential, "client_secret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_is_asked_for_saved_and_used_by_its_name() {
    let vendors = Vendors::start().await;
    let credential = vendors.sample("hotjar", 0);
    let mut dialogue = vendors.connect("hotjar", "My key");
    signs_in(&mut dialogue, &credential);
    dialogue.sees("the vendor accepts it");
    let saved = dialogue.result();
    assert_eq!(
        (&saved["name"], &saved["vendor"], &saved["description"]),
        (&json!("My key"), &json!("hotjar"), &json!("for the test"))
    );
    assert_eq!(saved["credential"]["client_secret"], "********");
    let bytes = fs::read(vendors.store()).unwrap();
    assert!(!shows_a_secret(&String::from_utf8_lossy(&bytes)));

    let list = vendors.with_store(&["credentials"]).result();
    assert_eq!(list, json!([saved]));
    let shown = vendors
        .with_store(&["credentials", "show", "My key"])
        .result();
    assert_eq!(shown, saved);
    let network: Vec<_> = vendors.network.iter().map(String::as_str).collect();
    let uses = |command: &str| {
        let arguments = [&[command, "hotjar", "--saved", "My key"], &*network].concat();
        vendors.with_store(&arguments).result()
    };
    assert_eq!(uses("authenticate")["access_token"], "********");
    assert!(uses("inspect")["scopes"].is_array());
    let valid = vendors.with_store(&["validate", "hotjar", "--saved", "My key"]);
    assert_eq!(valid.result(), json!({"valid": true}));
}
