//! The failures of commands, as JSON for programs and as sentences for people. Neither holds a
//! secret.

use std::fmt;
use std::io;
use std::process::ExitCode;

use connector_host::{
    ApiError, CallError, CertificateError, ConnectorError, Issue, LoadError, ProxyError, Stage,
};
use serde_json::{Value, json};

use crate::json::{extend, present, refusal, seconds};
use crate::store::StoreError;

/// The exit status for wrong usage, as clap's.
const USAGE: u8 = 2;
/// The credential is invalid, or the vendor refused it or the request.
const REFUSED: u8 = 3;
/// The connection failed or broke off.
const NETWORK: u8 = 4;
/// The vendor throttles calls or is unavailable: the same call may succeed later.
const LATER: u8 = 5;
/// An HTTP status of 400 or above, as curl's with `--fail`.
const HTTP: u8 = 22;
/// Ended by Ctrl-C, as shells report it.
const INTERRUPTED: u8 = 130;

/// The Jaro-Winkler similarity of a suggestion: one or two letters differ, or the end is missing.
const MIN_SIMILARITY: f64 = 0.85;

/// Why a command failed. Programs read the exit status, people the message.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The plugin returned an error, or is broken.
    Call(CallError),
    /// The plugin has no vendor of the requested id.
    UnknownVendor {
        /// The vendors that it has.
        vendors: Vec<String>,
        /// The one that was probably meant.
        nearest: Option<String>,
    },
    /// The plugin cannot be loaded from the named file.
    Component(String, LoadError),
    /// A file cannot be read or written, or has the wrong content. Names the file.
    Input(String),
    /// This machine lacks something that the command needs, such as a port or a folder.
    Setup(String),
    /// The store of credentials failed.
    Store(StoreError),
    /// Wrong usage. The message names the right one.
    Usage(String),
    /// Another failure, which concerns one of the saved or imported credentials.
    Credential {
        /// Its name.
        name: String,
        /// What the failure means for it.
        context: &'static str,
        /// The failure itself.
        failure: Box<Failure>,
    },
    /// A person ended the dialogue.
    Cancelled,
    /// A person or the system ended a call.
    Interrupted,
    /// A response has this status, which `--fail` makes a failure.
    Status(u16),
    /// The body of a response broke off: the bytes that came, and the stage.
    Incomplete(u64, &'static str),
    /// So many checks of `doctor` or `check` failed. They were printed.
    Checks(usize),
    /// The demo did not go as expected: the step, and the difference.
    Demo(String, String),
    /// Standard output cannot be written, usually because its reader has ended.
    Output(io::Error),
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Call(error) => Self::Call(error),
            error => Self::Usage(error.to_string()),
        }
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
            Self::UnknownVendor { vendors, nearest } => {
                f.write_str("unknown vendor; ")?;
                if let Some(nearest) = nearest {
                    write!(f, "did you mean {}? ", plain(nearest))?;
                }
                write!(f, "choose one of: {}", plain(&vendors.join(", ")))
            }
            Self::Component(file, error) => write!(f, "cannot load the plugin {file}: {error}"),
            Self::Input(message) | Self::Setup(message) | Self::Usage(message) => {
                f.write_str(message)
            }
            Self::Credential {
                name,
                context,
                failure,
            } => write!(f, "{}: {context}: {failure}", plain(name)),
            Self::Cancelled => f.write_str("cancelled; nothing was changed"),
            Self::Interrupted => f.write_str("interrupted"),
            Self::Status(status) => write!(
                f,
                "the response has status {status}; print it without --fail"
            ),
            Self::Incomplete(bytes, stage) => write!(
                f,
                "the response broke off after {bytes} bytes (stage {stage}); try again"
            ),
            // Names come from outside.
            Self::Store(error) => f.write_str(&plain(&error.to_string())),
            Self::Checks(1) => f.write_str("a check failed; its detail says why"),
            Self::Checks(number) => write!(f, "{number} checks failed; their details say why"),
            Self::Demo(step, why) => write!(f, "the demo failed at \"{step}\": {why}"),
            Self::Output(error) => write!(f, "cannot write to standard output: {error}"),
        }
    }
}

impl Failure {
    /// `what` completes "cannot …"; `why` is the cause.
    pub(crate) fn setup(what: &str, why: impl fmt::Display) -> Self {
        Self::Setup(format!("cannot {what}: {why}"))
    }

