//! The egress guard: a call's only way to the network. It applies the egress policy and the limits
//! on requests, and reports errors in the terms of `wasi:http`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt, TryFutureExt};
use http::header::{AUTHORIZATION, CONTENT_LENGTH};
use http_body_util::{BodyExt, LengthLimitError};
use tokio::time::Instant;
use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use crate::deadline::after;
use crate::egress::content_encoding::decoded;
use crate::egress::error_code::{code_of, error_of};
use crate::egress::exchange::{exchange, header_fits, span};
use crate::egress::joined_body::JoinedBody;
use crate::egress::member_names::NamedBody;
use crate::egress::origin::Origin;
use crate::egress::policy::EgressPolicy;
use crate::egress::zeroized_bytes::collect_zeroized;
use crate::limits::{Limits, Timeouts};
use crate::transport::{Transport, TransportError};

/// The part of a body that a plugin may write ahead of the network: the default limit of a whole
/// request.
const WRITE_AHEAD_BYTES: usize = 64 << 10;

/// The outcome of a plugin's request.
pub(crate) type Outcome = Result<http::Response<WasiBody>, ErrorCode>;

/// A request that is not allowed.
pub(crate) struct Denied {
    /// The plugin may still be writing it.
    pub(crate) body: WasiBody,
}

/// Sends the requests of one call.
pub(crate) struct EgressGuard {
    transport: Arc<dyn Transport>,
    policy: EgressPolicy,
    /// Those of the call's credential. None until they are known, so that nothing is sent before.
    origins: Vec<Origin>,
    timeouts: Timeouts,
    remaining_requests: u32,
    request_bytes: usize,
    reply_bytes: usize,
    /// For every response: shortly before the call's own deadline, so that the plugin can report
    /// the reason.
    deadline: Instant,
    /// The error of the last request without a response. The plugin learns less: its interface has
    /// fewer cases.
    failure: Arc<Mutex<Option<TransportError>>>,
}

type Io = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl EgressGuard {
    /// The guard of a call that begins now.
    pub(crate) fn new(
        transport: Arc<dyn Transport>,
        policy: EgressPolicy,
        limits: &Limits,
    ) -> Self {
        Self {
            transport,
            policy,
            origins: Vec::new(),
            timeouts: limits.timeouts,
            remaining_requests: limits.requests,
            request_bytes: limits.request_bytes,
            reply_bytes: limits.reply_bytes,
            deadline: after(limits.deadline / 10 * 9),
            failure: Arc::default(),
        }
    }

    /// Allows requests to the origins of the call's credential, within the policy.
    pub(crate) fn allow(&mut self, origins: Vec<Origin>) {
        self.origins = origins;
    }

    /// Denies further requests, and returns the origins that were allowed.
    pub(crate) fn take_origins(&mut self) -> Vec<Origin> {
        std::mem::take(&mut self.origins)
    }

    /// The error of the last request that got no response.
    pub(crate) fn failure(&self) -> Option<TransportError> {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a request is allowed, before its body is known.
    fn allows<B>(&mut self, request: &http::Request<B>) -> bool {
        let Some(remaining) = self.remaining_requests.checked_sub(1) else {
            return false;
        };
        self.remaining_requests = remaining;
        // CONNECT requests a tunnel through the host of its URL.
        request.method() != http::Method::CONNECT
            && header_fits(request.headers())
            && self.policy.allows(&self.origins, request.uri())
    }

    /// Sends one request of the plugin. Nothing happens before the first poll.
    ///
    /// The future is boxed here because this runs on the plugin's stack, where it would take room
    /// until the call ends.
    pub(crate) fn send(
        &mut self,
        request: http::Request<WasiBody>,
        options: RequestOptions,
    ) -> Result<BoxFuture<'static, Outcome>, Denied> {
        if !self.allows(&request) {
            // Without the host, which the plugin may have made up.
            span(request.method(), None).record("outcome", TransportError::Denied.name());
            return Err(Denied {
                body: request.into_body(),
            });
        }
        let transport = Arc::clone(&self.transport);
        let timeouts = shortened(self.timeouts, options);
        let (deadline, reply_bytes) = (self.deadline, self.reply_bytes);
        let failure = Arc::clone(&self.failure);
        let (parts, body) = request.into_parts();
        let outcome = collected(parts, body, self.request_bytes)
            .and_then(move |request| {
                let response =
                    exchange(&*transport, request, timeouts, Some(deadline), reply_bytes);
                response.map_err(move |error| {
                    *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    match error {
                        TransportError::TooLong => ErrorCode::HttpResponseHeaderSectionSize(None),
                        error => code_of(error),
                    }
                })
            })
            .map_ok(move |response| {
                decoded(response, reply_bytes).map(|body| {
                    NamedBody::new(JoinedBody::new(body))
                        .map_err(error_of)
                        .boxed_unsync()
                })
            });
        Ok(outcome.boxed())
    }
}

