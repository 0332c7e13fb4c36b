//! Properties that the plugin's results have for any input: one function for each parser of
//! untrusted bytes. The fuzz targets call them, and `tests/cases.rs` replays the cases that once
//! failed.

#![expect(
    clippy::missing_panics_doc,
    reason = "these functions panic where a property does not hold"
)]

pub mod answer;

use std::cell::Cell;
use std::collections::HashSet;
use std::sync::LazyLock;
use std::time::{Duration, UNIX_EPOCH};

use connector::Connector;
use connector_guest::codes::{Codes, WORDS};
use connector_guest::form::MAX_DOCUMENT_BYTES;
use connector_guest::json::MAX_ID;
use connector_guest::response::MAX_RESPONSE_BYTES;
use connector_guest::testing::{self, Fixed, NOW};
use connector_guest::verdict::MAX_CLASSIFIED_BYTES;
use connector_guest::{
    Access, Error, Issue, IssueCode, Plugin as _, Refusal, Request, Response, Session, Stage,
    Timestamp, Verdict, base_url as base_urls, date,
};
use jsonschema::Validator;
use serde_json::{Map, Value};
use url::Url;

use answer::Answer;

const DAY_SECS: u64 = 24 * 60 * 60;
const YEAR_SECS: u64 = 365 * DAY_SECS;

/// A good credential, and what it requests.
struct Credential {
    letter: u8,
    vendor: &'static str,
    document: &'static str,
    scopes: &'static [&'static str],
    project: Option<&'static str>,
}

/// One for each way of reading a token reply. An unknown letter means the first one.
static CREDENTIALS: [Credential; 4] = [
    Credential {
        letter: b'h',
        vendor: "hotjar",
        document: r#"{"client_id":"h-1","client_secret":"s;1"}"#,
        scopes: &[],
        project: None,
    },
    Credential {
        letter: b'c',
        vendor: "contentsquare",
        document: r#"{"client_id":"c-1","client_secret":"s;1","credential_level":"project",
            "scopes":["metrics","data-export"]}"#,
        scopes: &["metrics", "data-export"],
        project: None,
    },
    Credential {
        letter: b'a',
        vendor: "contentsquare",
        document: r#"{"client_id":"c-1","client_secret":"s;1","credential_level":"account",
            "scopes":["metrics"],"project_id":42}"#,
        scopes: &["metrics"],
        project: Some("42"),
    },
    Credential {
        letter: b's',
        vendor: "contentsquare",
        document: r#"{"client_id":"c-1","client_secret":"s;1","credential_level":"project",
            "scopes":["surveys"]}"#,
        scopes: &["surveys"],
        project: None,
    },
];

fn credential_of(answer: &Answer) -> &'static Credential {
    let chosen = CREDENTIALS.iter().find(|one| one.letter == answer.letter);
    chosen.unwrap_or(&CREDENTIALS[0])
}

fn response(answer: &Answer) -> Response {
    Response {
        status: answer.status,
        headers: answer.headers.clone(),
        body: answer.body.clone(),
        cut_off: answer.is_cut.then_some(Stage::CutOff),
    }
}

fn origins(vendor: &str) -> &'static [&'static str] {
    let vendors = Connector::vendors();
    let info = vendors.iter().find(|info| info.id == vendor);
    info.expect("a vendor of the plugin").origins
}

fn is_success(status: u16) -> bool {
    matches!(status, 200 | 201 | 203)
}

/// The fields of a successful response, read without the plugin's code.
fn fields(answer: &Answer) -> Map<String, Value> {
    assert!(is_success(answer.status) && !answer.is_cut);
    assert!(answer.body.len() <= MAX_RESPONSE_BYTES);
    let body = answer
        .body
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(&answer.body);
    let fields: Map<String, Value> = serde_json::from_slice(body).expect("a JSON object");
    assert_ne!(fields.get("success"), Some(&Value::Bool(false)));
    assert!(
        fields
            .get("error")
            .is_none_or(|error| error.as_str().is_none_or(|e| e.trim().is_empty()))
    );
    fields
}

/// A token reply opens a session that is safe to use, or is an error made of known words.
pub fn token_reply(input: &[u8]) {
    let answer = Answer::read(input);
    let credential = credential_of(&answer);
    let environment = Fixed::new(|_: &Request| response(&answer));
    let result = Connector::authenticate(credential.vendor, credential.document, &environment);
    assert!(environment.is_asked());
    match result {
        Ok(session) => check_session(&session, credential, &fields(&answer)),
        Err(error) => check_error(&error, &answer),
    }
}

