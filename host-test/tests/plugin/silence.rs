//! No error and no verdict contains a secret, a token or the vendor's own words. The plugin has no
//! log and no standard stream: `component.rs` checks its imports. `inputs.rs` checks that it never
//! traps.

use connector_host::CallError;
use host_test::script::Reply;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::string::string_regex;
use serde_json::{Value, json};

use super::common::{FRENCH, locales, response};
use super::documents::runner;
use super::samples::{Sample, Suite};

const ANSWERS: usize = 2_000;

/// Status, header fields and body.
type Answer = (u16, Vec<(&'static str, String)>, String);

/// A private value, too long to be in one of our own texts by chance.
fn private() -> impl Strategy<Value = String> {
    // A pattern in place of a strategy would be parsed for each value.
    let [words, signs] = ["[A-Za-z0-9_.-]{12,40}", "[A-Za-z0-9;?&=+%\"\\\\]{12,40}"]
        .map(|pattern| string_regex(pattern).unwrap());
    prop_oneof![words, signs]
}

/// A string that contains a private value, whole or in part, alone or in a sentence.
fn echo(private: &[String]) -> BoxedStrategy<String> {
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

/// A vendor's response with private values in all places.
fn answer(sample: &Sample, private: &[String]) -> BoxedStrategy<Answer> {
    let replies = [&sample.token, &sample.access];
    let read = replies
        .into_iter()
        .filter_map(Value::as_object)
        .flat_map(|reply| reply.keys());
    let names: Vec<_> = read.cloned().chain(FIELDS.map(Into::into)).collect();
    let field = (proptest::sample::select(names), echo(private));
    let object = proptest::collection::vec(field, 0..8).prop_map(|fields| {
        let mut object: serde_json::Map<String, Value> = fields
            .into_iter()
            .map(|(name, text)| (name, text.into()))
            .collect();
        if object.contains_key("success") {
            object.insert("success".into(), json!(false));
        }
        Value::Object(object).to_string()
    });
    let nested = echo(private).prop_map(|text| {
        json!({
            "access_token": "a", "token_type": "bearer", "success": true, "scopes": "metrics",
            text.clone(): [{text.clone(): text}],
            "error": {"code": text, "errors": [text]},
            "permissions": {"projects": [{"id": text, "name": text}]},
        })
        .to_string()
    });
    let body = prop_oneof![4 => object, 1 => nested, 1 => echo(private)];
    let status = prop_oneof![
        2 => Just(200_u16),
        4 => proptest::sample::select(&[400_u16, 401, 403, 429, 500, 503][..]),
        1 => 200_u16..600,
    ];
    let headers = prop_oneof![
        Just(Vec::new()),
        echo(private).prop_map(|text| {
            let text: String = text.chars().filter(|char| !char.is_control()).collect();
            [
                "www-authenticate",
                "retry-after",
                "location",
                "x-request-id",
            ]
            .map(|name| (name, text.clone()))
            .into()
        }),
    ];
    (status, headers, body).boxed()
}

/// Whether `text` contains eight consecutive bytes of `private`, in any letter case.
fn shows(text: &str, private: &str) -> bool {
    let (text, private) = (text.to_lowercase(), private.to_lowercase());
    let mut pieces = private.as_bytes().windows(8);
    pieces.any(|piece| memchr::memmem::find(text.as_bytes(), piece).is_some())
}

/// Private values in all the wrong places of a form.
fn misplaced(sample: &Sample, private: &[String]) -> String {
    let fields = sample.schema["properties"].as_object().unwrap().keys();
    let mut values = private.iter().cycle();
    let mut next = || values.next().unwrap().clone();
    let wrong = fields.enumerate().map(|(at, name)| {
        let value = match at % 4 {
            0 => json!(format!("{}\n{}", next(), next())),
            1 => json!([next()]),
            2 => json!({next(): next()}),
            _ => json!(next()),
        };
        (name.clone(), value)
    });
    let mut wrong: Value = wrong.collect();
    wrong[next()] = json!(next());
    wrong.to_string()
}

fn text_of(error: &CallError) -> String {
    format!("{error} {error:?} {}", error.kind())
}

/// A token that a header field may contain.
fn as_token(text: &str) -> String {
    let odd = |char: char| "\"\\;?&%=+".contains(char);
    text.replace(odd, "-")
}

/// Makes every call of the vendor that may fail, and returns the text of each failure.
async fn outcomes(
    suite: &Suite,
    sample: &Sample,
    private: &[String],
    answer: Answer,
) -> Vec<String> {
    let (connector, vendor) = (&suite.connector, sample.id());
    let mut document = sample.credential.clone();
    for (name, value) in sample.free_fields().into_iter().zip(private) {
        document[name] = value.as_str().into();
    }
    let document = document.to_string();
    let (status, headers, body) = answer;
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (*name, &**value))
        .collect();
    let reply = headers.iter().fold(
        Reply::bytes(status, body.clone()),
        |reply, (name, value)| reply.header(name, value),
    );

    // The token of the session is private too.
    let mut good = sample.token.clone();
    good["access_token"] = private[2].as_str().into();
    suite.network.answer(Reply::json(200, good));
    let session = connector.authenticate(vendor, &document).await.ok();

    suite.network.answer(reply);
    let verdict = connector
        .classify(vendor, &response(status, &headers, body))
        .await;
    let broken = document.replace('{', "{{");
    let misplaced = misplaced(sample, private);
    let mut failures = vec![
        connector.authenticate(vendor, &document).await.err(),
        connector
            .inspect(vendor, &document, session.as_ref(), None)
            .await
            .err(),
        connector.origins(vendor, &misplaced).await.err(),
        connector.validate(vendor, &broken, &[]).await.err(),
        connector.validate(vendor, &misplaced, &[]).await.err(),
        connector
            .validate(vendor, &misplaced, &locales(&[FRENCH]))
            .await
            .err(),
    ];
    if let Some(session) = session {
        failures.push(connector.refresh(vendor, &document, &session).await.err());
    }
    let failures = failures.iter().flatten().map(text_of);
    failures
        .chain([format!("{:?}", verdict.unwrap())])
        .collect()
}

#[tokio::test]
async fn no_error_and_no_verdict_contains_the_secret_or_the_token() {
    let suite = Suite::load().await;
    let mut runner = runner();
    let values = private();
    let mut count = 0;
    for sample in &suite.samples {
        for _ in 0..ANSWERS {
            let mut value = || values.new_tree(&mut runner).unwrap().current();
            let private = [value(), value(), as_token(&value())];
            private.iter().for_each(leak_check::register);
            let answer = answer(sample, &private).new_tree(&mut runner).unwrap();
            for text in outcomes(&suite, sample, &private, answer.current()).await {
                count += 1;
                for private in &private {
                    assert!(!shows(&text, private), "{text} shows {private}");
                }
            }
        }
    }
    assert!(count > 2 * ANSWERS, "only {count} texts were checked");
}
