//! The forms and texts of every vendor that the component lists, beyond the rules of the contract.

use connector_host::{ConnectorError, Issue};
use serde_json::{Value, json};

use super::common::{FRENCH, failure, locales};
use super::samples::{Sample, Suite};

/// Whether the vendor has texts in French.
fn is_translated(sample: &Sample) -> bool {
    xtask::root()
        .join(format!("src/{}.fr.json", sample.id()))
        .exists()
}

async fn schema(suite: &Suite, sample: &Sample, tags: &[&str]) -> Value {
    let schema = suite
        .connector
        .credential_schema(sample.id(), &locales(tags))
        .await;
    serde_json::from_str(&schema.unwrap()).unwrap()
}

#[tokio::test]
async fn has_french_texts_where_there_is_a_translation() {
    let suite = Suite::load().await;
    for sample in &suite.samples {
        let describe = async |tags: &[&str]| {
            let described = suite.connector.describe(sample.id(), &locales(tags)).await;
            described.unwrap()
        };
        let (english, french) = (describe(&[]).await, describe(&[FRENCH]).await);
        let differs = english.summary != french.summary;
        assert_eq!(differs, is_translated(sample), "{}", sample.id());
        let differs = schema(&suite, sample, &[FRENCH]).await != sample.schema;
        assert_eq!(differs, is_translated(sample), "{}", sample.id());
    }
}

#[tokio::test]
async fn describes_every_field_and_hides_a_secret() {
    let suite = Suite::load().await;
    for sample in &suite.samples {
        let fields = sample.schema["properties"].as_object().unwrap();
        for (name, field) in fields {
            assert!(
                field["description"].is_string(),
                "{name} of {}",
                sample.id()
            );
        }
        let is_secret = |field: &Value| field["format"] == "password";
        assert!(fields.values().any(is_secret), "{}", sample.id());
    }
}

async fn issues(suite: &Suite, sample: &Sample, document: &str, tags: &[&str]) -> Vec<Issue> {
    let checked = suite
        .connector
        .validate(sample.id(), document, &locales(tags))
        .await;
    match failure(checked) {
        ConnectorError::InvalidCredential(issues) => issues,
        error => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn reports_the_same_issues_in_every_language() {
    let suite = Suite::load().await;
    for sample in &suite.samples {
        let all_wrong = sample.credential.as_object().unwrap().keys();
        let all_wrong: Value = all_wrong.map(|name| (name.clone(), json!({}))).collect();
        for document in ["", "{}", "[]", r#"{"nonsense":1}"#, &all_wrong.to_string()] {
            let english = issues(&suite, sample, document, &[]).await;
            let french = issues(&suite, sample, document, &["fr-CA"]).await;
            let kinds = |issues: &[Issue]| -> Vec<_> {
                let kinds = issues.iter();
                kinds
                    .map(|issue| (issue.pointer.clone(), issue.code.clone()))
                    .collect()
            };
            assert_eq!(kinds(&english), kinds(&french), "{document}");
            for (english, french) in english.iter().zip(&french) {
                assert_ne!(english.message, french.message, "{document}");
                for message in [&english.message, &french.message] {
                    let ends_well = !message.ends_with(['.', ' ']) && !message.is_empty();
                    assert!(ends_well, "{message:?}");
                }
            }
            assert_eq!(issues(&suite, sample, document, &["de"]).await, english);
        }
    }
}
