//! The token reply of RFC 6749 §5.1 (<https://www.rfc-editor.org/rfc/rfc6749#section-5.1>), read
//! strictly where a mistake would be dangerous, leniently elsewhere.

use alloc::string::String;
use alloc::vec::Vec;

use crate::error::Error;
use crate::json::{self, Value};
use crate::response::Fields;
use crate::secret::Secret;
use crate::session::Expiry;

/// Servers accept some 8 to 16 KiB of header.
const MAX_TOKEN_BYTES: usize = 16 * 1024;
/// A scope is a word; the longest known has 14 letters.
const MAX_SCOPE_BYTES: usize = 256;
/// More scopes than any vendor has.
const MAX_SCOPES: usize = 256;

/// What a vendor granted.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Token {
    /// The secret that `authorize` puts on a request: printable ASCII without spaces, at most 16
    /// KiB.
    pub access_token: Secret,
    /// When it ends.
    pub expiry: Expiry,
    /// The granted scopes, if the reply names them.
    pub scopes: Option<Vec<String>>,
    /// The account that the token reaches, if the reply names it.
    pub account: Option<String>,
    /// The state to keep for the next request; `None` keeps the state so far.
    pub state: Option<Secret>,
}

impl Token {
    /// A token about which nothing else is known.
    pub fn new(access_token: Secret) -> Self {
        Self {
            access_token,
            expiry: Expiry::Unknown,
            scopes: None,
            account: None,
            state: None,
        }
    }

    /// Reads a token reply of RFC 6749 with a bearer token of RFC 6750.
    ///
    /// A type other than `bearer` and a token that does not fit into a header are errors (RFC 6749
    /// §7.1). Optional fields that cannot be read count as absent.
    pub fn bearer(fields: &mut Fields) -> Result<Self, Error> {
        let access_token = fields
            .take_string("access_token")?
            .map(Secret::new)
            .filter(|token| is_bearer_token(token.expose()))
            .ok_or_else(|| fields.invalid("access_token"))?;
        if !fields
            .take_string("token_type")?
            .is_some_and(|kind| kind.eq_ignore_ascii_case("bearer"))
        {
            return Err(fields.invalid("token_type"));
        }
        let mut token = Self::new(access_token);
        let lifetime = fields.take("expires_in").as_ref().and_then(lifetime_secs);
        token.expiry = lifetime.map_or(Expiry::Unknown, Expiry::After);
        token.scopes = fields.take("scope").and_then(|value| scopes(&value));
        Ok(token)
    }

    /// Reads a token that is no bearer token out of the field `name`: printable ASCII.
    pub fn opaque(fields: &mut Fields, name: &'static str) -> Result<Self, Error> {
        Self::opaque_at(fields, name)
    }

    /// Reads the same at a path of names, such as `data.token`.
    pub fn opaque_at(fields: &mut Fields, name: &'static str) -> Result<Self, Error> {
        let token = match fields.take_at(name) {
            Some(Value::String(token)) => Some(Secret::new(token)),
            _ => None,
        };
        token
            .filter(|token| is_opaque_token(token.expose()))
            .map(Self::new)
            .ok_or_else(|| fields.invalid(name))
    }

    /// Sets when the token ends.
    #[must_use]
    pub fn expiry(mut self, expiry: Expiry) -> Self {
        self.expiry = expiry;
        self
    }

    /// Sets the account that the token reaches.
    #[must_use]
    pub fn account(mut self, account: Option<String>) -> Self {
        self.account = account;
        self
    }

    /// Sets the state to keep.
    #[must_use]
    pub fn state(mut self, state: Option<Secret>) -> Self {
        self.state = state;
        self
    }
}

/// Whether `token` has the syntax of RFC 6750 §2.1 (`b64token`), which cannot break out of a
/// header.
fn is_bearer_token(token: &str) -> bool {
    let body = token.trim_end_matches('=');
    token.len() <= MAX_TOKEN_BYTES
        && !body.is_empty()
        && body
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}

/// Whether `token` is printable ASCII without spaces, which cannot break out of a header either.
pub(crate) fn is_opaque_token(token: &str) -> bool {
    (1..=MAX_TOKEN_BYTES).contains(&token.len())
        && token.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Reads a lifetime given as a number, or as a string that is one. A negative one is over.
pub(crate) fn lifetime_secs(value: &Value) -> Option<u64> {
    let secs = match value {
        Value::String(string) => number(string)?,
        value => value.as_f64()?,
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float cast saturates, and the session's dates are bounded"
    )]
    let secs = secs as u64;
    Some(secs)
}

