//! Tests of the portable subset: a schema with all of it, and every breach.

use serde_json::{Value, json};

use super::*;

/// A schema with every type of field and a chain of conditions.
fn full() -> Value {
    json!({
        "$schema": DIALECT,
        "title": "Acme",
        "description": "A key.",
        "type": "object",
        "properties": {
            "key": {
                "type": "string", "title": "Key", "format": "password", "writeOnly": true,
                "minLength": 1, "maxLength": 1024, "pattern": "^.+$",
            },
            "level": {
                "type": "string", "title": "Level", "default": "project",
                "oneOf": [
                    {"const": "project", "title": "Project"},
                    {"const": "account", "title": "Account", "description": "All projects."},
                ],
            },
            "scopes": {
                "type": "array", "title": "Scopes", "minItems": 1, "uniqueItems": true,
                "items": {"oneOf": [{"const": "a", "title": "A"}, {"const": "b", "title": "B"}]},
            },
            "hosts": {"type": "array", "title": "Hosts", "items": {"type": "string"}},
            "project": {"type": "integer", "title": "Project", "minimum": 1, "maximum": 9},
            "ratio": {"type": "number", "title": "Ratio", "exclusiveMinimum": 0.0},
            "sandbox": {"type": "boolean", "title": "Sandbox"},
            "a/b~c": {"type": "string", "title": "Odd", "format": "uri"},
        },
        "required": ["key", "level"],
        "additionalProperties": false,
        "if": {
            "properties": {"scopes": {"type": "array", "contains": {"const": "a"}}},
            "required": ["scopes"],
        },
        "then": {
            "properties": {"scopes": {"type": "array", "maxItems": 1}, "project": {}},
            "required": ["project"],
            "if": {"properties": {"level": {"const": "account"}}, "required": ["level"]},
            "then": {"properties": {"ratio": {}}, "required": ["ratio"]},
        },
        "else": {
            "properties": {
                "project": false,
                "scopes": {"type": "array", "items": {"not": {"enum": ["b"]}}},
            },
        },
    })
}

#[test]
fn the_whole_subset_is_accepted() {
    assert_eq!(faults(&full().to_string()), [""; 0]);
}

#[test]
fn a_form_without_fields_is_accepted() {
    let schema = json!({
        "$schema": DIALECT, "type": "object", "properties": {}, "additionalProperties": false,
    });
    assert_eq!(faults(&schema.to_string()), [""; 0]);
}

#[test]
fn what_is_no_object_is_one_fault() {
    for json in ["", "{", "[]", "true", "null", &"[".repeat(1 << 20)] {
        assert_eq!(faults(json), ["the root: the schema must be a JSON object"]);
    }
}

/// Replaces or adds a value, and expects a fault that begins like this.
fn breaches_are_named<const N: usize>(breaches: [(&str, Value, &str); N]) {
    for (at, value, fault) in breaches {
        let mut schema = full();
        let (parent, name) = at.rsplit_once('/').unwrap();
        match schema.pointer_mut(parent).unwrap() {
            Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
            parent => parent[name] = value,
        }
        let faults = faults(&schema.to_string());
        assert!(
            faults.iter().any(|found| found.starts_with(fault)),
            "{at}: {faults:?}"
        );
    }
}

#[test]
fn each_breach_of_the_root_is_named_with_its_place() {
    breaches_are_named([
        (
            "/$schema",
            json!("http://json-schema.org/draft-07/schema#"),
            "the root: `$schema`",
        ),
        ("/type", json!("array"), "the root: `type`"),
        (
            "/additionalProperties",
            json!(true),
            "the root: `additionalProperties`",
        ),
        ("/properties", json!([]), "the root: `properties`"),
        (
            "/required",
            json!(["key", "other"]),
            "the root: `required` must have only",
        ),
        (
            "/required",
            json!("key"),
            "the root: `required` must be a list",
        ),
        (
            "/required",
            json!(["key", 1]),
            "the root: `required` must be a list",
        ),
        ("/allOf", json!([]), "/allOf: the keyword is not portable"),
        ("/anyOf", json!([]), "/anyOf: the keyword is not portable"),
        ("/$defs", json!({}), "/$defs: the keyword is not portable"),
        (
            "/dependentRequired",
            json!({}),
            "/dependentRequired: the keyword",
        ),
        ("/x-order", json!([]), "/x-order: the keyword"),
        (
            "/\u{1b}[2J",
            json!([]),
            "a keyword with an unusual name: the keyword",
        ),
    ]);
}

