//! The JSON Schema of the form, from the same fields that are read.

use connector_guest::form::{
    LABEL_PATTERN, MAX_STRING_CHARS, SEGMENT_PATTERN, STRING_PATTERN, TOKEN_PATTERN, UUID_PATTERN,
};
use connector_guest::trimmed_pattern;
use serde_json::{Map, Value, json};
use toml::Spanned;

use crate::check::is_required;
use crate::file::{Field, File, Kind};

const LABEL: &str = "([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)*";

/// The schema as compact JSON.
pub(crate) fn write(file: &File) -> String {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (name, field) in &file.fields.0 {
        properties.insert(name.get_ref().clone(), property(field));
        if is_required(field) {
            required.push(name.get_ref().as_str());
        }
    }
    let mut schema = Map::new();
    schema.insert(
        "$schema".into(),
        "https://json-schema.org/draft/2020-12/schema".into(),
    );
    schema.insert("title".into(), file.name.get_ref().as_str().into());
    if let Some(description) = &file.form_description {
        schema.insert("description".into(), description.get_ref().as_str().into());
    }
    schema.insert("type".into(), "object".into());
    schema.insert("properties".into(), properties.into());
    schema.insert("required".into(), required.into());
    schema.insert("additionalProperties".into(), false.into());
    Value::Object(schema).to_string()
}

fn property(field: &Field) -> Value {
    let mut property = Map::new();
    let kind = *field.kind.get_ref();
    let is_list = kind == Kind::Choices;
    property.insert(
        "type".into(),
        if is_list { "array" } else { "string" }.into(),
    );
    property.insert("title".into(), field.title.get_ref().as_str().into());
    if let Some(description) = &field.description {
        property.insert("description".into(), description.get_ref().as_str().into());
    }
    if let Some(default) = &field.default {
        property.insert("default".into(), default.get_ref().as_str().into());
    }
    let choices = field.choices.iter().flat_map(|choices| &choices.0);
    let choices =
        choices.map(|(value, title)| json!({"const": value.get_ref(), "title": title.get_ref()}));
    let choices: Value = choices.collect();
    if field.secret {
        property.insert("format".into(), "password".into());
        property.insert("writeOnly".into(), true.into());
    }
    match kind {
        Kind::Choice => {
            property.insert("oneOf".into(), choices);
        }
        Kind::Choices => {
            property.insert("items".into(), json!({"oneOf": choices}));
            property.insert("minItems".into(), 1.into());
            property.insert("uniqueItems".into(), true.into());
        }
        Kind::String => string(&mut property, STRING_PATTERN),
        Kind::Token => string(&mut property, TOKEN_PATTERN),
        Kind::Uuid => string(&mut property, UUID_PATTERN),
        Kind::HostLabel => string(&mut property, LABEL_PATTERN),
        Kind::PathSegment => string(&mut property, SEGMENT_PATTERN),
        Kind::Host => {
            const AROUND: &str = trimmed_pattern!("(HOST)");
            let domains = field.domains.iter().flatten().map(in_any_case);
            let host = format!("{LABEL}({})", domains.collect::<Vec<_>>().join("|"));
            string(&mut property, &AROUND.replace("(HOST)", &host));
        }
    }
    property.into()
}

fn string(property: &mut Map<String, Value>, pattern: &str) {
    property.insert("minLength".into(), 1.into());
    property.insert("maxLength".into(), MAX_STRING_CHARS.into());
    property.insert("pattern".into(), pattern.into());
}

/// A pattern for a domain in any case of letters.
fn in_any_case(domain: &Spanned<String>) -> String {
    let mut pattern = String::new();
    for char in domain.get_ref().chars() {
        match char {
            '.' => pattern.push_str("\\."),
            char if char.is_ascii_alphabetic() => {
                pattern.extend([
                    '[',
                    char.to_ascii_uppercase(),
                    char.to_ascii_lowercase(),
                    ']',
                ]);
            }
            char => pattern.push(char),
        }
    }
    pattern
}
