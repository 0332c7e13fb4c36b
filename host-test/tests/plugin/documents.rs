//! Credential documents made from a schema: valid ones, and similar invalid ones.

use jsonschema::Validator;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Map, Value, json};

/// The number of documents that are tried to satisfy a schema.
const TRIES: usize = 10_000;
/// The number of strings of each form that are tried on a field.
const PROBES: usize = 64;

/// The same cases in every run.
pub(crate) fn runner() -> TestRunner {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    TestRunner::new_with_rng(Config::default(), rng)
}

/// The forms of strings that fields require.
const FORMS: [&str; 5] = [
    "[a-zA-Z0-9;?&=+% \"\\\\éß€😀-]{1,24}",
    "[!-~]{1,24}",
    "[a-z][a-z0-9]{1,10}",
    "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "https://[a-z]{1,10}\\.example(/[a-z]{1,5})?",
];

/// Strings near the limits of the rules for strings.
fn string() -> BoxedStrategy<String> {
    prop_oneof![
        concat!(
            "[ \t\n\r\u{a0}\u{200b}\u{feff}]{0,3}",
            "[a-z\u{0}\u{7f}\u{85}\u{2003}\u{ad}\u{202e} \n]{0,4}",
            "[ \t\n\r\u{a0}\u{200b}\u{feff}]{0,3}",
        ),
        "\\PC{0,8}",
        Just("x".repeat(1024)),
        Just("x".repeat(1025)),
        Just("😀".repeat(1024)),
    ]
    .boxed()
}

/// Strings of the forms that the field usually accepts.
fn fitting_string(field: &Value) -> BoxedStrategy<String> {
    let validator = validator(field);
    let mut runner = runner();
    let forms = FORMS.map(|form| proptest::string::string_regex(form).unwrap().boxed());
    let fits = |form: &BoxedStrategy<String>| {
        let mut probe = || form.new_tree(&mut runner).unwrap().current();
        let good = (0..PROBES).filter(|_| validator.is_valid(&probe().into()));
        good.count() > PROBES / 2
    };
    let fitting: Vec<_> = forms.into_iter().filter(fits).collect();
    assert!(
        !fitting.is_empty(),
        "no known form of string is valid for {field}"
    );
    proptest::strategy::Union::new(fitting).boxed()
}

fn number(field: &Value) -> BoxedStrategy<Value> {
    let bound = |name: &str| field[name].as_i64();
    let (min, max) = (bound("minimum"), bound("maximum"));
    let (low, high) = (min.unwrap_or(1), max.unwrap_or(i64::MAX));
    let fitting = low..=high.min(low.saturating_add(100_000));
    prop_oneof![
        30 => fitting.prop_map(Value::from),
        1 => Just(json!(low)),
        1 => Just(json!(low.saturating_sub(1))),
        1 => Just(json!(high)),
        1 => Just(json!(high.saturating_add(1))),
        1 => Just(json!(low.saturating_add(1).to_string())),
        1 => Just(json!(format!("{low}.0").parse::<f64>().unwrap())),
        1 => Just(json!(1.5)),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<u64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
    ]
    .boxed()
}

fn anything() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number(&Value::Null),
        string().prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!([["metrics"]])),
    ]
}

/// The constants of a list of labelled choices.
fn choices(list: &Value) -> Vec<Value> {
    let choices = list.as_array().into_iter().flatten();
    choices.map(|choice| choice["const"].clone()).collect()
}

/// A value that is usually valid for the field.
fn value_for(field: &Value) -> BoxedStrategy<Value> {
    let fitting = match field["type"].as_str() {
        _ if field.get("oneOf").is_some() => {
            proptest::sample::select(choices(&field["oneOf"])).boxed()
        }
        Some("string") => prop_oneof![
            10 => fitting_string(field),
            1 => string(),
        ]
        .prop_map(Value::from)
        .boxed(),
        Some("integer" | "number") => number(field),
        Some("boolean") => any::<bool>().prop_map(Value::from).boxed(),
        Some("array") => {
            let entry = prop_oneof![
                30 => value_for(&field["items"]),
                1 => Just(json!("nonsense")),
            ];
            prop_oneof![
                3 => proptest::collection::vec(entry.clone(), 1),
                2 => proptest::collection::vec(entry, 0..4),
            ]
            .prop_map(Value::from)
            .boxed()
        }
        other => panic!("no document can be made with a field of the type {other:?}"),
    };
    prop_oneof![30 => fitting, 1 => anything()].boxed()
}

/// Documents similar to the schema: with missing, wrong and additional fields.
pub(crate) fn document(schema: &Value) -> BoxedStrategy<Value> {
    let required: Vec<_> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .collect();
    let fields = schema["properties"].as_object().unwrap().iter();
    let fields: Vec<_> = fields
        .map(|(name, field)| {
            let is_required = required.iter().any(|required| *required == name);
            let presence = if is_required { 0.97 } else { 0.5 };
            let value = proptest::option::weighted(presence, value_for(field));
            (Just(name.clone()), value)
        })
        .collect();
    let extra = proptest::option::weighted(0.05, ("[a-z_]{1,12}", anything()));
    (fields, extra)
        .prop_map(|(fields, extra)| {
            let present = fields
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?)));
            Value::Object(present.chain(extra).collect::<Map<_, _>>())
        })
        .boxed()
}

/// An independent validator.
pub(crate) fn validator(schema: &Value) -> Validator {
    jsonschema::draft202012::new(schema).expect("the schema compiles")
}

/// A document that satisfies the schema.
pub(crate) fn good_document(schema: &Value) -> Value {
    let (documents, validator) = (document(schema), validator(schema));
    let mut runner = runner();
    let mut tries = (0..TRIES).map(|_| documents.new_tree(&mut runner).unwrap().current());
    let good = tries.find(|document| validator.is_valid(document));
    good.expect("one of many documents satisfies the schema")
}
