//! The issues of `validate`: all of them, in order, at fields of the form.

use connector_host::{CallError, ConnectorError, Issue};
use futures::FutureExt as _;
use serde_json::{Value, json};

use crate::documents::{generated, with};
use crate::network::{Reply, shown};
use crate::rule::{Breach, Check, Findings, Rule, Severity, ending};
use crate::subject::{Listed, Subject};

pub(crate) static EVERY_PROBLEM: Rule = Rule {
    name: "every-problem-at-once",
    severity: Severity::Error,
    about: "Fields of a valid document are replaced by an object, which no field accepts: each \
            alone, each pair, and all. `validate` reports every one of them, in the order of the \
            properties in the schema.",
    sentence: "The credential document is not as `credential-schema` describes: every problem, in \
               the order of the form; never empty.",
    source: "wit/types.wit",
    check: Check(|subject| every_problem(subject).boxed_local()),
};

pub(crate) static ISSUES: Rule = Rule {
    name: "issues",
    severity: Severity::Error,
    about: "Documents are generated from the schema. Each issue points at a field of the form, or \
            at the whole document, and has one of the listed codes. A field that the form does \
            not have is `unknown` at the whole document, and the message does not repeat its name.",
    sentence: "Unknown fields are reported at the whole document, because a person typed their \
               names.",
    source: "wit/types.wit",
    check: Check(|subject| issues(subject).boxed_local()),
};

pub(crate) static SENDS_NOTHING: Rule = Rule {
    name: "invalid-documents-send-nothing",
    severity: Severity::Error,
    about: "With documents that are no JSON, no object, empty or wrong in every field, `origins`, \
            `authenticate` and `refresh` fail with the same issues as `validate` in English, and \
            no request is sent.",
    sentence: "Checks the credential like `validate` first, and sends nothing when that fails.",
    source: "wit/credentials.wit",
    check: Check(|subject| sends_nothing(subject).boxed_local()),
};

/// The codes of `issue.code` in `wit/types.wit`.
const CODES: [&str; 15] = [
    "json",
    "type",
    "required",
    "blank",
    "control-character",
    "invisible-character",
    "too-long",
    "too-short",
    "format",
    "not-a-choice",
    "too-few",
    "duplicate",
    "out-of-range",
    "not-combinable",
    "unknown",
];

/// The issues of a document; `None` if it passes or the call fails otherwise.
async fn issues_of(subject: &Subject, listed: &Listed, document: &str) -> Option<Vec<Issue>> {
    let validated = subject.plugin.validate(listed.id(), document, &[]).await;
    match validated {
        Err(CallError::Connector(ConnectorError::InvalidCredential(issues))) => Some(issues),
        _ => None,
    }
}

/// A field as a JSON pointer (RFC 6901 §3).
fn pointer(field: &str) -> String {
    format!("/{}", field.replace('~', "~0").replace('/', "~1"))
}

