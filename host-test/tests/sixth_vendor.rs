//! A sixth vendor in a folder outside the workspace: a manifest with one dependency, one file and
//! one schema, built as the documentation of `connector-guest` says.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use connector_host::Connector;
use host_test::network::Network;
use host_test::script::Reply;
use http::Request;
use serde_json::json;
use xtask::component::{build_outside, shared_dir};

leak_check::capture!();

const VENDOR: &str = r#"//! Lantern: client credentials in a form.

use connector_guest::{
    Description, Error, Fields, Form, Open, Request, Schema, Secret, Vendor, VendorInfo,
};

pub struct Lantern;

pub struct Credential {
    id: Secret,
    secret: Secret,
}

static INFO: VendorInfo = VendorInfo::new("lantern", &["https://api.lantern.example"]);

impl Vendor for Lantern {
    type Credential = Credential;

    fn info(&self) -> &'static VendorInfo {
        &INFO
    }

    fn description(&self) -> Description {
        Description::new("Lantern", "https://lantern.example/keys")
    }

    fn schema(&self) -> Schema {
        Schema::new(include_str!("lantern.schema.json"), &[])
    }

    fn read(&self, form: &mut Form) -> Option<Credential> {
        let id = form.required("client_id").string();
        let secret = form.required("client_secret").string();
        Some(Credential { id: id?, secret: secret? })
    }

    fn open(&self, credential: &Credential, _: Option<&Secret>) -> Result<Open, Error> {
        let request = Request::post("https://api.lantern.example/token").form(&[
            ("grant_type", "client_credentials"),
            ("client_id", credential.id.expose()),
            ("client_secret", credential.secret.expose()),
        ]);
        Ok(Open::Request(request))
    }

    fn base_url(&self, _: &Credential, _: &mut Fields) -> Result<String, Error> {
        Ok("https://api.lantern.example/v1".into())
    }
}

connector_guest::export!(Lantern);
"#;

/// Writes the folder, and builds the component in it.
fn build(folder: &Path) -> PathBuf {
    let source = folder.join("src");
    fs::create_dir_all(&source).unwrap();
    fs::write(source.join("lib.rs"), VENDOR).unwrap();
    // The form of Hotjar's key suits every vendor with a client ID and a secret.
    let schema = fs::read_to_string(xtask::root().join("src/hotjar.schema.json")).unwrap();
    fs::write(source.join("lantern.schema.json"), schema).unwrap();
    let target_dir = shared_dir(&env::current_exe().unwrap());
    build_outside(folder, "lantern", &source.join("lib.rs"), &target_dir).unwrap()
}

#[tokio::test]
async fn a_vendor_outside_the_workspace_needs_one_dependency_and_signs_in() {
    let folder = tempfile::tempdir().unwrap();
    let component = build(folder.path());
    let network = Network::default();
    let connector = Connector::builder(Arc::new(network.clone()))
        .load_file(&component)
        .await
        .unwrap();
    assert_eq!(connector.vendors()[0].id, "lantern");
    let credential = json!({"client_id": "id-0001", "client_secret": "hush-0001"}).to_string();
    connector
        .validate("lantern", &credential, &[])
        .await
        .unwrap();

    let token = json!({"access_token": "t-0001", "token_type": "bearer", "expires_in": 60});
    network.answer(Reply::json(200, token));
    let session = connector
        .authenticate("lantern", &credential)
        .await
        .unwrap();
    assert_eq!(
        network.take_asked()[0].url,
        "https://api.lantern.example/token"
    );
    network.answer(Reply::empty(204));
    let request = Request::get("/lamps").body(Bytes::new()).unwrap();
    connector.send("lantern", &session, request).await.unwrap();
    let asked = network.take_asked();
    assert_eq!(asked[0].url, "https://api.lantern.example/v1/lamps");
    assert_eq!(asked[0].headers["authorization"], "Bearer t-0001");
}
