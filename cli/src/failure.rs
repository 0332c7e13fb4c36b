//! Why a command failed: as JSON for programs, and in words for people. Neither holds a secret.

use std::fmt;
use std::io;
use std::process::ExitCode;

use connector_host::{CallError, ConnectorError, Issue, LoadError};
use serde_json::{Value, json};

use crate::store::StoreError;

/// Why a command failed. Every one of them ends the process with status 1, but wrong usage with 2.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The plugin answered with an error, or broke.
    Call(CallError),
    /// The plugin cannot be loaded from the named file.
    Component(String, LoadError),
    /// A file cannot be read or written, or does not hold what it should. Names the file.
    Input(String),
    /// This machine does not give what the command needs, such as a port or a temporary directory.
    Setup(String),
    /// The store of credentials cannot do what it was asked.
    Store(StoreError),
    /// The command cannot be run like this. Says how it can.
    Usage(String),
    /// A person ended the questions.
    Cancelled,
    /// The demo did not go as told: the step, and what happened instead.
    Demo(String, String),
    /// Standard output takes no more. Usually the reader has had enough.
    Output(io::Error),
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(error) => f.write_str(&sentence(error)),
            Self::Component(file, LoadError::Read { error, .. }) => {
                write!(f, "cannot load the plugin {file}: {error}")
            }
            Self::Component(file, error) => write!(f, "cannot load the plugin {file}: {error}"),
            Self::Input(message) | Self::Setup(message) | Self::Usage(message) => {
                f.write_str(message)
            }
            Self::Cancelled => f.write_str("ended, and nothing was changed"),
            // Names come from outside.
            Self::Store(error) => f.write_str(&plain(&error.to_string())),
            Self::Demo(step, why) => write!(f, "the demo failed at \"{step}\": {why}"),
            Self::Output(error) => write!(f, "cannot write to standard output: {error}"),
        }
    }
}

impl Failure {
    /// Cannot do `what`, because of `why`.
    pub(crate) fn setup(what: &str, why: impl fmt::Display) -> Self {
        Self::Setup(format!("cannot {what}: {why}"))
    }

    /// The process's exit status.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }

    /// `{"error":{"kind":…}}`. The kind is the name of the WIT case; failures of this side have names of their own.
    pub(crate) fn to_json(&self) -> Value {
        let message = || json!(self.to_string());
        let error = match self {
            Self::Call(CallError::Connector(error)) => of_plugin(error),
            Self::Call(error @ CallError::Plugin(_)) => {
                json!({"kind": error.kind(), "message": message()})
            }
            Self::Component(..) => json!({"kind": "component", "message": message()}),
            Self::Input(_) => json!({"kind": "input", "message": message()}),
            Self::Setup(_) => json!({"kind": "setup", "message": message()}),
            Self::Usage(_) => json!({"kind": "usage", "message": message()}),
            Self::Cancelled => json!({"kind": "cancelled"}),
            Self::Store(error) => {
                json!({"kind": "store", "code": error.code(), "message": message()})
            }
            Self::Demo(step, why) => json!({"kind": "demo", "step": step, "message": why}),
            Self::Output(_) => json!({"kind": "output", "message": message()}),
        };
        json!({ "error": error })
    }
}

/// The payload of each case in snake case; what is absent is left out.
fn of_plugin(error: &ConnectorError) -> Value {
    let mut json = json!({"kind": error.kind()});
    let mut put = |name: &str, value: Value| {
        if let Some(members) = json.as_object_mut() {
            members.insert(name.to_owned(), value);
        }
    };
    match error {
        ConnectorError::UnknownVendor | ConnectorError::Denied => {}
        ConnectorError::InvalidCredential(issues) => {
            let issue =
                |i: &Issue| json!({"pointer": i.pointer, "code": i.code, "message": i.message});
            put("issues", issues.iter().map(issue).collect());
        }
        ConnectorError::Rejected(refusal) | ConnectorError::Forbidden(refusal) => {
            put("status", json!(refusal.status));
            if let Some(code) = &refusal.code {
                put("code", json!(code));
            }
        }
        ConnectorError::Throttled(seconds) | ConnectorError::Unavailable(seconds) => {
            if let Some(seconds) = seconds {
                put("seconds", json!(seconds));
            }
        }
        ConnectorError::Unreachable(stage) => put("stage", json!(stage.name())),
        ConnectorError::Unintelligible(misreply) => {
            put("status", json!(misreply.status));
            put("part", json!(misreply.part));
        }
        ConnectorError::Other(message) => put("message", json!(message)),
    }
    json
}

