//! The schema and `validate` say the same of any document: the schema by an independent validator,
//! `validate` by the component.

use connector_host::Connector;
use jsonschema::Validator;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};

use super::common::{refusal, samples, scripted};

const DOCUMENTS: usize = 10_000;

/// Texts on both sides of every rule for texts.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        30 => "[a-zA-Z0-9;?&=+% \"\\\\éß€😀-]{1,24}",
        1 => concat!(
            "[ \t\n\r\u{a0}\u{200b}\u{feff}]{0,3}",
            "[a-z\u{0}\u{7f}\u{85}\u{2003} \n]{0,4}",
            "[ \t\n\r\u{a0}\u{200b}\u{feff}]{0,3}",
        ),
        1 => "\\PC{0,8}",
        1 => Just("x".repeat(1024)),
        1 => Just("x".repeat(1025)),
        1 => Just("😀".repeat(1024)),
    ]
}

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        30 => (1_u64..100_000).prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<u64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => Just(json!(42.0)),
        1 => Just(json!(0)),
        1 => Just(json!(9_007_199_254_740_991_u64)),
        1 => Just(json!(9_007_199_254_740_992_u64)),
        1 => Just(json!(1.5)),
    ]
}

fn anything() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number(),
        text().prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!([["metrics"]])),
    ]
}

/// A value that fits the field more often than not, made from what its schema says of it.
fn value_for(field: &Value) -> BoxedStrategy<Value> {
    let words = |list: &Value| -> Vec<String> {
        let choices = list.as_array().into_iter().flatten();
        choices
            .map(|choice| choice["const"].as_str().unwrap().to_owned())
            .collect()
    };
    let fitting = match field["type"].as_str().unwrap() {
        "integer" => number().boxed(),
        "array" => {
            let entries = words(&field["items"]["oneOf"]);
            let entry = prop_oneof![30 => proptest::sample::select(entries),
                1 => Just("nonsense".to_owned())];
            prop_oneof![
                3 => proptest::collection::vec(entry.clone(), 1),
                2 => proptest::collection::vec(entry, 0..4),
            ]
            .prop_map(Value::from)
            .boxed()
        }
        "string" if field.get("oneOf").is_some() => {
            let choices = words(&field["oneOf"]);
            (0..choices.len())
                .prop_map(move |at| choices[at].clone().into())
                .boxed()
        }
        "string" => text().prop_map(Value::from).boxed(),
        other => panic!("no generator for the type {other}"),
    };
    prop_oneof![30 => fitting, 1 => anything()].boxed()
}

/// Documents around the schema: each field there or not, right or not, sometimes one too many.
fn document(schema: &Value) -> BoxedStrategy<Value> {
    let required: Vec<&str> = schema["required"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap())
        .collect();
    let members: Vec<_> = schema["properties"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, field)| {
            let presence = if required.contains(&name.as_str()) {
                0.97
            } else {
                0.5
            };
            (
                Just(name.clone()),
                proptest::option::weighted(presence, value_for(field)),
            )
        })
        .collect();
    let extra = proptest::option::weighted(0.05, ("[a-z_]{1,12}", anything()));
    (members, extra)
        .prop_map(|(members, extra)| {
            let present = members
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?)));
            Value::Object(present.chain(extra).collect::<Map<_, _>>())
        })
        .boxed()
}

/// Runs documents through both, and returns how many were good.
async fn count_good(connector: &Connector, vendor: &str, schema: &Value) -> usize {
    let validator: Validator = jsonschema::draft202012::new(schema).unwrap();
    let documents = document(schema);
    // The same documents in every run.
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    );
    let mut good = 0;
    for _ in 0..DOCUMENTS {
        let document = documents.new_tree(&mut runner).unwrap().current();
        let by_schema = validator.is_valid(&document);
        let text = document.to_string();
        leak_check::register_document(&text);
        let by_plugin = connector.validate(vendor, &text).await;
        assert_eq!(by_plugin.is_ok(), by_schema, "{document}: {by_plugin:?}");
        good += usize::from(by_schema);
        if by_plugin.is_err() {
            assert_eq!(refusal(by_plugin).kind(), "invalid-credential");
        }
    }
    good
}

#[tokio::test]
async fn schema_and_validate_agree_on_ten_thousand_documents_of_each_vendor() {
    let (connector, _script) = scripted().await;
    for sample in samples() {
        let schema: Value =
            serde_json::from_str(&connector.credential_schema(sample.vendor).await.unwrap())
                .unwrap();
        let good = count_good(&connector, sample.vendor, &schema).await;
        // The test says little when nearly all documents are of one kind.
        let range = DOCUMENTS / 20..DOCUMENTS * 19 / 20;
        assert!(
            range.contains(&good),
            "{good} good documents of {DOCUMENTS} for {}",
            sample.vendor
        );
    }
}
