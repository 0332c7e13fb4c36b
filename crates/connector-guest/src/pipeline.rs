//! The functions of the contract for one vendor, each a chain of the vendor's steps: credential →
//! request → the one send → response → result.

use alloc::string::String;
use alloc::vec::Vec;

use crate::access::Access;
use crate::error::{Error, Fault, Stage};
use crate::form::Form;
use crate::request::{Authorization, Request, RequestHead};
use crate::response::{self, Fields, Response};
use crate::secret::Secret;
use crate::session::{Session, Timestamp};
use crate::token::{Token, is_opaque_token};
use crate::vendor::{Inspection, InspectionInput, Open, Signing, Vendor, VendorInfo};
use crate::verdict::Verdict;
use crate::{Environment, Http};

/// Issues of other functions than `validate` are in English.
const ENGLISH: &[String] = &[];

/// Checks a credential document.
pub fn validate(vendor: &impl Vendor, credential: &str, locales: &[String]) -> Result<(), Error> {
    read(vendor, credential, locales).map(drop)
}

/// Reads a credential document in one place, since most functions begin with it.
#[inline(never)]
fn read<V: Vendor>(
    vendor: &V,
    credential: &str,
    locales: &[String],
) -> Result<V::Credential, Error> {
    Form::read(credential, locales, |form| vendor.read(form))
}

/// Returns the origins that a credential needs.
pub fn origins(vendor: &impl Vendor, credential: &str) -> Result<Vec<String>, Error> {
    let credential = read(vendor, credential, ENGLISH)?;
    Ok(vendor.origins(&credential))
}

/// Opens a session.
pub fn authenticate(
    vendor: &impl Vendor,
    credential: &str,
    environment: &(impl Environment + Http),
) -> Result<Session, Error> {
    open(vendor, credential, None, environment)
}

/// Replaces a session. The credential may have been edited since it was issued.
pub fn refresh(
    vendor: &impl Vendor,
    credential: &str,
    current: Session,
    environment: &(impl Environment + Http),
) -> Result<Session, Error> {
    open(vendor, credential, current.state, environment)
}

fn open(
    vendor: &impl Vendor,
    credential: &str,
    state: Option<Secret>,
    environment: &(impl Environment + Http),
) -> Result<Session, Error> {
    let credential = read(vendor, credential, ENGLISH)?;
    let issued_at = environment.now();
    let (mut token, mut fields) = match vendor.open(&credential, state.as_ref())? {
        Open::Token(token) => (token, Fields::empty()),
        Open::Request(request) => {
            let response = environment.send(request)?;
            let mut fields = response::accept(&vendor.info().codes, &response, issued_at)?;
            (vendor.token(&credential, &mut fields, issued_at)?, fields)
        }
    };
    // A vendor may have made the token by rules of its own.
    if !is_opaque_token(token.access_token.expose()) {
        return Err(fields.invalid("access_token"));
    }
    let base_url = vendor.base_url(&credential, &mut fields)?;
    token
        .scopes
        .get_or_insert_with(|| vendor.requested_scopes(&credential));
    token.state = token.state.or(state);
    Ok(session(token, vendor.info(), base_url, issued_at))
}

/// The session of a token. Apart from [`open`], which is there once for each vendor.
#[inline(never)]
fn session(token: Token, info: &VendorInfo, base_url: String, issued_at: Timestamp) -> Session {
    let dates = token.expiry.or(info.expiry).dates(issued_at);
    Session {
        access_token: token.access_token,
        state: token.state,
        base_url,
        scopes: token.scopes.unwrap_or_default(),
        account: token.account,
        issued_at,
        refresh_after: dates.map(|(refresh_after, _)| refresh_after),
        expires_at: dates.map(|(_, expires_at)| expires_at),
    }
}

/// Asks the vendor for the reach of a credential.
pub fn inspect(
    vendor: &impl Vendor,
    credential: &str,
    session: Option<&Session>,
    cursor: Option<&str>,
    environment: &(impl Environment + Http),
) -> Result<Access, Error> {
    const NOT_OFFERED: Error = Error::Other(Fault {
        code: "no-inspection",
        message: "this vendor offers no inspection",
        retry: false,
    });
    const NO_SESSION: Error = Error::Other(Fault {
        code: "no-session",
        message: "the inspection of this vendor needs a session",
        retry: false,
    });
    let session = match vendor.info().inspection {
        Inspection::None => return Err(NOT_OFFERED),
        Inspection::Credential => None,
        Inspection::Session => Some(session.ok_or(NO_SESSION)?),
    };
    let input = InspectionInput::new(session, cursor);
    let mut request = Form::read_some(credential, ENGLISH, |form| {
        vendor.inspection_request(form, &input).transpose()
    })??;
    if let Some(session) = session {
        request = authorized(vendor, session, request, environment)?;
    }
    let response = environment.send(request)?;
    vendor.access(&response, environment.now())
}

/// Puts a session on a request of the plugin's own.
#[inline(never)]
fn authorized(
    vendor: &impl Vendor,
    session: &Session,
    mut request: Request,
    environment: &impl Environment,
) -> Result<Request, Error> {
    let body = request.body.expose();
    let signing = vendor.info().signing;
    let head = RequestHead {
        method: request.method.into(),
        url: request.url.expose().into(),
        headers: Vec::new(),
        body_sha256: (signing == Signing::BodySha256).then(|| crate::signature::sha256(body)),
        body: (signing == Signing::Body).then(|| body.into()),
    };
    let authorization = vendor.authorize(session, &head, environment)?;
    for (name, value) in authorization.headers {
        request.headers.push((name.into(), value));
    }
    let query = authorization.query.iter();
    let query: Vec<_> = query.map(|(name, value)| (*name, value.expose())).collect();
    if !query.is_empty() {
        request = request.query(&query);
    }
    Ok(request)
}

/// Returns what carries a session on an API request, once the request has the parts that are
/// signed.
pub fn authorize(
    vendor: &impl Vendor,
    session: &Session,
    request: &RequestHead,
    environment: &impl Environment,
) -> Result<Authorization, Error> {
    match vendor.info().signing {
        Signing::BodySha256 => drop(request.body_sha256()?),
        Signing::Body => drop(request.body()?),
        Signing::Session | Signing::Head => {}
    }
    vendor.authorize(session, request, environment)
}

/// Classifies an API response.
pub fn classify(vendor: &impl Vendor, response: &Response, now: Timestamp) -> Verdict {
    vendor.classify(response, now)
}

/// Whether a request that ended at this stage was never sent.
pub fn was_not_sent(stage: Stage) -> bool {
    matches!(
        stage,
        Stage::Dns | Stage::Connect | Stage::Tls | Stage::Certificate
    )
}

#[cfg(test)]
mod tests;
