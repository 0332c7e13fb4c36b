//! One exchange over a transport: the limits on the response's header and body, and the span that
//! records host, status and outcome.

use bytes::Bytes;
use futures::future::FutureExt;
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
    let span = span(request.method(), request.uri().host());
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
            .inspect_err(|error| {
                span.record("outcome", error.name());
            })?;
        span.record("status", response.status().as_u16());
        Ok(response.map(|body| {
            let between_bytes = timeouts.between_bytes;
            BoundedBody::new(body, limit_bytes, between_bytes, deadline, span).boxed_unsync()
        }))
    })
}

/// The span of a request. Its outcome is a stage, `ok`, or `unread` for a body that was dropped
/// early. There is none if the call ended before the response began.
pub(crate) fn span(method: &http::Method, host: Option<&str>) -> Span {
    // An extension method may be any string that the plugin chooses.
    let method = match method.as_str() {
        name @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" | "CONNECT"
        | "TRACE") => name,
        _ => "other",
    };
    tracing::debug_span!("request", method, host, status = Empty, outcome = Empty)
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
