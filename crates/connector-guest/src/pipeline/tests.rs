//! The chain of steps, with a vendor that changes each default: a host by tenant, a token that
//! rotates, an inspection with a session, and signed bodies.

use core::cell::RefCell;

use serde_json::json;

use super::*;
use crate::testing::{self, Fixed, NOW, reply};
use crate::{
    Codes, Description, Expiry, Inspection, InvalidResponse, IssueCode, Timestamp, Token,
    UNKNOWN_CURSOR, VendorInfo, base_url,
};

/// A vendor whose properties a test chooses.
struct Acme(VendorInfo);

impl Acme {
    fn new(change: impl FnOnce(VendorInfo) -> VendorInfo) -> Self {
        let info = VendorInfo::new("acme", &["https://*.acme.example"])
            .inspection(Inspection::Session)
            .codes(Codes {
                known: &[("E7", crate::Meaning::Forbidden)],
                words: &[],
            });
        Self(change(info))
    }
}

/// The steps of a vendor have no life of their own, so its properties live as long as the test.
impl Vendor for &'static Acme {
    type Credential = (String, Secret);

    fn info(&self) -> &'static VendorInfo {
        &self.0
    }

    fn description(&self) -> Description {
        Description::new("Acme", "https://acme.example/keys")
    }

    fn schema(&self) -> crate::Schema {
        crate::Schema::new("{}", &[])
    }

    fn read(&self, form: &mut Form) -> Option<Self::Credential> {
        let tenant = form.required("tenant").host_label();
        let key = form.required("key").string();
        Some((tenant?, key?))
    }

    fn origins(&self, (tenant, _): &Self::Credential) -> Vec<String> {
        vec![format!("https://{tenant}.acme.example")]
    }

    fn open(
        &self,
        (tenant, key): &Self::Credential,
        state: Option<&Secret>,
    ) -> Result<Open, Error> {
        if key.expose().starts_with("no-request") {
            return Ok(Open::Token(Token::new(key.clone()).expiry(Expiry::Never)));
        }
        let secret = state.unwrap_or(key);
        let request = Request::post(format!("https://{tenant}.acme.example/token"))
            .json(&[("refresh_token", secret.expose().into())]);
        Ok(Open::Request(request))
    }

    fn token(
        &self,
        _: &Self::Credential,
        fields: &mut Fields,
        now: Timestamp,
    ) -> Result<Token, Error> {
        assert_eq!(now, NOW);
        if let Some(token) = fields.take_string("raw_token")? {
            return Ok(Token::new(Secret::new(token)));
        }
        let state = fields.take_string("refresh_token")?.map(Secret::new);
        Ok(Token::bearer(fields)?.state(state))
    }

    fn base_url(
        &self,
        (tenant, _): &Self::Credential,
        fields: &mut Fields,
    ) -> Result<String, Error> {
        match fields.take_string("url")? {
            None => Ok(format!("https://{tenant}.acme.example")),
            Some(url) => {
                base_url::within(&url, "acme.example").ok_or_else(|| fields.invalid("url"))
            }
        }
    }

    fn requested_scopes(&self, _: &Self::Credential) -> Vec<String> {
        vec!["all".into()]
    }

    fn inspection_request(
        &self,
        form: &mut Form,
        input: &InspectionInput,
    ) -> Result<Option<Request>, Error> {
        if self.0.inspection == Inspection::Credential {
            return match input.cursor {
                Some(_) => Err(UNKNOWN_CURSOR),
                None => Ok(self
                    .read(form)
                    .map(|_| Request::get("https://a.acme.example/me"))),
            };
        }
        let base_url = &input.session.unwrap().base_url;
        let page = input.cursor.unwrap_or("1");
        let request = Request::post(format!("{base_url}/me")).query(&[("page", page)]);
        Ok(Some(request.json(&[("all", true.into())])))
    }

    fn access(&self, response: &Response, now: Timestamp) -> Result<Access, Error> {
        let mut fields = response::accept(&self.0.codes, response, now)?;
        let next = fields.take_string("next")?;
        Ok(Access::default().identity(Some("Acme")).next(next))
    }

    fn authorize(
        &self,
        session: &Session,
        request: &RequestHead,
        _: &impl Environment,
    ) -> Result<Authorization, Error> {
        let parts = [request.body_sha256.is_some(), request.body.is_some()];
        Ok(Authorization::bearer(&session.access_token)
            .header(
                "x-signed",
                format!("{} {} {parts:?}", request.method, request.url),
            )
            .query("sig", "a b"))
    }
}

