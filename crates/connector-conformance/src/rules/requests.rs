//! The requests of a plugin: how many, where to, and whether servers accept them.

use connector_host::{CallError, ConnectorError, Origin, TransportError};
use futures::FutureExt as _;

use crate::network::{Reply, Sent};
use crate::rule::{Breach, Check, Findings, Rule, Severity, ending};
use crate::subject::{Open, Subject};

pub(crate) static ORIGINS: Rule = Rule {
    name: "origins",
    severity: Severity::Error,
    about: "`origins` of a valid document returns at least one origin, well-formed, with no \
            wildcard but one that the vendor declares, and the same again.",
    sentence: "Returns the origins that this credential needs, such as the host of its tenant, in \
               the form of `vendor.origins`.",
    source: "wit/credentials.wit",
    check: Check(|subject| origins(subject).boxed_local()),
};

pub(crate) static DECLARED_ORIGINS: Rule = Rule {
    name: "declared-origins",
    severity: Severity::Warning,
    about: "The origins of a valid document are among those that the vendor declares, so that no \
            operator has to grant more.",
    sentence: "An origin that `vendor.origins` does not cover needs a grant by an operator.",
    source: "wit/credentials.wit",
    check: Check(|subject| declared_origins(subject).boxed_local()),
};

pub(crate) static WITHIN_ORIGINS: Rule = Rule {
    name: "requests-within-origins",
    severity: Severity::Error,
    about: "The host denies a request to an origin that `origins` did not name for the \
            credential. With a valid document, no request of `authenticate`, `refresh` or \
            `inspect` is denied.",
    sentence: "The host enforces them for every request of this credential and of its sessions.",
    source: "wit/credentials.wit",
    check: Check(|subject| within_origins(subject).boxed_local()),
};

pub(crate) static ONE_REQUEST: Rule = Rule {
    name: "one-request",
    severity: Severity::Error,
    about: "`authenticate`, `refresh` and `inspect` send at most one request each, also when the \
            vendor redirects to its own origin, throttles, refuses, is unavailable, answers \
            nothing, or cannot be reached.",
    sentence: "A function that uses the network sends at most one request, follows no redirect and \
               repeats nothing.",
    source: "wit/credentials.wit",
    check: Check(|subject| one_request(subject).boxed_local()),
};

pub(crate) static CONTENT_LENGTH: Rule = Rule {
    name: "content-length",
    severity: Severity::Warning,
    about: "A request with a body names its length and its type, and has no `transfer-encoding`: \
            some servers refuse a chunked token request.",
    sentence: "A user agent SHOULD send Content-Length in a request when the method defines a \
               meaning for enclosed content and it is not sending Transfer-Encoding.",
    source: "RFC 9110 §8.6",
    check: Check(|subject| content_length(subject).boxed_local()),
};

async fn origins(subject: &Subject) -> Findings {
    let mut findings = Findings::default();
    for (listed, credential) in subject.filled(&mut findings) {
        let document = credential.to_string();
        let first = subject.plugin.origins(listed.id(), &document).await;
        let again = subject.plugin.origins(listed.id(), &document).await;
        let is_good = first.as_ref().is_ok_and(|origins| !origins.is_empty());
        findings.require(is_good, || {
            let found = ending(&first);
            Breach::new(
                listed.id(),
                "origins of a valid document",
                "at least one origin",
                found,
            )
        });
        findings.require(first == again, || {
            let found = format!("{}, then {}", ending(&first), ending(&again));
            Breach::new(
                listed.id(),
                "origins of one document, twice",
                "the same",
                found,
            )
        });
    }
    findings
}

/// Whether a declared pattern covers an origin.
fn covers(declared: &Origin, origin: &Origin) -> bool {
    let (pattern, origin) = (declared.to_string(), origin.to_string());
    let domain = pattern.strip_prefix("https://*");
    pattern == origin || domain.is_some_and(|domain| origin.ends_with(domain))
}

async fn declared_origins(subject: &Subject) -> Findings {
    let mut findings = Findings::default();
    for (listed, credential) in subject.filled(&mut findings) {
        let document = credential.to_string();
        let origins = subject.plugin.origins(listed.id(), &document).await;
        for origin in origins.into_iter().flatten() {
            let mut declared = listed.vendor.origins.iter();
            let is_declared = declared.any(|declared| covers(declared, &origin));
            findings.require(is_declared, || {
                let declared: Vec<_> = listed
                    .vendor
                    .origins
                    .iter()
                    .map(Origin::to_string)
                    .collect();
                let expected = format!("an origin within {declared:?}");
                let input = "origins of a valid document";
                Breach::new(listed.id(), input, expected, origin.to_string())
            });
        }
    }
    findings
}

