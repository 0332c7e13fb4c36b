//! Calls in an instance that is kept, as some hosts do: the plugin remembers nothing.

use connector_host::{ApiResponse, CallError};
use futures::FutureExt as _;

use crate::documents::with;
use crate::network::{Reply, shown};
use crate::rule::{Breach, Check, Findings, Rule, Severity, ending};
use crate::rules::classify::response;
use crate::subject::{Listed, Subject};

pub(crate) static KEPT_INSTANCE: Rule = Rule {
    name: "kept-instance",
    severity: Severity::Error,
    about: "`validate` and `classify` get different inputs one after another in one instance, each \
            of them twice. They return the same as in fresh instances.",
    sentence: "It has no policy: no cache, no retries, no files, no environment, and it keeps \
               nothing between calls.",
    source: "wit/world.wit",
    check: Check(|subject| kept_instance(subject).boxed_local()),
};

/// Documents of which one leaves traces in a careless plugin for the next.
fn documents(listed: &Listed) -> Vec<String> {
    let mut documents = vec!["{}".to_owned(), "[".repeat(1_000), "x".repeat(10_000)];
    if let Ok(credential) = &listed.credential {
        documents.push(credential.to_string());
        let wrong = |field: &&str| with(credential, field, serde_json::json!({"a": 1})).to_string();
        documents.extend(listed.fields().iter().map(wrong));
    }
    // Each again, behind other ones.
    let again: Vec<_> = documents.iter().rev().cloned().collect();
    documents.extend(again);
    documents
}

fn responses() -> Vec<ApiResponse> {
    let mut responses = Vec::new();
    for body in ["", "{\"error\":\"invalid_token\"}", "<html>", "{\"error\":"] {
        for status in [200, 401, 403, 429, 503] {
            let reply = Reply::new(status, body).header("retry-after", "9");
            responses.push(response(&reply));
        }
    }
    let again: Vec<_> = responses.iter().rev().cloned().collect();
    responses.extend(again);
    responses
}

async fn kept_instance(subject: &Subject) -> Findings {
    let mut findings = Findings::default();
    for listed in &subject.vendors {
        validated(subject, listed, &mut findings).await;
        classified(subject, listed, &mut findings).await;
    }
    findings
}

async fn validated(subject: &Subject, listed: &Listed, findings: &mut Findings) {
    let documents = documents(listed);
    let texts: Vec<&str> = documents.iter().map(String::as_str).collect();
    let mut fresh = Vec::new();
    for text in &texts {
        fresh.push(subject.plugin.validate(listed.id(), text, &[]).await);
    }
    let plugin = &subject.plugin;
    let kept = plugin.validate_in_one_instance(listed.id(), &texts).await;
    let inputs = texts
        .iter()
        .map(|text| format!("validate of {}", shown(text.as_bytes())));
    compare(listed, inputs, &fresh, kept, findings);
}

async fn classified(subject: &Subject, listed: &Listed, findings: &mut Findings) {
    let responses = responses();
    let mut fresh = Vec::new();
    for response in &responses {
        fresh.push(subject.plugin.classify(listed.id(), response).await);
    }
    let plugin = &subject.plugin;
    let kept = plugin
        .classify_in_one_instance(listed.id(), &responses)
        .await;
    let inputs = responses
        .iter()
        .map(|response| format!("classify of {} {}", response.status, shown(&response.body)));
    compare(listed, inputs, &fresh, kept, findings);
}

fn compare<T: std::fmt::Debug + PartialEq>(
    listed: &Listed,
    inputs: impl Iterator<Item = String>,
    fresh: &[Result<T, CallError>],
    kept: Result<Vec<Result<T, CallError>>, CallError>,
    findings: &mut Findings,
) {
    let kept = match kept {
        Ok(kept) => kept,
        Err(error) => {
            findings.require(false, || {
                let input = "calls one after another in one instance";
                Breach::new(listed.id(), input, "a result of each", error.to_string())
            });
            return;
        }
    };
    for ((input, fresh), kept) in inputs.zip(fresh).zip(&kept) {
        findings.require(fresh == kept, || {
            let input = format!("{input}, in an instance that had other calls before");
            Breach::new(listed.id(), input, ending(fresh), ending(kept))
        });
    }
}
