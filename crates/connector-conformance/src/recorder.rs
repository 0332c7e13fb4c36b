//! [`Recorder`]: writes a sample from a real sign-in, with invented values in place of its secrets.

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use connector_host::{
    CallError, ConnectorError, ResponseBody, Session, Timeouts, Transport, TransportError,
};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use serde_json::{Map, Value, json};

use crate::documents::validator;

/// A plugin reads less of a token reply.
const MAX_REPLY_BYTES: usize = 2 << 20;

/// A shorter secret would be replaced where it stands by chance.
const MIN_SECRET_CHARS: usize = 4;

/// The fields of a reply that a plugin may read. Others may name a person or a machine.
const REPLY_FIELDS: [&str; 3] = ["content-type", "retry-after", "www-authenticate"];

/// Parts of the names of members that hold secrets.
const SECRET_NAMES: [&str; 5] = ["token", "secret", "key", "password", "session"];

/// A transport that passes requests on, and keeps the last exchange for a sample.
pub struct Recorder {
    inner: Arc<dyn Transport>,
    last: Arc<Mutex<Option<Exchanged>>>,
}

/// A request, and its reply.
struct Exchanged {
    request: Request<Bytes>,
    reply: Result<Response<Bytes>, TransportError>,
}

/// Why a sign-in is not written as a sample. No message holds a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The plugin is broken, or a request failed at a stage that depends on this machine.
    #[error("the call has no outcome that a sample could expect; repeat it")]
    Outcome,
    /// The credential is not an object of fields.
    #[error("the credential is no JSON object")]
    Credential,
    /// A secret of the credential has fewer than four characters.
    #[error("a secret is too short to be told from other text; write the sample by hand")]
    Short,
    /// A form accepts no invented secret.
    #[error("the form does not accept an invented secret; write the sample by hand")]
    Form,
    /// A secret is in a place where it cannot be replaced, such as a compressed reply.
    #[error("a secret cannot be replaced in this exchange; write the sample by hand")]
    Secret,
}

impl Recorder {
    /// Records the requests to this transport.
    pub fn new(inner: Arc<dyn Transport>) -> Self {
        Self {
            inner,
            last: Arc::default(),
        }
    }

    /// Writes the last exchange, which was that of `authenticate` with this credential and outcome,
    /// as a sample in JSON.
    ///
    /// Secrets of the credential, by its schema, and tokens of the reply are replaced by invented
    /// values. Other values stay: review them before you publish the sample.
    pub fn sign_in(
        &self,
        schema: &Value,
        credential: &Value,
        outcome: &Result<Session, CallError>,
    ) -> Result<String, RecordError> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let last = last.as_ref();
        let reply = last.and_then(|last| last.reply.as_ref().ok());
        let masks = Masks::new(schema, credential, outcome.as_ref().ok(), reply)?;
        let credential = masks.value(credential);
        let is_valid = validator(schema).is_ok_and(|validator| validator.is_valid(&credential));
        let is_refused = matches!(
            outcome,
            Err(CallError::Connector(ConnectorError::InvalidCredential(_)))
        );
        if !is_valid && !is_refused {
            return Err(RecordError::Form);
        }
        let mut sample = Map::new();
        sample.insert("function".to_owned(), json!("authenticate"));
        sample.insert("credential".to_owned(), credential);
        if let Some(Exchanged { request, reply }) = last {
            let reply = reply.as_ref().map_err(|_| RecordError::Outcome)?;
            sample.insert("request".to_owned(), masks.request(request));
            sample.insert("reply".to_owned(), masks.reply(reply));
        }
        sample.insert("outcome".to_owned(), masks.outcome(outcome)?);
        let sample = Value::Object(sample);
        if masks.are_in(&sample) {
            return Err(RecordError::Secret);
        }
        Ok(format!("{sample:#}\n"))
    }
}

impl Transport for Recorder {
    fn send(
        &self,
        request: Request<Bytes>,
        timeouts: Timeouts,
    ) -> BoxFuture<'static, Result<Response<ResponseBody>, TransportError>> {
        let last = Arc::clone(&self.last);
        let response = self.inner.send(request.clone(), timeouts);
        async move {
            let reply = whole(response.await).await;
            let response = reply.as_ref().map_err(|error| *error).map(passed_on);
            let exchanged = Exchanged { request, reply };
            *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(exchanged);
            response
        }
        .boxed()
    }
}

