//! Why a call failed, named for who acts next: `error` of `wit/types.wit`, natively.
//! Nothing here can hold a value that a person typed, a token, or a vendor's free text.

use alloc::string::String;
use alloc::vec::Vec;

/// Why a call failed. The contract of each case is in `wit/types.wit`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The plugin has no vendor with this id.
    UnknownVendor,
    /// The document is not as the schema describes; never empty.
    InvalidCredential(Vec<Issue>),
    /// The vendor refused the credential.
    Rejected(Refusal),
    /// The vendor refused the request made with the credential.
    Forbidden(Refusal),
    /// Too many requests; the wait in seconds, if the vendor named one.
    Throttled(Option<u32>),
    /// The vendor cannot serve now; the wait in seconds, if the vendor named one.
    Unavailable(Option<u32>),
    /// No answer came.
    Unreachable(Stage),
    /// The host denied the request.
    Denied,
    /// The answer is not as the vendor documents it.
    InvalidResponse(InvalidResponse),
    /// None of the above.
    Other(Fault),
}

/// A refusal of the vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The vendor's code, if it is fit to be passed on.
    pub code: Option<String>,
    /// Whether a code that is known to be final says so.
    pub confirmed: bool,
}

/// A response that is not as the vendor documents it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidResponse {
    /// The HTTP status.
    pub status: u16,
    /// `status`, `body`, or the name of the field that was missing or wrong.
    pub field: &'static str,
}

/// A failure that has no case of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// A stable code: lower-case letters, digits and `-`.
    pub code: &'static str,
    /// One English sentence for the author of the plugin or the caller.
    pub message: &'static str,
    /// Whether asking again later may help.
    pub retry: bool,
}

/// The stage at which a request failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// Name resolution.
    Dns,
    /// Connecting.
    Connect,
    /// TLS, but for the certificate.
    Tls,
    /// The certificate of the other side.
    Certificate,
    /// Waiting for the answer or for more of it.
    Timeout,
    /// The connection ended too early.
    CutOff,
    /// The answer was not HTTP.
    Protocol,
    /// Another reason of the host's.
    Other,
}

/// One problem of a credential document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// JSON pointer to the place; empty for the whole document.
    pub pointer: String,
    /// The kind of problem.
    pub code: IssueCode,
    /// One sentence for a person: what was expected, never the value that was typed.
    pub message: String,
}

/// The kinds of problem of a credential document, as `issue.code` in `wit/types.wit` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IssueCode {
    /// Not JSON.
    Json,
    /// Another type than expected.
    Type,
    /// Missing.
    Required,
    /// Only whitespace and invisible characters.
    Blank,
    /// A control character inside.
    ControlCharacter,
    /// An invisible character inside.
    InvisibleCharacter,
    /// Too long.
    TooLong,
    /// Too short.
    TooShort,
    /// Not of the expected form, such as a URL.
    Format,
    /// None of the choices.
    NotAChoice,
    /// An empty list.
    TooFew,
    /// The same value twice.
    Duplicate,
    /// Too small or too large.
    OutOfRange,
    /// Does not go with another value.
    NotCombinable,
    /// Fields that the form does not have.
    Unknown,
}

impl IssueCode {
    /// The stable name in the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Type => "type",
            Self::Required => "required",
            Self::Blank => "blank",
            Self::ControlCharacter => "control-character",
            Self::InvisibleCharacter => "invisible-character",
            Self::TooLong => "too-long",
            Self::TooShort => "too-short",
            Self::Format => "format",
            Self::NotAChoice => "not-a-choice",
            Self::TooFew => "too-few",
            Self::Duplicate => "duplicate",
            Self::OutOfRange => "out-of-range",
            Self::NotCombinable => "not-combinable",
            Self::Unknown => "unknown",
        }
    }
}
