//! The portable subset of JSON Schema (2020-12): what react-jsonschema-form and JSON Forms can show
//! and Ajv compiles in its strict mode. A schema of a plugin is checked when the plugin is loaded.
//!
//! All properties are at the top level. Conditions are one chain of `if`, `then` and `else`.

use serde_json::{Map, Value};

use crate::contract::is_field_pointer;

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Keywords without a meaning for validation, allowed everywhere.
const ANNOTATIONS: [&str; 6] = [
    "$comment",
    "default",
    "deprecated",
    "description",
    "examples",
    "title",
];
/// Keywords of the root besides annotations.
const ROOT: [&str; 9] = [
    "$id",
    "$schema",
    "additionalProperties",
    "else",
    "if",
    "properties",
    "required",
    "then",
    "type",
];
/// Keywords of each type of a property. Strict validators refuse a keyword of another type.
const STRING: [&str; 6] = [
    "format",
    "maxLength",
    "minLength",
    "oneOf",
    "pattern",
    "writeOnly",
];
const NUMBER: [&str; 6] = [
    "exclusiveMaximum",
    "exclusiveMinimum",
    "maximum",
    "minimum",
    "multipleOf",
    "oneOf",
];
const ARRAY: [&str; 4] = ["items", "maxItems", "minItems", "uniqueItems"];
/// Keywords with which a condition tests or restricts a property. The values of those in
/// [`INNER`] are schemas again.
const TESTS: [&str; 17] = [
    "const",
    "contains",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "items",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "multipleOf",
    "not",
    "pattern",
    "type",
    "uniqueItems",
];
const INNER: [&str; 3] = ["contains", "items", "not"];

/// What breaks the rule, with its place as a JSON pointer into the schema.
pub(crate) type Fault = String;

/// The faults of a schema.
pub(crate) fn faults(json: &str) -> Vec<Fault> {
    let mut check = Check { faults: Vec::new() };
    match serde_json::from_str(json) {
        Ok(Value::Object(schema)) => check.root(&schema),
        Ok(_) | Err(_) => check.report("", "the schema must be a JSON object"),
    }
    check.faults
}

/// A check that reports every fault.
struct Check {
    faults: Vec<Fault>,
}

type Object = Map<String, Value>;

impl Check {
    fn report(&mut self, at: &str, problem: &str) {
        let place = if at.is_empty() { "the root" } else { at };
        self.faults.push(format!("{place}: {problem}"));
    }

    fn demand(&mut self, holds: bool, at: &str, problem: &str) {
        if !holds {
            self.report(at, problem);
        }
    }

    fn root(&mut self, schema: &Object) {
        self.keywords(schema, "", &[&ROOT, &ANNOTATIONS]);
        for (keyword, expected) in [
            ("$schema", Value::from(DIALECT)),
            ("type", Value::from("object")),
            ("additionalProperties", Value::Bool(false)),
        ] {
            let holds = schema.get(keyword) == Some(&expected);
            self.demand(holds, "", &format!("`{keyword}` must be {expected}"));
        }
        let Some(properties) = properties(schema) else {
            return self.report("", "`properties` must be an object");
        };
        for (name, property) in properties {
            if !is_field_pointer(&format!("/{}", escaped(name))) {
                let problem = "a property must have a name of printable ASCII, at most 255 bytes";
                self.report("/properties", problem);
                continue;
            }
            let at = format!("/properties/{}", escaped(name));
            match property {
                Value::Object(property) => self.property(property, &at),
                _ => self.report(&at, "a property must be an object"),
            }
        }
        self.required(schema, "");
        self.condition(schema, "", properties);
    }

    /// A field of the form.
    fn property(&mut self, property: &Object, at: &str) {
        self.demand(is_text(property.get("title")), at, "`title` must be a text");
        let kind = property.get("type").and_then(Value::as_str);
        match kind {
            Some("array") => {
                self.keywords(property, at, &[&["type"], &ARRAY, &ANNOTATIONS]);
                match property.get("items") {
                    Some(Value::Object(items)) => self.items(items, &format!("{at}/items")),
                    _ => self.report(at, "`items` must be an object"),
                }
            }
            Some(kind) => self.scalar(property, kind, at),
            None => self.report(at, "`type` must be a string"),
        }
        let is_secret = property.get("format").is_some_and(|it| it == "password");
        let is_write_only = property.get("writeOnly").is_some_and(|it| it == true);
        let problem = "a secret must have both `format: password` and `writeOnly: true`";
        self.demand(is_secret == is_write_only, at, problem);
    }

    /// The items of a list: choices, or values of one type.
    fn items(&mut self, items: &Object, at: &str) {
        // A list of choices may leave out the type of their values.
        let is_choice = items.contains_key("oneOf");
        match items.get("type").and_then(Value::as_str) {
            Some(kind) => self.scalar(items, kind, at),
            None if is_choice && !items.contains_key("type") => {
                self.keywords(items, at, &[&["oneOf"], &ANNOTATIONS]);
                self.choices(items, None, at);
            }
            None => self.report(at, "`type` must be a string"),
        }
    }

    fn scalar(&mut self, schema: &Object, kind: &str, at: &str) {
        let keywords: &[&str] = match kind {
            "string" => &STRING,
            "integer" | "number" => &NUMBER,
            "boolean" => &[],
            _ => {
                let problem = "`type` must be string, integer, number, boolean or array";
                return self.report(at, problem);
            }
        };
        self.keywords(schema, at, &[&["type"], keywords, &ANNOTATIONS]);
        self.choices(schema, Some(kind), at);
    }

