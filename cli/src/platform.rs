//! The connection that another platform stores, as a document of the contract: the inverse of the
//! forms in `export/nango.rs` and `export/n8n.rs`. Each change is named, and no value is repeated.
//! A value without a clear meaning is a problem, and never a guess.

use clap::ValueEnum;
use serde_json::{Map, Number, Value, json};

use crate::export::condition::{Question, Test};
use crate::export::field::{Choice, Field, Kind, fields, plain};
use crate::failure;

/// The platform that stored a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Platform {
    /// Nango: a connection as its API returns it, or its `credentials`
    Nango,
    /// n8n: one credential of `n8n export:credentials --decrypted`, or its `data`
    N8n,
}

/// Members that Nango keeps beside the fields of its form.
const NANGO_ADDS: [&str; 4] = ["type", "token", "expires_at", "raw"];
/// Members that n8n keeps beside the fields of its form.
const N8N_ADDS: [&str; 2] = ["allowedHttpRequestDomains", "allowedDomains"];

/// Stands in place of a secret that n8n does not show.
const N8N_BLANK: &str = "__n8n_BLANK_VALUE_";
/// Stands in place of a secret that is empty.
const N8N_EMPTY: &str = "__n8n_EMPTY_VALUE_";

/// The document, and the differences from what the platform stored.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Converted {
    /// The name of the connection there.
    pub(crate) name: Option<String>,
    /// The document of the contract.
    pub(crate) document: Map<String, Value>,
    /// What is different in the document.
    pub(crate) changes: Vec<Named>,
}

/// A member of the stored object, and a sentence about it.
#[derive(Debug, PartialEq)]
pub(crate) struct Named {
    /// The name of the member.
    pub(crate) member: String,
    /// The sentence.
    pub(crate) text: String,
}

impl Named {
    fn new(member: &str, text: impl Into<String>) -> Self {
        Self {
            member: failure::plain(member),
            text: text.into(),
        }
    }

    /// `member: sentence`.
    pub(crate) fn line(&self) -> String {
        format!("{}: {}", self.member, self.text)
    }
}