async fn within_origins(subject: &Subject) -> Findings {
    let mut findings = Findings::default();
    for open in subject.open(&mut findings) {
        let Some(session) = subject.session(&open).await else {
            continue;
        };
        let (plugin, id, document) = (&subject.plugin, open.id(), &*open.document);
        subject.network.answer(open.reply.clone());
        let mut ended = vec![
            (
                "authenticate",
                plugin.authenticate(id, document).await.map(drop),
            ),
            (
                "refresh",
                plugin.refresh(id, document, &session).await.map(drop),
            ),
        ];
        if open.is_inspected() {
            let inspected = plugin.inspect(id, document, Some(&session), None).await;
            ended.push(("inspect", inspected.map(drop)));
        }
        for (function, result) in ended {
            let denied = Err(CallError::Connector(ConnectorError::Denied));
            findings.require(result != denied, || {
                let input = format!("{function} with a valid document");
                let expected = "requests to origins that `origins` names";
                Breach::new(id, input, expected, "a request that the host denied")
            });
        }
    }
    findings
}

/// Replies after which a client may be tempted to ask again.
fn tempting(open: &Open<'_>, url: &str) -> Vec<Reply> {
    let next = format!("{url}/next");
    vec![
        open.reply.clone(),
        Reply::new(302, "").header("location", &next),
        Reply::new(307, "").header("location", &next),
        Reply::new(308, "").header("location", "/next"),
        Reply::new(401, ""),
        Reply::new(429, "").header("retry-after", "1"),
        Reply::new(503, "").header("retry-after", "0"),
        Reply::new(200, ""),
        Reply::fail(TransportError::Connect),
        Reply::fail(TransportError::Timeout),
        Reply::fail(TransportError::CutOff),
        open.reply.clone().cut(1, TransportError::CutOff),
    ]
}

async fn one_request(subject: &Subject) -> Findings {
    let mut findings = Findings::default();
    for open in subject.open(&mut findings) {
        let Some(session) = subject.session(&open).await else {
            continue;
        };
        let before = findings.cases;
        for reply in tempting(&open, &session.base_url) {
            for ended in subject.calls(&open, &session, &reply).await {
                let sent = ended.sent.len();
                findings.require(sent <= 1, || {
                    let input = format!("{} with the reply {reply}", ended.function);
                    Breach::new(
                        open.id(),
                        input,
                        "at most one request",
                        format!("{sent} requests"),
                    )
                });
            }
        }
        if findings.cases == before {
            findings.skip(open.id(), "no function sends a request");
        }
    }
    findings
}

/// What is wrong with a request that has a body, or needs one.
fn fault(sent: &Sent) -> Option<&'static str> {
    let header = |name: &str| sent.headers.get(name);
    if header("transfer-encoding").is_some() {
        return Some("a `transfer-encoding`");
    }
    let has_body =
        !sent.body.is_empty() || ["POST", "PUT", "PATCH"].contains(&sent.method.as_str());
    if !has_body {
        return None;
    }
    let length = sent.body.len().to_string();
    if header("content-length").is_none_or(|declared| declared != length.as_str()) {
        return Some("no `content-length`");
    }
    let is_untyped = !sent.body.is_empty() && header("content-type").is_none();
    is_untyped.then_some("no `content-type`")
}

async fn content_length(subject: &Subject) -> Findings {
    let mut findings = Findings::default();
    for open in subject.open(&mut findings) {
        let Some(session) = subject.session(&open).await else {
            continue;
        };
        let calls = subject.calls(&open, &session, open.reply).await;
        if calls.is_empty() {
            findings.skip(open.id(), "no function sends a request");
        }
        for ended in calls {
            for sent in &ended.sent {
                let fault = fault(sent);
                findings.require(fault.is_none(), || {
                    let input = format!("{}, which sends a {}", ended.function, sent.method);
                    let expected = "a `content-length` and a `content-type`";
                    Breach::new(open.id(), input, expected, fault.unwrap_or_default())
                });
            }
        }
    }
    findings
}
