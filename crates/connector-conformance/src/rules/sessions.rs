//! Sessions: their dates, their base URL, and the replies that they come from.

use std::time::Duration;

use connector_host::{
    CallError, ConnectorError, PluginError, Secret, Session, Stage, TransportError,
};
use futures::FutureExt as _;
use serde_json::{Value, json};

use crate::network::{Reply, start};
use crate::rule::{Breach, Check, Findings, Rule, Severity, ending};
use crate::subject::{Open, Subject};

pub(crate) static ISSUED_AT: Rule = Rule {
    name: "issued-at",
    severity: Severity::Error,
    about: "Five seconds pass while the vendor answers. `issued-at` is the time before them.",
    sentence: "The time just before the request was sent, so that the expiry is never counted too \
               late.",
    source: "wit/types.wit",
    check: Check(|subject| issued_at(subject).boxed_local()),
};

pub(crate) static LIFETIME: Rule = Rule {
    name: "session-lifetime",
    severity: Severity::Error,
    about: "The vendor's reply names lives of zero, one second, a minute, a day, ten years, \
            negative ones, and words. Every session that opens ends between one minute and one \
            year after `issued-at`, at the named life where that is within.",
    sentence: "The time at which the vendor stops accepting the session: between one minute and \
               one year after `issued-at`, whatever the vendor says.",
    source: "wit/types.wit",
    check: Check(|subject| lifetime(subject).boxed_local()),
};

pub(crate) static REFRESH_AFTER: Rule = Rule {
    name: "refresh-after",
    severity: Severity::Error,
    about: "In sessions of several lives, `refresh-after` is a quarter of an hour before \
            `expires-at`, or half of the life where that is shorter, within a second.",
    sentence: "From then on the host asks for a new session while this one still serves: 15 \
               minutes before it expires, or half of its life where that is shorter.",
    source: "wit/types.wit",
    check: Check(|subject| refresh_after(subject).boxed_local()),
};

pub(crate) static BASE_URL: Rule = Rule {
    name: "base-url",
    severity: Severity::Error,
    about: "Each URL in the reply that opens a session is replaced by URLs of another host, \
            scheme and port, with a user, a query or dot segments. The session that opens has a \
            base URL within the origins of the credential, or none opens.",
    sentence: "The prefix of every API URL of this session: `https`, a host within the origins of \
               the credential, perhaps a path; never a trailing slash, a query or a fragment.",
    source: "wit/types.wit",
    check: Check(|subject| base_url(subject).boxed_local()),
};

pub(crate) static REFRESH: Rule = Rule {
    name: "refresh-replaces",
    severity: Severity::Error,
    about: "`refresh` of a session that was just opened sends a request where `authenticate` \
            does, and returns a session with the token of the new reply, and with the same base \
            URL, scopes and account where the reply is otherwise the same.",
    sentence: "Always asks for a new session, however long the current one would last; it replaces \
               all of the current one, base URL and state included.",
    source: "wit/credentials.wit",
    check: Check(|subject| refresh(subject).boxed_local()),
};

pub(crate) static WHOLE_REPLIES: Rule = Rule {
    name: "whole-replies",
    severity: Severity::Error,
    about: "A reply opens the same session in pieces of one, seven and 4096 bytes. One that breaks \
            off anywhere opens none: `authenticate` fails as `unreachable` with the stage \
            `cut-off`.",
    sentence: "The connection ended before the answer did.",
    source: "wit/types.wit",
    check: Check(|subject| whole_replies(subject).boxed_local()),
};

pub(crate) static SAME_ANSWER: Rule = Rule {
    name: "same-answer",
    severity: Severity::Error,
    about: "With the same clock, random bytes and reply, every function returns the same twice.",
    sentence: "Every function may be called at any time, in any order, in a fresh instance each.",
    source: "wit/credentials.wit",
    check: Check(|subject| same_answer(subject).boxed_local()),
};

/// The time that passes while the vendor answers.
const STEP: Duration = Duration::from_secs(5);
const MINUTE_SECS: u64 = 60;
const YEAR_SECS: u64 = 365 * 24 * 60 * 60;
const MARGIN: Duration = Duration::from_mins(15);