/// What a person is told: who acts next, and for a wrong credential each problem on a line, with its field.
pub(crate) fn sentence(error: &CallError) -> String {
    let text = plain(&error.to_string());
    let CallError::Connector(ConnectorError::InvalidCredential(issues)) = error else {
        return text;
    };
    let line = |issue: &Issue| {
        let field = match issue.pointer.trim_start_matches('/') {
            "" => "the document",
            field => field,
        };
        format!("{}: {}", plain(field), plain(&issue.message))
    };
    let lines = [text].into_iter().chain(issues.iter().map(line));
    lines.collect::<Vec<_>>().join("\n  ")
}

/// Takes out what a terminal would obey. The plugin is somebody's code, and its texts may pass on a vendor's.
pub(crate) fn plain(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use connector_host::{Misreply, Refusal, Stage};

    #[test]
    fn every_case_has_its_name_and_its_payload() {
        let refusal = |code: Option<&str>| Refusal {
            status: 401,
            code: code.map(str::to_owned),
        };
        let issue = Issue {
            pointer: "/a".into(),
            code: "blank".into(),
            message: "type it".into(),
        };
        for (error, expected) in [
            (
                ConnectorError::UnknownVendor,
                json!({"kind": "unknown-vendor"}),
            ),
            (
                ConnectorError::InvalidCredential(vec![issue]),
                json!({"kind": "invalid-credential", "issues": [{"pointer": "/a", "code": "blank", "message": "type it"}]}),
            ),
            (
                ConnectorError::Rejected(refusal(Some("invalid_client"))),
                json!({"kind": "rejected", "status": 401, "code": "invalid_client"}),
            ),
            (
                ConnectorError::Forbidden(refusal(None)),
                json!({"kind": "forbidden", "status": 401}),
            ),
            (
                ConnectorError::Throttled(Some(30)),
                json!({"kind": "throttled", "seconds": 30}),
            ),
            (
                ConnectorError::Unavailable(None),
                json!({"kind": "unavailable"}),
            ),
            (
                ConnectorError::Unreachable(Stage::CutOff),
                json!({"kind": "unreachable", "stage": "cut-off"}),
            ),
            (ConnectorError::Denied, json!({"kind": "denied"})),
            (
                ConnectorError::Unintelligible(Misreply {
                    status: 200,
                    part: "body".into(),
                }),
                json!({"kind": "unintelligible", "status": 200, "part": "body"}),
            ),
            (
                ConnectorError::Other("odd".into()),
                json!({"kind": "other", "message": "odd"}),
            ),
        ] {
            let failure = Failure::Call(CallError::Connector(error));
            assert_eq!(failure.to_json(), json!({ "error": expected }));
        }
    }

    #[test]
    fn problems_stand_on_lines_of_their_own_without_control_characters() {
        let issues = [("/scopes/2", "one\u{1b}[2Jtwo"), ("", "whole")];
        let issues = issues.map(|(pointer, message)| Issue {
            pointer: pointer.into(),
            code: "type".into(),
            message: message.into(),
        });
        let error = CallError::Connector(ConnectorError::InvalidCredential(issues.into()));
        let text = sentence(&error);
        assert!(
            text.ends_with("\n  scopes/2: one\u{fffd}[2Jtwo\n  the document: whole"),
            "{text}"
        );
    }
}
