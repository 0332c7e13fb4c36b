//! All failures of `wasi:http`.

use wasmtime_wasi_http::Error as HttpError;

/// The failures of `wasi:http`.
pub(crate) const FAILURES: [fn() -> HttpError; 36] = [
    || HttpError::DnsTimeout,
    || HttpError::DnsError {
        rcode: None,
        info_code: None,
    },
    || HttpError::DestinationNotFound,
    || HttpError::DestinationUnavailable,
    || HttpError::DestinationIpProhibited,
    || HttpError::DestinationIpUnroutable,
    || HttpError::ConnectionRefused,
    || HttpError::ConnectionTerminated,
    || HttpError::ConnectionTimeout,
    || HttpError::ConnectionReadTimeout,
    || HttpError::ConnectionWriteTimeout,
    || HttpError::ConnectionLimitReached,
    || HttpError::TlsProtocolError,
    || HttpError::TlsCertificateError,
    || HttpError::TlsAlertReceived {
        alert_id: None,
        alert_message: None,
    },
    || HttpError::HttpRequestDenied,
    || HttpError::HttpRequestLengthRequired,
    || HttpError::HttpRequestBodySize(None),
    || HttpError::HttpRequestMethodInvalid,
    || HttpError::HttpRequestUriInvalid,
    || HttpError::HttpRequestUriTooLong,
    || HttpError::HttpRequestHeaderSectionSize(None),
    || HttpError::HttpRequestTrailerSectionSize(None),
    || HttpError::HttpResponseIncomplete,
    || HttpError::HttpResponseHeaderSectionSize(None),
    || HttpError::HttpResponseBodySize(None),
    || HttpError::HttpResponseTrailerSectionSize(None),
    || HttpError::HttpResponseTransferCoding(None),
    || HttpError::HttpResponseContentCoding(None),
    || HttpError::HttpResponseTimeout,
    || HttpError::HttpUpgradeFailed,
    || HttpError::HttpProtocolError,
    || HttpError::LoopDetected,
    || HttpError::ConfigurationError,
    || HttpError::InternalError(None),
    || HttpError::HttpResponseHeaderSize {
        field_name: None,
        field_size: None,
    },
];
