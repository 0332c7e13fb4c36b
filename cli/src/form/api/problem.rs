//! Why a request of the page fails, and the response that says so.

use connector_host::{CallError, ConnectorError};
use http::StatusCode;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::store::StoreError;

/// An answer: a status, and a JSON document.
pub(in crate::form) type Answer = (StatusCode, Value);

/// Why a request of the page fails.
pub(super) enum Problem {
    /// The plugin returned an error, or is broken.
    Call(CallError),
    /// The store failed.
    Store(StoreError),
    /// The page of this program sends no such request.
    Request(&'static str),
    /// The name or the description of the credential has a problem.
    Entry(EntryIssue),
    /// The vendor can only be inspected with the session of a saved credential.
    Unsaved,
    /// The requested resource does not exist, or was removed.
    Missing,
    /// Another edit came between.
    Conflict,
}

/// A problem of the name or the description of a credential.
pub(super) struct EntryIssue {
    field: &'static str,
    /// One of the codes of issues in the contract.
    code: &'static str,
    /// One sentence for a person.
    message: String,
}

impl EntryIssue {
    pub(super) fn new(field: &'static str, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            field,
            code,
            message: message.into(),
        }
    }
}

impl From<CallError> for Problem {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl From<EntryIssue> for Problem {
    fn from(issue: EntryIssue) -> Self {
        Self::Entry(issue)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let name = |code, message: &str| EntryIssue::new("name", code, message).into();
        match error {
            StoreError::NameTaken(_) => name(
                "duplicate",
                "Another credential has this name. Choose a different one.",
            ),
            StoreError::Name => name("format", "Use a shorter name, on one line."),
            StoreError::Gone => Self::Missing,
            StoreError::Changed => Self::Conflict,
            error => Self::Store(error),
        }
    }
}

impl From<Problem> for Answer {
    fn from(problem: Problem) -> Self {
        let error = |status, kind: &str, message: String| {
            let json = json!({"error": {"kind": kind, "message": message}});
            (status, json)
        };
        match problem {
            Problem::Call(call) => {
                let status = match &call {
                    CallError::Connector(ConnectorError::InvalidCredential(_)) => {
                        StatusCode::UNPROCESSABLE_ENTITY
                    }
                    CallError::Connector(ConnectorError::UnknownVendor) => StatusCode::NOT_FOUND,
                    _ => StatusCode::BAD_GATEWAY,
                };
                (status, Failure::Call(call).to_json())
            }
            Problem::Store(store) => error(
                StatusCode::INTERNAL_SERVER_ERROR,
                "store",
                store.to_string(),
            ),
            Problem::Request(why) => error(StatusCode::BAD_REQUEST, "request", why.to_owned()),
            Problem::Entry(issue) => {
                let issue = json!({
                    "pointer": format!("/{}", issue.field),
                    "code": issue.code,
                    "message": issue.message,
                });
                let error = json!({"kind": "entry", "issues": [issue]});
                (StatusCode::UNPROCESSABLE_ENTITY, json!({ "error": error }))
            }
            Problem::Unsaved => error(
                StatusCode::CONFLICT,
                "unsaved",
                "save the credential, then choose it".to_owned(),
            ),
            Problem::Missing => error(
                StatusCode::NOT_FOUND,
                "missing",
                "this does not exist any more".to_owned(),
            ),
            Problem::Conflict => error(
                StatusCode::CONFLICT,
                "conflict",
                "the credential was changed meanwhile; load it again, and repeat the edit"
                    .to_owned(),
            ),
        }
    }
}
