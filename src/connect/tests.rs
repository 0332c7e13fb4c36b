//! The whole pipeline natively, with a closure for HTTP: tables of what vendors may answer and of what people may type.

mod documents;
mod inspections;
mod refusals;
mod requests;
mod sessions;
mod verdicts;

use std::cell::Cell;

use serde_json::{Value, json};

use super::*;
use crate::error::{Code, Misreply, Refusal, Stage};
use crate::http::{MAX_REPLY_BYTES, Request};

const NOW: Timestamp = Timestamp {
    secs: 1_700_000_000,
    nanos: 9,
};

const HOTJAR: &str = r#"{"client_id":" id&1 ","client_secret":"s;é?+ %="}"#;

fn contentsquare(changes: &Value) -> String {
    let mut document = json!({
        "client_id": "c-1",
        "client_secret": "QUOTE\";back\\slash?é",
        "credential_level": "project",
        "scopes": ["data-export"],
    });
    for (name, value) in changes.as_object().unwrap() {
        document[name] = value.clone();
    }
    document.to_string()
}

fn reply(status: u16, body: impl Into<Vec<u8>>) -> Reply {
    Reply {
        status,
        body: body.into(),
        ..Reply::default()
    }
}

/// A good token reply of both vendors, with `changes`; `null` takes a member away.
fn token(changes: &Value) -> Reply {
    let mut body = json!({
        "access_token": "tok.en-1",
        "token_type": "bearer",
        "expires_in": 3600,
        "endpoint": "https://api.eu-west-1.production.contentsquare.com/",
    });
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    reply(200, body.to_string())
}

/// Authenticates against one answer.
fn with(vendor: &str, credential: &str, answer: Reply) -> Result<Session, Error> {
    let answer = Cell::new(Some(answer));
    authenticate(vendor, credential, NOW, &|_: Request| {
        Ok(answer.take().expect("one request a call"))
    })
}

/// The request that a call sends.
fn request(
    call: impl FnOnce(&dyn Fn(Request) -> Result<Reply, Error>),
) -> (&'static str, &'static str, &'static str, String) {
    let sent = Cell::new(None);
    call(&|request: Request| {
        let body = String::from_utf8(request.body.to_vec()).unwrap();
        let previous = sent.replace(Some((
            request.authority,
            request.path,
            request.content_type,
            body,
        )));
        assert_eq!(previous, None, "a call sends one request");
        Err(Error::Denied)
    });
    sent.take().expect("a call sends a request")
}

fn refused(vendor: &str, credential: &str) -> Vec<(String, &'static str)> {
    let no_http = |_: Request| -> Result<Reply, Error> { panic!("a refused document is not sent") };
    let by_authenticate = authenticate(vendor, credential, NOW, &no_http).map(drop);
    let by_validate = validate(vendor, credential);
    assert_eq!(by_authenticate, by_validate);
    match by_validate {
        Err(Error::InvalidCredential(issues)) => issues
            .into_iter()
            .map(|issue| (issue.pointer, issue.code.as_str()))
            .collect(),
        other => panic!("expected issues, got {other:?} for {credential}"),
    }
}
