//! The door: WIT in, WIT out, nothing else. Generated types stop here.

use alloc::string::String;
use alloc::vec::Vec;

use wasi::clocks::wall_clock::{self, Datetime};

use crate::access;
use crate::bindings::exports::integration::connector::credentials as wit;
use crate::bindings::exports::integration::connector::types::{
    Issue, Level, Misreply, Project, Refusal, Stage,
};
use crate::connect;
use crate::error;
use crate::http::{Reply, wasi::Outgoing};
use crate::secret::Secret;
use crate::session::{self, Timestamp};
use crate::vendors::{About, VENDORS, Vendor as _};
use crate::verdict;

/// The plugin, as the host sees it.
///
/// Where `connect` promises that a function fails in one way alone, its error is named here again: to put any of them into WIT takes
/// 0.9 kB for each function.
pub(crate) struct Door;

impl wit::Guest for Door {
    fn vendors() -> Vec<wit::Vendor> {
        VENDORS.iter().map(|vendor| vendor.about().into()).collect()
    }

    fn credential_schema(vendor: String) -> Result<String, wit::Error> {
        connect::credential_schema(&vendor)
            .map(Into::into)
            .map_err(|_| wit::Error::UnknownVendor)
    }

    fn validate(vendor: String, credential: String) -> Result<(), wit::Error> {
        let credential = Secret::new(credential);
        Ok(connect::validate(&vendor, credential.expose())?)
    }

    fn authenticate(vendor: String, credential: String) -> Result<wit::Session, wit::Error> {
        let credential = Secret::new(credential);
        Ok(connect::authenticate(&vendor, credential.expose(), now(), &Outgoing)?.into())
    }

    fn refresh(
        vendor: String,
        credential: String,
        current: wit::Session,
    ) -> Result<wit::Session, wit::Error> {
        // Neither vendor needs the old token for a new one.
        drop(Secret::new(current.access_token));
        Self::authenticate(vendor, credential)
    }

    fn inspect(vendor: String, credential: String) -> Result<wit::Access, wit::Error> {
        let credential = Secret::new(credential);
        Ok(connect::inspect(&vendor, credential.expose(), now(), &Outgoing)?.into())
    }

    fn classify(vendor: String, response: wit::Response) -> Result<wit::Verdict, wit::Error> {
        connect::classify(&vendor, &response.into(), now())
            .map(Into::into)
            .map_err(|_| wit::Error::UnknownVendor)
    }
}

fn now() -> Timestamp {
    let now = wall_clock::now();
    Timestamp {
        secs: now.seconds,
        nanos: now.nanoseconds,
    }
}

impl From<Timestamp> for Datetime {
    fn from(time: Timestamp) -> Self {
        Self {
            seconds: time.secs,
            nanoseconds: time.nanos,
        }
    }
}

impl From<&About> for wit::Vendor {
    fn from(about: &About) -> Self {
        Self {
            id: about.id.into(),
            display_name: about.display_name.into(),
            setup_url: about.setup_url.into(),
            origins: about.origins.iter().map(|&origin| origin.into()).collect(),
            calls_at_once: about.calls_at_once,
        }
    }
}

impl From<session::Session> for wit::Session {
    fn from(session: session::Session) -> Self {
        Self {
            access_token: session.access_token.give(),
            base_url: session.base_url,
            scopes: session.scopes,
            project: session.project,
            issued_at: session.issued_at.into(),
            expires_at: session.expires_at.into(),
            refresh_after: session.refresh_after.into(),
        }
    }
}

impl From<access::Access> for wit::Access {
    fn from(access: access::Access) -> Self {
        Self {
            scopes: access.scopes,
            projects: access.projects.into_iter().map(Into::into).collect(),
            level: access.level.map(|level| match level {
                access::Level::Project => Level::Project,
                access::Level::Account => Level::Account,
            }),
        }
    }
}

impl From<access::Project> for Project {
    fn from(project: access::Project) -> Self {
        Self {
            id: project.id,
            name: project.name,
        }
    }
}

impl From<wit::Response> for Reply {
    fn from(response: wit::Response) -> Self {
        Self {
            status: response.status,
            headers: response.headers,
            body: response.body,
            cut: None,
        }
    }
}

impl From<verdict::Verdict> for wit::Verdict {
    fn from(verdict: verdict::Verdict) -> Self {
        match verdict {
            verdict::Verdict::Accepted => Self::Accepted,
            verdict::Verdict::Refresh => Self::Refresh,
            verdict::Verdict::Forbidden => Self::Forbidden,
            verdict::Verdict::Throttled(secs) => Self::Throttled(secs),
            verdict::Verdict::Unavailable(secs) => Self::Unavailable(secs),
        }
    }
}

impl From<error::Error> for wit::Error {
    fn from(error: error::Error) -> Self {
        match error {
            error::Error::UnknownVendor => Self::UnknownVendor,
            error::Error::InvalidCredential(issues) => {
                Self::InvalidCredential(issues.into_iter().map(Into::into).collect())
            }
            error::Error::Rejected(refusal) => Self::Rejected(refusal.into()),
            error::Error::Forbidden(refusal) => Self::Forbidden(refusal.into()),
            error::Error::Throttled(secs) => Self::Throttled(secs),
            error::Error::Unavailable(secs) => Self::Unavailable(secs),
            error::Error::Unreachable(stage) => Self::Unreachable(stage.into()),
            error::Error::Denied => Self::Denied,
            error::Error::Unintelligible(misreply) => Self::Unintelligible(Misreply {
                status: misreply.status,
                part: misreply.part.into(),
            }),
        }
    }
}

impl From<error::Issue> for Issue {
    fn from(issue: error::Issue) -> Self {
        Self {
            pointer: issue.pointer,
            code: issue.code.as_str().into(),
            message: issue.message,
        }
    }
}

impl From<error::Refusal> for Refusal {
    fn from(refusal: error::Refusal) -> Self {
        Self {
            status: refusal.status,
            code: refusal.code,
        }
    }
}

impl From<error::Stage> for Stage {
    fn from(stage: error::Stage) -> Self {
        match stage {
            error::Stage::Dns => Self::Dns,
            error::Stage::Connect => Self::Connect,
            error::Stage::Tls => Self::Tls,
            error::Stage::Timeout => Self::Timeout,
            error::Stage::CutOff => Self::CutOff,
            error::Stage::Protocol => Self::Protocol,
            error::Stage::Other => Self::Other,
        }
    }
}
