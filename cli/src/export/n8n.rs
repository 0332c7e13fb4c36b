//! The `properties` of an n8n credential: a list of `INodeProperties`.
//!
//! A conditionally required field appears twice under its name, once for each case, as n8n does it.
//! Left out, because n8n cannot express it: patterns, limits of length and number, entries that
//! exclude each other, and conditions beyond `show` (every field matches) and `hide` (any field
//! matches); such a field is shown, or optional. n8n stores an empty field as `""`, which has to be
//! removed before the document is used.

use serde_json::{Map, Value, json};

use super::condition::{Question, Test};
use super::field::{Choice, Field, Kind, fields};
use crate::json::present;

/// The list.
pub(crate) fn properties(schema: &Value) -> Value {
    fields(schema).iter().flat_map(field).collect()
}

/// The condition under which n8n shows a property: every field of `show` has one of its values, and
/// no field of `hide` has.
#[derive(Debug, Clone, Default)]
struct Display {
    show: Map<String, Value>,
    hide: Map<String, Value>,
}

impl Display {
    /// Shows the property only under this condition; `None` if n8n cannot express it.
    fn only(mut self, test: Test<'_>) -> Option<Self> {
        let (Question::Equals { field, value, .. } | Question::Holds { field, value, .. }) =
            test.question
        else {
            return None;
        };
        if value.is_array() || value.is_object() {
            return None;
        }
        let side = if test.yes {
            // n8n would take a second value as an alternative, but both are required.
            if self.show.contains_key(field) {
                return None;
            }
            &mut self.show
        } else {
            &mut self.hide
        };
        let values = side.entry(field).or_insert_with(|| json!([]));
        values.as_array_mut()?.push(value.clone());
        Some(self)
    }

    fn json(self) -> Option<Value> {
        let sides = [("show", self.show), ("hide", self.hide)];
        let sides = sides.into_iter().filter(|(_, fields)| !fields.is_empty());
        let json: Map<_, _> = sides
            .map(|(side, fields)| (side.to_owned(), Value::Object(fields)))
            .collect();
        (!json.is_empty()).then_some(Value::Object(json))
    }
}

/// The field: once, or once for each case when it is required in some only.
fn field(field: &Field<'_>) -> Vec<Value> {
    let exactly = shown(field);
    // If it is also shown where it is not wanted, it must be optional there.
    let required = exactly.is_some() && field.is_required_when_shown();
    let shown = exactly.unwrap_or_default();
    if required || field.required.is_always() {
        return vec![property(field, shown, true)];
    }
    let cases = field.required.single().and_then(|test| {
        let no = Test { yes: false, ..test };
        let yes = Test { yes: true, ..test };
        let pair = [(yes, test.yes), (no, !test.yes)];
        let case = |(test, required)| Some((shown.clone().only(test)?, required));
        pair.into_iter().map(case).collect::<Option<Vec<_>>>()
    });
    match cases {
        Some(cases) => cases
            .into_iter()
            .map(|(display, required)| property(field, display, required))
            .collect(),
        None => vec![property(field, shown, false)],
    }
}

/// The condition for a field to be shown; `None` if n8n cannot express it.
fn shown(field: &Field<'_>) -> Option<Display> {
    let mut paths = field.hidden.paths().iter();
    paths.try_fold(Display::default(), |display, path| {
        let [test] = path.as_slice() else {
            return None;
        };
        display.only(Test {
            yes: !test.yes,
            ..*test
        })
    })
}

fn property(field: &Field<'_>, display: Display, required: bool) -> Value {
    let (sort, empty) = match &field.kind {
        Kind::Text | Kind::Secret => ("string", json!("")),
        Kind::Integer | Kind::Number => ("number", json!("")),
        Kind::Boolean => ("boolean", json!(false)),
        Kind::One(_) => ("options", json!("")),
        Kind::Several(_) => ("multiOptions", json!([])),
        Kind::Other => ("json", json!("")),
    };
    let default = field.schema.get("default").cloned().unwrap_or(empty);
    let options = match &field.kind {
        Kind::One(choices) | Kind::Several(choices) => Some(choices.iter().map(option).collect()),
        Kind::Text | Kind::Secret | Kind::Integer | Kind::Number | Kind::Boolean | Kind::Other => {
            None
        }
    };
    present([
        ("displayName", Some(json!(field.title))),
        ("name", Some(json!(field.name))),
        ("type", Some(json!(sort))),
        ("default", Some(default)),
        ("description", field.description.map(Value::from)),
        ("required", required.then(|| json!(true))),
        ("options", options),
        ("typeOptions", type_options(field)),
        ("displayOptions", display.json()),
    ])
}