/// A vendor with changed properties, for the rest of the test.
fn acme(change: impl FnOnce(VendorInfo) -> VendorInfo) -> &'static Acme {
    Box::leak(Box::new(Acme::new(change)))
}

const CREDENTIAL: &str = r#"{"tenant":"T1","key":" first "}"#;

fn token(changes: &[(&str, &str)]) -> Response {
    let mut body = json!({"access_token": "t", "token_type": "bearer"});
    for (name, value) in changes {
        body[*name] = (*value).into();
    }
    reply(200, body.to_string())
}

/// Calls with one answer, and returns the URL and the body of the request beside the result.
fn sent<T>(
    answer: &Response,
    call: impl FnOnce(&dyn Fn(&Request) -> Response) -> T,
) -> (T, String) {
    let request = RefCell::new(String::new());
    let result = call(&|sent: &Request| {
        let body = str::from_utf8(sent.body.expose()).unwrap();
        *request.borrow_mut() = format!("{} {} {body}", sent.method, sent.url.expose());
        answer.clone()
    });
    (result, request.into_inner())
}

#[test]
fn a_state_goes_with_the_session_into_its_refresh() {
    let vendor = &acme(VendorInfo::durable_state);
    let (session, request) = sent(&token(&[("refresh_token", "second")]), |http| {
        testing::authenticate(vendor, CREDENTIAL, http).unwrap()
    });
    assert_eq!(
        request,
        r#"POST https://t1.acme.example/token {"refresh_token":"first"}"#
    );
    assert_eq!(session.state.as_ref().map(Secret::expose), Some("second"));
    let (session, request) = sent(&token(&[("refresh_token", "third")]), |http| {
        testing::refresh(vendor, CREDENTIAL, &session, http).unwrap()
    });
    assert_eq!(
        request,
        r#"POST https://t1.acme.example/token {"refresh_token":"second"}"#
    );
    assert_eq!(session.state.as_ref().map(Secret::expose), Some("third"));
    // A reply without a state keeps the one so far.
    let (session, _) = sent(&token(&[]), |http| {
        testing::refresh(vendor, CREDENTIAL, &session, http).unwrap()
    });
    assert_eq!(session.state.as_ref().map(Secret::expose), Some("third"));
    // The rest follows the credential as it is now.
    let moved = CREDENTIAL.replace("T1", "t2");
    let (session, request) = sent(&token(&[]), |http| {
        testing::refresh(vendor, &moved, &session, http).unwrap()
    });
    assert!(
        request.starts_with("POST https://t2.acme.example/token"),
        "{request}"
    );
    assert_eq!(session.base_url, "https://t2.acme.example");
}

