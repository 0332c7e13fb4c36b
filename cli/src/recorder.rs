//! Records the latest request for the demo to show. Secrets are masked before it is kept.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use connector_host::{ResponseBody, Timeouts, Transport, TransportError};
use http::header::CONTENT_TYPE;
use http::{Request, Response};
use serde_json::Value;

use crate::json::MASK;

/// A request as it may be shown.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    /// Method and URL.
    pub(crate) line: String,
    /// The names of the header fields. Their values can be tokens.
    pub(crate) headers: Vec<String>,
    /// The body; only its length where its type cannot be searched for secrets.
    pub(crate) body: Option<String>,
}

/// Passes requests on to another transport, and keeps the latest.
pub(crate) struct Recorder {
    inner: Arc<dyn Transport>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    secrets: Vec<String>,
    latest: Option<Sent>,
}

impl Recorder {
    /// Records the requests to `inner`.
    pub(crate) fn new(inner: Arc<dyn Transport>) -> Self {
        Self {
            inner,
            seen: Mutex::default(),
        }
    }

    /// Masks these strings from here on, trimmed as the plugin trims them.
    pub(crate) fn hide(&self, secrets: &[String]) {
        let secrets = secrets.iter().map(|secret| secret.trim().to_owned());
        self.seen()
            .secrets
            .extend(secrets.filter(|secret| !secret.is_empty()));
    }

    /// The latest request, once.
    pub(crate) fn take(&self) -> Option<Sent> {
        self.seen().latest.take()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for Recorder {
    fn send(
        &self,
        request: Request<Bytes>,
        timeouts: Timeouts,
    ) -> Pin<Box<dyn Future<Output = Result<Response<ResponseBody>, TransportError>> + Send>> {
        let mut seen = self.seen();
        let sent = shown(&request, &seen.secrets);
        seen.latest = Some(sent);
        drop(seen);
        self.inner.send(request, timeouts)
    }
}

fn shown(request: &Request<Bytes>, secrets: &[String]) -> Sent {
    let url = request.uri().to_string();
    let (path, query) = url
        .split_once('?')
        .map_or((url.as_str(), None), |(p, q)| (p, Some(q)));
    let mut line = format!("{} {}", request.method(), masked(path, secrets));
    if let Some(query) = query {
        line = format!("{line}?{}", masked_form(query.as_bytes(), secrets));
    }
    let media_type = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let body =
        (!request.body().is_empty()).then(|| masked_body(media_type, request.body(), secrets));
    let headers = request.headers().keys().map(ToString::to_string).collect();
    Sent {
        line,
        headers,
        body,
    }
}

/// Decodes the body, because a secret in it is encoded.
fn masked_body(media_type: Option<&str>, body: &[u8], secrets: &[String]) -> String {
    let media_type = media_type.unwrap_or_default();
    if media_type.starts_with("application/x-www-form-urlencoded") {
        return masked_form(body, secrets);
    }
    if media_type.starts_with("application/json")
        && let Ok(mut json) = serde_json::from_slice(body)
    {
        mask_json(&mut json, secrets);
        return json.to_string();
    }
    format!("({} bytes)", body.len())
}

fn masked_form(form: &[u8], secrets: &[String]) -> String {
    let pairs = form_urlencoded::parse(form);
    let pairs = pairs.map(|(name, value)| (masked(&name, secrets), masked(&value, secrets)));
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

fn mask_json(json: &mut Value, secrets: &[String]) {
    match json {
        Value::String(text) => *text = masked(text, secrets),
        Value::Array(items) => items.iter_mut().for_each(|item| mask_json(item, secrets)),
        Value::Object(fields) => fields
            .values_mut()
            .for_each(|field| mask_json(field, secrets)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn masked(text: &str, secrets: &[String]) -> String {
    secrets.iter().fold(text.to_owned(), |text, secret| {
        text.replace(secret.as_str(), MASK)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "h;u?s&h \"%\u{e9}";

    #[test]
    fn secrets_are_masked_however_they_are_encoded() {
        leak_check::register(SECRET);
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", "me")
            .append_pair("client_secret", SECRET)
            .finish();
        let json =
            serde_json::json!({"client_id": "me", "deep": [{"client_secret": SECRET}]}).to_string();
        for (media_type, body, expected) in [
            (
                Some("application/x-www-form-urlencoded"),
                &form,
                "client_id=me&client_secret=********",
            ),
            (
                Some("application/json; charset=utf-8"),
                &json,
                r#"{"client_id":"me","deep":[{"client_secret":"********"}]}"#,
            ),
            (Some("text/plain"), &form, "(53 bytes)"),
            (Some("application/json"), &form, "(53 bytes)"),
            (None, &form, "(53 bytes)"),
        ] {
            assert_eq!(
                masked_body(media_type, body.as_bytes(), &[SECRET.into()]),
                expected
            );
        }
    }

    #[test]
    fn neither_url_nor_header_values_show_a_secret() {
        let request = Request::get("https://vendor.test/hush?key=hu%73h&n=1")
            .header("authorization", "Bearer hush")
            .body(Bytes::new())
            .unwrap();
        let sent = shown(&request, &["hush".into()]);
        assert_eq!(
            sent.line,
            "GET https://vendor.test/********?key=********&n=1"
        );
        assert_eq!(
            (sent.headers, sent.body),
            (vec!["authorization".to_owned()], None)
        );
    }
}
