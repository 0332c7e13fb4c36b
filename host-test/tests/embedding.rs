//! The host's example `embed`, run as a platform would run it, against simulated vendors.

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use connector_simulators::Simulators;
use host_test::COMPONENT;

leak_check::capture!();

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_is_replaced_without_an_error_for_the_embedder() {
    let simulators = Simulators::start().await.unwrap();
    let vendor = simulators.contentsquare();
    let dir = tempfile::tempdir().unwrap();
    let (ca, credential) = (
        dir.path().join("ca.pem"),
        dir.path().join("credential.json"),
    );
    fs::write(&ca, simulators.ca_pem()).unwrap();
    let (_, document) = vendor.sample_credentials().swap_remove(0);
    fs::write(&credential, document.to_string()).unwrap();

    let tests = env::current_exe().unwrap();
    let built = tests.ancestors().nth(2).unwrap();
    let embedder = Command::new(built.join("examples/embed"))
        .args([COMPONENT, vendor.id()])
        .args([&credential, &ca])
        .args(simulators.connect_to())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut embedder =
        embedder.expect("`cargo test` builds the examples unless targets are selected");
    let mut calls = embedder.stdin.take().unwrap();
    let mut responses = BufReader::new(embedder.stdout.take().unwrap()).lines();
    for _ in 0..2 {
        writeln!(calls, "{}", vendor.sample_call()).unwrap();
        let response = responses.next().expect("a response for each call").unwrap();
        leak_check::output(&response);
        assert!(response.starts_with("200 OK"), "{response}");
        vendor.expire_sessions();
    }
    drop(calls);
    assert!(embedder.wait().unwrap().success());

    // The first call, the same call with the expired token, and once more with a new token.
    let requests = vendor.requests().join("\n");
    let count = |text: &str| requests.matches(text).count();
    let found = (count("/v1/oauth/token"), count("/v1/exports"));
    assert_eq!(found, (2, 3), "{requests}");
}
