//! Reading the result of `describe` by the rules of `wit/describe.schema.json`. Unlike other JSON
//! of a plugin it is read here, because a host shows it.

use serde::{Deserialize, Deserializer};

use crate::contract::{MAX_TEXT_CHARS, MAX_TITLE_CHARS, displayable, is_page, require};
use crate::error::PluginError;
use crate::types::{Description, SampleCall};

/// A plan, a role, an administrator: a person reads a few.
const MAX_PREREQUISITES: usize = 20;
/// A page or a path; the same in the schema.
const MAX_URL_CHARS: usize = 2048;
/// 16 KiB: an icon of 128 by 128 pixels.
const MAX_ICON_BYTES: usize = 16 << 10;
/// The longest registered method has 17 letters; those of APIs have at most seven.
const MAX_METHOD_BYTES: usize = 16;

#[derive(Deserialize)]
struct Document {
    name: String,
    #[serde(default, deserialize_with = "not_null")]
    summary: Option<String>,
    #[serde(default)]
    prerequisites: Vec<String>,
    #[serde(default, deserialize_with = "not_null")]
    setup_url: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    documentation_url: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    sample_call: Option<Sample>,
    #[serde(default, deserialize_with = "not_null")]
    icon: Option<String>,
}

#[derive(Deserialize)]
struct Sample {
    #[serde(default = "get")]
    method: String,
    path: String,
}

fn get() -> String {
    "GET".to_owned()
}

/// A field that may be missing, but not null.
fn not_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl Description {
    /// Reads the JSON document. A breach names the field.
    pub(crate) fn read(json: &str) -> Result<Self, PluginError> {
        let document: Document =
            serde_json::from_str(json).map_err(|_| PluginError::Contract("describe"))?;
        let sentence = |text: String, field| shown(&text, MAX_TEXT_CHARS, field);
        let prerequisites = document.prerequisites;
        require(
            prerequisites.len() <= MAX_PREREQUISITES,
            "describe.prerequisites",
        )?;
        Ok(Self {
            name: shown(&document.name, MAX_TITLE_CHARS, "describe.name")?,
            summary: document
                .summary
                .map(|text| sentence(text, "describe.summary"))
                .transpose()?,
            prerequisites: prerequisites
                .into_iter()
                .map(|text| sentence(text, "describe.prerequisites"))
                .collect::<Result<_, _>>()?,
            setup_url: document
                .setup_url
                .map(|url| checked(url, is_page, "describe.setup_url"))
                .transpose()?,
            documentation_url: document
                .documentation_url
                .map(|url| checked(url, is_page, "describe.documentation_url"))
                .transpose()?,
            sample_call: document.sample_call.map(sample_call).transpose()?,
            icon: document
                .icon
                .map(|icon| checked(icon, is_icon, "describe.icon"))
                .transpose()?,
        })
    }
}

/// A string for people: of allowed length, and visible after cleaning.
fn shown(text: &str, limit_chars: usize, field: &'static str) -> Result<String, PluginError> {
    require(text.chars().nth(limit_chars).is_none(), field)?;
    let text = displayable(text, limit_chars);
    require(!text.is_empty(), field)?;
    Ok(text)
}

fn checked(
    text: String,
    is_valid: fn(&str) -> bool,
    field: &'static str,
) -> Result<String, PluginError> {
    require(is_valid(&text), field)?;
    Ok(text)
}

fn sample_call(sample: Sample) -> Result<SampleCall, PluginError> {
    let is_method = |method: &str| {
        (1..=MAX_METHOD_BYTES).contains(&method.len())
            && method.bytes().all(|byte| byte.is_ascii_uppercase())
    };
    let is_path = |path: &str| {
        path.starts_with('/')
            && path.chars().nth(MAX_URL_CHARS).is_none()
            && !path.contains(char::is_control)
    };
    require(is_method(&sample.method), "describe.sample_call.method")?;
    require(is_path(&sample.path), "describe.sample_call.path")?;
    Ok(SampleCall {
        method: sample.method,
        path: sample.path,
    })
}

/// A PNG as a data URI in base64. Its pixels are the business of the program that shows it.
fn is_icon(uri: &str) -> bool {
    let Some(data) = uri.strip_prefix("data:image/png;base64,") else {
        return false;
    };
    let digits = data.strip_suffix("==").or_else(|| data.strip_suffix('='));
    let digits = digits.unwrap_or(data);
    uri.len() <= MAX_ICON_BYTES
        && !digits.is_empty()
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte))
}

#[cfg(test)]
mod tests;