/// Reads the whole of a response.
async fn whole(
    response: Result<Response<ResponseBody>, TransportError>,
) -> Result<Response<Bytes>, TransportError> {
    let (parts, body) = response?.into_parts();
    let body = Limited::new(body, MAX_REPLY_BYTES).collect().await;
    let body = body.map_err(|error| match error.downcast_ref::<TransportError>() {
        Some(error) => *error,
        None => TransportError::TooLong,
    })?;
    Ok(Response::from_parts(parts, body.to_bytes()))
}

fn passed_on(reply: &Response<Bytes>) -> Response<ResponseBody> {
    let body = Full::new(reply.body().clone()).map_err(|never| match never {});
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = reply.status();
    *response.headers_mut() = reply.headers().clone();
    response
}

/// Secrets and the values in their place, the longest first.
struct Masks(Vec<(String, String)>);

impl Masks {
    fn new(
        schema: &Value,
        credential: &Value,
        session: Option<&Session>,
        reply: Option<&Response<Bytes>>,
    ) -> Result<Self, RecordError> {
        let fields = credential.as_object().ok_or(RecordError::Credential)?;
        let mut masks = Self(Vec::new());
        for (name, value) in fields {
            let pointer = format!("/properties/{name}/writeOnly");
            if schema.pointer(&pointer) == Some(&json!(true))
                && let Some(secret) = value.as_str()
            {
                masks.add(secret.trim(), "secret")?;
            }
        }
        if let Some(session) = session {
            masks.add(session.access_token.expose(), "token")?;
            if let Some(state) = &session.state {
                masks.add(state.expose(), "state")?;
            }
        }
        let body = reply.and_then(|reply| serde_json::from_slice(reply.body()).ok());
        masks.add_members(&body.unwrap_or_default())?;
        masks
            .0
            .sort_by_key(|(secret, _)| std::cmp::Reverse(secret.len()));
        Ok(masks)
    }

    fn add(&mut self, secret: &str, name: &str) -> Result<(), RecordError> {
        if self.0.iter().any(|(known, _)| known == secret) || secret.is_empty() {
            return Ok(());
        }
        if secret.chars().count() < MIN_SECRET_CHARS {
            return Err(RecordError::Short);
        }
        let number = self.0.len() + 1;
        self.0
            .push((secret.to_owned(), format!("{name}-{number:04}")));
        Ok(())
    }

