//! Building an API request from a session: base URL, path and bearer token.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, HOST, HeaderValue, TRANSFER_ENCODING};
use zeroize::Zeroizing;

use crate::error::SendError;
use crate::types::Session;

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

/// Combines an API request with a session.
pub(crate) fn with_session(
    session: &Session,
    request: http::Request<Bytes>,
) -> Result<http::Request<Bytes>, SendError> {
    check_request(&request)?;
    let reject = |reason| Err(SendError::Request(reason));
    let (parts, body) = request.into_parts();
    if session.base_url.contains(['?', '#']) {
        return reject("the base URL has a query or a fragment");
    }
    let url = format!("{}{}", session.base_url.trim_end_matches('/'), parts.uri);
    let Ok(url) = url.parse::<http::Uri>() else {
        return reject("the base URL is not a URL");
    };
    let bearer = Zeroizing::new(format!("Bearer {}", session.access_token.expose()));
    let Ok(mut bearer) = HeaderValue::from_str(&bearer) else {
        return reject("the access token does not fit into a header field");
    };
    bearer.set_sensitive(true);

    let mut request = http::Request::new(body);
    *request.method_mut() = parts.method;
    *request.uri_mut() = url;
    *request.headers_mut() = parts.headers;
    let headers = request.headers_mut();
    for name in [HOST, CONTENT_LENGTH, TRANSFER_ENCODING] {
        headers.remove(name);
    }
    headers.insert(AUTHORIZATION, bearer);
    Ok(request)
}

#[cfg(test)]
mod tests;
