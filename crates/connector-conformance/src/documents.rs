//! Credential documents made from a schema: valid ones, and similar invalid ones.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use jsonschema::Validator;
use proptest::prelude::*;
use proptest::strategy::{Union, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Map, Value, json};

/// The number of documents that are tried to satisfy a schema.
const TRIES: usize = 10_000;
/// The number of strings of each form that are tried on a field.
const PROBES: usize = 64;
/// Longer patterns, and such that repeat more often, are not used to make strings: the plugin may
/// be hostile.
const MAX_PATTERN_BYTES: usize = 1_000;
const MAX_REPETITIONS: u64 = 100_000;
/// The share of optional fields that are present, and of unknown ones.
const OPTIONAL: f64 = 0.5;
const UNKNOWN: f64 = 0.05;
/// The share of required fields that are present: few documents fail for their absence.
const REQUIRED: f64 = 0.97;

/// The forms of strings that fields require.
const FORMS: [&str; 7] = [
    "[a-zA-Z0-9;?&=+% \"\\\\éß€😀-]{1,24}",
    "[!-~]{1,24}",
    "[a-z][a-z0-9]{1,10}",
    "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "https://[a-z]{1,10}\\.example(/[a-z]{1,5})?",
    "[a-z]{1,10}@[a-z]{1,10}\\.example",
    "[0-9]{1,12}",
];

/// Generates credential documents similar to a schema: with missing, wrong and additional fields,
/// and some that satisfy it. For tests of what the kit does not check. The same seed makes the same
/// ones; `example` is a valid document, for fields with strings of an unusual form.
///
/// The error is a reason why none can be made.
pub fn similar_documents(
    schema: &Value,
    example: Option<&Value>,
    seed: u64,
    number: usize,
) -> Result<Vec<Value>, String> {
    let mut runner = runner(seed, "similar documents");
    let documents = Documents::new(schema, example, &mut runner)?;
    let documents = (0..number).filter_map(|_| generated(&documents.strategy, &mut runner));
    Ok(documents.collect())
}

/// The same cases in every run with this seed.
pub(crate) fn runner(seed: u64, purpose: &str) -> TestRunner {
    let mut bytes = [0; 32];
    for (chunk, number) in bytes.chunks_mut(8).zip(0_u8..) {
        let mut hasher = DefaultHasher::new();
        (seed, purpose, number).hash(&mut hasher);
        chunk.copy_from_slice(&hasher.finish().to_le_bytes());
    }
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    TestRunner::new_with_rng(Config::default(), rng)
}

/// The documents of one vendor.
pub(crate) struct Documents {
    /// Documents similar to the schema: with missing, wrong and additional fields.
    pub(crate) strategy: BoxedStrategy<Value>,
    /// An independent validator.
    pub(crate) validator: Validator,
}

impl Documents {
    /// The documents of a schema; `example` is a valid one, if there is one. The error is a reason
    /// why none can be made.
    pub(crate) fn new(
        schema: &Value,
        example: Option<&Value>,
        runner: &mut TestRunner,
    ) -> Result<Self, String> {
        Ok(Self {
            strategy: document(schema, example, runner)?,
            validator: validator(schema)?,
        })
    }

    /// A document that satisfies the schema.
    pub(crate) fn good(&self, runner: &mut TestRunner) -> Option<Value> {
        let documents = (0..TRIES).map(|_| generated(&self.strategy, runner));
        documents
            .flatten()
            .find(|document| self.validator.is_valid(document))
    }
}

/// An independent validator of a schema.
pub(crate) fn validator(schema: &Value) -> Result<Validator, String> {
    jsonschema::draft202012::new(schema).map_err(|error| error.to_string())
}

/// The object with this member in place of its own.
pub(crate) fn with(document: &Value, name: &str, value: Value) -> Value {
    let mut document = document.clone();
    if let Some(members) = document.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
    document
}

/// A value of the strategy.
pub(crate) fn generated<T: std::fmt::Debug>(
    strategy: &impl Strategy<Value = T>,
    runner: &mut TestRunner,
) -> Option<T> {
    strategy.new_tree(runner).ok().map(|tree| tree.current())
}

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
fn fitting_string(
    field: &Value,
    example: Option<&Value>,
    runner: &mut TestRunner,
) -> Result<BoxedStrategy<String>, String> {
    let validator = validator(field)?;
    let pattern = field.get("pattern").and_then(Value::as_str);
    let pattern = pattern.filter(|pattern| is_small(pattern));
    let pattern = pattern.map(|pattern| pattern.trim_start_matches('^').trim_end_matches('$'));
    let forms = FORMS.into_iter().chain(pattern);
    let forms = forms.filter_map(|form| proptest::string::string_regex(form).ok());
    let mut fitting: Vec<BoxedStrategy<String>> = Vec::new();
    for form in forms {
        let probes = (0..PROBES).filter_map(|_| generated(&form, runner));
        let good = probes.filter(|probe| validator.is_valid(&json!(probe)));
        if good.count() > PROBES / 2 {
            fitting.push(form.boxed());
        }
    }
    let example = example.and_then(Value::as_str);
    fitting.extend(example.map(|example| Just(example.to_owned()).boxed()));
    if fitting.is_empty() {
        let why = "no known form of string is valid for a field; give a sample with a credential";
        return Err(why.to_owned());
    }
    Ok(Union::new(fitting).boxed())
}