/// The outcome for one member.
enum Outcome {
    Same,
    LeftOut(&'static str),
    Changed(Value, &'static str),
}

/// Converts a stored connection by the schema of its vendor. Fails with a line for each member that
/// cannot be converted.
pub(crate) fn convert(
    platform: Platform,
    stored: &Value,
    schema: &Value,
) -> Result<Converted, Vec<Named>> {
    let fields = fields(schema);
    let (name, stored) = unwrapped(platform, stored, &fields)?;
    let mut converted = Converted {
        name,
        ..Converted::default()
    };
    let mut problems = Vec::new();
    for (member, value) in &stored {
        let outcome = match fields.iter().find(|field| field.name == member) {
            Some(field) => of_field(platform, field, value),
            None => of_other(platform, member, value),
        };
        match outcome {
            Ok(Outcome::Same) => drop(converted.document.insert(member.clone(), value.clone())),
            Ok(Outcome::LeftOut(why)) => converted.changes.push(Named::new(member, why)),
            Ok(Outcome::Changed(value, how)) => {
                converted.document.insert(member.clone(), value);
                converted.changes.push(Named::new(member, how));
            }
            Err(problem) => problems.push(Named::new(member, problem)),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    if platform == Platform::N8n {
        as_shown(&fields, &stored, &mut converted);
    }
    Ok(converted)
}

/// The name of a connection, if it has one, and its fields.
type Connection = (Option<String>, Map<String, Value>);

/// The name and the fields of a connection, without what the platform puts around them.
fn unwrapped(
    platform: Platform,
    stored: &Value,
    fields: &[Field<'_>],
) -> Result<Connection, Vec<Named>> {
    let document = |text: &str| vec![Named::new("the document", text)];
    let stored = match (platform, stored) {
        (Platform::N8n, Value::Array(list)) => match list.as_slice() {
            [one] => one,
            _ => {
                return Err(document(
                    "holds several credentials, or none; put one into a file",
                ));
            }
        },
        (_, stored) => stored,
    };
    let Value::Object(whole) = stored else {
        return Err(document("is not a JSON object"));
    };
    let is_field = |name: &str| fields.iter().any(|field| field.name == name);
    let (inside, name) = match platform {
        Platform::Nango => ("credentials", None),
        Platform::N8n => ("data", whole.get("name").and_then(Value::as_str)),
    };
    let mut found = match whole.get(inside).filter(|_| !is_field(inside)) {
        None => return Ok((None, whole.clone())),
        Some(Value::Object(found)) => found.clone(),
        Some(Value::String(_)) if platform == Platform::N8n => {
            let problem = "is encrypted; export with `n8n export:credentials --decrypted`";
            return Err(vec![Named::new(inside, problem)]);
        }
        Some(_) => return Err(vec![Named::new(inside, "is not a JSON object")]),
    };
    if platform == Platform::Nango {
        let beside = whole.get("connection_config").and_then(Value::as_object);
        for (name, value) in beside.into_iter().flatten() {
            if is_field(name) && !found.contains_key(name) {
                found.insert(name.clone(), value.clone());
            }
        }
    }
    Ok((name.map(str::to_owned), found))
}

/// A member that is no field of the vendor's form.
fn of_other(platform: Platform, member: &str, value: &Value) -> Result<Outcome, String> {
    let (added, of_platform) = match platform {
        Platform::Nango => (&NANGO_ADDS[..], "left out, because Nango added it"),
        Platform::N8n => (&N8N_ADDS[..], "left out, because n8n added it"),
    };
    if added.contains(&member) {
        Ok(Outcome::LeftOut(of_platform))
    } else if is_empty(value) {
        Ok(Outcome::LeftOut("left out, because it is empty"))
    } else {
        Err("is no field of the vendor's form; remove it from the file".to_owned())
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty() || text.starts_with(N8N_EMPTY),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn of_field(platform: Platform, field: &Field<'_>, value: &Value) -> Result<Outcome, String> {
    if value.is_null() {
        return Ok(Outcome::LeftOut("left out, because it is null"));
    }
    if is_empty(value) {
        return Ok(Outcome::LeftOut("left out, because it is empty"));
    }
    let text = value.as_str();
    if platform == Platform::N8n && text.is_some_and(|text| text.starts_with(N8N_BLANK)) {
        return Err("holds n8n's placeholder for a secret; export with --decrypted".to_owned());
    }
    let is_typed = !matches!(field.kind, Kind::Text | Kind::Secret);
    if is_typed && text.is_some_and(|text| text.trim().is_empty()) {
        return Ok(Outcome::LeftOut("left out, because it is empty"));
    }
    let changed = |value: Option<Value>, how: &'static str| value.map(|v| Outcome::Changed(v, how));
    let (outcome, expected) = match &field.kind {
        Kind::Text | Kind::Secret => (text.map(|_| Outcome::Same), "expected a string".to_owned()),
        Kind::Integer if value.is_i64() || value.is_u64() => return Ok(Outcome::Same),
        Kind::Integer => (
            changed(whole(value), "converted to a whole number"),
            "expected a whole number, such as 42".to_owned(),
        ),
        Kind::Number if value.is_number() => return Ok(Outcome::Same),
        Kind::Number => (
            changed(text.and_then(decimal), "converted to a number"),
            "expected a number, such as 1.5".to_owned(),
        ),
        Kind::Boolean if value.is_boolean() => return Ok(Outcome::Same),
        Kind::Boolean => (
            changed(
                text.and_then(|text| text.trim().parse::<bool>().ok())
                    .map(Value::from),
                "converted to true or false",
            ),
            "expected true or false".to_owned(),
        ),
        Kind::One(choices) => (
            one(choices, value),
            format!("expected one of: {}", list(choices)),
        ),
        Kind::Several(choices) => (
            several(choices, value),
            format!(
                "expected some of these, separated by a space: {}",
                list(choices)
            ),
        ),
        Kind::Other => (
            other(field, value),
            "expected a JSON value of the type that `connector schema` names".to_owned(),
        ),
    };
    outcome.ok_or(expected)
}

fn list(choices: &[Choice<'_>]) -> String {
    let choices = choices.iter().map(|choice| plain(choice.value));
    failure::plain(&choices.collect::<Vec<_>>().join(", "))
}

/// A number without a fraction, or its digits.
fn whole(value: &Value) -> Option<Value> {
    if let Some(text) = value.as_str() {
        let number = text.trim().parse::<i64>().ok()?;
        // Neither "+1" nor "007": an id with zeros before it may be another one.
        return (number.to_string() == text.trim()).then(|| json!(number));
    }
    // As programs write it that have one type of number.
    let text = value.as_f64()?.to_string();
    text.parse::<i64>().ok().map(Value::from)
}

fn decimal(text: &str) -> Option<Value> {
    let number = text.trim().parse::<f64>().ok()?;
    Number::from_f64(number).map(Value::Number)
}

fn one(choices: &[Choice<'_>], value: &Value) -> Option<Outcome> {
    let chosen = choice(choices, value)?;
    Some(if chosen == value {
        Outcome::Same
    } else {
        Outcome::Changed(chosen.clone(), "converted to the type of the choice")
    })
}

/// The value of a choice, which may be written as text.
fn choice<'a>(choices: &[Choice<'a>], value: &Value) -> Option<&'a Value> {
    let is_it = |choice: &&Choice<'_>| {
        choice.value == value
            || value
                .as_str()
                .is_some_and(|text| text == plain(choice.value))
    };
    choices.iter().find(is_it).map(|choice| choice.value)
}

fn several(choices: &[Choice<'_>], value: &Value) -> Option<Outcome> {
    if let Some(items) = value.as_array() {
        let chosen = items.iter().map(|item| choice(choices, item).cloned());
        let chosen = Value::Array(chosen.collect::<Option<_>>()?);
        return Some(if chosen == *value {
            Outcome::Same
        } else {
            Outcome::Changed(chosen, "converted to the types of the choices")
        });
    }
    let text = value.as_str()?;
    // The name of a choice may have a space.
    let whole = choice(choices, &json!(text.trim()));
    let chosen = match whole {
        Some(chosen) => vec![chosen.clone()],
        None => words(text)
            .map(|word| choice(choices, &json!(word)).cloned())
            .collect::<Option<Vec<_>>>()?,
    };
    Some(Outcome::Changed(chosen.into(), "split into a list"))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let separates = |c: char| c.is_whitespace() || c == ',';
    text.split(separates).filter(|word| !word.is_empty())
}

/// An open list or object, which may be written as JSON text; a list also as words.
fn other(field: &Field<'_>, value: &Value) -> Option<Outcome> {
    let is_list = field.schema.get("type").is_some_and(|kind| kind == "array");
    let fits = |value: &Value| {
        if is_list {
            value.is_array()
        } else {
            value.is_object()
        }
    };
    if fits(value) {
        return Some(Outcome::Same);
    }
    let text = value.as_str()?;
    match serde_json::from_str::<Value>(text) {
        Ok(read) if fits(&read) => Some(Outcome::Changed(read, "read as JSON")),
        _ if is_list => {
            let words = words(text).map(Value::from).collect();
            Some(Outcome::Changed(words, "split into a list"))
        }
        _ => None,
    }
}

/// n8n does not store a value that is the default of its form, and keeps those of fields that the
/// form no longer shows.
fn as_shown(fields: &[Field<'_>], stored: &Map<String, Value>, converted: &mut Converted) {
    for field in fields {
        let default = field.schema.get("default");
        if let Some(default) = default.filter(|_| !stored.contains_key(field.name)) {
            let text = "set to the default of the form";
            converted.changes.push(Named::new(field.name, text));
            let document = &mut converted.document;
            document.insert(field.name.to_owned(), default.clone());
        }
    }
    let document = converted.document.clone();
    for field in fields {
        let mut paths = field.hidden.paths().iter();
        let is_hidden = paths.any(|path| path.iter().all(|test| holds(test, &document)));
        if is_hidden && converted.document.remove(field.name).is_some() {
            let text = "left out, because the form does not show it with the other values";
            converted.changes.push(Named::new(field.name, text));
        }
    }
}

fn holds(test: &Test<'_>, document: &Map<String, Value>) -> bool {
    let found = match test.question {
        Question::Equals { field, value, .. } => document.get(field) == Some(value),
        Question::Holds { field, value, .. } => {
            let list = document.get(field).and_then(Value::as_array);
            list.is_some_and(|list| list.contains(value))
        }
        // Only a validator can answer; the plugin names the problem.
        Question::Satisfies { .. } => return false,
    };
    found == test.yes
}

#[cfg(test)]
mod tests;
