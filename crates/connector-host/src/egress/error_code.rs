//! Conversions between transport errors and the error codes of `wasi:http`.

use wasmtime_wasi_http::Error;
use wasmtime_wasi_http::p2::bindings::http::types::{DnsErrorPayload, ErrorCode};

use crate::transport::TransportError;

/// The runtime's error for a body that failed.
pub(crate) fn error_of(error: TransportError) -> Error {
    code_of(error).into()
}

/// The `wasi:http` code of a missing response.
pub(crate) fn code_of(error: TransportError) -> ErrorCode {
    match error {
        TransportError::Denied => ErrorCode::HttpRequestDenied,
        TransportError::Dns => ErrorCode::DnsError(DnsErrorPayload {
            rcode: None,
            info_code: None,
        }),
        TransportError::DnsTimeout => ErrorCode::DnsTimeout,
        // `wasi:http` has no code for a proxy.
        TransportError::Connect | TransportError::Proxy(_) => ErrorCode::ConnectionRefused,
        TransportError::ConnectTimeout => ErrorCode::ConnectionTimeout,
        TransportError::TlsCertificate(_) => ErrorCode::TlsCertificateError,
        // `wasi:http` has no separate code for the second.
        TransportError::Tls | TransportError::TlsTimeout => ErrorCode::TlsProtocolError,
        TransportError::Timeout => ErrorCode::HttpResponseTimeout,
        TransportError::CutOff => ErrorCode::HttpResponseIncomplete,
        TransportError::Protocol => ErrorCode::HttpProtocolError,
        TransportError::TooLong => ErrorCode::HttpResponseBodySize(None),
    }
}

/// The code of an error of [`error_of`], with which a body ended.
pub(crate) fn code_of_body_error(error: &Error) -> Option<ErrorCode> {
    Some(match error {
        Error::HttpResponseTimeout => ErrorCode::HttpResponseTimeout,
        Error::HttpResponseIncomplete => ErrorCode::HttpResponseIncomplete,
        Error::HttpProtocolError => ErrorCode::HttpProtocolError,
        Error::HttpResponseBodySize(size) => ErrorCode::HttpResponseBodySize(*size),
        Error::TlsProtocolError => ErrorCode::TlsProtocolError,
        Error::TlsCertificateError => ErrorCode::TlsCertificateError,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::CertificateError;

    #[test]
    fn a_body_error_keeps_its_code() {
        for error in [
            TransportError::Timeout,
            TransportError::CutOff,
            TransportError::Protocol,
            TransportError::TooLong,
            TransportError::Tls,
            TransportError::TlsCertificate(CertificateError::Expired),
        ] {
            let code = code_of_body_error(&error_of(error));
            assert_eq!(format!("{code:?}"), format!("{:?}", Some(code_of(error))));
        }
    }
}
