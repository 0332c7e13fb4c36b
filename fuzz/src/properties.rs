//! What must hold of the plugin's answer to any input: one function for each parser that meets the
//! bytes of a vendor or of a person. The fuzz targets call them, and so does the replay of the
//! corpora, `tests/corpora.rs`. Where inputs come from is no business of this file.

#![expect(
    clippy::missing_panics_doc,
    reason = "to panic where something does not hold is all that these functions do"
)]

pub mod answer;

use std::cell::Cell;
use std::collections::HashSet;
use std::sync::LazyLock;
use std::time::{Duration, UNIX_EPOCH};

use connector::access::{Access, Level};
use connector::base_url;
use connector::connect;
use connector::credential::{MAX_DOCUMENT_BYTES, MAX_ID};
use connector::error::{Code, Error, Issue, Refusal};
use connector::http::{MAX_REPLY_BYTES, Reply, Request, date, retry_after_secs};
use connector::reply::CODE_WORDS;
use connector::session::{Session, Timestamp};
use connector::vendors::{Known, VENDORS, Vendor};
use connector::verdict::{ENOUGH_BODY_BYTES, Verdict};
use jsonschema::Validator;
use serde_json::{Map, Value};
use url::Url;

use answer::Answer;

/// When all calls are made.
const NOW: Timestamp = Timestamp {
    secs: 1_700_000_000,
    nanos: 9,
};

const DAY_SECS: u64 = 24 * 60 * 60;

/// A good credential, and what it asks for.
struct Credential {
    letter: u8,
    vendor: &'static str,
    document: &'static str,
    scopes: &'static [&'static str],
    project: Option<u64>,
}

/// One for each way of reading a reply. The first stands in for a letter that is none of them.
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
        project: Some(42),
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

/// The credential that an answer is the answer to.
fn credential_of(answer: &Answer) -> &'static Credential {
    let chosen = CREDENTIALS.iter().find(|one| one.letter == answer.letter);
    chosen.unwrap_or(&CREDENTIALS[0])
}

fn vendor(id: &str) -> &'static Known {
    connector::vendors::find(id).expect("a vendor of the table")
}

fn reply(answer: &Answer) -> Reply {
    Reply {
        status: answer.status,
        headers: answer.headers.clone(),
        body: answer.body.clone(),
        cut: answer.is_cut.then_some(connector::error::Stage::CutOff),
    }
}

/// Makes a call against one answer, and sees to it that the call asks for it once.
fn ask<T>(answer: &Answer, call: impl FnOnce(&dyn Fn(Request) -> Result<Reply, Error>) -> T) -> T {
    let sent = Cell::new(0);
    let result = call(&|_: Request| {
        sent.set(sent.get() + 1);
        Ok(reply(answer))
    });
    assert_eq!(sent.get(), 1, "a call sends one request");
    result
}

/// The members of an answer that may be a success, read without the plugin.
fn members(answer: &Answer) -> Map<String, Value> {
    assert_eq!((answer.status, answer.is_cut), (200, false));
    assert!(answer.body.len() <= MAX_REPLY_BYTES);
    let members: Map<String, Value> = serde_json::from_slice(&answer.body).expect("a JSON object");
    assert_ne!(members.get("success"), Some(&Value::Bool(false)));
    members
}

/// A token reply opens a session that is safe to use, or is refused in words of ours.
pub fn token_reply(input: &[u8]) {
    let answer = Answer::read(input);
    let credential = credential_of(&answer);
    let result = ask(&answer, |http| {
        connect::authenticate(credential.vendor, credential.document, NOW, &http)
    });
    match result {
        Ok(session) => check_session(&session, credential, &members(&answer)),
        Err(error) => check_error(&error, &answer),
    }
}

