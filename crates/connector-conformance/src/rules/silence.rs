//! Errors and verdicts hold nothing that a person typed, no token and no text of the vendor.

use connector_host::{ApiResponse, CallError, Session};
use futures::FutureExt as _;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::documents::{generated, with};
use crate::network::Reply;
use crate::rule::{Breach, Check, Findings, Rule, Severity};
use crate::subject::{Listed, Open, Subject};

pub(crate) static NO_ECHO: Rule = Rule {
    name: "no-echo",
    severity: Severity::Error,
    about: "Random strings stand for secrets, tokens and the vendor's words. They are put into \
            credential documents, right and wrong, and into replies: in codes, messages, names of \
            members and header fields, whole, in part and in other letter cases. No error and no \
            verdict holds eight consecutive bytes of one.",
    sentence: "Nothing in an `error` or a `verdict` holds a value that a person typed, a token, or \
               a vendor's free text, so both may be logged as they are.",
    source: "wit/types.wit",
    check: Check(|subject| no_echo(subject).boxed_local()),
};

/// The number of bytes in a row that count as an echo: too many to be in a message by chance.
const ECHO_BYTES: usize = 8;

/// Two values that a person typed, and a token.
type Private = [String; 3];

/// A private value, too long to be in a message by chance.
fn private() -> impl Strategy<Value = Private> {
    let value = || prop_oneof!["[A-Za-z0-9_.-]{12,40}", "[A-Za-z0-9;?&=+%\"\\\\]{12,40}"];
    [
        value().boxed(),
        value().boxed(),
        "[A-Za-z0-9_.-]{12,40}".boxed(),
    ]
}

/// A string that contains a private value, whole or in part, alone or in a sentence.
fn echo(private: &Private) -> BoxedStrategy<String> {
    let whole = proptest::sample::select(private.to_vec());
    (whole, 0..5_usize)
        .prop_map(|(text, shape)| match shape {
            0 => text,
            1 => format!("Client {text} is not known."),
            2 => format!("E_{text}"),
            3 => text.chars().skip(2).collect(),
            _ => text.to_ascii_uppercase(),
        })
        .boxed()
}

/// Fields in which vendors report failures.
const FIELDS: [&str; 10] = [
    "error",
    "error_description",
    "errorCode",
    "errorMessage",
    "code",
    "message",
    "msg",
    "token_type",
    "expires_in",
    "success",
];

/// The names of the members of good replies, and those of failures.
fn names(listed: &Listed) -> Vec<String> {
    let opening = listed.opening.as_ref().ok().map(|opening| &opening.reply);
    let replies = opening.into_iter().chain(&listed.access);
    let mut names: Vec<String> = FIELDS.map(str::to_owned).to_vec();
    for reply in replies {
        if let Some(Value::Object(fields)) = reply.value() {
            names.extend(fields.into_iter().map(|(name, _)| name));
        }
    }
    names
}

/// A vendor's reply with private values in all places.
fn reply(listed: &Listed, private: &Private) -> BoxedStrategy<Reply> {
    let field = (proptest::sample::select(names(listed)), echo(private));
    let object = proptest::collection::vec(field, 0..8).prop_map(|fields| {
        let fields = fields.into_iter();
        let mut object: Map<String, Value> =
            fields.map(|(name, text)| (name, text.into())).collect();
        if object.contains_key("success") {
            object.insert("success".to_owned(), json!(false));
        }
        Value::Object(object).to_string()
    });
    let nested = echo(private).prop_map(|text| {
        json!({
            "access_token": "a", "token_type": "bearer", "success": true, "scopes": "metrics",
            text.clone(): [{text.clone(): text}],
            "error": {"code": text, "errors": [text]},
        })
        .to_string()
    });
    let body = prop_oneof![4 => object, 1 => nested, 1 => echo(private)];
    let status = prop_oneof![
        2 => Just(200_u16),
        4 => proptest::sample::select(&[400_u16, 401, 403, 429, 500, 503][..]),
        1 => 200_u16..600,
    ];
    let header = proptest::option::of(echo(private));
    (status, header, body)
        .prop_map(|(status, header, body)| {
            let mut reply = Reply::new(status, body);
            if let Some(value) = header {
                let names = [
                    "www-authenticate",
                    "retry-after",
                    "location",
                    "x-request-id",
                ];
                for name in names {
                    reply = reply.header(name, &value);
                }
            }
            reply
        })
        .boxed()
}

