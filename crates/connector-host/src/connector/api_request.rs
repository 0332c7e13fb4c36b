//! Building an API request from a session: base URL and path, then the authorization.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST, HeaderName, HeaderValue, TRANSFER_ENCODING};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ring::digest::{SHA256, digest};

use crate::egress::exchange::header_fits;
use crate::error::SendError;
use crate::types::{Authorization, RequestHead, Session, Signing};

/// All characters but the unreserved ones of RFC 3986 §2.3: a parameter then means the same to
/// every server and in every signature.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Checks that an API request can be combined with a session.
pub(crate) fn check_request(request: &http::Request<Bytes>) -> Result<(), SendError> {
    if request.uri().authority().is_some() || !request.uri().path().starts_with('/') {
        return Err(SendError::Request("its target is not a path"));
    }
    if request.method() == http::Method::CONNECT {
        return Err(SendError::Request("its method opens a tunnel"));
    }
    Ok(())
}

/// Combines an API request with the base URL of a session. The transport writes `host` and the
/// length; those of the request are dropped.
pub(crate) fn with_base_url(
    session: &Session,
    request: http::Request<Bytes>,
) -> Result<http::Request<Bytes>, SendError> {
    check_request(&request)?;
    let (mut parts, body) = request.into_parts();
    if session.base_url.contains(['?', '#']) {
        return Err(SendError::Request(
            "the base URL has a query or a fragment",
        ));
    }
    let url = format!("{}{}", session.base_url.trim_end_matches('/'), parts.uri);
    let url = url.parse();
    parts.uri = url.map_err(|_| SendError::Request("the base URL is not a URL"))?;
    for name in [HOST, CONTENT_LENGTH, TRANSFER_ENCODING] {
        parts.headers.remove(name);
    }
    // New parts: those of the caller may have extensions, which the transport would obey.
    let mut request = http::Request::new(body);
    *request.method_mut() = parts.method;
    *request.uri_mut() = parts.uri;
    *request.headers_mut() = parts.headers;
    Ok(request)
}

/// The input of `authorize` for a request with its base URL.
pub(crate) fn head(request: &http::Request<Bytes>, signing: Signing) -> RequestHead {
    let headers = request.headers().iter();
    let headers = headers.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
    let sha256 = || {
        let mut sum = [0; 32];
        sum.copy_from_slice(digest(&SHA256, request.body()).as_ref());
        sum
    };
    RequestHead {
        method: request.method().to_string(),
        url: request.uri().to_string(),
        headers: headers.collect(),
        body_sha256: (signing == Signing::BodySha256).then(sha256),
        body: (signing == Signing::Body).then(|| request.body().to_vec()),
    }
}

/// Puts an authorization on a request with its base URL: its header fields replace the caller's,
/// and its query is appended.
pub(crate) fn authorize(
    request: &mut http::Request<Bytes>,
    authorization: &Authorization,
) -> Result<(), SendError> {
    let reject = |_| SendError::Request("the authorization does not fit into the header");
    let mut fields = Vec::with_capacity(authorization.headers.len());
    for (name, value) in &authorization.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| reject(()))?;
        let mut value = HeaderValue::from_bytes(value).map_err(|_| reject(()))?;
        value.set_sensitive(true);
        fields.push((name, value));
    }
    for (name, _) in &fields {
        request.headers_mut().remove(name);
    }
    for (name, value) in fields {
        request.headers_mut().append(name, value);
    }
    if !header_fits(request.headers()) {
        return Err(SendError::Request("its header is too long"));
    }
    if !authorization.query.is_empty() {
        *request.uri_mut() = with_query(request.uri(), &authorization.query)?;
    }
    Ok(())
}

/// Appends query parameters to a URL.
fn with_query(url: &http::Uri, query: &[(String, String)]) -> Result<http::Uri, SendError> {
    let mut text = url.to_string();
    let mut separator = if url.query().is_some() { '&' } else { '?' };
    for (name, value) in query {
        text.push(separator);
        text.extend(utf8_percent_encode(name, ENCODED));
        text.push('=');
        text.extend(utf8_percent_encode(value, ENCODED));
        separator = '&';
    }
    let url = text.parse();
    url.map_err(|_| SendError::Request("its URL is too long"))
}

#[cfg(test)]
mod tests;