/// Whether the issue is at the field or within it.
fn is_at(issue: &Issue, field: &str) -> bool {
    let rest = issue.pointer.strip_prefix(&pointer(field));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn pointers(issues: &[Issue]) -> String {
    let pointers: Vec<_> = issues.iter().map(|issue| &*issue.pointer).collect();
    format!("issues at {pointers:?}")
}

/// A value that no field accepts, whatever its type.
fn wrong() -> Value {
    json!({"a": 1})
}

async fn every_problem(subject: &Subject) -> Findings {
    let mut findings = Findings::default();
    for (listed, credential) in subject.filled(&mut findings) {
        let fields = listed.fields();
        let mut sets: Vec<Vec<&str>> = fields.iter().map(|field| vec![*field]).collect();
        for (at, first) in fields.iter().enumerate() {
            sets.extend(
                fields
                    .iter()
                    .skip(at + 1)
                    .map(|second| vec![*first, *second]),
            );
        }
        sets.insert(0, fields.clone());
        let mut budget = subject.effort.documents();
        for set in sets.into_iter().filter(|set| !set.is_empty()) {
            if !budget.take() {
                break;
            }
            let mut document = credential.clone();
            for field in &set {
                document = with(&document, field, wrong());
            }
            let document = document.to_string();
            let issues = issues_of(subject, listed, &document)
                .await
                .unwrap_or_default();
            let places: Vec<Option<usize>> = set
                .iter()
                .map(|field| issues.iter().position(|issue| is_at(issue, field)))
                .collect();
            let holds = places.iter().all(Option::is_some) && places.is_sorted();
            findings.require(holds, || {
                let wanted: Vec<_> = set.iter().map(|field| pointer(field)).collect();
                let expected = format!("issues at {wanted:?}, in this order");
                let input = shown(document.as_bytes());
                Breach::new(listed.id(), input, expected, pointers(&issues))
            });
        }
    }
    findings
}

/// The fault of an issue of a document without unknown fields, if it has one.
fn fault(listed: &Listed, issue: &Issue) -> Option<(&'static str, String)> {
    let fields = listed.fields();
    let is_known = issue.pointer.is_empty() || fields.iter().any(|field| is_at(issue, field));
    if !is_known {
        return Some((
            "an issue at a field of the form, or at the whole document",
            format!("an issue at {:?}", issue.pointer),
        ));
    }
    let is_code = CODES.contains(&&*issue.code);
    (!is_code).then(|| {
        (
            "one of the codes of the contract",
            format!("{:?}", issue.code),
        )
    })
}

async fn issues(subject: &Subject) -> Findings {
    /// A name that is in no message by chance.
    const UNKNOWN: &str = "zxqvtulip";
    let mut findings = Findings::default();
    for (listed, credential) in subject.filled(&mut findings) {
        let document = with(credential, UNKNOWN, json!("hush")).to_string();
        let found = issues_of(subject, listed, &document)
            .await
            .unwrap_or_default();
        let is_right = match &found[..] {
            [issue] => {
                (&*issue.pointer, &*issue.code) == ("", "unknown")
                    && !issue.message.contains(UNKNOWN)
            }
            _ => false,
        };
        findings.require(is_right, || {
            let expected = "one issue `unknown` at the whole document, without the field's name";
            let input = shown(document.as_bytes());
            Breach::new(listed.id(), input, expected, format!("{found:?}"))
        });
        let Ok(documents) = &listed.documents else {
            continue;
        };
        let mut runner = subject.runner("issues");
        let mut budget = subject.effort.replies();
        while budget.take() {
            let Some(document) = generated(&documents.strategy, &mut runner) else {
                continue;
            };
            let document = document.to_string();
            for issue in issues_of(subject, listed, &document)
                .await
                .into_iter()
                .flatten()
            {
                let fault = fault(listed, &issue);
                findings.require(fault.is_none(), || {
                    let (expected, found) = fault.unwrap_or_default();
                    Breach::new(listed.id(), shown(document.as_bytes()), expected, found)
                });
            }
        }
    }
    findings
}

async fn sends_nothing(subject: &Subject) -> Findings {
    let mut findings = Findings::default();
    let plugin = &subject.plugin;
    for open in subject.open(&mut findings) {
        let Some(session) = subject.session(&open).await else {
            continue;
        };
        let id = open.id();
        let fields = open.listed.fields();
        let all_wrong = fields.iter().map(|field| ((*field).to_owned(), wrong()));
        let all_wrong = Value::Object(all_wrong.collect()).to_string();
        for document in ["", "nonsense", "[]", "null", "{}", &*all_wrong] {
            subject.network.answer(Reply::new(200, "{}"));
            let expected = plugin.validate(id, document, &[]).await.err();
            let ended = [
                ("origins", plugin.origins(id, document).await.err()),
                (
                    "authenticate",
                    plugin.authenticate(id, document).await.err(),
                ),
                (
                    "refresh",
                    plugin.refresh(id, document, &session).await.err(),
                ),
            ];
            for (function, error) in ended {
                let is_same = matches!(
                    &error,
                    Some(CallError::Connector(ConnectorError::InvalidCredential(_)))
                ) && error == expected;
                findings.require(is_same, || {
                    let input = format!("{function} with {}", shown(document.as_bytes()));
                    let expected = ending::<()>(&expected.clone().map_or(Ok(()), Err));
                    let found = ending::<()>(&error.map_or(Ok(()), Err));
                    let expected = format!("as `validate`: {expected}");
                    Breach::new(id, input, expected, found)
                });
            }
            let sent = subject.network.take_sent().len();
            findings.require(sent == 0, || {
                let found = format!("{sent} requests");
                Breach::new(id, shown(document.as_bytes()), "no request", found)
            });
        }
    }
    findings
}
