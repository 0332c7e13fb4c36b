//! The far wall: the plugin's only I/O, one request through `wasi:http`. What is sent and what an answer means is decided elsewhere.

use alloc::string::ToString;
use alloc::vec::Vec;

use wasi::http::outgoing_handler;
use wasi::http::types::{
    ErrorCode, Fields, IncomingBody, IncomingResponse, Method, OutgoingBody, OutgoingRequest,
    RequestOptions, Scheme, http_error_code,
};
use wasi::io::streams::StreamError;

use super::{
    BETWEEN_BYTES_TIMEOUT_SECS, CONNECT_TIMEOUT_SECS, FIRST_BYTE_TIMEOUT_SECS, Http,
    MAX_REPLY_BYTES, RETRY_AFTER, Reply, Request,
};
use crate::error::{Error, Stage};

/// What vendors see in their logs.
const USER_AGENT: &str = concat!("integration-connector/", env!("CARGO_PKG_VERSION"));
/// As much as `blocking-write-and-flush` takes at once.
const WRITE_BYTES: usize = 4096;
/// As much as is asked for at once.
const READ_BYTES: u64 = 16 * 1024;
const NANOS_PER_SEC: u64 = 1_000_000_000;

/// HTTP as the host provides it.
pub struct Outgoing;

impl Http for Outgoing {
    fn send(&self, request: Request) -> Result<Reply, Error> {
        let outgoing = describe(&request)?;
        let body = outgoing
            .body()
            .map_err(|()| Error::Unreachable(Stage::Other))?;
        // The request is handed over before its body is written: a host need not take in a body that nobody reads.
        let future = outgoing_handler::handle(outgoing, Some(timeouts())).map_err(failure)?;
        write(body, &request.body);
        future.subscribe().block();
        match future.get() {
            Some(Ok(Ok(response))) => Ok(read(&response)),
            Some(Ok(Err(code))) => Err(failure(code)),
            // A host that says ready and has nothing, or gives the answer twice.
            Some(Err(())) | None => Err(Error::Unreachable(Stage::Other)),
        }
    }
}

fn describe(request: &Request) -> Result<OutgoingRequest, Error> {
    let length = request.body.len().to_string();
    let headers = Fields::new();
    for (name, value) in [
        ("content-type", request.content_type),
        ("content-length", &length),
        ("accept", "application/json"),
        ("user-agent", USER_AGENT),
    ] {
        // Fails only when the host forbids one of these headers.
        headers
            .append(name, value.as_bytes())
            .map_err(|_| Error::Denied)?;
    }
    let outgoing = OutgoingRequest::new(headers);
    outgoing
        .set_method(&Method::Post)
        .and_then(|()| outgoing.set_scheme(Some(&Scheme::Https)))
        .and_then(|()| outgoing.set_authority(Some(request.authority)))
        .and_then(|()| outgoing.set_path_with_query(Some(request.path)))
        .map_err(|()| Error::Denied)?;
    Ok(outgoing)
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

/// Writes the body. When that fails, the answer or its absence says why: a vendor may refuse before it has read all.
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

fn read(response: &IncomingResponse) -> Reply {
    let mut reply = Reply {
        status: response.status(),
        headers: Vec::new(),
        body: Vec::new(),
        cut: None,
    };
    // The one field that the reading of a reply asks for. To take in all of them costs as much as to read the body.
    for value in response.headers().get(RETRY_AFTER) {
        reply.headers.push((RETRY_AFTER.into(), value));
    }
    reply.cut = match response.consume() {
        Ok(body) => read_body(&body, &mut reply.body).err(),
        Err(()) => Some(Stage::Other),
    };
    reply
}

fn read_body(body: &IncomingBody, bytes: &mut Vec<u8>) -> Result<(), Stage> {
    let stream = body.stream().map_err(|()| Stage::Other)?;
    while bytes.len() <= MAX_REPLY_BYTES {
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

fn failure(code: ErrorCode) -> Error {
    match code {
        ErrorCode::HttpRequestDenied | ErrorCode::DestinationIpProhibited => Error::Denied,
        code => Error::Unreachable(stage(&code)),
    }
}

/// The stage that a host's code belongs to. What the host adds to the code stays here.
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
        ErrorCode::TlsProtocolError
        | ErrorCode::TlsCertificateError
        | ErrorCode::TlsAlertReceived(_) => Stage::Tls,
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
