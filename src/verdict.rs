//! What an API response says about the session that was used. What the codes of a vendor mean is in `vendors/`.

use crate::http::Reply;
use crate::reply::Complaint;
use crate::session::Timestamp;
use crate::vendors::Vendor;

/// How much of a body is read: an error is short, and a long body is data.
pub const ENOUGH_BODY_BYTES: usize = 4096;

/// What to do with the session. The contract of each case is in `wit/types.wit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The session is good.
    Accepted,
    /// The session is over.
    Refresh,
    /// The session does not allow this.
    Forbidden,
    /// Too many calls; seconds to wait, if the vendor said.
    Throttled(Option<u32>),
    /// The vendor cannot serve now; seconds to wait, if the vendor said.
    Unavailable(Option<u32>),
}

/// Judges a response. Any answer gets a verdict.
///
/// A 5xx says nothing about the session, whatever else it says; below that a code is more exact than a status,
/// except that a 401 is always an invitation to ask for a new token (RFC 9110 §15.5.2).
pub fn judge(vendor: &impl Vendor, response: &Reply, now: Timestamp) -> Verdict {
    let body = response
        .body
        .get(..ENOUGH_BODY_BYTES)
        .unwrap_or(&response.body);
    let complaint = Complaint::read(body);
    let is_failure = response.status >= 400 || complaint.success == Some(false);
    let challenges = response.header("www-authenticate");
    let codes = complaint.codes().chain(challenges.filter_map(bearer_error));
    let meaning = codes
        .filter(|_| is_failure)
        .find_map(|code| vendor.meaning(code));
    let verdict = match (response.status, meaning) {
        (500..=599, _) => Verdict::Unavailable(None),
        (401, _) => Verdict::Refresh,
        (_, Some(verdict)) => verdict,
        (403, None) => Verdict::Forbidden,
        (429, None) => Verdict::Throttled(None),
        (_, None) => Verdict::Accepted,
    };
    match verdict {
        Verdict::Throttled(None) => Verdict::Throttled(response.retry_after(now)),
        Verdict::Unavailable(None) => Verdict::Unavailable(response.retry_after(now)),
        verdict => verdict,
    }
}

/// What the codes of RFC 6750 §3.1 mean (<https://www.rfc-editor.org/rfc/rfc6750#section-3.1>).
pub fn bearer_meaning(code: &str) -> Option<Verdict> {
    match code {
        "invalid_token" => Some(Verdict::Refresh),
        "insufficient_scope" => Some(Verdict::Forbidden),
        _ => None,
    }
}

/// The `error` of a `Bearer` challenge (RFC 6750 §3) in a `WWW-Authenticate` field, which may hold several challenges
/// (RFC 9110 §11.6.1). What stands in quotes is a value and nothing else.
fn bearer_error(field: &str) -> Option<&str> {
    let mut is_quoted = false;
    let mut is_bearer = false;
    let parameters = field.split(|char| {
        is_quoted ^= char == '"';
        char == ',' && !is_quoted
    });
    for parameter in parameters {
        let mut parameter = parameter.trim();
        // A challenge begins with its scheme, which a space parts from the first parameter.
        if let Some((scheme, rest)) = parameter.split_once([' ', '\t'])
            && !scheme.contains('=')
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
