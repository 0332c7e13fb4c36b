//! Conversions between the contract's generated types and this crate's. Values from a plugin are
//! checked by the rules of `contract.rs`.

use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime};

use wasmtime_wasi::p2::bindings::clocks::wall_clock::Datetime;

use crate::contract::bindings::exports::integration::connector::types as wit;
use crate::contract::{self, require, text};
use crate::egress::origin::Origin;
use crate::egress::policy::EgressPolicy;
use crate::error::{ConnectorError, PluginError};
use crate::secret::Secret;
use crate::types::{
    Access, ApiResponse, CLASSIFY_BYTES, Issue, Level, Misreply, Project, Refusal, Session, Stage,
    Vendor, Verdict,
};

impl TryFrom<wit::Vendor> for Vendor {
    type Error = PluginError;

    fn try_from(vendor: wit::Vendor) -> Result<Self, PluginError> {
        let origins: Result<Vec<Origin>, _> = vendor.origins.iter().map(|o| o.parse()).collect();
        Ok(Self {
            id: text(vendor.id, "id", contract::is_id)?,
            display_name: text(vendor.display_name, "display-name", contract::is_title)?,
            setup_url: text(vendor.setup_url, "setup-url", contract::is_page)?,
            origins: origins.map_err(|_| PluginError::Contract("origins"))?,
            calls_at_once: match vendor.calls_at_once {
                Some(0) => return Err(PluginError::Contract("calls-at-once")),
                calls => calls,
            },
        })
    }
}

/// A token lives between one minute and one day, whatever the vendor reports.
const LIFETIME: RangeInclusive<Duration> = Duration::from_mins(1)..=Duration::from_hours(24);

impl Session {
    /// Checks and converts a plugin's session of a vendor with this policy.
    pub(crate) fn read(
        session: wit::Session,
        declared: &EgressPolicy,
    ) -> Result<Self, PluginError> {
        // First, so that it is zeroized even if another field is invalid.
        let access_token = Secret::new(session.access_token);
        require(contract::is_token(access_token.expose()), "access-token")?;
        let base_url = text(session.base_url, "base-url", |url| {
            contract::base_url(url).is_some_and(|url| declared.allows(&url))
        })?;
        let time = |time, name| system_time(time).ok_or(PluginError::Contract(name));
        let session = Self {
            access_token,
            base_url,
            scopes: scopes(session.scopes)?,
            project: session.project,
            issued_at: time(session.issued_at, "issued-at")?,
            expires_at: time(session.expires_at, "expires-at")?,
            refresh_after: time(session.refresh_after, "refresh-after")?,
        };
        let lifetime = session.expires_at.duration_since(session.issued_at);
        require(
            lifetime.is_ok_and(|lifetime| LIFETIME.contains(&lifetime)),
            "expires-at",
        )?;
        let lifetime = session.issued_at..=session.expires_at;
        require(lifetime.contains(&session.refresh_after), "refresh-after")?;
        Ok(session)
    }
}

fn scopes(scopes: Vec<String>) -> Result<Vec<String>, PluginError> {
    let all_valid = scopes.iter().all(|scope| contract::is_scope(scope));
    require(all_valid, "scopes").map(|()| scopes)
}

/// The result holds the token in the clear: zeroize it after use.
impl From<&Session> for wit::Session {
    fn from(session: &Session) -> Self {
        Self {
            access_token: session.access_token.expose().to_owned(),
            base_url: session.base_url.clone(),
            scopes: session.scopes.clone(),
            project: session.project,
            issued_at: datetime(session.issued_at),
            expires_at: datetime(session.expires_at),
            refresh_after: datetime(session.refresh_after),
        }
    }
}

/// `None` for an invalid time: a nanosecond field of a second or more, or a date out of range.
fn system_time(time: Datetime) -> Option<SystemTime> {
    (time.nanoseconds < 1_000_000_000)
        .then(|| Duration::new(time.seconds, time.nanoseconds))
        .and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since))
}

/// Times before 1970, which the contract cannot express, become 1970: in the past either way.
fn datetime(time: SystemTime) -> Datetime {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Datetime {
        seconds: since.as_secs(),
        nanoseconds: since.subsec_nanos(),
    }
}

