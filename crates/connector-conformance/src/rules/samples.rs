//! The samples of the author: each call sends the request that is written down, and ends so.

use std::time::SystemTime;

use connector_host::{
    Access, ApiResponse, CallError, ConnectorError, Inspection, Refusal, Secret, Session, Verdict,
};
use futures::FutureExt as _;
use serde_json::{Value, json};

use crate::network::{Reply, Sent, shown, start};
use crate::rule::{Breach, Check, Findings, Rule, Severity, ending};
use crate::samples::{
    ExpectedAccess, ExpectedCase, ExpectedRequest, ExpectedSession, Function, GivenReply,
    GivenSession, Outcome, Sample,
};
use crate::subject::{Listed, Subject};

pub(crate) static SAMPLES: Rule = Rule {
    name: "samples",
    severity: Severity::Error,
    about: "Each sample of the author is called: the plugin sends the request that the sample \
            expects, gets its reply, and ends with its outcome. A sample without a reply sends \
            nothing.",
    sentence: "The order of use: `vendors` and `describe` (list them) → `credential-schema` (draw \
               the form) → `validate` and `inspect` (while it is filled in) → `authenticate` → \
               `authorize` each API request → `classify` each answer → `refresh`.",
    source: "wit/credentials.wit",
    check: Check(|subject| samples(subject).boxed_local()),
};

/// A part of a sample, the expected value of it, and that of the plugin.
type Difference = (String, String, String);

async fn samples(subject: &Subject) -> Findings {
    let mut findings = Findings::default();
    for listed in &subject.vendors {
        if subject.samples.of(listed.id()).next().is_none() {
            findings.skip(listed.id(), "there is no sample");
        }
    }
    for sample in subject.samples.iter() {
        let is_listed = subject
            .vendors
            .iter()
            .any(|listed| listed.id() == sample.vendor);
        if !is_listed {
            let ids: Vec<_> = subject.vendors.iter().map(Listed::id).collect();
            findings.require(false, || {
                let expected = format!("a folder named after one of {ids:?}");
                Breach::new(
                    &sample.vendor,
                    &*sample.file,
                    expected,
                    "no vendor of this id",
                )
            });
            continue;
        }
        let differences = differences(subject, sample).await;
        findings.cases += 1;
        for (part, expected, found) in differences {
            let input = format!("{}: {part}", sample.file);
            findings.push(Breach::new(&sample.vendor, input, expected, found));
        }
    }
    findings
}

async fn differences(subject: &Subject, sample: &Sample) -> Vec<Difference> {
    let exchange = &sample.exchange;
    let (plugin, vendor) = (&subject.plugin, &*sample.vendor);
    let document = exchange.credential.clone().map(Value::Object);
    let document = document.unwrap_or_default().to_string();
    let session = match exchange.function {
        Function::Refresh | Function::Inspect => session_for(subject, sample, &document).await,
        _ => Ok(None),
    };
    let session = match session {
        Ok(session) => session,
        Err(difference) => return vec![difference],
    };
    let reply = exchange.reply.as_ref().map(GivenReply::reply);
    subject
        .network
        .answer(reply.clone().unwrap_or_else(|| Reply::new(500, "")));
    let mut found = match exchange.function {
        Function::Validate => {
            let ended = plugin.validate(vendor, &document, &[]).await;
            compared(&exchange.outcome, &ended, |()| Vec::new())
        }
        Function::Authenticate => {
            let ended = plugin.authenticate(vendor, &document).await;
            compared(&exchange.outcome, &ended, |session| {
                of_session(exchange.outcome.session.as_ref(), session)
            })
        }
        Function::Refresh => {
            let Some(session) = &session else {
                return Vec::new();
            };
            let ended = plugin.refresh(vendor, &document, session).await;
            compared(&exchange.outcome, &ended, |session| {
                of_session(exchange.outcome.session.as_ref(), session)
            })
        }
        Function::Inspect => {
            let ended = plugin
                .inspect(vendor, &document, session.as_ref(), None)
                .await;
            compared(&exchange.outcome, &ended, |access| {
                of_access(exchange.outcome.access.as_ref(), access)
            })
        }
        Function::Classify => {
            let reply = reply.clone().unwrap_or_else(|| Reply::new(200, ""));
            let response = ApiResponse {
                status: reply.status,
                headers: reply.headers,
                body: reply.body.to_vec(),
            };
            let ended = plugin.classify(vendor, &response).await;
            compared(&exchange.outcome, &ended, |verdict| {
                of_verdict(exchange.outcome.verdict.as_ref(), verdict)
            })
        }
    };
    let sent = subject.network.take_sent();
    let expects_reply = exchange.function != Function::Classify && reply.is_some();
    match (&sent[..], &exchange.request) {
        ([], _) if expects_reply => found.push(difference("request", "a request", "none")),
        ([_, ..], _) if !expects_reply => {
            let number = format!("{} requests", sent.len());
            found.push(difference("request", "none", number));
        }
        ([sent], Some(expected)) => found.extend(of_request(expected, sent)),
        ([_, _, ..], _) => {
            let number = format!("{} requests", sent.len());
            found.push(difference("request", "one request", number));
        }
        _ => {}
    }
    found
}

