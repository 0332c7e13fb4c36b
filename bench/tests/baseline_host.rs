//! The plugin in the baseline host: its descriptions satisfy the published schema, and it works
//! with hosts that forbid header fields.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use connector_bench::baseline::{Baseline, Network};
use futures::FutureExt as _;
use futures::future::ready;
use host_test::COMPONENT_BYTES;
use http::HeaderName;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, USER_AGENT};
use http_body_util::{BodyExt as _, Full};
use serde_json::Value;
use wasmtime::Engine;
use wasmtime::component::Component;

leak_check::capture!();

const CREDENTIAL: &str = r#"{"client_id":"hj-id-0001","client_secret":"hj;secret?&=+% 1"}"#;
const REPLY: &str = r#"{"access_token":"tok.en-1","token_type":"Bearer","expires_in":3600}"#;

type Asked = Arc<Mutex<Vec<http::HeaderMap>>>;

/// The plugin with a network that grants a token, and the header fields of its requests.
fn load() -> (Baseline, Asked) {
    let asked = Asked::default();
    let record = Arc::clone(&asked);
    let network: Network = Arc::new(move |request| {
        record.lock().unwrap().push(request.headers().clone());
        let body = Full::new(REPLY.into()).map_err(|never| match never {});
        ready(Ok(http::Response::new(body.boxed_unsync()))).boxed()
    });
    let component = Component::new(&Engine::default(), COMPONENT_BYTES).unwrap();
    (Baseline::new(&component, network).unwrap(), asked)
}

/// Signs in to Hotjar, in a fresh instance.
async fn signs_in(host: &Baseline) -> bool {
    let mut store = host.store();
    let instance = host.instance(&mut store).await.unwrap();
    let functions = instance.integration_connector_credentials();
    let credential = CREDENTIAL.to_owned();
    let session = functions.call_authenticate(&mut store, "hotjar", &credential);
    session.await.unwrap().is_ok()
}

#[tokio::test]
async fn a_host_may_forbid_header_fields() {
    let (host, asked) = load();
    let optional = [CONTENT_LENGTH, USER_AGENT, ACCEPT];
    let mut cases: Vec<Vec<HeaderName>> = optional.iter().map(|name| vec![name.clone()]).collect();
    cases.push(optional.into());
    for forbidden in cases {
        assert!(
            signs_in(&host.forbidding(&forbidden)).await,
            "{forbidden:?}"
        );
        let headers = asked.lock().unwrap().pop().unwrap();
        assert!(forbidden.iter().all(|name| !headers.contains_key(name)));
        assert_eq!(headers[CONTENT_TYPE], "application/x-www-form-urlencoded");
    }
    assert!(signs_in(&host).await);
    let headers = asked.lock().unwrap().pop().unwrap();
    for name in [CONTENT_LENGTH, USER_AGENT, ACCEPT, CONTENT_TYPE] {
        assert!(headers.contains_key(&name), "{name}");
    }
    assert!(!headers.contains_key(AUTHORIZATION));
}

#[tokio::test]
async fn a_token_request_needs_its_content_type() {
    let (host, asked) = load();
    assert!(!signs_in(&host.forbidding(&[CONTENT_TYPE])).await);
    assert!(asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn every_description_satisfies_the_published_schema() {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit/describe.schema.json");
    let schema: Value = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    let options = jsonschema::options();
    let validator = options
        .should_validate_formats(true)
        .build(&schema)
        .unwrap();

    let (host, _) = load();
    let mut store = host.store();
    let instance = host.instance(&mut store).await.unwrap();
    let functions = instance.integration_connector_credentials();
    let vendors = functions.call_vendors(&mut store).await.unwrap();
    assert!(!vendors.is_empty());
    for vendor in vendors {
        for locales in [vec![], vec!["fr".to_owned()]] {
            let described = functions
                .call_describe(&mut store, &vendor.id, &locales)
                .await;
            let document = described.unwrap().unwrap();
            let document: Value = serde_json::from_str(&document).unwrap();
            let breaches: Vec<_> = validator.iter_errors(&document).collect();
            assert!(breaches.is_empty(), "{}: {breaches:?}", vendor.id);
        }
    }
}