#[test]
fn a_session_takes_from_the_reply_what_it_names_and_the_rest_from_the_vendor() {
    let vendor = &acme(|info| info.expiry(Expiry::After(7200)));
    let open = |answer: &Response| testing::authenticate(vendor, CREDENTIAL, |_| answer.clone());
    let session = open(&token(&[])).unwrap();
    assert_eq!(session.scopes, ["all"]);
    assert_eq!(session.base_url, "https://t1.acme.example");
    assert_eq!((session.issued_at, session.account), (NOW, None));
    assert_eq!(session.expires_at, Some(NOW.plus(7200)));
    let named = token(&[
        ("scope", "a b"),
        ("expires_in", "60"),
        ("url", "https://x.acme.example/v2/"),
    ]);
    let session = open(&named).unwrap();
    assert_eq!(session.scopes, ["a", "b"]);
    assert_eq!(session.base_url, "https://x.acme.example/v2");
    assert_eq!(session.expires_at, Some(NOW.plus(60)));
    assert_eq!(session.refresh_after, Some(NOW.plus(30)));
    let error = open(&token(&[("url", "https://evil.example")])).unwrap_err();
    let (status, field) = (200, "url");
    assert_eq!(
        error,
        Error::InvalidResponse(InvalidResponse { status, field })
    );
    let refused = open(&reply(400, r#"{"error":"E7"}"#)).unwrap_err();
    assert!(matches!(refused, Error::Forbidden(refusal) if refusal.confirmed));
}

#[test]
fn a_vendor_without_a_token_request_opens_a_session_without_one() {
    let vendor = &acme(|info| info);
    let credential = CREDENTIAL.replace(" first ", "no-request");
    let environment = Fixed::new(|_: &Request| unreachable!("no request"));
    let session = authenticate(vendor, &credential, &environment).unwrap();
    assert_eq!(session.access_token.expose(), "no-request");
    assert_eq!((session.expires_at, session.refresh_after), (None, None));
    assert_eq!(session.base_url, "https://t1.acme.example");
}

#[test]
fn a_token_that_may_break_out_of_a_header_is_an_invalid_response() {
    let vendor = &acme(|info| info);
    let invalid = Error::InvalidResponse(InvalidResponse {
        status: 200,
        field: "access_token",
    });
    let nowhere = Fixed::new(|_: &Request| unreachable!("no request"));
    for (key, is_token) in [
        ("no-request;~", true),
        ("no-request 1", false),
        ("no-request-clé", false),
    ] {
        let credential = CREDENTIAL.replace(" first ", key);
        let opened = authenticate(vendor, &credential, &nowhere).map(drop);
        assert_eq!(
            opened,
            if is_token {
                Ok(())
            } else {
                Err(invalid.clone())
            },
            "{key}"
        );
    }
    let long = "t".repeat(16 * 1024 + 1);
    for (token, is_token) in [
        ("t;~", true),
        (&long[1..], true),
        ("", false),
        (" t", false),
        ("a b", false),
        ("a\r\nx: y", false),
        ("a\u{0}", false),
        ("a\u{7f}", false),
        ("é", false),
        (&long, false),
    ] {
        let body = json!({"raw_token": token}).to_string();
        let environment = Fixed::new(|_: &Request| reply(200, &*body));
        let opened = authenticate(vendor, CREDENTIAL, &environment).map(drop);
        assert_eq!(
            opened,
            if is_token {
                Ok(())
            } else {
                Err(invalid.clone())
            },
            "{token:?}"
        );
    }
}

#[test]
fn origins_follow_the_credential_and_validate_builds_no_request() {
    let vendor = &acme(|info| info);
    assert_eq!(
        origins(vendor, CREDENTIAL),
        Ok(vec!["https://t1.acme.example".to_owned()])
    );
    assert_eq!(validate(vendor, CREDENTIAL, &[]), Ok(()));
    let Err(Error::InvalidCredential(issues)) = origins(vendor, r#"{"tenant":"a.b"}"#) else {
        panic!("expected issues");
    };
    let codes: Vec<_> = issues.iter().map(|issue| issue.code).collect();
    assert_eq!(codes, [IssueCode::Format, IssueCode::Required]);
}

#[test]
fn an_inspection_gets_what_the_vendor_declares() {
    let environment = || Fixed::new(|_: &Request| reply(200, r#"{"next":"2"}"#));
    let code = |result: Result<Access, Error>| match result {
        Err(Error::Other(fault)) => fault.code,
        other => panic!("{other:?}"),
    };
    let session = testing::authenticate(&acme(|info| info), CREDENTIAL, |_| token(&[])).unwrap();

    let none = &acme(|info| info.inspection(Inspection::None));
    let asked = environment();
    assert_eq!(
        code(inspect(none, CREDENTIAL, Some(&session), None, &asked)),
        "no-inspection"
    );
    assert!(!asked.is_asked());

    let by_session = &acme(|info| info);
    let asked = environment();
    assert_eq!(
        code(inspect(by_session, CREDENTIAL, None, None, &asked)),
        "no-session"
    );
    assert!(!asked.is_asked());
    let access = inspect(by_session, "{}", Some(&session), None, &environment()).unwrap();
    assert_eq!(
        (access.identity.as_deref(), access.next.as_deref()),
        (Some("Acme"), Some("2"))
    );

    let by_credential = &acme(|info| info.inspection(Inspection::Credential));
    let asked = environment();
    assert!(inspect(by_credential, CREDENTIAL, Some(&session), None, &asked).is_ok());
    let result = inspect(by_credential, CREDENTIAL, None, Some("2"), &environment());
    assert_eq!(result, Err(UNKNOWN_CURSOR));
    let Err(Error::InvalidCredential(issues)) = inspect(
        by_credential,
        r#"{"tenant":"t"}"#,
        None,
        None,
        &environment(),
    ) else {
        panic!("expected issues");
    };
    assert_eq!(issues.len(), 1);
}

#[test]
fn an_inspection_with_a_session_is_authorized_like_an_api_request() {
    for (signing, parts) in [
        (Signing::Session, "[false, false]"),
        (Signing::BodySha256, "[true, false]"),
        (Signing::Body, "[false, true]"),
    ] {
        let vendor = &acme(|info| info.signing(signing));
        let session = testing::authenticate(vendor, CREDENTIAL, |_| token(&[])).unwrap();
        let environment = Fixed::new(|request: &Request| {
            let url = "https://t1.acme.example/me?page=2";
            assert_eq!(request.url.expose(), [url, "&sig=a+b"].concat());
            assert_eq!(request.header_value("authorization"), Some("Bearer t"));
            let signed = format!("POST {url} {parts}");
            assert_eq!(request.header_value("x-signed"), Some(&*signed));
            assert_eq!(request.body.expose(), br#"{"all":true}"#);
            reply(200, "{}")
        });
        let access = inspect(vendor, CREDENTIAL, Some(&session), Some("2"), &environment);
        assert_eq!(access.unwrap().next, None);
    }
}

#[test]
fn a_request_is_authorized_only_with_the_parts_that_are_signed() {
    let digest = Some([7; 32]);
    let body = Some(b"x".to_vec());
    for (signing, body_sha256, body, is_signed) in [
        (Signing::Session, None, None, true),
        (Signing::Head, None, None, true),
        (Signing::BodySha256, digest, None, true),
        (Signing::BodySha256, None, body.clone(), false),
        (Signing::Body, None, body, true),
        (Signing::Body, digest, None, false),
    ] {
        let vendor = &acme(|info| info.signing(signing));
        let session = testing::authenticate(vendor, CREDENTIAL, |_| token(&[])).unwrap();
        let head = RequestHead {
            method: "PUT".into(),
            url: "https://t1.acme.example/x".into(),
            body_sha256,
            body,
            ..RequestHead::default()
        };
        let environment = Fixed::new(|_: &Request| unreachable!("no request"));
        match authorize(vendor, &session, &head, &environment) {
            Ok(authorization) => {
                assert!(is_signed, "{signing:?}");
                assert_eq!(authorization.headers[0].1.expose(), "Bearer t");
            }
            Err(Error::Other(fault)) => {
                assert!(!is_signed && !fault.retry, "{signing:?}");
                assert_eq!(fault.code, "no-body");
            }
            Err(error) => panic!("{error:?}"),
        }
    }
}

#[test]
fn a_request_was_never_sent_before_its_connection_stood() {
    for (stage, expected) in [
        (Stage::Dns, true),
        (Stage::Connect, true),
        (Stage::Tls, true),
        (Stage::Certificate, true),
        (Stage::Timeout, false),
        (Stage::CutOff, false),
        (Stage::Protocol, false),
        (Stage::Other, false),
    ] {
        assert_eq!(was_not_sent(stage), expected, "{stage:?}");
    }
}
