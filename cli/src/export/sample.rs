//! An invented form with one field of each kind and each kind of condition, for the tests of the
//! exports.

use serde_json::{Value, json};

/// `room` is required for the level "house", whatever the tasks; `shelf` is required for the task
/// "stack", which excludes other tasks, and hidden otherwise.
pub(crate) fn schema() -> Value {
    let house = json!({"properties": {"level": {"const": "house"}}, "required": ["level"]});
    let stack = json!({"type": "array", "contains": {"const": "stack"}});
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Library",
        "description": "How to get in.",
        "type": "object",
        "properties": {
            "key": {
                "type": "string", "title": "Key", "description": "On the board.", "minLength": 1,
                "pattern": "^k",
            },
            "word": {
                "type": "string", "title": "Word", "format": "password", "writeOnly": true,
                "maxLength": 9,
            },
            "level": {
                "type": "string", "title": "Level", "default": "room",
                "oneOf": [
                    {"const": "room", "title": "One room"},
                    {"const": "house", "title": "The house"},
                ],
            },
            "tasks": {
                "type": "array", "title": "Tasks", "description": "What for.", "minItems": 1,
                "uniqueItems": true, "default": ["read"],
                "items": {"type": "string", "oneOf": [
                    {"const": "read", "title": "Read"},
                    {"const": "stack", "title": "Stack (alone)"},
                    {"const": "r.w", "title": "Both"},
                ]},
            },
            "room": {"type": "integer", "title": "Room", "minimum": 1, "maximum": 99},
            "shelf": {"type": "integer", "title": "Shelf", "minimum": 0},
        },
        "required": ["key", "word", "level", "tasks"],
        "additionalProperties": false,
        "if": {"properties": {"tasks": stack}, "required": ["tasks"]},
        "then": {
            "properties": {"tasks": {"type": "array", "maxItems": 1}, "shelf": {}},
            "required": ["shelf"],
            "if": house, "then": {"properties": {"room": {}}, "required": ["room"]},
        },
        "else": {
            "properties": {"shelf": false},
            "if": house, "then": {"properties": {"room": {}}, "required": ["room"]},
        },
    })
}
