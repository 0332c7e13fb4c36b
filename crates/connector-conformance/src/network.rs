//! The network of a plugin under check: a transport that sends the current reply to every request
//! and keeps the requests, and the clock and random bytes that stand still.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use connector_host::{Clock, Random, ResponseBody, Timeouts, Transport, TransportError};
use futures::FutureExt as _;
use futures::future::{BoxFuture, ready};
use futures::stream;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use serde_json::Value;

/// The time of all calls in seconds since 1970: 2023-11-14T22:13:20Z.
const START_SECS: u64 = 1_700_000_000;

/// The random bytes of all calls.
const RANDOM_BYTE: u8 = 7;

/// The time of all calls, until a [`Network::step`].
pub(crate) fn start() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(START_SECS)
}

/// A transport that sends the current reply to every request. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Network(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    reply: Option<Reply>,
    sent: Vec<Sent>,
    step: Duration,
}

/// A request of the plugin.
#[derive(Clone)]
pub(crate) struct Sent {
    pub(crate) method: Method,
    pub(crate) url: http::Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Network {
    /// Sets the reply to all further requests, and forgets the earlier ones.
    pub(crate) fn answer(&self, reply: Reply) {
        let mut state = self.state();
        state.reply = Some(reply);
        state.sent.clear();
        state.step = Duration::ZERO;
    }

    /// Lets this time pass with the next request.
    pub(crate) fn step(&self, step: Duration) {
        self.state().step = step;
    }

    /// Returns the requests since the reply was set, and forgets them.
    pub(crate) fn take_sent(&self) -> Vec<Sent> {
        std::mem::take(&mut self.state().sent)
    }

    /// Changes the requests since the reply was set, for faulty plugins.
    #[cfg(test)]
    pub(crate) fn edit_sent(&self, edit: impl Fn(&mut Sent)) {
        self.state().sent.iter_mut().for_each(edit);
    }

    /// The current reply, for faulty plugins.
    #[cfg(test)]
    pub(crate) fn reply(&self) -> Option<Reply> {
        self.state().reply.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for Network {
    fn send(
        &self,
        request: Request<Bytes>,
        _: Timeouts,
    ) -> BoxFuture<'static, Result<Response<ResponseBody>, TransportError>> {
        let (parts, body) = request.into_parts();
        let mut state = self.state();
        state.sent.push(Sent {
            method: parts.method,
            url: parts.uri,
            headers: parts.headers,
            body,
        });
        let reply = state.reply.as_ref();
        let response = reply.map_or(Err(TransportError::Denied), Reply::response);
        ready(response).boxed()
    }
}

impl Clock for Network {
    fn now(&self) -> SystemTime {
        let state = self.state();
        let passed = if state.sent.is_empty() {
            Duration::ZERO
        } else {
            state.step
        };
        start() + passed
    }
}

/// Random bytes that are always the same.
pub(crate) struct Constant;

impl Random for Constant {
    fn fill(&self, bytes: &mut [u8]) -> io::Result<()> {
        bytes.fill(RANDOM_BYTE);
        Ok(())
    }
}

/// The reply to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    /// A failure of the transport in place of a reply.
    pub(crate) failure: Option<TransportError>,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Bytes,
    /// The length of the pieces in which the body comes.
    pub(crate) chunk_bytes: usize,
    /// Where the body ends with an error, and the error.
    pub(crate) cut: Option<(usize, TransportError)>,
}

impl Reply {
    /// A reply without header fields.
    pub(crate) fn new(status: u16, body: impl Into<Bytes>) -> Self {
        Self {
            failure: None,
            status,
            headers: Vec::new(),
            body: body.into(),
            chunk_bytes: usize::MAX,
            cut: None,
        }
    }

    /// A reply with JSON.
    pub(crate) fn json(status: u16, value: &Value) -> Self {
        Self::new(status, value.to_string()).header("content-type", "application/json")
    }

    /// A failure of the transport.
    pub(crate) fn fail(error: TransportError) -> Self {
        Self {
            failure: Some(error),
            ..Self::new(200, "")
        }
    }

