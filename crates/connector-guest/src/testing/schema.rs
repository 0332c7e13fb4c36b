//! Checks a vendor's schema: the rules of a portable form, and agreement with what the vendor
//! reads.

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
    let text = vendor.schema();
    let mut faults = schema_faults("en", text.english());
    for (language, translation) in text.translations() {
        faults.extend(schema_faults(language, translation));
        let structure = |schema| {
            let mut schema = serde_json::from_str(schema).unwrap_or_default();
            remove_texts(&mut schema);
            schema
        };
        if structure(text.english()) != structure(translation) {
            faults.push(format!(
                "{language}: the schema differs from the English one in more than titles and \
                 descriptions"
            ));
        }
    }
    faults.extend(reading_faults(vendor, text.english()));
    assert!(
        faults.is_empty(),
        "the schema of {} has faults:\n{}",
        vendor.info().id,
        faults.join("\n")
    );
}

/// The faults of one schema, each as a sentence.
fn schema_faults(language: &str, schema: &str) -> Vec<String> {
    let schema: Map<String, Value> = match serde_json::from_str(schema) {
        Ok(schema) => schema,
        Err(error) => {
            return Vec::from([format!("{language}: the schema is no JSON object: {error}")]);
        }
    };
    let mut faults = Vec::new();
    let mut demand = |holds: bool, sentence: String| {
        if !holds {
            faults.push(format!("{language}: {sentence}"));
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

/// Removes the texts for people. A property of such a name holds no string and stays.
fn remove_texts(schema: &mut Value) {
    match schema {
        Value::Object(keywords) => {
            keywords.retain(|keyword, value| !(TEXTS.contains(&&**keyword) && value.is_string()));
            keywords.values_mut().for_each(remove_texts);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_texts),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Description, Fields, Open, Secret, Text, VendorInfo};

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

        fn schema(&self) -> Text {
            Text::new("{}", &[("fr", r#"{"type": "object"}"#)])
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
        assert_eq!(schema_faults("en", &schema), [""; 0]);
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
            let faults = schema_faults("en", &schema.to_string());
            assert_eq!(faults.len(), 1, "{pointer}: {faults:?}");
            assert!(faults[0].contains(fault), "{faults:?}");
        }
        assert_eq!(schema_faults("en", "[]").len(), 1);
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
    fn removes_texts_but_no_property_of_that_name() {
        let mut schema = json!({"title": "A", "properties": {"title": {"description": "B"}}});
        remove_texts(&mut schema);
        assert_eq!(schema, json!({"properties": {"title": {}}}));
    }

    #[test]
    #[should_panic(expected = "fr: the schema differs from the English one")]
    fn panics_with_the_faults() {
        check_schema(&Acme);
    }
}
