//! Issues contain only the plugin's own words. The words are derived: every field of every form is
//! probed with each kind of wrong value, and the names and choices of the schema are added.

use std::collections::BTreeSet;

use connector_conformance::similar_documents;
use connector_host::{ConnectorError, Issue};
use serde_json::{Value, json};

use super::common::{FRENCH, failure, locales};
use super::samples::{Sample, Suite};

const DOCUMENTS: usize = 1_000;

/// One value for each way in which a field can be wrong. None contains a word.
fn wrong_values() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(0.5),
        json!(1e300),
        json!([]),
        json!([1]),
        json!({}),
        json!(""),
        json!("\u{200b}"),
        json!("1\u{7}1"),
        json!("1\u{200b}1"),
        json!("1".repeat(5000)),
        json!("§"),
        json!(["§"]),
    ]
}

/// The words of a message. Numbers are not words: they are positions and limits.
fn words(message: &str) -> impl Iterator<Item = String> {
    let words = message.split(|char: char| !char.is_alphabetic());
    words.filter(|word| !word.is_empty()).map(str::to_owned)
}

async fn issues(suite: &Suite, sample: &Sample, document: &str, tags: &[&str]) -> Vec<Issue> {
    match suite
        .connector
        .validate(sample.id(), document, &locales(tags))
        .await
    {
        Ok(()) => Vec::new(),
        failed => match failure(failed) {
            ConnectorError::InvalidCredential(issues) => issues,
            error => panic!("{error:?}"),
        },
    }
}

/// Every word in the issues of the probes.
async fn vocabulary(suite: &Suite, sample: &Sample, tags: &[&str]) -> BTreeSet<String> {
    let mut probes = vec![
        String::new(),
        "[]".to_owned(),
        "{}".to_owned(),
        "1".repeat(70_000),
    ];
    let mut unknown = sample.credential.clone();
    unknown["§"] = json!(1);
    probes.push(unknown.to_string());
    for name in sample.schema["properties"].as_object().unwrap().keys() {
        let mut values = wrong_values();
        // A list may contain a choice twice, or choices that conflict.
        let choices = sample.schema["properties"][name]["items"]["oneOf"].as_array();
        let choices: Vec<_> = choices.into_iter().flatten().collect();
        for first in &choices {
            for second in &choices {
                values.push(json!([first["const"], second["const"]]));
            }
        }
        for value in values {
            let mut document = sample.credential.clone();
            document[name] = value.clone();
            probes.push(document.to_string());
            // Conditions between fields apply with other values of the other fields.
            for other in sample.schema["properties"].as_object().unwrap() {
                for choice in other.1["oneOf"].as_array().into_iter().flatten() {
                    document[other.0] = choice["const"].clone();
                    probes.push(document.to_string());
                }
            }
        }
        let mut document = sample.credential.clone();
        document.as_object_mut().unwrap().remove(name);
        probes.push(document.to_string());
    }
    let mut found = BTreeSet::new();
    for probe in probes {
        for issue in issues(suite, sample, &probe, tags).await {
            found.extend(words(&issue.message));
        }
    }
    found
}

#[tokio::test]
async fn issues_contain_only_the_plugins_own_words() {
    let suite = Suite::load().await;
    for sample in &suite.samples {
        let example = Some(&sample.credential);
        let documents = similar_documents(&sample.schema, example, 1, DOCUMENTS).unwrap();
        for tags in [&[][..], &[FRENCH]] {
            let known = vocabulary(&suite, sample, tags).await;
            assert!(known.len() > 20, "the probes cause few issues: {known:?}");
            for document in &documents {
                for issue in issues(&suite, sample, &document.to_string(), tags).await {
                    let strange = words(&issue.message).find(|word| !known.contains(word));
                    assert_eq!(strange, None, "{:?} after {document}", issue.message);
                }
            }
        }
    }
}
