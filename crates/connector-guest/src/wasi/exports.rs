//! The exports: conversions between the types of WIT and those of this crate. Generated types stop
//! here.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::marker::PhantomData;

use wasi::clocks::wall_clock::Datetime;

#[cfg(feature = "small")]
use super::allocator::Call;
use super::bindings::exports::integration::connector::credentials as wit;
use super::bindings::exports::integration::connector::types as data;
use super::outgoing::Host;
use crate::Plugin;
use crate::access::{Access, Choice, FieldChoices};
use crate::error::{self, Error};
use crate::request::{Authorization, RequestHead};
use crate::response::Response;
use crate::secret::Secret;
use crate::session::{Session, Timestamp};
use crate::vendor::{self, VendorInfo};
use crate::verdict::Verdict;

/// A call of an export, where the standard library's allocator frees memory.
#[cfg(not(feature = "small"))]
struct Call;

/// A plugin as the host sees it.
pub struct Exports<P>(PhantomData<P>);

impl<P: Plugin> wit::Guest for Exports<P> {
    fn vendors() -> Vec<wit::Vendor> {
        let _call = Call;
        to_wit(P::vendors())
    }

    fn describe(vendor: String, locales: Vec<String>) -> Result<String, wit::Error> {
        let _call = Call;
        P::describe(&vendor, &locales).map_err(unknown_vendor)
    }

    fn credential_schema(vendor: String, locales: Vec<String>) -> Result<String, wit::Error> {
        let _call = Call;
        let schema = P::credential_schema(&vendor, &locales);
        schema.map(Cow::into_owned).map_err(unknown_vendor)
    }

    fn validate(
        vendor: String,
        credential: String,
        locales: Vec<String>,
    ) -> Result<(), wit::Error> {
        let _call = Call;
        let credential = Secret::new(credential);
        P::validate(&vendor, credential.expose(), &locales).map_err(unread)
    }

    fn origins(vendor: String, credential: String) -> Result<Vec<String>, wit::Error> {
        let _call = Call;
        let credential = Secret::new(credential);
        P::origins(&vendor, credential.expose()).map_err(unread)
    }

    fn authenticate(vendor: String, credential: String) -> Result<wit::Session, wit::Error> {
        let _call = Call;
        let credential = Secret::new(credential);
        Ok(P::authenticate(&vendor, credential.expose(), &Host)?.into())
    }

    fn refresh(
        vendor: String,
        credential: String,
        current: wit::Session,
    ) -> Result<wit::Session, wit::Error> {
        let _call = Call;
        let credential = Secret::new(credential);
        Ok(P::refresh(&vendor, credential.expose(), current.into(), &Host)?.into())
    }

    fn inspect(
        vendor: String,
        credential: String,
        session: Option<wit::Session>,
        cursor: Option<String>,
    ) -> Result<wit::Access, wit::Error> {
        let _call = Call;
        let credential = Secret::new(credential);
        let session = session.map(Session::from);
        let cursor = cursor.as_deref();
        let access = P::inspect(
            &vendor,
            credential.expose(),
            session.as_ref(),
            cursor,
            &Host,
        );
        Ok(access?.into())
    }

    fn authorize(
        vendor: String,
        session: wit::Session,
        request: wit::RequestHead,
    ) -> Result<wit::Authorization, wit::Error> {
        const BAD_DIGEST: error::Fault = error::Fault {
            code: "bad-digest",
            message: "the SHA-256 of the body does not have 32 bytes",
            retry: false,
        };
        let _call = Call;
        let digest = request.body_sha256.map(<[u8; 32]>::try_from);
        let Ok(body_sha256) = digest.transpose() else {
            return Err(wit::Error::Other(BAD_DIGEST.into()));
        };
        let request = RequestHead {
            method: request.method,
            url: request.url,
            headers: request.headers,
            body_sha256,
            body: request.body,
        };
        P::authorize(&vendor, &session.into(), &request, &Host)
            .map(Into::into)
            .map_err(|error| unauthorized(&error))
    }

    fn classify(vendor: String, response: wit::Response) -> Result<wit::Verdict, wit::Error> {
        let _call = Call;
        P::classify(&vendor, &response.into(), &Host)
            .map(Into::into)
            .map_err(unknown_vendor)
    }
}

// The errors of functions that fail in one or two ways. Each case that an export cannot return is
// code less: to return any error takes 0.9 kB.

/// The only error of some functions.
fn unknown_vendor(_: Error) -> wit::Error {
    wit::Error::UnknownVendor
}

/// The errors of functions that read the credential document and do no more.
fn unread(error: Error) -> wit::Error {
    match error {
        Error::InvalidCredential(issues) => wit::Error::InvalidCredential(to_wit(issues)),
        _ => wit::Error::UnknownVendor,
    }
}

/// The errors of `authorize`.
fn unauthorized(error: &Error) -> wit::Error {
    const UNEXPECTED: error::Fault = error::Fault {
        code: "not-authorized",
        message: "the vendor cannot authorize this request",
        retry: false,
    };
    match error {
        Error::UnknownVendor => wit::Error::UnknownVendor,
        Error::Other(fault) => wit::Error::Other((*fault).into()),
        _ => wit::Error::Other(UNEXPECTED.into()),
    }
}

/// Converts a list item by item. A loop, since collecting takes more of a component.
fn to_wit<T, W: From<T>>(list: Vec<T>) -> Vec<W> {
    let mut converted = Vec::with_capacity(list.len());
    for item in list {
        converted.push(item.into());
    }
    converted
}

impl From<Timestamp> for Datetime {
    fn from(time: Timestamp) -> Self {
        Self {
            seconds: time.secs,
            nanoseconds: time.nanos,
        }
    }
}