fn check_session(session: &Session, credential: &Credential, fields: &Map<String, Value>) {
    let token = session.access_token.expose();
    assert_eq!(fields["access_token"], token);
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    assert!(!token.is_empty() && token.bytes().all(is_safe));
    let kind = fields["token_type"].as_str().expect("a string");
    assert!(kind.eq_ignore_ascii_case("bearer"));
    assert!(session.state.is_none());

    check_base_url(&session.base_url, origins(credential.vendor));
    let named = fields.get("endpoint").and_then(Value::as_str);
    match (credential.letter, named.map(Url::parse)) {
        (b'h', _) => assert_eq!(session.base_url, "https://api.hotjar.io"),
        (b's', _) => assert_eq!(session.base_url, "https://api.contentsquare.com"),
        (_, Some(Ok(url))) => assert_eq!(url.as_str().trim_end_matches('/'), session.base_url),
        (_, other) => assert!(session.base_url.contains("xn--"), "{other:?}"),
    }
    check_dates(session, fields.get("expires_in"));
    check_scopes(&session.scopes);
    match fields.get("scope") {
        None | Some(Value::Null) => assert_eq!(session.scopes, credential.scopes),
        Some(scope) => {
            let text = scope.to_string();
            let is_requested = session.scopes == credential.scopes;
            assert!(is_requested || session.scopes.iter().all(|scope| text.contains(scope)));
        }
    }
    let named = fields.get("project_id").filter(|value| !value.is_null());
    let named = named.filter(|value| value.as_str().is_none_or(|id| !id.trim().is_empty()));
    let has_account = named.is_some() && credential.vendor != "hotjar";
    assert_eq!(session.account.is_some(), has_account);
    if let (Some(account), Some(project)) = (&session.account, credential.project) {
        assert_eq!(account, project);
    }
}

fn check_dates(session: &Session, expires_in: Option<&Value>) {
    assert_eq!(session.issued_at, NOW);
    let (Some(refresh_after), Some(expires_at)) = (session.refresh_after, session.expires_at)
    else {
        panic!("the vendors' tokens expire");
    };
    let life_secs = expires_at.secs - NOW.secs;
    assert!((60..=YEAR_SECS).contains(&life_secs));
    assert_eq!(
        expires_at.secs - refresh_after.secs,
        (15 * 60).min(life_secs / 2)
    );
    assert!(NOW < refresh_after && refresh_after < expires_at);
    match expires_in {
        None | Some(Value::Null) => assert_eq!(life_secs, 3600),
        Some(value) => {
            if let Some(secs) = value.as_u64() {
                assert_eq!(life_secs, secs.clamp(60, YEAR_SECS));
            }
        }
    }
}

fn check_scopes(scopes: &[String]) {
    for scope in scopes {
        let is_safe = |byte: u8| byte.is_ascii_graphic() && !b"\"\\".contains(&byte);
        let is_fit = (1..=256).contains(&scope.len()) && scope.bytes().all(is_safe);
        assert!(is_fit, "{scope:?}");
    }
}

/// A base URL is at one of the vendor's origins, and other parsers of URLs read it in the same way.
fn check_base_url(text: &str, origins: &[&str]) {
    let (_, rest) = text.split_once("https://").expect("https");
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let is_origin = |origin: &&str| match origin.strip_prefix("https://*") {
        Some(domain) => host.ends_with(domain),
        None => origin.strip_prefix("https://") == Some(host),
    };
    assert!(origins.iter().any(is_origin), "{text}");
    let is_name =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    assert!(host.bytes().all(is_name) && !host.contains(".."), "{text}");
    assert!(!text.ends_with('/'), "{text}");
    match Url::parse(text) {
        Ok(url) => {
            assert_eq!(url.as_str().trim_end_matches('/'), text);
            let read = (url.host_str(), url.path().trim_end_matches('/'));
            assert_eq!(read, (Some(host), path));
            let absent = (url.port(), url.password(), url.query(), url.fragment());
            assert_eq!((url.username(), absent), ("", (None, None, None, None)));
        }
        // Some parsers refuse internationalized names that do not decode; no token goes there.
        Err(error) => assert!(host.contains("xn--"), "{text}: {error}"),
    }
}

