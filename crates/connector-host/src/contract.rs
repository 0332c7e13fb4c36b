//! The contract's rules as checks. Values from a plugin pass them, because a plugin may be broken
//! or hostile. The data types are in `types.rs`.
//!
//! A value that could mislead the caller is rejected, and the error names its field. A value that
//! is merely excessive (a wait of a year, a long list of issues, a vendor's odd name) is cut to its
//! bounds, because the rest of it is useful.

pub(crate) mod authorization;
pub(crate) mod bindings;
pub(crate) mod conversions;
pub(crate) mod description;
mod displayable;
pub(crate) mod excess;
pub(crate) mod schema;

pub(crate) use displayable::displayable;

use crate::error::PluginError;

/// Ids, codes and names of fields.
const MAX_NAME_BYTES: usize = 64;
/// Names of vendors and choices; vendors allow at most 200 characters.
pub(crate) const MAX_TITLE_CHARS: usize = 200;
/// Sentences for people.
pub(crate) const MAX_TEXT_CHARS: usize = 1000;
/// A longer URL is a mistake.
const MAX_URL_BYTES: usize = 2048;
/// The limit of `access-token` and `state` in the contract: servers accept some 8 to 16 KiB of
/// header section.
const MAX_SECRET_BYTES: usize = 16 << 10;
/// Ids of accounts, projects and tenants.
const MAX_ACCOUNT_CHARS: usize = 256;
/// Vendors use numbers, dates or a few hundred characters.
const MAX_CURSOR_BYTES: usize = 4096;
/// Scopes are words; those of vendors are shorter than 40 bytes.
const MAX_SCOPE_BYTES: usize = 256;
/// The deepest pointer into a form is an item of a list.
const MAX_POINTER_BYTES: usize = 256;
/// A person fixes some, and validates again.
pub(crate) const MAX_ISSUES: usize = 1000;
/// From one second to one day, as in the contract.
const WAIT_SECS: std::ops::RangeInclusive<u32> = 1..=86_400;

/// The string if it `is_valid`, else an error that names the field.
pub(crate) fn text(
    text: String,
    field: &'static str,
    is_valid: impl FnOnce(&str) -> bool,
) -> Result<String, PluginError> {
    require(is_valid(&text), field)?;
    Ok(text)
}

/// An error that names the field, unless the rule holds.
pub(crate) fn require(holds: bool, field: &'static str) -> Result<(), PluginError> {
    if holds {
        Ok(())
    } else {
        Err(PluginError::Contract(field))
    }
}

/// Lower-case ASCII letters, digits and `-`.
pub(crate) fn is_id(text: &str) -> bool {
    is_name(text, |byte| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
    })
}

/// The code of a problem: lower-case words.
pub(crate) fn is_code(text: &str) -> bool {
    is_name(text, |byte| byte.is_ascii_lowercase() || byte == b'-')
}

/// A vendor's own code: `[A-Za-z0-9_.:-]{1,64}`.
pub(crate) fn is_vendor_code(text: &str) -> bool {
    is_name(text, |byte| {
        byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte)
    })
}

/// A part of a response: `status`, `body`, or the name of a field.
pub(crate) fn is_field(text: &str) -> bool {
    is_name(text, |byte| {
        byte.is_ascii_alphanumeric() || b"_.-".contains(&byte)
    })
}

fn is_name(text: &str, is_allowed: impl Fn(u8) -> bool) -> bool {
    (1..=MAX_NAME_BYTES).contains(&text.len()) && text.bytes().all(is_allowed)
}

/// The id of an account, as the vendor writes it.
pub(crate) fn is_account(text: &str) -> bool {
    is_plain(text, MAX_ACCOUNT_CHARS)
}

/// A sentence for a person, or for the plugin's author.
pub(crate) fn is_sentence(text: &str) -> bool {
    is_plain(text, MAX_TEXT_CHARS)
}

/// One line of visible text.
fn is_plain(text: &str, limit_chars: usize) -> bool {
    !text.trim().is_empty()
        && text.chars().take(limit_chars + 1).count() <= limit_chars
        && !text.contains(char::is_control)
}

/// RFC 6901 §3, limited to ASCII as the names of a form are.
pub(crate) fn is_pointer(text: &str) -> bool {
    let escapes_end = |part: &str| part.starts_with(['0', '1']);
    text.len() <= MAX_POINTER_BYTES
        && (text.is_empty() || text.starts_with('/'))
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && text.split('~').skip(1).all(escapes_end)
}

/// RFC 6749 §3.3.
pub(crate) fn is_scope(text: &str) -> bool {
    (1..=MAX_SCOPE_BYTES).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
}

/// Printable ASCII, which cannot end a header field.
pub(crate) fn is_token(text: &str) -> bool {
    is_state(text) && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// A secret of the plugin's own.
pub(crate) fn is_state(text: &str) -> bool {
    (1..=MAX_SECRET_BYTES).contains(&text.len())
}

/// A place in a list of pages.
pub(crate) fn is_cursor(text: &str) -> bool {
    (1..=MAX_CURSOR_BYTES).contains(&text.len())
}

/// A pointer to a field, and not to the whole document.
pub(crate) fn is_field_pointer(text: &str) -> bool {
    !text.is_empty() && is_pointer(text)
}

/// An `https` URL that a person can open: with a host, without userinfo.
pub(crate) fn is_page(text: &str) -> bool {
    is_https(text).is_some_and(|uri| {
        let host = uri.authority().map(http::uri::Authority::as_str);
        host.is_some_and(|host| !host.is_empty() && !host.contains('@'))
    })
}

/// The base URL of API calls if paths can be appended to it: no trailing slash, no query, no
/// fragment, no dot segments.
pub(crate) fn base_url(text: &str) -> Option<http::Uri> {
    let path = text.strip_prefix("https://")?;
    let can_be_prefix = !path.ends_with('/')
        && !path.contains(['?', '#', '\\', '%'])
        && path
            .split('/')
            .skip(1)
            .all(|part| part.bytes().any(|byte| byte != b'.'));
    is_https(text).filter(|_| can_be_prefix)
}

fn is_https(text: &str) -> Option<http::Uri> {
    if text.len() > MAX_URL_BYTES || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let uri: http::Uri = text.parse().ok()?;
    (uri.scheme() == Some(&http::uri::Scheme::HTTPS)).then_some(uri)
}

/// Three digits, as in a status line; HTTP itself defines none above 599 (RFC 9110 §15).
pub(crate) fn status(status: u16) -> Result<u16, PluginError> {
    require((100..=999).contains(&status), "status")?;
    Ok(status)
}

/// A wait, clamped to the contract's range: the wish to wait is useful even with an odd value.
pub(crate) fn wait(seconds: Option<u32>) -> Option<u32> {
    seconds.map(|seconds| seconds.clamp(*WAIT_SECS.start(), *WAIT_SECS.end()))
}

#[cfg(test)]
mod tests;
