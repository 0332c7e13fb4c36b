//! The data of the contract in this crate's public types. `wit/types.wit` documents every field at
//! length; the conversions are in `contract/conversions.rs`.

pub(crate) mod api_response;
mod stored;

use std::fmt;
use std::time::SystemTime;

use crate::egress::origin::Origin;
use crate::secret::Secret;
use crate::transport::{CertificateError, ProxyError, TransportError};

/// A vendor that the plugin connects to. Texts for people are in [`Description`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Vendor {
    /// The argument `vendor` of the calls.
    pub id: String,
    /// The origins that the plugin declares for this vendor. A credential may need others, see
    /// [`Connector::origins`](crate::Connector::origins).
    pub origins: Vec<Origin>,
    /// The maximum number of concurrent API calls for one account, if the vendor documents one.
    pub max_concurrent_calls: Option<u32>,
    /// The parts of an API request on which its authorization depends.
    pub signing: Signing,
    /// The input of [`Connector::inspect`](crate::Connector::inspect).
    pub inspection: Inspection,
    /// Whether [`Session::state`] outlives its session, so that it must be stored.
    pub durable_state: bool,
}

/// The parts of an API request on which its authorization depends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signing {
    /// The session alone: an authorization may be used for all requests of the session.
    Session,
    /// The method, the URL and the header fields too.
    Head,
    /// Also the SHA-256 of the body.
    BodySha256,
    /// Also the body itself.
    Body,
}

impl Signing {
    /// The name of the case in the contract, such as `body-sha256`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Head => "head",
            Self::BodySha256 => "body-sha256",
            Self::Body => "body",
        }
    }
}

/// The input of an inspection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Inspection {
    /// The vendor cannot report the reach of a credential.
    None,
    /// The credential alone.
    Credential,
    /// A valid session too.
    Session,
}

impl Inspection {
    /// The name of the case in the contract, such as `credential`.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Credential => "credential",
            Self::Session => "session",
        }
    }
}

/// The description of a vendor for people, in one language. All strings are plain text: never
/// markup, and without control characters and other invisible characters.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Description {
    /// The name of the vendor or product.
    pub name: String,
    /// One sentence: the purpose of a connection.
    pub summary: Option<String>,
    /// What a person needs before the form can be filled in, one sentence each.
    pub prerequisites: Vec<String>,
    /// A page where people create the credential, or learn how.
    pub setup_url: Option<String>,
    /// The documentation of the vendor's API.
    pub documentation_url: Option<String>,
    /// An API request that shows that a session works, and changes nothing.
    pub sample_call: Option<SampleCall>,
    /// A PNG image as a data URI of at most 16 KiB.
    pub icon: Option<String>,
}

/// An API request that shows that a session works.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SampleCall {
    /// The HTTP method.
    pub method: String,
    /// The path and query below the base URL. A part in braces, such as `{site_id}`, is for a
    /// person to fill in.
    pub path: String,
}

/// An open session with a vendor.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Session {
    /// The secret that [`Connector::authorize`](crate::Connector::authorize) puts on a request.
    pub access_token: Secret,
    /// A secret of the plugin's own, which it gets back inside the session.
    pub state: Option<Secret>,
    /// The prefix of API URLs: `https`, a host, perhaps a path; never a trailing slash.
    pub base_url: String,
    /// The granted scopes.
    pub scopes: Vec<String>,
    /// The account, project or tenant that the session reaches, if the vendor names one.
    pub account: Option<String>,
    /// The time just before the session was requested.
    pub issued_at: SystemTime,
    /// The time from which a new session should be requested, while this one is still valid;
    /// `None` exactly when `expires_at` is.
    pub refresh_after: Option<SystemTime>,
    /// The time at which the vendor stops accepting the session; `None` if it does not expire.
    pub expires_at: Option<SystemTime>,
    /// The origins that the credential may reach. API calls with this session reach no other.
    pub origins: Vec<Origin>,
}

