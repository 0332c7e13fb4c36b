//! One field of a form, read by its type. The rules are those that JSON Schema has for the same
//! type.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::RangeInclusive;

use super::characters::{is_hidden_within, is_trimmed};
use super::{Form, MAX_STRING_CHARS, Presence, messages};
use crate::error::IssueCode;
use crate::json::{MAX_ID, Value};
use crate::token::is_opaque_token;
use crate::{Secret, Text, base_url};

/// A field that was asked for. Its methods read it, and return `None` where they reported a problem
/// or where an optional field is missing.
#[must_use = "a field is read by one of its methods"]
pub struct Field<'f, 'a> {
    form: &'f mut Form<'a>,
    name: &'static str,
    value: Option<Value>,
}

impl<'f, 'a> Field<'f, 'a> {
    pub(super) fn new(form: &'f mut Form<'a>, name: &'static str, presence: Presence) -> Self {
        form.asked.push(name);
        let value = form.fields.take(name);
        let mut field = Self { form, name, value };
        match (presence, &field.value) {
            (Presence::Required, None) => field.report(IssueCode::Required, messages::REQUIRED),
            (Presence::RequiredBecause(why), None) => field.report(IssueCode::Required, why),
            (Presence::Refused(why), Some(_)) => {
                field.report(IssueCode::NotCombinable, why);
                field.value = None;
            }
            _ => {}
        }
        field
    }

    /// Reads a string, without whitespace and invisible characters around it. Any other character
    /// is the vendor's business, but control characters and invisible characters within come from a
    /// slip while pasting. In a schema: `minLength` 1, `maxLength` 1024,
    /// [`STRING_PATTERN`](super::STRING_PATTERN).
    pub fn string(mut self) -> Option<Secret> {
        self.trimmed()
    }

    /// Reads a string like [`string`](Self::string) that goes into a header field as it is, such as
    /// an API key: printable ASCII without spaces. In a schema: `minLength` 1, `maxLength` 1024,
    /// [`TOKEN_PATTERN`](super::TOKEN_PATTERN).
    pub fn token(mut self) -> Option<Secret> {
        let token = self.trimmed()?;
        if !is_opaque_token(token.expose()) {
            self.report(IssueCode::Format, messages::NOT_A_TOKEN);
            return None;
        }
        Some(token)
    }

    /// Reads a UUID (RFC 9562 §4), without whitespace around it, and returns it in lower case. In a
    /// schema: `minLength` 1, `maxLength` 1024, [`UUID_PATTERN`](super::UUID_PATTERN).
    pub fn uuid(mut self) -> Option<String> {
        let uuid = self.trimmed()?;
        if !is_uuid(uuid.expose()) {
            self.report(IssueCode::Format, messages::NOT_A_UUID);
            return None;
        }
        Some(uuid.expose().to_ascii_lowercase())
    }

    /// Reads a string like [`string`](Self::string) that has to hold a rule, and reports `message`
    /// as `format` otherwise. In a schema: `minLength` 1, `maxLength` 1024, and a pattern by
    /// [`trimmed_pattern!`](crate::trimmed_pattern).
    pub fn string_where(
        mut self,
        rule: impl FnOnce(&str) -> bool,
        message: impl Into<Text>,
    ) -> Option<Secret> {
        let string = self.trimmed()?;
        if !rule(string.expose()) {
            self.report(IssueCode::Format, message);
            return None;
        }
        Some(string)
    }

    /// Reads an `https` URL at any host, without whitespace around it: no user name, query or
    /// fragment, port 443 or none, perhaps a path. Returns it with the host in lower case, without
    /// port and trailing slash. In a schema: `minLength` 1, `maxLength` 1024,
    /// [`URL_PATTERN`](super::URL_PATTERN).
    pub fn url(self) -> Option<String> {
        let is_url = |string: &str| base_url::parse(string).is_some();
        let url = self.string_where(is_url, messages::NOT_A_URL)?;
        base_url::parse(url.expose())
    }

    /// Reads one label of a host name, such as the name of a tenant, without whitespace around it,
    /// and returns it in lower case. In a schema: `minLength` 1, `maxLength` 1024,
    /// [`LABEL_PATTERN`](super::LABEL_PATTERN).
    pub fn host_label(self) -> Option<String> {
        let label = self.string_where(base_url::is_label, messages::NOT_A_LABEL)?;
        Some(label.expose().to_ascii_lowercase())
    }

