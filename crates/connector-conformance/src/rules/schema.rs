//! The schema of the credential document: its form, and its agreement with `validate`.

use connector_host::{CallError, ConnectorError, LoadRule};
use futures::FutureExt as _;
use futures::future::ready;
use proptest::strategy::{Strategy as _, ValueTree as _};
use serde_json::{Map, Value, json};

use crate::network::shown;
use crate::rule::{Breach, Check, Findings, Rule, Severity, ending};
use crate::shrink::smallest;
use crate::subject::{Listed, Subject};

const FOR_A_FORM: &str = "Returns the JSON Schema (2020-12) of the vendor's credential document, \
                          for a form library.";

const FORM: &str = "Its properties are in the order of the form; secrets are marked `format: \
                    password` and `writeOnly`; choices have titles; there is no custom keyword.";

pub(crate) static SCHEMA: Rule = Rule {
    name: "schema",
    severity: Severity::Error,
    about: "`credential-schema` is valid by the meta-schema of JSON Schema 2020-12, names that \
            dialect in `$schema`, and describes an object with properties. It has only what a \
            host accepts when it loads the plugin.",
    sentence: FOR_A_FORM,
    source: "wit/credentials.wit",
    check: Check(|subject| schema(subject).boxed_local()),
};

pub(crate) static KEYWORDS: Rule = Rule {
    name: "schema-keywords",
    severity: Severity::Error,
    about: "The schema has only keywords of JSON Schema 2020-12, every field has a title, and \
            every choice is a `const` with a `title` in a `oneOf`; there is no `enum`.",
    sentence: FORM,
    source: "wit/credentials.wit",
    check: Check(|subject| ready(keywords(subject)).boxed_local()),
};

pub(crate) static SECRETS: Rule = Rule {
    name: "marked-secrets",
    severity: Severity::Error,
    about: "A field has both `format: password` and `writeOnly`, or neither.",
    sentence: FORM,
    source: "wit/credentials.wit",
    check: Check(|subject| ready(secrets(subject)).boxed_local()),
};

pub(crate) static PORTABLE: Rule = Rule {
    name: "portable-schema",
    severity: Severity::Warning,
    about: "Form libraries such as react-jsonschema-form and JSON Forms, and Ajv in its strict \
            mode, read the schema: `additionalProperties` is `false`, `required` names properties, \
            there is no root `allOf`, every `if` also requires the properties that it tests, and \
            `then` and `else` name no property that the root lacks.",
    sentence: FOR_A_FORM,
    source: "wit/credentials.wit",
    check: Check(|subject| ready(portable(subject)).boxed_local()),
};

pub(crate) static AGREES: Rule = Rule {
    name: "schema-and-validate-agree",
    severity: Severity::Error,
    about: "Documents are generated from the schema, with missing, wrong and unknown fields. An \
            independent validator of JSON Schema and `validate` accept the same ones.",
    sentence: "A document satisfies the schema if and only if it passes `validate`, up to 64 KiB.",
    source: "wit/credentials.wit",
    check: Check(|subject| agrees(subject).boxed_local()),
};

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The keywords of JSON Schema 2020-12 (<https://json-schema.org/draft/2020-12/schema>).
const KNOWN: [&str; 60] = [
    "$schema",
    "$id",
    "$ref",
    "$anchor",
    "$dynamicRef",
    "$dynamicAnchor",
    "$vocabulary",
    "$comment",
    "$defs",
    "prefixItems",
    "items",
    "contains",
    "additionalProperties",
    "properties",
    "patternProperties",
    "dependentSchemas",
    "propertyNames",
    "if",
    "then",
    "else",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "unevaluatedItems",
    "unevaluatedProperties",
    "type",
    "enum",
    "const",
    "multipleOf",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "maxContains",
    "minContains",
    "maxProperties",
    "minProperties",
    "required",
    "dependentRequired",
    "title",
    "description",
    "default",
    "deprecated",
    "readOnly",
    "writeOnly",
    "examples",
    "format",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "definitions",
    "dependencies",
    "$recursiveRef",
];
/// Keywords whose value is a schema.
const SCHEMAS: [&str; 12] = [
    "items",
    "contains",
    "additionalProperties",
    "propertyNames",
    "if",
    "then",
    "else",
    "not",
    "unevaluatedItems",
    "unevaluatedProperties",
    "contentSchema",
    "$defs",
];
/// Keywords whose value is an object of schemas.
const NAMED: [&str; 4] = [
    "properties",
    "patternProperties",
    "dependentSchemas",
    "$defs",
];
/// Keywords whose value is a list of schemas.
const LISTED: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];