/// Credential information is fit for a form, or is an error made of known words.
pub fn credential_information(input: &[u8]) {
    let answer = Answer::read(input);
    let credential = credential_of(&answer);
    let environment = Fixed::new(|_: &Request| response(&answer));
    let (vendor, document) = (credential.vendor, credential.document);
    let result = Connector::inspect(vendor, document, None, None, &environment);
    assert!(environment.is_asked());
    match result {
        Ok(access) => check_access(&access, credential, &fields(&answer)),
        Err(error) => check_error(&error, &answer),
    }
}

fn check_access(access: &Access, credential: &Credential, fields: &Map<String, Value>) {
    check_scopes(&access.scopes);
    assert_eq!((&access.identity, &access.next), (&None, &None));
    if credential.vendor == "hotjar" {
        assert!(access.fields.is_empty());
        return;
    }
    let listed = fields["permissions"]["projects"]
        .as_array()
        .expect("a list")
        .len();
    for field in &access.fields {
        for choice in &field.choices {
            assert!(!choice.title.trim().is_empty() && !choice.title.contains(char::is_control));
            assert!(choice.title.chars().count() <= 256);
            let value: Value = serde_json::from_str(&choice.value).expect("a choice is JSON");
            match field.pointer {
                "/project_id" => assert!((1..=MAX_ID).contains(&value.as_u64().expect("an id"))),
                "/scopes" | "/credential_level" => assert!(value.is_string()),
                other => panic!("no field {other}"),
            }
        }
        if field.pointer == "/project_id" {
            assert_eq!(field.complete, field.choices.len() == listed);
        }
    }
    let has_level = access
        .fields
        .iter()
        .any(|field| field.pointer == "/credential_level");
    assert_eq!(has_level, listed > 1);
}

/// An error follows from the response, and holds none of the vendor's text.
fn check_error(error: &Error, answer: &Answer) {
    let text = format!("{error:?}");
    let code = match error {
        Error::Rejected(refusal) | Error::Forbidden(refusal) => refusal.code.as_deref(),
        _ => None,
    };
    check_words_but(code, &text);
    let status = answer.status;
    match error {
        Error::Rejected(refusal) | Error::Forbidden(refusal) => check_refusal(refusal, answer),
        Error::Throttled(secs) | Error::Unavailable(secs) => {
            assert_eq!(*secs, response(answer).retry_after(NOW));
        }
        Error::Unreachable(_) => assert!(answer.is_cut && is_success(status)),
        Error::InvalidResponse(invalid) => {
            assert_eq!(invalid.status, status);
            assert_eq!(invalid.field == "status", !is_success(status));
        }
        other => panic!("no answer of a vendor makes {other:?}"),
    }
    if (500..=599).contains(&status) && answer.body.is_empty() {
        assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
    }
}

fn check_refusal(refusal: &Refusal, answer: &Answer) {
    assert_eq!(refusal.status, answer.status);
    // Only a code confirms a refusal, and only these statuses refuse without one.
    let refuses = is_success(refusal.status) || matches!(refusal.status, 400 | 401 | 403);
    assert!(refusal.confirmed || refuses, "{refusal:?}");
    if let Some(code) = &refusal.code {
        assert!((1..=64).contains(&code.len()));
        let body = String::from_utf8_lossy(&answer.body);
        let headers = answer
            .headers
            .iter()
            .map(|(_, value)| String::from_utf8_lossy(value));
        let is_there = body.contains('\\') || body.contains(code.as_str());
        assert!(
            is_there
                || headers
                    .into_iter()
                    .any(|value| value.contains(code.as_str()))
        );
    }
}