impl TryFrom<wit::Access> for Access {
    type Error = PluginError;

    fn try_from(access: wit::Access) -> Result<Self, PluginError> {
        let project = |project: wit::Project| Project {
            id: project.id,
            name: contract::display_name(&project.name),
        };
        Ok(Self {
            scopes: scopes(access.scopes)?,
            projects: access.projects.into_iter().map(project).collect(),
            level: access.level.map(|level| match level {
                wit::Level::Project => Level::Project,
                wit::Level::Account => Level::Account,
            }),
        })
    }
}

impl From<&ApiResponse> for wit::Response {
    fn from(response: &ApiResponse) -> Self {
        Self {
            status: response.status,
            headers: response.headers.clone(),
            body: response.body.iter().take(CLASSIFY_BYTES).copied().collect(),
        }
    }
}

impl From<wit::Verdict> for Verdict {
    fn from(verdict: wit::Verdict) -> Self {
        match verdict {
            wit::Verdict::Accepted => Self::Accepted,
            wit::Verdict::Refresh => Self::Refresh,
            wit::Verdict::Forbidden => Self::Forbidden,
            wit::Verdict::Throttled(seconds) => Self::Throttled(contract::wait(seconds)),
            wit::Verdict::Unavailable(seconds) => Self::Unavailable(contract::wait(seconds)),
        }
    }
}

impl TryFrom<wit::Error> for ConnectorError {
    type Error = PluginError;

    fn try_from(error: wit::Error) -> Result<Self, PluginError> {
        Ok(match error {
            wit::Error::UnknownVendor => Self::UnknownVendor,
            wit::Error::InvalidCredential(issues) => {
                require(!issues.is_empty(), "invalid-credential")?;
                let issues = issues.into_iter().take(contract::MAX_ISSUES);
                Self::InvalidCredential(issues.map(Issue::try_from).collect::<Result<_, _>>()?)
            }
            wit::Error::Rejected(refusal) => Self::Rejected(refusal.try_into()?),
            wit::Error::Forbidden(refusal) => Self::Forbidden(refusal.try_into()?),
            wit::Error::Throttled(seconds) => Self::Throttled(contract::wait(seconds)),
            wit::Error::Unavailable(seconds) => Self::Unavailable(contract::wait(seconds)),
            wit::Error::Unreachable(stage) => Self::Unreachable(stage.into()),
            wit::Error::Denied => Self::Denied,
            wit::Error::Unintelligible(misreply) => Self::Unintelligible(Misreply {
                status: contract::status(misreply.status)?,
                part: text(misreply.part, "part", contract::is_part)?,
            }),
            wit::Error::Other(why) => Self::Other(text(why, "other", contract::is_sentence)?),
        })
    }
}

impl TryFrom<wit::Issue> for Issue {
    type Error = PluginError;

    fn try_from(issue: wit::Issue) -> Result<Self, PluginError> {
        Ok(Self {
            pointer: text(issue.pointer, "pointer", contract::is_pointer)?,
            code: text(issue.code, "code", contract::is_code)?,
            message: text(issue.message, "message", contract::is_sentence)?,
        })
    }
}

impl TryFrom<wit::Refusal> for Refusal {
    type Error = PluginError;

    fn try_from(refusal: wit::Refusal) -> Result<Self, PluginError> {
        let code = |code| text(code, "code", contract::is_vendor_code);
        Ok(Self {
            status: contract::status(refusal.status)?,
            code: refusal.code.map(code).transpose()?,
        })
    }
}

impl From<wit::Stage> for Stage {
    fn from(stage: wit::Stage) -> Self {
        match stage {
            wit::Stage::Dns => Self::Dns,
            wit::Stage::Connect => Self::Connect,
            wit::Stage::Tls => Self::Tls,
            wit::Stage::Timeout => Self::Timeout,
            wit::Stage::CutOff => Self::CutOff,
            wit::Stage::Protocol => Self::Protocol,
            wit::Stage::Other => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests;
