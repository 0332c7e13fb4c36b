//! Removing a `content-encoding` (RFC 9110 §8.4.1) of gzip or deflate from a response, within the
//! limit on its decoded length.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use flate2::write::{DeflateDecoder, GzDecoder, ZlibDecoder};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap};
use http_body::{Body, Frame};
use http_body_util::BodyExt;

use crate::transport::{ResponseBody, TransportError};

/// Removes the encoding from a response to a plugin, if it has one of those that are supported. A
/// body whose decoded length exceeds `limit_bytes` ends as too long.
pub(crate) fn decoded(
    response: http::Response<ResponseBody>,
    limit_bytes: usize,
) -> http::Response<ResponseBody> {
    let Some(decoder) = Decoder::new(response.headers(), limit_bytes) else {
        return response;
    };
    let (mut parts, body) = response.into_parts();
    for name in [CONTENT_ENCODING, CONTENT_LENGTH] {
        parts.headers.remove(name);
    }
    let body = DecodedBody {
        body: Some(body),
        decoder,
        failure: None,
    };
    http::Response::from_parts(parts, body.boxed_unsync())
}

/// Decodes a body piece by piece.
pub(crate) struct Decoder {
    encoding: Encoding,
    is_empty: bool,
    is_complete: bool,
}

enum Encoding {
    Gzip(GzDecoder<Pieces>),
    Zlib(ZlibDecoder<Pieces>),
    Deflate(DeflateDecoder<Pieces>),
    /// The first bytes of `deflate`, which is zlib by the standard, and without its header by some
    /// servers. The header is two bytes.
    Undecided(Vec<u8>, Pieces),
}

/// The decoded bytes that were not yet taken. Separate pieces, because a buffer that grows would
/// leave copies of a secret behind.
struct Pieces {
    queue: VecDeque<Bytes>,
    remaining_bytes: usize,
    is_too_long: bool,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let kept = bytes.get(..self.remaining_bytes).unwrap_or(bytes);
        self.remaining_bytes -= kept.len();
        if !kept.is_empty() {
            self.queue.push_back(Bytes::copy_from_slice(kept));
        }
        if kept.len() < bytes.len() {
            self.is_too_long = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Decoder {
    /// A decoder for a response with these fields: `None` without an encoding, or with one that is
    /// not supported.
    pub(crate) fn new(fields: &HeaderMap, limit_bytes: usize) -> Option<Self> {
        let mut values = fields.get_all(CONTENT_ENCODING).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return None;
        };
        let pieces = Pieces {
            queue: VecDeque::new(),
            remaining_bytes: limit_bytes,
            is_too_long: false,
        };
        let name = value.as_bytes().trim_ascii();
        let is = |names: &[&str]| {
            let mut names = names.iter();
            names.any(|known| known.as_bytes().eq_ignore_ascii_case(name))
        };
        let encoding = if is(&["gzip", "x-gzip"]) {
            Encoding::Gzip(GzDecoder::new(pieces))
        } else if is(&["deflate"]) {
            Encoding::Undecided(Vec::new(), pieces)
        } else {
            return None;
        };
        Some(Self {
            encoding,
            is_empty: true,
            is_complete: false,
        })
    }

    /// Decodes the next bytes of the body. Bytes after the end of the encoded data are ignored.
    /// After an error, the pieces before it can be taken.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), TransportError> {
        self.is_empty &= bytes.is_empty();
        let decided;
        let mut bytes = bytes;
        if let Encoding::Undecided(first, pieces) = &mut self.encoding {
            first.extend_from_slice(bytes);
            let [compression, flags, ..] = first[..] else {
                return Ok(());
            };
            let pieces = std::mem::replace(pieces, Pieces::none());
            decided = std::mem::take(first);
            bytes = &decided;
            // RFC 1950 §2.2: method 8, and a check sum.
            let is_zlib = compression & 0xf == 8
                && (u16::from(compression) << 8 | u16::from(flags)).is_multiple_of(31);
            self.encoding = if is_zlib {
                Encoding::Zlib(ZlibDecoder::new(pieces))
            } else {
                Encoding::Deflate(DeflateDecoder::new(pieces))
            };
        }
        while !bytes.is_empty() && !self.is_complete {
            let written = match &mut self.encoding {
                Encoding::Gzip(decoder) => decoder.write(bytes),
                Encoding::Zlib(decoder) => decoder.write(bytes),
                Encoding::Deflate(decoder) => decoder.write(bytes),
                Encoding::Undecided(..) => return Ok(()),
            };
            match written {
                // The encoded data is complete.
                Ok(0) => self.is_complete = true,
                Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
                Err(_) => return Err(self.error()),
            }
        }
        // The decoder keeps a last piece until the next write.
        let flushed = match &mut self.encoding {
            Encoding::Gzip(decoder) => decoder.flush(),
            Encoding::Zlib(decoder) => decoder.flush(),
            Encoding::Deflate(decoder) => decoder.flush(),
            Encoding::Undecided(..) => Ok(()),
        };
        flushed.map_err(|_| self.error())
    }

