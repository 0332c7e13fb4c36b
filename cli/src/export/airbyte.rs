//! Airbyte's connector specification: `connectionSpecification` in JSON Schema draft 7, with
//! `airbyte_secret` and `order`.
//!
//! Left out, because Airbyte refuses or ignores it: conditions (a conditional field is always
//! shown and optional), `additionalProperties: false` (Airbyte adds fields of its own), patterns
//! (it would show them to people), and titles of choices (the description lists them).

use serde_json::{Map, Value, json};

use super::field::{Choice, Field, Kind, fields, with_choices};
use crate::json::present;

const DRAFT_7: &str = "http://json-schema.org/draft-07/schema#";

/// The specification of a connector with this form. `documentation` is the page that explains it.
pub(crate) fn specification(schema: &Value, documentation: Option<&str>) -> Value {
    let fields = fields(schema);
    let required = fields.iter().filter(|field| field.required.is_always());
    let required: Vec<_> = required.map(|field| field.name).collect();
    let properties = (0_usize..).zip(&fields);
    let properties: Map<_, _> = properties
        .map(|(order, field)| (field.name.to_owned(), property(field, order)))
        .collect();
    let connection = present([
        ("$schema", Some(json!(DRAFT_7))),
        ("title", schema.get("title").cloned()),
        ("description", schema.get("description").cloned()),
        ("type", Some(json!("object"))),
        ("required", Some(json!(required))),
        ("properties", Some(Value::Object(properties))),
        ("additionalProperties", Some(json!(true))),
    ]);
    present([
        ("documentationUrl", documentation.map(Value::from)),
        ("connectionSpecification", Some(connection)),
    ])
}

fn property(field: &Field<'_>, order: usize) -> Value {
    let keep = |name: &str| field.schema.get(name).cloned();
    let items = keep("items");
    let (choices, items) = match &field.kind {
        Kind::One(choices) => (Some(values(choices)), items),
        Kind::Several(choices) => {
            let item_type = items.as_ref().and_then(|items| items.get("type")).cloned();
            let items = present([("type", item_type), ("enum", Some(values(choices)))]);
            (None, Some(items))
        }
        Kind::Text | Kind::Secret | Kind::Integer | Kind::Number | Kind::Boolean | Kind::Other => {
            (None, items)
        }
    };
    present([
        ("type", keep("type")),
        ("title", Some(json!(field.title))),
        ("description", description(field).map(Value::from)),
        (
            "airbyte_secret",
            (field.kind == Kind::Secret).then(|| json!(true)),
        ),
        ("enum", choices),
        ("items", items),
        ("default", keep("default")),
        ("minimum", keep("minimum")),
        ("maximum", keep("maximum")),
        ("minLength", keep("minLength")),
        ("maxLength", keep("maxLength")),
        ("minItems", keep("minItems")),
        ("uniqueItems", keep("uniqueItems")),
        ("order", Some(json!(order))),
    ])
}

/// The description of the field, with the titles of its choices.
fn description(field: &Field<'_>) -> Option<String> {
    let (Kind::One(choices) | Kind::Several(choices)) = &field.kind else {
        return field.description.map(str::to_owned);
    };
    Some(with_choices(field.description, choices))
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
                    "key": {
                        "type": "string", "title": "Key", "description": "On the board.",
                        "minLength": 1, "order": 0,
                    },
                    "word": {
                        "type": "string", "title": "Word", "maxLength": 9, "airbyte_secret": true,
                        "order": 1,
                    },
                    "level": {
                        "type": "string", "title": "Level", "default": "room",
                        "enum": ["room", "house"], "order": 2,
                        "description": "Choices: room (One room), house (The house).",
                    },
                    "tasks": {
                        "type": "array", "title": "Tasks", "minItems": 1, "uniqueItems": true,
                        "default": ["read"],
                        "items": {"type": "string", "enum": ["read", "stack", "r.w"]}, "order": 3,
                        "description":
                            "What for. Choices: read (Read), stack (Stack (alone)), r.w (Both).",
                    },
                    "room": {
                        "type": "integer", "title": "Room", "minimum": 1, "maximum": 99, "order": 4,
                    },
                    "shelf": {"type": "integer", "title": "Shelf", "minimum": 0, "order": 5},
                },
                "additionalProperties": true,
            },
        });
        let documentation = Some("https://docs.test/");
        assert_eq!(specification(&schema(), documentation), expected);
    }
}