/// The verdict on a response depends on its status, the beginning of its body and three header
/// fields, and on nothing else.
pub fn classify(input: &[u8]) {
    let answer = Answer::read(input);
    let vendor = credential_of(&answer).vendor;
    let environment = Fixed::new(|_: &Request| unreachable!("no request"));
    let judge = |response: &Response| {
        Connector::classify(vendor, response, &environment).expect("a known vendor")
    };
    let whole = response(&answer);
    let verdict = judge(&whole);
    let text = format!("{verdict:?}");
    let code = match &verdict {
        Verdict::Refresh(refusal) | Verdict::Forbidden(refusal) => refusal.code.as_deref(),
        _ => None,
    };
    check_words_but(code, &text);

    let wait = whole.retry_after(NOW);
    match &verdict {
        Verdict::Throttled(secs) | Verdict::Unavailable(secs) => assert_eq!(*secs, wait),
        Verdict::Refresh(refusal) => {
            check_refusal(refusal, &answer);
            assert!(refusal.confirmed || whole.status == 401);
        }
        Verdict::Forbidden(refusal) => {
            check_refusal(refusal, &answer);
            assert!(refusal.confirmed || whole.status == 403);
        }
        _ => assert!(!matches!(whole.status, 401 | 403 | 429 | 500..=599)),
    }
    if (400..=499).contains(&whole.status) && wait.is_some() {
        assert_ne!(verdict, Verdict::Accepted);
    }

    let is_read = |name: &str| {
        ["retry-after", "date", "www-authenticate"].contains(&&*name.to_ascii_lowercase())
    };
    let mut alike = whole.clone();
    alike.headers.retain(|(name, _)| is_read(name));
    for (name, _) in &mut alike.headers {
        name.make_ascii_uppercase();
    }
    alike.body.truncate(MAX_CLASSIFIED_BYTES);
    assert_eq!(judge(&alike), verdict);

    // The encoding of other characters than ASCII does not matter.
    let mut alike = whole.clone();
    for byte in alike.body.iter_mut().filter(|byte| !byte.is_ascii()) {
        *byte = b'\xe9';
    }
    assert_eq!(judge(&alike), verdict);

    // A lost last brace does not matter, nor does text after the object.
    let is_object = serde_json::from_slice::<Map<String, Value>>(&whole.body).is_ok();
    if is_object && whole.body.len() < MAX_CLASSIFIED_BYTES {
        let object = whole.body.trim_ascii_end();
        let lost = object
            .strip_suffix(b"}")
            .expect("an object ends in a brace");
        for body in [lost.to_vec(), [object, b"]"].concat()] {
            let mut damaged = whole.clone();
            damaged.body = body;
            assert_eq!(judge(&damaged), verdict);
        }
    }
}

/// A vendor's schema, with a validator that shares no code with the plugin.
struct Form {
    vendor: &'static str,
    validator: Validator,
    schema: Value,
}

static FORMS: LazyLock<Vec<Form>> = LazyLock::new(|| {
    let vendors = Connector::vendors().into_iter();
    let form = |info: &connector_guest::VendorInfo| {
        let vendor = info.id;
        let schema = Connector::credential_schema(vendor, &[]).expect("a known vendor");
        let schema = serde_json::from_str(&schema).expect("a schema is JSON");
        let validator = jsonschema::validator_for(&schema).expect("a schema is a schema");
        Form {
            vendor,
            validator,
            schema,
        }
    };
    vendors.map(form).collect()
});

/// A credential document is sent as it was typed, or each problem is reported at its place;
/// `validate`, `authenticate`, `inspect` and the schema agree about it.
pub fn credential_document(input: &[u8]) {
    let Ok(document) = std::str::from_utf8(input) else {
        return;
    };
    let json = document.strip_prefix('\u{feff}').unwrap_or(document);
    let value: Option<Value> = serde_json::from_str(json).ok();
    for form in &*FORMS {
        let sent = Cell::new(None);
        let environment = Fixed::new(|request: &Request| {
            let content_type = request.header_value("content-type").map(str::to_owned);
            sent.set(Some((content_type, request.body.expose().to_vec())));
            testing::reply(503, "")
        });
        let validated = Connector::validate(form.vendor, document, &[]);
        let authenticated = Connector::authenticate(form.vendor, document, &environment).map(drop);
        match (&validated, sent.take()) {
            (Ok(()), Some((content_type, body))) => {
                assert_eq!(authenticated, Err(Error::Unavailable(None)));
                let value = value.as_ref().expect("what is sent was JSON");
                check_request(content_type.as_deref(), &body, value);
            }
            (Err(Error::InvalidCredential(issues)), None) => {
                assert_eq!(authenticated, validated);
                check_issues(issues, form, value.as_ref());
            }
            other => panic!("{other:?}"),
        }
        check_inspection(form.vendor, document, validated.clone());
        let value = value
            .as_ref()
            .filter(|_| document.len() <= MAX_DOCUMENT_BYTES);
        if let Some(value) = value {
            let is_valid = form.validator.is_valid(value);
            assert_eq!(
                validated.is_ok(),
                is_valid,
                "{}: the schema differs",
                form.vendor
            );
        }
    }
}

