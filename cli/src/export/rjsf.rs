//! The uiSchema for react-jsonschema-form, used beside the schema: hints that the schema lacks.
//! Required marks, titles and hidden fields follow from the schema itself.

use serde_json::{Map, Value, json};

use super::field::{Kind, fields};

/// More choices than this become a list that opens.
const MAX_RADIO_CHOICES: usize = 4;

/// The uiSchema.
pub(crate) fn ui_schema(schema: &Value) -> Value {
    let fields = fields(schema);
    // Branches of conditions are merged behind the properties, and would come last.
    let order: Value = fields.iter().map(|field| field.name).collect();
    let hints = fields
        .iter()
        .filter_map(|field| Some((field.name.to_owned(), hints(&field.kind)?)));
    let ui: Map<_, _> = [("ui:order".to_owned(), order)]
        .into_iter()
        .chain(hints)
        .collect();
    Value::Object(ui)
}

fn hints(kind: &Kind<'_>) -> Option<Value> {
    match kind {
        // A password that the browser has saved for the page is not a vendor's secret.
        Kind::Secret => Some(json!({"ui:widget": "password", "ui:autocomplete": "new-password"})),
        Kind::One(choices) if choices.len() <= MAX_RADIO_CHOICES => {
            Some(json!({"ui:widget": "radio"}))
        }
        Kind::Several(_) => Some(json!({"ui:widget": "checkboxes"})),
        Kind::One(_) | Kind::Text | Kind::Integer | Kind::Number | Kind::Boolean | Kind::Other => {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::sample::schema;

    #[test]
    fn only_what_the_schema_has_no_word_for_is_said() {
        let expected = json!({
            "ui:order": ["key", "word", "level", "tasks", "room", "shelf"],
            "word": {"ui:widget": "password", "ui:autocomplete": "new-password"},
            "level": {"ui:widget": "radio"},
            "tasks": {"ui:widget": "checkboxes"},
        });
        assert_eq!(ui_schema(&schema()), expected);
    }

    #[test]
    fn many_choices_are_left_to_a_list() {
        let choices: Vec<_> = (0..=MAX_RADIO_CHOICES)
            .map(|n| json!({"const": n}))
            .collect();
        let schema = json!({"properties": {"many": {"oneOf": choices}}});
        assert_eq!(ui_schema(&schema), json!({"ui:order": ["many"]}));
    }
}
