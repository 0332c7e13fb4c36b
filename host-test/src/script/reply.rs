//! A scripted reply: status, header fields, and a body in chunks, which may be delayed, slow or cut
//! off. The clock is tokio's, which tests may pause.

use std::time::Duration;

use bytes::Bytes;
use connector_host::{ResponseBody, TransportError};
use futures::stream;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use serde_json::Value;

/// The reply to one request.
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
    /// A reply with JSON.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "called with `json!` throughout"
    )]
    pub fn json(status: u16, value: Value) -> Self {
        Self::bytes(status, value.to_string()).header("content-type", "application/json")
    }

    /// A reply with text.
    pub fn text(status: u16, text: &str) -> Self {
        Self::bytes(status, text.to_owned()).header("content-type", "text/plain; charset=utf-8")
    }

    /// A reply without a body.
    pub fn empty(status: u16) -> Self {
        Self::bytes(status, Bytes::new())
    }

    /// A reply with these bytes, and without header fields.
    ///
    /// # Panics
    ///
    /// If `status` is not an HTTP status.
    pub fn bytes(status: u16, body: impl Into<Bytes>) -> Self {
        let status = StatusCode::from_u16(status)
            .unwrap_or_else(|_| panic!("{status} is not an HTTP status"));
        Self::new(Ok(status), body.into())
    }

    /// A failure of the transport in place of a reply.
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
    /// If the name or the value is invalid in a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let name = HeaderName::try_from(name)
            .unwrap_or_else(|_| panic!("{name:?} is not the name of a header field"));
        let value = HeaderValue::from_bytes(value.as_ref())
            .unwrap_or_else(|_| panic!("the value of {name} is invalid in a header"));
        self.headers.append(name, value);
        self
    }

    /// Sends the body in chunks of this many bytes.
    ///
    /// # Panics
    ///
    /// If `bytes` is zero.
    #[must_use]
    pub fn chunks(mut self, bytes: usize) -> Self {
        assert!(bytes > 0, "a chunk has at least one byte");
        self.chunk_bytes = bytes;
        self
    }

    /// Waits before the header, or before the failure.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Waits before each chunk of the body except the first.
    #[must_use]
    pub fn pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// Ends the body after this many bytes with [`TransportError::CutOff`].
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

/// Does not yield for a duration of zero, and then needs no clock.
async fn wait(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}
