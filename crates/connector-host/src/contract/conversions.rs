//! Conversions between the contract's generated types and this crate's. Values from a plugin are
//! checked by the rules of `contract.rs`.

use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime};

use wasmtime_wasi::p2::bindings::clocks::wall_clock::Datetime;

use crate::contract::bindings::exports::integration::connector::types as wit;
use crate::contract::{self, MAX_TITLE_CHARS, displayable, require, text};
use crate::egress::origin::{Origin, OriginError};
use crate::egress::policy;
use crate::error::{ConnectorError, PluginError};
use crate::rules::{Breach, LoadRule};
use crate::secret::Secret;
use crate::transport::CertificateError;
use crate::types::api_response::CLASSIFY_BYTES;
use crate::types::{
    Access, ApiResponse, Choice, Fault, FieldChoices, Inspection, InvalidResponse, Issue, Refusal,
    RequestHead, Session, Signing, Stage, Vendor, Verdict,
};

/// A credential needs a host or two.
const MAX_ORIGINS: usize = 100;

/// Checks and converts the result of `vendors`.
pub(crate) fn vendors(listed: Vec<wit::Vendor>) -> Result<Vec<Vendor>, Breach> {
    let breach = |problem: &str| Breach::new(LoadRule::Vendors, None, problem);
    if listed.is_empty() {
        return Err(breach("the list is empty"));
    }
    let vendors: Result<Vec<Vendor>, _> = listed.into_iter().map(Vendor::try_from).collect();
    let vendors = vendors?;
    let mut ids: Vec<&str> = vendors.iter().map(|vendor| &*vendor.id).collect();
    ids.sort_unstable();
    if ids.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
        return Err(breach("two vendors have the same id"));
    }
    Ok(vendors)
}

impl TryFrom<wit::Vendor> for Vendor {
    type Error = Breach;

    fn try_from(vendor: wit::Vendor) -> Result<Self, Breach> {
        if !contract::is_id(&vendor.id) {
            let problem = "an id is not 1 to 64 lower-case letters, digits and `-`";
            return Err(Breach::new(LoadRule::Vendors, None, problem));
        }
        let breach = |rule, problem: &str| Breach::new(rule, Some(&vendor.id), problem);
        if vendor.origins.len() > MAX_ORIGINS {
            let problem = format!("there are more than {MAX_ORIGINS} origins");
            return Err(breach(LoadRule::Origins, &problem));
        }
        let numbered = vendor.origins.iter().zip(1..);
        let origins = numbered.map(|(origin, number)| {
            origin.parse::<Origin>().map_err(|error| {
                let rule = match error {
                    OriginError::PublicSuffix => LoadRule::PublicSuffix,
                    _ => LoadRule::Origins,
                };
                breach(rule, &format!("origin {number}: {error}"))
            })
        });
        let origins = origins.collect::<Result<_, _>>()?;
        if vendor.max_concurrent_calls == Some(0) {
            let problem = "`max-concurrent-calls` is zero instead of `none`";
            return Err(breach(LoadRule::Vendors, problem));
        }
        Ok(Self {
            origins,
            max_concurrent_calls: vendor.max_concurrent_calls,
            signing: match vendor.signing {
                wit::Signing::Session => Signing::Session,
                wit::Signing::Head => Signing::Head,
                wit::Signing::BodySha256 => Signing::BodySha256,
                wit::Signing::Body => Signing::Body,
            },
            inspection: match vendor.inspection {
                wit::Inspection::None => Inspection::None,
                wit::Inspection::Credential => Inspection::Credential,
                wit::Inspection::Session => Inspection::Session,
            },
            durable_state: vendor.durable_state,
            id: vendor.id,
        })
    }
}

/// Checks the origins of a credential of a vendor with these `declared` ones. A wildcard is allowed
/// only if it is one of those, which the operator knows.
pub(crate) fn origins(origins: &[String], declared: &[Origin]) -> Result<Vec<Origin>, PluginError> {
    let breach = PluginError::Contract("origins");
    if origins.len() > MAX_ORIGINS {
        return Err(breach);
    }
    let exact = |origin: &String| {
        let origin = origin.parse::<Origin>().ok();
        origin.filter(|origin| !origin.is_wildcard() || declared.contains(origin))
    };
    origins
        .iter()
        .map(exact)
        .collect::<Option<_>>()
        .ok_or(breach)
}

/// The vendor's life of a session is limited to between one minute and one year.
const LIFETIME: RangeInclusive<Duration> = Duration::from_mins(1)..=Duration::from_hours(24 * 365);

impl Session {
    /// Checks and converts a plugin's session of a credential with these origins.
    pub(crate) fn read(session: wit::Session, origins: Vec<Origin>) -> Result<Self, PluginError> {
        // First, so that they are zeroized even if another field is invalid.
        let access_token = Secret::new(session.access_token);
        let state = session.state.map(Secret::new);
        require(contract::is_token(access_token.expose()), "access-token")?;
        let is_state = |state: &Secret| contract::is_state(state.expose());
        require(state.as_ref().is_none_or(is_state), "state")?;
        let base_url = text(session.base_url, "base-url", |url| {
            contract::base_url(url).is_some_and(|url| policy::covers(&origins, &url))
        })?;
        let account = |account| text(account, "account", contract::is_account);
        let time = |time, name| system_time(time).ok_or(PluginError::Contract(name));
        let issued_at = time(session.issued_at, "issued-at")?;
        let expires_at = session.expires_at.map(|at| time(at, "expires-at"));
        let expires_at = expires_at.transpose()?;
        let refresh_after = session.refresh_after.map(|at| time(at, "refresh-after"));
        let refresh_after = refresh_after.transpose()?;
        if let Some(expires_at) = expires_at {
            let lifetime = expires_at.duration_since(issued_at);
            require(
                lifetime.is_ok_and(|lifetime| LIFETIME.contains(&lifetime)),
                "expires-at",
            )?;
        }
        let is_within = match (refresh_after, expires_at) {
            (None, None) => true,
            (Some(refresh_after), Some(end)) => (issued_at..=end).contains(&refresh_after),
            _ => false,
        };
        require(is_within, "refresh-after")?;
        Ok(Self {
            access_token,
            state,
            base_url,
            scopes: scopes(session.scopes)?,
            account: session.account.map(account).transpose()?,
            issued_at,
            refresh_after,
            expires_at,
            origins,
        })
    }
}