impl Session {
    /// Creates a session without the optional fields, which does not expire and reaches no origin.
    /// Set the other fields afterwards.
    pub fn new(
        access_token: impl Into<Secret>,
        base_url: impl Into<String>,
        issued_at: SystemTime,
    ) -> Self {
        Self {
            access_token: access_token.into(),
            state: None,
            base_url: base_url.into(),
            scopes: Vec::new(),
            account: None,
            issued_at,
            refresh_after: None,
            expires_at: None,
            origins: Vec::new(),
        }
    }
}

/// The reach of a credential: one page of it, or all pages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Access {
    /// The vendor's name for the holder of the credential: show it as plain text.
    pub identity: Option<String>,
    /// The scopes that may be requested; empty if the vendor does not report them.
    pub scopes: Vec<String>,
    /// Choices for fields of the credential form.
    pub fields: Vec<FieldChoices>,
    /// The time at which the credential itself ends.
    pub credential_expires_at: Option<SystemTime>,
    /// The cursor of the next page; `None` on the last one.
    pub next: Option<String>,
}

/// The choices that the vendor offers for one field of the credential form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChoices {
    /// The field, as a JSON pointer into the credential document.
    pub pointer: String,
    /// The choices, in the order to show them.
    pub choices: Vec<Choice>,
    /// Whether there are no choices but these and those of the other pages.
    pub complete: bool,
    /// The fields whose change makes these choices stale, as JSON pointers.
    pub depends_on: Vec<String>,
}

/// One choice for a field, or for an item of a field that holds a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The value as it stands in the credential document: a string, a number or a boolean.
    pub value: serde_json::Value,
    /// Its name for people: show it as plain text. Control characters and other invisible
    /// characters are removed.
    pub title: String,
}

/// An API request that is about to be sent. Its `Debug` shows only the method.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestHead {
    /// The HTTP method.
    pub method: String,
    /// The absolute URL, without the query parameters that the authorization adds.
    pub url: String,
    /// The caller's header fields.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The SHA-256 of the body, for [`Signing::BodySha256`].
    pub body_sha256: Option<[u8; 32]>,
    /// The body, for [`Signing::Body`].
    pub body: Option<Vec<u8>>,
}

impl fmt::Debug for RequestHead {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RequestHead")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// The parts of an API request that carry the session. Its `Debug` shows nothing: all of it is
/// secret.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Authorization {
    /// Header fields, which replace the caller's of the same names.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Query parameters, not yet encoded, to be appended in this order.
    pub query: Vec<(String, String)>,
}

impl fmt::Debug for Authorization {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Authorization([redacted])")
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
    /// The body or its beginning, decoded; at most the first 4096 bytes are used.
    pub body: Vec<u8>,
}

impl fmt::Debug for ApiResponse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ApiResponse")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// The meaning of an API response for the session that was used.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The session is valid. The response may still be an error of the call itself.
    Accepted,
    /// The session has ended: replace it, and repeat the call once. Until the refusal is confirmed,
    /// keep the old session until there is a new one.
    Refresh(Refusal),
    /// The session is valid and does not allow this: a person changes scope, plan or project.
    Forbidden(Refusal),
    /// Too many calls: wait, for the given number of seconds if there is one.
    Throttled(Option<u32>),
    /// The vendor is unavailable: wait, for the given number of seconds if there is one.
    Unavailable(Option<u32>),
}

impl Verdict {
    /// The name of the case in the contract, such as `throttled`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refresh(_) => "refresh",
            Self::Forbidden(_) => "forbidden",
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

/// A refusal of the vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The vendor's code, such as `invalid_client`.
    pub code: Option<String>,
    /// Whether the code is known to be final. Another refusal may come from a firewall, a captive
    /// portal or a bad deploy.
    pub confirmed: bool,
}

/// A response that is not as the vendor documents it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidResponse {
    /// The HTTP status.
    pub status: u16,
    /// `status`, `body`, or the name of the missing or wrong field.
    pub field: String,
}

/// A failure that has no case of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// A stable code, for programs.
    pub code: String,
    /// One English sentence for the plugin's author or the caller.
    pub message: String,
    /// Whether the same call may succeed later.
    pub retry: bool,
}