/// Private values in all the wrong places of a form.
fn misplaced(listed: &Listed, private: &Private) -> String {
    let [first, second, third] = private;
    let mut wrong = Map::new();
    for (at, field) in listed.fields().into_iter().enumerate() {
        let value = match at % 4 {
            0 => json!(format!("{first}\n{second}")),
            1 => json!([second]),
            2 => json!({third: first}),
            _ => json!(third),
        };
        wrong.insert(field.to_owned(), value);
    }
    wrong.insert(second.clone(), json!(first));
    Value::Object(wrong).to_string()
}

/// The valid document with private values in the fields that accept any string, such as secrets.
fn filled(listed: &Listed, credential: &Value, private: &Private) -> Value {
    let mut document = credential.clone();
    let Ok(documents) = &listed.documents else {
        return document;
    };
    for (field, value) in listed.fields().into_iter().zip(private.iter().cycle()) {
        let changed = with(&document, field, json!(value));
        if documents.validator.is_valid(&changed) {
            document = changed;
        }
    }
    document
}

/// The reply that opens a session, with a private token if it holds a token as a string.
fn good_reply(open: &Open<'_>, token: &str) -> Reply {
    let Some(mut value) = open.reply.value() else {
        return open.reply.clone();
    };
    if let Some(member) = value.get_mut("access_token") {
        *member = json!(token);
    }
    open.reply.with_value(&value)
}

fn text_of(error: &CallError) -> String {
    format!("{error} {error:?}")
}

/// Whether `text` holds a piece of `private`, in any letter case.
fn shows(text: &str, private: &str) -> bool {
    let (text, private) = (text.to_lowercase(), private.to_lowercase());
    let mut pieces = private.as_bytes().windows(ECHO_BYTES);
    pieces.any(|piece| {
        let mut places = text.as_bytes().windows(ECHO_BYTES);
        places.any(|place| place == piece)
    })
}

/// The text of each failure and verdict with a reply, and the name of the call.
async fn texts(
    subject: &Subject,
    listed: &Listed,
    open: Option<&Open<'_>>,
    private: &Private,
    reply: &Reply,
) -> Vec<(&'static str, String)> {
    let (plugin, id) = (&subject.plugin, listed.id());
    let misplaced = misplaced(listed, private);
    let broken = misplaced.replace('{', "{{");
    let french = ["fr".to_owned()];
    let response = ApiResponse {
        status: reply.status,
        headers: reply.headers.clone(),
        body: reply.body.to_vec(),
    };
    let verdict = plugin.classify(id, &response).await;
    let mut texts = vec![("classify", format!("{verdict:?}"))];
    let mut failed = |function, error: Option<CallError>| {
        texts.extend(error.map(|error| (function, text_of(&error))));
    };
    failed("origins", plugin.origins(id, &misplaced).await.err());
    failed("validate", plugin.validate(id, &broken, &[]).await.err());
    failed("validate", plugin.validate(id, &misplaced, &[]).await.err());
    failed(
        "validate",
        plugin.validate(id, &misplaced, &french).await.err(),
    );
    let Some(open) = open else {
        return texts;
    };
    let document = filled(listed, open.credential, private).to_string();
    let [.., token] = private;
    subject.network.answer(good_reply(open, token));
    let session: Option<Session> = plugin.authenticate(id, &document).await.ok();
    subject.network.answer(reply.clone());
    failed(
        "authenticate",
        plugin.authenticate(id, &document).await.err(),
    );
    if open.is_inspected() {
        let inspected = plugin.inspect(id, &document, session.as_ref(), None).await;
        failed("inspect", inspected.err());
    }
    if let Some(session) = session {
        failed(
            "refresh",
            plugin.refresh(id, &document, &session).await.err(),
        );
    }
    texts
}

async fn no_echo(subject: &Subject) -> Findings {
    let mut findings = Findings::default();
    let mut skipped = Findings::default();
    let all_open = subject.open(&mut skipped);
    for listed in &subject.vendors {
        let open = all_open.iter().find(|open| open.id() == listed.id());
        let mut runner = subject.runner("no-echo");
        let mut budget = subject.effort.replies();
        while budget.take() && !findings.is_enough(listed.id()) {
            let Some(private) = generated(&private(), &mut runner) else {
                continue;
            };
            let Some(reply) = generated(&reply(listed, &private), &mut runner) else {
                continue;
            };
            for (function, text) in texts(subject, listed, open, &private, &reply).await {
                let echoed = private.iter().find(|private| shows(&text, private));
                findings.require(echoed.is_none(), || {
                    let value = echoed.cloned().unwrap_or_default();
                    let input = format!("{function}, where {value:?} is private; reply {reply}");
                    Breach::new(listed.id(), input, "a text without private values", text)
                });
            }
        }
    }
    findings.skipped = skipped.skipped;
    findings
}