async fn issued_at(subject: &Subject) -> Findings {
    let mut findings = Findings::default();
    for open in subject.open(&mut findings) {
        subject.network.answer(open.reply.clone());
        subject.network.step(STEP);
        let opened = subject.plugin.authenticate(open.id(), &open.document).await;
        let issued_at = opened.as_ref().map(|session| session.issued_at);
        findings.require(issued_at == Ok(start()), || {
            let late = issued_at
                .ok()
                .and_then(|at| at.duration_since(start()).ok());
            let found = late.map_or(ending(&opened), |late| format!("{late:?} later"));
            let expected = "the time before the request was sent";
            Breach::new(open.id(), "authenticate", expected, found)
        });
    }
    findings
}

/// The member of a token reply that holds its life (RFC 6749 §5.1).
const LIFE: &str = "expires_in";

/// The reply with another life, if it names one in the usual way.
fn with_life(open: &Open<'_>, life: &Value) -> Option<Reply> {
    let mut value = open.reply.value()?;
    let named = value.get_mut(LIFE).filter(|named| named.is_u64())?;
    *named = life.clone();
    Some(open.reply.with_value(&value))
}

async fn session_of(
    subject: &Subject,
    open: &Open<'_>,
    reply: Reply,
) -> Result<Session, CallError> {
    subject.network.answer(reply);
    let opened = subject.plugin.authenticate(open.id(), &open.document).await;
    subject.network.take_sent();
    opened
}

/// From `issued-at` to `expires-at`.
fn life(session: &Session) -> Option<Duration> {
    session.expires_at?.duration_since(session.issued_at).ok()
}

async fn lifetime(subject: &Subject) -> Findings {
    let mut findings = Findings::default();
    for open in subject.open(&mut findings) {
        // Whether the plugin reads the life where RFC 6749 has it.
        let Some(reply) = with_life(&open, &json!(7200)) else {
            findings.skip(open.id(), "the reply names no life as `expires_in`");
            continue;
        };
        let two_hours = session_of(subject, &open, reply).await;
        let two_hours = two_hours.ok().and_then(|session| life(&session));
        if two_hours != Some(Duration::from_hours(2)) {
            findings.skip(open.id(), "the plugin does not read `expires_in`");
            continue;
        }
        for (named, expected_secs) in [
            (json!(0), Some(MINUTE_SECS)),
            (json!(1), Some(MINUTE_SECS)),
            (json!(60), Some(MINUTE_SECS)),
            (json!(61), Some(61)),
            (json!(86_400), Some(86_400)),
            (json!(YEAR_SECS), Some(YEAR_SECS)),
            (json!(YEAR_SECS + 1), Some(YEAR_SECS)),
            (json!(u64::MAX), Some(YEAR_SECS)),
            (json!(1e300), None),
            (json!(-1), None),
            (json!("soon"), None),
            (json!(null), None),
        ] {
            let Some(reply) = with_life(&open, &named) else {
                continue;
            };
            let opened = session_of(subject, &open, reply).await;
            let secs = opened
                .as_ref()
                .ok()
                .and_then(life)
                .map(|life| life.as_secs());
            let holds = match (&opened, expected_secs) {
                (Ok(_), Some(expected)) => secs == Some(expected),
                (Ok(_), None) => secs.is_some_and(|secs| (MINUTE_SECS..=YEAR_SECS).contains(&secs)),
                (Err(CallError::Connector(_)), None) => true,
                (Err(_), _) => false,
            };
            findings.require(holds, || {
                let expected = expected_secs.map_or_else(
                    || "a life between a minute and a year".to_owned(),
                    |secs| format!("a life of {secs} s"),
                );
                let found = match &opened {
                    Ok(_) => secs.map_or("no end".to_owned(), |secs| format!("{secs} s")),
                    Err(_) => ending(&opened),
                };
                let input = format!("authenticate with \"{LIFE}\": {named} in the reply");
                Breach::new(open.id(), input, expected, found)
            });
        }
    }
    findings
}

