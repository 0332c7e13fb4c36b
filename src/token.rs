//! The token reply of RFC 6749 §5.1 (<https://www.rfc-editor.org/rfc/rfc6749#section-5.1>), read strictly where a mistake would be dangerous,
//! leniently elsewhere. What a vendor adds to it is read in `vendors/`.

use alloc::string::String;
use alloc::vec::Vec;

use crate::error::Error;
use crate::json::{self, Value};
use crate::reply::Members;
use crate::secret::Secret;

/// Used when the vendor names no lifetime. Both vendors document one hour.
const DEFAULT_LIFETIME_SECS: u64 = 3600;
/// A shorter life would make a host ask without pause; if the token really ends sooner, an API answer says so.
const MIN_LIFETIME_SECS: u64 = 60;
/// A longer life is not believed: a host that trusts it would notice a revoked key too late.
const MAX_LIFETIME_SECS: u64 = 24 * 60 * 60;
/// Servers accept some 8 to 16 KiB of header.
const MAX_TOKEN_BYTES: usize = 16 * 1024;
/// A scope is a word; the longest known has 14 letters.
const MAX_SCOPE_BYTES: usize = 256;

/// What every token reply holds.
#[derive(Debug)]
pub struct Token {
    /// Safe in a header.
    pub access_token: Secret,
    /// From one minute to one day.
    pub lifetime_secs: u64,
    /// The scopes granted, if the reply names them.
    pub scopes: Option<Vec<String>>,
}

/// Takes the token out of a reply.
pub fn read(members: &mut Members) -> Result<Token, Error> {
    let access_token = members
        .take_text("access_token")?
        .map(Secret::new)
        .filter(|token| is_bearer_token(token.expose()))
        .ok_or_else(|| members.unintelligible("access_token"))?;
    // §7.1: a client must not use a token of a type that it does not know.
    if !members
        .take_text("token_type")?
        .is_some_and(|kind| kind.eq_ignore_ascii_case("bearer"))
    {
        return Err(members.unintelligible("token_type"));
    }
    let lifetime_secs = match members.take("expires_in") {
        None => DEFAULT_LIFETIME_SECS,
        Some(value) => lifetime_secs(&value).ok_or_else(|| members.unintelligible("expires_in"))?,
    };
    // An empty value is an omitted one (§3.1).
    let scopes = match members
        .take_text("scope")?
        .filter(|text| !text.trim().is_empty())
    {
        None => None,
        Some(text) => Some(scopes(&text).ok_or_else(|| members.unintelligible("scope"))?),
    };
    Ok(Token {
        access_token,
        lifetime_secs,
        scopes,
    })
}

/// Whether `text` has the syntax of RFC 6750 §2.1 (`b64token`), which no header can be broken out of.
fn is_bearer_token(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    text.len() <= MAX_TOKEN_BYTES
        && !body.is_empty()
        && body
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}

/// Reads a lifetime given as a number, or as text that is a number, and brings it within what is believed.
fn lifetime_secs(value: &Value) -> Option<u64> {
    let secs = match value {
        Value::Text(text) => json::read(text.as_bytes()).ok()?.as_f64(),
        value => value.as_f64(),
    }?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float cast saturates, and the clamp follows"
    )]
    let secs = secs as u64;
    Some(secs.clamp(MIN_LIFETIME_SECS, MAX_LIFETIME_SECS))
}

/// Splits a space-delimited list of scopes (RFC 6749 §3.3).
pub fn scopes(text: &str) -> Option<Vec<String>> {
    let is_scope = |scope: &str| {
        scope.len() <= MAX_SCOPE_BYTES
            && scope
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
    };
    text.split(' ')
        .filter(|scope| !scope.is_empty())
        .map(|scope| is_scope(scope).then(|| scope.into()))
        .collect()
}