fn check_session(session: &Session, credential: &Credential, members: &Map<String, Value>) {
    let token = session.access_token.expose();
    assert_eq!(members["access_token"], token);
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    assert!(!token.is_empty() && token.bytes().all(is_safe));
    assert_eq!(format!("{:?}", session.access_token), "[redacted]");
    let kind = members["token_type"].as_str().expect("a text");
    assert!(kind.eq_ignore_ascii_case("bearer"));

    check_base_url(&session.base_url, vendor(credential.vendor).about().origins);
    let named = members.get("endpoint").and_then(Value::as_str);
    match (credential.letter, named.map(Url::parse)) {
        (b'h', _) => assert_eq!(session.base_url, "https://api.hotjar.io"),
        (b's', _) => assert_eq!(session.base_url, "https://api.contentsquare.com"),
        (_, Some(Ok(url))) => assert_eq!(url.as_str().trim_end_matches('/'), session.base_url),
        (_, other) => assert!(session.base_url.contains("xn--"), "{other:?}"),
    }
    check_dates(session, members.get("expires_in"));
    check_scopes(&session.scopes);
    match members.get("scope").and_then(Value::as_str) {
        Some(text) if !text.trim().is_empty() => assert!(names(text).eq(&session.scopes)),
        _ => assert_eq!(session.scopes, credential.scopes),
    }
    if credential.project.is_some() || credential.vendor == "hotjar" {
        assert_eq!(session.project, credential.project);
    } else {
        let named = members.get("project_id").filter(|value| !value.is_null());
        assert_eq!(session.project.is_some(), named.is_some());
    }
    if let Some(project) = session.project {
        assert!((1..=MAX_ID).contains(&project));
    }
}

fn check_dates(session: &Session, expires_in: Option<&Value>) {
    assert_eq!(session.issued_at, NOW);
    let life_secs = session.expires_at.secs - NOW.secs;
    assert!((60..=DAY_SECS).contains(&life_secs));
    let early_secs = session.expires_at.secs - session.refresh_after.secs;
    assert_eq!(early_secs, (15 * 60).min(life_secs / 2));
    assert!(NOW < session.refresh_after && session.refresh_after < session.expires_at);
    match expires_in {
        None | Some(Value::Null) => assert_eq!(life_secs, 3600),
        Some(value) => {
            if let Some(secs) = value.as_u64() {
                assert_eq!(life_secs, secs.clamp(60, DAY_SECS));
            }
        }
    }
}

/// A space-delimited list (RFC 6749 §3.3).
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split(' ').filter(|name| !name.is_empty())
}

fn check_scopes(scopes: &[String]) {
    for scope in scopes {
        let is_safe = |byte: u8| byte.is_ascii_graphic() && !b"\"\\".contains(&byte);
        let is_fit = (1..=256).contains(&scope.len()) && scope.bytes().all(is_safe);
        assert!(is_fit, "{scope:?}");
    }
}

/// A base URL leads to one of the vendor's origins, and every reader of URLs reads it as it stands.
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
            assert_eq!(
                (url.host_str(), url.path().trim_end_matches('/')),
                (Some(host), path)
            );
            let absent = (url.port(), url.password(), url.query(), url.fragment());
            assert_eq!((url.username(), absent), ("", (None, None, None, None)));
        }
        // Some readers decode names of other scripts and refuse those that do not decode; the token
        // then goes nowhere.
        Err(error) => assert!(host.contains("xn--"), "{text}: {error}"),
    }
}

/// What credential information comes to is fit for a form, or is refused in words of ours.
pub fn credential_information(input: &[u8]) {
    let answer = Answer::read(input);
    let credential = credential_of(&answer);
    let result = ask(&answer, |http| {
        connect::inspect(credential.vendor, credential.document, NOW, &http)
    });
    match result {
        Ok(access) => check_access(&access, credential, &members(&answer)),
        Err(error) => check_error(&error, &answer),
    }
}

