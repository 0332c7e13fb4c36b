//! The `credentials` block of a provider in Nango's `providers.yaml` (JSON is YAML).
//!
//! Left out, because Nango cannot express it: titles of choices (the description lists them),
//! limits of length, size and number, conditional requirements (such a field is optional),
//! conditions other than that one field equals one string, and `doc_section`, a place in Nango's
//! own documentation.

use serde_json::{Map, Value, json};

use super::condition::{Question, Test};
use super::field::{Choice, Field, Kind, fields, plain, with_choices};
use crate::json::present;

/// The block.
///
/// Nango's fields are strings: an integer is a string of digits, and a list is its choices
/// separated by spaces; both have to be converted before the document is used. `secret` is `true`
/// as in `providers.yaml`, not a string as in the published type. `visible_when` is in the type and
/// so far in no `credentials` block; where it is not read, the field is shown.
pub(crate) fn credentials(schema: &Value) -> Value {
    let fields = fields(schema);
    let block: Map<_, _> = (0_usize..)
        .zip(&fields)
        .map(|(order, field)| (field.name.to_owned(), entry(field, order, &fields)))
        .collect();
    json!({ "credentials": block })
}

fn entry(field: &Field<'_>, order: usize, all: &[Field<'_>]) -> Value {
    let choices = match &field.kind {
        Kind::One(choices) => Some(choices.iter().map(|choice| plain(choice.value)).collect()),
        Kind::Text
        | Kind::Secret
        | Kind::Several(_)
        | Kind::Integer
        | Kind::Number
        | Kind::Boolean
        | Kind::Other => None,
    };
    let default = field.schema.get("default");
    present([
        ("type", Some(json!("string"))),
        ("title", Some(json!(field.title))),
        ("description", Some(json!(description(field)))),
        ("secret", (field.kind == Kind::Secret).then(|| json!(true))),
        ("enum", choices),
        ("pattern", pattern(field).map(Value::from)),
        ("default_value", default.map(|value| json!(text(value)))),
        (
            "optional",
            (!field.required.is_always()).then(|| json!(true)),
        ),
        ("visible_when", visible_when(field, all)),
        ("order", Some(json!(order))),
    ])
}

fn description(field: &Field<'_>) -> String {
    match &field.kind {
        Kind::One(choices) => with_choices(field.description, choices),
        Kind::Several(choices) => {
            let text = with_choices(field.description, choices);
            format!("{text} Several are separated by a space.")
        }
        Kind::Text | Kind::Secret | Kind::Integer | Kind::Number | Kind::Boolean | Kind::Other => {
            field.description.unwrap_or(field.title).to_owned()
        }
    }
}

/// The pattern of the text.
fn pattern(field: &Field<'_>) -> Option<String> {
    match &field.kind {
        Kind::Text | Kind::Secret => {
            let pattern = field.schema.get("pattern")?.as_str()?;
            Some(pattern.to_owned())
        }
        Kind::Integer => {
            let least = field.schema.get("minimum").and_then(Value::as_i64);
            Some(match least {
                Some(1..) => "^[1-9][0-9]*$".to_owned(),
                Some(0) => "^[0-9]+$".to_owned(),
                _ => "^-?[0-9]+$".to_owned(),
            })
        }
        Kind::Several(choices) => several(choices),
        Kind::One(_) | Kind::Number | Kind::Boolean | Kind::Other => None,
    }
}

/// A pattern for choices separated by single spaces; `None` when a choice contains a space.
fn several(choices: &[Choice<'_>]) -> Option<String> {
    let values = choices.iter().map(|choice| plain(choice.value));
    let values = values.collect::<Vec<_>>();
    if values.iter().any(|value| value.contains(' ')) {
        return None;
    }
    let escaped = values.iter().map(|value| escaped(value));
    let any = escaped.collect::<Vec<_>>().join("|");
    Some(format!("^({any})( ({any}))*$"))
}

/// A pattern that matches only this text.
fn escaped(text: &str) -> String {
    let mut pattern = String::new();
    for c in text.chars() {
        if r"\^$.|?*+()[]{}/".contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

/// A value as Nango's single text.
fn text(value: &Value) -> String {
    match value {
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(" "),
        value => plain(value),
    }
}

/// The condition that one field equals one text; `None` for any other condition.
fn visible_when(field: &Field<'_>, all: &[Field<'_>]) -> Option<Value> {
    let Test {
        question,
        yes: false,
    } = field.hidden.single()?
    else {
        return None;
    };
    let (name, value) = match question {
        // A single entry is the whole text of its list.
        Question::Equals { field, value, .. }
        | Question::Holds {
            field,
            value,
            alone: true,
            ..
        } => (field, value),
        Question::Holds { .. } | Question::Satisfies { .. } => return None,
    };
    let known = all.iter().any(|other| other.name == name);
    known.then(|| json!({"field": name, "equals": text(value)}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::sample::schema;

    #[test]
    fn the_form_is_a_block_of_strings() {
        let expected = json!({"credentials": {
            "key": {
                "type": "string", "title": "Key", "description": "On the board.", "pattern": "^k",
                "order": 0,
            },
            "word": {
                "type": "string", "title": "Word", "description": "Word", "secret": true,
                "order": 1,
            },
            "level": {
                "type": "string", "title": "Level",
                "description": "Choices: room (One room), house (The house).",
                "enum": ["room", "house"], "default_value": "room", "order": 2,
            },
            "tasks": {
                "type": "string", "title": "Tasks",
                "description": "What for. Choices: read (Read), stack (Stack (alone)), r.w (Both). \
                                Several are separated by a space.",
                "pattern": r"^(read|stack|r\.w)( (read|stack|r\.w))*$", "default_value": "read",
                "order": 3,
            },
            "room": {
                "type": "string", "title": "Room", "description": "Room",
                "pattern": "^[1-9][0-9]*$", "optional": true, "order": 4,
            },
            "shelf": {
                "type": "string", "title": "Shelf", "description": "Shelf", "pattern": "^[0-9]+$",
                "optional": true, "visible_when": {"field": "tasks", "equals": "stack"}, "order": 5,
            },
        }});
        assert_eq!(credentials(&schema()), expected);
    }

    #[test]
    fn a_field_stays_visible_where_nango_cannot_express_its_condition() {
        let mut schema = schema();
        // With other tasks beside it, it is not the whole text.
        schema["then"]["properties"]["tasks"]["maxItems"] = json!(2);
        let block = credentials(&schema);
        assert!(block["credentials"]["shelf"].get("visible_when").is_none());
    }

    #[test]
    fn choices_with_spaces_have_no_pattern() {
        let value = json!("a b");
        let title = String::new();
        assert_eq!(
            several(&[Choice {
                value: &value,
                title
            }]),
            None
        );
    }
}