#[test]
fn each_breach_of_a_field_is_named_with_its_place() {
    breaches_are_named([
        (
            "/properties/key",
            json!(true),
            "/properties/key: a property must be an object",
        ),
        (
            "/properties/clé",
            json!({}),
            "/properties: a property must have a name",
        ),
        ("/properties/", json!({}), "/properties/: `title`"),
        (
            "/properties/key/title",
            json!(" "),
            "/properties/key: `title`",
        ),
        (
            "/properties/key/title",
            Value::Null,
            "/properties/key: `title`",
        ),
        (
            "/properties/key/writeOnly",
            json!(false),
            "/properties/key: a secret",
        ),
        (
            "/properties/key/format",
            json!("uri"),
            "/properties/key: a secret",
        ),
        (
            "/properties/key/$ref",
            json!("#"),
            "/properties/key/$ref: the keyword",
        ),
        (
            "/properties/key/ui:widget",
            json!("x"),
            "/properties/key/ui:widget: the keyword",
        ),
        (
            "/properties/key/minimum",
            json!(1),
            "/properties/key/minimum: the keyword",
        ),
        (
            "/properties/level/type",
            json!(["string", "null"]),
            "/properties/level: `type` must be",
        ),
        (
            "/properties/sandbox/type",
            json!("object"),
            "/properties/sandbox: `type` must be",
        ),
        (
            "/properties/sandbox/type",
            json!("null"),
            "/properties/sandbox: `type` must be",
        ),
        (
            "/properties/sandbox/maxLength",
            json!(1),
            "/properties/sandbox/maxLength: the",
        ),
    ]);
}

#[test]
fn each_breach_of_choices_and_lists_is_named_with_its_place() {
    breaches_are_named([
        (
            "/properties/level/enum",
            json!(["a"]),
            "/properties/level/enum: choices must be",
        ),
        (
            "/properties/level/oneOf",
            json!([]),
            "/properties/level/oneOf: choices must be a list",
        ),
        (
            "/properties/level/oneOf/0/title",
            json!(1),
            "/properties/level/oneOf/0: a choice",
        ),
        (
            "/properties/level/oneOf/0/const",
            json!(1),
            "/properties/level/oneOf/0: a choice",
        ),
        (
            "/properties/level/oneOf/0/const",
            json!("account"),
            "/properties/level/oneOf/1: a",
        ),
        (
            "/properties/level/oneOf/0/type",
            json!("string"),
            "/properties/level/oneOf/0/type: ",
        ),
        (
            "/properties/level/oneOf/0",
            json!("project"),
            "/properties/level/oneOf/0: a choice",
        ),
        (
            "/properties/scopes/items",
            json!([{}]),
            "/properties/scopes: `items` must be",
        ),
        (
            "/properties/hosts/items",
            json!({}),
            "/properties/hosts/items: `type` must be",
        ),
        (
            "/properties/hosts/items/type",
            json!("array"),
            "/properties/hosts/items: `type` must be",
        ),
        (
            "/properties/scopes/items/oneOf/0/const",
            json!({}),
            "/properties/scopes/items/oneOf/0: a choice",
        ),
    ]);
}

#[test]
fn each_breach_of_a_condition_is_named_with_its_place() {
    breaches_are_named([
        ("/if", json!(true), "/if: a condition must be an object"),
        ("/if/required", json!([]), "/if: `required` must have all"),
        (
            "/if/required",
            json!(["scopes", "key"]),
            "/if: `required` must have only",
        ),
        (
            "/if/properties/other",
            json!({}),
            "/if/properties/other: a condition must not",
        ),
        (
            "/if/properties/scopes",
            json!(1),
            "/if/properties/scopes: it must be an object",
        ),
        (
            "/if/properties/scopes/contains/anyOf",
            json!([]),
            "/if/properties/scopes/contains/anyOf: the keyword",
        ),
        ("/if/not", json!({}), "/if/not: the keyword"),
        ("/then", json!(false), "/then: a branch must be an object"),
        (
            "/then/required",
            json!(["key"]),
            "/then: `required` must have only",
        ),
        (
            "/then/if/required",
            json!([]),
            "/then/if: `required` must have all",
        ),
        (
            "/then/then/allOf",
            json!([]),
            "/then/then/allOf: the keyword",
        ),
        (
            "/else/properties/other",
            json!(false),
            "/else/properties/other: a condition must not",
        ),
        (
            "/else/then",
            json!({}),
            "/else/then: a branch must have an `if`",
        ),
    ]);
}

#[test]
fn every_fault_is_reported_at_once() {
    let mut schema = full();
    schema["properties"]["key"]["title"] = Value::Null;
    schema["properties"]["level"]["enum"] = json!([]);
    schema["allOf"] = json!([]);
    assert_eq!(faults(&schema.to_string()).len(), 3);
}