fn check_access(access: &Access, credential: &Credential, members: &Map<String, Value>) {
    check_scopes(&access.scopes);
    for project in &access.projects {
        assert!((1..=MAX_ID).contains(&project.id));
        assert!(!project.name.trim().is_empty());
        assert!(!project.name.contains(char::is_control));
        assert!(project.name.chars().count() <= 200);
    }
    if credential.vendor == "hotjar" {
        assert_eq!((access.projects.len(), access.level), (0, None));
        return;
    }
    let scopes = members["scopes"].as_str().expect("a text");
    assert!(names(scopes).eq(&access.scopes));
    let projects = members["permissions"]["projects"]
        .as_array()
        .expect("a list");
    assert_eq!(access.projects.len(), projects.len());
    assert_eq!(access.level, (projects.len() > 1).then_some(Level::Account));
}

/// A refusal follows from the status first, and says nothing in the vendor's own words.
fn check_error(error: &Error, answer: &Answer) {
    check_words(&format!("{error} {error:?}"));
    let status = answer.status;
    let wait = || reply(answer).retry_after(NOW);
    match error {
        Error::Rejected(refusal) | Error::Forbidden(refusal) => {
            assert!(matches!(status, 200 | 400 | 401 | 403), "{error:?}");
            check_refusal(refusal, answer);
        }
        Error::Throttled(secs) => {
            assert!(matches!(status, 200 | 400..=499), "{error:?}");
            assert_eq!(*secs, wait());
        }
        Error::Unavailable(secs) => {
            assert!(matches!(status, 500..=599), "{error:?}");
            assert_eq!(*secs, wait());
        }
        Error::Unreachable(_) => assert!(answer.is_cut && status == 200),
        Error::Unintelligible(misreply) => {
            assert_eq!(misreply.status, status);
            assert_eq!(misreply.part == "status", status != 200);
        }
        Error::UnknownVendor | Error::InvalidCredential(_) | Error::Denied => {
            panic!("no answer of a vendor makes {error:?}")
        }
    }
    match status {
        429 => assert!(matches!(error, Error::Throttled(_)), "{error:?}"),
        500..=599 => assert!(matches!(error, Error::Unavailable(_)), "{error:?}"),
        401 => assert!(!matches!(error, Error::Forbidden(_)), "{error:?}"),
        403 => assert!(!matches!(error, Error::Rejected(_)), "{error:?}"),
        200 | 400..=499 => {}
        _ => assert!(matches!(error, Error::Unintelligible(_)), "{error:?}"),
    }
}

fn check_refusal(refusal: &Refusal, answer: &Answer) {
    assert_eq!(refusal.status, answer.status);
    if let Some(code) = &refusal.code {
        assert!((1..=64).contains(&code.len()));
        let is_known = |word: &str| {
            CODE_WORDS
                .split(' ')
                .any(|known| known.eq_ignore_ascii_case(word))
        };
        assert!(code.split(['_', '.', '-']).all(is_known), "{code}");
        if let Ok(members) = serde_json::from_slice::<Map<String, Value>>(&answer.body) {
            let named = ["error", "errorCode", "code"].map(|name| members.get(name));
            assert!(named.contains(&Some(&code.as_str().into())), "{code}");
        }
    }
}

