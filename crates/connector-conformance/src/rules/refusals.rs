//! Failures of the vendor and of the network, as `authenticate`, `refresh` and `inspect` report
//! them.

use connector_host::{
    CallError, CertificateError, ConnectorError, InvalidResponse, Refusal, Stage, TransportError,
};
use futures::FutureExt as _;

use crate::network::Reply;
use crate::rule::{Breach, Check, Findings, Rule, Severity, ending};
use crate::subject::{Shown, Subject};

pub(crate) static UNCONFIRMED: Rule = Rule {
    name: "unconfirmed-refusals",
    severity: Severity::Error,
    about: "Replies that a firewall, a captive portal or a bad deploy may give: pages in HTML, \
            empty bodies and unknown codes, with 400, 401 and 403. They open no session, and no \
            error that they cause is confirmed.",
    sentence: "Whether a code that the plugin knows to be final says so.",
    source: "wit/types.wit",
    check: Check(|subject| check(subject, unconfirmed).boxed_local()),
};

pub(crate) static TEMPORARY: Rule = Rule {
    name: "temporary-failures",
    severity: Severity::Error,
    about: "429, a `Retry-After` on a 4xx without a code, 500 and 503 are `throttled` and \
            `unavailable`, with the seconds of the vendor: rounded up, and of a date relative to \
            the `Date` of the reply.",
    sentence: "A known code decides first, then a `Retry-After` on a 4xx, then the status.",
    source: "wit/types.wit",
    check: Check(|subject| check(subject, temporary).boxed_local()),
};

pub(crate) static WAITS: Rule = Rule {
    name: "waits",
    severity: Severity::Error,
    about: "A `Retry-After` of zero, of years, in the past, far in the future, negative, or no \
            number at all, with 429 and 503: each wait is from one second to one day, or none.",
    sentence: "A wait in whole seconds from now: from one second to one day, whatever the vendor \
               asked for.",
    source: "wit/types.wit",
    check: Check(|subject| check(subject, waits).boxed_local()),
};

pub(crate) static UNDOCUMENTED: Rule = Rule {
    name: "undocumented-replies",
    severity: Severity::Error,
    about: "A redirect, a 204 and a page in HTML with status 200 are `invalid-response`; a \
            redirect names `status`.",
    sentence: "The part that was missing or wrong: `status` (one that the endpoint does not \
               document, such as a redirect), `body` (not a JSON object, or too long), or the name \
               of a field, such as `access_token`.",
    source: "wit/types.wit",
    check: Check(|subject| check(subject, undocumented).boxed_local()),
};

pub(crate) static STAGES: Rule = Rule {
    name: "stages",
    severity: Severity::Error,
    about: "A request that fails at a stage is `unreachable` with that stage; one that the host \
            denies is `denied`.",
    sentence: "No answer came.",
    source: "wit/types.wit",
    check: Check(|subject| check(subject, stages).boxed_local()),
};

pub(crate) static STANDARD_CODES: Rule = Rule {
    name: "standard-codes",
    severity: Severity::Warning,
    about: "The codes of RFC 6749 §5.2 decide before the status: `invalid_client` is `rejected` \
            and `invalid_scope` `forbidden`, both confirmed; `temporarily_unavailable`, \
            `server_error`, `slow_down` and codes for rate limits are `unavailable` and \
            `throttled`. A vendor with codes of its own need not know them.",
    sentence: "The vendor's code, such as `invalid_client` (RFC 6749 §5.2).",
    source: "wit/types.wit",
    check: Check(|subject| check(subject, standard_codes).boxed_local()),
};

/// A reply, the expected outcome in words, and whether an error is that.
type Case = (Reply, String, Box<dyn Fn(&ConnectorError) -> bool>);

/// Makes each call that sends a request with the reply of each case.
async fn check(subject: &Subject, cases: fn() -> Vec<Case>) -> Findings {
    let mut findings = Findings::default();
    for open in subject.open(&mut findings) {
        let Some(session) = subject.session(&open).await else {
            continue;
        };
        let before = findings.cases;
        for (reply, expected, is_expected) in cases() {
            for ended in subject.calls(&open, &session, &reply).await {
                let holds = match &ended.result {
                    Err(CallError::Connector(error)) => is_expected(error),
                    _ => false,
                };
                findings.require(holds, || {
                    let input = format!("{} with the reply {reply}", ended.function);
                    let found = ending::<Shown>(&ended.result);
                    Breach::new(open.id(), input, expected.clone(), found)
                });
            }
        }
        if findings.cases == before {
            findings.skip(open.id(), "no function sends a request");
        }
    }
    findings
}

fn exactly(reply: Reply, expected: ConnectorError) -> Case {
    let words = format!("{} ({expected:?})", expected.kind());
    (reply, words, Box::new(move |error| *error == expected))
}

const PAGE: &str = "<!doctype html><title>Just a moment…</title>";

