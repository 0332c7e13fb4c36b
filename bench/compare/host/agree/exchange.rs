//! The vendor: gives one reply, and records the requests.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use futures::stream;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use wasmtime_wasi_http::Error as HttpError;
use wasmtime_wasi_http::WasiBody;

use crate::answer::Answer;
use crate::question::Reply;

/// The next reply, and the requests so far.
#[derive(Default)]
pub(crate) struct Exchange {
    pub(crate) reply: Option<Reply>,
    pub(crate) asked: Vec<String>,
}

/// Replies as the vendor, and records the request.
pub(crate) fn answer(
    exchange: &Mutex<Exchange>,
    request: &Request<Bytes>,
) -> Result<Response<WasiBody>, HttpError> {
    let mut exchange = exchange.lock().unwrap_or_else(PoisonError::into_inner);
    let headers: BTreeSet<_> = request
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.as_bytes().escape_ascii()))
        .collect();
    exchange.asked.push(format!(
        "{} {} {headers:?} {}",
        request.method(),
        request.uri(),
        request.body().escape_ascii()
    ));
    match exchange.reply.take() {
        Some(Reply::Answer(answer)) => Ok(response(&answer)),
        Some(Reply::Failure(failure)) => Err(failure()),
        None => Err(HttpError::HttpRequestDenied),
    }
}

fn response(answer: &Answer) -> Response<WasiBody> {
    let mut frames = vec![Ok(Frame::data(Bytes::from(answer.body.clone())))];
    if answer.is_cut {
        frames.push(Err(HttpError::HttpResponseIncomplete));
    }
    let mut response = Response::new(StreamBody::new(stream::iter(frames)).boxed_unsync());
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or_default();
    for (name, value) in &answer.headers {
        let name = HeaderName::try_from(name).ok();
        if let Some((name, value)) = name.zip(HeaderValue::from_bytes(value).ok()) {
            response.headers_mut().append(name, value);
        }
    }
    response
}
