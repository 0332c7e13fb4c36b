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
pub fn judge(vendor: &dyn Vendor, response: &Reply, now: Timestamp) -> Verdict {
    let body = response
        .body
        .get(..ENOUGH_BODY_BYTES)
        .unwrap_or(&response.body);
    let complaint = Complaint::read(body);
    let is_failure = response.status >= 400 || complaint.success == Some(false);
    let meaning = complaint
        .code()
        .or_else(|| bearer_error(response))
        .filter(|_| is_failure)
        .and_then(|code| vendor.meaning(code));
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

/// The `error` of a `WWW-Authenticate: Bearer` challenge (RFC 6750 §3).
fn bearer_error(response: &Reply) -> Option<&str> {
    response.header("www-authenticate").find_map(|challenge| {
        let (scheme, parameters) = challenge.trim_start().split_once(' ')?;
        let is_bearer = scheme.eq_ignore_ascii_case("bearer");
        parameters
            .split(',')
            .filter(|_| is_bearer)
            .find_map(|parameter| {
                let (name, value) = parameter.split_once('=')?;
                name.trim()
                    .eq_ignore_ascii_case("error")
                    .then(|| value.trim().trim_matches('"'))
            })
    })
}
