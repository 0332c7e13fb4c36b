//! A document satisfies the schema if and only if it passes `validate`: the schema by an
//! independent validator, over generated documents.

use connector_guest::Form;
use connector_guest::form::{LABEL_PATTERN, STRING_PATTERN, URL_PATTERN};
use jsonschema::Validator;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Map;

use super::*;

const DOCUMENTS: usize = 2000;

/// Characters that are trimmed, and others that only look like them.
const AROUND: &str = "[ \t\n\r\
    \u{85}\u{a0}\u{ad}\u{200b}\u{200e}\u{202e}\u{202f}\u{2060}\u{3000}\u{feff}\
    \u{e0041}\u{0}\u{7f}\u{301}]{0,3}";

fn string() -> impl Strategy<Value = String> {
    prop_oneof![
        30 => "[a-zA-Z0-9;?&=+% \"\\\\éß€😀-]{1,24}",
        3 => (AROUND, "[a-z ]{0,4}", AROUND, "[a-z]{0,2}", AROUND)
            .prop_map(|(a, b, c, d, e)| [a, b, c, d, e].concat()),
        1 => any::<String>().prop_map(|string| string.chars().take(8).collect()),
        1 => Just("x".repeat(1024)),
        1 => Just("x".repeat(1025)),
        1 => Just("😀".repeat(1024)),
        1 => Just(["\u{200b}", &"x".repeat(1024)].concat()),
    ]
}

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        30 => (1_u64..100_000).prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<u64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => (1_u32..100_000).prop_map(|number| f64::from(number).into()),
        1 => proptest::sample::select(vec![
            json!(0), json!(0.0), json!(-0.0), json!(1.5), json!(1e300), json!(-1.0),
            json!(9_007_199_254_740_991_u64), json!(9_007_199_254_740_992_u64),
            json!(9_007_199_254_740_991.0), json!(9_007_199_254_740_992.0), json!(4.2e1),
        ]),
    ]
}

fn anything() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number(),
        string().prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!([["metrics"]])),
    ]
}

/// The values of a field that has choices.
fn choices(field: &Value) -> Vec<String> {
    let choices = field["oneOf"].as_array().into_iter().flatten();
    let words = choices.map(|choice| choice["const"].as_str().unwrap().to_owned());
    words.collect()
}

/// A value that fits the field more often than not, made from its schema.
fn value_for(field: &Value) -> BoxedStrategy<Value> {
    let fitting = match field["type"].as_str().unwrap() {
        "integer" => number().boxed(),
        "array" => {
            let item = prop_oneof![
                60 => proptest::sample::select(choices(&field["items"])).prop_map(Value::from),
                1 => Just("nonsense".into()),
                1 => anything(),
            ];
            let lists = prop_oneof![
                3 => proptest::collection::vec(item.clone(), 1),
                2 => proptest::collection::vec(item, 0..4),
            ];
            lists.prop_map(Value::from).boxed()
        }
        "string" if field.get("oneOf").is_some() => {
            let words = proptest::sample::select(choices(field));
            words.prop_map(Value::from).boxed()
        }
        "string" => string().prop_map(Value::from).boxed(),
        other => panic!("no generator for the type {other}"),
    };
    prop_oneof![30 => fitting, 1 => anything()].boxed()
}

/// Documents around the schema: each field there or not, right or not, sometimes one too many.
fn documents(schema: &Value) -> impl Strategy<Value = Value> {
    let required = schema["required"].as_array().unwrap();
    let properties = schema["properties"].as_object().unwrap().iter();
    let fields: Vec<_> = properties
        .map(|(name, field)| {
            let is_required = required.contains(&json!(name));
            let presence = if is_required { 0.97 } else { 0.5 };
            let value = proptest::option::weighted(presence, value_for(field));
            (Just(name.clone()), value)
        })
        .collect();
    let extra = proptest::option::weighted(0.05, ("[a-z_]{1,12}", anything()));
    (fields, extra).prop_map(|(fields, extra)| {
        let fields = fields.into_iter();
        let present = fields.filter_map(|(name, value)| Some((name, value?)));
        Value::Object(present.chain(extra).collect::<Map<_, _>>())
    })
}

