//! Puts a question to a person and reads the answer. The prompts are on standard error, so that standard output stays JSON.

use std::fmt;

use inquire::validator::{StringValidator, Validation};
use inquire::{
    Confirm, CustomUserError, InquireError, MultiSelect, Password, PasswordDisplayMode, Select,
    Text,
};
use serde_json::{Value, json};

use super::question::{Choice, Kind, Offer, Question};
use crate::failure::{Failure, plain};
use crate::store::{self, Store};

/// What is listed at once.
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
struct Line<'a> {
    choice: Option<&'a Choice>,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.choice {
            Some(choice) => f.write_str(&plain(&choice.title)),
            None => f.write_str("(none)"),
        }
    }
}

/// Asks one question of the form; `None` when the field is left out.
pub(super) fn answer(
    question: &Question,
    offer: &Offer,
    needed: bool,
) -> Result<Option<Value>, Failure> {
    let title = plain(&question.title);
    let prompt = if needed {
        format!("{title}:")
    } else {
        format!("{title} (may be left out):")
    };
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
        _ if !offer.choices.is_empty() => one(&prompt, &help, offer, needed),
        Kind::Integer(_) => {
            let typed = text(&prompt, &help, offer, needed, whole_number)?;
            Ok(typed
                .and_then(|number| number.parse::<i64>().ok())
                .map(Value::from))
        }
        Kind::Several(_) => {
            let help = format!("{help} Several are separated by commas.");
            let typed = text(&prompt, &help, offer, needed, anything)?;
            let list = |text: String| text.split(',').map(|part| json!(part.trim())).collect();
            Ok(typed.map(list))
        }
        Kind::Text | Kind::One(_) => {
            let typed = text(&prompt, &help, offer, needed, anything)?;
            Ok(typed.map(Value::from))
        }
    }
}

/// A name that is free.
pub(super) fn name(store: &Store) -> Result<String, Failure> {
    let mut problem = None;
    loop {
        if let Some(problem) = problem.take() {
            crate::output::say(problem);
        }
        let prompt = Text::new("Credential name:")
            .with_help_message("How you will find it again, such as the customer and the purpose.")
            .with_validator(needed);
        let name = prompt.prompt()?;
        // Now, and not when all else has been typed.
        if !store::is_name(&name) {
            problem = Some("that name is too long, or has a control character: choose another");
            continue;
        }
        match store.find(&name)? {
            None => return Ok(name),
            Some(_) => problem = Some("that name is taken: choose another"),
        }
    }
}

/// Why the credential is there, if the person cares to say.
pub(super) fn description() -> Result<Option<String>, Failure> {
    let help =
        "May be left out. Tells those after you what uses it, and whether it may be removed.";
    let text = Text::new("Credential description:")
        .with_help_message(help)
        .prompt()?;
    Ok(Some(text).filter(|text| !text.trim().is_empty()))
}

/// Asks for yes or no.
pub(crate) fn confirm(prompt: &str, default: bool) -> Result<bool, Failure> {
    Ok(Confirm::new(prompt).with_default(default).prompt()?)
}

fn secret(prompt: &str, help: &str, required: bool) -> Result<Option<Value>, Failure> {
    let mut ask = Password::new(prompt)
        .with_display_mode(PasswordDisplayMode::Masked)
        .without_confirmation();
    if !help.is_empty() {
        ask = ask.with_help_message(help);
    }
    if required {
        ask = ask.with_validator(needed);
    }
    Ok(Some(ask.prompt()?)
        .filter(|text| !text.is_empty())
        .map(Value::from))
}

fn text<V: StringValidator + 'static>(
    prompt: &str,
    help: &str,
    offer: &Offer,
    required: bool,
    valid: V,
) -> Result<Option<String>, Failure> {
    let before = offer.chosen.first().map(|value| match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    });
    let before = before.as_deref().map(plain).unwrap_or_default();
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

fn one(prompt: &str, help: &str, offer: &Offer, required: bool) -> Result<Option<Value>, Failure> {
    let none = (!required).then_some(Line { choice: None });
    let choices = offer.choices.iter().map(|choice| Line {
        choice: Some(choice),
    });
    let lines: Vec<_> = none.into_iter().chain(choices).collect();
    let chosen = |line: &Line<'_>| line.choice.is_some_and(|c| offer.chosen.contains(&c.value));
    let start = lines.iter().position(chosen).unwrap_or(0);
    let mut ask = Select::new(prompt, lines)
        .with_starting_cursor(start)
        .with_page_size(PAGE_LINES);
    if !help.is_empty() {
        ask = ask.with_help_message(help);
    }
    Ok(ask.prompt()?.choice.map(|choice| choice.value.clone()))
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
    let lines: Vec<_> = offer
        .choices
        .iter()
        .map(|choice| Line {
            choice: Some(choice),
        })
        .collect();
    let help = format!("{help} Space chooses, Enter goes on.");
    let ask = MultiSelect::new(prompt, lines)
        .with_default(&default)
        .with_page_size(PAGE_LINES)
        .with_help_message(help.trim());
    let lines = ask.prompt()?;
    Ok(lines
        .iter()
        .filter_map(|line| line.choice)
        .map(|choice| choice.value.clone())
        .collect())
}

type Checked = Result<Validation, CustomUserError>;

#[expect(clippy::unnecessary_wraps, reason = "the signature is the library's")]
fn anything(_: &str) -> Checked {
    Ok(Validation::Valid)
}

#[expect(clippy::unnecessary_wraps, reason = "the signature is the library's")]
fn needed(text: &str) -> Checked {
    Ok(if text.trim().is_empty() {
        Validation::Invalid("this is needed".into())
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
        Validation::Invalid("this must be a whole number".into())
    })
}