fn difference(
    part: impl Into<String>,
    expected: impl Into<String>,
    found: impl Into<String>,
) -> Difference {
    (part.into(), expected.into(), found.into())
}

/// A difference where the values differ.
fn same(part: &str, expected: &str, found: &str) -> Option<Difference> {
    (expected != found).then(|| difference(part, expected, found))
}

/// The session of the sample, or one that is opened with its credential.
async fn session_for(
    subject: &Subject,
    sample: &Sample,
    document: &str,
) -> Result<Option<Session>, Difference> {
    if let Some(given) = &sample.exchange.session {
        return Ok(Some(session_of(given)));
    }
    let listed = subject
        .vendors
        .iter()
        .find(|listed| listed.id() == sample.vendor);
    let needs = listed.map(|listed| listed.vendor.inspection);
    if sample.exchange.function == Function::Inspect && needs != Some(Inspection::Session) {
        return Ok(None);
    }
    let opening = listed.and_then(|listed| listed.opening.as_ref().ok());
    let reply = opening.map(|opening| opening.reply.clone());
    subject
        .network
        .answer(reply.unwrap_or_else(|| Reply::new(500, "")));
    let opened = subject.plugin.authenticate(&sample.vendor, document).await;
    let expected = "a `session` in the sample, or a sample of `authenticate`";
    let found = ending(&opened);
    opened
        .map(Some)
        .map_err(|_| difference("session", expected, found))
}

fn session_of(given: &GivenSession) -> Session {
    let mut session = Session::new(given.access_token.clone(), given.base_url.clone(), start());
    session.state = given.state.clone().map(Into::into);
    session.scopes.clone_from(&given.scopes);
    session.account.clone_from(&given.account);
    session
}

/// The differences of a result: the error's where one is expected, else those of the value.
fn compared<T: std::fmt::Debug>(
    outcome: &Outcome,
    ended: &Result<T, CallError>,
    of_value: impl FnOnce(&T) -> Vec<Difference>,
) -> Vec<Difference> {
    match (&outcome.error, ended) {
        (Some(expected), Err(CallError::Connector(error))) => of_error(expected, error),
        (Some(expected), _) => vec![difference("outcome", &expected.kind, ending(ended))],
        (None, Ok(value)) => of_value(value),
        (None, Err(_)) => vec![difference("outcome", "no error", ending(ended))],
    }
}

fn seconds_between(from: SystemTime, to: SystemTime) -> u64 {
    to.duration_since(from).unwrap_or_default().as_secs()
}

fn of_session(expected: Option<&ExpectedSession>, session: &Session) -> Vec<Difference> {
    let Some(expected) = expected else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut text = |part: &str, expected: &Option<String>, is: Option<&str>| {
        let expected = expected.as_deref();
        found.extend(expected.and_then(|expected| same(part, expected, is.unwrap_or("none"))));
    };
    let token = session.access_token.expose();
    text("session.access_token", &expected.access_token, Some(token));
    let state = session.state.as_ref().map(Secret::expose);
    text("session.state", &expected.state, state);
    text(
        "session.base_url",
        &expected.base_url,
        Some(&session.base_url),
    );
    text(
        "session.account",
        &expected.account,
        session.account.as_deref(),
    );
    if let Some(scopes) = &expected.scopes {
        let (expected, is) = (format!("{scopes:?}"), format!("{:?}", session.scopes));
        found.extend(same("session.scopes", &expected, &is));
    }
    if let Some(secs) = expected.lifetime_secs {
        let end = session.expires_at;
        let is = end.map(|end| seconds_between(session.issued_at, end));
        let is = is.map_or("no end".to_owned(), |secs| secs.to_string());
        found.extend(same("session.lifetime_secs", &secs.to_string(), &is));
    }
    found
}

fn of_access(expected: Option<&ExpectedAccess>, access: &Access) -> Vec<Difference> {
    let Some(expected) = expected else {
        return Vec::new();
    };
    let mut found = Vec::new();
    if let Some(identity) = &expected.identity {
        let is = access.identity.as_deref().unwrap_or("none");
        found.extend(same("access.identity", identity, is));
    }
    if let Some(scopes) = &expected.scopes {
        let (expected, is) = (format!("{scopes:?}"), format!("{:?}", access.scopes));
        found.extend(same("access.scopes", &expected, &is));
    }
    for (pointer, values) in expected.choices.iter().flatten() {
        let offered = access.fields.iter().find(|field| field.pointer == *pointer);
        let choices = offered.into_iter().flat_map(|field| &field.choices);
        let is: Vec<_> = choices.map(|choice| choice.value.clone()).collect();
        let part = format!("access.choices of {pointer}");
        let (expected, is) = (json!(values).to_string(), json!(is).to_string());
        found.extend(same(&part, &expected, &is));
    }
    if let Some(next) = &expected.next {
        let is = access.next.as_deref().unwrap_or("none");
        found.extend(same("access.next", next, is));
    }
    found
}