/// Reads a number as JSON has it, but with zeros in front.
fn number(string: &str) -> Option<f64> {
    let string = string.trim();
    let digits = string.trim_start_matches('0');
    let starts_with_digit = digits.starts_with(|char: char| char.is_ascii_digit());
    if digits.len() < string.len() && !starts_with_digit {
        // One zero is significant, as in `0.5` or `0`.
        return json::parse(["0", digits].concat().as_bytes())
            .ok()?
            .as_f64();
    }
    json::parse(digits.as_bytes()).ok()?.as_f64()
}

/// Reads scopes given as a list separated by spaces (RFC 6749 §3.3) or as a JSON array. `None` when
/// there are none or one of them is no scope.
pub fn scopes(value: &Value) -> Option<Vec<String>> {
    let mut scopes = Vec::new();
    for word in scope_words(value)? {
        scopes.push(scope(word)?);
    }
    (1..=MAX_SCOPES).contains(&scopes.len()).then_some(scopes)
}

/// Reads scopes in the same way, and skips invalid ones: for a list that is shown, such as that of
/// [`Access`](crate::Access). It may be empty. `None` when the value is no list.
pub fn readable_scopes(value: &Value) -> Option<Vec<String>> {
    let mut scopes = Vec::new();
    for word in scope_words(value)?.into_iter().take(MAX_SCOPES) {
        scopes.extend(scope(word));
    }
    Some(scopes)
}

/// The entries of a list of scopes; one that is no string is empty, and so no scope.
fn scope_words(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::String(string) => Some(string.split_ascii_whitespace().collect()),
        Value::Array(items) => {
            let words = items.iter().map(|item| item.as_str().unwrap_or_default());
            Some(words.collect())
        }
        _ => None,
    }
}

fn scope(word: &str) -> Option<String> {
    let is_scope = (1..=MAX_SCOPE_BYTES).contains(&word.len())
        && word
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\');
    is_scope.then(|| word.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(json: &serde_json::Value) -> Value {
        json::parse(json.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn reads_lifetimes_however_they_are_written() {
        for (value, secs) in [
            (json!(3600), Some(3600)),
            (json!(3599.9), Some(3599)),
            (json!(-1), Some(0)),
            (json!(1e300), Some(u64::MAX)),
            (json!("3600"), Some(3600)),
            (json!("03600"), Some(3600)),
            (json!("000"), Some(0)),
            (json!("00.5"), Some(0)),
            (json!(" 60\n"), Some(60)),
            (json!(""), None),
            (json!("soon"), None),
            (json!("0x10"), None),
            (json!(true), None),
            (json!({}), None),
        ] {
            assert_eq!(lifetime_secs(&self::value(&value)), secs, "{value}");
        }
    }

    #[test]
    fn reads_scopes_as_a_list_or_an_array() {
        let two = Some(vec!["data-export".to_owned(), "metrics".to_owned()]);
        for (value, expected) in [
            (json!("data-export metrics"), two.clone()),
            (json!(" data-export\tmetrics \n"), two.clone()),
            (json!(["data-export", "metrics"]), two),
            (json!("data-export\n"), Some(vec!["data-export".to_owned()])),
            (json!(""), None),
            (json!([]), None),
            (json!(["a b"]), None),
            (json!([1]), None),
            (json!("a\"b"), None),
            (json!("é"), None),
            (json!(7), None),
        ] {
            assert_eq!(scopes(&self::value(&value)), expected, "{value}");
        }
    }

    #[test]
    fn reads_what_can_be_read_of_scopes_that_are_shown() {
        for (value, expected) in [
            (
                json!("metrics data-export"),
                Some(&["metrics", "data-export"][..]),
            ),
            (json!(["metrics", 7, "", "a b", null]), Some(&["metrics"])),
            (json!("metrics é"), Some(&["metrics"])),
            (json!(" "), Some(&[])),
            (json!([]), Some(&[])),
            (json!(7), None),
            (json!({}), None),
        ] {
            let read = readable_scopes(&self::value(&value));
            let expected = expected.map(|scopes| scopes.iter().map(|&s| s.to_owned()).collect());
            assert_eq!(read, expected, "{value}");
        }
    }

    #[test]
    fn takes_only_tokens_that_cannot_break_out_of_a_header() {
        let long = "t".repeat(MAX_TOKEN_BYTES + 1);
        for (token, bearer, opaque) in [
            ("abc.DEF-_~+/==", true, true),
            ("abc;def", false, true),
            ("=", false, true),
            ("", false, false),
            ("a b", false, false),
            ("a\r\nx: y", false, false),
            ("é", false, false),
            (&long, false, false),
        ] {
            assert_eq!(is_bearer_token(token), bearer, "{token:?}");
            assert_eq!(is_opaque_token(token), opaque, "{token:?}");
        }
    }
}
