//! `inspect`: its input, its choices and its cursor.

use connector_host::{CallError, ConnectorError, Inspection};
use futures::FutureExt as _;
use serde_json::Value;

use crate::documents::validator;
use crate::network::Reply;
use crate::rule::{Breach, Check, Findings, Rule, Severity, ending};
use crate::subject::{Open, Subject};

pub(crate) static INPUT: Rule = Rule {
    name: "inspection-input",
    severity: Severity::Error,
    about: "With the input that the vendor declares, and a good reply, `inspect` returns the reach \
            of the credential. The reply is that of a sample of `inspect`, else that of the token \
            request.",
    sentence: "`vendor.inspection` says what it needs: with `credential` the host passes no \
               session, with `session` it passes a live one, with `none` it does not call.",
    source: "wit/credentials.wit",
    check: Check(|subject| input(subject).boxed_local()),
};

pub(crate) static CHOICES: Rule = Rule {
    name: "choices-fit-the-form",
    severity: Severity::Error,
    about: "Choices and `depends-on` point at fields of the schema. A choice of a field that is no \
            list satisfies the schema of that field; one of a list has the type of its items.",
    sentence: "The field, as a JSON pointer (RFC 6901) into the credential document.",
    source: "wit/types.wit",
    check: Check(|subject| choices(subject).boxed_local()),
};

pub(crate) static CURSOR: Rule = Rule {
    name: "unknown-cursor",
    severity: Severity::Error,
    about: "`inspect` with a cursor that the plugin never returned fails as `other`.",
    sentence: "a cursor that the plugin does not know fails as `other`.",
    source: "wit/credentials.wit",
    check: Check(|subject| cursor(subject).boxed_local()),
};

/// The vendors that can be inspected, each with a reply to it.
fn inspected<'a>(subject: &'a Subject, findings: &mut Findings) -> Vec<(Open<'a>, Reply)> {
    let mut inspected = Vec::new();
    for open in subject.open(findings) {
        if open.is_inspected() {
            let access = open.listed.access.as_ref();
            let reply = access.unwrap_or(open.reply).clone();
            inspected.push((open, reply));
        } else {
            findings.skip(open.id(), "the vendor offers no inspection");
        }
    }
    inspected
}

async fn inspect(
    subject: &Subject,
    open: &Open<'_>,
    reply: &Reply,
    cursor: Option<&str>,
) -> Option<Result<connector_host::Access, CallError>> {
    let session = subject.session(open).await?;
    let needs_session = open.listed.vendor.inspection == Inspection::Session;
    let session = needs_session.then_some(&session);
    subject.network.answer(reply.clone());
    let inspected = subject
        .plugin
        .inspect(open.id(), &open.document, session, cursor);
    Some(inspected.await)
}

async fn input(subject: &Subject) -> Findings {
    let mut findings = Findings::default();
    for (open, reply) in inspected(subject, &mut findings) {
        let Some(result) = inspect(subject, &open, &reply, None).await else {
            continue;
        };
        let is_guessed = open.listed.access.is_none();
        if let (true, Err(CallError::Connector(error))) = (is_guessed, &result) {
            let why = format!(
                "the reply of the token request does not suit it ({}); give a sample of `inspect`",
                error.kind()
            );
            findings.skip(open.id(), &why);
            continue;
        }
        findings.require(result.is_ok(), || {
            let input = format!("inspect with the reply {reply}");
            Breach::new(open.id(), input, "an access", ending(&result))
        });
    }
    findings
}

async fn choices(subject: &Subject) -> Findings {
    let mut findings = Findings::default();
    for (open, reply) in inspected(subject, &mut findings) {
        let Some(Ok(access)) = inspect(subject, &open, &reply, None).await else {
            findings.skip(
                open.id(),
                "the inspection fails; give a sample of `inspect`",
            );
            continue;
        };
        let Ok(schema) = &open.listed.schema else {
            continue;
        };
        let field = |pointer: &str| schema.pointer(&format!("/properties{pointer}"));
        for offered in &access.fields {
            let places = offered.depends_on.iter().chain([&offered.pointer]);
            for place in places {
                findings.require(field(place).is_some(), || {
                    Breach::new(open.id(), "inspect", "a field of the form", place.clone())
                });
            }
            let Some(form) = field(&offered.pointer) else {
                continue;
            };
            let items = form.get("items");
            // A vendor may have choices of a list that its form lacks, such as new scopes.
            let kind = items.and_then(|items| items.get("type"));
            let expected = match kind {
                Some(kind) => serde_json::json!({ "type": kind }),
                None if items.is_some() => Value::Bool(true),
                None => form.clone(),
            };
            let Ok(validator) = validator(&expected) else {
                continue;
            };
            for choice in &offered.choices {
                findings.require(validator.is_valid(&choice.value), || {
                    let expected = format!("a value that {} accepts", offered.pointer);
                    Breach::new(open.id(), "inspect", expected, choice.value.to_string())
                });
            }
        }
        // An access without choices fits too.
        findings.cases += 1;
    }
    findings
}

async fn cursor(subject: &Subject) -> Findings {
    let mut findings = Findings::default();
    for (open, reply) in inspected(subject, &mut findings) {
        let result = inspect(subject, &open, &reply, Some("no such cursor")).await;
        let Some(result) = result else {
            continue;
        };
        let is_other = matches!(&result, Err(CallError::Connector(ConnectorError::Other(_))));
        findings.require(is_other, || {
            let input = "inspect with the cursor \"no such cursor\"";
            Breach::new(open.id(), input, "other", ending(&result))
        });
    }
    findings
}