/// A response gets a verdict from its status, what stands at the beginning of its body, and two
/// header fields. Nothing else counts.
pub fn classify(input: &[u8]) {
    let answer = Answer::read(input);
    let vendor = credential_of(&answer).vendor;
    let judge = |response: &Reply| connect::classify(vendor, response, NOW).expect("a verdict");
    let response = reply(&answer);
    let verdict = judge(&response);
    check_words(&format!("{verdict:?}"));

    let wait = response.retry_after(NOW);
    match (response.status, verdict) {
        (500..=599, verdict) => assert_eq!(verdict, Verdict::Unavailable(wait)),
        (401, verdict) => assert_eq!(verdict, Verdict::Refresh),
        (_, Verdict::Throttled(secs)) => assert_eq!(secs, wait),
        (_, Verdict::Unavailable(_)) => panic!("a status below 500 makes no {verdict:?}"),
        (403 | 429, Verdict::Accepted) => panic!("a refusal is not accepted"),
        _ => {}
    }
    let says_false = response.body.windows(5).any(|word| word == b"false");
    if response.status < 400 && !says_false {
        assert_eq!(verdict, Verdict::Accepted);
    }

    let is_read = |name: &str| {
        ["retry-after", "www-authenticate"].contains(&name.to_ascii_lowercase().as_str())
    };
    let alike = Reply {
        headers: response
            .headers
            .iter()
            .filter(|(name, _)| is_read(name))
            .map(|(name, value)| (name.to_ascii_uppercase(), value.clone()))
            .collect(),
        body: response
            .body
            .iter()
            .take(ENOUGH_BODY_BYTES)
            .copied()
            .collect(),
        ..reply(&answer)
    };
    assert_eq!(judge(&alike), verdict);

    // What is no ASCII is the same to us in every encoding.
    let in_latin = |byte: &u8| if byte.is_ascii() { *byte } else { b'\xe9' };
    let alike = Reply {
        body: response.body.iter().map(in_latin).collect(),
        ..reply(&answer)
    };
    assert_eq!(judge(&alike), verdict);

    // A whole object says the same when its last brace is lost, or when more comes after it.
    let is_object = serde_json::from_slice::<Map<String, Value>>(&response.body).is_ok();
    if is_object && response.body.len() < ENOUGH_BODY_BYTES {
        let whole = response.body.trim_ascii_end();
        let lost = whole.strip_suffix(b"}").expect("an object ends in a brace");
        for body in [lost.to_vec(), [whole, b"]"].concat()] {
            let damaged = Reply {
                body,
                ..reply(&answer)
            };
            assert_eq!(judge(&damaged), verdict);
        }
    }
}

/// A vendor's schema, for a validator that knows nothing of the plugin, and as a document.
struct Form {
    vendor: &'static Known,
    validator: Validator,
    schema: Value,
}

static FORMS: LazyLock<Vec<Form>> = LazyLock::new(|| {
    let form = |vendor: &'static Known| {
        let schema = serde_json::from_str(vendor.schema()).expect("a schema is JSON");
        Form {
            vendor,
            validator: jsonschema::validator_for(&schema).expect("a schema is a schema"),
            schema,
        }
    };
    VENDORS.iter().map(form).collect()
});

/// A credential document is sent as it was typed, or each problem is named at its place;
/// `validate`, `authenticate`, `inspect` and the schema are of one mind about it.
pub fn credential_document(input: &[u8]) {
    let Ok(document) = std::str::from_utf8(input) else {
        return;
    };
    let value: Option<Value> = serde_json::from_str(document).ok();
    for form in &*FORMS {
        let id = form.vendor.about().id;
        let validated = connect::validate(id, document);
        let sent = Cell::new(None);
        let http = |request: Request| {
            let before = sent.replace(Some(request));
            assert!(before.is_none(), "a call sends one request");
            Err(Error::Denied)
        };
        let authenticated = connect::authenticate(id, document, NOW, &http).map(drop);
        let request = sent.take();
        let inspected = connect::inspect(id, document, NOW, &http).map(drop);
        match &validated {
            Ok(()) => {
                assert_eq!(authenticated, Err(Error::Denied));
                check_request(&request.expect("it is sent"), form, value.as_ref());
            }
            Err(Error::InvalidCredential(issues)) => {
                assert_eq!(authenticated, validated);
                assert!(request.is_none(), "what is refused is not sent");
                check_issues(issues, form, value.as_ref());
            }
            Err(error) => panic!("no document makes {error:?}"),
        }
        assert_eq!(inspected, Err(inspection(validated)));
        assert_eq!(sent.take().is_some(), inspected == Err(Error::Denied));

        if let Some(value) = value
            .as_ref()
            .filter(|_| document.len() <= MAX_DOCUMENT_BYTES)
        {
            let is_valid = form.validator.is_valid(value);
            assert_eq!(
                authenticated == Err(Error::Denied),
                is_valid,
                "{id}: the schema differs"
            );
        }
    }
}