async fn refresh_after(subject: &Subject) -> Findings {
    let mut findings = Findings::default();
    for open in subject.open(&mut findings) {
        let lives = [60, 90, 1799, 1800, 3600, 86_400].map(|secs| with_life(&open, &json!(secs)));
        let replies = lives.into_iter().flatten().chain([open.reply.clone()]);
        for reply in replies {
            let input = format!("authenticate with the reply {reply}");
            let Ok(session) = session_of(subject, &open, reply).await else {
                continue;
            };
            let (Some(after), Some(end)) = (session.refresh_after, session.expires_at) else {
                // The host refuses a session with one of them.
                findings.cases += 1;
                continue;
            };
            let life = life(&session).unwrap_or_default();
            let margin = end.duration_since(after).unwrap_or_default();
            let expected = MARGIN.min(life / 2);
            let holds = margin.abs_diff(expected) <= Duration::from_secs(1);
            findings.require(holds, || {
                let expected = format!("{} s before the end", expected.as_secs());
                let found = format!("{} s before the end", margin.as_secs());
                Breach::new(open.id(), input, expected, found)
            });
        }
    }
    findings
}

/// Places to which a reply, of the vendor or of an impostor, must not lead a session.
const HOSTILE: [&str; 10] = [
    "https://evil.example",
    "http://api.example",
    "https://evil.example/?x=",
    "https://api.example:8443",
    "https://user@api.example",
    "https://127.0.0.1",
    "//evil.example",
    "https://",
    "javascript:alert(1)",
    "https://evil.example/../..",
];

/// The JSON pointers of the URLs within a value.
fn urls(value: &Value, pointer: &str, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.starts_with("https://") => found.push(pointer.to_owned()),
        Value::Object(fields) => {
            for (name, value) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                urls(value, &format!("{pointer}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                urls(value, &format!("{pointer}/{at}"), found);
            }
        }
        _ => {}
    }
}

async fn base_url(subject: &Subject) -> Findings {
    let mut findings = Findings::default();
    for open in subject.open(&mut findings) {
        let reply = open.reply.value().unwrap_or_default();
        let mut places = Vec::new();
        urls(&reply, "", &mut places);
        let mut replies = vec![open.reply.clone()];
        for place in places {
            let good = reply
                .pointer(&place)
                .and_then(Value::as_str)
                .unwrap_or_default();
            let near = [
                format!("{good}.evil.example"),
                format!("{good}@evil.example"),
                format!("{good}:8443"),
                format!("{good}/../x?y#z"),
                good.replace("https://", "https://evil"),
                good.replace("https:", "http:"),
            ];
            for url in HOSTILE.into_iter().chain(near.iter().map(String::as_str)) {
                let mut hostile = reply.clone();
                if let Some(member) = hostile.pointer_mut(&place) {
                    *member = json!(url);
                }
                replies.push(open.reply.with_value(&hostile));
            }
        }
        for reply in replies {
            let input = format!("authenticate with the reply {reply}");
            let opened = session_of(subject, &open, reply).await;
            // The host checks the base URL of every session.
            let breach = CallError::Plugin(PluginError::Contract("base-url"));
            findings.require(opened.as_ref().err() != Some(&breach), || {
                let expected = "a base URL within the origins of the credential, or an error";
                Breach::new(
                    open.id(),
                    input,
                    expected,
                    "a session with another base URL",
                )
            });
        }
    }
    findings
}

/// The reply with another token, if it holds that of the session as a string.
fn with_token(open: &Open<'_>, session: &Session, token: &str) -> Option<Reply> {
    let current = session.access_token.expose();
    let mut value = open.reply.value()?;
    let member = value
        .as_object_mut()?
        .values_mut()
        .find(|member| member.as_str() == Some(current))?;
    *member = json!(token);
    Some(open.reply.with_value(&value))
}

