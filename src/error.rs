//! Why a call failed, named for who acts next: the WIT `error`, natively.
//! Nothing here can hold what a person typed, a token, or a vendor's free text.

use alloc::string::String;
use alloc::vec::Vec;

/// Why a call failed. The contract of each case is in `wit/types.wit`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The caller asked for a vendor that is not in the table.
    #[error("unknown vendor")]
    UnknownVendor,
    /// The document is not what the schema describes; never empty.
    #[error("invalid credential: {} problem(s)", .0.len())]
    InvalidCredential(Vec<Issue>),
    /// The vendor refused the credential.
    #[error("the vendor refused the credential (status {})", .0.status)]
    Rejected(Refusal),
    /// The vendor refused what was asked with the credential.
    #[error("the vendor does not allow this (status {})", .0.status)]
    Forbidden(Refusal),
    /// Too many requests; seconds to wait, if the vendor said.
    #[error("too many requests")]
    Throttled(Option<u32>),
    /// The vendor cannot serve now; seconds to wait, if the vendor said.
    #[error("the vendor is unavailable")]
    Unavailable(Option<u32>),
    /// No answer came.
    #[error("the vendor was not reached ({0:?})")]
    Unreachable(Stage),
    /// The host did not let the request out.
    #[error("the host denied the request")]
    Denied,
    /// The answer was not what the vendor documents.
    #[error("unintelligible answer (status {}): {}", .0.status, .0.part)]
    Unintelligible(Misreply),
}

/// How the vendor put its refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The vendor's code, if it is fit to be passed on.
    pub code: Option<String>,
}

/// What was wrong with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Misreply {
    /// The HTTP status.
    pub status: u16,
    /// `status`, `body`, or the name of the member that was missing or not as promised.
    pub part: &'static str,
}

/// The stage at which a request failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Name resolution.
    Dns,
    /// Connecting.
    Connect,
    /// TLS, certificates included.
    Tls,
    /// Waiting.
    Timeout,
    /// The connection ended too early.
    CutOff,
    /// What came was not HTTP.
    Protocol,
    /// Any other reason of the host's.
    Other,
}

/// One problem of a credential document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// JSON pointer to the place; empty for the whole document.
    pub pointer: String,
    /// The kind of problem.
    pub code: Code,
    /// One sentence for a person: what was expected, never what was typed.
    pub message: String,
}

/// The kinds of problem of a credential document, as `issue.code` in `wit/types.wit` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// Not JSON.
    Json,
    /// Another type than expected.
    Type,
    /// Missing.
    Required,
    /// Only spaces.
    Blank,
    /// A control character inside.
    ControlCharacter,
    /// Too long.
    TooLong,
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
    /// Members that the form does not have.
    Unknown,
}

impl Code {
    /// The stable name that the contract gives it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Type => "type",
            Self::Required => "required",
            Self::Blank => "blank",
            Self::ControlCharacter => "control-character",
            Self::TooLong => "too-long",
            Self::NotAChoice => "not-a-choice",
            Self::TooFew => "too-few",
            Self::Duplicate => "duplicate",
            Self::OutOfRange => "out-of-range",
            Self::NotCombinable => "not-combinable",
            Self::Unknown => "unknown",
        }
    }
}
