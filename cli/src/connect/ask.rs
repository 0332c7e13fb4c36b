//! Asks a person a question and reads the answer. The prompts are on standard error, so that
//! standard output stays JSON.

use std::fmt;

use inquire::validator::{StringValidator, Validation};
use inquire::{
    Confirm, CustomUserError, InquireError, MultiSelect, Password, PasswordDisplayMode, Select,
    Text,
};
use serde_json::{Value, json};

use super::question::{Choice, Kind, Offer, Question, shown};
use crate::failure::{Failure, plain};
use crate::store::{self, Store};
use crate::terminal;

/// The lines of a list that are shown at a time.
const PAGE_LINES: usize = 12;

impl From<InquireError> for Failure {
    fn from(error: InquireError) -> Self {
        match error {
            InquireError::OperationCanceled | InquireError::OperationInterrupted => Self::Cancelled,
            InquireError::IO(error) if error.kind() == std::io::ErrorKind::Interrupted => {
                Self::Cancelled
            }
            error => Self::setup("ask on the terminal", error),
        }
    }
}

/// One line of a list.
enum Line<'a> {
    Choice(&'a Choice),
    /// Leaves the field out.
    None,
    /// Asks for another value.
    Other,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Choice(choice) => f.write_str(&plain(&choice.title)),
            Self::None => f.write_str("(none)"),
            Self::Other => f.write_str("(type another value)"),
        }
    }
}

/// Whether an answer is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// The field needs a value.
    Needed,
    /// Without an answer, the field is left out.
    Optional,
    /// Without an answer, the field keeps its value.
    Keeps,
}

/// Asks one question of the form; `None` is no answer.
pub(super) fn answer(
    question: &Question,
    offer: &Offer,
    need: Need,
) -> Result<Option<Value>, Failure> {
    let title = plain(&question.title);
    let prompt = match need {
        Need::Needed => format!("{title}:"),
        Need::Optional => format!("{title} (optional):"),
        Need::Keeps => format!("{title} (Enter keeps it):"),
    };
    let needed = need == Need::Needed;
    let help = plain(&question.help);
    match &question.kind {
        Kind::Several(_) if !offer.choices.is_empty() => several(&prompt, &help, offer).map(Some),
        Kind::Secret => secret(&prompt, &help, needed),
        Kind::Flag => {
            let chosen = offer.chosen.first() == Some(&Value::Bool(true));
            let flag = Confirm::new(&prompt)
                .with_default(chosen)
                .with_help_message(&help);
            Ok(Some(json!(flag.prompt()?)))
        }
        _ if !offer.choices.is_empty() => match one(&prompt, &help, offer, needed)? {
            Selected::Value(value) => Ok(value),
            Selected::Other => typed(question, &prompt, &help, offer, needed),
        },
        _ => typed(question, &prompt, &help, offer, needed),
    }
}

/// Asks for a value that is typed.
fn typed(
    question: &Question,
    prompt: &str,
    help: &str,
    offer: &Offer,
    needed: bool,
) -> Result<Option<Value>, Failure> {
    match &question.kind {
        Kind::Integer(_) => {
            let typed = text(prompt, help, offer, needed, whole_number)?;
            Ok(typed
                .and_then(|number| number.parse::<i64>().ok())
                .map(Value::from))
        }
        Kind::Several(_) => {
            let help = format!("{help} Several are separated by commas.");
            let typed = text(prompt, &help, offer, needed, anything)?;
            let list = |text: String| text.split(',').map(|item| json!(item.trim())).collect();
            Ok(typed.map(list))
        }
        Kind::Text | Kind::One(_) | Kind::Flag | Kind::Secret => {
            let typed = text(prompt, help, offer, needed, anything)?;
            Ok(typed.map(Value::from))
        }
    }
}

/// Asks for a name that is free.
pub(super) fn name(store: &Store) -> Result<String, Failure> {
    let mut problem = None;
    loop {
        if let Some(problem) = problem.take() {
            crate::output::say(problem);
        }
        let prompt = Text::new("Credential name:")
            .with_help_message("A name to find it by, such as the customer and the purpose.")
            .with_validator(needed);
        let name = prompt.prompt()?;
        // Checked now, before everything else is typed.
        if !store::is_name(&name) {
            problem = Some("that name is too long or has a control character; choose another");
            continue;
        }
        match store.find(&name)? {
            None => return Ok(name),
            Some(_) => problem = Some("that name is taken; choose another"),
        }
    }
}