/// What `inspect` makes of a document of which `validate` says this: only what identifies the
/// credential counts.
fn inspection(validated: Result<(), Error>) -> Error {
    let Err(Error::InvalidCredential(mut issues)) = validated else {
        return Error::Denied;
    };
    issues.retain(|issue| match issue.pointer.as_str() {
        "/client_id" | "/client_secret" => true,
        "" => issue.code != Code::Unknown,
        _ => false,
    });
    if issues.is_empty() {
        Error::Denied
    } else {
        Error::InvalidCredential(issues)
    }
}

/// The characters that count as not typed around a text.
const BLANKS: [char; 7] = [' ', '\t', '\n', '\r', '\u{a0}', '\u{200b}', '\u{feff}'];

fn check_request(request: &Request, form: &Form, document: Option<&Value>) {
    let origin = format!("https://{}", request.authority);
    check_base_url(&origin, form.vendor.about().origins);
    assert_eq!(request.path, "/v1/oauth/token");
    let document = document.expect("what is sent was JSON");
    let typed = |name: &str| {
        document[name]
            .as_str()
            .expect("a text")
            .trim_matches(BLANKS)
    };
    let sent: Value = match request.content_type {
        "application/json" => serde_json::from_slice(&request.body).expect("it is JSON"),
        "application/x-www-form-urlencoded" => {
            let pairs = form_urlencoded::parse(&request.body);
            pairs
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect()
        }
        other => panic!("{other} is no type of a token request"),
    };
    assert_eq!(sent["grant_type"], "client_credentials");
    for name in ["client_id", "client_secret"] {
        assert_eq!(sent[name], typed(name));
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
    for Issue {
        pointer,
        code,
        message,
    } in issues
    {
        assert!(
            CODES.contains(&code.as_str()),
            "{code:?} is not in the contract"
        );
        assert!(
            message.starts_with(char::is_lowercase) && !message.ends_with('.'),
            "{message}"
        );
        let is_of_the_whole = matches!(code, Code::Json | Code::Unknown)
            || (pointer.is_empty() && *code != Code::Required);
        assert_eq!(
            pointer.is_empty(),
            is_of_the_whole,
            "{code:?} at {pointer:?}"
        );
        assert_eq!(
            *code == Code::Json,
            document.is_none() && *code != Code::TooLong
        );
        if let Some(rest) = pointer.strip_prefix('/') {
            let name = rest.split('/').next().unwrap_or_default();
            assert!(
                form.schema["properties"].get(name).is_some(),
                "{pointer} is no field"
            );
            let is_there = document.is_some_and(|document| document.pointer(pointer).is_some());
            assert_eq!(is_there, *code != Code::Required, "{code:?} at {pointer}");
        }
    }
}

/// The codes of an issue, from the contract itself, where each is an item of a list.
static CODES: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let items = include_str!("../../wit/types.wit").lines();
    let quoted = items.filter_map(|line| line.trim().strip_prefix("/// - `")?.split('`').next());
    quoted.collect()
});

