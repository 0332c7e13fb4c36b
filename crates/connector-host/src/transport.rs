//! The interface to the network: a transport, and the stages at which it fails. [`Live`] in
//! `transport/live.rs` is the real one; tests bring their own. Whether a request may be sent at all
//! is decided before, in `egress/`.
//!
//! [`Live`]: crate::Live

pub(crate) mod addresses;
pub(crate) mod attempt;
pub(crate) mod coalescing;
pub(crate) mod connect_to;
pub(crate) mod dial;
pub(crate) mod failure;
pub(crate) mod live;
pub(crate) mod pem;
pub(crate) mod proxy;
pub(crate) mod proxy_dialer;
pub(crate) mod tcp_dialer;

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

/// Why a certificate was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// It, or one that it depends on, has expired. The clock of this machine may be wrong.
    #[error("it has expired")]
    Expired,
    /// It is not valid yet. The clock of this machine may be wrong.
    #[error("it is not valid yet")]
    NotYetValid,
    /// It is for other names than the host's.
    #[error("it is for another host name")]
    WrongName,
    /// Its issuer is not trusted: often a proxy that inspects TLS, with an authority of its own.
    #[error("its issuer is unknown")]
    UnknownIssuer,
    /// It was revoked, or its revocation status is unknown.
    #[error("it was revoked")]
    Revoked,
    /// Another reason, such as a bad signature or a purpose other than that of a server; or the
    /// reason is unknown.
    #[error("it is not usable")]
    Other,
}

impl CertificateError {
    /// The name of the reason, such as `unknown-issuer`.
    pub fn name(self) -> &'static str {
        self.stage_name().trim_start_matches("tls-certificate-")
    }

    /// The name of the stage with the reason.
    fn stage_name(self) -> &'static str {
        match self {
            Self::Expired => "tls-certificate-expired",
            Self::NotYetValid => "tls-certificate-not-yet-valid",
            Self::WrongName => "tls-certificate-wrong-name",
            Self::UnknownIssuer => "tls-certificate-unknown-issuer",
            Self::Revoked => "tls-certificate-revoked",
            Self::Other => "tls-certificate-other",
        }
    }
}

/// Why the operator's proxy gave no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// Its host name could not be resolved.
    #[error("its host name could not be resolved")]
    Dns,
    /// It refused the connection, or cannot be reached.
    #[error("the connection to it failed")]
    Connect,
    /// It did not connect, or did not respond, in time.
    #[error("it did not respond in time")]
    Timeout,
    /// Its own certificate was not accepted.
    #[error("its certificate was not accepted: {0}")]
    Certificate(CertificateError),
    /// The TLS handshake with it failed for another reason; it may not speak TLS.
    #[error("the TLS handshake with it failed")]
    Tls,
    /// It requires a user and password, or refused those that it got (status 407 or 401).
    #[error("it requires a user and password, or refused those of its URL")]
    Authentication,
    /// It refused to connect to the vendor, or could not: with this status, if it speaks HTTP.
    #[error("it did not connect to the vendor{}", status(*.0))]
    Refused(Option<u16>),
    /// Its response was not that of a proxy, or broke off.
    #[error("its response was not that of a proxy")]
    Protocol,
}

fn status(status: Option<u16>) -> String {
    status.map_or_else(String::new, |status| format!(" (status {status})"))
}

impl ProxyError {
    /// The name of the reason, such as `authentication`.
    pub fn name(self) -> &'static str {
        self.stage_name().trim_start_matches("proxy-")
    }

    /// The name of the stage with the reason.
    fn stage_name(self) -> &'static str {
        match self {
            Self::Dns => "proxy-dns",
            Self::Connect => "proxy-connect",
            Self::Timeout => "proxy-timeout",
            Self::Certificate(why) => match why {
                CertificateError::Expired => "proxy-certificate-expired",
                CertificateError::NotYetValid => "proxy-certificate-not-yet-valid",
                CertificateError::WrongName => "proxy-certificate-wrong-name",
                CertificateError::UnknownIssuer => "proxy-certificate-unknown-issuer",
                CertificateError::Revoked => "proxy-certificate-revoked",
                CertificateError::Other => "proxy-certificate-other",
            },
            Self::Tls => "proxy-tls",
            Self::Authentication => "proxy-authentication",
            Self::Refused(_) => "proxy-refused",
            Self::Protocol => "proxy-protocol",
        }
    }
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
    /// The operator's proxy gave no connection. Nothing reached the vendor.
    #[error("the proxy gave no connection: {0}")]
    Proxy(ProxyError),
    /// The connection was not established in time.
    #[error("the connection was not established in time")]
    ConnectTimeout,
    /// The server's certificate was not accepted.
    #[error("the certificate was not accepted: {0}")]
    TlsCertificate(CertificateError),
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
    /// The name of the stage, such as `cut-off`, with the reason where there is one, such as
    /// `tls-certificate-expired`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Dns => "dns",
            Self::DnsTimeout => "dns-timeout",
            Self::Connect => "connect",
            Self::Proxy(why) => why.stage_name(),
            Self::ConnectTimeout => "connect-timeout",
            Self::TlsCertificate(why) => why.stage_name(),
            Self::Tls => "tls",
            Self::TlsTimeout => "tls-timeout",
            Self::Timeout => "timeout",
            Self::CutOff => "cut-off",
            Self::Protocol => "protocol",
            Self::TooLong => "too-long",
        }
    }
}
