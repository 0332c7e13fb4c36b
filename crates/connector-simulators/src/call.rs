//! A request as the vendors' rules see it, and the checks that both vendors share: those of OAuth
//! 2.0.

use std::fmt;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method, Response, StatusCode};
use serde_json::{Map, Value};

use crate::fault::json_type;

/// A request, whole. Has no `Debug`, for it holds a secret or a token.
pub(crate) struct Call {
    pub(crate) method: Method,
    /// The name that was asked for, without a port.
    pub(crate) host: String,
    pub(crate) path: String,
    query: Option<String>,
    headers: HeaderMap,
    body: Bytes,
}

/// Why a vendor refuses. Each vendor, and each of its endpoints, has its own way to put it.
#[derive(Clone, Copy)]
pub(crate) struct Refusal {
    status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) why: &'static str,
}

/// The id and the secret do not belong together.
pub(crate) const INVALID_CLIENT: Refusal = Refusal::new(
    StatusCode::UNAUTHORIZED,
    "invalid_client",
    "the client id or the secret is wrong",
);

pub(crate) const UNSUPPORTED_GRANT_TYPE: Refusal = Refusal::new(
    StatusCode::BAD_REQUEST,
    "unsupported_grant_type",
    "the grant type is not client_credentials",
);

pub(crate) const NOT_FOUND: Refusal =
    Refusal::new(StatusCode::NOT_FOUND, "not_found", "there is no such thing");

impl Refusal {
    pub(crate) const fn new(status: StatusCode, code: &'static str, why: &'static str) -> Self {
        Self { status, code, why }
    }

    /// The refusal of RFC 6749 §5.2 for whatever has no better code.
    pub(crate) const fn invalid_request(why: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", why)
    }

    pub(crate) fn with_body(self, body: &Value) -> Response<Bytes> {
        json(self.status, body)
    }
}

pub(crate) fn json(status: StatusCode, body: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    json_type(response.headers_mut());
    response
}

impl Call {
    pub(crate) fn new(parts: Parts, body: Bytes) -> Self {
        let authority = match parts.uri.authority() {
            Some(authority) => authority.as_str(),
            None => text(&parts.headers, &HOST).unwrap_or_default(),
        };
        Self {
            method: parts.method,
            host: authority
                .strip_suffix(":443")
                .unwrap_or(authority)
                .to_owned(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().map(str::to_owned),
            headers: parts.headers,
            body,
        }
    }

    pub(crate) fn require(&self, method: &Method) -> Result<(), Refusal> {
        if self.method == *method {
            return Ok(());
        }
        Err(Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "another method is needed",
        ))
    }

    /// Returns the token of `Authorization: Bearer`, if there is one (RFC 6750 §2.1).
    pub(crate) fn bearer(&self) -> Option<&str> {
        let (scheme, token) = text(&self.headers, &AUTHORIZATION)?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token)
    }

    /// Returns the body of a request that carries a credential, after everything around it has been
    /// found in order: POST, the secret nowhere but in the body (RFC 6749 §2.3), a body of known
    /// length and of this media type.
    pub(crate) fn credential_body(&self, media_type: &str) -> Result<&[u8], Refusal> {
        self.require(&Method::POST)?;
        if self.query.is_some() {
            return Err(Refusal::invalid_request(
                "parameters belong in the body and not in the URL",
            ));
        }
        if self.headers.contains_key(AUTHORIZATION) {
            return Err(Refusal::invalid_request(
                "the credential belongs in the body and not in a header",
            ));
        }
        let length = self.body.len().to_string();
        if self.headers.contains_key(TRANSFER_ENCODING)
            || text(&self.headers, &CONTENT_LENGTH) != Some(&length)
        {
            return Err(Refusal::new(
                StatusCode::LENGTH_REQUIRED,
                "length_required",
                "the length of the body is needed",
            ));
        }
        let sent = text(&self.headers, &CONTENT_TYPE).unwrap_or_default();
        let sent = sent.split(';').next().unwrap_or_default().trim();
        if !sent.eq_ignore_ascii_case(media_type) {
            return Err(Refusal::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "invalid_request",
                "the body is of another media type",
            ));
        }
        Ok(&self.body)
    }
}

/// Reads a JSON object that has no member but these.
pub(crate) fn object(body: &[u8], members: &[&str]) -> Result<Map<String, Value>, Refusal> {
    let Ok(object) = serde_json::from_slice::<Map<String, Value>>(body) else {
        return Err(Refusal::invalid_request("the body is not a JSON object"));
    };
    if object.keys().any(|name| !members.contains(&name.as_str())) {
        return Err(Refusal::invalid_request("the body has an unknown member"));
    }
    Ok(object)
}

/// Returns a header field that stands there exactly once.
fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    values.next().is_none().then(|| value.to_str().ok())?
}

impl fmt::Display for Call {
    /// Writes what may be recorded: the query is left out, in case someone puts a secret there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} https://{}{}", self.method, self.host, self.path)
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    /// The status with which a request for a token is refused, 200 when it is not.
    fn check(method: Method, url: &str, headers: &[(&str, &str)]) -> u16 {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, body) = request
            .body(Bytes::from_static(b"{}"))
            .unwrap()
            .into_parts();
        let call = Call::new(parts, body);
        match call.credential_body("application/json") {
            Ok(_) => 200,
            Err(refusal) => refusal.status.as_u16(),
        }
    }

    #[test]
    fn a_credential_is_taken_only_in_a_body_of_known_length_and_type() {
        const URL: &str = "https://host/v1/oauth/token";
        const JSON: (&str, &str) = ("content-type", "application/json; charset=utf-8");
        const LENGTH: (&str, &str) = ("content-length", "2");
        for (method, url, headers, status) in [
            (Method::POST, URL, &[JSON, LENGTH][..], 200),
            (Method::PUT, URL, &[JSON, LENGTH], 405),
            (Method::POST, "https://host/?a=b", &[JSON, LENGTH], 400),
            (
                Method::POST,
                URL,
                &[JSON, LENGTH, ("authorization", "Basic YTpi")],
                400,
            ),
            (
                Method::POST,
                URL,
                &[JSON, ("transfer-encoding", "chunked")],
                411,
            ),
            (Method::POST, URL, &[JSON], 411),
            (Method::POST, URL, &[JSON, ("content-length", "3")], 411),
            (Method::POST, URL, &[LENGTH], 415),
            (Method::POST, URL, &[JSON, JSON, LENGTH], 415),
            (
                Method::POST,
                URL,
                &[LENGTH, ("content-type", "text/json")],
                415,
            ),
        ] {
            assert_eq!(check(method, url, headers), status, "{url} {headers:?}");
        }
    }

    #[test]
    fn the_host_comes_from_the_url_or_the_header_without_the_port() {
        for (url, host) in [("https://a.example:443/x", ""), ("/x", "a.example")] {
            let request = Request::get(url).header("host", host).body(()).unwrap();
            let call = Call::new(request.into_parts().0, Bytes::new());
            assert_eq!(call.to_string(), "GET https://a.example/x");
        }
    }
}