/// A base URL that is taken is the vendor's, and reads the same in every reader; one that is
/// plainly good is taken.
pub fn base_url(input: &[u8]) {
    const DOMAIN: &str = "contentsquare.com";
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let taken = base_url::parse(text, DOMAIN);
    if !text.to_ascii_lowercase().contains(DOMAIN) {
        assert_eq!(taken, None);
        // Else the fuzzer would spend its time on the ways through the library.
        return;
    }
    let seen = Url::parse(text);
    if let Some(url) = &taken {
        check_base_url(
            url,
            &["https://contentsquare.com", "https://*.contentsquare.com"],
        );
        assert_eq!(base_url::parse(url, DOMAIN).as_ref(), Some(url));
        if let Ok(seen) = &seen {
            assert_eq!(seen.as_str().trim_end_matches('/'), url);
        }
    }
    // Plainly good: already in the shortest form, at a plain name.
    if let Ok(seen) = &seen
        && seen.as_str().strip_suffix('/') == Some(text)
        && text.len() <= 64
    {
        let host = text.strip_prefix("https://").unwrap_or_default();
        let is_plain = host.split('.').all(|label| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        let is_below = host == DOMAIN || host.ends_with(".contentsquare.com");
        assert!(taken.is_some() || !is_plain || !is_below, "{text}");
    }
}

/// A wait is from one second to one day, is what was asked for within that, and a date is read as
/// the library for dates reads it.
pub fn retry_after(input: &[u8]) {
    let reply = Reply {
        headers: vec![("Retry-After".into(), input.to_vec())],
        ..Reply::default()
    };
    let Ok(text) = std::str::from_utf8(input) else {
        assert_eq!(reply.retry_after(NOW), None);
        return;
    };
    assert_eq!(reply.retry_after(NOW), retry_after_secs(text, NOW));
    let text = text.trim();
    let at = |secs: u64| retry_after_secs(text, Timestamp { secs, nanos: 0 });
    let date = date::parse(text);
    let expected_at = |now: u64| {
        let secs = match date {
            Some(date) => date.saturating_sub(now),
            None if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) => {
                return None;
            }
            None => text.parse().unwrap_or(u64::MAX),
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
    // The library takes some misspelt dates too, which need not be read; those that it would write
    // itself are to be.
    if let Ok(library) = httpdate::parse_http_date(text) {
        let moment = date.map(|secs| UNIX_EPOCH + Duration::from_secs(secs));
        let is_well_spelt = httpdate::fmt_http_date(library) == text;
        assert!(
            moment == Some(library) || moment.is_none() && !is_well_spelt,
            "{text:?}"
        );
    }
}

/// Sees to it that `text` is made of words of ours alone. Whatever a vendor or a person put in, no
/// piece of it can be in there: stronger than a search for what may not be seen, and right whatever
/// that is.
fn check_words(text: &str) {
    assert!(text.is_ascii(), "{text}");
    for word in text.split(|char: char| !char.is_ascii_alphanumeric()) {
        // A status, a wait, or a place in a document of at most 64 KiB.
        let is_short_number = word.len() <= 5 && word.bytes().all(|byte| byte.is_ascii_digit());
        let is_ours = is_short_number || WORDS.contains(word.to_ascii_lowercase().as_str());
        assert!(is_ours, "{word:?} is not a word of ours: {text}");
    }
}

/// The words that errors, issues and verdicts are made of, the names of their types and members
/// included. What fields and choices are called is in the schemas, which are ours as well.
const OUR_WORDS: &str = "unknown vendor invalid credential problem s the vendor refused the credential status does not allow this too many requests \
    is unavailable was not reached host denied the request unintelligible answer Issue pointer code message Some None \
    UnknownVendor InvalidCredential Rejected Refusal Forbidden Throttled Unavailable Unreachable Denied Unintelligible Misreply part \
    Dns Connect Tls Timeout CutOff Protocol Other Accepted Refresh body token_type expires_in permissions projects access_token endpoint \
    Json Type Required Blank ControlCharacter TooLong NotAChoice TooFew Duplicate OutOfRange NotCombinable Unknown \
    document must be a JSON object this is not see line column long at most bytes characters field must text blank break or another \
    control character was pasted along remove it list choose least one same choice there twice of whole number from to 9007199254740991 \
    has member members that form takes only scope stand alone make other goes with level account needs integration";

static WORDS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let schemas: String = VENDORS.iter().map(Vendor::schema).collect();
    [OUR_WORDS, CODE_WORDS, &schemas]
        .join(" ")
        .to_ascii_lowercase()
        .split(|char: char| !char.is_ascii_alphanumeric())
        .map(Into::into)
        .collect()
});
