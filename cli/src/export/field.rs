//! A form's fields as the exports need them: kind, texts, and the conditions under which each is
//! required or hidden.

use serde_json::Value;

use super::condition::{When, when};

/// One choice of a field.
#[derive(Debug, PartialEq)]
pub(crate) struct Choice<'a> {
    pub(crate) value: &'a Value,
    pub(crate) title: String,
}

/// The kind of value that a field holds.
#[derive(Debug, PartialEq)]
pub(crate) enum Kind<'a> {
    Text,
    /// A string that is masked.
    Secret,
    Integer,
    Number,
    Boolean,
    /// One of these.
    One(Vec<Choice<'a>>),
    /// A list of some of these.
    Several(Vec<Choice<'a>>),
    /// An open list or object.
    Other,
}

/// One field of the form.
#[derive(Debug)]
pub(crate) struct Field<'a> {
    /// Its name in the document.
    pub(crate) name: &'a str,
    /// The title for people.
    pub(crate) title: &'a str,
    /// The help for people.
    pub(crate) description: Option<&'a str>,
    pub(crate) kind: Kind<'a>,
    /// Its own schema.
    pub(crate) schema: &'a Value,
    /// When the document must have it.
    pub(crate) required: When<'a>,
    /// When the document must not have it.
    pub(crate) hidden: When<'a>,
}

impl Field<'_> {
    /// Whether it is required in each case in which it is shown.
    pub(crate) fn is_required_when_shown(&self) -> bool {
        self.required.or(&self.hidden).is_always()
    }
}

/// The fields in the order of the form.
pub(crate) fn fields(schema: &Value) -> Vec<Field<'_>> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let properties = properties.into_iter().flatten();
    properties
        .map(|(name, property)| field(schema, name, property))
        .collect()
}

fn field<'a>(form: &'a Value, name: &'a str, schema: &'a Value) -> Field<'a> {
    let text = |keyword: &str| schema.get(keyword).and_then(Value::as_str);
    let requires = |branch: &Value| {
        let names = branch.get("required").and_then(Value::as_array);
        names.is_some_and(|names| names.iter().any(|other| other == name))
    };
    let hides = |branch: &Value| {
        let property = branch.get("properties").and_then(|all| all.get(name));
        property == Some(&Value::Bool(false))
    };
    Field {
        name,
        title: text("title").unwrap_or(name),
        description: text("description"),
        kind: kind(schema),
        schema,
        required: when(form, &requires),
        hidden: when(form, &hides),
    }
}

fn kind(schema: &Value) -> Kind<'_> {
    if let Some(choices) = choices(schema) {
        return Kind::One(choices);
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("array") => schema
            .get("items")
            .and_then(choices)
            .map_or(Kind::Other, Kind::Several),
        Some("integer") => Kind::Integer,
        Some("number") => Kind::Number,
        Some("boolean") => Kind::Boolean,
        Some("string") if schema.get("writeOnly") == Some(&Value::Bool(true)) => Kind::Secret,
        Some("string") => Kind::Text,
        _ => Kind::Other,
    }
}

/// The choices of a `oneOf` of `const` and `title`; empty for any other schema.
fn choices(schema: &Value) -> Option<Vec<Choice<'_>>> {
    let choice = |choice| {
        let value = Value::get(choice, "const")?;
        let title = choice.get("title").and_then(Value::as_str);
        let title = title.map_or_else(|| plain(value), str::to_owned);
        Some(Choice { value, title })
    };
    schema
        .get("oneOf")?
        .as_array()?
        .iter()
        .map(choice)
        .collect()
}

/// A value as people write it: a string without quotes.
pub(crate) fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// A description with the choices, for formats whose choices have no titles.
pub(crate) fn with_choices(description: Option<&str>, choices: &[Choice<'_>]) -> String {
    let choice = |choice: &Choice<'_>| format!("{} ({})", plain(choice.value), choice.title);
    let list = choices.iter().map(choice).collect::<Vec<_>>().join(", ");
    let words = [description, Some("Choices:")].into_iter().flatten();
    format!("{} {list}.", words.collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::sample::schema;
    use serde_json::json;

    #[test]
    fn kinds_follow_from_types_and_marks() {
        let schema = schema();
        let kinds: Vec<_> = fields(&schema).into_iter().map(|f| f.kind).collect();
        assert!(
            matches!(
                kinds.as_slice(),
                [
                    Kind::Text,
                    Kind::Secret,
                    Kind::One(_),
                    Kind::Several(_),
                    Kind::Integer,
                    Kind::Integer
                ]
            ),
            "{kinds:?}"
        );
        for (schema, expected) in [
            (json!({"type": "number"}), Kind::Number),
            (json!({"type": "boolean"}), Kind::Boolean),
            (
                json!({"type": "array", "items": {"type": "string"}}),
                Kind::Other,
            ),
            (json!({"type": "object"}), Kind::Other),
            (json!({}), Kind::Other),
        ] {
            assert_eq!(kind(&schema), expected);
        }
    }

    #[test]
    fn a_choice_without_a_title_is_shown_as_its_value() {
        let schema = json!({"oneOf": [{"const": "a"}, {"const": 2}]});
        let Kind::One(choices) = kind(&schema) else {
            panic!("no choices");
        };
        let titles: Vec<_> = choices.iter().map(|choice| choice.title.as_str()).collect();
        assert_eq!(titles, ["a", "2"]);
    }

    #[test]
    fn a_field_hidden_wherever_it_is_not_required_is_required_when_shown() {
        let schema = schema();
        let fields = fields(&schema);
        let of = |name| fields.iter().find(|field| field.name == name).unwrap();
        assert!(of("key").is_required_when_shown());
        assert!(of("shelf").is_required_when_shown() && !of("shelf").required.is_always());
        assert!(!of("room").is_required_when_shown() && !of("room").required.is_never());
    }
}
