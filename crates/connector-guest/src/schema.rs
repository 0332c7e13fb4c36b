//! The JSON Schema of a credential document, in several languages: one file with the rules and the
//! English texts, and for each other language a table of texts.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::Text;
use crate::json::{self, Object, Value};

/// The JSON Schema (2020-12) of a credential document.
///
/// A translation is a JSON object that maps the English titles and descriptions to those of its
/// language. A text without a translation stays English.
///
/// ```
/// use connector_guest::Schema;
///
/// const SCHEMA: Schema = Schema::new(
///     r#"{"title": "Key", "const": "Key"}"#, // usually include_str!("acme.schema.json")
///     &[("fr", r#"{"Key": "Clé"}"#)],        // usually include_str!("acme.fr.json")
/// );
/// assert_eq!(SCHEMA.to_json(&["fr-CA".into()]), r#"{"title": "Clé", "const": "Key"}"#);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    json: &'static str,
    tables: Text,
}

impl Schema {
    /// Pairs a schema with its translations, each after its language tag (BCP 47).
    pub const fn new(
        json: &'static str,
        translations: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self {
            json,
            tables: Text::new("", translations),
        }
    }

    /// The schema with the titles and descriptions in the best of the languages.
    pub fn to_json(&self, locales: &[String]) -> Cow<'static, str> {
        let table = self.tables.choose(locales);
        // English needs no table.
        if !table.is_empty()
            && let Ok(Value::Object(table)) = json::parse(table.as_bytes())
        {
            return translated(self.json, &table).into();
        }
        self.json.into()
    }

    /// The schema in English.
    pub const fn english(&self) -> &'static str {
        self.json
    }

    /// The translations, each after its language tag.
    pub const fn translations(&self) -> &'static [(&'static str, &'static str)] {
        self.tables.translations()
    }
}

/// Copies a schema string by string, and replaces the values of `title` and `description`.
fn translated(schema: &str, table: &Object) -> String {
    let mut written = Vec::with_capacity(schema.len() + schema.len() / 4);
    let mut previous = "";
    let mut rest = schema;
    while let Some((before, string, after)) = next_string(rest) {
        written.extend_from_slice(before.as_bytes());
        let is_text = matches!(previous, "title" | "description") && before.trim() == ":";
        let translation = is_text.then(|| table.field(string)).flatten();
        if let Some(text) = translation.and_then(Value::as_str) {
            json::write_string(&mut written, text);
        } else {
            written.push(b'"');
            written.extend_from_slice(string.as_bytes());
            written.push(b'"');
        }
        previous = string;
        rest = after;
    }
    written.extend_from_slice(rest.as_bytes());
    // All parts are UTF-8.
    String::from_utf8(written).unwrap_or_else(|_| schema.into())
}

/// Splits a JSON text at its next string: what stands before it, the string between its quotes, and
/// the rest.
fn next_string(json: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = json.split_once('"')?;
    let mut is_escaped = false;
    let end = rest.find(|char| {
        let ends = char == '"' && !is_escaped;
        is_escaped = char == '\\' && !is_escaped;
        ends
    })?;
    let (string, after) = rest.split_at_checked(end)?;
    Some((before, string, after.strip_prefix('"')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: Schema = Schema::new(
        r#"{ "title": "a \"b\"", "properties": { "title": { "description":"a", "enum": "a" } } }"#,
        &[("fr", r#"{"a": "à \"é\"", "x": "y"}"#)],
    );

    #[test]
    fn translates_titles_and_descriptions_alone() {
        let french = SCHEMA.to_json(&["fr".into()]);
        let expected = SCHEMA
            .english()
            .replace(r#""description":"a""#, r#""description":"à \"é\"""#);
        assert_ne!(expected, SCHEMA.english());
        assert_eq!(french, expected);
        assert_eq!(SCHEMA.to_json(&["de".into()]), SCHEMA.english());
    }
}
