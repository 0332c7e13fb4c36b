//! Building an API request from a session: base URL and path, then the authorization.

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONNECTION, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};
use ring::digest::{SHA256, digest};

use crate::contract::authorization::is_of_the_transport;
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

/// Servers decode a path once, and proxies before them perhaps once more.
const MAX_DECODINGS: usize = 3;

/// Checks that an API request can be combined with a session.
pub(crate) fn check_request(request: &http::Request<Bytes>) -> Result<(), SendError> {
    let path = request.uri().path();
    if request.uri().authority().is_some() || !path.starts_with('/') {
        return Err(SendError::Request("its target is not a path"));
    }
    if climbs(path) {
        return Err(SendError::Request("its path leaves the base URL"));
    }
    // Methods are case-sensitive (RFC 9110 §9.1), but not for every server.
    match &*request.method().as_str().to_ascii_uppercase() {
        "CONNECT" => Err(SendError::Request("its method opens a tunnel")),
        // TRACK is another name for it.
        "TRACE" | "TRACK" => Err(SendError::Request(
            "its method returns the request, with the secrets of the session",
        )),
        _ => Ok(()),
    }
}

/// Whether dot segments lead a path above its start, for some server: servers differ in how often
/// they decode a path, and in the characters that separate and end its segments.
fn climbs(path: &str) -> bool {
    let mut path = path.as_bytes().to_vec();
    for _ in 0..=MAX_DECODINGS {
        if climbs_as_is(&path, b"/") || climbs_as_is(&path, b"/\\") {
            return true;
        }
        let decoded: Vec<u8> = percent_decode(&path).collect();
        if decoded == path {
            return false;
        }
        path = decoded;
    }
    // Encoded again and again for no good reason.
    true
}

/// The same for a decoded path with these separators.
fn climbs_as_is(path: &[u8], separators: &[u8]) -> bool {
    let mut depth = 0usize;
    for segment in path.split(|byte| separators.contains(byte)) {
        // Some servers take what follows a semicolon for parameters.
        match segment.split(|byte| *byte == b';').next() {
            None | Some(b"" | b".") => {}
            Some(b"..") => match depth.checked_sub(1) {
                Some(above) => depth = above,
                None => return true,
            },
            Some(_) => depth += 1,
        }
    }
    false
}

/// Drops the fields that only the transport writes, those that `connection` names included, and
/// those for proxies (RFC 9110 §7.6.1).
fn drop_fields_of_the_transport(headers: &mut HeaderMap) {
    let named = headers.get_all(CONNECTION).into_iter();
    let named = named.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    let named = named.filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok());
    let others = headers
        .keys()
        .filter(|name| is_of_the_transport(name.as_str()));
    let dropped: Vec<HeaderName> = named.chain(others.cloned()).collect();
    for name in dropped {
        headers.remove(name);
    }
}

/// Combines an API request with the base URL of a session, without the fields of the transport.
pub(crate) fn with_base_url(
    session: &Session,
    request: http::Request<Bytes>,
) -> Result<http::Request<Bytes>, SendError> {
    check_request(&request)?;
    let (mut parts, body) = request.into_parts();
    if session.base_url.contains(['?', '#']) {
        return Err(SendError::Request("the base URL has a query or a fragment"));
    }
    let url = format!("{}{}", session.base_url.trim_end_matches('/'), parts.uri);
    let url = url.parse();
    parts.uri = url.map_err(|_| SendError::Request("the base URL is not a URL"))?;
    drop_fields_of_the_transport(&mut parts.headers);
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
    let reject = || SendError::Request("the authorization does not fit into the header");
    let mut fields = Vec::with_capacity(authorization.headers.len());
    for (name, value) in &authorization.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| reject())?;
        let mut value = HeaderValue::from_bytes(value).map_err(|_| reject())?;
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