    /// Reads a host name at one of `domains` or below it, without whitespace around it, and returns
    /// it in lower case. In a schema: `minLength` 1, `maxLength` 1024, and a pattern by
    /// [`trimmed_pattern!`](crate::trimmed_pattern).
    pub fn host_within(mut self, domains: &[&str]) -> Option<String> {
        let typed = self.trimmed()?;
        let host = typed.expose().to_ascii_lowercase();
        let is_host = !host.contains(['/', ':'])
            && domains
                .iter()
                .any(|domain| base_url::within(&["https://", &host].concat(), domain).is_some());
        if !is_host {
            let domains = self.form.list(domains, messages::OR);
            let message = self.form.say(messages::NOT_A_HOST, &[&domains]);
            self.form.push(self.pointer(), IssueCode::Format, message);
            return None;
        }
        Some(host)
    }

    /// Reads one segment of the path of a URL, such as the id of an account: letters, digits, `-`,
    /// `.`, `_` and `~`, and not dots alone. In a schema: `minLength` 1, `maxLength` 1024,
    /// [`SEGMENT_PATTERN`](super::SEGMENT_PATTERN).
    pub fn path_segment(self) -> Option<String> {
        let segment = self.string_where(base_url::is_segment, messages::NOT_A_SEGMENT)?;
        Some(segment.into_exposed())
    }

