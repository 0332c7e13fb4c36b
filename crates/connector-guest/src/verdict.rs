//! What an API response says about the session that was used.

use crate::codes::{Codes, Meaning};
use crate::error::Refusal;
use crate::error_body::ErrorBody;
use crate::response::Response;
use crate::session::Timestamp;

/// How much of a body is read: an error is short, and a long body is data.
pub const MAX_CLASSIFIED_BYTES: usize = 4096;

/// What to do with the session. The contract of each case is in `wit/types.wit`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The session is good.
    Accepted,
    /// The session is over.
    Refresh(Refusal),
    /// The session does not allow this.
    Forbidden(Refusal),
    /// Too many calls; the wait in seconds, if the vendor named one.
    Throttled(Option<u32>),
    /// The vendor cannot serve now; the wait in seconds, if the vendor named one.
    Unavailable(Option<u32>),
}

/// Classifies a response by the codes of RFC 6749 and RFC 6750, by those that the vendor declares,
/// and by the status. Every response gets a verdict.
pub fn classify(codes: &Codes, response: &Response, now: Timestamp) -> Verdict {
    let status = response.status;
    let beginning = response.body.get(..MAX_CLASSIFIED_BYTES);
    let body = ErrorBody::read(beginning.unwrap_or(&response.body));
    let challenges = || response.header("www-authenticate").filter_map(bearer_error);
    let all_codes = || body.codes().chain(challenges());
    // A known code in an `error` counts in a 200 too, as RFC 6749 errors that come with it do.
    let is_failure = status >= 400 || body.success == Some(false) || body.has_error;
    let counts = |meaning| match meaning {
        Meaning::Malformed => false,
        Meaning::Expired => is_failure && status < 500,
        _ => is_failure,
    };
    let (meaning, code) = codes.decide(all_codes, counts);
    let refusal = |confirmed| Refusal {
        status,
        code,
        confirmed,
    };
    let wait = || response.retry_after(now);
    match (meaning, status) {
        (Some(Meaning::Throttled), _) => Verdict::Throttled(wait()),
        (Some(Meaning::Unavailable), _) | (None, 500..=599) => Verdict::Unavailable(wait()),
        (Some(Meaning::Forbidden), _) => Verdict::Forbidden(refusal(true)),
        (Some(_), _) => Verdict::Refresh(refusal(true)),
        (None, 400..=499) if wait().is_some() => Verdict::Throttled(wait()),
        (None, 401) => Verdict::Refresh(refusal(false)),
        (None, 403) => Verdict::Forbidden(refusal(false)),
        (None, 429) => Verdict::Throttled(None),
        (None, _) => Verdict::Accepted,
    }
}

/// The `error` of a `Bearer` challenge (RFC 6750 §3) in a `WWW-Authenticate` field, which may hold
/// several challenges (RFC 9110 §11.6.1). Commas within quotes separate nothing.
fn bearer_error(field: &str) -> Option<&str> {
    let mut is_quoted = false;
    let mut is_bearer = false;
    let parameters = field.split(|char| {
        is_quoted ^= char == '"';
        char == ',' && !is_quoted
    });
    for parameter in parameters {
        let mut parameter = parameter.trim();
        // A challenge begins with its scheme and a space; a parameter may have spaces around its
        // `=`.
        if let Some((scheme, rest)) = parameter.split_once([' ', '\t'])
            && !scheme.contains('=')
            && !rest.trim_start().starts_with('=')
        {
            is_bearer = scheme.eq_ignore_ascii_case("bearer");
            parameter = rest.trim();
        }
        if let Some((name, value)) = parameter.split_once('=')
            && is_bearer
            && name.trim().eq_ignore_ascii_case("error")
        {
            return Some(value.trim().trim_matches('"'));
        }
    }
    None
}

#[cfg(test)]
mod tests;
