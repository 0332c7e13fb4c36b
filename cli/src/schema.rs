//! Reads a credential's JSON Schema: its fields, and which of them are secret. Knows no vendor.

use serde_json::Value;

/// When a field must be filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Always.
    Required,
    /// Depending on the values of other fields.
    Sometimes,
    /// Never.
    Optional,
}

/// One field of the form.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Field {
    /// The title for people.
    pub(crate) title: String,
    /// When it must be filled in.
    pub(crate) need: Need,
    /// Whether it is to be masked.
    pub(crate) secret: bool,
    /// The titles of its choices; empty when it is free.
    pub(crate) choices: Vec<String>,
    /// Whether it holds a list.
    pub(crate) several: bool,
}

/// The fields in the order of the form.
pub(crate) fn fields(schema: &Value) -> Vec<Field> {
    let field = |(name, property): (&String, &Value)| Field {
        title: property
            .get("title")
            .and_then(Value::as_str)
            .unwrap_or(name)
            .to_owned(),
        need: if requires(schema, name) {
            Need::Required
        } else if may_require(schema, name) {
            Need::Sometimes
        } else {
            Need::Optional
        },
        secret: is_secret(property),
        choices: choices(property),
        several: property.get("type").is_some_and(|name| name == "array"),
    };
    properties(schema).map(field).collect()
}

/// The names of the secret fields.
pub(crate) fn secret_names(schema: &Value) -> impl Iterator<Item = &String> {
    properties(schema)
        .filter(|(_, property)| is_secret(property))
        .map(|(name, _)| name)
}

/// Whether the schema has a field of this name.
pub(crate) fn is_field(schema: &Value, name: &str) -> bool {
    properties(schema).any(|(field, _)| field == name)
}

/// The strings in `credential` that the schema marks as secret.
pub(crate) fn secrets(schema: &Value, credential: &Value) -> Vec<String> {
    let value = |name: &String| {
        credential
            .get(name)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    secret_names(schema).filter_map(value).collect()
}

/// The schema of the field of this name.
pub(crate) fn property<'a>(schema: &'a Value, name: &str) -> Option<&'a Value> {
    schema.get("properties").and_then(|fields| fields.get(name))
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}

/// Whether a field is secret.
pub(crate) fn is_secret(property: &Value) -> bool {
    property.get("writeOnly") == Some(&Value::Bool(true))
}

/// Whether the field of this name is always needed.
pub(crate) fn requires(schema: &Value, name: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.is_some_and(|names| names.iter().any(|n| n == name))
}

/// Whether some branch of the conditions requires it.
fn may_require(schema: &Value, name: &str) -> bool {
    let mut branches = ["then", "else"]
        .into_iter()
        .filter_map(|branch| schema.get(branch));
    branches.any(|branch| requires(branch, name) || may_require(branch, name))
}

/// `oneOf` of `const` and `title`, in the field itself or, for a list, in its items.
fn choices(property: &Value) -> Vec<String> {
    let one_of = property
        .get("oneOf")
        .or_else(|| property.get("items")?.get("oneOf"));
    let title = |choice: &Value| {
        let title = choice.get("title").or_else(|| choice.get("const"))?;
        Some(
            title
                .as_str()
                .map_or_else(|| title.to_string(), str::to_owned),
        )
    };
    one_of
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(title)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Value {
        json!({
            "properties": {
                "key": {"title": "Key"},
                "hidden": {"writeOnly": true},
                "level": {"oneOf": [{"const": "a", "title": "All"}, {"const": 2}]},
                "scopes": {"type": "array", "items": {"oneOf": [{"const": "r", "title": "Read"}]}},
            },
            "required": ["key"],
            "then": {"if": {"required": ["scopes"]}, "else": {"required": ["level"]}},
        })
    }

    #[test]
    fn fields_are_read_in_order_with_their_marks() {
        let field = |title: &str, need, secret, choices: &[&str]| Field {
            title: title.into(),
            need,
            secret,
            choices: choices.iter().map(ToString::to_string).collect(),
            several: title == "scopes",
        };
        let expected = [
            field("Key", Need::Required, false, &[]),
            field("hidden", Need::Optional, true, &[]),
            field("level", Need::Sometimes, false, &["All", "2"]),
            field("scopes", Need::Optional, false, &["Read"]),
        ];
        assert_eq!(fields(&schema()), expected);
    }

    #[test]
    fn secrets_are_the_values_of_write_only_fields() {
        assert_eq!(
            secrets(&schema(), &json!({"key": "k", "hidden": "h"})),
            ["h"]
        );
    }
}
