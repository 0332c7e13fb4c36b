//! Values that the conversions cut to their bounds. To a platform the rest is useful, and to the
//! check of a plugin each is a breach.

use crate::contract::bindings::exports::integration::connector::types as wit;
use crate::contract::{MAX_ISSUES, MAX_TITLE_CHARS, WAIT_SECS, displayable, require};
use crate::error::PluginError;

/// A breach if the error has a wait outside its range, or too many issues.
pub(crate) fn of_error(error: &wit::Error) -> Result<(), PluginError> {
    match error {
        wit::Error::Throttled(seconds) | wit::Error::Unavailable(seconds) => of_wait(*seconds),
        wit::Error::InvalidCredential(issues) => {
            require(issues.len() <= MAX_ISSUES, "invalid-credential")
        }
        _ => Ok(()),
    }
}

/// A breach if the verdict has a wait outside its range.
pub(crate) fn of_verdict(verdict: &wit::Verdict) -> Result<(), PluginError> {
    match verdict {
        wit::Verdict::Throttled(seconds) | wit::Verdict::Unavailable(seconds) => of_wait(*seconds),
        _ => Ok(()),
    }
}

/// A breach if a name for people has characters that cannot be seen, or is empty or too long.
pub(crate) fn of_access(access: &wit::Access) -> Result<(), PluginError> {
    let is_clean = |text: &str| !text.is_empty() && displayable(text, MAX_TITLE_CHARS) == text;
    let identity = access.identity.as_deref();
    require(identity.is_none_or(is_clean), "identity")?;
    let mut choices = access.fields.iter().flat_map(|field| &field.choices);
    require(choices.all(|choice| is_clean(&choice.title)), "title")
}

fn of_wait(seconds: Option<u32>) -> Result<(), PluginError> {
    let is_within = seconds.is_none_or(|seconds| WAIT_SECS.contains(&seconds));
    require(is_within, "seconds")
}