fn scopes(scopes: Vec<String>) -> Result<Vec<String>, PluginError> {
    let all_valid = scopes.iter().all(|scope| contract::is_scope(scope));
    require(all_valid, "scopes").map(|()| scopes)
}

/// The result holds the secrets in the clear: zeroize them after use.
impl From<&Session> for wit::Session {
    fn from(session: &Session) -> Self {
        Self {
            access_token: session.access_token.expose().to_owned(),
            state: session
                .state
                .as_ref()
                .map(|state| state.expose().to_owned()),
            base_url: session.base_url.clone(),
            scopes: session.scopes.clone(),
            account: session.account.clone(),
            issued_at: datetime(session.issued_at),
            refresh_after: session.refresh_after.map(datetime),
            expires_at: session.expires_at.map(datetime),
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
        let identity = access.identity.as_deref().map(title);
        let expires_at = access.credential_expires_at.map(|at| {
            let breach = PluginError::Contract("credential-expires-at");
            system_time(at).ok_or(breach)
        });
        let fields = access.fields.into_iter().map(FieldChoices::try_from);
        let next = access
            .next
            .map(|next| text(next, "next", contract::is_cursor));
        Ok(Self {
            identity: identity.filter(|identity| !identity.is_empty()),
            scopes: scopes(access.scopes)?,
            fields: fields.collect::<Result<_, _>>()?,
            credential_expires_at: expires_at.transpose()?,
            next: next.transpose()?,
        })
    }
}

/// A vendor's name for something, cleaned for display.
fn title(text: &str) -> String {
    displayable(text, MAX_TITLE_CHARS)
}

impl TryFrom<wit::FieldChoices> for FieldChoices {
    type Error = PluginError;

    fn try_from(field: wit::FieldChoices) -> Result<Self, PluginError> {
        let depends_on = field.depends_on;
        let are_fields = depends_on.iter().all(|at| contract::is_field_pointer(at));
        require(are_fields, "depends-on")?;
        let choices = field.choices.into_iter().map(Choice::try_from);
        Ok(Self {
            pointer: text(field.pointer, "pointer", contract::is_field_pointer)?,
            choices: choices.collect::<Result<_, _>>()?,
            complete: field.complete,
            depends_on,
        })
    }
}

impl TryFrom<wit::Choice> for Choice {
    type Error = PluginError;

    fn try_from(choice: wit::Choice) -> Result<Self, PluginError> {
        use serde_json::Value;
        let value = serde_json::from_str(&choice.value);
        let value = value
            .ok()
            .filter(|value| matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_)));
        let value = value.ok_or(PluginError::Contract("value"))?;
        let mut title = title(&choice.title);
        if title.is_empty() {
            // Nothing visible is left of it.
            title = self::title(value.as_str().unwrap_or(&choice.value));
        }
        Ok(Self { value, title })
    }
}

/// The result holds the caller's header fields and body: zeroize secrets in it after use.
impl From<&RequestHead> for wit::RequestHead {
    fn from(request: &RequestHead) -> Self {
        Self {
            method: request.method.clone(),
            url: request.url.clone(),
            headers: request.headers.clone(),
            body_sha256: request.body_sha256.map(Vec::from),
            body: request.body.clone(),
        }
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

impl TryFrom<wit::Verdict> for Verdict {
    type Error = PluginError;

    fn try_from(verdict: wit::Verdict) -> Result<Self, PluginError> {
        Ok(match verdict {
            wit::Verdict::Accepted => Self::Accepted,
            wit::Verdict::Refresh(refusal) => Self::Refresh(refusal.try_into()?),
            wit::Verdict::Forbidden(refusal) => Self::Forbidden(refusal.try_into()?),
            wit::Verdict::Throttled(seconds) => Self::Throttled(contract::wait(seconds)),
            wit::Verdict::Unavailable(seconds) => Self::Unavailable(contract::wait(seconds)),
        })
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
            wit::Error::InvalidResponse(response) => Self::InvalidResponse(InvalidResponse {
                status: contract::status(response.status)?,
                field: text(response.field, "field", contract::is_field)?,
            }),
            wit::Error::Other(fault) => Self::Other(Fault {
                code: text(fault.code, "code", contract::is_id)?,
                message: text(fault.message, "message", contract::is_sentence)?,
                retry: fault.retry,
            }),
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
            confirmed: refusal.confirmed,
        })
    }
}

impl From<wit::Stage> for Stage {
    fn from(stage: wit::Stage) -> Self {
        match stage {
            wit::Stage::Dns => Self::Dns,
            wit::Stage::Connect => Self::Connect,
            wit::Stage::Tls => Self::Tls,
            wit::Stage::Certificate => Self::Certificate(CertificateError::Other),
            wit::Stage::Timeout => Self::Timeout,
            wit::Stage::CutOff => Self::CutOff,
            wit::Stage::Protocol => Self::Protocol,
            wit::Stage::Other => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests;
