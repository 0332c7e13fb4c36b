//! What a vendor is to this crate: the trait that a plugin implements, with the behaviour of RFC
//! 6749 and RFC 6750 as its defaults.

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;

use crate::access::Access;
use crate::codes::Codes;
use crate::description::Description;
use crate::error::{Error, Fault};
use crate::form::Form;
use crate::request::{Authorization, Request, RequestHead};
use crate::response::{self, Fields, Response};
use crate::secret::Secret;
use crate::session::{Expiry, Session, Timestamp};
use crate::token::Token;
use crate::verdict::{self, Verdict};
use crate::{Environment, Schema};

/// A vendor: its form, its requests and the meaning of its answers.
///
/// Each method is one step. A step takes values and returns values; none of them sends anything. A
/// vendor with client credentials and bearer tokens implements the methods without a default.
pub trait Vendor {
    /// The credential, read and checked.
    type Credential;

    /// What a host enforces or plans by.
    fn info(&self) -> &'static VendorInfo;

    /// What a host shows.
    fn description(&self) -> Description;

    /// The JSON Schema of the credential document: the rules of
    /// [`read`](Vendor::read), for a form.
    fn schema(&self) -> Schema;

    /// Reads the credential document, in the order of the form. `None` only where a problem was
    /// reported.
    fn read(&self, form: &mut Form) -> Option<Self::Credential>;

    /// Returns the origins that the credential needs, where its host depends on it.
    fn origins(&self, credential: &Self::Credential) -> Vec<String> {
        let _ = credential;
        let origins = self.info().origins.iter();
        origins.map(|&origin| origin.to_owned()).collect()
    }

    /// Builds the token request, or opens the session without one.
    ///
    /// `state` is the state of the last session. A refresh is the same request with it (RFC 6749
    /// §4.4.3 for client credentials, which have no state).
    fn open(&self, credential: &Self::Credential, state: Option<&Secret>) -> Result<Open, Error>;

    /// Reads the token out of the fields of the reply: by default a bearer token (RFC 6749 §5.1).
    fn token(
        &self,
        credential: &Self::Credential,
        fields: &mut Fields,
        now: Timestamp,
    ) -> Result<Token, Error> {
        let _ = (credential, now);
        Token::bearer(fields)
    }

    /// Returns where API calls go: fixed, by the credential, or by the token reply. What a reply
    /// names is read by [`base_url::within`](crate::base_url::within).
    fn base_url(&self, credential: &Self::Credential, fields: &mut Fields)
    -> Result<String, Error>;

    /// Returns the scopes that the token request asks for: those granted when the reply names none
    /// (RFC 6749 §5.1).
    fn requested_scopes(&self, credential: &Self::Credential) -> Vec<String> {
        let _ = credential;
        Vec::new()
    }

    /// Reads the fields that identify the credential, and builds the request of an inspection.
    /// `None` only where a problem was reported. With [`Inspection::Session`] the session's
    /// authorization is added to the request.
    ///
    /// The default is the token request, for a vendor whose tokens cost nothing.
    fn inspection_request(
        &self,
        form: &mut Form,
        input: &InspectionInput,
    ) -> Result<Option<Request>, Error> {
        input.only_page()?;
        // Asking by the token request would spend a token that rotates.
        if self.info().durable_state {
            return Err(NO_REQUEST);
        }
        let Some(credential) = self.read(form) else {
            return Ok(None);
        };
        match self.open(&credential, None)? {
            Open::Request(request) => Ok(Some(request)),
            Open::Token(_) => Err(NO_REQUEST),
        }
    }

    /// Reads the response to [`inspection_request`](Vendor::inspection_request).
    ///
    /// The default reads a token reply, which may name scopes.
    fn access(&self, response: &Response, now: Timestamp) -> Result<Access, Error> {
        let mut fields = response::accept(&self.info().codes, response, now)?;
        let token = Token::bearer(&mut fields)?;
        Ok(Access::default().scopes(token.scopes.unwrap_or_default()))
    }

    /// Returns what carries the session on an API request: a bearer token (RFC 6750 §2.1).
    fn authorize(
        &self,
        session: &Session,
        request: &RequestHead,
        environment: &impl Environment,
    ) -> Result<Authorization, Error> {
        let _ = (request, environment);
        Ok(Authorization::bearer(&session.access_token))
    }

    /// Classifies an API response by the declared codes, those of RFC 6749 and RFC 6750, and the
    /// status.
    fn classify(&self, response: &Response, now: Timestamp) -> Verdict {
        verdict::classify(&self.info().codes, response, now)
    }
}