fn option(choice: &Choice<'_>) -> Value {
    json!({"name": choice.title, "value": choice.value})
}

fn type_options(field: &Field<'_>) -> Option<Value> {
    let mut options = Map::new();
    let mut limit = |option: &str, keyword: &str| {
        if let Some(limit) = field.schema.get(keyword) {
            options.insert(option.to_owned(), limit.clone());
        }
    };
    match field.kind {
        Kind::Secret => drop(options.insert("password".into(), json!(true))),
        Kind::Integer | Kind::Number => {
            limit("minValue", "minimum");
            limit("maxValue", "maximum");
            if field.kind == Kind::Integer {
                options.insert("numberPrecision".into(), json!(0));
            }
        }
        Kind::Text | Kind::Boolean | Kind::One(_) | Kind::Several(_) | Kind::Other => {}
    }
    (!options.is_empty()).then_some(Value::Object(options))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::sample::schema;

    #[test]
    fn the_form_is_a_list_of_properties() {
        let options = |all: &[(&str, &str)]| -> Value {
            let option = |(value, name): &(&str, &str)| json!({"name": name, "value": value});
            all.iter().map(option).collect()
        };
        let room = json!({"minValue": 1, "maxValue": 99, "numberPrecision": 0});
        let expected = json!([
            {
                "displayName": "Key", "name": "key", "type": "string", "default": "",
                "description": "On the board.", "required": true,
            },
            {
                "displayName": "Word", "name": "word", "type": "string", "default": "",
                "required": true, "typeOptions": {"password": true},
            },
            {
                "displayName": "Level", "name": "level", "type": "options", "default": "room",
                "required": true,
                "options": options(&[("room", "One room"), ("house", "The house")]),
            },
            {
                "displayName": "Tasks", "name": "tasks", "type": "multiOptions",
                "default": ["read"], "description": "What for.", "required": true,
                "options": options(
                    &[("read", "Read"), ("stack", "Stack (alone)"), ("r.w", "Both")]
                ),
            },
            {
                "displayName": "Room", "name": "room", "type": "number", "default": "",
                "required": true, "typeOptions": room,
                "displayOptions": {"show": {"level": ["house"]}},
            },
            {
                "displayName": "Room", "name": "room", "type": "number", "default": "",
                "typeOptions": room,
                "displayOptions": {"hide": {"level": ["house"]}},
            },
            {
                "displayName": "Shelf", "name": "shelf", "type": "number", "default": "",
                "required": true, "typeOptions": {"minValue": 0, "numberPrecision": 0},
                "displayOptions": {"show": {"tasks": ["stack"]}},
            },
        ]);
        assert_eq!(properties(&schema()), expected);
    }

    #[test]
    fn a_condition_beyond_n8n_leaves_the_field_shown_and_optional() {
        let is = |field: &str, value: Value| {
            let properties = json!({field: {"const": value}});
            json!({"properties": properties, "required": [field]})
        };
        let hidden = json!({"properties": {"x": false}});
        for schema in [
            // Hidden by two fields together.
            json!({
                "if": is("a", json!(1)),
                "then": {"if": is("b", json!(1)), "then": hidden, "else": {"required": ["x"]}},
            }),
            // Shown by either of two.
            json!({
                "if": is("a", json!(1)),
                "else": {"if": is("a", json!(2)), "else": hidden, "then": {"required": ["x"]}},
            }),
            json!({"if": {"minProperties": 2}, "then": hidden, "else": {"required": ["x"]}}),
            json!({"if": is("a", json!([1])), "then": hidden, "else": {"required": ["x"]}}),
        ] {
            let mut schema = schema;
            schema["properties"] = json!({"x": {"type": "boolean"}});
            let expected =
                json!([{"displayName": "x", "name": "x", "type": "boolean", "default": false}]);
            assert_eq!(properties(&schema), expected, "{schema}");
        }
    }
}
