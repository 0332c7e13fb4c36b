//! The data of the contract in this crate's public types. `wit/types.wit` documents every field at
//! length; the conversions are in `contract/conversions.rs`.

use std::time::SystemTime;

use futures::StreamExt;
use futures::stream;
use http_body_util::{BodyExt, BodyStream, StreamBody};

use crate::egress::origin::Origin;
use crate::secret::Secret;
use crate::transport::{ResponseBody, TransportError};

/// The part of a body that the contract passes to `classify`; the rest does not reach the plugin.
pub(crate) const CLASSIFY_BYTES: usize = 4096;

/// A vendor that the plugin connects to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vendor {
    /// The argument `vendor` of the calls.
    pub id: String,
    /// The name to show.
    pub display_name: String,
    /// A page that explains how to get the credential.
    pub setup_url: String,
    /// The origins that the plugin needs for this vendor.
    pub origins: Vec<Origin>,
    /// The maximum number of concurrent API calls for one project, if the vendor documents one.
    pub calls_at_once: Option<u32>,
}

/// An open session with a vendor.
#[derive(Debug, Clone)]
pub struct Session {
    /// The bearer token.
    pub access_token: Secret,
    /// The prefix of API URLs: `https`, a host, perhaps a path; never a trailing slash.
    pub base_url: String,
    /// The granted scopes; empty if the vendor does not name them.
    pub scopes: Vec<String>,
    /// The project of the token, if the vendor names one.
    pub project: Option<u64>,
    /// The time just before the token was requested.
    pub issued_at: SystemTime,
    /// The time at which the vendor stops accepting the token.
    pub expires_at: SystemTime,
    /// The time from which a new session should be requested, while this one is still valid.
    pub refresh_after: SystemTime,
}

/// The reach of a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The scopes that may be requested; empty if the vendor does not report them.
    pub scopes: Vec<String>,
    /// The projects to choose from; empty if the vendor has none or does not report them.
    pub projects: Vec<Project>,
    /// The level of the credential, if the vendor reports it.
    pub level: Option<Level>,
}

/// A project of the vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// The value of `project_id` in the credential document.
    pub id: u64,
    /// Text of the vendor: show it as plain text, never as markup.
    pub name: String,
}

/// The level of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Level {
    /// One project.
    Project,
    /// Any project of the account.
    Account,
}

impl Level {
    /// The value in the credential document, `project` or `account`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Account => "account",
        }
    }
}

/// An API response that was received with a session.
///
/// Its `Debug` shows only the status: headers and body may hold secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiResponse {
    /// The HTTP status.
    pub status: u16,
    /// The header fields in the order received.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body or its beginning; at most the first 4096 bytes are used.
    pub body: Vec<u8>,
}

impl ApiResponse {
    /// Copies the input of `classify` from a response: the status, the header fields, and the first
    /// 4096 bytes of the body, for which it waits.
    ///
    /// The response stays complete: its body starts again with the bytes read here. After an error
    /// the response is unusable.
    pub async fn read(response: &mut http::Response<ResponseBody>) -> Result<Self, TransportError> {
        let mut read = Vec::new();
        let mut beginning = Vec::new();
        while beginning.len() < CLASSIFY_BYTES
            && let Some(frame) = response.body_mut().frame().await
        {
            let frame = frame?;
            let data = frame.data_ref().into_iter().flatten();
            beginning.extend(data.take(CLASSIFY_BYTES - beginning.len()));
            read.push(Ok(frame));
        }
        if !read.is_empty() {
            let rest = BodyStream::new(std::mem::take(response.body_mut()));
            *response.body_mut() = StreamBody::new(stream::iter(read).chain(rest)).boxed_unsync();
        }
        let headers = response.headers().iter();
        Ok(Self {
            status: response.status().as_u16(),
            headers: headers
                .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
                .collect(),
            body: beginning,
        })
    }
}

impl std::fmt::Debug for ApiResponse {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ApiResponse")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// The meaning of an API response for the session that was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The session is valid. The response may still be an error of the call itself.
    Accepted,
    /// The session has ended: refresh it, and repeat the call once.
    Refresh,
    /// The session is valid and does not allow this: a person changes scope, plan or project.
    Forbidden,
    /// Too many calls: wait, for the given number of seconds if there is one.
    Throttled(Option<u32>),
    /// The vendor is unavailable: wait, for the given number of seconds if there is one.
    Unavailable(Option<u32>),
}

impl Verdict {
    /// The name of the case in the contract, such as `throttled`.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refresh => "refresh",
            Self::Forbidden => "forbidden",
            Self::Throttled(_) => "throttled",
            Self::Unavailable(_) => "unavailable",
        }
    }
}

/// One problem of a credential document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// The JSON pointer of the field; empty for the whole document.
    pub pointer: String,
    /// A stable code of the problem, such as `required`.
    pub code: String,
    /// One sentence for a person.
    pub message: String,
}

/// The details of a vendor's refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The vendor's code, such as `invalid_client`.
    pub code: Option<String>,
}

/// The invalid part of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misreply {
    /// The HTTP status.
    pub status: u16,
    /// `status`, `body`, or the name of the field.
    pub part: String,
}

/// The stage at which a request failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// The host name could not be resolved.
    Dns,
    /// The connection failed.
    Connect,
    /// The TLS handshake failed, or the certificate is not valid.
    Tls,
    /// The response did not begin, or did not continue, in time.
    Timeout,
    /// The connection closed before the response was complete.
    CutOff,
    /// The response was not HTTP.
    Protocol,
    /// Another reason.
    Other,
}

impl Stage {
    /// The name of the case in the contract, such as `cut-off`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::CutOff => "cut-off",
            Self::Protocol => "protocol",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests;