/// `inspect` reads only the fields that identify the credential, and finds in them what `validate`
/// does.
fn check_inspection(vendor: &str, document: &str, validated: Result<(), Error>) {
    let environment = Fixed::new(|_: &Request| testing::reply(503, ""));
    let inspected = Connector::inspect(vendor, document, None, None, &environment).map(drop);
    let mut expected = Error::Unavailable(None);
    if let Err(Error::InvalidCredential(mut issues)) = validated {
        issues.retain(|issue| match &*issue.pointer {
            "/client_id" | "/client_secret" => true,
            "" => issue.code != IssueCode::Unknown,
            _ => false,
        });
        if !issues.is_empty() {
            expected = Error::InvalidCredential(issues);
        }
    }
    assert_eq!(environment.is_asked(), expected == Error::Unavailable(None));
    assert_eq!(inspected, Err(expected));
}

fn check_request(content_type: Option<&str>, body: &[u8], document: &Value) {
    let sent: Value = match content_type {
        Some("application/json") => serde_json::from_slice(body).expect("it is JSON"),
        Some("application/x-www-form-urlencoded") => form_urlencoded::parse(body)
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect(),
        other => panic!("{other:?} is no type of a token request"),
    };
    assert_eq!(sent["grant_type"], "client_credentials");
    for name in ["client_id", "client_secret"] {
        let (typed, sent) = (document[name].as_str(), sent[name].as_str());
        let (typed, sent) = (typed.expect("a string"), sent.expect("a string"));
        assert!(!sent.is_empty() && sent.trim() == sent && typed.contains(sent));
        assert!(!sent.contains(char::is_control));
    }
    for name in ["project_id", "integration_id"] {
        assert_eq!(sent.get(name).is_some(), document.get(name).is_some());
        if let Some(id) = sent.get(name) {
            assert_eq!(id.as_f64(), document[name].as_f64());
            assert!((1..=MAX_ID).contains(&id.as_u64().expect("a whole number")));
        }
    }
    if let Some(scopes) = document.get("scopes").and_then(Value::as_array) {
        let scopes: Vec<_> = scopes.iter().filter_map(Value::as_str).collect();
        assert_eq!(sent["scope"], scopes.join(" "));
    }
}

fn check_issues(issues: &[Issue], form: &Form, document: Option<&Value>) {
    assert!(!issues.is_empty());
    check_words(&format!("{issues:?}"));
    for issue in issues {
        let (pointer, code) = (&*issue.pointer, issue.code);
        let message = &issue.message;
        assert!(
            CODES.contains(&code.as_str()),
            "{code:?} is not in the contract"
        );
        assert!(
            message.starts_with(char::is_lowercase) && !message.ends_with('.'),
            "{message}"
        );
        let is_of_the_whole = matches!(code, IssueCode::Json | IssueCode::Unknown)
            || (pointer.is_empty() && code != IssueCode::Required);
        assert_eq!(
            pointer.is_empty(),
            is_of_the_whole,
            "{code:?} at {pointer:?}"
        );
        if code != IssueCode::TooLong {
            assert_eq!(code == IssueCode::Json, document.is_none());
        }
        if let Some(rest) = pointer.strip_prefix('/') {
            let name = rest.split('/').next().unwrap_or_default();
            assert!(
                form.schema["properties"].get(name).is_some(),
                "{pointer} is no field"
            );
            let is_there = document.is_some_and(|document| document.pointer(pointer).is_some());
            assert_eq!(
                is_there,
                code != IssueCode::Required,
                "{code:?} at {pointer}"
            );
        }
    }
}

/// The codes of an issue, from the contract itself, where each is an item of a list.
static CODES: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let items = include_str!("../../wit/types.wit").lines();
    let quoted = items.filter_map(|line| line.trim().strip_prefix("/// - `")?.split('`').next());
    quoted.collect()
});