/// The stage at which a request failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// The host name could not be resolved.
    Dns,
    /// The connection failed.
    Connect,
    /// The operator's proxy gave no connection. The contract has no such stage: a plugin reports
    /// `connect`, and the host knows better.
    Proxy(ProxyError),
    /// The TLS handshake failed.
    Tls,
    /// The certificate was not accepted. The reason is [`CertificateError::Other`] where a plugin
    /// reports the stage and the host saw none.
    Certificate(CertificateError),
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
    /// The name of the case in the contract, such as `cut-off`, or `proxy`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Proxy(_) => "proxy",
            Self::Tls => "tls",
            Self::Certificate(_) => "certificate",
            Self::Timeout => "timeout",
            Self::CutOff => "cut-off",
            Self::Protocol => "protocol",
            Self::Other => "other",
        }
    }

    /// The name of the reason within the stage, such as `unknown-issuer`, where there is one.
    pub fn reason(self) -> Option<&'static str> {
        match self {
            Self::Certificate(why) => Some(why.name()),
            Self::Proxy(why) => Some(why.name()),
            _ => None,
        }
    }

    /// The stage of a transport's error; `None` for a request that was denied.
    pub(crate) fn of(error: TransportError) -> Option<Self> {
        use TransportError as E;
        Some(match error {
            E::Denied => return None,
            E::Dns | E::DnsTimeout => Self::Dns,
            E::Connect | E::ConnectTimeout => Self::Connect,
            E::Proxy(why) => Self::Proxy(why),
            E::TlsCertificate(why) => Self::Certificate(why),
            E::Tls | E::TlsTimeout => Self::Tls,
            E::Timeout => Self::Timeout,
            E::CutOff => Self::CutOff,
            E::Protocol | E::TooLong => Self::Protocol,
        })
    }

    /// The stage that a plugin reports, with the reason that only the host knows: `seen` is the
    /// error of the transport in the same call.
    pub(crate) fn explained(self, seen: Option<TransportError>) -> Self {
        match (self, seen) {
            (Self::Certificate(_), Some(TransportError::TlsCertificate(why))) => {
                Self::Certificate(why)
            }
            (Self::Connect, Some(TransportError::Proxy(why))) => Self::Proxy(why),
            (stage, _) => stage,
        }
    }

    /// The problem and the remedy, for a person.
    pub(crate) fn sentence(self) -> String {
        match self {
            Self::Certificate(why) => {
                let remedy = certificate_remedy(why);
                format!("the server's certificate was not accepted: {why}; {remedy}")
            }
            Self::Proxy(why) => {
                let remedy = proxy_remedy(why);
                format!("the proxy gave no connection: {why}; {remedy}")
            }
            stage => {
                let name = stage.name();
                format!("no response from the vendor (stage {name}); try again later")
            }
        }
    }

    /// Whether the vendor may have received the request.
    pub fn was_sent(self) -> bool {
        match self {
            Self::Dns | Self::Connect | Self::Proxy(_) | Self::Tls | Self::Certificate(_) => false,
            Self::Timeout | Self::CutOff | Self::Protocol | Self::Other => true,
        }
    }
}

fn certificate_remedy(why: CertificateError) -> &'static str {
    match why {
        CertificateError::Expired => {
            "check the clock of this machine, else report it to the server's operator"
        }
        CertificateError::NotYetValid => "check the clock of this machine",
        CertificateError::WrongName => {
            "check for a proxy, DNS entry or rule that leads to another server"
        }
        CertificateError::UnknownIssuer => {
            "trust the authority that issued it, if your network inspects TLS"
        }
        CertificateError::Revoked | CertificateError::Other => "report it to the server's operator",
    }
}

fn proxy_remedy(why: ProxyError) -> &'static str {
    match why {
        ProxyError::Dns | ProxyError::Connect | ProxyError::Timeout => {
            "check its URL, and whether it runs"
        }
        ProxyError::Certificate(why) => certificate_remedy(why),
        ProxyError::Tls => "use a URL with http instead of https if it does not speak TLS",
        ProxyError::Authentication => "check the user and password in its URL",
        ProxyError::Refused(_) => "ask its operator to allow the vendor's host",
        ProxyError::Protocol => "check the scheme, host and port of its URL",
    }
}

#[cfg(test)]
mod tests;