/// The parts of a payload that a sample may name.
#[derive(Default)]
struct Payload {
    refusal: Option<Refusal>,
    status: Option<u16>,
    code: Option<String>,
    seconds: Option<u32>,
    stage: Option<&'static str>,
    field: Option<String>,
    pointers: Option<Vec<String>>,
}

fn of_case(expected: &ExpectedCase, kind: &str, payload: Payload) -> Vec<Difference> {
    if expected.kind != kind {
        return vec![difference("outcome", &expected.kind, kind)];
    }
    let mut found = Vec::new();
    let mut part = |name: &str, expected: Option<String>, is: Option<String>| {
        let is = is.unwrap_or("none".to_owned());
        found.extend(expected.and_then(|expected| same(name, &expected, &is)));
    };
    let number = |number: Option<u16>| number.map(|number| number.to_string());
    let status = payload.refusal.as_ref().map(|refusal| refusal.status);
    part(
        "status",
        number(expected.status),
        number(status.or(payload.status)),
    );
    let code = payload
        .refusal
        .as_ref()
        .and_then(|refusal| refusal.code.clone());
    part("code", expected.code.clone(), code.or(payload.code));
    let confirmed = payload.refusal.map(|refusal| refusal.confirmed.to_string());
    part(
        "confirmed",
        expected.confirmed.map(|it| it.to_string()),
        confirmed,
    );
    let seconds = payload.seconds.map(|seconds| seconds.to_string());
    part(
        "seconds",
        expected.seconds.map(|seconds| seconds.to_string()),
        seconds,
    );
    part(
        "stage",
        expected.stage.clone(),
        payload.stage.map(str::to_owned),
    );
    part("field", expected.field.clone(), payload.field);
    let list = |list: Vec<String>| format!("{list:?}");
    part(
        "pointers",
        expected.pointers.clone().map(list),
        payload.pointers.map(list),
    );
    found
}

fn of_error(expected: &ExpectedCase, error: &ConnectorError) -> Vec<Difference> {
    let mut payload = Payload::default();
    match error {
        ConnectorError::Rejected(refusal) | ConnectorError::Forbidden(refusal) => {
            payload.refusal = Some(refusal.clone());
        }
        ConnectorError::Throttled(seconds) | ConnectorError::Unavailable(seconds) => {
            payload.seconds = *seconds;
        }
        ConnectorError::Unreachable(stage) => payload.stage = Some(stage.name()),
        ConnectorError::InvalidResponse(response) => {
            payload.status = Some(response.status);
            payload.field = Some(response.field.clone());
        }
        ConnectorError::Other(fault) => payload.code = Some(fault.code.clone()),
        ConnectorError::InvalidCredential(issues) => {
            let pointers = issues.iter().map(|issue| issue.pointer.clone());
            payload.pointers = Some(pointers.collect());
        }
        _ => {}
    }
    of_case(expected, error.kind(), payload)
}

fn of_verdict(expected: Option<&ExpectedCase>, verdict: &Verdict) -> Vec<Difference> {
    let Some(expected) = expected else {
        return Vec::new();
    };
    let mut payload = Payload::default();
    match verdict {
        Verdict::Refresh(refusal) | Verdict::Forbidden(refusal) => {
            payload.refusal = Some(refusal.clone());
        }
        Verdict::Throttled(seconds) | Verdict::Unavailable(seconds) => payload.seconds = *seconds,
        _ => {}
    }
    of_case(expected, verdict.kind(), payload)
}

fn of_request(expected: &ExpectedRequest, sent: &Sent) -> Vec<Difference> {
    let mut found = Vec::new();
    found.extend(same(
        "request.method",
        expected.method.as_str(),
        sent.method.as_str(),
    ));
    found.extend(same("request.url", &expected.url, &sent.url.to_string()));
    for (name, value) in &expected.headers {
        let values: Vec<_> = sent.headers.get_all(name).iter().collect();
        let is_same = values.len() == 1 && values.iter().all(|is| *is == value.as_str());
        if !is_same {
            let values = values.iter().map(|value| shown(value.as_bytes()));
            let is = values.collect::<Vec<_>>().join(", ");
            found.push(difference(format!("request.headers.{name}"), value, is));
        }
    }
    if let Some(form) = &expected.form {
        let mut is: Vec<_> = form_urlencoded::parse(&sent.body).into_owned().collect();
        is.sort();
        let form: Vec<_> = form.clone().into_iter().collect();
        found.extend(same(
            "request.form",
            &format!("{form:?}"),
            &format!("{is:?}"),
        ));
    }
    if let Some(json) = &expected.json {
        let is = serde_json::from_slice::<Value>(&sent.body);
        if is.as_ref().ok() != Some(json) {
            found.push(difference(
                "request.json",
                json.to_string(),
                shown(&sent.body),
            ));
        }
    }
    if let Some(bytes) = expected.bytes()
        && sent.body != bytes
    {
        found.push(difference("request body", shown(&bytes), shown(&sent.body)));
    }
    found
}