/// Whether strings of a pattern are short: the product of its counts bounds their length.
fn is_small(pattern: &str) -> bool {
    let counts = pattern.split('{').skip(1);
    let counts = counts.filter_map(|rest| rest.split('}').next());
    let counts = counts.flat_map(|counts| counts.split(','));
    // An open count, and the code point of an escape, are no numbers.
    let is_number = |digits: &&str| digits.starts_with(|char: char| char.is_ascii_digit());
    let counts = counts.map(str::trim).filter(is_number);
    let product = counts.fold(1, |product: u64, digits| {
        let count = digits.parse().unwrap_or(u64::MAX);
        product.saturating_mul(count.max(1))
    });
    pattern.len() <= MAX_PATTERN_BYTES && product <= MAX_REPETITIONS
}

fn number(field: &Value) -> BoxedStrategy<Value> {
    let bound = |name: &str| field.get(name).and_then(Value::as_i64);
    let (min, max) = (bound("minimum"), bound("maximum"));
    let (low, high) = (min.unwrap_or(1), max.unwrap_or(i64::MAX));
    let low = low.min(high);
    let fitting = low..=high.min(low.saturating_add(100_000));
    let with_point = format!("{low}.0").parse::<f64>().unwrap_or_default();
    prop_oneof![
        30 => fitting.prop_map(Value::from),
        1 => Just(json!(low)),
        1 => Just(json!(low.saturating_sub(1))),
        1 => Just(json!(high)),
        1 => Just(json!(high.saturating_add(1))),
        1 => Just(json!(low.saturating_add(1).to_string())),
        1 => Just(json!(with_point)),
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
fn choices(field: &Value) -> Vec<Value> {
    let choices = field.get("oneOf").and_then(Value::as_array);
    let choices = choices.into_iter().flatten();
    choices
        .filter_map(|choice| choice.get("const").cloned())
        .collect()
}

/// A value that is usually valid for the field.
fn value_for(
    field: &Value,
    example: Option<&Value>,
    runner: &mut TestRunner,
) -> Result<BoxedStrategy<Value>, String> {
    let choices = choices(field);
    let fitting = match field.get("type").and_then(Value::as_str) {
        _ if !choices.is_empty() => proptest::sample::select(choices).boxed(),
        Some("string") => prop_oneof![
            10 => fitting_string(field, example, runner)?,
            1 => string(),
        ]
        .prop_map(Value::from)
        .boxed(),
        Some("integer" | "number") => number(field),
        Some("boolean") => any::<bool>().prop_map(Value::from).boxed(),
        Some("array") => {
            let first = example.and_then(|example| example.get(0));
            let items = field.get("items").unwrap_or(&Value::Null);
            let entry = prop_oneof![
                30 => value_for(items, first, runner)?,
                1 => Just(json!("nonsense")),
            ];
            prop_oneof![
                3 => proptest::collection::vec(entry.clone(), 1),
                2 => proptest::collection::vec(entry, 0..4),
            ]
            .prop_map(Value::from)
            .boxed()
        }
        Some(other) => return Err(format!("a field has the type {other}")),
        None => return Err("a field has neither a type nor choices".to_owned()),
    };
    Ok(prop_oneof![30 => fitting, 1 => anything()].boxed())
}

/// Documents similar to the schema.
fn document(
    schema: &Value,
    example: Option<&Value>,
    runner: &mut TestRunner,
) -> Result<BoxedStrategy<Value>, String> {
    let required = schema.get("required").and_then(Value::as_array);
    let required: Vec<&Value> = required.into_iter().flatten().collect();
    let fields = schema.get("properties").and_then(Value::as_object);
    let fields = fields.ok_or("the schema has no properties")?;
    let mut strategies = Vec::new();
    for (name, field) in fields {
        let is_required = required.iter().any(|required| *required == name);
        let presence = if is_required { REQUIRED } else { OPTIONAL };
        let example = example.and_then(|example| example.get(name));
        let value = value_for(field, example, runner)?;
        let value = proptest::option::weighted(presence, value);
        strategies.push((Just(name.clone()), value));
    }
    let unknown = proptest::option::weighted(UNKNOWN, ("[a-z_]{1,12}", anything()));
    let documents = (strategies, unknown).prop_map(|(fields, unknown)| {
        let present = fields
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        Value::Object(present.chain(unknown).collect::<Map<_, _>>())
    });
    Ok(documents.boxed())
}

#[cfg(test)]
mod tests {
    use super::is_small;

    #[test]
    fn a_pattern_of_long_strings_is_not_used() {
        for (pattern, expected) in [
            ("^[a-z]+$", true),
            ("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", true),
            ("^[^\\x00-\\x7f\\u{fffff}]{1,1024}$", true),
            ("a{1000000000}", false),
            ("a{1,99999999999999999999999}", false),
            ("((a{1000}){1000}){1000}", false),
            (&"a".repeat(2_000), false),
        ] {
            assert_eq!(is_small(pattern), expected, "{pattern:.40}");
        }
    }
}
