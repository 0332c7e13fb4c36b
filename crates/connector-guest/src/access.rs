//! What a credential reaches, as choices for the fields of its form.

use alloc::string::String;
use alloc::vec::Vec;

use crate::form::is_removed_from_names;
use crate::json::{self, Value};
use crate::session::Timestamp;

/// Longer names do not help anybody to choose.
const MAX_NAME_CHARS: usize = 200;

/// One page of the reach of a credential. The contract of each field is in `wit/types.wit`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Access {
    /// The vendor's name for the holder of the credential.
    pub identity: Option<String>,
    /// The scopes that the credential may request.
    pub scopes: Vec<String>,
    /// Choices for fields of the form.
    pub fields: Vec<FieldChoices>,
    /// When the credential itself ends.
    pub credential_expires_at: Option<Timestamp>,
    /// The cursor of the next page.
    pub next: Option<String>,
}

impl Access {
    /// Sets the vendor's name for the holder of the credential, as [`name`] shows it.
    #[must_use]
    pub fn identity(mut self, identity: Option<&str>) -> Self {
        self.identity = identity.and_then(name);
        self
    }

    /// Sets the scopes that the credential may request.
    #[must_use]
    pub fn scopes(mut self, scopes: Vec<String>) -> Self {
        self.scopes = scopes;
        self
    }

    /// Adds choices for a field.
    #[must_use]
    pub fn field(mut self, choices: FieldChoices) -> Self {
        self.fields.push(choices);
        self
    }

    /// Sets when the credential itself ends.
    #[must_use]
    pub fn credential_expires_at(mut self, time: Option<Timestamp>) -> Self {
        self.credential_expires_at = time;
        self
    }

    /// Sets the cursor of the next page.
    #[must_use]
    pub fn next(mut self, cursor: Option<String>) -> Self {
        self.next = cursor;
        self
    }
}

/// The choices that the vendor offers for one field of the form.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldChoices {
    /// The field, as a JSON pointer.
    pub pointer: &'static str,
    /// The choices, in the order to show them.
    pub choices: Vec<Choice>,
    /// Whether these, with those of the other pages, are all that exist.
    pub complete: bool,
    /// The fields whose change makes them stale, as JSON pointers.
    pub depends_on: &'static [&'static str],
}

impl FieldChoices {
    /// Choices that are all that exist.
    pub fn complete(pointer: &'static str, choices: Vec<Choice>) -> Self {
        Self {
            pointer,
            choices,
            complete: true,
            depends_on: &[],
        }
    }

    /// Choices beside which others may exist.
    pub fn some(pointer: &'static str, choices: Vec<Choice>) -> Self {
        Self {
            complete: false,
            ..Self::complete(pointer, choices)
        }
    }

    /// Names the fields whose change makes the choices stale.
    #[must_use]
    pub fn depends_on(mut self, pointers: &'static [&'static str]) -> Self {
        self.depends_on = pointers;
        self
    }
}

/// One choice for a field.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Choice {
    /// The value, as JSON.
    pub value: String,
    /// Its name for people.
    pub title: String,
}

impl Choice {
    /// A number, titled as the vendor names it, or by itself where that says nothing.
    pub fn number(number: u64, title: Option<&str>) -> Self {
        let value = alloc::string::ToString::to_string(&number);
        Self {
            title: title.and_then(name).unwrap_or_else(|| value.clone()),
            value,
        }
    }

    /// A string, titled as the vendor names it, or by itself where that says nothing.
    pub fn string(string: &str, title: Option<&str>) -> Self {
        let mut value = Vec::new();
        json::write_string(&mut value, string);
        Self {
            // JSON is UTF-8.
            value: String::from_utf8(value).unwrap_or_default(),
            title: title
                .or(Some(string))
                .and_then(name)
                .unwrap_or_else(|| string.into()),
        }
    }
}

/// A vendor's name for something, fit to be shown: without control characters and invisible ones,
/// which could change how text around it looks, and at most 200 characters long. `None` when
/// nothing is left.
pub fn name(vendors: &str) -> Option<String> {
    let shown: String = vendors
        .chars()
        .filter(|char| !is_removed_from_names(*char))
        .take(MAX_NAME_CHARS)
        .collect();
    let trimmed = shown.trim();
    (!trimmed.is_empty()).then(|| trimmed.into())
}

/// Reads a list item by item, so that an odd one does not hide the others.
pub fn items<T>(list: Vec<Value>, mut read: impl FnMut(Value) -> Option<T>) -> Vec<T> {
    // Collecting in place, as the library does here, would take more of a component.
    let mut items = Vec::new();
    for value in list {
        items.extend(read(value));
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_names_without_what_cannot_be_seen() {
        for (vendors, shown) in [
            ("Shop", Some("Shop")),
            (" Shop\u{202e}\u{200b}\u{feff} 2\n", Some("Shop 2")),
            ("Bou\u{301}tique – 商店", Some("Bou\u{301}tique – 商店")),
            ("\u{e0041}\u{200d}", None),
            ("", None),
        ] {
            assert_eq!(name(vendors).as_deref(), shown, "{vendors:?}");
        }
        assert_eq!(name(&"x".repeat(1000)).unwrap().len(), MAX_NAME_CHARS);
    }

    #[test]
    fn a_choice_is_json_and_has_a_title() {
        let choice = Choice::string("a\"b", None);
        assert_eq!((&*choice.value, &*choice.title), (r#""a\"b""#, "a\"b"));
        let choice = Choice::number(42, Some("\u{200b}"));
        assert_eq!((&*choice.value, &*choice.title), ("42", "42"));
    }
}
