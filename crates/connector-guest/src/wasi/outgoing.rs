//! One request through `wasi:http`, the clock and random numbers. Makes no decisions about targets
//! and answers.

use alloc::string::ToString;
use alloc::vec::Vec;

use wasi::clocks::wall_clock;
use wasi::http::outgoing_handler;
use wasi::http::types::{
    ErrorCode, Fields, HeaderError, IncomingBody, IncomingResponse, Method, OutgoingBody,
    OutgoingRequest, RequestOptions, Scheme, http_error_code,
};
use wasi::io::streams::StreamError;
use wasi::random::random::get_random_bytes;

use crate::error::{Error, Stage};
use crate::request::Request;
use crate::response::{
    BETWEEN_BYTES_TIMEOUT_SECS, CONNECT_TIMEOUT_SECS, DATE, FIRST_BYTE_TIMEOUT_SECS,
    MAX_RESPONSE_BYTES, RETRY_AFTER, Response,
};
use crate::session::Timestamp;
use crate::{Environment, Http};

/// What vendors see in their logs.
const USER_AGENT: &str = concat!("integration-connector/", env!("CARGO_PKG_VERSION"));
/// As much as `blocking-write-and-flush` takes at once.
const WRITE_BYTES: usize = 4096;
/// As much as is read at once.
const READ_BYTES: u64 = 16 * 1024;
const NANOS_PER_SEC: u64 = 1_000_000_000;

/// The effects that the host provides.
pub(super) struct Host;

impl Environment for Host {
    fn now(&self) -> Timestamp {
        let now = wall_clock::now();
        Timestamp {
            secs: now.seconds,
            nanos: now.nanoseconds,
        }
    }

    fn random(&self) -> [u8; 32] {
        let bytes = get_random_bytes(32);
        bytes.try_into().unwrap_or_default()
    }
}

impl Http for Host {
    fn send(&self, request: Request) -> Result<Response, Error> {
        let outgoing = outgoing(&request)?;
        let body = outgoing
            .body()
            .map_err(|()| Error::Unreachable(Stage::Other))?;
        // The request is handed over before its body is written: a host need not take in a body
        // that nobody reads.
        let future = outgoing_handler::handle(outgoing, Some(timeouts())).map_err(failure)?;
        write(body, request.body.expose());
        future.subscribe().block();
        match future.get() {
            Some(Ok(Ok(response))) => Ok(read(&response)),
            Some(Ok(Err(code))) => Err(failure(code)),
            // A host that says ready and has nothing, or gives the answer twice.
            Some(Err(())) | None => Err(Error::Unreachable(Stage::Other)),
        }
    }
}

fn outgoing(request: &Request) -> Result<OutgoingRequest, Error> {
    let headers = Fields::new();
    for (name, value) in &request.headers {
        append(&headers, name, value.expose())?;
    }
    let has_body = request.method == "POST";
    let length = request.body.expose().len().to_string();
    let length = has_body.then_some(("content-length", &*length));
    let own = [("accept", "application/json"), ("user-agent", USER_AGENT)];
    for (name, value) in length.into_iter().chain(own) {
        if request.header_value(name).is_none() {
            match append(&headers, name, value) {
                // A host may keep these fields to itself: the request is good without them.
                Ok(()) | Err(Error::Denied) => {}
                Err(error) => return Err(error),
            }
        }
    }
    let outgoing = OutgoingRequest::new(headers);
    let method = if has_body { Method::Post } else { Method::Get };
    let url = request.url.expose();
    // Only a plugin that builds another URL gets here.
    let rest = url.strip_prefix("https://").ok_or(Error::Denied)?;
    let path_at = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(path_at).unwrap_or((rest, ""));
    let path = if path.is_empty() { "/" } else { path };
    outgoing
        .set_method(&method)
        .and_then(|()| outgoing.set_scheme(Some(&Scheme::Https)))
        .and_then(|()| outgoing.set_authority(Some(authority)))
        .and_then(|()| outgoing.set_path_with_query(Some(path)))
        .map_err(|()| Error::Denied)?;
    Ok(outgoing)
}

fn append(headers: &Fields, name: &str, value: &str) -> Result<(), Error> {
    headers
        .append(name, value.as_bytes())
        .map_err(|error| match error {
            HeaderError::Forbidden => Error::Denied,
            HeaderError::InvalidSyntax | HeaderError::Immutable => Error::Unreachable(Stage::Other),
        })
}

