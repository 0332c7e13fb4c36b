//! Request and reply as values, and the one trait through which a request leaves.
//! The implementation for real is in `http/wasi.rs`; tests answer with a closure.

pub mod date;
#[cfg(target_family = "wasm")]
pub mod wasi;

use alloc::string::String;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::error::{Error, Stage};
use crate::session::Timestamp;

/// How much of a reply is read. A token reply has some 2 KiB, a list of a thousand projects some 50.
pub const MAX_REPLY_BYTES: usize = 64 * 1024;
/// How long a connection may take, TLS included.
pub const CONNECT_TIMEOUT_SECS: u64 = 10;
/// How long a vendor may take to begin its answer. Token endpoints are slow at times, and nobody waits longer.
pub const FIRST_BYTE_TIMEOUT_SECS: u64 = 30;
/// How long a vendor may pause within its answer.
pub const BETWEEN_BYTES_TIMEOUT_SECS: u64 = 10;

/// The header field that says how long to wait.
const RETRY_AFTER: &str = "retry-after";
/// The longest wait that is passed on. What asks for more is a mistake more often than a wish.
const MAX_RETRY_AFTER_SECS: u64 = 24 * 60 * 60;

/// One request: a POST over TLS (RFC 6749 §3.2).
pub struct Request {
    /// The host, without a port: always 443.
    pub authority: &'static str,
    /// The path, without a query: a secret has no place in a URL.
    pub path: &'static str,
    /// What `body` is.
    pub content_type: &'static str,
    /// The body, which holds the secret.
    pub body: Zeroizing<Vec<u8>>,
}

/// What came back, whatever its status.
#[derive(Default)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The header fields in the order received, or those of them that anybody asks for.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body; more than [`MAX_REPLY_BYTES`] only when it was longer than that.
    pub body: Vec<u8>,
    /// Why the body ended before it was complete. The status is known all the same, and may say enough.
    pub cut: Option<Stage>,
}

impl Reply {
    /// The values of the header field `name`, as far as they are text.
    pub fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(key, _)| key.eq_ignore_ascii_case(name))
            .filter_map(|(_, value)| core::str::from_utf8(value).ok())
    }

    /// How many seconds to wait, by `Retry-After` in seconds or as a date
    /// (RFC 9110 §10.2.3, <https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3>): from 1 second to 1 day.
    pub fn retry_after(&self, now: Timestamp) -> Option<u32> {
        self.header(RETRY_AFTER)
            .find_map(|value| retry_after_secs(value, now))
    }
}

/// Reads one `Retry-After` value.
pub fn retry_after_secs(value: &str, now: Timestamp) -> Option<u32> {
    let value = value.trim();
    let secs = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // Only too many digits can fail here.
        value.parse().unwrap_or(u64::MAX)
    } else {
        date::parse(value)?.saturating_sub(now.secs)
    };
    u32::try_from(secs.clamp(1, MAX_RETRY_AFTER_SECS)).ok()
}

/// Sends requests.
pub trait Http {
    /// Sends `request` once and reads the reply, following no redirect.
    ///
    /// Fails as [`Error::Unreachable`] or [`Error::Denied`], and not for any status.
    fn send(&self, request: Request) -> Result<Reply, Error>;
}

impl<F: Fn(Request) -> Result<Reply, Error>> Http for F {
    fn send(&self, request: Request) -> Result<Reply, Error> {
        self(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110 §5.6.7.
    const NOW: Timestamp = Timestamp {
        secs: 784_111_777,
        nanos: 5,
    };

    #[test]
    fn reads_retry_after_as_seconds_and_as_each_kind_of_date() {
        for (value, secs) in [
            ("120", Some(120)),
            (" 7 ", Some(7)),
            ("0", Some(1)),
            ("86401", Some(86_400)),
            ("99999999999999999999999999", Some(86_400)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sunday, 06-Nov-94 08:50:37 GMT", Some(60)),
            ("Sun Nov  6 08:50:37 1994", Some(60)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(1)),
            ("Sun, 06 Nov 2094 08:00:00 GMT", Some(86_400)),
            ("", None),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
            ("Sun, 99 Nov 1994 08:50:37 GMT", None),
        ] {
            assert_eq!(retry_after_secs(value, NOW), secs, "{value:?}");
        }
    }

    #[test]
    fn finds_a_header_in_any_case_and_passes_over_what_cannot_be_read() {
        let reply = Reply {
            headers: vec![
                ("retry-after".into(), vec![0xff]),
                ("RETRY-AFTER".into(), b"soon".to_vec()),
                ("Retry-After".into(), b"9".to_vec()),
            ],
            ..Reply::default()
        };
        assert_eq!(reply.retry_after(NOW), Some(9));
        assert_eq!(Reply::default().retry_after(NOW), None);
    }
}
