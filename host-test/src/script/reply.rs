//! How a scripted request is answered: status, header fields, and a body in pieces, late, slow or
//! broken off. Time is tokio's, so a test with a held clock waits for nothing.

use std::time::Duration;

use bytes::Bytes;
use connector_host::{ResponseBody, TransportError};
use futures::stream;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use serde_json::Value;

/// The answer to one request.
#[derive(Clone)]
pub struct Reply {
    outcome: Result<StatusCode, TransportError>,
    headers: HeaderMap,
    body: Bytes,
    chunk_bytes: usize,
    delay: Duration,
    pause: Duration,
    cut_after_bytes: Option<usize>,
}

impl Reply {
    /// Answers with JSON.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "called with `json!` throughout"
    )]
    pub fn json(status: u16, value: Value) -> Self {
        Self::bytes(status, value.to_string()).header("content-type", "application/json")
    }

    /// Answers with text.
    pub fn text(status: u16, text: &str) -> Self {
        Self::bytes(status, text.to_owned()).header("content-type", "text/plain; charset=utf-8")
    }

    /// Answers with no body.
    pub fn empty(status: u16) -> Self {
        Self::bytes(status, Bytes::new())
    }

    /// Answers with these bytes, and no header field.
    ///
    /// # Panics
    ///
    /// When `status` is no HTTP status.
    pub fn bytes(status: u16, body: impl Into<Bytes>) -> Self {
        let status = StatusCode::from_u16(status)
            .unwrap_or_else(|_| panic!("{status} is not a status that a reply can have"));
        Self::new(Ok(status), body.into())
    }

    /// Does not answer: the transport fails.
    pub fn fail(error: TransportError) -> Self {
        Self::new(Err(error), Bytes::new())
    }

    fn new(outcome: Result<StatusCode, TransportError>, body: Bytes) -> Self {
        Self {
            outcome,
            headers: HeaderMap::new(),
            body,
            chunk_bytes: usize::MAX,
            delay: Duration::ZERO,
            pause: Duration::ZERO,
            cut_after_bytes: None,
        }
    }

    /// Adds a header field, beside others of the same name.
    ///
    /// # Panics
    ///
    /// When the name or the value cannot stand in a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let name = HeaderName::try_from(name)
            .unwrap_or_else(|_| panic!("{name:?} is no name of a header field"));
        let value = HeaderValue::from_bytes(value.as_ref())
            .unwrap_or_else(|_| panic!("the value of {name} cannot stand in a header"));
        self.headers.append(name, value);
        self
    }

    /// Sends the body in pieces of this many bytes.
    ///
    /// # Panics
    ///
    /// When `bytes` is zero.
    #[must_use]
    pub fn chunks(mut self, bytes: usize) -> Self {
        assert!(bytes > 0, "a piece of a body has at least one byte");
        self.chunk_bytes = bytes;
        self
    }

    /// Waits before the header, or before the failure.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Waits before each piece of the body but the first.
    #[must_use]
    pub fn pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// Breaks the body off after this many bytes, with [`TransportError::CutOff`].
    #[must_use]
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.cut_after_bytes = Some(bytes);
        self
    }

    pub(crate) async fn play(self) -> Result<Response<ResponseBody>, TransportError> {
        wait(self.delay).await;
        let status = self.outcome?;
        crate::secrets::response(&self.body);
        let mut response = Response::new(self.body());
        *response.status_mut() = status;
        *response.headers_mut() = self.headers;
        Ok(response)
    }

    fn body(&self) -> ResponseBody {
        let kept = self
            .cut_after_bytes
            .map_or(self.body.len(), |cut| cut.min(self.body.len()));
        let kept = self.body.slice(..kept);
        let mut pieces: Vec<_> = kept
            .chunks(self.chunk_bytes)
            .map(|piece| Ok(Frame::data(kept.slice_ref(piece))))
            .collect();
        if self.cut_after_bytes.is_some() {
            pieces.push(Err(TransportError::CutOff));
        }
        let pause = self.pause;
        let late = stream::unfold(pieces.into_iter().enumerate(), move |mut rest| async move {
            let (index, piece) = rest.next()?;
            if index > 0 {
                wait(pause).await;
            }
            Some((piece, rest))
        });
        StreamBody::new(late).boxed_unsync()
    }
}

/// Even a sleep of no time gives the turn away, and needs a clock.
async fn wait(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}
