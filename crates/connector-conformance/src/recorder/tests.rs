//! A recorded sign-in holds no secret, and is a sample that the plugin keeps.

use std::fs;
use std::sync::Arc;

use connector_host::{CallError, Connector, Session};
use serde_json::{Value, json};

use super::{RecordError, Recorder};
use crate::network::{Network, Reply};
use crate::rules::testing::component;
use crate::{Effort, Kit, Samples};

const SECRET: &str = "hu;sh?&=+%\"\\ é~0001";
const TOKEN: &str = "ey.tulip-0001";

/// Signs in to Hotjar, and returns the outcome and the sample.
async fn record(
    secret: &str,
    reply: Reply,
) -> (Result<Session, CallError>, Result<String, RecordError>) {
    let network = Network::default();
    network.answer(reply);
    let recorder = Arc::new(Recorder::new(Arc::new(network)));
    let transport: Arc<dyn connector_host::Transport> = Arc::clone(&recorder) as _;
    let connector = Connector::builder(transport);
    let connector = connector.load_bytes(&component(None)).await.unwrap();
    let schema = connector.credential_schema("hotjar", &[]).await.unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let credential = json!({"client_id": "hj-id-0001", "client_secret": secret});
    let outcome = connector
        .authenticate("hotjar", &credential.to_string())
        .await;
    let sample = recorder.sign_in(&schema, &credential, &outcome);
    (outcome, sample)
}

/// Whether the plugin keeps the sample.
async fn keeps(sample: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let vendor = folder.path().join("hotjar");
    fs::create_dir(&vendor).unwrap();
    fs::write(vendor.join("sign-in.json"), sample).unwrap();
    let samples = Samples::read(folder.path()).unwrap();
    let kit = Kit::new(component(None)).samples(samples);
    let report = kit.effort(Effort::Quick).rule("samples").run().await;
    report.unwrap().is_passed()
}

#[tokio::test]
async fn a_sign_in_is_written_without_its_secrets_and_can_be_checked() {
    let reply = Reply::json(
        200,
        &json!({
            "access_token": TOKEN, "token_type": "Bearer", "expires_in": 7200,
            "refresh_token": "deep-tulip-0002", "note": format!("for {TOKEN}"),
        }),
    );
    let (outcome, sample) = record(SECRET, reply).await;
    outcome.unwrap();
    let sample = sample.unwrap();
    for secret in [SECRET, TOKEN, "tulip", "hu%3Bsh", "hu;sh"] {
        assert!(!sample.contains(secret), "{secret}: {sample}");
    }
    let written: Value = serde_json::from_str(&sample).unwrap();
    assert_eq!(written["request"]["form"]["client_secret"], "secret-0001");
    assert_eq!(written["credential"]["client_secret"], "secret-0001");
    assert_eq!(written["credential"]["client_id"], "hj-id-0001");
    assert_eq!(written["reply"]["json"]["note"], "for token-0002");
    assert_eq!(written["outcome"]["session"]["lifetime_secs"], 7200);
    assert!(keeps(&sample).await, "{sample}");
    let wrong = sample.replace("\"lifetime_secs\": 7200", "\"lifetime_secs\": 1");
    assert!(!keeps(&wrong).await, "the outcome is compared");
}

#[tokio::test]
async fn a_refusal_is_a_sample_too() {
    let reply = Reply::json(400, &json!({"error": "invalid_client", "hint": SECRET}));
    let (_, sample) = record(SECRET, reply).await;
    let sample = sample.unwrap();
    let written: Value = serde_json::from_str(&sample).unwrap();
    assert_eq!(written["outcome"]["error"]["kind"], "rejected");
    assert_eq!(written["reply"]["json"]["hint"], "secret-0001");
    assert!(keeps(&sample).await, "{sample}");
}

#[tokio::test]
async fn an_exchange_whose_secrets_cannot_be_replaced_is_not_written() {
    use connector_host::TransportError;
    let token = json!({"access_token": TOKEN, "token_type": "bearer"});
    let binary = Reply::new(200, &b"\xff\xfe"[..]);
    for (secret, reply, expected) in [
        ("abc", Reply::json(200, &token), RecordError::Short),
        (SECRET, binary, RecordError::Secret),
        (
            SECRET,
            Reply::fail(TransportError::Dns),
            RecordError::Outcome,
        ),
    ] {
        let (_, sample) = record(secret, reply).await;
        assert_eq!(sample.unwrap_err(), expected);
    }
}
