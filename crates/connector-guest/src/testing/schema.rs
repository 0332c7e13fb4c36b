//! Checks a vendor's schema: the rules of a portable form, and agreement with the fields that the
//! vendor reads.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde_json::{Map, Value};

use crate::error::{Error, IssueCode};
use crate::form::{Form, MAX_STRING_CHARS, STRING_PATTERN, TOKEN_PATTERN};
use crate::vendor::Vendor;

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
/// The keywords that hold texts for people, and may differ between languages.
const TEXTS: [&str; 2] = ["title", "description"];

/// Checks the schema of a vendor in each of its languages: that form libraries can read it, that it
/// hides secrets, and that its fields are those that [`Vendor::read`] asks for.
///
/// Call it in a test of each vendor. The rules of single values are a test of the vendor's own:
/// hold the schema against [`pipeline::validate`](crate::pipeline::validate) with documents good
/// and bad.
///
/// # Panics
///
/// With one sentence for each fault.
pub fn check_schema(vendor: &impl Vendor) {
    let schema = vendor.schema();
    let mut faults = schema_faults(schema.english());
    let texts = texts(&serde_json::from_str(schema.english()).unwrap_or_default());
    for (language, table) in schema.translations() {
        faults.extend(table_faults(language, table, &texts));
    }
    faults.extend(reading_faults(vendor, schema.english()));
    assert!(
        faults.is_empty(),
        "the schema of {} has faults:\n{}",
        vendor.info().id,
        faults.join("\n")
    );
}

/// The faults of one schema, each as a sentence.
fn schema_faults(schema: &str) -> Vec<String> {
    let schema: Map<String, Value> = match serde_json::from_str(schema) {
        Ok(schema) => schema,
        Err(error) => {
            return Vec::from([format!("the schema is no JSON object: {error}")]);
        }
    };
    let mut faults = Vec::new();
    let mut demand = |holds: bool, sentence: String| {
        if !holds {
            faults.push(sentence);
        }
    };
    for (keyword, value) in [
        ("$schema", DIALECT.into()),
        ("type", "object".into()),
        ("additionalProperties", Value::Bool(false)),
    ] {
        let holds = schema.get(keyword) == Some(&value);
        demand(holds, format!("`{keyword}` must be {value}"));
    }
    let properties = properties(&schema);
    for name in required(&schema) {
        let holds = properties.contains_key(name);
        demand(
            holds,
            format!("`required` names {name}, which is no property"),
        );
    }
    for (name, property) in &properties {
        let has_title = property["title"]
            .as_str()
            .is_some_and(|title| !title.is_empty());
        demand(has_title, format!("{name} must have a title"));
        let is_secret = property["format"] == "password";
        demand(
            is_secret == (property["writeOnly"] == true),
            format!("{name} must have both `format: password` and `writeOnly`, or neither"),
        );
        let pattern = property["pattern"].as_str();
        let has_limits = property["minLength"] == 1 && property["maxLength"] == MAX_STRING_CHARS;
        let is_string = property["type"] == "string" && has_limits;
        demand(
            !is_secret || is_string && matches!(pattern, Some(STRING_PATTERN | TOKEN_PATTERN)),
            format!(
                "{name} must be a string with `minLength` 1, `maxLength` {MAX_STRING_CHARS} and \
                 STRING_PATTERN or TOKEN_PATTERN as `pattern`"
            ),
        );
    }
    faults
}

/// The faults of one translation: a table from English texts to others.
fn table_faults(language: &str, table: &str, texts: &[String]) -> Vec<String> {
    let table: Map<String, Value> = match serde_json::from_str(table) {
        Ok(table) => table,
        Err(error) => {
            return Vec::from([format!("{language}: the table is no JSON object: {error}")]);
        }
    };
    let mut faults = Vec::new();
    for (english, translation) in &table {
        if !texts.contains(english) {
            faults.push(format!(
                "{language}: no title or description is {english:?}"
            ));
        }
        if translation
            .as_str()
            .is_none_or(|text| text.trim().is_empty())
        {
            faults.push(format!(
                "{language}: {english:?} must be translated by a string"
            ));
        }
    }
    faults
}

/// The differences between the fields of the schema and those that an empty document lacks.
fn reading_faults(vendor: &impl Vendor, schema: &str) -> Vec<String> {
    let schema = serde_json::from_str(schema).unwrap_or_default();
    let properties = properties(&schema);
    let mut asked = Vec::new();
    let read = Form::read_some("{}", &[], |form| {
        let credential = vendor.read(form);
        asked.extend_from_slice(form.asked());
        credential
    });
    let issues = match read {
        Err(Error::InvalidCredential(issues)) => issues,
        _ => Vec::new(),
    };
    let missing = issues
        .iter()
        .filter(|issue| issue.code == IssueCode::Required);
    let mut missing: Vec<_> = missing
        .map(|issue| issue.pointer.trim_start_matches('/'))
        .collect();
    let mut required = required(&schema);
    missing.sort_unstable();
    required.sort_unstable();
    let mut faults = Vec::new();
    if missing != required {
        faults.push(format!(
            "`required` is {required:?}, but `read` requires {missing:?}"
        ));
    }
    let unknown = asked.iter().filter(|name| !properties.contains_key(**name));
    faults.extend(unknown.map(|name| format!("`read` asks for {name}, which is no property")));
    faults
}

