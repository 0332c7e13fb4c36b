//! The stage at which a request failed, found in the chain of errors that hyper, h2, rustls and the
//! operating system leave.

use std::error::Error as StdError;
use std::io;

use rustls::CertificateError as Rejected;

use crate::transport::{CertificateError, TransportError};

/// The stage of a failed TCP connection.
pub(crate) fn stage_of_tcp(error: &(dyn StdError + 'static)) -> TransportError {
    let timed_out = |error: &io::Error| error.kind() == io::ErrorKind::TimedOut;
    if let Some(stage) = explicit_stage(error) {
        stage
    } else if causes(error).any(|cause| cause.downcast_ref().is_some_and(timed_out)) {
        TransportError::ConnectTimeout
    } else {
        TransportError::Connect
    }
}

/// The stage of a request that failed before the header of its response.
pub(crate) fn stage_of_request(error: &hyper_util::client::legacy::Error) -> TransportError {
    if error.is_connect() {
        stage_of_connection(error)
    } else {
        stage_of(error)
    }
}

/// The stage at which a connection over TLS failed.
pub(crate) fn stage_of_connection(error: &(dyn StdError + 'static)) -> TransportError {
    // The attempt names every stage before TLS, so any other error is one of TLS.
    explicit_stage(error)
        .or_else(|| stage_of_tls(error))
        .unwrap_or(TransportError::Tls)
}

/// The stage at which an established connection failed.
pub(crate) fn stage_of(error: &(dyn StdError + 'static)) -> TransportError {
    if let Some(stage) = stage_of_tls(error) {
        return stage;
    }
    let hyper = || causes(error).filter_map(|cause| cause.downcast_ref::<hyper::Error>());
    if hyper().any(hyper::Error::is_timeout) {
        // Pings without a reply.
        return TransportError::Timeout;
    }
    if hyper().any(hyper::Error::is_parse_too_large) {
        return TransportError::TooLong;
    }
    if hyper().any(hyper::Error::is_parse) {
        return TransportError::Protocol;
    }
    let mut h2 = causes(error).filter_map(|cause| cause.downcast_ref::<h2::Error>());
    if h2.any(h2::Error::is_library) {
        // Detected by this side. An error that the server reports is a cut-off.
        return TransportError::Protocol;
    }
    let is_malformed = |kind| {
        matches!(
            kind,
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
        )
    };
    let mut io = causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>());
    if io.any(|error| is_malformed(error.kind())) {
        // For example, invalid chunks.
        return TransportError::Protocol;
    }
    // The connection or the HTTP/2 stream closed early.
    TransportError::CutOff
}

/// The stage that the connection attempt named itself.
fn explicit_stage(error: &(dyn StdError + 'static)) -> Option<TransportError> {
    causes(error).find_map(|cause| cause.downcast_ref().copied())
}

fn stage_of_tls(error: &(dyn StdError + 'static)) -> Option<TransportError> {
    causes(error)
        .find_map(|cause| cause.downcast_ref::<rustls::Error>())
        .map(|error| match error {
            rustls::Error::InvalidCertificate(why) => {
                TransportError::TlsCertificate(certificate_error(why))
            }
            _ => TransportError::Tls,
        })
}

fn certificate_error(why: &Rejected) -> CertificateError {
    match why {
        Rejected::Expired | Rejected::ExpiredContext { .. } => CertificateError::Expired,
        Rejected::NotValidYet | Rejected::NotValidYetContext { .. } => {
            CertificateError::NotYetValid
        }
        Rejected::NotValidForName | Rejected::NotValidForNameContext { .. } => {
            CertificateError::WrongName
        }
        // A bad signature is that of an issuer with a trusted one's name and another key.
        Rejected::UnknownIssuer | Rejected::BadSignature => CertificateError::UnknownIssuer,
        Rejected::Revoked
        | Rejected::UnknownRevocationStatus
        | Rejected::ExpiredRevocationList
        | Rejected::ExpiredRevocationListContext { .. } => CertificateError::Revoked,
        _ => CertificateError::Other,
    }
}

/// An error and all its causes. `io::Error::source` skips the error that it wraps, so that one is
/// added.
fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| {
        let error = *error;
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
            .map(|wrapped| wrapped as &(dyn StdError + 'static));
        wrapped.or_else(|| error.source())
    })
}

#[cfg(test)]
mod tests;