/// The purpose of the credential, if the person names one.
pub(super) fn description() -> Result<Option<String>, Failure> {
    let help =
        "Optional. Its purpose and its owner, so that others know whether it is still needed.";
    let text = Text::new("Credential description:")
        .with_help_message(help)
        .prompt()?;
    Ok(Some(text).filter(|text| !text.trim().is_empty()))
}

fn secret(prompt: &str, help: &str, required: bool) -> Result<Option<Value>, Failure> {
    loop {
        let mut ask = Password::new(prompt)
            .with_display_mode(PasswordDisplayMode::Masked)
            .without_confirmation();
        if !help.is_empty() {
            ask = ask.with_help_message(help);
        }
        if required {
            ask = ask.with_validator(needed);
        }
        let secret = ask.prompt()?;
        if !terminal::discard_rest_of_paste() {
            return Ok(Some(secret)
                .filter(|text| !text.is_empty())
                .map(Value::from));
        }
        crate::output::say("this contains a line break; remove it and paste the value again");
    }
}

fn text<V: StringValidator + 'static>(
    prompt: &str,
    help: &str,
    offer: &Offer,
    required: bool,
    valid: V,
) -> Result<Option<String>, Failure> {
    let before = offer.chosen.iter().map(shown).collect::<Vec<_>>();
    let before = plain(&before.join(", "));
    let mut ask = Text::new(prompt)
        .with_initial_value(&before)
        .with_validator(valid);
    if !help.is_empty() {
        ask = ask.with_help_message(help);
    }
    if required {
        ask = ask.with_validator(needed);
    }
    Ok(Some(ask.prompt()?)
        .filter(|text| !text.trim().is_empty())
        .map(|text| text.trim().to_owned()))
}

/// The line that a person selected.
enum Selected {
    Value(Option<Value>),
    Other,
}

fn one(prompt: &str, help: &str, offer: &Offer, required: bool) -> Result<Selected, Failure> {
    let none = (!required).then_some(Line::None);
    let other = offer.open.then_some(Line::Other);
    let choices = offer.choices.iter().map(Line::Choice);
    let lines: Vec<_> = none.into_iter().chain(choices).chain(other).collect();
    let position = |wanted: &dyn Fn(&Choice) -> bool| {
        let wanted = |line: &Line<'_>| matches!(line, Line::Choice(choice) if wanted(choice));
        lines.iter().position(wanted)
    };
    let chosen = position(&|choice| offer.chosen.contains(&choice.value));
    // An optional field without a value starts at "(none)".
    let available = required.then(|| position(&|choice| choice.available));
    let start = chosen.or(available.flatten()).unwrap_or(0);
    let mut ask = Select::new(prompt, lines)
        .with_starting_cursor(start)
        .with_page_size(PAGE_LINES);
    if !help.is_empty() {
        ask = ask.with_help_message(help);
    }
    Ok(match ask.prompt()? {
        Line::Choice(choice) => Selected::Value(Some(choice.value.clone())),
        Line::None => Selected::Value(None),
        Line::Other => Selected::Other,
    })
}

fn several(prompt: &str, help: &str, offer: &Offer) -> Result<Value, Failure> {
    let chosen = |(_, choice): &(usize, &Choice)| offer.chosen.contains(&choice.value);
    let default: Vec<_> = offer
        .choices
        .iter()
        .enumerate()
        .filter(chosen)
        .map(|(index, _)| index)
        .collect();
    let lines: Vec<_> = offer.choices.iter().map(Line::Choice).collect();
    let help = format!("{help} Select with Space, continue with Enter.");
    let ask = MultiSelect::new(prompt, lines)
        .with_default(&default)
        .with_page_size(PAGE_LINES)
        .with_help_message(help.trim());
    let lines = ask.prompt()?;
    let value = |line: &Line<'_>| match line {
        Line::Choice(choice) => Some(choice.value.clone()),
        Line::None | Line::Other => None,
    };
    Ok(lines.iter().filter_map(value).collect())
}

type Checked = Result<Validation, CustomUserError>;

#[expect(clippy::unnecessary_wraps, reason = "the signature is the library's")]
fn anything(_: &str) -> Checked {
    Ok(Validation::Valid)
}

#[expect(clippy::unnecessary_wraps, reason = "the signature is the library's")]
fn needed(text: &str) -> Checked {
    Ok(if text.trim().is_empty() {
        Validation::Invalid("required".into())
    } else {
        Validation::Valid
    })
}

#[expect(clippy::unnecessary_wraps, reason = "the signature is the library's")]
fn whole_number(text: &str) -> Checked {
    let text = text.trim();
    Ok(if text.is_empty() || text.parse::<i64>().is_ok() {
        Validation::Valid
    } else {
        Validation::Invalid("enter a whole number".into())
    })
}
