//! `--field`: fields of a credential as arguments. A secret is the value of an environment variable
//! that the argument names, because every process of the machine can read arguments.

use std::ffi::OsString;

use serde_json::{Map, Value, json};

use crate::failure::{Failure, plain};
use crate::schema;

/// Begins the name of an environment variable.
const ENVIRONMENT: &str = "env:";

/// One `FIELD=VALUE` or `FIELD=env:VARIABLE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Given<'a> {
    field: &'a str,
    value: From<'a>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum From<'a> {
    Argument(&'a str),
    Variable(&'a str),
}

impl<'a> Given<'a> {
    /// Reads an argument; `None` if it is malformed.
    pub(crate) fn read(argument: &'a str) -> Option<Self> {
        let (field, value) = argument.split_once('=')?;
        let value = match value.strip_prefix(ENVIRONMENT) {
            Some("") => return None,
            Some(variable) => From::Variable(variable),
            None => From::Argument(value),
        };
        (!field.is_empty()).then_some(Self { field, value })
    }
}

/// Sets these fields in a document. One with an empty argument is removed.
pub(crate) fn set(
    document: &mut Map<String, Value>,
    fields: &[String],
    schema: &Value,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<(), Failure> {
    for argument in fields {
        // Malformed arguments are wrong usage, which is found before.
        let Some(Given { field, value }) = Given::read(argument) else {
            continue;
        };
        let text = match value {
            From::Argument(text) => {
                open(field, schema)?;
                text.to_owned()
            }
            From::Variable(name) => read(name, field, &variable)?,
        };
        if text.is_empty() {
            document.remove(field);
        } else {
            document.insert(
                field.to_owned(),
                typed(schema::property(schema, field), &text),
            );
        }
    }
    Ok(())
}

/// Refuses a field that is secret, or may be: the schema does not have it.
fn open(field: &str, schema: &Value) -> Result<(), Failure> {
    let field = plain(field);
    match schema::property(schema, &field) {
        Some(property) if !schema::is_secret(property) => Ok(()),
        Some(_) => Err(Failure::Usage(format!(
            "the field {field} is secret, and other users of this machine can read arguments; \
             put it in an environment variable, and use --field {field}=env:VARIABLE"
        ))),
        None => Err(Failure::Usage(format!(
            "the credential has no field {field}; `connector schema VENDOR` lists the fields"
        ))),
    }
}

fn read(
    name: &str,
    field: &str,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<String, Failure> {
    let failed = |why: &str| {
        Failure::Input(plain(&format!(
            "the environment variable {name}, for the field {field}, {why}"
        )))
    };
    let value = variable(name).ok_or_else(|| failed("is not set"))?;
    let value = value
        .into_string()
        .map_err(|_| failed("is not UTF-8 text"))?;
    if value.trim().is_empty() {
        return Err(failed("is empty"));
    }
    Ok(value)
}

/// The value of the field's type that a text means. A text that means none is kept: the plugin
/// names the problem.
fn typed(property: Option<&Value>, text: &str) -> Value {
    let kind = property
        .and_then(|property| property.get("type"))
        .and_then(Value::as_str);
    let number = || text.trim().parse::<i64>().ok().map(Value::from);
    let flag = || text.trim().parse::<bool>().ok().map(Value::from);
    let value = match kind {
        Some("integer") => number(),
        Some("boolean") => flag(),
        Some("array") => Some(text.split(',').map(|item| json!(item.trim())).collect()),
        _ => None,
    };
    value.unwrap_or_else(|| Value::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Value {
        json!({"properties": {
            "id": {"type": "string"},
            "secret": {"type": "string", "writeOnly": true},
            "project": {"type": "integer"},
            "scopes": {"type": "array", "items": {"type": "string"}},
            "eu": {"type": "boolean"},
        }})
    }

    fn document(fields: &[&str]) -> Result<Value, String> {
        let variable = |name: &str| match name {
            "SECRET" => Some("hush=env:1".into()),
            "EMPTY" => Some(" ".into()),
            "NUMBER" => Some("42".into()),
            _ => None,
        };
        let fields: Vec<_> = fields.iter().map(|field| (*field).to_owned()).collect();
        let mut document = Map::new();
        document.insert("project".into(), json!(7));
        let set = set(&mut document, &fields, &schema(), variable);
        set.map(|()| document.into())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_field_has_the_type_of_the_schema_and_a_secret_comes_from_the_environment() {
        for (fields, expected) in [
            (&[][..], json!({"project": 7})),
            (
                &["id=a=b", "secret=env:SECRET", "project=env:NUMBER"],
                json!({"id": "a=b", "secret": "hush=env:1", "project": 42}),
            ),
            (&["project="], json!({})),
            (&["project=1.5"], json!({"project": "1.5"})),
            (&["project=1", "project=2"], json!({"project": 2})),
            (
                &["scopes=metrics, data-export", "eu=true"],
                json!({"project": 7, "scopes": ["metrics", "data-export"], "eu": true}),
            ),
            (&["eu=yes"], json!({"project": 7, "eu": "yes"})),
        ] {
            assert_eq!(document(fields).unwrap(), expected, "{fields:?}");
        }
    }

    #[test]
    fn a_secret_argument_and_a_missing_variable_are_refused_and_not_repeated() {
        for (field, part) in [
            ("secret=hush", "--field secret=env:VARIABLE"),
            ("secert=hush", "has no field secert"),
            (
                "secret=env:MISSING",
                "variable MISSING, for the field secret, is not set",
            ),
            (
                "secret=env:EMPTY",
                "variable EMPTY, for the field secret, is empty",
            ),
        ] {
            let message = document(&[field]).unwrap_err();
            assert!(
                message.contains(part) && !message.contains("hush"),
                "{message}"
            );
        }
    }

    #[test]
    fn an_argument_without_a_field_or_a_variable_is_malformed() {
        for argument in ["", "id", "=x", "id=env:"] {
            assert_eq!(Given::read(argument), None, "{argument}");
        }
        assert!(Given::read("id=").is_some());
        assert!(Given::read("id=environment").is_some());
    }
}
