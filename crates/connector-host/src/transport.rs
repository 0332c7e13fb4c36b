//! The interface to the network: a transport, and the stages at which it fails. [`Live`] in
//! `transport/live.rs` is the real one; tests bring their own. Whether a request may be sent at all
//! is decided before, in `egress/`.
//!
//! [`Live`]: crate::Live

pub(crate) mod addresses;
pub(crate) mod coalescing;
pub(crate) mod connect_to;
pub(crate) mod dial;
pub(crate) mod failure;
pub(crate) mod live;

use bytes::Bytes;
use futures::future::BoxFuture;
use http_body_util::combinators::UnsyncBoxBody;

use crate::limits::Timeouts;

/// A streamed response body.
pub type ResponseBody = UnsyncBoxBody<Bytes, TransportError>;

/// Sends one request to its URL, and returns the response.
///
/// An implementation follows no redirect, repeats nothing, and adds no header fields but those of
/// the connection. It enforces `timeouts.connect`; the caller enforces the other two.
pub trait Transport: Send + Sync + 'static {
    /// Sends `request`, whose URL is absolute and `https`. The response may have any status.
    fn send(
        &self,
        request: http::Request<Bytes>,
        timeouts: Timeouts,
    ) -> BoxFuture<'static, Result<http::Response<ResponseBody>, TransportError>>;
}

/// Why a response is missing or incomplete, by stage. Safe to log: it holds no external text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The request was denied: its origin, or every address of its host, is not allowed.
    #[error("the request was denied")]
    Denied,
    /// The host name could not be resolved.
    #[error("the host name could not be resolved")]
    Dns,
    /// The host name was not resolved in time.
    #[error("the host name was not resolved in time")]
    DnsTimeout,
    /// The server refused the connection, or cannot be reached.
    #[error("the connection failed")]
    Connect,
    /// The connection was not established in time.
    #[error("the connection was not established in time")]
    ConnectTimeout,
    /// The server's certificate is not valid for its name.
    #[error("the certificate was not accepted")]
    TlsCertificate,
    /// The TLS handshake failed for another reason.
    #[error("the TLS handshake failed")]
    Tls,
    /// The TLS handshake did not complete in time.
    #[error("the TLS handshake did not complete in time")]
    TlsTimeout,
    /// The response did not begin, or did not continue, in time.
    #[error("the response did not arrive in time")]
    Timeout,
    /// The connection closed before the response was complete.
    #[error("the connection closed before the response was complete")]
    CutOff,
    /// The response was not HTTP.
    #[error("the response was not HTTP")]
    Protocol,
    /// The response's header section or body exceeds the host's limit.
    #[error("the response exceeds the host's limit")]
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
