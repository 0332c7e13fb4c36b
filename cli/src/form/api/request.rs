//! The bodies of the page's requests.

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;

use super::problem::{EntryIssue, Problem};
use crate::store::Entry;

/// Longer names do not fit a tile.
const MAX_NAME_CHARS: usize = 100;
/// A few paragraphs.
const MAX_DESCRIPTION_CHARS: usize = 2000;

/// A credential document as the page sends it, and the saved credential that it edits, if any.
pub(super) struct Draft {
    pub(super) vendor: String,
    pub(super) document: Value,
    pub(super) keep: Option<i64>,
}

pub(super) fn number(id: &str) -> Result<i64, Problem> {
    id.parse().map_err(|_| Problem::Missing)
}

/// `{"vendor":…,"credential":{…},"keep":…}`.
pub(super) fn draft(body: &Bytes) -> Result<Draft, Problem> {
    let mut json = object(body)?;
    let vendor = json.get("vendor").and_then(Value::as_str);
    let vendor = vendor
        .ok_or(Problem::Request("`vendor` is missing"))?
        .to_owned();
    let keep = match json.get("keep") {
        None | Some(Value::Null) => None,
        Some(keep) => Some(
            keep.as_i64()
                .ok_or(Problem::Request("`keep` is not the id of a credential"))?,
        ),
    };
    let document = json.get_mut("credential").map(Value::take);
    let document = document.filter(Value::is_object);
    Ok(Draft {
        vendor,
        document: document.ok_or(Problem::Request("`credential` is not an object"))?,
        keep,
    })
}

/// `{"version":…}`: the version that an edit is about, as in the list of credentials.
pub(super) fn version(body: &Bytes) -> Result<Timestamp, Problem> {
    let json = object(body)?;
    let version = json.get("version").and_then(Value::as_i64);
    let version = version.and_then(|version| Timestamp::from_millisecond(version).ok());
    version.ok_or(Problem::Request(
        "`version` is missing: the version of the credential that was edited",
    ))
}

/// The same with `name` and `description`.
pub(super) fn entry(body: &Bytes) -> Result<Entry, Problem> {
    let Draft {
        vendor, document, ..
    } = draft(body)?;
    let json = object(body)?;
    let text = |field: &str| {
        let text = json.get(field).and_then(Value::as_str).unwrap_or_default();
        text.trim().to_owned()
    };
    let (name, description) = (text("name"), text("description"));
    if name.is_empty() {
        let message = "Give the credential a name, by which you can find it again.";
        return Err(EntryIssue::new("name", "required", message).into());
    }
    for (field, text, max) in [
        ("name", &name, MAX_NAME_CHARS),
        ("description", &description, MAX_DESCRIPTION_CHARS),
    ] {
        if text.chars().count() > max {
            let message = format!("Use at most {max} characters.");
            return Err(EntryIssue::new(field, "too-long", message).into());
        }
    }
    Ok(Entry {
        name,
        description: (!description.is_empty()).then_some(description),
        vendor,
        document,
    })
}

fn object(body: &Bytes) -> Result<Value, Problem> {
    let json: Result<Value, _> = serde_json::from_slice(body);
    json.ok()
        .filter(Value::is_object)
        .ok_or(Problem::Request("the body is not a JSON object"))
}
