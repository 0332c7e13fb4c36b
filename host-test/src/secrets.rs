//! Registers the secrets in scripted HTTP for the leak check.

use http::HeaderMap;
use http::header::AUTHORIZATION;

/// The fields of forms that hold secrets.
const FORM_SECRETS: [&str; 2] = ["client_secret", "refresh_token"];

/// Registers the secrets of a request: its token, and the client secret in a JSON or form body.
pub fn request(headers: &HeaderMap, body: &[u8]) {
    for value in headers.get_all(AUTHORIZATION) {
        let value = value.as_bytes();
        let space = value.iter().position(|byte| *byte == b' ');
        leak_check::register(&value[space.map_or(0, |at| at + 1)..]);
    }
    leak_check::register_document(body);
    for (name, value) in form_urlencoded::parse(body) {
        if FORM_SECRETS.contains(&&*name) {
            leak_check::register(&*value);
        }
    }
}

/// Registers the tokens of a response.
pub fn response(body: &[u8]) {
    leak_check::register_document(body);
}