    #[must_use]
    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let value = value.as_ref().to_vec();
        self.headers.push((name.to_owned(), value));
        self
    }

    /// The body comes in pieces of this length, at least one byte.
    #[must_use]
    pub(crate) fn chunks(mut self, bytes: usize) -> Self {
        self.chunk_bytes = bytes.max(1);
        self
    }

    /// The body ends after so many bytes with this error.
    #[must_use]
    pub(crate) fn cut(mut self, after_bytes: usize, error: TransportError) -> Self {
        self.cut = Some((after_bytes, error));
        self
    }

    /// The body as JSON, if it is.
    pub(crate) fn value(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The same reply with another JSON body.
    pub(crate) fn with_value(&self, value: &Value) -> Self {
        Self {
            body: value.to_string().into(),
            ..self.clone()
        }
    }

    /// Header fields that HTTP does not allow are left out; an impossible status is a failure.
    fn response(&self) -> Result<Response<ResponseBody>, TransportError> {
        if let Some(error) = self.failure {
            return Err(error);
        }
        let status = StatusCode::from_u16(self.status).map_err(|_| TransportError::Protocol)?;
        let length = self.cut.map_or(usize::MAX, |(after_bytes, _)| after_bytes);
        let kept = self.body.slice(..length.min(self.body.len()));
        let mut pieces: Vec<_> = kept
            .chunks(self.chunk_bytes.max(1))
            .map(|piece| Ok(Frame::data(kept.slice_ref(piece))))
            .collect();
        pieces.extend(self.cut.map(|(_, error)| Err(error)));
        let mut response = Response::new(StreamBody::new(stream::iter(pieces)).boxed_unsync());
        *response.status_mut() = status;
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes());
            if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value)) {
                response.headers_mut().append(name, value);
            }
        }
        Ok(response)
    }
}

/// A reply as the report shows it.
impl std::fmt::Display for Reply {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(error) = self.failure {
            return write!(formatter, "no reply ({})", error.name());
        }
        write!(formatter, "{}", self.status)?;
        for (name, value) in &self.headers {
            write!(formatter, " {name}: {},", shown(value))?;
        }
        write!(formatter, " {}", shown(&self.body))?;
        if let Some((after_bytes, error)) = self.cut {
            write!(formatter, " ({} after {after_bytes} bytes)", error.name())?;
        }
        Ok(())
    }
}

/// Longer inputs are shown by their beginning.
const MAX_SHOWN_BYTES: usize = 400;

/// Bytes as the report shows them: one line, and not too long.
pub(crate) fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut shown: String = text
        .chars()
        .take(MAX_SHOWN_BYTES)
        .flat_map(|char| {
            // Only what would break the line or act on a terminal.
            let is_odd = char.is_control() || ('\u{200b}'..='\u{206f}').contains(&char);
            let escaped = is_odd.then(|| char.escape_unicode());
            let plain = (!is_odd).then_some(char);
            escaped.into_iter().flatten().chain(plain)
        })
        .collect();
    if text.chars().nth(MAX_SHOWN_BYTES).is_some() {
        shown.extend(["… (", &bytes.len().to_string(), " bytes)"]);
    }
    if shown.is_empty() {
        shown.push_str("(empty)");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::{Reply, shown};

    #[test]
    fn shows_bytes_on_one_line_of_bounded_length() {
        for (bytes, expected) in [
            (&b""[..], "(empty)"),
            (b"{\"a\": 1}", "{\"a\": 1}"),
            (b"a\r\n\x1b[2J", "a\\u{d}\\u{a}\\u{1b}[2J"),
            ("\u{202e}é".as_bytes(), "\\u{202e}é"),
        ] {
            assert_eq!(shown(bytes), expected);
        }
        let long = shown(&[b'x'; 1000]);
        assert!(long.ends_with("x… (1000 bytes)"), "{long}");
    }

    #[test]
    fn shows_a_reply_with_its_fields() {
        let reply = Reply::new(429, "").header("retry-after", "5");
        assert_eq!(reply.to_string(), "429 retry-after: 5, (empty)");
    }
}