/// A host that knows no time-outs refuses them; it then keeps its own.
fn timeouts() -> RequestOptions {
    let options = RequestOptions::new();
    let _refused = options.set_connect_timeout(Some(CONNECT_TIMEOUT_SECS * NANOS_PER_SEC));
    let _refused = options.set_first_byte_timeout(Some(FIRST_BYTE_TIMEOUT_SECS * NANOS_PER_SEC));
    let _refused =
        options.set_between_bytes_timeout(Some(BETWEEN_BYTES_TIMEOUT_SECS * NANOS_PER_SEC));
    options
}

/// Writes the body. When that fails, the answer or its absence says why: a vendor may refuse before
/// it has read all.
fn write(body: OutgoingBody, bytes: &[u8]) {
    let Ok(stream) = body.write() else { return };
    let written = bytes
        .chunks(WRITE_BYTES)
        .try_for_each(|chunk| stream.blocking_write_and_flush(chunk));
    drop(stream);
    if written.is_ok() {
        let _refused = OutgoingBody::finish(body, None);
    }
}

fn read(response: &IncomingResponse) -> Response {
    let mut read = Response {
        status: response.status(),
        ..Response::default()
    };
    // Taking in all fields would cost as much as reading the body. A date matters only to read
    // another.
    let fields = response.headers();
    for value in fields.get(RETRY_AFTER) {
        read.headers.push((RETRY_AFTER.into(), value));
    }
    if !read.headers.is_empty() {
        for value in fields.get(DATE) {
            read.headers.push((DATE.into(), value));
        }
    }
    read.cut_off = match response.consume() {
        Ok(body) => read_body(&body, &mut read.body).err(),
        Err(()) => Some(Stage::Other),
    };
    read
}

fn read_body(body: &IncomingBody, bytes: &mut Vec<u8>) -> Result<(), Stage> {
    let stream = body.stream().map_err(|()| Stage::Other)?;
    while bytes.len() <= MAX_RESPONSE_BYTES {
        match stream.blocking_read(READ_BYTES) {
            Ok(chunk) => bytes.extend(chunk),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(error)) => {
                return Err(http_error_code(&error).map_or(Stage::CutOff, |code| stage(&code)));
            }
        }
    }
    Ok(())
}

#[expect(
    clippy::inline_always,
    reason = "drops the code that reads the payloads of a code: 1.7 kB of a component"
)]
#[inline(always)]
fn failure(code: ErrorCode) -> Error {
    match code {
        ErrorCode::HttpRequestDenied | ErrorCode::DestinationIpProhibited => Error::Denied,
        code => Error::Unreachable(stage(&code)),
    }
}

/// The stage that a host's code belongs to. What the host adds to the code stays here.
#[expect(clippy::inline_always, reason = "as above")]
#[inline(always)]
fn stage(code: &ErrorCode) -> Stage {
    match code {
        ErrorCode::DnsTimeout | ErrorCode::DnsError(_) | ErrorCode::DestinationNotFound => {
            Stage::Dns
        }
        ErrorCode::DestinationUnavailable
        | ErrorCode::DestinationIpProhibited
        | ErrorCode::DestinationIpUnroutable
        | ErrorCode::ConnectionRefused
        | ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionLimitReached => Stage::Connect,
        ErrorCode::TlsCertificateError => Stage::Certificate,
        ErrorCode::TlsProtocolError | ErrorCode::TlsAlertReceived(_) => Stage::Tls,
        ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::HttpResponseTimeout => Stage::Timeout,
        ErrorCode::ConnectionTerminated | ErrorCode::HttpResponseIncomplete => Stage::CutOff,
        ErrorCode::HttpResponseHeaderSectionSize(_)
        | ErrorCode::HttpResponseHeaderSize(_)
        | ErrorCode::HttpResponseBodySize(_)
        | ErrorCode::HttpResponseTrailerSectionSize(_)
        | ErrorCode::HttpResponseTrailerSize(_)
        | ErrorCode::HttpResponseTransferCoding(_)
        | ErrorCode::HttpResponseContentCoding(_)
        | ErrorCode::HttpUpgradeFailed
        | ErrorCode::HttpProtocolError => Stage::Protocol,
        ErrorCode::HttpRequestDenied
        | ErrorCode::HttpRequestLengthRequired
        | ErrorCode::HttpRequestBodySize(_)
        | ErrorCode::HttpRequestMethodInvalid
        | ErrorCode::HttpRequestUriInvalid
        | ErrorCode::HttpRequestUriTooLong
        | ErrorCode::HttpRequestHeaderSectionSize(_)
        | ErrorCode::HttpRequestHeaderSize(_)
        | ErrorCode::HttpRequestTrailerSectionSize(_)
        | ErrorCode::HttpRequestTrailerSize(_)
        | ErrorCode::LoopDetected
        | ErrorCode::ConfigurationError
        | ErrorCode::InternalError(_) => Stage::Other,
    }
}
