//! A response body that is bounded in length, in silence and by a deadline.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures::future::FutureExt;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::deadline::{after, earlier};
use crate::transport::{ResponseBody, TransportError};

/// A body that ends with an error when it is silent, too slow or too long.
pub(crate) struct BoundedBody {
    /// `None` when it has ended or failed.
    body: Option<ResponseBody>,
    remaining_bytes: usize,
    between_bytes: Duration,
    deadline: Option<Instant>,
    /// Runs only while a reader waits, so a slow reader causes no timeout. It ends at the deadline
    /// at the latest, so a trickle of bytes ends too.
    silence: Option<Pin<Box<Sleep>>>,
    /// Called once with the outcome of the request, which ends with its response.
    end: Box<dyn Fn(&'static str) + Send>,
}

impl BoundedBody {
    /// Bounds a body by `limit_bytes`, a silence of `between_bytes` and a deadline. `end` records
    /// its outcome.
    pub(crate) fn new(
        body: ResponseBody,
        limit_bytes: usize,
        between_bytes: Duration,
        deadline: Option<Instant>,
        end: impl Fn(&'static str) + Send + 'static,
    ) -> Self {
        Self {
            body: Some(body),
            remaining_bytes: limit_bytes,
            between_bytes,
            deadline,
            silence: None,
            end: Box::new(end),
        }
    }

    /// The next frame, or the end of the body. Empty frames are skipped, because they could arrive
    /// for ever; they do not end a silence.
    fn poll_next(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        loop {
            let frame = match Pin::new(&mut *body).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => frame,
                Poll::Ready(end) => return Poll::Ready(end),
                Poll::Pending => {
                    let by = earlier(after(self.between_bytes), self.deadline);
                    let silence = self
                        .silence
                        .get_or_insert_with(|| Box::pin(sleep_until(by)));
                    ready!(silence.poll_unpin(context));
                    return Poll::Ready(Some(Err(TransportError::Timeout)));
                }
            };
            let Ok(data) = frame.into_data() else {
                // Trailers end the body.
                return Poll::Ready(None);
            };
            if !data.is_empty() {
                self.silence = None;
                let remaining = self.remaining_bytes.checked_sub(data.len());
                self.remaining_bytes = remaining.unwrap_or_default();
                let frame = remaining.map(|_| Frame::data(data));
                return Poll::Ready(Some(frame.ok_or(TransportError::TooLong)));
            }
        }
    }

    /// Drops the body, and records its end.
    fn end(&mut self, outcome: &'static str) {
        if self.body.take().is_some() {
            (self.end)(outcome);
        }
    }
}

impl Drop for BoundedBody {
    fn drop(&mut self) {
        let is_whole = self.is_end_stream();
        self.end(if is_whole { "ok" } else { "unread" });
    }
}

impl Body for BoundedBody {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let next = ready!(self.poll_next(context));
        match &next {
            Some(Ok(_)) => {}
            Some(Err(error)) => self.end(error.name()),
            None => self.end("ok"),
        }
        Poll::Ready(next)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}
