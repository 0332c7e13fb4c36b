//! Reads a credential document field by field and reports every problem, in the order of the form.
//! Which fields a form has is each vendor's own; how the form looks is in the schema beside it.

mod characters;
mod field;
mod messages;

use alloc::string::{String, ToString};
use alloc::vec::Vec;

pub(crate) use self::characters::is_removed_from_names;
pub use self::field::Field;
use crate::Text;
use crate::error::{Error, Issue, IssueCode};
use crate::json::{self, NotJson, Object, Value};

/// Longer documents are not credentials.
pub const MAX_DOCUMENT_BYTES: usize = 64 * 1024;
/// Longer ids and secrets are something else, pasted into the wrong field.
pub const MAX_STRING_CHARS: usize = 1024;

/// The invisible characters and unusual spaces from U+00A0 on, for a character class. They are
/// literal, because the engines of form libraries do not agree on escapes beyond `\x`.
#[doc(hidden)]
#[macro_export]
macro_rules! hidden_characters {
    () => {
        concat!(
            "\u{a0}\u{ad}\u{34f}\u{61c}\u{115f}\u{1160}\u{1680}\u{17b4}\u{17b5}\u{180b}-\u{180f}",
            "\u{2000}-\u{200f}\u{2028}-\u{202f}\u{205f}-\u{206f}\u{2800}\u{3000}\u{3164}",
            "\u{fe00}-\u{fe0f}\u{feff}\u{ffa0}\u{fff0}-\u{fffb}\u{e0000}-\u{e0fff}",
        )
    };
}

/// A pattern for a schema, with whitespace and invisible characters allowed around it: a form trims
/// them from every string. The pattern is a string literal without anchors.
///
/// ```
/// const KEY_PATTERN: &str = connector_guest::trimmed_pattern!("k-[0-9]{8}");
/// assert!(KEY_PATTERN.starts_with('^') && KEY_PATTERN.contains("k-[0-9]{8}"));
/// ```
#[macro_export]
macro_rules! trimmed_pattern {
    ($($pattern:expr),+) => {
        concat!(
            "^[\\t-\\r \u{85}", $crate::hidden_characters!(), "]*",
            $($pattern,)+
            "[\\t-\\r \u{85}", $crate::hidden_characters!(), "]*$",
        )
    };
}

/// The pattern of a string field in a schema: the same rule as [`Field::string`].
///
/// Whitespace and invisible characters around the string, none within it but U+0020, and no control
/// character.
pub const STRING_PATTERN: &str =
    trimmed_pattern!("([^\\x00- \\x7f-", hidden_characters!(), "] *)+");
/// The pattern of [`Field::token`] in a schema.
pub const TOKEN_PATTERN: &str = trimmed_pattern!("[!-~]+");
/// The pattern of [`Field::uuid`] in a schema.
pub const UUID_PATTERN: &str =
    trimmed_pattern!("[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}");
/// The pattern of [`Field::url`] in a schema.
pub const URL_PATTERN: &str = trimmed_pattern!(
    "[Hh][Tt][Tt][Pp][Ss]://",
    "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*",
    "(:443)?(/[A-Za-z0-9._~-]*[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?"
);
/// The pattern of [`Field::host_label`] in a schema.
pub const LABEL_PATTERN: &str = trimmed_pattern!("[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?");
/// The pattern of [`Field::path_segment`] in a schema.
pub const SEGMENT_PATTERN: &str =
    trimmed_pattern!("[A-Za-z0-9._~-]*[A-Za-z0-9_~-][A-Za-z0-9._~-]*");

/// Whether a field has to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It may be missing.
    Optional,
    /// It must be there.
    Required,
    /// It must be there, for the reason that the text gives.
    RequiredBecause(Text),
    /// It must not be there, for the reason that the text gives.
    Refused(Text),
}

/// A credential document while it is read.
///
/// Each field is taken out by the method of its type. What is wrong with it is reported, and the
/// method returns `None`; reading goes on, so that a person sees every problem at once.
///
/// ```
/// use connector_guest::{Form, Secret};
///
/// struct Key {
///     key: Secret,
///     page_size: Option<i64>,
/// }
///
/// fn read(form: &mut Form) -> Option<Key> {
///     let key = form.required("api_key").string();
///     let page_size = form.optional("page_size").integer(1..=500);
///     Some(Key { key: key?, page_size })
/// }
///
/// let key = Form::read(r#"{"api_key": " hush "}"#, &[], read).unwrap();
/// assert_eq!(key.key.expose(), "hush");
/// assert_eq!(key.page_size, None);
/// assert!(Form::read(r#"{"api_key": "", "page_size": 0}"#, &[], read).is_err());
/// ```
pub struct Form<'a> {
    fields: Object,
    asked: Vec<&'static str>,
    issues: Vec<Issue>,
    locales: &'a [String],
}