impl From<Datetime> for Timestamp {
    fn from(time: Datetime) -> Self {
        Self {
            secs: time.seconds,
            nanos: time.nanoseconds,
        }
    }
}

impl From<&VendorInfo> for wit::Vendor {
    fn from(info: &VendorInfo) -> Self {
        Self {
            id: info.id.into(),
            origins: info.origins.iter().map(|&origin| origin.into()).collect(),
            max_concurrent_calls: info.max_concurrent_calls,
            signing: match info.signing {
                vendor::Signing::Session => data::Signing::Session,
                vendor::Signing::Head => data::Signing::Head,
                vendor::Signing::BodySha256 => data::Signing::BodySha256,
                vendor::Signing::Body => data::Signing::Body,
            },
            inspection: match info.inspection {
                vendor::Inspection::None => data::Inspection::None,
                vendor::Inspection::Credential => data::Inspection::Credential,
                vendor::Inspection::Session => data::Inspection::Session,
            },
            durable_state: info.durable_state,
        }
    }
}

impl From<Session> for wit::Session {
    fn from(session: Session) -> Self {
        Self {
            access_token: session.access_token.into_exposed(),
            state: session.state.map(Secret::into_exposed),
            base_url: session.base_url,
            scopes: session.scopes,
            account: session.account,
            issued_at: session.issued_at.into(),
            refresh_after: session.refresh_after.map(Into::into),
            expires_at: session.expires_at.map(Into::into),
        }
    }
}

impl From<wit::Session> for Session {
    fn from(session: wit::Session) -> Self {
        Self {
            access_token: Secret::new(session.access_token),
            state: session.state.map(Secret::new),
            base_url: session.base_url,
            scopes: session.scopes,
            account: session.account,
            issued_at: session.issued_at.into(),
            refresh_after: session.refresh_after.map(Into::into),
            expires_at: session.expires_at.map(Into::into),
        }
    }
}

impl From<Access> for wit::Access {
    fn from(access: Access) -> Self {
        Self {
            identity: access.identity,
            scopes: access.scopes,
            fields: to_wit(access.fields),
            credential_expires_at: access.credential_expires_at.map(Into::into),
            next: access.next,
        }
    }
}

impl From<FieldChoices> for data::FieldChoices {
    fn from(field: FieldChoices) -> Self {
        let depends_on = field.depends_on.iter();
        Self {
            pointer: field.pointer.into(),
            choices: to_wit(field.choices),
            complete: field.complete,
            depends_on: depends_on.map(|&pointer| pointer.into()).collect(),
        }
    }
}

impl From<Choice> for data::Choice {
    fn from(choice: Choice) -> Self {
        Self {
            value: choice.value,
            title: choice.title,
        }
    }
}

impl From<Authorization> for wit::Authorization {
    fn from(authorization: Authorization) -> Self {
        let headers = authorization.headers.into_iter();
        let query = authorization.query.into_iter();
        Self {
            headers: headers
                .map(|(name, value)| (name.into(), value.into_exposed().into_bytes()))
                .collect(),
            query: query
                .map(|(name, value)| (name.into(), value.into_exposed()))
                .collect(),
        }
    }
}

impl From<wit::Response> for Response {
    fn from(response: wit::Response) -> Self {
        Self {
            status: response.status,
            headers: response.headers,
            body: response.body,
            cut_off: None,
        }
    }
}

impl From<Verdict> for wit::Verdict {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Accepted => Self::Accepted,
            Verdict::Refresh(refusal) => Self::Refresh(refusal.into()),
            Verdict::Forbidden(refusal) => Self::Forbidden(refusal.into()),
            Verdict::Throttled(secs) => Self::Throttled(secs),
            Verdict::Unavailable(secs) => Self::Unavailable(secs),
        }
    }
}

impl From<Error> for wit::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::UnknownVendor => Self::UnknownVendor,
            Error::InvalidCredential(issues) => Self::InvalidCredential(to_wit(issues)),
            Error::Rejected(refusal) => Self::Rejected(refusal.into()),
            Error::Forbidden(refusal) => Self::Forbidden(refusal.into()),
            Error::Throttled(secs) => Self::Throttled(secs),
            Error::Unavailable(secs) => Self::Unavailable(secs),
            Error::Unreachable(stage) => Self::Unreachable(stage.into()),
            Error::Denied => Self::Denied,
            Error::InvalidResponse(invalid) => Self::InvalidResponse(data::InvalidResponse {
                status: invalid.status,
                field: invalid.field.into(),
            }),
            Error::Other(fault) => Self::Other(fault.into()),
        }
    }
}

impl From<error::Issue> for data::Issue {
    fn from(issue: error::Issue) -> Self {
        Self {
            pointer: issue.pointer,
            code: issue.code.as_str().into(),
            message: issue.message,
        }
    }
}

impl From<error::Refusal> for data::Refusal {
    fn from(refusal: error::Refusal) -> Self {
        Self {
            status: refusal.status,
            code: refusal.code,
            confirmed: refusal.confirmed,
        }
    }
}

impl From<error::Fault> for data::Fault {
    fn from(fault: error::Fault) -> Self {
        Self {
            code: fault.code.into(),
            message: fault.message.into(),
            retry: fault.retry,
        }
    }
}

impl From<error::Stage> for data::Stage {
    fn from(stage: error::Stage) -> Self {
        match stage {
            error::Stage::Dns => Self::Dns,
            error::Stage::Connect => Self::Connect,
            error::Stage::Tls => Self::Tls,
            error::Stage::Certificate => Self::Certificate,
            error::Stage::Timeout => Self::Timeout,
            error::Stage::CutOff => Self::CutOff,
            error::Stage::Protocol => Self::Protocol,
            error::Stage::Other => Self::Other,
        }
    }
}