fn schema(vendor: &str) -> (Value, Validator) {
    let schema = Connector::credential_schema(vendor, &[]).unwrap();
    let schema = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    (schema, validator)
}

#[test]
fn schema_and_validate_agree_on_two_thousand_documents_of_each_vendor() {
    for (vendor, _) in CREDENTIALS {
        let (schema, validator) = schema(vendor);
        let documents = documents(&schema);
        // The same documents in every run.
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        let mut good = 0;
        for _ in 0..DOCUMENTS {
            let document = documents.new_tree(&mut runner).unwrap().current();
            let by_schema = validator.is_valid(&document);
            let by_plugin = Connector::validate(vendor, &document.to_string(), &[]);
            assert_eq!(by_plugin.is_ok(), by_schema, "{document}: {by_plugin:?}");
            good += usize::from(by_schema);
        }
        // The test says little when nearly all documents are of one kind.
        let range = DOCUMENTS / 20..DOCUMENTS * 19 / 20;
        assert!(range.contains(&good), "{good} good documents for {vendor}");
    }
}

#[test]
fn schema_and_validate_agree_on_every_character_at_every_place_of_a_string() {
    let (_, validator) = schema("hotjar");
    let mut accepted = [0; 5];
    let chars = (0..=0x3200).chain(0xa000..0xa010).chain(0xfd00..=0x1_0010);
    let chars = chars.chain(0xd_fff0..=0xe_0010).chain(0xe_0ff0..=0xe_1010);
    for char in chars.filter_map(char::from_u32) {
        let around = [
            format!("{char}"),
            format!("{char}a"),
            format!("a{char}"),
            format!("a{char}b"),
            format!("{char}{char}a b{char}{char}"),
        ];
        for (place, string) in around.iter().enumerate() {
            let document = json!({"client_id": string, "client_secret": "s"});
            let by_schema = validator.is_valid(&document);
            let by_plugin = Connector::validate("hotjar", &document.to_string(), &[]);
            assert_eq!(by_plugin.is_ok(), by_schema, "{string:?}: {by_plugin:?}");
            accepted[place] += usize::from(by_schema);
        }
    }
    // Those that are trimmed are accepted around a string, and neither alone nor within.
    assert!(accepted[0] < accepted[1] && accepted[1] == accepted[2] && accepted[3] < accepted[1]);
    assert_eq!(accepted[1], accepted[4]);
}

#[test]
fn every_string_of_every_form_has_the_rules_of_the_sdk() {
    let mut strings = 0;
    for (vendor, _) in CREDENTIALS {
        for locale in ["en", "fr"] {
            let schema = Connector::credential_schema(vendor, &[locale.into()]).unwrap();
            let schema: Value = serde_json::from_str(&schema).unwrap();
            for (name, field) in schema["properties"].as_object().unwrap() {
                if field["type"] == "string" && field.get("oneOf").is_none() {
                    let rules = [&field["minLength"], &field["maxLength"], &field["pattern"]];
                    let expected = [json!(1), json!(1024), json!(STRING_PATTERN)];
                    assert_eq!(rules, expected.each_ref(), "{vendor}: {name}");
                    strings += 1;
                }
                let is_secret = name.contains("secret");
                assert_eq!(field["writeOnly"] == true, is_secret, "{vendor}: {name}");
                assert_eq!(field["format"] == "password", is_secret, "{vendor}: {name}");
            }
        }
    }
    assert_eq!(strings, 8);
}

