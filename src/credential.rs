//! Reading a credential document: every problem is noted, in the order of the form, and what is returned needs no further check.
//! Which members a vendor's form has is in `vendors/`; what it looks like, in the schema beside.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::error::{Code, Error, Issue};
use crate::json::{self, Object, Value};
use crate::secret::Secret;

/// Longer documents are not credentials.
pub const MAX_DOCUMENT_BYTES: usize = 64 * 1024;
/// Longer ids and secrets are something else, pasted into the wrong field.
pub const MAX_TEXT_CHARS: usize = 1024;
/// The largest integer that every JSON reader keeps exactly (RFC 8259 §6).
pub const MAX_ID: u64 = (1 << 53) - 1;

/// What counts as not typed around a text: what people paste along, the invisible included. The patterns of the schemas hold the same list.
const BLANKS: [char; 7] = [' ', '\t', '\n', '\r', '\u{a0}', '\u{200b}', '\u{feff}'];

/// Parses `document` and lets `read` take what it needs. Fails with every problem that was noted.
///
/// `read` returns `None` only where it noted a problem. Members that it did not ask for are a problem too.
pub fn read<T>(document: &str, read: impl FnOnce(&mut Form) -> Option<T>) -> Result<T, Error> {
    read_part(document, |form| {
        let value = read(form);
        form.refuse_unread();
        value
    })
}

/// As [`read()`], but what `read` did not ask for is ignored.
pub fn read_part<T>(document: &str, read: impl FnOnce(&mut Form) -> Option<T>) -> Result<T, Error> {
    let mut form = Form::parse(document)?;
    let value = read(&mut form);
    form.finish(value)
}

