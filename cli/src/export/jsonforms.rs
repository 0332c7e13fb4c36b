//! The UI schema for JSON Forms, used beside the schema: a control for each field, masked for a
//! secret, with a rule for a field that is hidden conditionally. Left out, because a control cannot
//! express it: the mark of a conditionally required field, which JSON Forms reports as an error.

use serde_json::{Map, Value, json};

use super::condition::{Question, Test};
use super::field::{Field, Kind, fields};
use crate::json::present;

/// The UI schema.
pub(crate) fn ui_schema(schema: &Value) -> Value {
    let controls: Vec<_> = fields(schema).iter().map(control).collect();
    json!({"type": "VerticalLayout", "elements": controls})
}

fn control(field: &Field<'_>) -> Value {
    present([
        ("type", Some(json!("Control"))),
        ("scope", Some(json!(scope(field.name)))),
        ("options", options(field)),
        ("rule", rule(field)),
    ])
}

fn options(field: &Field<'_>) -> Option<Value> {
    let format = match &field.kind {
        Kind::Secret => Some(json!("password")),
        Kind::One(_) => Some(json!("radio")),
        Kind::Text
        | Kind::Integer
        | Kind::Number
        | Kind::Boolean
        | Kind::Several(_)
        | Kind::Other => None,
    };
    // Help that shows only within the field is hidden while a person looks for the value elsewhere.
    let help = field.description.map(|_| json!(true));
    if format.is_none() && help.is_none() {
        return None;
    }
    Some(present([
        ("format", format),
        ("showUnfocusedDescription", help),
    ]))
}

fn scope(field: &str) -> String {
    let escaped = field.replace('~', "~0").replace('/', "~1");
    format!("#/properties/{escaped}")
}

/// The rule that hides the field; for the simplest condition, the rule that shows it.
fn rule(field: &Field<'_>) -> Option<Value> {
    if field.hidden.is_never() {
        return None;
    }
    if let Some(test) = field.hidden.single()
        && let Question::Equals { field, schema, .. } | Question::Holds { field, schema, .. } =
            test.question
    {
        let effect = if test.yes { "HIDE" } else { "SHOW" };
        let condition = json!({"scope": scope(field), "schema": schema, "failWhenUndefined": true});
        return Some(json!({"effect": effect, "condition": condition}));
    }
    let paths = field.hidden.paths().iter();
    let any: Vec<_> = paths
        .map(|path| json!({"allOf": path.iter().map(on_document).collect::<Vec<_>>()}))
        .collect();
    Some(json!({"effect": "HIDE", "condition": {"scope": "#", "schema": {"anyOf": any}}}))
}

/// The test as a schema of the whole document.
fn on_document(test: &Test<'_>) -> Value {
    let schema = match test.question {
        Question::Equals { field, schema, .. } | Question::Holds { field, schema, .. } => {
            let properties: Map<_, _> = [(field.to_owned(), schema.clone())].into_iter().collect();
            json!({"properties": properties, "required": [field]})
        }
        Question::Satisfies { schema } => schema.clone(),
    };
    if test.yes {
        schema
    } else {
        json!({ "not": schema })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::sample::schema;

    #[test]
    fn every_field_is_a_control_and_conditions_are_rules() {
        let control =
            |name: &str| json!({"type": "Control", "scope": format!("#/properties/{name}")});
        let with = |name: &str, keyword: &str, value: Value| {
            let mut control = control(name);
            control[keyword] = value;
            control
        };
        let rule = json!({
            "effect": "SHOW",
            "condition": {
                "scope": "#/properties/tasks",
                "schema": {"type": "array", "contains": {"const": "stack"}},
                "failWhenUndefined": true,
            },
        });
        let elements = [
            with("key", "options", json!({"showUnfocusedDescription": true})),
            with("word", "options", json!({"format": "password"})),
            with("level", "options", json!({"format": "radio"})),
            with(
                "tasks",
                "options",
                json!({"showUnfocusedDescription": true}),
            ),
            control("room"),
            with("shelf", "rule", rule),
        ];
        assert_eq!(
            ui_schema(&schema()),
            json!({"type": "VerticalLayout", "elements": elements})
        );
    }

    #[test]
    fn a_condition_of_several_tests_is_asked_of_the_whole_document() {
        let is = |field: &str| json!({"properties": {field: {"const": 1}}, "required": [field]});
        let schema = json!({
            "properties": {"x/y": {}},
            "if": is("a"),
            "then": {"if": is("b"), "else": {"properties": {"x/y": false}}},
            "else": {"if": {"minProperties": 2}, "then": {"properties": {"x/y": false}}},
        });
        let expected = json!({"elements": [{
            "type": "Control",
            "scope": "#/properties/x~1y",
            "rule": {"effect": "HIDE", "condition": {"scope": "#", "schema": {"anyOf": [
                {"allOf": [is("a"), {"not": is("b")}]},
                {"allOf": [{"not": is("a")}, {"minProperties": 2}]},
            ]}}},
        }], "type": "VerticalLayout"});
        assert_eq!(ui_schema(&schema), expected);
    }
}