/// What opens a session.
#[derive(Debug)]
#[non_exhaustive]
pub enum Open {
    /// One request, whose answer is read by [`Vendor::token`].
    Request(Request),
    /// No request: the credential itself is all that an API call needs. The access token is
    /// printable ASCII without spaces; any other is an invalid response.
    Token(Token),
}

/// What `inspect` was called with, beside the credential.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct InspectionInput<'a> {
    /// A live session, with [`Inspection::Session`].
    pub session: Option<&'a Session>,
    /// The cursor of the page, `None` for the first one.
    pub cursor: Option<&'a str>,
}

impl<'a> InspectionInput<'a> {
    pub(crate) fn new(session: Option<&'a Session>, cursor: Option<&'a str>) -> Self {
        Self { session, cursor }
    }

    /// Refuses a cursor, for a vendor that answers in one page.
    pub fn only_page(&self) -> Result<(), Error> {
        match self.cursor {
            None => Ok(()),
            Some(_) => Err(UNKNOWN_CURSOR),
        }
    }
}

/// The error for a cursor that the vendor does not know.
pub const UNKNOWN_CURSOR: Error = Error::Other(Fault {
    code: "unknown-cursor",
    message: "the cursor is none that this plugin returned",
    retry: false,
});

/// The error for a session without the state or token that an authorization needs.
pub const UNKNOWN_SESSION: Error = Error::Other(Fault {
    code: "unknown-session",
    message: "the session was not opened by this vendor",
    retry: false,
});

/// The default of [`Vendor::inspection_request`]: a vendor with inspections defines its own.
const NO_REQUEST: Error = Error::Other(Fault {
    code: "no-inspection",
    message: "this vendor has no request for an inspection",
    retry: false,
});

/// The parts of an API request on which its authorization depends. The contract is in
/// `wit/types.wit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signing {
    /// The session alone.
    Session,
    /// Method, URL and header fields too.
    Head,
    /// Also the SHA-256 of the body.
    BodySha256,
    /// Also the body.
    Body,
}

/// What `inspect` needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Inspection {
    /// It is not offered.
    None,
    /// The credential.
    Credential,
    /// A live session too.
    Session,
}

/// The properties of a vendor that a host enforces or plans by. The contract is in `wit/types.wit`.
///
/// ```
/// use connector_guest::{Inspection, VendorInfo};
///
/// static INFO: VendorInfo = VendorInfo::new("acme", &["https://api.acme.example"])
///     .max_concurrent_calls(10)
///     .inspection(Inspection::Credential);
/// assert_eq!(INFO.id, "acme");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct VendorInfo {
    /// The id: lower-case ASCII letters, digits and `-`.
    pub id: &'static str,
    /// The origins that may be needed.
    pub origins: &'static [&'static str],
    /// The number of API calls at a time for one account.
    pub max_concurrent_calls: Option<u32>,
    /// What an authorization depends on.
    pub signing: Signing,
    /// What `inspect` needs.
    pub inspection: Inspection,
    /// Whether the state outlives the session.
    pub durable_state: bool,
    /// When a token ends whose reply does not say it, by the vendor's documentation.
    pub expiry: Expiry,
    /// The vendor's own codes.
    pub codes: Codes,
}

impl VendorInfo {
    /// A vendor with bearer tokens, without a limit, an inspection and codes of its own.
    pub const fn new(id: &'static str, origins: &'static [&'static str]) -> Self {
        Self {
            id,
            origins,
            max_concurrent_calls: None,
            signing: Signing::Session,
            inspection: Inspection::None,
            durable_state: false,
            expiry: Expiry::Unknown,
            codes: Codes::NONE,
        }
    }

    /// Declares how many API calls the vendor serves at a time for one account.
    #[must_use]
    pub const fn max_concurrent_calls(mut self, calls: u32) -> Self {
        self.max_concurrent_calls = Some(calls);
        self
    }

    /// Declares the input of an authorization: the session, the request or its body.
    #[must_use]
    pub const fn signing(mut self, signing: Signing) -> Self {
        self.signing = signing;
        self
    }

    /// Declares what `inspect` needs.
    #[must_use]
    pub const fn inspection(mut self, inspection: Inspection) -> Self {
        self.inspection = inspection;
        self
    }

    /// Declares that the state outlives the session, as a refresh token that rotates does.
    #[must_use]
    pub const fn durable_state(mut self) -> Self {
        self.durable_state = true;
        self
    }

    /// Declares when a token ends whose reply does not say it.
    #[must_use]
    pub const fn expiry(mut self, expiry: Expiry) -> Self {
        self.expiry = expiry;
        self
    }

    /// Declares the vendor's own codes.
    #[must_use]
    pub const fn codes(mut self, codes: Codes) -> Self {
        self.codes = codes;
        self
    }
}