impl<'a> Form<'a> {
    /// Parses `document` and lets `read` take the fields. Fails with every problem that was
    /// reported, in the best of the languages.
    ///
    /// `read` returns `None` only where it reported a problem. Fields that it did not ask for are a
    /// problem too.
    pub fn read<T>(
        document: &str,
        locales: &'a [String],
        read: impl FnOnce(&mut Form) -> Option<T>,
    ) -> Result<T, Error> {
        Self::read_some(document, locales, |form| {
            let value = read(form);
            form.refuse_unread();
            value
        })
    }

    /// Does the same as [`Form::read`], but ignores fields that `read` did not ask for.
    pub fn read_some<T>(
        document: &str,
        locales: &'a [String],
        read: impl FnOnce(&mut Form) -> Option<T>,
    ) -> Result<T, Error> {
        let mut form = Form::parse(document, locales)?;
        let value = read(&mut form);
        form.finish(value)
    }

    fn parse(document: &str, locales: &'a [String]) -> Result<Self, Error> {
        let mut form = Self {
            fields: Object::default(),
            asked: Vec::new(),
            issues: Vec::new(),
            locales,
        };
        if document.len() > MAX_DOCUMENT_BYTES {
            let message = form.say(
                messages::TOO_LONG_DOCUMENT,
                &[&MAX_DOCUMENT_BYTES.to_string()],
            );
            form.push(String::new(), IssueCode::TooLong, message);
            return form.finish(None);
        }
        match json::parse(document.as_bytes()) {
            Ok(Value::Object(fields)) => return Ok(Self { fields, ..form }),
            Ok(_) => form.report("", IssueCode::Type, messages::NOT_AN_OBJECT),
            Err(NotJson { line, column }) => {
                let place = [&*line.to_string(), &*column.to_string()];
                let message = form.say(messages::NOT_JSON, &place);
                form.push(String::new(), IssueCode::Json, message);
            }
        }
        form.finish(None)
    }

    /// The names of the fields that were asked for, in the order of the form.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn asked(&self) -> &[&'static str] {
        &self.asked
    }

    /// A field that must be there.
    pub fn required(&mut self, name: &'static str) -> Field<'_, 'a> {
        self.field(name, Presence::Required)
    }

    /// A field that may be missing. Its methods return `None` then, without a report.
    pub fn optional(&mut self, name: &'static str) -> Field<'_, 'a> {
        self.field(name, Presence::Optional)
    }

    /// A field whose presence depends on others.
    pub fn field(&mut self, name: &'static str, presence: Presence) -> Field<'_, 'a> {
        Field::new(self, name, presence)
    }

    /// Reports a problem at `pointer`, a JSON pointer into the document.
    ///
    /// The message says what was expected, and never repeats a typed value.
    pub fn report(
        &mut self,
        pointer: impl Into<String>,
        code: IssueCode,
        message: impl Into<Text>,
    ) {
        let message = message.into().choose(self.locales).into();
        self.push(pointer.into(), code, message);
    }

    fn push(&mut self, pointer: String, code: IssueCode, message: String) {
        self.issues.push(Issue {
            pointer,
            code,
            message,
        });
    }

    /// The text in the language of the form, with `values` in the places of `%`.
    fn say(&self, text: Text, values: &[&str]) -> String {
        let mut parts = text.choose(self.locales).split('%');
        let mut said = String::from(parts.next().unwrap_or_default());
        for (value, part) in values.iter().zip(parts) {
            said.push_str(value);
            said.push_str(part);
        }
        said
    }

    /// Names the words, in the language of the form: `a, b or c`.
    fn list(&self, words: &[&str], last: Text) -> String {
        match words {
            [] => messages::NOTHING.choose(self.locales).into(),
            [only] => (*only).into(),
            [rest @ .., end] => [&rest.join(", "), last.choose(self.locales), end].concat(),
        }
    }

    /// Unread fields are reported together, and not by name: a person typed the name, and perhaps
    /// it is a secret in the wrong place.
    fn refuse_unread(&mut self) {
        // The fields that were asked for have been taken out.
        if !self.fields.is_empty() {
            let known = self.list(&self.asked, messages::AND);
            let message = self.say(messages::UNKNOWN_FIELDS, &[&known]);
            self.push(String::new(), IssueCode::Unknown, message);
        }
    }

    fn finish<T>(self, value: Option<T>) -> Result<T, Error> {
        match value {
            Some(value) if self.issues.is_empty() => Ok(value),
            _ => Err(Error::InvalidCredential(self.issues)),
        }
    }
}

#[cfg(test)]
mod tests;