    /// Reads one of the choices, and returns what stands beside it.
    pub fn choice<T: Copy>(mut self, choices: &[(&'static str, T)]) -> Option<T> {
        let value = self.value.take()?;
        let chosen = choices
            .iter()
            .find(|(word, _)| value.as_str() == Some(word));
        if chosen.is_none() {
            let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
            let pointer = self.pointer();
            self.report_choice(pointer, &value, &words);
        }
        chosen.map(|(_, meaning)| *meaning)
    }

    /// Reads a list of different choices, at least one. Returns the good ones, so that fields that
    /// depend on them can be checked even where another choice is wrong.
    pub fn choices(mut self, choices: &[&'static str]) -> Option<Vec<&'static str>> {
        let Value::Array(values) = self.value.take()? else {
            self.report(IssueCode::Type, messages::NOT_A_LIST);
            return None;
        };
        if values.is_empty() {
            self.report(IssueCode::TooFew, messages::TOO_FEW);
        }
        let mut chosen = Vec::new();
        for (index, value) in values.iter().enumerate() {
            let pointer = [&self.pointer(), "/", &index.to_string()].concat();
            match choices.iter().find(|word| value.as_str() == Some(word)) {
                Some(word) if chosen.contains(word) => {
                    let code = IssueCode::Duplicate;
                    self.form.report(pointer, code, messages::DUPLICATE);
                }
                Some(word) => chosen.push(*word),
                None => self.report_choice(pointer, value, choices),
            }
        }
        Some(chosen)
    }

    /// Reads the number that a vendor gives to something of its own: from 1 to [`MAX_ID`].
    pub fn id(self) -> Option<u64> {
        // The range is positive, so nothing is lost.
        self.integer(1..=MAX_ID.cast_signed())
            .map(i64::cast_unsigned)
    }

    /// Reads a whole number. As in JSON Schema, `42.0` is one.
    pub fn integer(mut self, range: RangeInclusive<i64>) -> Option<i64> {
        let value = self.value.take()?;
        let integer = value.as_integer().filter(|integer| range.contains(integer));
        if integer.is_none() {
            let is_whole = value.as_integer().is_some();
            self.report_range(
                if is_whole {
                    IssueCode::OutOfRange
                } else {
                    IssueCode::Type
                },
                messages::NOT_A_WHOLE_NUMBER,
                &range.start().to_string(),
                &range.end().to_string(),
            );
        }
        integer
    }

    /// Reads a number.
    pub fn number(mut self, range: RangeInclusive<f64>) -> Option<f64> {
        let value = self.value.take()?;
        let number = value.as_f64().filter(|number| range.contains(number));
        if number.is_none() {
            let is_number = value.as_f64().is_some();
            self.report_range(
                if is_number {
                    IssueCode::OutOfRange
                } else {
                    IssueCode::Type
                },
                messages::NOT_A_NUMBER,
                &range.start().to_string(),
                &range.end().to_string(),
            );
        }
        number
    }

    /// Reads a boolean.
    pub fn boolean(mut self) -> Option<bool> {
        let value = self.value.take()?;
        let boolean = value.as_bool();
        if boolean.is_none() {
            self.report(IssueCode::Type, messages::NOT_A_BOOLEAN);
        }
        boolean
    }

    /// Reads a string by the rules of [`string`](Self::string).
    fn trimmed(&mut self) -> Option<Secret> {
        let Value::String(string) = self.value.take()? else {
            self.report(IssueCode::Type, messages::NOT_A_STRING);
            return None;
        };
        let string = Secret::new(string);
        let trimmed = string.expose().trim_matches(is_trimmed);
        let (code, message) = if is_longer(string.expose(), MAX_STRING_CHARS) {
            let max = MAX_STRING_CHARS.to_string();
            let message = self.form.say(messages::TOO_LONG, &[&max]);
            self.form.push(self.pointer(), IssueCode::TooLong, message);
            return None;
        } else if trimmed.is_empty() {
            (IssueCode::Blank, messages::BLANK)
        } else if trimmed.contains(char::is_control) {
            (IssueCode::ControlCharacter, messages::CONTROL_CHARACTER)
        } else if trimmed.contains(is_hidden_within) {
            (IssueCode::InvisibleCharacter, messages::INVISIBLE_CHARACTER)
        } else if trimmed.len() == string.expose().len() {
            return Some(string);
        } else {
            return Some(Secret::new(trimmed));
        };
        self.report(code, message);
        None
    }

    fn pointer(&self) -> String {
        ["/", self.name].concat()
    }

    fn report(&mut self, code: IssueCode, message: impl Into<Text>) {
        self.form.report(self.pointer(), code, message);
    }

    fn report_choice(&mut self, pointer: String, value: &Value, words: &[&str]) {
        let code = if value.as_str().is_some() {
            IssueCode::NotAChoice
        } else {
            IssueCode::Type
        };
        let words = self.form.list(words, messages::OR);
        let message = self.form.say(messages::NOT_A_CHOICE, &[&words]);
        self.form.push(pointer, code, message);
    }

    fn report_range(&mut self, code: IssueCode, message: Text, min: &str, max: &str) {
        let message = self.form.say(message, &[min, max]);
        self.form.push(self.pointer(), code, message);
    }
}

/// Whether the string has more than `max` characters; stops counting there.
fn is_longer(string: &str, max: usize) -> bool {
    string.chars().nth(max).is_some()
}

/// Whether the string has the form of RFC 9562 §4, in any case of letters.
fn is_uuid(string: &str) -> bool {
    const LEN: usize = 36;
    string.len() == LEN
        && string.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::Error;
    use crate::form::{
        LABEL_PATTERN, SEGMENT_PATTERN, STRING_PATTERN, TOKEN_PATTERN, URL_PATTERN, UUID_PATTERN,
    };

    const UUID: &str = "123e4567-E89B-12d3-a456-426614174000";

    /// The codes of the issues of a field with this value.
    fn issues(value: &str, read: fn(Field) -> bool) -> Vec<IssueCode> {
        let document = json!({"field": value}).to_string();
        let read = |form: &mut Form| read(form.required("field")).then_some(());
        match Form::read(&document, &[], read) {
            Ok(()) => Vec::new(),
            Err(Error::InvalidCredential(issues)) => {
                issues.into_iter().map(|issue| issue.code).collect()
            }
            Err(error) => panic!("{error:?}"),
        }
    }

    fn is_valid(value: &str, pattern: &str) -> bool {
        let schema = json!({"minLength": 1, "maxLength": MAX_STRING_CHARS, "pattern": pattern});
        jsonschema::is_valid(&schema, &json!(value))
    }

    /// Whether the field passes, by the form and by the pattern alike.
    fn passes(value: &str, pattern: &str, read: fn(Field) -> bool) -> bool {
        let by_form = issues(value, read).is_empty();
        assert_eq!(by_form, is_valid(value, pattern), "{value:?}");
        by_form
    }

    /// Every kind of string field: a value that passes, its pattern and its reading.
    type Kind = (&'static str, &'static str, fn(Field) -> bool);
    const KINDS: [Kind; 8] = [
        ("s;é?", STRING_PATTERN, |field: Field| {
            field.string().is_some()
        }),
        ("sk_live;?=~!", TOKEN_PATTERN, |field: Field| {
            field.token().is_some()
        }),
        (UUID, UUID_PATTERN, |field: Field| field.uuid().is_some()),
        ("https://a.example/v2", URL_PATTERN, |field: Field| {
            field.url().is_some()
        }),
        ("acme-1", LABEL_PATTERN, |field: Field| {
            field.host_label().is_some()
        }),
        ("AC0a_1", SEGMENT_PATTERN, |field: Field| {
            field.path_segment().is_some()
        }),
        (
            "Acme.my.example",
            crate::trimmed_pattern!(
                "([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)*my\\.example"
            ),
            |field: Field| field.host_within(&["my.example"]).is_some(),
        ),
        (
            "k-1",
            crate::trimmed_pattern!("k-[!-~]+"),
            |field: Field| {
                let rule = |key: &str| key.starts_with("k-");
                field.string_where(rule, "a key begins with k-").is_some()
            },
        ),
    ];

    #[test]
    fn whitespace_and_invisible_characters_are_trimmed_from_every_kind_of_field() {
        for (value, pattern, read) in KINDS {
            assert!(passes(value, pattern, read), "{value}");
            for around in [
                " ", "\n", "\r\n", "\t", "\u{85}", "\u{a0}", "\u{200b}", "\u{feff}",
            ] {
                assert!(passes(&[around, value].concat(), pattern, read), "{value}");
                assert!(passes(&[value, around].concat(), pattern, read), "{value}");
                assert!(!passes(around, pattern, read), "{around:?}");
            }
            assert!(!passes("", pattern, read));
            let long = [value, &" ".repeat(MAX_STRING_CHARS)].concat();
            assert!(!passes(&long, pattern, read), "{value}");
        }
    }

    #[test]
    fn a_line_break_or_an_invisible_character_within_is_named_in_every_kind_of_field() {
        for (value, pattern, read) in KINDS {
            let (start, end) = value.split_at(2);
            for (within, code) in [
                ("\n", IssueCode::ControlCharacter),
                ("\r\n", IssueCode::ControlCharacter),
                (" \n ", IssueCode::ControlCharacter),
                ("\t", IssueCode::ControlCharacter),
                ("\u{85}", IssueCode::ControlCharacter),
                ("\0", IssueCode::ControlCharacter),
                ("\u{2028}", IssueCode::InvisibleCharacter),
                ("\u{200b}", IssueCode::InvisibleCharacter),
                ("\u{a0}", IssueCode::InvisibleCharacter),
                ("\u{202e}", IssueCode::InvisibleCharacter),
            ] {
                let pasted = [start, within, end].concat();
                assert!(!is_valid(&pasted, pattern), "{pasted:?}");
                assert_eq!(issues(&pasted, read), [code], "{pasted:?}");
            }
        }
    }

    #[test]
    fn reads_hosts_of_the_domains_and_segments_alone() {
        let document = |value: &str| json!({"field": value}).to_string();
        let host = |value: &str| {
            let domains = ["my.example", "eu.example"];
            let read = |form: &mut Form| form.required("field").host_within(&domains);
            Form::read(&document(value), &[], read).ok()
        };
        let is_segment = |value: &str| {
            let read = |form: &mut Form| form.required("field").path_segment();
            Form::read(&document(value), &[], read).is_ok()
        };
        for (value, expected) in [
            ("Acme.My.Example", Some("acme.my.example")),
            ("a.eu.example", Some("a.eu.example")),
            ("my.example", Some("my.example")),
            ("evilmy.example", None),
            ("my.example.evil.example", None),
            ("https://a.my.example", None),
            ("a.my.example/path", None),
            ("a.my.example:443", None),
            ("evil.example/.my.example", None),
            ("u@a.my.example", None),
            (".my.example", None),
        ] {
            assert_eq!(host(value).as_deref(), expected, "{value}");
        }
        for (value, passes) in [
            ("AC0a-1_2~3.4", true),
            ("..", false),
            (".", false),
            ("a/b", false),
            ("a%2fb", false),
            ("é", false),
        ] {
            assert_eq!(is_segment(value), passes, "{value}");
            assert_eq!(is_valid(value, SEGMENT_PATTERN), passes, "{value}");
        }
    }

    #[test]
    fn reads_tokens_and_uuids_by_the_rules_of_their_patterns() {
        let long = "t".repeat(MAX_STRING_CHARS + 1);
        let pasted = format!("\u{feff} {UUID}\n");
        for (value, token, uuid) in [
            (UUID, true, true),
            (&*pasted, true, true),
            ("sk_live;?=~!", true, false),
            ("a b", false, false),
            ("a\u{200b}b", false, false),
            ("a\nb", false, false),
            ("clé", false, false),
            (" ", false, false),
            ("", false, false),
            (&long, false, false),
            ("123e4567e89b12d3a456426614174000", true, false),
            ("123e4567-e89b-12d3-a456-42661417400g", true, false),
            ("123e4567-e89b-12d3-a4564-26614174000", true, false),
            ("{123e4567-e89b-12d3-a456-426614174000}", true, false),
        ] {
            let reads_token = |field: Field| field.token().is_some();
            let reads_uuid = |field: Field| field.uuid().is_some();
            assert_eq!(
                passes(value, TOKEN_PATTERN, reads_token),
                token,
                "{value:?}"
            );
            assert_eq!(passes(value, UUID_PATTERN, reads_uuid), uuid, "{value:?}");
        }
    }
}
