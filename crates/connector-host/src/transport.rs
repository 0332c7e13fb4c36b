//! The one way out: what a transport is, and how it fails. The live one is in `live.rs`; tests bring their own.
//! Whether a request may leave at all is decided before, in `egress.rs`.

use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http_body_util::combinators::UnsyncBoxBody;

/// A reply's body as it comes in.
pub type ResponseBody = UnsyncBoxBody<Bytes, TransportError>;

/// How long each stage of a request may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Name resolution, connection and TLS together.
    pub connect: Duration,
    /// From the request sent to the header of the reply.
    pub first_byte: Duration,
    /// Between two pieces of the reply's body.
    pub between_bytes: Duration,
}

/// Carries one request to where its URL says, and brings the reply.
///
/// An implementation follows no redirect, repeats nothing, and adds no header but those of the wire.
/// It honours `timeouts.connect`; the caller watches over the other two, whatever the transport does.
pub trait Transport: Send + Sync + 'static {
    /// Sends `request`, whose URL is absolute and `https`. The reply may have any status.
    fn send(
        &self,
        request: http::Request<Bytes>,
        timeouts: Timeouts,
    ) -> BoxFuture<'static, Result<http::Response<ResponseBody>, TransportError>>;
}

/// Why no reply came, or not all of it, by stage. Holds no text from outside, so it can be logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The request was not let out: its origin, or every address that its host's name leads to, is not allowed.
    #[error("the request was not let out")]
    Denied,
    /// The host's name could not be resolved.
    #[error("the host name could not be resolved")]
    Dns,
    /// The name was not resolved in time.
    #[error("the host name was not resolved in time")]
    DnsTimeout,
    /// The other side refused the connection, or cannot be reached.
    #[error("no connection could be made")]
    Connect,
    /// The connection did not come about in time.
    #[error("the connection did not come about in time")]
    ConnectTimeout,
    /// The other side's certificate does not prove who it is.
    #[error("the certificate was not accepted")]
    TlsCertificate,
    /// No common way to speak TLS, or a broken handshake.
    #[error("the TLS handshake failed")]
    Tls,
    /// The TLS handshake did not end in time.
    #[error("the TLS handshake did not end in time")]
    TlsTimeout,
    /// The reply did not begin, or did not go on, in time.
    #[error("the reply did not come in time")]
    Timeout,
    /// The connection ended before the reply did.
    #[error("the connection ended before the reply did")]
    CutOff,
    /// What came was not HTTP.
    #[error("the reply was not HTTP")]
    Protocol,
    /// The reply's header section or body was longer than the host allows.
    #[error("the reply is longer than the host allows")]
    TooLong,
}

impl TransportError {
    /// The name of the stage, such as `cut-off`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Dns => "dns",
            Self::DnsTimeout => "dns-timeout",
            Self::Connect => "connect",
            Self::ConnectTimeout => "connect-timeout",
            Self::TlsCertificate => "tls-certificate",
            Self::Tls => "tls",
            Self::TlsTimeout => "tls-timeout",
            Self::Timeout => "timeout",
            Self::CutOff => "cut-off",
            Self::Protocol => "protocol",
            Self::TooLong => "too-long",
        }
    }
}
