//! One exchange over a transport: the limits on the response's header and body, and the span that
//! records method, host, path, status, outcome and duration.

use std::fmt;

use bytes::Bytes;
use futures::future::FutureExt;
use http::Uri;
use http::header::HeaderMap;
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout_at};
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::deadline::{after, earlier};
use crate::egress::bounded_body::BoundedBody;
use crate::limits::{MAX_HEADER_BYTES, MAX_HEADER_FIELDS, Timeouts};
use crate::transport::{ResponseBody, Transport, TransportError};

/// Sends a request that the egress policy allows, and bounds its response: time to the header, size
/// of the header, silence within the body, length of the body.
///
/// The transport skips interim responses, within the time to the header. Trailers are dropped.
/// Only the transport knows when the connection is established, so the header has the time of both
/// stages; a transport may be stricter. Dropping the future or the body cancels the request.
///
/// The request starts at once, not at the first poll. (An `async fn` would store its parts twice.)
pub(crate) fn exchange(
    transport: &dyn Transport,
    request: http::Request<Bytes>,
    timeouts: Timeouts,
    deadline: Option<Instant>,
    limit_bytes: usize,
) -> impl Future<Output = Result<http::Response<ResponseBody>, TransportError>> + Send + use<> {
    let span = span(request.method(), Some(request.uri()));
    let started = Instant::now();
    let both = timeouts.connect.saturating_add(timeouts.first_byte);
    let header_by = earlier(after(both), deadline);
    let response = transport.send(request, timeouts);
    let response = timeout_at(header_by, response).instrument(span.clone());
    response.map(move |response| {
        let response = response
            .unwrap_or(Err(TransportError::Timeout))
            .and_then(|response| {
                let fits = header_fits(response.headers());
                fits.then_some(response).ok_or(TransportError::TooLong)
            })
            .inspect_err(|error| record_end(&span, error.name(), started))?;
        span.record("status", response.status().as_u16());
        Ok(response.map(|body| {
            let between_bytes = timeouts.between_bytes;
            let end = move |outcome| record_end(&span, outcome, started);
            BoundedBody::new(body, limit_bytes, between_bytes, deadline, end).boxed_unsync()
        }))
    })
}

/// The span of a request. Its outcome is a stage, `ok`, or `unread` for a body that was dropped
/// early. There is none if the call ended before the response began.
///
/// The query is left out: it may be a secret. So may long segments of the path.
pub(crate) fn span(method: &http::Method, url: Option<&Uri>) -> Span {
    // An extension method may be any string that the plugin chooses.
    let method = match method.as_str() {
        name @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" | "CONNECT"
        | "TRACE") => name,
        _ => "other",
    };
    tracing::debug_span!(
        "request",
        method,
        host = url.and_then(Uri::host),
        path = url.map(|url| tracing::field::display(Path(url.path()))),
        status = Empty,
        outcome = Empty,
        elapsed_ms = Empty,
    )
}

/// Records the end of a request, and logs it.
fn record_end(span: &Span, outcome: &'static str, started: Instant) {
    let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    span.record("outcome", outcome);
    span.record("elapsed_ms", elapsed_ms);
    span.in_scope(|| tracing::debug!("the request ended"));
}

/// A path with its long segments masked.
struct Path<'a>(&'a str);

impl fmt::Display for Path<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Names and ids are shorter, but for UUIDs; keys and tokens are longer.
        const MAX_SEGMENT_BYTES: usize = 24;
        for (number, segment) in self.0.split('/').enumerate() {
            let separator = if number == 0 { "" } else { "/" };
            let is_short = segment.len() <= MAX_SEGMENT_BYTES;
            let shown = if is_short { segment } else { "…" };
            write!(formatter, "{separator}{shown}")?;
        }
        Ok(())
    }
}

/// Whether a header section is within the limits.
pub(crate) fn header_fits(fields: &HeaderMap) -> bool {
    /// HTTP/2 counts this for each field in addition to its name and value.
    const FIELD_BYTES: usize = 32;
    let bytes = fields
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + FIELD_BYTES);
    fields.len() <= MAX_HEADER_FIELDS && bytes.sum::<usize>() <= MAX_HEADER_BYTES
}

#[cfg(test)]
mod tests;