fn properties(schema: &Map<String, Value>) -> Map<String, Value> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.cloned().unwrap_or_default()
}

fn required(schema: &Map<String, Value>) -> Vec<&str> {
    let required = schema.get("required").and_then(Value::as_array);
    required
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

/// The titles and descriptions of a schema.
fn texts(schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    match schema {
        Value::Object(keywords) => {
            for (keyword, value) in keywords {
                match value {
                    Value::String(text) if TEXTS.contains(&&**keyword) => found.push(text.clone()),
                    value => found.extend(texts(value)),
                }
            }
        }
        Value::Array(items) => found.extend(items.iter().flat_map(texts)),
        _ => {}
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Description, Fields, Open, Schema, Secret, VendorInfo};

    struct Acme;

    static INFO: VendorInfo = VendorInfo::new("acme", &["https://acme.example"]);

    impl Vendor for Acme {
        type Credential = Secret;

        fn info(&self) -> &'static VendorInfo {
            &INFO
        }

        fn description(&self) -> Description {
            Description::new("Acme", "https://acme.example")
        }

        fn schema(&self) -> Schema {
            Schema::new("{}", &[("fr", r#"{"Key": "Clé"}"#)])
        }

        fn read(&self, form: &mut Form) -> Option<Secret> {
            form.required("key").token()
        }

        fn open(&self, key: &Secret, _: Option<&Secret>) -> Result<Open, Error> {
            Ok(Open::Token(crate::Token::new(key.clone())))
        }

        fn base_url(&self, _: &Secret, _: &mut Fields) -> Result<String, Error> {
            Ok("https://acme.example".into())
        }
    }

    fn schema() -> Value {
        json!({
            "$schema": DIALECT,
            "type": "object",
            "properties": {
                "key": {
                    "type": "string", "title": "Key", "format": "password", "writeOnly": true,
                    "minLength": 1, "maxLength": 1024, "pattern": TOKEN_PATTERN,
                },
            },
            "required": ["key"],
            "additionalProperties": false,
        })
    }

    #[test]
    fn accepts_a_portable_schema_that_agrees_with_the_reading() {
        let schema = schema().to_string();
        assert_eq!(schema_faults(&schema), [""; 0]);
        assert_eq!(reading_faults(&Acme, &schema), [""; 0]);
    }

    #[test]
    fn names_each_fault() {
        for (pointer, value, fault) in [
            ("/$schema", json!("draft-07"), "`$schema` must be"),
            ("/type", json!("array"), "`type` must be"),
            (
                "/additionalProperties",
                json!(true),
                "`additionalProperties` must be",
            ),
            ("/required", json!(["key", "id"]), "`required` names id"),
            ("/properties/key/title", json!(""), "key must have a title"),
            ("/properties/key/writeOnly", json!(false), "`writeOnly`"),
            ("/properties/key/format", json!("text"), "`writeOnly`"),
            ("/properties/key/pattern", json!(".*"), "TOKEN_PATTERN"),
            ("/properties/key/maxLength", json!(10), "TOKEN_PATTERN"),
        ] {
            let mut schema = schema();
            *schema.pointer_mut(pointer).unwrap() = value;
            let faults = schema_faults(&schema.to_string());
            assert_eq!(faults.len(), 1, "{pointer}: {faults:?}");
            assert!(faults[0].contains(fault), "{faults:?}");
        }
        assert_eq!(schema_faults("[]").len(), 1);
    }

    #[test]
    fn compares_the_schema_with_the_reading() {
        let mut schema = schema();
        schema["required"] = json!([]);
        let faults = reading_faults(&Acme, &schema.to_string());
        assert!(
            faults[0].contains("`read` requires [\"key\"]"),
            "{faults:?}"
        );
        schema["properties"] = json!({});
        let faults = reading_faults(&Acme, &schema.to_string());
        assert!(faults[1].contains("`read` asks for key"), "{faults:?}");
    }

    #[test]
    fn names_each_fault_of_a_translation() {
        let texts = ["Key".to_owned()];
        for (table, fault) in [
            (r#"{"Key": "Clé"}"#, None),
            (
                r#"{"key": "clé"}"#,
                Some("fr: no title or description is \"key\""),
            ),
            (
                r#"{"Key": ""}"#,
                Some("fr: \"Key\" must be translated by a string"),
            ),
            (
                r#"{"Key": {}}"#,
                Some("fr: \"Key\" must be translated by a string"),
            ),
        ] {
            let faults = table_faults("fr", table, &texts);
            assert_eq!(faults.first().map(String::as_str), fault, "{table}");
        }
        assert_eq!(table_faults("fr", "[]", &texts).len(), 1);
    }

    #[test]
    fn finds_texts_in_properties_that_are_named_like_them() {
        let schema = json!({"title": "A", "properties": {"title": {"description": "B"}}});
        let mut found = texts(&schema);
        found.sort_unstable();
        assert_eq!(found, ["A", "B"]);
    }

    #[test]
    #[should_panic(expected = "fr: no title or description is")]
    fn panics_with_the_faults() {
        check_schema(&Acme);
    }
}