/// Whether a member has to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It may be missing.
    Optional,
    /// It must be there; the text is the sentence that says why.
    Required(&'static str),
    /// It must not be there; the text is the sentence that says why.
    Refused(&'static str),
}

/// A document while it is read: members are taken out of it, problems are noted.
pub struct Form {
    members: Object,
    asked: Vec<&'static str>,
    issues: Vec<Issue>,
}

impl Form {
    fn parse(document: &str) -> Result<Self, Error> {
        let mut form = Self {
            members: Object::default(),
            asked: Vec::new(),
            issues: Vec::new(),
        };
        let (code, message) = if document.len() > MAX_DOCUMENT_BYTES {
            (
                Code::TooLong,
                at_most("the document is too long", MAX_DOCUMENT_BYTES, "bytes"),
            )
        } else {
            match json::read(document.as_bytes()) {
                Ok(Value::Object(members)) => return Ok(Self { members, ..form }),
                Ok(_) => (
                    Code::Type,
                    "the credential document must be a JSON object".into(),
                ),
                Err(place) => {
                    let (line, column) = (place.line.to_string(), place.column.to_string());
                    let message = ["this is not JSON: see line ", &line, ", column ", &column];
                    (Code::Json, message.concat())
                }
            }
        };
        form.note("", code, message);
        form.finish(None)
    }

    /// Notes a problem at `pointer`.
    pub fn note(&mut self, pointer: impl Into<String>, code: Code, message: impl Into<String>) {
        self.issues.push(Issue {
            pointer: pointer.into(),
            code,
            message: message.into(),
        });
    }

    fn note_at(&mut self, name: &str, code: Code, message: impl Into<String>) {
        self.note(["/", name].concat(), code, message);
    }

    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.asked.push(name);
        self.members.take(name)
    }

    fn take_required(&mut self, name: &'static str) -> Option<Value> {
        let value = self.take(name);
        if value.is_none() {
            self.note_at(name, Code::Required, "this field is required");
        }
        value
    }

    /// Takes a required text, without the blanks around it. Any character is the vendor's business, except control characters:
    /// they come from a slip while pasting.
    pub fn text(&mut self, name: &'static str) -> Option<Secret> {
        let Value::Text(text) = self.take_required(name)? else {
            self.note_at(name, Code::Type, "this field must be text");
            return None;
        };
        let text = Secret::new(text);
        let trimmed = text.expose().trim_matches(BLANKS);
        // One by one: `count` brings 0.5 kB for the speed of long texts.
        let chars = text.expose().chars().fold(0, |chars, _| chars + 1);
        let (code, message) = if chars > MAX_TEXT_CHARS {
            (
                Code::TooLong,
                at_most("this is too long", MAX_TEXT_CHARS, "characters"),
            )
        } else if trimmed.is_empty() {
            (Code::Blank, "this field must not be blank".into())
        } else if trimmed.contains(char::is_control) {
            (
                Code::ControlCharacter,
                "a line break or another control character was pasted along; remove it".into(),
            )
        } else if trimmed.len() == text.expose().len() {
            return Some(text);
        } else {
            return Some(Secret::new(trimmed.into()));
        };
        self.note_at(name, code, message);
        None
    }

    /// Takes a required choice.
    pub fn choice<T: Copy>(
        &mut self,
        name: &'static str,
        choices: &[(&'static str, T)],
    ) -> Option<T> {
        let value = self.take_required(name)?;
        let chosen = choices.iter().find(|(word, _)| value.is_text(word));
        if chosen.is_none() {
            let words = choices.iter().map(|(word, _)| *word);
            self.note_choice(["/", name].concat(), &value, words);
        }
        chosen.map(|(_, meaning)| *meaning)
    }

    /// Takes a required list of different choices, at least one. Returns those that are good, so that what depends on them can be checked
    /// even where another one is not.
    pub fn choices(
        &mut self,
        name: &'static str,
        choices: &[&'static str],
    ) -> Option<Vec<&'static str>> {
        let Value::Array(values) = self.take_required(name)? else {
            self.note_at(name, Code::Type, "this field must be a list");
            return None;
        };
        if values.is_empty() {
            self.note_at(name, Code::TooFew, "choose at least one");
        }
        let mut chosen = Vec::new();
        for (index, value) in values.iter().enumerate() {
            let pointer = || ["/", name, "/", &index.to_string()].concat();
            match choices.iter().find(|word| value.is_text(word)) {
                Some(word) if chosen.contains(word) => {
                    self.note(pointer(), Code::Duplicate, "the same choice is there twice");
                }
                Some(word) => chosen.push(*word),
                None => self.note_choice(pointer(), value, choices.iter().copied()),
            }
        }
        Some(chosen)
    }

    /// Notes that `value` is none of the choices.
    fn note_choice(
        &mut self,
        pointer: String,
        value: &Value,
        choices: impl Iterator<Item = &'static str>,
    ) {
        let code = if matches!(value, Value::Text(_)) {
            Code::NotAChoice
        } else {
            Code::Type
        };
        let message = ["this must be one of ", &list(choices)].concat();
        self.note(pointer, code, message);
    }

    /// Takes the number of something at the vendor: a whole number from 1 to [`MAX_ID`].
    pub fn id(&mut self, name: &'static str, presence: Presence) -> Option<u64> {
        let value = self.take(name);
        match (value, presence) {
            (None, Presence::Optional | Presence::Refused(_)) => None,
            (None, Presence::Required(when)) => {
                self.note_at(name, Code::Required, when);
                None
            }
            (Some(_), Presence::Refused(why)) => {
                self.note_at(name, Code::NotCombinable, why);
                None
            }
            (Some(value), Presence::Optional | Presence::Required(_)) => {
                let id = id(&value);
                if id.is_none() {
                    let is_whole = value.as_f64().is_some_and(is_whole);
                    let code = if is_whole {
                        Code::OutOfRange
                    } else {
                        Code::Type
                    };
                    self.note_at(
                        name,
                        code,
                        [
                            "this must be a whole number from 1 to ",
                            &MAX_ID.to_string(),
                        ]
                        .concat(),
                    );
                }
                id
            }
        }
    }

    /// The members that nobody took are reported together, and not by name: a name is what a person typed, perhaps a secret in the wrong place.
    fn refuse_unread(&mut self) {
        if let Some(unread) = self.unread() {
            let known = list(self.asked.iter().copied());
            let message = [
                "the document has ",
                unread,
                " that this form does not: it takes only ",
                &known,
            ];
            self.note("", Code::Unknown, message.concat());
        }
    }

    fn unread(&self) -> Option<&'static str> {
        let mut names = self
            .members
            .names()
            .filter(|name| !self.asked.contains(name));
        let first = names.next()?;
        let is_one = names.all(|name| name == first);
        Some(if is_one { "a member" } else { "members" })
    }

    fn finish<T>(self, value: Option<T>) -> Result<T, Error> {
        match value {
            Some(value) if self.issues.is_empty() => Ok(value),
            _ => Err(Error::InvalidCredential(self.issues)),
        }
    }
}

/// Reads a number from 1 to [`MAX_ID`], as JSON Schema does: `42.0` is an integer.
pub fn id(value: &Value) -> Option<u64> {
    let id = match *value {
        Value::Whole(number) => number,
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a float cast saturates, and the range is exact in both types"
        )]
        Value::Float(number) if is_whole(number) => number as u64,
        _ => return None,
    };
    (1..=MAX_ID).contains(&id).then_some(id)
}

fn at_most(problem: &str, max: usize, unit: &str) -> String {
    [problem, ": at most ", &max.to_string(), " ", unit].concat()
}

/// Whether a finite number has no fraction. Beyond 2⁵³ none has.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "below 2⁵³ the casts lose the fraction and nothing else"
)]
fn is_whole(number: f64) -> bool {
    number.abs() > MAX_ID as f64 || (number as i64) as f64 == number
}

/// Names the choices: `a, b or c`.
fn list(words: impl Iterator<Item = &'static str>) -> String {
    let mut words: Vec<_> = words.collect();
    match words.pop() {
        Some(last) if words.is_empty() => last.into(),
        Some(last) => [&words.join(", "), " or ", last].concat(),
        None => "nothing".into(),
    }
}