    /// Checks that the encoded data is complete, if the encoding marks its end.
    fn finish(&mut self) -> Result<(), TransportError> {
        if self.is_empty {
            // Servers name an encoding even where there is no body to encode.
            return Ok(());
        }
        let finished = match &mut self.encoding {
            Encoding::Gzip(decoder) => decoder.try_finish(),
            Encoding::Zlib(decoder) => decoder.try_finish(),
            Encoding::Deflate(decoder) => decoder.try_finish(),
            Encoding::Undecided(..) => Err(io::ErrorKind::UnexpectedEof.into()),
        };
        finished.map_err(|_| self.error())
    }

    fn error(&self) -> TransportError {
        if self.all().is_too_long {
            TransportError::TooLong
        } else {
            TransportError::Protocol
        }
    }

    /// Takes the decoded pieces.
    pub(crate) fn pieces(&mut self) -> impl Iterator<Item = Bytes> + use<> {
        std::mem::take(&mut self.all_mut().queue).into_iter()
    }

    fn all(&self) -> &Pieces {
        match &self.encoding {
            Encoding::Gzip(decoder) => decoder.get_ref(),
            Encoding::Zlib(decoder) => decoder.get_ref(),
            Encoding::Deflate(decoder) => decoder.get_ref(),
            Encoding::Undecided(_, pieces) => pieces,
        }
    }

    fn all_mut(&mut self) -> &mut Pieces {
        match &mut self.encoding {
            Encoding::Gzip(decoder) => decoder.get_mut(),
            Encoding::Zlib(decoder) => decoder.get_mut(),
            Encoding::Deflate(decoder) => decoder.get_mut(),
            Encoding::Undecided(_, pieces) => pieces,
        }
    }
}

impl Pieces {
    /// In place of those that were moved.
    fn none() -> Self {
        Self {
            queue: VecDeque::new(),
            remaining_bytes: 0,
            is_too_long: false,
        }
    }
}

/// A body without its encoding.
struct DecodedBody {
    /// `None` when it has ended or failed.
    body: Option<ResponseBody>,
    decoder: Decoder,
    /// Reported after the pieces before it.
    failure: Option<TransportError>,
}

impl Body for DecodedBody {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        loop {
            let this = &mut *self;
            if let Some(piece) = this.decoder.all_mut().queue.pop_front() {
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
            if let Some(failure) = this.failure.take() {
                return Poll::Ready(Some(Err(failure)));
            }
            let Some(body) = &mut this.body else {
                return Poll::Ready(None);
            };
            let outcome = match ready!(Pin::new(body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => this.decoder.write(&data),
                    Err(_trailers) => Ok(()),
                },
                Some(Err(error)) => Err(error),
                None => {
                    this.body = None;
                    this.decoder.finish()
                }
            };
            if let Err(failure) = outcome {
                this.body = None;
                this.failure = Some(failure);
            }
        }
    }
}

#[cfg(test)]
mod tests;