/// Whether a field of the SDK takes the value, and whether the schema for it does.
fn field_and_schema(
    read: impl Fn(&mut Form) -> bool,
    schema: &Validator,
    value: &Value,
) -> (bool, bool) {
    let document = json!({"x": value}).to_string();
    let by_field = Form::read(&document, &[], |form| read(form).then_some(()));
    (by_field.is_ok(), schema.is_valid(value))
}

#[test]
fn the_patterns_for_urls_and_labels_agree_with_their_fields() {
    let pattern = |pattern: &str| {
        let schema = json!({
            "type": "string", "pattern": pattern, "minLength": 1, "maxLength": 1024,
        });
        jsonschema::draft202012::new(&schema).unwrap()
    };
    let (url, label) = (pattern(URL_PATTERN), pattern(LABEL_PATTERN));
    let wild = "[a-zA-Z0-9./:@?#%_~ é-]{0,8}";
    let schemes = [
        "https://",
        "https://",
        "HTTPS://",
        "http://",
        "https:/",
        "",
        " https://",
    ];
    let strings = (
        proptest::sample::select(schemes.to_vec()),
        "[a-zA-Z0-9]{1,3}[a-z-]{0,2}(\\.[a-z0-9-]{1,3}){0,2}",
        proptest::sample::select(vec!["", "", "", ":443", ":8443", ":", "."]),
        prop_oneof!["", "(/[a-z.~_-]{0,3}){0,3}/?", wild],
    );
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut taken = [0; 2];
    for _ in 0..4 * DOCUMENTS {
        let (scheme, host, port, path) = strings.new_tree(&mut runner).unwrap().current();
        let value = Value::from([scheme, &host, port, &path].concat());
        let read = |form: &mut Form| form.required("x").url().is_some();
        let (by_field, by_schema) = field_and_schema(read, &url, &value);
        assert_eq!(by_field, by_schema, "{value}");
        taken[0] += usize::from(by_field);
        let before = if scheme.starts_with(' ') { " " } else { "" };
        let value = Value::from([before, &host].concat());
        let read = |form: &mut Form| form.required("x").host_label().is_some();
        let (by_field, by_schema) = field_and_schema(read, &label, &value);
        assert_eq!(by_field, by_schema, "{value}");
        taken[1] += usize::from(by_field);
    }
    assert!(
        taken.iter().all(|taken| *taken > DOCUMENTS / 10),
        "{taken:?}"
    );
}

#[test]
fn numbers_and_booleans_agree_with_their_schemas() {
    let schema = |schema: Value| jsonschema::draft202012::new(&schema).unwrap();
    let integer = schema(json!({"type": "integer", "minimum": -5, "maximum": 500}));
    let id = schema(json!({"type": "integer", "minimum": 1, "maximum": 9_007_199_254_740_991_u64}));
    let float = schema(json!({"type": "number", "minimum": 0.5, "maximum": 2}));
    let boolean = schema(json!({"type": "boolean"}));
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let values = prop_oneof![
        anything(),
        number(),
        (-9..509_i64).prop_map(Value::from),
        (0..5).prop_map(|n| json!(f64::from(n) / 2.0))
    ];
    for _ in 0..DOCUMENTS {
        let value = values.new_tree(&mut runner).unwrap().current();
        let read = |form: &mut Form| form.required("x").integer(-5..=500).is_some();
        let (by_field, by_schema) = field_and_schema(read, &integer, &value);
        assert_eq!(by_field, by_schema, "{value}");
        let read = |form: &mut Form| form.required("x").id().is_some();
        let (by_field, by_schema) = field_and_schema(read, &id, &value);
        assert_eq!(by_field, by_schema, "{value}");
        let read = |form: &mut Form| form.required("x").number(0.5..=2.0).is_some();
        let (by_field, by_schema) = field_and_schema(read, &float, &value);
        assert_eq!(by_field, by_schema, "{value}");
        let read = |form: &mut Form| form.required("x").boolean().is_some();
        let (by_field, by_schema) = field_and_schema(read, &boolean, &value);
        assert_eq!(by_field, by_schema, "{value}");
    }
}
