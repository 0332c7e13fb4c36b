//! The passphrase of an export: from a file, the environment or a person. Never an argument,
//! because every process of the machine can read arguments.

use std::env;

use connector_host::Secret;
use inquire::validator::Validation;
use inquire::{Password, PasswordDisplayMode};

use crate::failure::Failure;
use crate::input::Input;
use crate::terminal::Terminal;

/// Holds the passphrase.
const VARIABLE: &str = "CONNECTOR_PASSPHRASE";

/// A file that leaves the machine can be attacked at leisure; shorter ones are guessed.
const MIN_CHARACTERS: usize = 12;

const TOO_SHORT: &str = "has fewer than 12 characters; use a longer one, such as five random words";

/// The passphrase of a new file. A person types it twice.
pub(super) fn new(file: Option<&Input>) -> Result<Secret, Failure> {
    if let Some((source, passphrase)) = given(file)? {
        if is_too_short(passphrase.expose()) {
            return Err(Failure::Input(format!(
                "the passphrase {source} {TOO_SHORT}"
            )));
        }
        return Ok(passphrase);
    }
    let long_enough = |text: &str| {
        Ok(if is_too_short(text) {
            Validation::Invalid(format!("it {TOO_SHORT}").into())
        } else {
            Validation::Valid
        })
    };
    ask(|ask| {
        ask.with_help_message("It is needed to import the file, and cannot be recovered.")
            .with_custom_confirmation_message("Passphrase again:")
            .with_custom_confirmation_error_message("the two differ; type it twice")
            .with_validator(long_enough)
    })
}

/// The passphrase of a file.
pub(super) fn existing(file: Option<&Input>) -> Result<Secret, Failure> {
    match given(file)? {
        Some((_, passphrase)) => Ok(passphrase),
        None => ask(Password::without_confirmation),
    }
}

fn is_too_short(passphrase: &str) -> bool {
    passphrase.chars().count() < MIN_CHARACTERS
}

/// The passphrase of a file, else of the environment, with its source.
fn given(file: Option<&Input>) -> Result<Option<(String, Secret)>, Failure> {
    if let Some(file) = file {
        let text = file.text()?;
        let line = text.strip_suffix('\n').unwrap_or(&text);
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.contains(['\n', '\r']) {
            return Err(file.failure("has more than one line; a passphrase is one line"));
        }
        return Ok(Some((format!("of {file}"), Secret::new(line))));
    }
    let Some(value) = env::var_os(VARIABLE).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let value = value.into_string();
    let value = value.map_err(|_| Failure::Input(format!("{VARIABLE} is not UTF-8")))?;
    Ok(Some((format!("of {VARIABLE}"), Secret::new(value))))
}

fn ask<'a>(with: impl FnOnce(Password<'a>) -> Password<'a>) -> Result<Secret, Failure> {
    let _terminal = Terminal::open(
        "the passphrase is asked for on a terminal; elsewhere use --passphrase-file FILE, or set \
         CONNECTOR_PASSPHRASE",
    )?;
    let ask = Password::new("Passphrase:").with_display_mode(PasswordDisplayMode::Masked);
    Ok(Secret::new(with(ask).prompt()?))
}
