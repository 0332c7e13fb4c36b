//! Tests of the plugin as a whole, natively: every test runs over both vendors where it applies to
//! both. What only one vendor does is tested beside that vendor.

mod agreement;
mod answers;
mod privacy;

use connector_guest::testing::{self, Fixed};
use connector_guest::{
    Access, Error, Http, Plugin as _, Request, Response, Secret, Session, Stage, Verdict,
};
use serde_json::{Value, json};

use crate::Connector;

/// A good credential document of each vendor.
pub(crate) const CREDENTIALS: [(&str, &str); 2] =
    [("hotjar", HOTJAR), ("contentsquare", CONTENTSQUARE)];
pub(crate) const HOTJAR: &str = r#"{"client_id":" id&1 ","client_secret":"s;é?+ %="}"#;
pub(crate) const CONTENTSQUARE: &str = r#"{
    "client_id": "c-1",
    "client_secret": "QUOTE\";back\\slash?é",
    "credential_level": "project",
    "scopes": ["data-export"]
}"#;

/// The document for Contentsquare with `changes`.
pub(crate) fn contentsquare(changes: &Value) -> String {
    changed(CONTENTSQUARE, changes)
}

/// A good token reply of both vendors with `changes`; `null` stays in it.
pub(crate) fn token(changes: &Value) -> Response {
    const REPLY: &str = r#"{
        "access_token": "tok.en-1",
        "token_type": "bearer",
        "expires_in": 3600,
        "endpoint": "https://api.eu-west-1.production.contentsquare.com/"
    }"#;
    testing::reply(200, changed(REPLY, changes))
}

fn changed(document: &str, changes: &Value) -> String {
    let mut document: Value = serde_json::from_str(document).unwrap();
    for (name, value) in changes.as_object().unwrap() {
        document[name] = value.clone();
    }
    document.to_string()
}