fn unconfirmed() -> Vec<Case> {
    let mut replies = Vec::new();
    for status in [400, 401, 403] {
        replies.push(Reply::new(status, ""));
        replies.push(Reply::new(status, PAGE).header("content-type", "text/html"));
        replies.push(Reply::new(status, r#"{"error":"no_tulips_today"}"#));
        replies.push(Reply::new(status, r#"{"error":{"code":"E-0000"}}"#));
        replies.push(Reply::new(status, "\u{ff}\u{0}{"));
    }
    let case = |reply| -> Case {
        let words = "an error that is not a confirmed refusal".to_owned();
        (reply, words, Box::new(|error| !is_confirmed(error)))
    };
    replies.into_iter().map(case).collect()
}

fn is_confirmed(error: &ConnectorError) -> bool {
    match error {
        ConnectorError::Rejected(refusal) | ConnectorError::Forbidden(refusal) => refusal.confirmed,
        _ => false,
    }
}

fn temporary() -> Vec<Case> {
    use ConnectorError::{Throttled, Unavailable};
    let after = |status, value: &str| Reply::new(status, "").header("retry-after", value);
    let date = "Tue, 14 Nov 2023 22:14:20 GMT";
    vec![
        exactly(Reply::new(429, ""), Throttled(None)),
        exactly(after(429, "5"), Throttled(Some(5))),
        exactly(after(429, "299.997"), Throttled(Some(300))),
        exactly(after(403, "30"), Throttled(Some(30))),
        exactly(after(429, date), Throttled(Some(60))),
        exactly(
            after(429, date).header("date", "Tue, 14 Nov 2023 22:14:00 GMT"),
            Throttled(Some(20)),
        ),
        exactly(after(429, "soon"), Throttled(None)),
        exactly(Reply::new(503, PAGE), Unavailable(None)),
        exactly(after(503, "7"), Unavailable(Some(7))),
        exactly(Reply::new(500, ""), Unavailable(None)),
    ]
}

fn waits() -> Vec<Case> {
    let mut cases = Vec::new();
    for (value, expected) in [
        ("0", Some(1)),
        ("86400", Some(86_400)),
        ("86401", Some(86_400)),
        ("999999999999999999999", None),
        ("-5", None),
        ("1e9", None),
        ("Tue, 14 Nov 2023 22:13:00 GMT", Some(1)),
        ("Thu, 14 Nov 2024 22:13:20 GMT", Some(86_400)),
        ("Tue, 99 Nov 2023 99:99:99 GMT", None),
    ] {
        for status in [429, 503] {
            // The host takes a wait outside its bounds for a breach.
            let is_expected = move |error: &ConnectorError| match error {
                ConnectorError::Throttled(wait) | ConnectorError::Unavailable(wait) => {
                    expected.is_none() || *wait == expected
                }
                _ => false,
            };
            let words = expected.map_or_else(
                || "a wait of a second to a day, or none".to_owned(),
                |seconds| format!("a wait of {seconds} s"),
            );
            let reply = Reply::new(status, "").header("retry-after", value);
            cases.push((reply, words, Box::new(is_expected) as Box<_>));
        }
    }
    cases
}

fn undocumented() -> Vec<Case> {
    let redirect = Reply::new(302, "").header("location", "https://evil.example/");
    let status = ConnectorError::InvalidResponse(InvalidResponse {
        status: 302,
        field: "status".to_owned(),
    });
    let mut cases = vec![exactly(redirect, status)];
    for reply in [
        Reply::new(204, ""),
        Reply::new(200, PAGE),
        Reply::new(200, "[]"),
    ] {
        let words = "invalid-response".to_owned();
        let is_expected =
            |error: &ConnectorError| matches!(error, ConnectorError::InvalidResponse(_));
        cases.push((reply, words, Box::new(is_expected)));
    }
    cases
}

fn stages() -> Vec<Case> {
    use TransportError as E;
    let unreachable =
        |error, stage| exactly(Reply::fail(error), ConnectorError::Unreachable(stage));
    let expired = CertificateError::Expired;
    vec![
        unreachable(E::Dns, Stage::Dns),
        unreachable(E::DnsTimeout, Stage::Dns),
        unreachable(E::Connect, Stage::Connect),
        unreachable(E::ConnectTimeout, Stage::Connect),
        unreachable(E::TlsCertificate(expired), Stage::Certificate(expired)),
        unreachable(E::Tls, Stage::Tls),
        unreachable(E::Timeout, Stage::Timeout),
        unreachable(E::CutOff, Stage::CutOff),
        unreachable(E::Protocol, Stage::Protocol),
        exactly(Reply::fail(E::Denied), ConnectorError::Denied),
    ]
}

fn standard_codes() -> Vec<Case> {
    use ConnectorError::{Forbidden, Rejected, Throttled, Unavailable};
    let refusal = |status, code: &str| Refusal {
        status,
        code: Some(code.to_owned()),
        confirmed: true,
    };
    let reply = |status, code: &str| {
        let body = format!(r#"{{"error":"{code}","error_description":"text"}}"#);
        Reply::new(status, body).header("content-type", "application/json")
    };
    let rejected = |status| {
        let refused = refusal(status, "invalid_client");
        exactly(reply(status, "invalid_client"), Rejected(refused))
    };
    let forbidden = |status| {
        let refused = refusal(status, "invalid_scope");
        exactly(reply(status, "invalid_scope"), Forbidden(refused))
    };
    let nested = Reply::new(401, r#"{"error":{"code":"invalid_client","message":"m"}}"#);
    vec![
        rejected(400),
        rejected(401),
        rejected(403),
        rejected(200),
        rejected(500),
        exactly(nested, Rejected(refusal(401, "invalid_client"))),
        forbidden(400),
        forbidden(401),
        exactly(reply(400, "temporarily_unavailable"), Unavailable(None)),
        exactly(reply(400, "server_error"), Unavailable(None)),
        exactly(reply(400, "slow_down"), Throttled(None)),
        exactly(reply(401, "rate_limit_exceeded"), Throttled(None)),
        exactly(reply(403, "rate_limit_exceeded"), Throttled(None)),
    ]
}
