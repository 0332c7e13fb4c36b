//! Checking the result of `authorize`: it must not change where a request goes or where it ends.

use http::header::{HeaderName, HeaderValue};

use crate::contract::bindings::exports::integration::connector::types as wit;
use crate::contract::require;
use crate::error::PluginError;
use crate::types::Authorization;

/// Signatures have a handful of fields.
const MAX_FIELDS: usize = 32;
/// 32 KiB of names and values: a token of 16 KiB, and as much again.
const MAX_BYTES: usize = 32 << 10;

/// The fields that belong to the connection (RFC 9110 §7.6.1), to the target and to the framing of
/// the body, which only the transport writes.
const OF_THE_TRANSPORT: [&str; 10] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Whether only the transport writes this field, or only for a proxy. The name is in lower case.
pub(crate) fn is_of_the_transport(name: &str) -> bool {
    OF_THE_TRANSPORT.contains(&name) || name.starts_with("proxy-")
}

impl TryFrom<wit::Authorization> for Authorization {
    type Error = PluginError;

    fn try_from(authorization: wit::Authorization) -> Result<Self, PluginError> {
        let wit::Authorization { headers, query } = authorization;
        let header_bytes = headers.iter().map(|(name, value)| name.len() + value.len());
        require(
            headers.len() <= MAX_FIELDS
                && header_bytes.sum::<usize>() <= MAX_BYTES
                && headers.iter().all(|(name, value)| is_header(name, value)),
            "authorization.headers",
        )?;
        let query_bytes = query.iter().map(|(name, value)| name.len() + value.len());
        require(
            query.len() <= MAX_FIELDS
                && query_bytes.sum::<usize>() <= MAX_BYTES
                && query.iter().all(|(name, _)| !name.is_empty()),
            "authorization.query",
        )?;
        Ok(Self { headers, query })
    }
}

fn is_header(name: &str, value: &[u8]) -> bool {
    HeaderValue::from_bytes(value).is_ok()
        && HeaderName::from_bytes(name.as_bytes())
            .is_ok_and(|name| !is_of_the_transport(name.as_str()))
}

#[cfg(test)]
mod tests;