    /// Of these vendors, none has the requested id. The error does not repeat it: it may be
    /// anything that a person typed.
    pub(crate) fn unknown_vendor<'a>(
        vendors: impl Iterator<Item = &'a str> + Clone,
        requested: &str,
    ) -> Self {
        let requested = requested.to_lowercase();
        let similarity = |id: &str| strsim::jaro_winkler(&id.to_lowercase(), &requested);
        let nearest = vendors
            .clone()
            .map(|id| (similarity(id), id))
            .filter(|(similarity, _)| MIN_SIMILARITY <= *similarity)
            .max_by(|(one, _), (other, _)| one.total_cmp(other));
        Self::UnknownVendor {
            vendors: vendors.map(str::to_owned).collect(),
            nearest: nearest.map(|(_, id)| id.to_owned()),
        }
    }

    /// The process's exit status.
    pub(crate) fn exit_code(&self) -> ExitCode {
        use ConnectorError as E;
        match self {
            Self::Usage(_) => USAGE,
            Self::Credential { failure, .. } => return failure.exit_code(),
            Self::Call(CallError::Connector(
                E::InvalidCredential(_) | E::Rejected(_) | E::Forbidden(_),
            )) => REFUSED,
            Self::Call(CallError::Connector(E::Unreachable(_))) | Self::Incomplete(..) => NETWORK,
            Self::Call(CallError::Connector(E::Throttled(_) | E::Unavailable(_))) => LATER,
            Self::Status(_) => HTTP,
            Self::Interrupted => INTERRUPTED,
            _ => 1,
        }
        .into()
    }

    /// `{"error":{"kind":…}}`. The kind is the name of the WIT case, else one of this program.
    pub(crate) fn to_json(&self) -> Value {
        let message = |kind: &str| json!({"kind": kind, "message": self.to_string()});
        let error = match self {
            Self::Credential { name, failure, .. } => {
                let mut json = failure.to_json();
                let mut error = json.get_mut("error").map(Value::take).unwrap_or_default();
                extend(&mut error, json!({"credential": name}));
                error
            }
            Self::Call(CallError::Connector(error)) => of_plugin(error),
            Self::Call(error) => message(error.kind()),
            Self::UnknownVendor { vendors, nearest } => present([
                ("kind", Some(json!("unknown-vendor"))),
                ("vendors", Some(json!(vendors))),
                ("nearest", nearest.clone().map(Value::from)),
            ]),
            Self::Component(..) => message("component"),
            Self::Input(_) => message("input"),
            Self::Setup(_) => message("setup"),
            Self::Usage(_) => message("usage"),
            Self::Cancelled => json!({"kind": "cancelled"}),
            Self::Interrupted => json!({"kind": "interrupted"}),
            Self::Status(status) => json!({"kind": "status", "status": status}),
            Self::Incomplete(bytes, stage) => {
                json!({"kind": "incomplete", "bytes": bytes, "stage": stage})
            }
            Self::Store(error) => {
                json!({"kind": "store", "code": error.code(), "message": self.to_string()})
            }
            Self::Checks(number) => json!({"kind": "checks", "failed": number}),
            Self::Demo(step, why) => json!({"kind": "demo", "step": step, "message": why}),
            Self::Output(_) => message("output"),
        };
        json!({ "error": error })
    }
}

/// The payload of each case in snake case; absent values are left out.
fn of_plugin(error: &ConnectorError) -> Value {
    let payload = match error {
        ConnectorError::InvalidCredential(issues) => {
            let issue =
                |i: &Issue| json!({"pointer": i.pointer, "code": i.code, "message": i.message});
            present([("issues", Some(issues.iter().map(issue).collect()))])
        }
        ConnectorError::Rejected(of) | ConnectorError::Forbidden(of) => refusal(of),
        ConnectorError::Throttled(wait) | ConnectorError::Unavailable(wait) => seconds(*wait),
        ConnectorError::Unreachable(stage) => {
            let reason = stage.reason().map(Value::from);
            present([("stage", Some(stage.name().into())), ("reason", reason)])
        }
        ConnectorError::InvalidResponse(response) => {
            json!({"status": response.status, "field": response.field})
        }
        ConnectorError::Other(fault) => {
            json!({"code": fault.code, "message": fault.message, "retry": fault.retry})
        }
        // Without a payload: `unknown-vendor`, `denied`, and errors of a newer host.
        _ => Value::Null,
    };
    let mut json = json!({"kind": error.kind()});
    extend(&mut json, payload);
    json
}

