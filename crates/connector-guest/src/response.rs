//! Responses as values, and the outcome of an endpoint that takes a credential: the promised fields
//! or an error.

mod fields;

use alloc::string::String;
use alloc::vec::Vec;

pub use self::fields::{Fields, id};
use crate::codes::{Codes, Meaning};
use crate::date;
use crate::error::{Error, InvalidResponse, Refusal, Stage};
use crate::error_body::ErrorBody;
use crate::session::Timestamp;

/// How much of a response is read. A token reply has some 2 KiB, a list of three thousand projects
/// some 220.
pub const MAX_RESPONSE_BYTES: usize = 1024 * 1024;
/// How long a connection may take, TLS included.
pub const CONNECT_TIMEOUT_SECS: u64 = 10;
/// How long a vendor may take to begin its answer. Token endpoints are slow at times.
pub const FIRST_BYTE_TIMEOUT_SECS: u64 = 30;
/// How long a vendor may pause within its answer.
pub const BETWEEN_BYTES_TIMEOUT_SECS: u64 = 10;

/// The header field that says how long to wait.
pub(crate) const RETRY_AFTER: &str = "retry-after";
/// The header field that says when the vendor answered.
pub(crate) const DATE: &str = "date";
/// The longest wait that is passed on. A longer one is a mistake more often than a wish.
const MAX_RETRY_AFTER_SECS: u64 = 24 * 60 * 60;

/// A response, whatever its status.
#[derive(Debug, Clone, Default)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The header fields in the order received, or those of them that are read.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body; longer than [`MAX_RESPONSE_BYTES`] only when it was cut there.
    pub body: Vec<u8>,
    /// Why the body ended before it was complete. The status is known all the same, and may be
    /// enough.
    pub cut_off: Option<Stage>,
}

impl Response {
    /// The values of the header field `name`, as far as they are text.
    pub fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(key, _)| key.eq_ignore_ascii_case(name))
            .filter_map(|(_, value)| core::str::from_utf8(value).ok())
    }

    /// How many seconds to wait, by `Retry-After` in seconds or as a date (RFC 9110 §10.2.3,
    /// <https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3>): from one second to one day.
    ///
    /// A date is read against the response's own `Date`, since the local clock may be wrong, and
    /// against `now` where there is none.
    pub fn retry_after(&self, now: Timestamp) -> Option<u32> {
        self.header(RETRY_AFTER).find_map(|value| {
            let sent = || self.header(DATE).find_map(date::parse_http);
            retry_after_secs(value, || sent().unwrap_or(now.secs))
        })
    }
}

/// Reads one `Retry-After` value. Fractions, which some vendors send, are rounded up.
fn retry_after_secs(value: &str, now_secs: impl FnOnce() -> u64) -> Option<u32> {
    let value = value.trim();
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let secs = if !whole.is_empty() && is_digits(whole) && is_digits(fraction) {
        // Only too many digits can fail here.
        let whole: u64 = whole.parse().unwrap_or(u64::MAX);
        let has_fraction = fraction.bytes().any(|byte| byte != b'0');
        whole.saturating_add(has_fraction.into())
    } else {
        date::parse_http(value)?.saturating_sub(now_secs())
    };
    u32::try_from(secs.clamp(1, MAX_RETRY_AFTER_SECS)).ok()
}

/// Reads the response of an endpoint that takes a credential: the fields of a JSON object in a 200,
/// 201 or 203 that reports no failure, else the error that it is.
///
/// A known code decides before the status, since vendors and what stands before them disagree on
/// statuses. A refusal is confirmed only by such a code.
pub fn accept(codes: &Codes, response: &Response, now: Timestamp) -> Result<Fields, Error> {
    let fields = Fields::parse(response);
    // A good answer is read once.
    let is_good = fields
        .as_ref()
        .is_ok_and(|fields| !fields.may_report_failure());
    if !(is_good && is_success(response.status)) {
        check(codes, response, now)?;
    }
    fields
}

fn is_success(status: u16) -> bool {
    matches!(status, 200 | 201 | 203)
}

/// Finds the error that the response is, if it is one; see [`accept`].
pub fn check(codes: &Codes, response: &Response, now: Timestamp) -> Result<(), Error> {
    let status = response.status;
    let body = ErrorBody::read(&response.body);
    let is_success = is_success(status);
    if is_success && body.success != Some(false) && !body.has_error {
        return Ok(());
    }
    // A server that fails may say anything about a token or a request.
    let counts =
        |meaning| status < 500 || !matches!(meaning, Meaning::Expired | Meaning::Malformed);
    let (meaning, code) = codes.decide(|| body.codes(), counts);
    let refusal = |confirmed| Refusal {
        status,
        code,
        confirmed,
    };
    let wait = response.retry_after(now);
    Err(match (meaning, status) {
        (Some(Meaning::Throttled), _) => Error::Throttled(wait),
        (Some(Meaning::Forbidden), _) => Error::Forbidden(refusal(true)),
        (Some(Meaning::Rejected | Meaning::Malformed | Meaning::Expired), _) => {
            Error::Rejected(refusal(true))
        }
        (None, 400..=499) if wait.is_some() => Error::Throttled(wait),
        (None, 429) => Error::Throttled(None),
        (None, 403) => Error::Forbidden(refusal(false)),
        (None, 400 | 401) => Error::Rejected(refusal(false)),
        (None, _) if is_success => Error::Rejected(refusal(false)),
        (Some(Meaning::Unavailable), _) | (None, 408 | 500..=599) => Error::Unavailable(wait),
        (None, _) => Error::InvalidResponse(InvalidResponse {
            status,
            field: "status",
        }),
    })
}

#[cfg(test)]
mod tests;