/// The vendors with a schema that is a JSON object. The others break the rule `schema`.
fn with_schema<'a>(
    subject: &'a Subject,
    findings: &mut Findings,
) -> Vec<(&'a Listed, &'a Map<String, Value>)> {
    let mut found = Vec::new();
    for listed in &subject.vendors {
        match listed.schema.as_ref().map(Value::as_object) {
            Ok(Some(schema)) => found.push((listed, schema)),
            Ok(None) => findings.skip(listed.id(), "the schema is no JSON object"),
            Err(why) => findings.skip(listed.id(), why),
        }
    }
    found
}

fn faults(findings: &mut Findings, vendor: &str, faults: Vec<(String, String, String)>) {
    findings.cases += 1;
    for (place, expected, found) in faults {
        findings.push(Breach::new(vendor, place, expected, found));
    }
}

async fn schema(subject: &Subject) -> Findings {
    let mut findings = Findings::default();
    let breaches = subject.plugin.connector().breaches().await;
    let refused = breaches.into_iter().flatten();
    for breach in refused.filter(|breach| breach.rule == LoadRule::Schema) {
        findings.push(Breach {
            vendor: breach.vendor,
            input: "loading the component".to_owned(),
            expected: "a schema that a host accepts".to_owned(),
            found: breach.problem,
        });
    }
    for listed in &subject.vendors {
        let breach = |expected: &str, found: &str| {
            Breach::new(
                listed.id(),
                "credential-schema, no languages",
                expected,
                found,
            )
        };
        let schema = match &listed.schema {
            Ok(schema) => schema,
            Err(why) => {
                findings.require(false, || breach("a JSON Schema", why));
                continue;
            }
        };
        let properties = schema.get("properties").and_then(Value::as_object);
        findings.require(properties.is_some(), || {
            breach(
                "an object with `properties`",
                &shown(schema.to_string().as_bytes()),
            )
        });
        let dialect = schema.get("$schema");
        findings.require(dialect == Some(&json!(DIALECT)), || {
            let expected = format!("`$schema` is {DIALECT:?}");
            breach(&expected, &format!("{dialect:?}"))
        });
        findings.require(schema.get("type") == Some(&json!("object")), || {
            let found = schema.get("type").map(Value::to_string);
            breach("`type` is \"object\"", &found.unwrap_or("none".to_owned()))
        });
        let valid = jsonschema::meta::validate(schema);
        findings.require(valid.is_ok(), || {
            let found = valid.map_err(|error| error.to_string());
            breach("valid by its meta-schema", &found.err().unwrap_or_default())
        });
        let compiled = jsonschema::draft202012::new(schema);
        findings.require(compiled.is_ok(), || {
            let found = compiled.map_err(|error| error.to_string());
            breach("a validator accepts it", &found.err().unwrap_or_default())
        });
    }
    findings
}

/// Calls `visit` with every schema within this one and its JSON pointer.
fn walk(schema: &Value, pointer: &str, visit: &mut impl FnMut(&str, &Map<String, Value>)) {
    let Some(object) = schema.as_object() else {
        return;
    };
    visit(pointer, object);
    for (keyword, value) in object {
        let place = format!("{pointer}/{keyword}");
        if let (true, Some(named)) = (NAMED.contains(&&**keyword), value.as_object()) {
            for (name, schema) in named {
                walk(schema, &format!("{place}/{name}"), visit);
            }
        } else if let (true, Some(listed)) = (LISTED.contains(&&**keyword), value.as_array()) {
            for (at, schema) in listed.iter().enumerate() {
                walk(schema, &format!("{place}/{at}"), visit);
            }
        } else if SCHEMAS.contains(&&**keyword) {
            walk(value, &place, visit);
        }
    }
}

fn keywords(subject: &Subject) -> Findings {
    let mut findings = Findings::default();
    for (listed, schema) in with_schema(subject, &mut findings) {
        let mut found = Vec::new();
        let mut fault = |place: &str, expected: &str, is: String| {
            let place = format!("{place} in the schema");
            found.push((place, expected.to_owned(), is));
        };
        walk(
            &Value::Object(schema.clone()),
            "",
            &mut |pointer, schema| {
                for keyword in schema
                    .keys()
                    .filter(|keyword| !KNOWN.contains(&&***keyword))
                {
                    let place = format!("{pointer}/{keyword}");
                    fault(&place, "a keyword of JSON Schema", keyword.clone());
                }
                if let Some(values) = schema.get("enum") {
                    let expected = "labelled choices: a `oneOf` of `const` and `title`";
                    fault(&format!("{pointer}/enum"), expected, values.to_string());
                }
                let choices = schema.get("oneOf").and_then(Value::as_array);
                for choice in choices.into_iter().flatten() {
                    let title = choice.get("title").and_then(Value::as_str);
                    if choice.get("const").is_some() && title.is_none_or(str::is_empty) {
                        let place = format!("{pointer}/oneOf");
                        fault(&place, "each choice has a `title`", choice.to_string());
                    }
                }
            },
        );
        for (name, field) in properties(schema) {
            let title = field.get("title").and_then(Value::as_str);
            if title.is_none_or(|title| title.trim().is_empty()) {
                let place = format!("/properties/{name}");
                fault(&place, "the field has a `title`", "none".to_owned());
            }
        }
        faults(&mut findings, listed.id(), found);
    }
    findings
}