    /// Choices with titles.
    fn choices(&mut self, schema: &Object, kind: Option<&str>, at: &str) {
        let Some(choices) = schema.get("oneOf") else {
            return;
        };
        let at = format!("{at}/oneOf");
        let Some(choices) = choices.as_array().filter(|choices| !choices.is_empty()) else {
            return self.report(&at, "choices must be a list, and not empty");
        };
        for (index, choice) in choices.iter().enumerate() {
            let value = choice.get("const");
            let is_choice = is_text(choice.get("title")) && value.is_some_and(|it| is_of(it, kind));
            let is_new = choices
                .iter()
                .take(index)
                .all(|it| it.get("const") != value);
            let at = format!("{at}/{index}");
            let problem = "a choice must have a `title`, and a `const` of the type of the field";
            self.demand(is_choice, &at, problem);
            self.demand(is_new, &at, "a choice must differ from the others");
            if let Some(choice) = choice.as_object() {
                self.keywords(choice, &at, &[&["const"], &ANNOTATIONS]);
            }
        }
    }

    /// `if`, `then` and `else` of the root, or of a branch of a condition.
    fn condition(&mut self, schema: &Object, at: &str, form: &Object) {
        let condition = schema.get("if");
        if let Some(condition) = condition {
            let at = format!("{at}/if");
            match condition {
                Value::Object(test) => {
                    self.keywords(test, &at, &[&["type", "properties", "required"]]);
                    self.tests(test, &at, form);
                    self.required(test, &at);
                    let required = strings(test.get("required"));
                    let mut tested = properties(test).into_iter().flat_map(Object::keys);
                    // A missing property would pass the test.
                    let problem = "`required` must have all properties that are tested";
                    let holds = tested.all(|name| required.contains(&&**name));
                    self.demand(holds, &at, problem);
                }
                _ => self.report(&at, "a condition must be an object"),
            }
        }
        for branch in ["then", "else"] {
            let Some(schema) = schema.get(branch) else {
                continue;
            };
            let at = format!("{at}/{branch}");
            self.demand(condition.is_some(), &at, "a branch must have an `if`");
            let Value::Object(schema) = schema else {
                self.report(&at, "a branch must be an object");
                continue;
            };
            let allowed = ["type", "properties", "required", "if", "then", "else"];
            self.keywords(schema, &at, &[&allowed]);
            self.tests(schema, &at, form);
            self.required(schema, &at);
            self.condition(schema, &at, form);
        }
    }

    /// The properties of a condition or branch, which are some of those of the form.
    fn tests(&mut self, schema: &Object, at: &str, form: &Object) {
        for (name, test) in properties(schema).into_iter().flatten() {
            let at = format!("{at}/properties/{}", escaped(name));
            if form.contains_key(name) {
                self.test(test, &at);
            } else {
                let problem = "a condition must not have properties that the form does not have";
                self.report(&displayed(&at), problem);
            }
        }
    }

    /// The test or restriction of one property.
    fn test(&mut self, test: &Value, at: &str) {
        let Value::Object(test) = test else {
            return self.demand(test.is_boolean(), at, "it must be an object or a boolean");
        };
        self.keywords(test, at, &[&TESTS, &ANNOTATIONS]);
        for keyword in INNER {
            if let Some(inner) = test.get(keyword) {
                self.test(inner, &format!("{at}/{keyword}"));
            }
        }
    }

    /// `required`, whose names are those of properties beside it: strict validators demand it.
    fn required(&mut self, schema: &Object, at: &str) {
        let Some(required) = schema.get("required") else {
            return;
        };
        let names = strings(Some(required));
        let is_list = required
            .as_array()
            .is_some_and(|all| all.len() == names.len());
        self.demand(is_list, at, "`required` must be a list of names");
        let beside = properties(schema);
        let is_beside = |name: &&str| beside.is_some_and(|beside| beside.contains_key(*name));
        let problem = "`required` must have only names of the `properties` beside it";
        self.demand(names.iter().all(is_beside), at, problem);
    }

    /// Reports keywords that are not allowed here.
    fn keywords(&mut self, schema: &Object, at: &str, allowed: &[&[&str]]) {
        for keyword in schema.keys() {
            if allowed.iter().any(|list| list.contains(&&**keyword)) {
                continue;
            }
            let at = displayed(&format!("{at}/{}", escaped(keyword)));
            match &**keyword {
                "enum" => self.report(&at, "choices must be `oneOf` of `const` and `title`"),
                _ => self.report(&at, "the keyword is not portable here"),
            }
        }
    }
}

/// A reference token of a JSON pointer (RFC 6901 §3).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A pointer that can be printed: names are the plugin's own.
fn displayed(pointer: &str) -> String {
    if is_field_pointer(pointer) {
        return pointer.to_owned();
    }
    "a keyword with an unusual name".to_owned()
}

fn properties(schema: &Object) -> Option<&Object> {
    schema.get("properties").and_then(Value::as_object)
}

fn is_text(value: Option<&Value>) -> bool {
    let text = value.and_then(Value::as_str);
    text.is_some_and(|text| !text.trim().is_empty())
}

/// Whether a value has the type of a field; without one, whether it is a string or a number.
fn is_of(value: &Value, kind: Option<&str>) -> bool {
    match kind {
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some(_) => false,
        None => value.is_string() || value.is_number(),
    }
}

fn strings(value: Option<&Value>) -> Vec<&str> {
    let all = value.and_then(Value::as_array);
    let all = all.into_iter().flatten();
    all.filter_map(Value::as_str).collect()
}

#[cfg(test)]
mod tests;
