//! Tries a vendor natively, against a closure that plays its HTTP: no component, no host, no
//! network.
//!
//! ```
//! # use connector_guest::*;
//! # struct Acme;
//! # static INFO: VendorInfo = VendorInfo::new("acme", &["https://api.acme.example"]);
//! # impl Vendor for Acme {
//! #     type Credential = Secret;
//! #     fn info(&self) -> &'static VendorInfo { &INFO }
//! #     fn description(&self) -> Description { Description::new("Acme", "https://acme.example") }
//! #     fn schema(&self) -> Schema { Schema::new("{}", &[]) }
//! #     fn read(&self, form: &mut Form) -> Option<Secret> { form.required("key").string() }
//! #     fn open(&self, key: &Secret, _: Option<&Secret>) -> Result<Open, Error> {
//! #         let form = [("key", key.expose())];
//! #         Ok(Open::Request(Request::post("https://api.acme.example/token").form(&form)))
//! #     }
//! #     fn base_url(&self, _: &Secret, _: &mut Fields) -> Result<String, Error> {
//! #         Ok("https://api.acme.example".into())
//! #     }
//! # }
//! use connector_guest::testing;
//!
//! let session = testing::authenticate(&Acme, r#"{"key": "hush"}"#, |request| {
//!     assert_eq!(request.url.expose(), "https://api.acme.example/token");
//!     assert_eq!(request.body.expose(), b"key=hush");
//!     testing::reply(200, r#"{"access_token": "t", "token_type": "bearer"}"#)
//! });
//! assert_eq!(session.unwrap().access_token.expose(), "t");
//! ```

mod schema;

use alloc::string::String;
use alloc::vec::Vec;
use core::cell::Cell;

pub use self::schema::check_schema;

use crate::error::{Error, InvalidResponse, IssueCode, Refusal};
use crate::request::{Authorization, Request, RequestHead};
use crate::response::Response;
use crate::session::{Session, Timestamp};
use crate::vendor::{Signing, Vendor};
use crate::verdict::Verdict;
use crate::{Access, Environment, Http, pipeline};

/// When all calls are made: 2023-11-14T22:13:20Z.
pub const NOW: Timestamp = Timestamp {
    secs: 1_700_000_000,
    nanos: 9,
};

/// The random bytes of all calls.
pub const RANDOM: [u8; 32] = [7; 32];

/// An environment that stands still, with a closure for the vendor's HTTP. It panics at a second
/// request, since a call sends at most one.
pub struct Fixed<F> {
    answer: F,
    is_asked: Cell<bool>,
}

impl<F: Fn(&Request) -> Response> Fixed<F> {
    /// Answers one request by the closure.
    pub fn new(answer: F) -> Self {
        Self {
            answer,
            is_asked: Cell::new(false),
        }
    }

    /// Whether the request was sent.
    pub fn is_asked(&self) -> bool {
        self.is_asked.get()
    }
}

impl<F> Environment for Fixed<F> {
    fn now(&self) -> Timestamp {
        NOW
    }

    fn random(&self) -> [u8; 32] {
        RANDOM
    }
}

impl<F: Fn(&Request) -> Response> Http for Fixed<F> {
    fn send(&self, request: Request) -> Result<Response, Error> {
        assert!(!self.is_asked.replace(true), "a second request in one call");
        Ok((self.answer)(&request))
    }
}

/// A response without header fields.
pub fn reply(status: u16, body: impl Into<Vec<u8>>) -> Response {
    Response {
        status,
        body: body.into(),
        ..Response::default()
    }
}

/// The answer for a call that sends nothing: panics.
pub fn no_request(request: &Request) -> Response {
    unreachable!("a request to {}", request.url.expose())
}

/// A refusal that a known code confirms.
pub fn refusal(status: u16, code: &str) -> Refusal {
    Refusal {
        status,
        code: Some(code.into()),
        confirmed: true,
    }
}

/// The error for a reply with status 200 in which `field` is missing or wrong.
pub fn invalid_response(field: &'static str) -> Error {
    Error::InvalidResponse(InvalidResponse { status: 200, field })
}

/// Checks a credential document, and returns its problems as pointers and codes.
pub fn issues(vendor: &impl Vendor, credential: &str) -> Vec<(String, IssueCode)> {
    match pipeline::validate(vendor, credential, &[]) {
        Err(Error::InvalidCredential(issues)) => {
            let issues = issues.into_iter();
            issues.map(|issue| (issue.pointer, issue.code)).collect()
        }
        _ => Vec::new(),
    }
}

/// Opens a session.
pub fn authenticate(
    vendor: &impl Vendor,
    credential: &str,
    answer: impl Fn(&Request) -> Response,
) -> Result<Session, Error> {
    pipeline::authenticate(vendor, credential, &Fixed::new(answer))
}

/// Replaces a session.
pub fn refresh(
    vendor: &impl Vendor,
    credential: &str,
    current: &Session,
    answer: impl Fn(&Request) -> Response,
) -> Result<Session, Error> {
    pipeline::refresh(vendor, credential, current.clone(), &Fixed::new(answer))
}

/// Asks for the reach of a credential: the first page.
pub fn inspect(
    vendor: &impl Vendor,
    credential: &str,
    session: Option<&Session>,
    answer: impl Fn(&Request) -> Response,
) -> Result<Access, Error> {
    pipeline::inspect(vendor, credential, session, None, &Fixed::new(answer))
}

/// Authorizes an API request without header fields of its own. The vendor gets the parts of the
/// body that it declares as signed, as from a host.
pub fn authorize(
    vendor: &impl Vendor,
    session: &Session,
    method: &str,
    url: &str,
    body: &[u8],
) -> Result<Authorization, Error> {
    let signing = vendor.info().signing;
    let head = RequestHead {
        method: method.into(),
        url: url.into(),
        headers: Vec::new(),
        body_sha256: (signing == Signing::BodySha256).then(|| crate::signature::sha256(body)),
        body: (signing == Signing::Body).then(|| body.into()),
    };
    authorize_head(vendor, session, &head)
}

/// Authorizes an API request that is given as it reaches the vendor.
pub fn authorize_head(
    vendor: &impl Vendor,
    session: &Session,
    head: &RequestHead,
) -> Result<Authorization, Error> {
    pipeline::authorize(vendor, session, head, &Fixed::new(no_request))
}

/// Classifies an API response.
pub fn classify(vendor: &impl Vendor, response: &Response) -> Verdict {
    pipeline::classify(vendor, response, NOW)
}