fn properties(schema: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.into_iter().flatten()
}

fn secrets(subject: &Subject) -> Findings {
    let mut findings = Findings::default();
    for (listed, schema) in with_schema(subject, &mut findings) {
        for (name, field) in properties(schema) {
            let is_password = field.get("format") == Some(&json!("password"));
            let is_write_only = field.get("writeOnly") == Some(&json!(true));
            findings.require(is_password == is_write_only, || {
                let found =
                    format!("`format: password`: {is_password}, `writeOnly`: {is_write_only}");
                let place = format!("/properties/{name} in the schema");
                Breach::new(listed.id(), place, "both marks, or neither", found)
            });
        }
    }
    findings
}

fn names(value: Option<&Value>) -> Vec<&str> {
    let names = value.and_then(Value::as_array);
    let names = names.into_iter().flatten();
    names.filter_map(Value::as_str).collect()
}

fn portable(subject: &Subject) -> Findings {
    let mut findings = Findings::default();
    for (listed, schema) in with_schema(subject, &mut findings) {
        let mut found = Vec::new();
        let mut fault = |place: &str, expected: &str, is: String| {
            let place = format!("{place} in the schema");
            found.push((place, expected.to_owned(), is));
        };
        let additional = schema.get("additionalProperties");
        if additional != Some(&json!(false)) {
            let is = additional.map_or("none".to_owned(), Value::to_string);
            fault("/additionalProperties", "false", is);
        }
        if schema.contains_key("allOf") {
            fault(
                "/allOf",
                "one chain of if, then and else",
                "`allOf`".to_owned(),
            );
        }
        let fields: Vec<&String> = properties(schema).map(|(name, _)| name).collect();
        let is_field = |name: &str| fields.iter().any(|field| *field == name);
        for name in names(schema.get("required")) {
            if !is_field(name) {
                fault("/required", "names of properties", name.to_owned());
            }
        }
        walk(&Value::Object(schema.clone()), "", &mut |pointer, inner| {
            // Conditions of the root alone: those of a field have properties of their own.
            let is_chain = |part: &str| ["if", "then", "else", ""].contains(&part);
            if !pointer.split('/').all(is_chain) {
                return;
            }
            for (name, _) in properties(inner).filter(|(name, _)| !is_field(name)) {
                let place = format!("{pointer}/properties");
                fault(&place, "properties of the root", name.clone());
            }
            if pointer.ends_with("/if") {
                let required = names(inner.get("required"));
                let tested = properties(inner).map(|(name, _)| name);
                for name in tested.filter(|name| !required.contains(&&***name)) {
                    let expected = "each property that `if` tests is required in it";
                    fault(
                        &format!("{pointer}/required"),
                        expected,
                        format!("without {name}"),
                    );
                }
            }
        });
        faults(&mut findings, listed.id(), found);
    }
    findings
}

/// The difference between schema and `validate` on a document, if there is one.
async fn difference(subject: &Subject, listed: &Listed, document: &Value) -> Option<Breach> {
    let documents = listed.documents.as_ref().ok()?;
    let by_schema = documents.validator.is_valid(document);
    let text = document.to_string();
    let validated = subject.plugin.validate(listed.id(), &text, &[]).await;
    let is_same = match &validated {
        Ok(()) => by_schema,
        Err(CallError::Connector(ConnectorError::InvalidCredential(_))) => !by_schema,
        Err(_) => false,
    };
    (!is_same).then(|| {
        let expected = if by_schema {
            "valid, as by the schema"
        } else {
            "invalid, as by the schema"
        };
        Breach::new(
            listed.id(),
            shown(text.as_bytes()),
            expected,
            ending(&validated),
        )
    })
}

async fn agrees(subject: &Subject) -> Findings {
    let mut findings = Findings::default();
    for listed in &subject.vendors {
        let documents = match &listed.documents {
            Ok(documents) => documents,
            Err(why) => {
                findings.skip(listed.id(), why);
                continue;
            }
        };
        let mut runner = subject.runner("schema-and-validate-agree");
        let mut budget = subject.effort.documents();
        while budget.take() && !findings.is_enough(listed.id()) {
            let Ok(mut tree) = documents.strategy.new_tree(&mut runner) else {
                continue;
            };
            findings.cases += 1;
            if let Some(breach) = difference(subject, listed, &tree.current()).await {
                let again = async |document: &Value| difference(subject, listed, document).await;
                let (_, breach) = smallest(&mut tree, breach, again).await;
                if !findings.breaches.contains(&breach) {
                    findings.push(breach);
                }
            }
        }
    }
    findings
}
