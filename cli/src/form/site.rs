//! From a request to its response: the guard, then the page or the API, then the header fields that
//! protect both.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, ACCEPT_LANGUAGE, ALLOW, CONTENT_ENCODING, CONTENT_TYPE, VARY, WWW_AUTHENTICATE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt as _, Full, Limited};
use serde_json::json;

use super::access::AccessToken;
use super::api::{Answer, Api};
use super::guard::{self, ForbiddenRequest};
use super::locales;
use super::page::{Page, PageFile, accepts_gzip};

/// A credential document is at most a few kilobytes.
pub(super) const MAX_BODY_BYTES: usize = 64 * 1024;

/// The page sends its few kilobytes without a pause.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Everything that is served at one port.
pub(super) struct Site {
    pub(super) port: u16,
    /// Required for everything behind `/api/`. The page's files hold nothing secret.
    pub(super) access: AccessToken,
    pub(super) page: Page,
    pub(super) api: Api,
}

impl Site {
    /// Answers a request of any sender.
    pub(super) async fn answer<B>(&self, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: Body<Error: Into<Box<dyn Error + Send + Sync>>>,
    {
        let (parts, body) = request.into_parts();
        if let Err(why) = guard::check_host(&parts, self.port) {
            return refused(why);
        }
        let path = parts.uri.path();
        let Some(call) = path.strip_prefix("/api/") else {
            return self.file(&parts.method, path, &parts.headers);
        };
        if let Err(why) = guard::check_caller(&parts) {
            return refused(why);
        }
        // Before the body is read and the route is known.
        if !self.access.admits(&parts.headers) {
            return unauthorized();
        }
        let body = Limited::new(body, MAX_BODY_BYTES).collect();
        let Ok(Ok(body)) = tokio::time::timeout(BODY_TIMEOUT, body).await else {
            return error(
                StatusCode::PAYLOAD_TOO_LARGE,
                "the request is too long, or was cut off",
            );
        };
        let (locales, body) = (locales(&parts), body.to_bytes());
        json(self.api.answer(&parts.method, call, &locales, &body).await)
    }

    fn file(&self, method: &Method, path: &str, headers: &HeaderMap) -> Response<Full<Bytes>> {
        if method != Method::GET {
            let mut response = error(StatusCode::METHOD_NOT_ALLOWED, "files can only be read");
            response
                .headers_mut()
                .insert(ALLOW, HeaderValue::from_static("GET"));
            return response;
        }
        if path == "/" {
            let nonce = nonce();
            return match self.page.index(&nonce) {
                Some(html) => whole(
                    StatusCode::OK,
                    "text/html; charset=utf-8",
                    html,
                    Some(&nonce),
                ),
                None => error(StatusCode::NOT_FOUND, "the page has not been built"),
            };
        }
        match self.page.file(path) {
            Some(file) => encoded(file, &joined(headers, &ACCEPT_ENCODING)),
            None => error(StatusCode::NOT_FOUND, "there is no such file"),
        }
    }
}

/// The languages that the browser prefers.
fn locales(parts: &Parts) -> Vec<String> {
    let accepted = joined(&parts.headers, &ACCEPT_LANGUAGE);
    locales::requested(parts.uri.query(), Some(&accepted))
}

/// The fields of a list (RFC 9110 §5.3) as one.
fn joined(headers: &HeaderMap, name: &HeaderName) -> String {
    let fields = headers.get_all(name).iter();
    let fields: Vec<_> = fields.filter_map(|field| field.to_str().ok()).collect();
    fields.join(",")
}

/// A file of the page, compressed for clients that read it.
fn encoded(file: &PageFile, accept_encoding: &str) -> Response<Full<Bytes>> {
    let Some(gzip) = &file.gzip else {
        return whole(StatusCode::OK, file.media_type, file.bytes.clone(), None);
    };
    let is_accepted = accepts_gzip(accept_encoding);
    let body = if is_accepted { gzip } else { &file.bytes };
    let mut response = whole(StatusCode::OK, file.media_type, body.clone(), None);
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if is_accepted {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// Reveals only the help that a person with a wrong address needs.
fn refused(why: ForbiddenRequest) -> Response<Full<Bytes>> {
    match why {
        ForbiddenRequest::Host => error(
            StatusCode::MISDIRECTED_REQUEST,
            "open the address as the program printed it",
        ),
        ForbiddenRequest::Origin => error(
            StatusCode::FORBIDDEN,
            "only this program's own page may send requests",
        ),
        ForbiddenRequest::NotJson => error(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "changes are sent as JSON",
        ),
    }
}

/// The request has no token of this program, or that of an earlier run.
fn unauthorized() -> Response<Full<Bytes>> {
    let message = "the token is missing or wrong; open the link that the program printed";
    let json = json!({"error": {"kind": "unauthorized", "message": message}});
    let mut response = self::json((StatusCode::UNAUTHORIZED, json));
    response
        .headers_mut()
        .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

fn error(status: StatusCode, message: &str) -> Response<Full<Bytes>> {
    json((
        status,
        json!({"error": {"kind": "request", "message": message}}),
    ))
}

fn json((status, json): Answer) -> Response<Full<Bytes>> {
    whole(
        status,
        "application/json",
        Bytes::from(json.to_string()),
        None,
    )
}

fn whole(
    status: StatusCode,
    media_type: &'static str,
    body: Bytes,
    nonce: Option<&str>,
) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    guard::protect(headers, nonce);
    response
}

/// 128 random bits in hexadecimal. Empty without a source of randomness: the browser then refuses
/// the theme's style elements.
fn nonce() -> String {
    let mut bits = [0; 16];
    match getrandom::fill(&mut bits) {
        Ok(()) => format!("{:032x}", u128::from_ne_bytes(bits)),
        Err(_) => String::new(),
    }
}