async fn refresh(subject: &Subject) -> Findings {
    const TOKEN: &str = "another-token-0002";
    let mut findings = Findings::default();
    for open in subject.asking(&mut findings) {
        let Some(session) = subject.session(&open).await else {
            continue;
        };
        let reply = with_token(&open, &session, TOKEN);
        let has_token = reply.is_some();
        subject
            .network
            .answer(reply.unwrap_or_else(|| open.reply.clone()));
        let replaced = subject
            .plugin
            .refresh(open.id(), &open.document, &session)
            .await;
        let sent = subject.network.take_sent().len();
        findings.require(sent == 1, || {
            let found = format!("{sent} requests, and {}", ending(&replaced));
            Breach::new(open.id(), "refresh of a live session", "one request", found)
        });
        let token = replaced
            .as_ref()
            .ok()
            .map(|session| session.access_token.expose());
        let is_new = token == Some(TOKEN) || !has_token && token.is_some();
        findings.require(is_new, || {
            let found = match &replaced {
                Ok(_) => "a session with another token".to_owned(),
                Err(_) => ending(&replaced),
            };
            let expected = "a session with the token of the new reply";
            Breach::new(open.id(), "refresh of a live session", expected, found)
        });
        let rest = |session: &Session| {
            let Session {
                base_url,
                scopes,
                account,
                ..
            } = session;
            format!("base URL {base_url:?}, scopes {scopes:?}, account {account:?}")
        };
        let rest_of_new = replaced.as_ref().map(rest);
        findings.require(rest_of_new.as_ref() == Ok(&rest(&session)), || {
            let found = rest_of_new.unwrap_or_else(ToString::to_string);
            Breach::new(
                open.id(),
                "refresh of a live session",
                rest(&session),
                found,
            )
        });
    }
    findings
}

/// The facts of a session, its secrets included.
fn facts(session: &Session) -> String {
    format!(
        "{:?} {:?} {:?}",
        session,
        session.access_token.expose(),
        session.state.as_ref().map(Secret::expose)
    )
}

async fn whole_replies(subject: &Subject) -> Findings {
    let mut findings = Findings::default();
    for open in subject.asking(&mut findings) {
        let Some(session) = subject.session(&open).await else {
            continue;
        };
        for bytes in [1, 7, 4096] {
            let opened = session_of(subject, &open, open.reply.clone().chunks(bytes)).await;
            let is_same = opened
                .as_ref()
                .is_ok_and(|opened| facts(opened) == facts(&session));
            findings.require(is_same, || {
                let input = format!("authenticate with a reply in pieces of {bytes} bytes");
                Breach::new(open.id(), input, "the same session", ending(&opened))
            });
        }
        for after_bytes in [0, 1, open.reply.body.len() / 2, open.reply.body.len()] {
            let reply = open.reply.clone().cut(after_bytes, TransportError::CutOff);
            let opened = session_of(subject, &open, reply).await;
            let cut_off = CallError::Connector(ConnectorError::Unreachable(Stage::CutOff));
            let is_noticed = opened.as_ref().err() == Some(&cut_off);
            findings.require(is_noticed, || {
                let input =
                    format!("authenticate with a reply that ends after {after_bytes} bytes");
                Breach::new(open.id(), input, "unreachable (cut-off)", ending(&opened))
            });
        }
    }
    findings
}

async fn same_answer(subject: &Subject) -> Findings {
    let mut findings = Findings::default();
    for listed in &subject.vendors {
        let described = async || ending(&subject.plugin.describe(listed.id(), &[]).await);
        let schema = async || ending(&subject.plugin.schema(listed.id(), &[]).await);
        let validated = async || ending(&subject.plugin.validate(listed.id(), "{}", &[]).await);
        for (function, first, again) in [
            ("describe", described().await, described().await),
            ("credential-schema", schema().await, schema().await),
            ("validate", validated().await, validated().await),
        ] {
            findings.require(first == again, || {
                let input = format!("{function}, twice");
                Breach::new(listed.id(), input, first, again)
            });
        }
    }
    for open in subject.open(&mut findings) {
        let Some(session) = subject.session(&open).await else {
            continue;
        };
        let opened = async || {
            let opened = session_of(subject, &open, open.reply.clone()).await;
            opened.as_ref().map_or_else(|_| ending(&opened), facts)
        };
        let replaced = async || {
            subject.network.answer(open.reply.clone());
            let replaced = subject
                .plugin
                .refresh(open.id(), &open.document, &session)
                .await;
            replaced.as_ref().map_or_else(|_| ending(&replaced), facts)
        };
        for (function, first, again) in [
            ("authenticate", opened().await, opened().await),
            ("refresh", replaced().await, replaced().await),
        ] {
            findings.require(first == again, || {
                let input = format!("{function}, twice with the same clock and reply");
                Breach::new(open.id(), input, "the same session", "two different ones")
            });
        }
    }
    findings
}