    /// Adds the strings of members of a reply whose names say that they are secret.
    fn add_members(&mut self, value: &Value) -> Result<(), RecordError> {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    let lower = name.to_lowercase();
                    let is_secret = SECRET_NAMES.iter().any(|part| lower.contains(part));
                    // Such as `token_type`.
                    let is_kind = lower.ends_with("_type") || lower.ends_with("type");
                    match value {
                        Value::String(secret) if is_secret && !is_kind => {
                            self.add(secret, "value")?;
                        }
                        value => self.add_members(value)?,
                    }
                }
                Ok(())
            }
            Value::Array(items) => items.iter().try_for_each(|item| self.add_members(item)),
            _ => Ok(()),
        }
    }

    /// The text with invented values, also where a secret is encoded as in a form or a URL.
    fn text(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (secret, mask)| {
            let form: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            let url = form.replace('+', "%20");
            let text = text.replace(secret, mask).replace(&form, mask);
            text.replace(&url, mask)
        })
    }

    fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => json!(self.text(text)),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(members) => {
                let members = members.iter();
                members
                    .map(|(name, value)| (self.text(name), self.value(value)))
                    .collect()
            }
            other => other.clone(),
        }
    }

    /// A body as the member of a request or reply that holds it.
    fn body(&self, body: &[u8]) -> Option<(&'static str, Value)> {
        if body.is_empty() {
            return None;
        }
        if let Ok(value) = serde_json::from_slice(body) {
            return Some(("json", self.value(&value)));
        }
        Some(match std::str::from_utf8(body) {
            Ok(text) => ("text", json!(self.text(text))),
            Err(_) => ("base64", json!(BASE64_STANDARD.encode(body))),
        })
    }

    fn request(&self, request: &Request<Bytes>) -> Value {
        let mut sample = json!({
            "method": request.method().as_str(),
            "url": self.text(&request.uri().to_string()),
        });
        // Others may hold secrets in encodings that cannot be replaced.
        let kind = field(request.headers(), "content-type");
        if let (Some(kind), Some(members)) = (&kind, sample.as_object_mut()) {
            members.insert("headers".to_owned(), json!({"content-type": kind}));
        }
        let is_form = kind.is_some_and(|kind| kind.contains("x-www-form-urlencoded"));
        let body = if is_form {
            let form = form_urlencoded::parse(request.body());
            let form = form.map(|(name, value)| (self.text(&name), json!(self.text(&value))));
            Some(("form", Value::Object(form.collect())))
        } else {
            self.body(request.body())
        };
        with_body(sample, body)
    }

    fn reply(&self, reply: &Response<Bytes>) -> Value {
        let mut sample = json!({"status": reply.status().as_u16()});
        let fields = REPLY_FIELDS.into_iter().filter_map(|name| {
            let value = field(reply.headers(), name)?;
            Some((name.to_owned(), json!(self.text(&value))))
        });
        let fields: Map<String, Value> = fields.collect();
        if let (false, Some(members)) = (fields.is_empty(), sample.as_object_mut()) {
            members.insert("headers".to_owned(), Value::Object(fields));
        }
        with_body(sample, self.body(reply.body()))
    }

    fn outcome(&self, outcome: &Result<Session, CallError>) -> Result<Value, RecordError> {
        let error = match outcome {
            Ok(session) => return Ok(json!({"session": self.session(session)})),
            Err(CallError::Connector(error)) => error,
            Err(_) => return Err(RecordError::Outcome),
        };
        let mut case = Map::new();
        case.insert("kind".to_owned(), json!(error.kind()));
        let mut part = |name: &str, value: Value| {
            if !value.is_null() {
                case.insert(name.to_owned(), value);
            }
        };
        match error {
            ConnectorError::Rejected(refusal) | ConnectorError::Forbidden(refusal) => {
                part("status", json!(refusal.status));
                part("code", json!(refusal.code));
                part("confirmed", json!(refusal.confirmed));
            }
            ConnectorError::Throttled(seconds) | ConnectorError::Unavailable(seconds) => {
                part("seconds", json!(seconds));
            }
            ConnectorError::InvalidResponse(response) => {
                part("status", json!(response.status));
                part("field", json!(response.field));
            }
            ConnectorError::InvalidCredential(issues) => {
                let pointers: Vec<_> = issues.iter().map(|issue| &issue.pointer).collect();
                part("pointers", json!(pointers));
            }
            ConnectorError::Other(fault) => part("code", json!(fault.code)),
            _ => return Err(RecordError::Outcome),
        }
        Ok(json!({"error": case}))
    }

    fn session(&self, session: &Session) -> Value {
        let end = session.expires_at;
        let life = end.and_then(|end| end.duration_since(session.issued_at).ok());
        let mut sample = json!({
            "access_token": self.text(session.access_token.expose()),
            "base_url": self.text(&session.base_url),
            "scopes": session.scopes.iter().map(|scope| self.text(scope)).collect::<Vec<_>>(),
        });
        if let Some(members) = sample.as_object_mut() {
            if let Some(account) = &session.account {
                members.insert("account".to_owned(), json!(self.text(account)));
            }
            if let Some(life) = life {
                members.insert("lifetime_secs".to_owned(), json!(life.as_secs()));
            }
        }
        sample
    }

    /// Whether a secret is left in a sample, in base64 too.
    fn are_in(&self, sample: &Value) -> bool {
        let is_in = |text: &str| self.0.iter().any(|(secret, _)| text.contains(&**secret));
        match sample {
            Value::String(text) => {
                let decoded = BASE64_STANDARD.decode(text).unwrap_or_default();
                is_in(text) || is_in(&String::from_utf8_lossy(&decoded))
            }
            Value::Array(items) => items.iter().any(|item| self.are_in(item)),
            Value::Object(members) => members
                .iter()
                .any(|(name, value)| is_in(name) || name == "base64" || self.are_in(value)),
            _ => false,
        }
    }
}

fn field(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?;
    Some(value.to_str().ok()?.to_owned())
}

fn with_body(mut sample: Value, body: Option<(&'static str, Value)>) -> Value {
    if let (Some((name, value)), Some(members)) = (body, sample.as_object_mut()) {
        members.insert(name.to_owned(), value);
    }
    sample
}

#[cfg(test)]
mod tests;
