//! `classify`: it is total, and its verdicts by status.

use connector_host::{ApiResponse, Verdict};
use futures::FutureExt as _;

use crate::network::Reply;
use crate::rule::{Breach, Check, Findings, Rule, Severity, ending};
use crate::subject::{Listed, Subject};

pub(crate) static TOTAL: Rule = Rule {
    name: "classify-is-total",
    severity: Severity::Error,
    about: "`classify` returns a verdict for every prefix of good replies and of common failures, \
            with several statuses, for bodies that are not UTF-8, and for odd statuses.",
    sentence: "Fails only as `unknown-vendor`: an unreadable body is no failure.",
    source: "wit/credentials.wit",
    check: Check(|subject| total(subject).boxed_local()),
};

pub(crate) static VERDICTS: Rule = Rule {
    name: "verdicts",
    severity: Severity::Error,
    about: "Without a code, 200, 400 and 404 are `accepted`; 401 is an unconfirmed `refresh`, 403 \
            an unconfirmed `forbidden`; 429 and a `Retry-After` on a 4xx are `throttled`; 500 and \
            503 are `unavailable`; with empty bodies, pages in HTML and broken JSON.",
    sentence: "A known code decides first, then a `Retry-After` on a 4xx, then the status.",
    source: "wit/types.wit",
    check: Check(|subject| verdicts(subject).boxed_local()),
};

/// The reply as one of the API.
pub(crate) fn response(reply: &Reply) -> ApiResponse {
    ApiResponse {
        status: reply.status,
        headers: reply.headers.clone(),
        body: reply.body.to_vec(),
    }
}

/// Bodies of which every prefix is tried.
fn bodies(subject: &Subject, listed: &Listed) -> Vec<Vec<u8>> {
    let mut bodies: Vec<Vec<u8>> = [
        r#"{"error":"invalid_token","error_description":"The token has expired"}"#,
        r#"{"error":{"code":"E1","errors":[{"message":"m"}]},"success":false}"#,
        "\u{feff}{\"code\":4010,\"message\":\"é😀\"}",
        "<!doctype html><title>Just a moment…</title>",
        r#"[[[{"error":[{"code":"\ud83d\u0000"}]}]]]"#,
    ]
    .map(|body| body.as_bytes().to_vec())
    .to_vec();
    bodies.push(vec![0xff, 0xfe, b'{', 0]);
    let samples = subject.samples.of(listed.id());
    let replies = samples.filter_map(|sample| sample.exchange.reply.as_ref());
    bodies.extend(replies.map(|reply| reply.reply().body.to_vec()));
    let opening = listed.opening.as_ref().ok();
    bodies.extend(opening.map(|opening| opening.reply.body.to_vec()));
    bodies
}

async fn total(subject: &Subject) -> Findings {
    /// Longer bodies are tried in steps.
    const PREFIXES: usize = 200;
    let mut findings = Findings::default();
    for listed in &subject.vendors {
        let mut budget = subject.effort.inputs();
        for body in bodies(subject, listed) {
            let step = (body.len() / PREFIXES).max(1);
            for length in (0..=body.len()).step_by(step) {
                for status in [200, 401, 403, 500] {
                    if !budget.take() {
                        break;
                    }
                    let prefix = body.get(..length).unwrap_or_default();
                    let reply = Reply::new(status, prefix.to_vec());
                    classified(subject, listed, &reply, &mut findings).await;
                }
            }
        }
        for status in [100, 304, 418, 599, 600, 999] {
            let odd = Reply::new(status, "{").header("retry-after", b"\xff\x00");
            classified(subject, listed, &odd, &mut findings).await;
        }
    }
    findings
}

async fn classified(subject: &Subject, listed: &Listed, reply: &Reply, findings: &mut Findings) {
    let verdict = subject.plugin.classify(listed.id(), &response(reply)).await;
    findings.require(verdict.is_ok(), || {
        let input = format!("classify of {reply}");
        Breach::new(listed.id(), input, "a verdict", ending(&verdict))
    });
}

/// A status, header fields, and whether a verdict is the expected one.
type Case = (Reply, &'static str, fn(&Verdict) -> bool);

fn cases() -> Vec<Case> {
    let after = |status, value: &str| Reply::new(status, "").header("Retry-After", value);
    vec![
        (Reply::new(200, ""), "accepted", |v| *v == Verdict::Accepted),
        (Reply::new(400, ""), "accepted", |v| *v == Verdict::Accepted),
        (Reply::new(404, ""), "accepted", |v| *v == Verdict::Accepted),
        (
            Reply::new(401, ""),
            "refresh, unconfirmed",
            |v| matches!(v, Verdict::Refresh(refusal) if !refusal.confirmed),
        ),
        (
            Reply::new(403, ""),
            "forbidden, unconfirmed",
            |v| matches!(v, Verdict::Forbidden(refusal) if !refusal.confirmed),
        ),
        (Reply::new(429, ""), "throttled", |v| {
            *v == Verdict::Throttled(None)
        }),
        (after(429, "9"), "throttled for 9 s", |v| {
            *v == Verdict::Throttled(Some(9))
        }),
        (after(403, "9"), "throttled for 9 s", |v| {
            *v == Verdict::Throttled(Some(9))
        }),
        (Reply::new(500, ""), "unavailable", |v| {
            *v == Verdict::Unavailable(None)
        }),
        (after(503, "7"), "unavailable for 7 s", |v| {
            *v == Verdict::Unavailable(Some(7))
        }),
    ]
}

async fn verdicts(subject: &Subject) -> Findings {
    let mut findings = Findings::default();
    for listed in &subject.vendors {
        for (reply, expected, is_expected) in cases() {
            for body in [&b""[..], b"{\"a\":", b"\xff<html>", b"{}"] {
                let reply = Reply {
                    body: body.into(),
                    ..reply.clone()
                };
                let verdict = subject
                    .plugin
                    .classify(listed.id(), &response(&reply))
                    .await;
                findings.require(verdict.as_ref().is_ok_and(is_expected), || {
                    let input = format!("classify of {reply}");
                    Breach::new(listed.id(), input, expected, ending(&verdict))
                });
            }
        }
    }
    findings
}
