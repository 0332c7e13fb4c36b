//! Airbyte's connector specification: `connectionSpecification` in JSON Schema draft 7, with `airbyte_secret` and `order`.
//!
//! Left out, since Airbyte refuses or does not read it: conditions (`if`, `then`, `else`), so a field that is required or hidden sometimes
//! is shown always and optional; `additionalProperties: false`, for Airbyte adds members of its own; the pattern of a text, which
//! Airbyte would show to people in place of words; `format: password` and `writeOnly`, for which `airbyte_secret` stands. Choices have no titles
//! there: the description tells them. Every document that the schema accepts is accepted; `validate` still finds the rest.

use serde_json::{Map, Value, json};

use super::field::{Choice, Field, Kind, fields};

/// What a property keeps as it is.
const KEPT: [&str; 9] = [
    "type",
    "title",
    "default",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "uniqueItems",
];

/// The specification of a connector whose configuration is this form. `documentation` is where people learn how to fill it in.
pub(crate) fn specification(schema: &Value, documentation: &str) -> Value {
    let fields = fields(schema);
    let required = fields.iter().filter(|field| field.required.is_always());
    let required: Vec<_> = required.map(|field| field.name).collect();
    let properties = (0_usize..).zip(&fields);
    let properties: Map<_, _> = properties
        .map(|(order, field)| (field.name.to_owned(), property(field, order)))
        .collect();
    let mut connection = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": true,
    });
    for name in ["title", "description"] {
        if let Some(text) = schema.get(name) {
            connection[name] = text.clone();
        }
    }
    json!({"documentationUrl": documentation, "connectionSpecification": connection})
}

fn property(field: &Field<'_>, order: usize) -> Value {
    let mut property: Map<_, _> = KEPT
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), field.schema.get(name)?.clone())))
        .collect();
    property.insert("title".into(), json!(field.title));
    if let Some(text) = description(field) {
        property.insert("description".into(), json!(text));
    }
    match &field.kind {
        Kind::Secret => drop(property.insert("airbyte_secret".into(), json!(true))),
        Kind::One(choices) => drop(property.insert("enum".into(), values(choices))),
        Kind::Several(choices) => {
            let sort = field
                .schema
                .get("items")
                .and_then(|items| items.get("type"));
            let mut items = json!({"enum": values(choices)});
            if let Some(sort) = sort {
                items["type"] = sort.clone();
            }
            property.insert("items".into(), items);
        }
        Kind::Other => {
            if let Some(items) = field.schema.get("items") {
                property.insert("items".into(), items.clone());
            }
        }
        Kind::Text | Kind::Integer | Kind::Number | Kind::Boolean => {}
    }
    property.insert("order".into(), json!(order));
    Value::Object(property)
}

/// The field's own words, and what its choices mean.
fn description(field: &Field<'_>) -> Option<String> {
    let (Kind::One(choices) | Kind::Several(choices)) = &field.kind else {
        return field.description.map(str::to_owned);
    };
    Some(super::field::with_choices(field.description, choices))
}

fn values(choices: &[Choice<'_>]) -> Value {
    choices.iter().map(|choice| choice.value.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::sample::schema;

    #[test]
    fn the_form_is_a_specification() {
        let expected = json!({
            "documentationUrl": "https://docs.test/",
            "connectionSpecification": {
                "$schema": "http://json-schema.org/draft-07/schema#",
                "title": "Library",
                "description": "How to get in.",
                "type": "object",
                "required": ["key", "word", "level", "tasks"],
                "properties": {
                    "key": {"type": "string", "title": "Key", "description": "On the board.", "minLength": 1, "order": 0},
                    "word": {"type": "string", "title": "Word", "maxLength": 9, "airbyte_secret": true, "order": 1},
                    "level": {
                        "type": "string", "title": "Level", "default": "room", "enum": ["room", "house"], "order": 2,
                        "description": "Choices: room (One room), house (The house).",
                    },
                    "tasks": {
                        "type": "array", "title": "Tasks", "minItems": 1, "uniqueItems": true, "default": ["read"],
                        "items": {"type": "string", "enum": ["read", "stack", "r.w"]}, "order": 3,
                        "description": "What for. Choices: read (Read), stack (Stack (alone)), r.w (Both).",
                    },
                    "room": {"type": "integer", "title": "Room", "minimum": 1, "maximum": 99, "order": 4},
                    "shelf": {"type": "integer", "title": "Shelf", "minimum": 0, "order": 5},
                },
                "additionalProperties": true,
            },
        });
        assert_eq!(specification(&schema(), "https://docs.test/"), expected);
    }
}