impl WasiHttpHooks for EgressGuard {
    /// Never called: `runtime/outgoing_handler.rs` replaces the runtime's own handler.
    fn send_request(
        &mut self,
        _request: http::Request<WasiBody>,
        _options: Option<RequestOptions>,
        _response_handled: Io,
    ) -> Box<dyn Future<Output = Result<(http::Response<WasiBody>, Io), Error>> + Send> {
        Box::new(std::future::ready(Err(Error::HttpRequestDenied)))
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        WRITE_AHEAD_BYTES
    }

    // The following three are never called, because `error_of` creates none of these errors. The
    // defaults would log them.
    fn p2_error_from_hyper(&mut self, _error: &hyper::Error) -> ErrorCode {
        ErrorCode::HttpProtocolError
    }

    fn p2_error_from_connect(&mut self, _error: &std::io::Error) -> ErrorCode {
        ErrorCode::ConnectionRefused
    }

    fn p2_error_from_tls(&mut self, _error: &std::io::Error) -> ErrorCode {
        ErrorCode::TlsProtocolError
    }
}

/// The plugin's time limits, within the host's.
fn shortened(limits: Timeouts, options: RequestOptions) -> Timeouts {
    let shorter = |limit: Duration, asked: Option<Duration>| asked.map_or(limit, |t| t.min(limit));
    Timeouts {
        connect: shorter(limits.connect, options.connect_timeout),
        first_byte: shorter(limits.first_byte, options.first_byte_timeout),
        between_bytes: shorter(limits.between_bytes, options.between_bytes_timeout),
    }
}

/// Waits for the plugin to complete its request, and keeps only method, URL, fields and body.
async fn collected(
    parts: http::request::Parts,
    body: WasiBody,
    limit_bytes: usize,
) -> Result<http::Request<Bytes>, ErrorCode> {
    // It may hold a secret.
    let body = match collect_zeroized(body, limit_bytes).await {
        Ok(body) => body,
        Err(error) if error.is::<LengthLimitError>() => return Err(ErrorCode::HttpRequestDenied),
        // The plugin aborted the body.
        Err(_) => return Err(ErrorCode::HttpProtocolError),
    };
    let declared = parts.headers.get_all(CONTENT_LENGTH);
    let length = body.len().to_string();
    // Conflicting lengths would allow request smuggling.
    if declared.iter().count() > 1 || declared.iter().any(|declared| *declared != *length) {
        return Err(ErrorCode::HttpRequestBodySize(Some(body.len() as u64)));
    }
    let mut request = http::Request::new(body);
    *request.method_mut() = parts.method;
    *request.uri_mut() = parts.uri;
    *request.headers_mut() = parts.headers;
    if let Some(value) = request.headers_mut().get_mut(AUTHORIZATION) {
        value.set_sensitive(true);
    }
    Ok(request)
}

#[cfg(test)]
mod tests;
