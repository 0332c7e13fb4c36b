//! What can go wrong between a vendor and whoever asks it, on demand.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use tokio::sync::Notify;

pub(crate) type Body = UnsyncBoxBody<Bytes, Infallible>;

/// What was said before a cut is given this long to get onto the wire; the kernel tells nobody when
/// it has.
const CUT_GRACE: Duration = Duration::from_millis(20);

const ENDLESS_PIECE_BYTES: usize = 16 * 1024;

const HTML: &str = "<!DOCTYPE html>\n<html><head><title>Maintenance</title></head>\n\
    <body><h1>We will be right back</h1></body></html>\n";

/// Something that goes wrong with one request.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Fault {
    /// Answers with this status, header fields and body. The request itself has no effect.
    Status(u16, Vec<(String, String)>, String),
    /// Answers with a web page and this status, as a proxy or a maintenance page does. The request
    /// itself has no effect.
    Html(u16),
    /// Never answers. The request itself has no effect.
    Silence,
    /// Closes the connection instead of answering. The request itself has no effect.
    Cut,
    /// Answers as always, and closes the connection after this many bytes of the body.
    CutOff {
        /// How much of the body still comes.
        after: usize,
    },
    /// Answers as always, one byte of the body at a time.
    Slow {
        /// The time before each byte.
        pause: Duration,
    },
    /// Answers with a body that does not end.
    Endless,
}

impl Fault {
    /// Turns the answer that would have been given into the faulty one. `cut` closes the connection
    /// when notified.
    pub(crate) async fn play(
        self,
        answer: impl FnOnce() -> Response<Bytes>,
        cut: Arc<Notify>,
    ) -> Response<Body> {
        match self {
            Self::Status(status, headers, body) => whole(made(status, &headers, body)),
            Self::Html(status) => {
                let html = ("content-type".into(), "text/html; charset=utf-8".into());
                whole(made(status, &[html], HTML.into()))
            }
            Self::Silence => pending().await,
            Self::Cut => {
                cut.notify_one();
                pending().await
            }
            Self::CutOff { after } => cut_off(answer(), after, cut),
            Self::Slow { pause } => slow(answer(), pause),
            Self::Endless => endless(),
        }
    }
}

/// Sends an answer as it is.
pub(crate) fn whole(answer: Response<Bytes>) -> Response<Body> {
    answer.map(|body| Full::new(body).boxed_unsync())
}

fn made(status: u16, headers: &[(String, String)], body: String) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status)
        .unwrap_or_else(|_| panic!("{status} is not a status that a fault can have"));
    for (name, value) in headers {
        let field = HeaderName::try_from(name)
            .ok()
            .zip(HeaderValue::try_from(value).ok());
        let (name, value) =
            field.unwrap_or_else(|| panic!("a fault cannot have the header field {name:?}"));
        response.headers_mut().append(name, value);
    }
    response
}

fn cut_off(answer: Response<Bytes>, after: usize, cut: Arc<Notify>) -> Response<Body> {
    let answer = with_length(answer);
    answer.map(|body| {
        let kept = body.slice(..after.min(body.len()));
        let end = stream::once(async move {
            tokio::time::sleep(CUT_GRACE).await;
            cut.notify_one();
            pending().await
        });
        let pieces = stream::iter([Ok(Frame::data(kept))]).chain(end);
        StreamBody::new(pieces).boxed_unsync()
    })
}

fn slow(answer: Response<Bytes>, pause: Duration) -> Response<Body> {
    with_length(answer).map(|body| {
        let bytes = stream::unfold(body, move |mut rest| async move {
            if rest.is_empty() {
                return None;
            }
            tokio::time::sleep(pause).await;
            Some((Ok(Frame::data(rest.split_to(1))), rest))
        });
        StreamBody::new(bytes).boxed_unsync()
    })
}

fn endless() -> Response<Body> {
    let piece = Bytes::from(vec![b' '; ENDLESS_PIECE_BYTES]);
    let pieces = stream::repeat_with(move || Ok(Frame::data(piece.clone())));
    let mut response = Response::new(StreamBody::new(pieces).boxed_unsync());
    json_type(response.headers_mut());
    response
}

/// A body that comes in pieces does not tell its length by itself.
fn with_length(mut answer: Response<Bytes>) -> Response<Bytes> {
    let length = answer.body().len();
    answer.headers_mut().insert(CONTENT_LENGTH, length.into());
    answer
}

pub(crate) fn json_type(headers: &mut HeaderMap) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
}