/// An accepted base URL is the vendor's, and other parsers read it in the same way; a plain one is
/// accepted.
pub fn base_url(input: &[u8]) {
    const DOMAIN: &str = "contentsquare.com";
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let accepted = base_urls::within(text, DOMAIN);
    if !text.to_ascii_lowercase().contains(DOMAIN) {
        assert_eq!(accepted, None);
        // Keeps the fuzzer from exploring the library.
        return;
    }
    let seen = Url::parse(text);
    if let Some(url) = &accepted {
        check_base_url(
            url,
            &["https://contentsquare.com", "https://*.contentsquare.com"],
        );
        assert_eq!(base_urls::within(url, DOMAIN).as_ref(), Some(url));
        if let Ok(seen) = &seen {
            assert_eq!(seen.as_str().trim_end_matches('/'), url);
        }
    }
    // Plain: normalized, with alphanumeric labels.
    if let Ok(seen) = &seen
        && seen.as_str().strip_suffix('/') == Some(text)
        && text.len() <= 64
    {
        let host = text.strip_prefix("https://").unwrap_or_default();
        let is_plain = host.split('.').all(|label| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        let is_below = host == DOMAIN || host.ends_with(".contentsquare.com");
        assert!(accepted.is_some() || !is_plain || !is_below, "{text}");
    }
}

/// A wait is what the vendor asked for, rounded up, within one second and one day. A date is read
/// as `httpdate` reads it.
pub fn retry_after(input: &[u8]) {
    let response = Response {
        headers: vec![("Retry-After".into(), input.to_vec())],
        ..Response::default()
    };
    let at = |secs: u64| response.retry_after(Timestamp { secs, nanos: 0 });
    let Ok(text) = std::str::from_utf8(input) else {
        assert_eq!(at(NOW.secs), None);
        return;
    };
    let text = text.trim();
    let date = date::parse_http(text);
    let is_number = text.starts_with(|char: char| char.is_ascii_digit())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
        && text.matches('.').count() <= 1;
    let expected_at = |now: u64| {
        let secs = match (date, is_number) {
            (Some(date), _) => date.saturating_sub(now),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a float cast saturates, and the wait is bounded"
            )]
            (None, true) => {
                // Apart from the fraction, which may be too small for a float.
                let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
                let whole = whole.parse::<f64>().expect("a number") as u64;
                let is_more = fraction.bytes().any(|byte| byte != b'0');
                whole.saturating_add(is_more.into())
            }
            (None, false) => return None,
        };
        u32::try_from(secs.clamp(1, DAY_SECS)).ok()
    };
    let moment = date.unwrap_or(NOW.secs);
    for now in [
        0,
        NOW.secs,
        moment.saturating_sub(90),
        moment,
        moment + 1,
        u64::MAX,
    ] {
        assert_eq!(at(now), expected_at(now), "{text:?} at {now}");
    }
    // The library accepts some malformed dates too; those that it would write are read.
    if let Ok(library) = httpdate::parse_http_date(text) {
        let moment = date.map(|secs| UNIX_EPOCH + Duration::from_secs(secs));
        let is_well_spelt = httpdate::fmt_http_date(library) == text;
        assert!(
            moment == Some(library) || moment.is_none() && !is_well_spelt,
            "{text:?}"
        );
    }
}

/// Asserts that `text` consists of known words, apart from a known code, whose spelling is free.
fn check_words_but(code: Option<&str>, text: &str) {
    match code.filter(|code| Codes::NONE.meaning(code).is_some()) {
        Some(code) => check_words(&text.replace(code, "")),
        None => check_words(text),
    }
}

/// Asserts that `text` consists of known words, so that nothing typed or sent is in it.
fn check_words(text: &str) {
    assert!(text.is_ascii(), "{text}");
    for word in text.split(|char: char| !char.is_ascii_alphanumeric()) {
        // A status, a wait, or a place in a document of at most 64 KiB.
        let is_short_number = word.len() <= 5 && word.bytes().all(|byte| byte.is_ascii_digit());
        let is_known = is_short_number || KNOWN_WORDS.contains(&word.to_ascii_lowercase());
        assert!(is_known, "{word:?} is no known word: {text}");
    }
}

/// The source of every message and type name that an error, an issue or a verdict can hold. Names
/// of fields and choices are in the schemas and the vendors' files.
const SOURCES: [&str; 7] = [
    include_str!("../../crates/connector-guest/src/form/messages.rs"),
    include_str!("../../crates/connector-guest/src/error.rs"),
    include_str!("../../crates/connector-guest/src/verdict.rs"),
    include_str!("../../crates/connector-guest/src/token.rs"),
    include_str!("../../src/contentsquare.rs"),
    include_str!("../../src/contentsquare.schema.json"),
    include_str!("../../src/hotjar.schema.json"),
];

static KNOWN_WORDS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let mut sources = SOURCES.to_vec();
    sources.extend([WORDS, "body status 9007199254740991"]);
    let words = sources
        .iter()
        .flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric()));
    words.map(str::to_ascii_lowercase).collect()
});
