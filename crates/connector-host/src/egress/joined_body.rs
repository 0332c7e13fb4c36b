//! A response body whose small pieces are joined, so that a plugin's reads depend on the number of
//! bytes and not on the chunks of the sender.

use std::mem::{replace, take};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame};

use crate::egress::zeroized_bytes::zeroized;
use crate::transport::{ResponseBody, TransportError};

/// 8 KiB: a token reply in one piece.
const JOINED_BYTES: usize = 8 << 10;

/// Joins the pieces that are ready, and never waits for the network. All its memory is zeroized.
pub(crate) struct JoinedBody {
    body: ResponseBody,
    first: Bytes,
    /// The first piece and further ones, if there are any.
    joined: BytesMut,
    /// Returned after the joined pieces: a piece that does not fit, an error, or the end.
    next: Poll<Option<Result<Bytes, TransportError>>>,
    /// Since the last piece.
    has_yielded: bool,
}

impl JoinedBody {
    /// Joins the pieces of a body without trailers.
    pub(crate) fn new(body: ResponseBody) -> Self {
        Self {
            body,
            first: Bytes::new(),
            joined: BytesMut::new(),
            next: Poll::Pending,
            has_yielded: false,
        }
    }

    fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, TransportError>>> {
        if let Poll::Ready(next) = replace(&mut self.next, Poll::Pending) {
            return Poll::Ready(next);
        }
        Pin::new(&mut self.body)
            .poll_frame(context)
            .map(|frame| match frame? {
                Ok(frame) => Some(Ok(zeroized(frame.into_data().unwrap_or_default()))),
                Err(error) => Some(Err(error)),
            })
    }

    fn is_empty(&self) -> bool {
        self.first.is_empty() && self.joined.is_empty()
    }

    fn has_room(&self, piece: &Bytes) -> bool {
        self.first.len().max(self.joined.len()) + piece.len() <= JOINED_BYTES
    }

    fn join(&mut self, piece: Bytes) {
        self.has_yielded = false;
        if self.is_empty() {
            self.first = piece;
            return;
        }
        if self.joined.is_empty() {
            // At once: a buffer that grows would leave copies of a secret behind.
            self.joined = BytesMut::with_capacity(JOINED_BYTES);
            self.joined.extend_from_slice(&take(&mut self.first));
        }
        self.joined.extend_from_slice(&piece);
    }

    fn take_joined(&mut self) -> Option<Bytes> {
        let joined = if self.joined.is_empty() {
            take(&mut self.first)
        } else {
            zeroized(take(&mut self.joined).freeze())
        };
        (!joined.is_empty()).then_some(joined)
    }
}

impl Body for JoinedBody {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        loop {
            match self.poll_piece(context) {
                Poll::Ready(Some(Ok(piece))) if self.has_room(&piece) => {
                    self.join(piece);
                    if self.body.is_end_stream() {
                        self.next = Poll::Ready(None);
                        return Poll::Ready(self.take_joined().map(Frame::data).map(Ok));
                    }
                }
                // The task of an HTTP connection passes one piece on each time that it runs.
                Poll::Pending if !self.is_empty() && !self.has_yielded => {
                    self.has_yielded = true;
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                other => {
                    let Some(joined) = self.take_joined() else {
                        return other.map_ok(Frame::data);
                    };
                    self.next = other;
                    return Poll::Ready(Some(Ok(Frame::data(joined))));
                }
            }
        }
    }
}

impl Drop for JoinedBody {
    fn drop(&mut self) {
        drop(self.take_joined());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::{StreamExt, stream};
    use http_body_util::{BodyExt, StreamBody};
    use tokio::task::yield_now;
    use tokio::time::{Instant, sleep};

    use super::*;

    type Piece = (Duration, Result<&'static str, TransportError>);

    /// What the reader of a joined body gets, with the time in seconds. Each piece comes after its
    /// pause, and not before the reader has yielded once.
    async fn read(pieces: Vec<Piece>) -> Vec<(u64, Result<String, TransportError>)> {
        let frames = stream::iter(pieces).then(async |(pause, piece)| {
            yield_now().await;
            if !pause.is_zero() {
                sleep(pause).await;
            }
            piece.map(|text| Frame::data(Bytes::from(text)))
        });
        let mut body = JoinedBody::new(StreamBody::new(frames).boxed_unsync());
        let start = Instant::now();
        let mut read = Vec::new();
        while let Some(frame) = body.frame().await {
            let text =
                |frame: Frame<Bytes>| String::from_utf8(frame.into_data().unwrap().into()).unwrap();
            read.push((start.elapsed().as_secs(), frame.map(text)));
        }
        read
    }

    fn at_once(text: &'static str) -> Piece {
        (Duration::ZERO, Ok(text))
    }

    #[tokio::test(start_paused = true)]
    async fn pieces_are_joined_and_a_pause_delays_none() {
        let pieces = vec![
            at_once("a"),
            at_once("b"),
            (Duration::from_secs(5), Ok("c")),
            at_once("d"),
            (Duration::ZERO, Err(TransportError::CutOff)),
        ];
        let joined = [
            (0, Ok("ab".to_owned())),
            (5, Ok("cd".to_owned())),
            (5, Err(TransportError::CutOff)),
        ];
        assert_eq!(read(pieces).await, joined);
        assert_eq!(read(Vec::new()).await, []);
    }

    #[tokio::test]
    async fn joined_pieces_are_bounded_and_large_ones_unchanged() {
        let large = "x".repeat(JOINED_BYTES + 1).leak();
        let pieces = vec![at_once("a"), at_once(large), at_once("b"), at_once("c")];
        for (pieces, expected) in [
            (pieces, [1, JOINED_BYTES + 1, 2]),
            (
                vec![at_once("a"); 2 * JOINED_BYTES + 1],
                [JOINED_BYTES, JOINED_BYTES, 1],
            ),
        ] {
            let read = read(pieces).await.into_iter();
            let lengths: Vec<_> = read.map(|(_, text)| text.unwrap().len()).collect();
            assert_eq!(lengths, expected);
        }
    }
}