/// A response with header fields.
pub(crate) fn reply(status: u16, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Response {
    let headers = headers.iter();
    Response {
        headers: headers
            .map(|(name, value)| ((*name).into(), value.as_bytes().into()))
            .collect(),
        ..testing::reply(status, body)
    }
}

/// A body that begins with a whole code and ends too early.
pub(crate) fn cut_off(response: Response) -> Response {
    Response {
        cut_off: Some(Stage::CutOff),
        ..response
    }
}

pub(crate) fn authenticate(
    vendor: &str,
    document: &str,
    answer: &Response,
) -> Result<Session, Error> {
    let environment = Fixed::new(|_: &Request| answer.clone());
    Connector::authenticate(vendor, document, &environment)
}

pub(crate) fn refresh(vendor: &str, document: &str, answer: &Response) -> Result<Session, Error> {
    let current = authenticate(vendor, document, &token(&json!({})))?;
    let environment = Fixed::new(|_: &Request| answer.clone());
    Connector::refresh(vendor, document, current, &environment)
}

pub(crate) fn inspect(vendor: &str, document: &str, answer: &Response) -> Result<Access, Error> {
    let environment = Fixed::new(|_: &Request| answer.clone());
    Connector::inspect(vendor, document, None, None, &environment)
}

pub(crate) fn classify(vendor: &str, response: &Response) -> Verdict {
    let environment = Fixed::new(|_: &Request| unreachable!("no request"));
    Connector::classify(vendor, response, &environment).unwrap()
}

/// The errors that one answer makes of every function that sends a credential.
pub(crate) fn errors(vendor: &str, document: &str, answer: &Response) -> [Error; 3] {
    [
        authenticate(vendor, document, answer).unwrap_err(),
        refresh(vendor, document, answer).unwrap_err(),
        inspect(vendor, document, answer).unwrap_err(),
    ]
}

#[test]
fn lists_the_vendors_in_the_order_to_show_them() {
    let ids: Vec<_> = Connector::vendors().iter().map(|info| info.id).collect();
    assert_eq!(ids, CREDENTIALS.map(|(vendor, _)| vendor));
    for info in Connector::vendors() {
        assert!(!info.durable_state && !info.origins.is_empty());
    }
}

#[test]
fn an_unknown_vendor_is_reported_first() {
    let environment = Fixed::new(|_: &Request| unreachable!("no request"));
    let session = authenticate("hotjar", HOTJAR, &token(&json!({}))).unwrap();
    let head = connector_guest::RequestHead::default();
    for vendor in ["hotjaR", "", "hotjar ", "x"] {
        let current = session.clone();
        for error in [
            Connector::describe(vendor, &[]).map(drop),
            Connector::credential_schema(vendor, &[]).map(drop),
            Connector::validate(vendor, "not json", &[]),
            Connector::origins(vendor, "not json").map(drop),
            Connector::authenticate(vendor, "not json", &environment).map(drop),
            Connector::refresh(vendor, "not json", current, &environment).map(drop),
            Connector::inspect(vendor, "not json", None, Some("x"), &environment).map(drop),
            Connector::authorize(vendor, &session, &head, &environment).map(drop),
            Connector::classify(vendor, &Response::default(), &environment).map(drop),
        ] {
            assert_eq!(error, Err(Error::UnknownVendor));
        }
    }
}

#[test]
fn an_invalid_document_is_never_sent() {
    let environment = Fixed::new(|_: &Request| unreachable!("no request"));
    let current = authenticate("hotjar", HOTJAR, &token(&json!({}))).unwrap();
    for (vendor, _) in CREDENTIALS {
        for document in ["", "[]", "{}", r#"{"client_id":"a"}"#] {
            let expected = Connector::validate(vendor, document, &[]).unwrap_err();
            assert!(matches!(&expected, Error::InvalidCredential(issues) if !issues.is_empty()));
            for error in [
                Connector::authenticate(vendor, document, &environment).map(drop),
                Connector::refresh(vendor, document, current.clone(), &environment).map(drop),
                Connector::origins(vendor, document).map(drop),
            ] {
                assert_eq!(error, Err(expected.clone()));
            }
            let inspected = Connector::inspect(vendor, document, None, None, &environment);
            assert!(matches!(inspected, Err(Error::InvalidCredential(_))));
        }
    }
}

#[test]
fn a_session_is_carried_by_a_bearer_token() {
    let environment = Fixed::new(|_: &Request| unreachable!("no request"));
    for (vendor, document) in CREDENTIALS {
        let session = authenticate(vendor, document, &token(&json!({}))).unwrap();
        let head = connector_guest::RequestHead::default();
        let authorization = Connector::authorize(vendor, &session, &head, &environment).unwrap();
        let headers = authorization.headers.iter();
        let headers: Vec<_> = headers
            .map(|(name, value)| (*name, value.expose()))
            .collect();
        assert_eq!(headers, [("authorization", "Bearer tok.en-1")]);
        assert!(authorization.query.is_empty());
    }
}

#[test]
fn a_failure_to_send_is_passed_on() {
    /// An environment whose host does not send.
    struct Offline(Error);

    impl connector_guest::Environment for Offline {
        fn now(&self) -> connector_guest::Timestamp {
            testing::NOW
        }

        fn random(&self) -> [u8; 32] {
            testing::RANDOM
        }
    }

    impl Http for Offline {
        fn send(&self, _: Request) -> Result<Response, Error> {
            Err(self.0.clone())
        }
    }

    for (vendor, document) in CREDENTIALS {
        for error in [Error::Denied, Error::Unreachable(Stage::Certificate)] {
            let offline = Offline(error.clone());
            let opened = Connector::authenticate(vendor, document, &offline);
            assert_eq!(opened.map(drop), Err(error.clone()));
            let inspected = Connector::inspect(vendor, document, None, None, &offline);
            assert_eq!(inspected.map(drop), Err(error));
        }
    }
}

#[test]
fn the_files_of_all_languages_differ_only_in_titles_and_descriptions() {
    fn without_texts(mut schema: Value) -> Value {
        match &mut schema {
            Value::Object(fields) => {
                let is_field = |value: &Value| value.is_object();
                fields.retain(|name, value| {
                    is_field(value) || !["title", "description"].contains(&&**name)
                });
                for value in fields.values_mut() {
                    *value = without_texts(value.take());
                }
            }
            Value::Array(items) => {
                for item in items {
                    *item = without_texts(item.take());
                }
            }
            _ => {}
        }
        schema
    }
    for (vendor, _) in CREDENTIALS {
        let schema = |locales: &[&str]| -> (String, Value) {
            let locales: Vec<String> = locales.iter().map(|&tag| tag.into()).collect();
            let schema = Connector::credential_schema(vendor, &locales).unwrap();
            (schema.to_string(), serde_json::from_str(&schema).unwrap())
        };
        let (english, english_schema) = schema(&[]);
        let (french, french_schema) = schema(&["fr-CH", "de"]);
        assert_eq!(schema(&["de", "xx"]).0, english);
        assert_ne!(english, french);
        assert_eq!(without_texts(english_schema), without_texts(french_schema));
        let description = |locales: &[String]| Connector::describe(vendor, locales).unwrap();
        let french: Value = serde_json::from_str(&description(&["fr".into()])).unwrap();
        let english: Value = serde_json::from_str(&description(&[])).unwrap();
        assert_eq!(french["name"], english["name"]);
        assert_ne!(french["summary"], english["summary"]);
    }
}

#[test]
fn a_secret_is_not_printed_with_its_session() {
    let session = authenticate("hotjar", HOTJAR, &token(&json!({}))).unwrap();
    let session = Session {
        state: Some(Secret::new("st4te")),
        ..session
    };
    let printed = format!("{session:?}");
    assert!(
        !printed.contains("tok.en-1") && !printed.contains("st4te"),
        "{printed}"
    );
}