/// The message for a person: who acts next, and each problem of a credential on a line of its own.
pub(crate) fn sentence(error: &CallError) -> String {
    let text = match error {
        CallError::NoStore => {
            "this vendor's sessions must be stored; save the credential with `connector connect`, \
             and use it with --saved"
                .to_owned()
        }
        CallError::Connector(ConnectorError::Unreachable(stage)) => {
            format!("{error}{}", options(*stage))
        }
        error => plain(&error.to_string()),
    };
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

/// The options that mend a stage, in parentheses.
fn options(stage: Stage) -> &'static str {
    let unknown = CertificateError::UnknownIssuer;
    match stage {
        Stage::Certificate(why) if why == unknown => " (--cacert FILE)",
        Stage::Proxy(ProxyError::Certificate(why)) if why == unknown => " (--cacert FILE)",
        Stage::Proxy(_) => " (--proxy, HTTPS_PROXY or ALL_PROXY; --noproxy for exceptions)",
        _ => "",
    }
}

/// Replaces control characters, which a terminal would obey. Strings come from vendors, and from
/// plugins that may be hostile.
pub(crate) fn plain(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use connector_host::{Fault, InvalidResponse, Refusal};

    #[test]
    fn every_case_has_its_name_and_its_payload() {
        let refusal = |code: Option<&str>, confirmed| Refusal {
            status: 401,
            code: code.map(str::to_owned),
            confirmed,
        };
        let issue = Issue {
            pointer: "/a".into(),
            code: "blank".into(),
            message: "type it".into(),
        };
        let response = InvalidResponse {
            status: 200,
            field: "body".into(),
        };
        let fault = Fault {
            code: "odd-cursor".into(),
            message: "odd".into(),
            retry: false,
        };
        for (error, expected) in [
            (
                ConnectorError::UnknownVendor,
                json!({"kind": "unknown-vendor"}),
            ),
            (
                ConnectorError::InvalidCredential(vec![issue]),
                json!({
                    "kind": "invalid-credential",
                    "issues": [{"pointer": "/a", "code": "blank", "message": "type it"}],
                }),
            ),
            (
                ConnectorError::Rejected(refusal(Some("invalid_client"), true)),
                json!({
                    "kind": "rejected", "status": 401, "code": "invalid_client", "confirmed": true,
                }),
            ),
            (
                ConnectorError::Forbidden(refusal(None, false)),
                json!({"kind": "forbidden", "status": 401, "confirmed": false}),
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
            (
                ConnectorError::Unreachable(Stage::Proxy(ProxyError::Authentication)),
                json!({"kind": "unreachable", "stage": "proxy", "reason": "authentication"}),
            ),
            (
                ConnectorError::Unreachable(Stage::Certificate(CertificateError::NotYetValid)),
                json!({
                    "kind": "unreachable", "stage": "certificate", "reason": "not-yet-valid",
                }),
            ),
            (ConnectorError::Denied, json!({"kind": "denied"})),
            (
                ConnectorError::InvalidResponse(response),
                json!({"kind": "invalid-response", "status": 200, "field": "body"}),
            ),
            (
                ConnectorError::Other(fault),
                json!({"kind": "other", "code": "odd-cursor", "message": "odd", "retry": false}),
            ),
        ] {
            let failure = Failure::Call(CallError::Connector(error));
            assert_eq!(failure.to_json(), json!({ "error": expected }));
        }
    }

    #[test]
    fn an_unknown_vendor_lists_the_vendors_and_suggests_the_nearest() {
        let vendors = ["hotjar", "contentsquare", "z"];
        for (typed, nearest) in [
            ("hotjr", Some("hotjar")),
            ("Hotjar", Some("hotjar")),
            ("hot-jar", Some("hotjar")),
            ("hojtar", Some("hotjar")),
            ("content", Some("contentsquare")),
            ("Content Square", Some("contentsquare")),
            ("acme", None),
            ("square", None),
            ("", None),
            ("hush", None),
        ] {
            let failure = Failure::unknown_vendor(vendors.iter().copied(), typed);
            let text = failure.to_string();
            assert!(
                text.ends_with("choose one of: hotjar, contentsquare, z"),
                "{text}"
            );
            let suggested = text.contains("did you mean");
            assert_eq!(suggested, nearest.is_some(), "{typed}: {text}");
            assert!(!text.contains("hush"));
            let mut expected = json!({"kind": "unknown-vendor", "vendors": vendors});
            if let Some(nearest) = nearest {
                expected["nearest"] = json!(nearest);
            }
            assert_eq!(failure.to_json(), json!({ "error": expected }), "{typed}");
        }
    }

    #[test]
    fn without_a_store_the_message_names_the_commands() {
        let message = Failure::Call(CallError::NoStore).to_string();
        assert!(message.contains("connector connect") && message.contains("--saved"));
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
