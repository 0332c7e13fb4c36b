//! Reading a credential document: every problem is noted, in the order of the form, and what is returned needs no further check.
//! Which members a vendor's form has is in `vendors/`; what it looks like, in the schema beside.

use serde_json::{Map, Value};

use crate::error::{Code, Error, Issue};
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
    let mut form = Form::parse(document).map_err(|issue| Error::InvalidCredential(vec![issue]))?;
    let value = read(&mut form);
    form.refuse_unread();
    form.finish(value)
}

/// As [`read()`], but what `read` did not ask for is ignored.
pub fn read_part<T>(document: &str, read: impl FnOnce(&mut Form) -> Option<T>) -> Result<T, Error> {
    let mut form = Form::parse(document).map_err(|issue| Error::InvalidCredential(vec![issue]))?;
    let value = read(&mut form);
    form.finish(value)
}

/// Whether a member has to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It may be missing.
    Optional,
    /// It must be there; the text says when, to go on after "is required".
    Required(&'static str),
    /// It must not be there; the text is the sentence that says why.
    Refused(&'static str),
}

/// A document while it is read: members are taken out of it, problems are noted.
pub struct Form {
    members: Map<String, Value>,
    asked: Vec<&'static str>,
    issues: Vec<Issue>,
}

impl Form {
    fn parse(document: &str) -> Result<Self, Issue> {
        if document.len() > MAX_DOCUMENT_BYTES {
            let message = format!("the document is too long: at most {MAX_DOCUMENT_BYTES} bytes");
            return Err(Issue {
                pointer: String::new(),
                code: Code::TooLong,
                message,
            });
        }
        match serde_json::from_slice(document.as_bytes()) {
            Ok(Value::Object(members)) => Ok(Self {
                members,
                asked: Vec::new(),
                issues: Vec::new(),
            }),
            Ok(_) => {
                let message = "the credential document must be a JSON object".into();
                Err(Issue {
                    pointer: String::new(),
                    code: Code::Type,
                    message,
                })
            }
            Err(error) => {
                let message = format!(
                    "this is not JSON: see line {}, column {}",
                    error.line(),
                    error.column()
                );
                Err(Issue {
                    pointer: String::new(),
                    code: Code::Json,
                    message,
                })
            }
        }
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
        self.note(format!("/{name}"), code, message);
    }

    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.asked.push(name);
        self.members.get_mut(name).map(Value::take)
    }

    fn take_required(&mut self, name: &'static str) -> Option<Value> {
        let value = self.take(name);
        if value.is_none() {
            self.note_at(name, Code::Required, format!("{name} is required"));
        }
        value
    }

    /// Takes a required text, without the blanks around it. Any character is the vendor's business, except control characters:
    /// they come from a slip while pasting.
    pub fn text(&mut self, name: &'static str) -> Option<Secret> {
        let Value::String(text) = self.take_required(name)? else {
            self.note_at(name, Code::Type, format!("{name} must be text"));
            return None;
        };
        let text = Secret::new(text);
        let trimmed = text.expose().trim_matches(BLANKS);
        let (code, message) = if text.expose().chars().count() > MAX_TEXT_CHARS {
            (
                Code::TooLong,
                format!("{name} is too long: at most {MAX_TEXT_CHARS} characters"),
            )
        } else if trimmed.is_empty() {
            (Code::Blank, format!("{name} must not be blank"))
        } else if trimmed.contains(char::is_control) {
            (
                Code::ControlCharacter,
                format!("{name} must not contain a line break or another control character"),
            )
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
        let chosen = self.chosen(
            &format!("/{name}"),
            name,
            &value,
            choices.iter().map(|(word, _)| *word),
        )?;
        choices
            .iter()
            .find(|(word, _)| *word == chosen)
            .map(|(_, meaning)| *meaning)
    }

    /// Takes a required list of different choices, at least one. Returns those that are good, so that what depends on them can be checked
    /// even where another one is not.
    pub fn choices(
        &mut self,
        name: &'static str,
        choices: &[&'static str],
    ) -> Option<Vec<&'static str>> {
        let Value::Array(values) = self.take_required(name)? else {
            self.note_at(name, Code::Type, format!("{name} must be a list"));
            return None;
        };
        if values.is_empty() {
            self.note_at(
                name,
                Code::TooFew,
                format!("{name} must have at least one entry"),
            );
        }
        let mut chosen = Vec::new();
        for (index, value) in values.iter().enumerate() {
            let pointer = format!("/{name}/{index}");
            match self.chosen(&pointer, name, value, choices.iter().copied()) {
                Some(word) if chosen.contains(&word) => {
                    self.note(
                        pointer,
                        Code::Duplicate,
                        format!("{name} must not have the same entry twice"),
                    );
                }
                Some(word) => chosen.push(word),
                None => {}
            }
        }
        Some(chosen)
    }

    fn chosen(
        &mut self,
        pointer: &str,
        name: &str,
        value: &Value,
        choices: impl Iterator<Item = &'static str> + Clone,
    ) -> Option<&'static str> {
        let chosen = choices.clone().find(|word| value == word);
        if chosen.is_none() {
            let code = if value.is_string() {
                Code::NotAChoice
            } else {
                Code::Type
            };
            self.note(
                pointer,
                code,
                format!("{name} takes only {}", list(choices)),
            );
        }
        chosen
    }

    /// Takes the number of something at the vendor: a whole number from 1 to [`MAX_ID`].
    pub fn id(&mut self, name: &'static str, presence: Presence) -> Option<u64> {
        let value = self.take(name);
        match (value, presence) {
            (None, Presence::Optional | Presence::Refused(_)) => None,
            (None, Presence::Required(when)) => {
                self.note_at(name, Code::Required, format!("{name} is required {when}"));
                None
            }
            (Some(_), Presence::Refused(why)) => {
                self.note_at(name, Code::NotCombinable, why);
                None
            }
            (Some(value), Presence::Optional | Presence::Required(_)) => {
                let whole = whole_number(&value);
                let id = whole
                    .and_then(|number| number)
                    .filter(|id| (1..=MAX_ID).contains(id));
                if id.is_none() {
                    let code = if whole.is_some() {
                        Code::OutOfRange
                    } else {
                        Code::Type
                    };
                    self.note_at(
                        name,
                        code,
                        format!("{name} must be a whole number from 1 to {MAX_ID}"),
                    );
                }
                id
            }
        }
    }

    /// The members that nobody took are reported together, and not by name: a name is what a person typed, perhaps a secret in the wrong place.
    fn refuse_unread(&mut self) {
        let is_unread = |name: &&String| !self.asked.contains(&name.as_str());
        let count = self.members.keys().filter(is_unread).count();
        if count > 0 {
            let members = if count == 1 { "a member" } else { "members" };
            let known = list(self.asked.iter().copied());
            self.note(
                "",
                Code::Unknown,
                format!(
                    "the document has {members} that this form does not: it takes only {known}"
                ),
            );
        }
    }

    fn finish<T>(self, value: Option<T>) -> Result<T, Error> {
        match value {
            Some(value) if self.issues.is_empty() => Ok(value),
            _ => Err(Error::InvalidCredential(self.issues)),
        }
    }
}

/// Reads a number as JSON Schema does: `42.0` is an integer. `None` is no whole number, `Some(None)` one that fits nowhere.
#[expect(clippy::option_option, reason = "two different problems for a person")]
fn whole_number(value: &Value) -> Option<Option<u64>> {
    let number = value.as_number()?;
    if number.is_u64() || number.is_i64() {
        return Some(number.as_u64());
    }
    let float = number.as_f64().filter(|float| float.fract() == 0.0)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float cast saturates, and out of range is out of range"
    )]
    Some(Some(float as u64))
}

/// Names the choices: `a, b or c`.
fn list(words: impl Iterator<Item = &'static str>) -> String {
    let mut words: Vec<_> = words.collect();
    match words.pop() {
        Some(last) if words.is_empty() => last.into(),
        Some(last) => format!("{} or {last}", words.join(", ")),
        None => "nothing".into(),
    }
}
