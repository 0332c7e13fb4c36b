//! The rules of the contract for forms and texts, over every vendor that the component lists.

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
async fn describes_each_vendor_in_the_best_of_the_languages() {
    let suite = Suite::load().await;
    for sample in &suite.samples {
        let describe = async |tags: &[&str]| {
            suite
                .connector
                .describe(sample.id(), &locales(tags))
                .await
                .unwrap()
        };
        let english = describe(&[]).await;
        assert!(!english.name.is_empty());
        let mut french = describe(&[FRENCH]).await;
        if is_translated(sample) {
            assert_ne!(english.summary, french.summary, "{}", sample.id());
        }
        for tags in [&["fr-CA"][..], &["xx", "FR"], &["not a tag", "fr-Latn-FR"]] {
            assert_eq!(describe(tags).await, french, "{tags:?}");
        }
        for tags in [&["en-GB", FRENCH][..], &["xx"], &["", "-", "f\u{0}r"]] {
            assert_eq!(describe(tags).await, english, "{tags:?}");
        }
        french.summary.clone_from(&english.summary);
        assert_eq!(english.prerequisites.len(), french.prerequisites.len());
        french.prerequisites.clone_from(&english.prerequisites);
        assert_eq!(english, french, "only texts are translated");
    }
}

#[tokio::test]
async fn gives_each_vendor_a_schema_for_a_form() {
    let suite = Suite::load().await;
    for sample in &suite.samples {
        let (vendor, schema) = (sample.id(), &sample.schema);
        assert!(
            jsonschema::meta::is_valid(schema),
            "{vendor} has no JSON Schema"
        );
        assert_eq!(
            schema["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
        assert_eq!(schema["additionalProperties"], json!(false));
        assert_eq!(
            schema.get("allOf"),
            None,
            "a root allOf breaks form libraries"
        );
        let fields = schema["properties"].as_object().unwrap();
        let mut secrets = 0;
        for (name, field) in fields {
            for text in ["title", "description"] {
                assert!(field[text].is_string(), "{name} of {vendor} has no {text}");
            }
            let is_secret = field["format"] == "password";
            assert_eq!(is_secret, field["writeOnly"] == true, "{name} of {vendor}");
            secrets += usize::from(is_secret);
        }
        assert!(secrets > 0, "{vendor} hides no field");
        for required in schema["required"].as_array().into_iter().flatten() {
            assert!(fields.contains_key(required.as_str().unwrap()));
        }
    }
}

/// The schema without its titles and descriptions.
fn without_texts(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let is_text = |name: &str, value: &Value| {
                matches!(name, "title" | "description") && value.is_string()
            };
            let rest = fields.iter().filter(|(name, value)| !is_text(name, value));
            rest.map(|(name, value)| (name.clone(), without_texts(value)))
                .collect()
        }
        Value::Array(items) => items.iter().map(without_texts).collect(),
        other => other.clone(),
    }
}

#[tokio::test]
async fn translates_titles_and_descriptions_of_a_schema_and_nothing_else() {
    let suite = Suite::load().await;
    for sample in &suite.samples {
        let french = schema(&suite, sample, &[FRENCH]).await;
        assert_eq!(
            french != sample.schema,
            is_translated(sample),
            "{}",
            sample.id()
        );
        assert_eq!(without_texts(&french), without_texts(&sample.schema));
        assert_eq!(schema(&suite, sample, &["xx", "fr-FR"]).await, french);
        assert_eq!(schema(&suite, sample, &["de", "en"]).await, sample.schema);
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

#[tokio::test]
async fn points_each_issue_at_a_field_of_the_form_or_at_the_document() {
    let suite = Suite::load().await;
    for sample in &suite.samples {
        let names = sample.schema["properties"].as_object().unwrap().keys();
        for name in names {
            let mut document = sample.credential.clone();
            document[name] = json!({"a": 1});
            let found = issues(&suite, sample, &document.to_string(), &[]).await;
            let pointer = format!("/{name}");
            let issue = found.iter().find(|issue| issue.pointer == pointer);
            let issue = issue.unwrap_or_else(|| panic!("no issue at {pointer}: {found:?}"));
            // A field may be reported because other values exclude it.
            let is_known = ["type", "not-combinable"].contains(&&*issue.code);
            assert!(is_known, "{issue:?}");
        }
        let mut document = sample.credential.clone();
        document["tulip"] = json!("hush");
        let found = issues(&suite, sample, &document.to_string(), &[]).await;
        let [issue] = &found[..] else {
            panic!("{found:?}");
        };
        assert_eq!((&*issue.pointer, &*issue.code), ("", "unknown"));
        assert!(!issue.message.contains("tulip") && !issue.message.contains("hush"));
    }
}

#[tokio::test]
async fn names_the_origins_of_a_credential_within_those_of_the_vendor() {
    let suite = Suite::load().await;
    for sample in &suite.samples {
        let origins = suite
            .connector
            .origins(sample.id(), sample.document())
            .await
            .unwrap();
        assert!(!origins.is_empty());
        for origin in &origins {
            let origin = origin.to_string();
            let is_declared = sample.vendor.origins.iter().any(|declared| {
                let declared = declared.to_string();
                let below = declared.strip_prefix("https://*").map(str::to_owned);
                declared == origin || below.is_some_and(|below| origin.ends_with(&below))
            });
            assert!(is_declared, "{origin}");
        }
        let again = suite
            .connector
            .origins(sample.id(), sample.document())
            .await;
        assert_eq!(again.unwrap(), origins);
    }
}
