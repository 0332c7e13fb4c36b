//! Documents and fields, good and bad. That the rules are those of JSON Schema is tested where
//! there is a validator.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "a path to a method of `Field` is not general enough in its lifetimes"
)]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::Secret;
use crate::json::MAX_ID;

/// Reads a document, and returns the pointers and codes of the issues.
fn problems<T>(
    document: &str,
    read: impl FnOnce(&mut Form) -> Option<T>,
) -> Vec<(String, IssueCode)> {
    match Form::read(document, &[], read) {
        Ok(_) => Vec::new(),
        Err(Error::InvalidCredential(issues)) => {
            assert!(!issues.is_empty());
            let issues = issues.into_iter();
            issues.map(|issue| (issue.pointer, issue.code)).collect()
        }
        Err(error) => panic!("no document makes {error:?}"),
    }
}

/// Reads the field `x` of a document that holds `value` there.
fn field<T>(value: &Value, read: impl Fn(Field) -> Option<T>) -> Result<T, IssueCode> {
    let document = json!({"x": value}).to_string();
    let read = |form: &mut Form| read(form.required("x"));
    match Form::read(&document, &[], read) {
        Ok(value) => Ok(value),
        Err(_) => match &problems(&document, read)[..] {
            [(pointer, code)] if pointer == "/x" => Err(*code),
            other => panic!("{value}: {other:?}"),
        },
    }
}

#[test]
fn reads_strings_without_what_surrounds_them() {
    for (value, expected) in [
        (json!("a"), Ok("a")),
        (
            json!(" \t\r\n\u{b}\u{c}a b\u{85}\u{a0}\u{3000}\u{202f}"),
            Ok("a b"),
        ),
        (
            json!("\u{200e}\u{200c}\u{200d}\u{ad}\u{202e}a\u{2069}\u{feff}\u{fe0f}"),
            Ok("a"),
        ),
        (json!("s;é?+ %=\"\\漢😀"), Ok("s;é?+ %=\"\\漢😀")),
        (json!(""), Err(IssueCode::Blank)),
        (
            json!(" \u{200b}\u{2060}\u{e0041}\u{2800}"),
            Err(IssueCode::Blank),
        ),
        (json!("a\nb"), Err(IssueCode::ControlCharacter)),
        (json!("a\u{0}"), Err(IssueCode::ControlCharacter)),
        (json!("\u{7f}a"), Err(IssueCode::ControlCharacter)),
        (json!("a\u{85}b"), Err(IssueCode::ControlCharacter)),
        (json!("a\u{a0}b"), Err(IssueCode::InvisibleCharacter)),
        (json!("a\u{3000}b"), Err(IssueCode::InvisibleCharacter)),
        (json!("a\u{202f}b"), Err(IssueCode::InvisibleCharacter)),
        (json!("a\u{200d}b"), Err(IssueCode::InvisibleCharacter)),
        (json!("a\u{ad}b"), Err(IssueCode::InvisibleCharacter)),
        (json!("a\u{2028}b"), Err(IssueCode::InvisibleCharacter)),
        (json!(7), Err(IssueCode::Type)),
        (json!(null), Err(IssueCode::Type)),
        (json!(["a"]), Err(IssueCode::Type)),
    ] {
        let read = field(&value, |field| field.string()).map(Secret::into_exposed);
        assert_eq!(read, expected.map(Into::into), "{value}");
    }
    for (string, is_read) in [
        ("x".repeat(MAX_STRING_CHARS), true),
        ("x".repeat(MAX_STRING_CHARS + 1), false),
        ("😀".repeat(MAX_STRING_CHARS), true),
        // As in the schema, what surrounds the string counts.
        ([" ", &"x".repeat(MAX_STRING_CHARS)].concat(), false),
    ] {
        let read = field(&json!(string), |field| field.string()).map(drop);
        assert_eq!(
            read,
            if is_read {
                Ok(())
            } else {
                Err(IssueCode::TooLong)
            }
        );
    }
}

#[test]
fn reads_strings_that_hold_a_rule() {
    let rule =
        |field: Field| field.string_where(|key| key.starts_with("k-"), "a key begins with k-");
    let read = |value| field(&value, rule).map(Secret::into_exposed);
    assert_eq!(read(json!(" k-1\n")), Ok("k-1".to_owned()));
    assert_eq!(read(json!("1")), Err(IssueCode::Format));
    assert_eq!(read(json!("")), Err(IssueCode::Blank));
    assert_eq!(read(json!(7)), Err(IssueCode::Type));
}

#[test]
fn reads_urls_and_labels_of_hosts() {
    for (value, expected) in [
        (
            json!("https://Tenant.Example.com:443/v2/"),
            Ok("https://tenant.example.com/v2"),
        ),
        (json!("https://10.0.0.1"), Ok("https://10.0.0.1")),
        (json!("http://example.com"), Err(IssueCode::Format)),
        (json!("https://user@example.com"), Err(IssueCode::Format)),
        (json!("https://example.com/?a=b"), Err(IssueCode::Format)),
        (
            json!("\u{feff} https://example.com/\r\n"),
            Ok("https://example.com"),
        ),
        (json!("https://exa mple.com"), Err(IssueCode::Format)),
        (
            json!("https://exa\nmple.com"),
            Err(IssueCode::ControlCharacter),
        ),
        (
            json!("https://exa\u{ad}mple.com"),
            Err(IssueCode::InvisibleCharacter),
        ),
        (json!(""), Err(IssueCode::Blank)),
        (json!({}), Err(IssueCode::Type)),
    ] {
        let read = field(&value, |field| field.url());
        assert_eq!(read, expected.map(str::to_owned), "{value}");
    }
    for (value, expected) in [
        (json!("Acme-1"), Ok("acme-1")),
        (json!("a.b"), Err(IssueCode::Format)),
        (json!("evil.example/"), Err(IssueCode::Format)),
        (json!("-a"), Err(IssueCode::Format)),
        (json!("x".repeat(64)), Err(IssueCode::Format)),
        (json!(" acme\u{200b}\t"), Ok("acme")),
        (json!("ac me"), Err(IssueCode::Format)),
        (json!("ac\nme"), Err(IssueCode::ControlCharacter)),
        (json!("ac\u{200d}me"), Err(IssueCode::InvisibleCharacter)),
        (json!(" \n"), Err(IssueCode::Blank)),
        (json!(""), Err(IssueCode::Blank)),
        (json!(1), Err(IssueCode::Type)),
    ] {
        let read = field(&value, |field| field.host_label());
        assert_eq!(read, expected.map(str::to_owned), "{value}");
    }
}

#[test]
fn reads_choices() {
    const CHOICES: [(&str, u8); 2] = [("one", 1), ("two", 2)];
    for (value, expected) in [
        (json!("two"), Ok(2)),
        (json!("Two"), Err(IssueCode::NotAChoice)),
        (json!(" two"), Err(IssueCode::NotAChoice)),
        (json!(2), Err(IssueCode::Type)),
        (json!(null), Err(IssueCode::Type)),
    ] {
        assert_eq!(
            field(&value, |field| field.choice(&CHOICES)),
            expected,
            "{value}"
        );
    }
    let read = |value: Value| {
        let document = json!({"x": value}).to_string();
        problems(&document, |form| form.required("x").choices(&["a", "b"]))
    };
    assert_eq!(read(json!(["b", "a"])), []);
    let at = |pointer: &str, code| vec![(pointer.to_owned(), code)];
    assert_eq!(read(json!("a")), at("/x", IssueCode::Type));
    assert_eq!(read(json!([])), at("/x", IssueCode::TooFew));
    assert_eq!(read(json!(["b", "b"])), at("/x/1", IssueCode::Duplicate));
    let two = [
        at("/x/0", IssueCode::NotAChoice),
        at("/x/2", IssueCode::Type),
    ]
    .concat();
    assert_eq!(read(json!(["c", "a", 7])), two);
}

#[test]
fn reads_numbers_as_json_schema_does() {
    const HUGE: f64 = 1e300;
    for (value, integer, id, number) in [
        (json!(42), Ok(42), Ok(42), Ok(42.0)),
        (json!(42.0), Ok(42), Ok(42), Ok(42.0)),
        (json!(-3), Ok(-3), Err(IssueCode::OutOfRange), Ok(-3.0)),
        (json!(0), Ok(0), Err(IssueCode::OutOfRange), Ok(0.0)),
        (
            json!(1.5),
            Err(IssueCode::Type),
            Err(IssueCode::Type),
            Ok(1.5),
        ),
        (
            json!(501),
            Err(IssueCode::OutOfRange),
            Ok(501),
            Err(IssueCode::OutOfRange),
        ),
        (
            json!(MAX_ID),
            Err(IssueCode::OutOfRange),
            Ok(MAX_ID),
            Err(IssueCode::OutOfRange),
        ),
        (
            json!(HUGE),
            Err(IssueCode::OutOfRange),
            Err(IssueCode::OutOfRange),
            Err(IssueCode::OutOfRange),
        ),
        (
            json!(u64::MAX),
            Err(IssueCode::OutOfRange),
            Err(IssueCode::OutOfRange),
            Err(IssueCode::OutOfRange),
        ),
        (
            json!(MAX_ID + 1),
            Err(IssueCode::OutOfRange),
            Err(IssueCode::OutOfRange),
            Err(IssueCode::OutOfRange),
        ),
        (
            json!("42"),
            Err(IssueCode::Type),
            Err(IssueCode::Type),
            Err(IssueCode::Type),
        ),
        (
            json!(null),
            Err(IssueCode::Type),
            Err(IssueCode::Type),
            Err(IssueCode::Type),
        ),
        (
            json!(true),
            Err(IssueCode::Type),
            Err(IssueCode::Type),
            Err(IssueCode::Type),
        ),
    ] {
        assert_eq!(
            field(&value, |field| field.integer(-5..=500)),
            integer,
            "{value}"
        );
        assert_eq!(field(&value, |field| field.id()), id, "{value}");
        assert_eq!(
            field(&value, |field| field.number(-5.0..=500.0)),
            number,
            "{value}"
        );
    }
    assert_eq!(field(&json!(true), |field| field.boolean()), Ok(true));
    assert_eq!(
        field(&json!(0), |field| field.boolean()),
        Err(IssueCode::Type)
    );
}

#[test]
fn a_field_is_there_or_not_as_its_presence_asks() {
    let why = Text::new("because", &[("fr", "parce que")]);
    for (presence, without, with) in [
        (Presence::Optional, None, None),
        (
            Presence::Required,
            Some((IssueCode::Required, "this field is required")),
            None,
        ),
        (
            Presence::RequiredBecause(why),
            Some((IssueCode::Required, "because")),
            None,
        ),
        (
            Presence::Refused(why),
            None,
            Some((IssueCode::NotCombinable, "because")),
        ),
    ] {
        for (document, expected) in [("{}", without), (r#"{"x":true}"#, with)] {
            let result = Form::read(document, &[], |form| {
                let value = form.field("x", presence).boolean();
                Some(value)
            });
            let found = match &result {
                Ok(_) => None,
                Err(Error::InvalidCredential(issues)) => {
                    Some((issues[0].code, &*issues[0].message))
                }
                Err(error) => panic!("{error:?}"),
            };
            assert_eq!(found, expected, "{presence:?} {document}");
        }
    }
}

#[test]
fn a_document_that_is_no_object_is_one_problem_of_the_whole() {
    let deep = "[".repeat(100_000);
    let long = format!("\"{}\"", "x".repeat(70_000));
    for (document, code) in [
        ("", IssueCode::Json),
        ("{", IssueCode::Json),
        ("hello", IssueCode::Json),
        (r#"{"x":1e999}"#, IssueCode::Json),
        (r#"{"x":"\ud800"}"#, IssueCode::Json),
        ("{} {}", IssueCode::Json),
        ("[]", IssueCode::Type),
        ("null", IssueCode::Type),
        ("\u{feff}7", IssueCode::Type),
        (&deep, IssueCode::TooLong),
        (&deep[..60_000], IssueCode::Json),
        (&long, IssueCode::TooLong),
    ] {
        let found = problems(document, |form| form.required("x").string());
        assert_eq!(found, [(String::new(), code)]);
    }
}

#[test]
fn a_document_may_be_as_long_as_its_limit_and_begin_with_a_byte_order_mark() {
    let document = |bytes: usize| r#"{"x":true}"#.to_owned() + &" ".repeat(bytes - 10);
    let read = |document: &str| problems(document, |form| form.required("x").boolean());
    assert_eq!(read(&document(MAX_DOCUMENT_BYTES)), []);
    let too_long = [(String::new(), IssueCode::TooLong)];
    assert_eq!(read(&document(MAX_DOCUMENT_BYTES + 1)), too_long);
    assert_eq!(read("\u{feff}{\"x\":true}"), []);
}

#[test]
fn every_problem_is_reported_at_once_in_the_order_of_the_form() {
    let found = problems(r#"{"zebra":1,"b":7,"c":[]}"#, |form| {
        form.required("a").string();
        form.required("b").string();
        form.optional("c").choices(&["x"]);
        form.report("/b", IssueCode::NotCombinable, "b does not go with c");
        Some(())
    });
    let expected = [
        ("/a", IssueCode::Required),
        ("/b", IssueCode::Type),
        ("/c", IssueCode::TooFew),
        ("/b", IssueCode::NotCombinable),
        ("", IssueCode::Unknown),
    ];
    assert_eq!(
        found,
        expected.map(|(pointer, code)| (pointer.to_owned(), code))
    );
}

#[test]
fn a_document_read_in_part_may_have_other_fields() {
    let read = |form: &mut Form| form.required("x").boolean();
    assert_eq!(Form::read_some(r#"{"x":true,"y":1}"#, &[], read), Ok(true));
    assert!(Form::read_some(r#"{"y":1}"#, &[], read).is_err());
}

#[test]
fn messages_are_in_the_language_asked_for() {
    let read = |locales: &[&str]| {
        let locales: Vec<String> = locales.iter().map(|&tag| tag.into()).collect();
        let result = Form::read(r#"{"c":"z","zebra":1}"#, &locales, |form| {
            form.required("a").string();
            form.required("c").choice(&[("x", ()), ("y", ())]);
            Some(())
        });
        let Err(Error::InvalidCredential(issues)) = result else {
            panic!("expected issues");
        };
        let messages: Vec<_> = issues.into_iter().map(|issue| issue.message).collect();
        messages
    };
    let english = [
        "this field is required",
        "this must be one of x or y",
        "the document has fields that this form does not have: it accepts only a and c",
    ];
    assert_eq!(read(&[]), english);
    assert_eq!(read(&["de", "en-GB", "fr"]), english);
    let french = [
        "ce champ est obligatoire",
        "ce champ doit valoir x ou y",
        "le document a des champs que ce formulaire n’a pas : il n’accepte que a et c",
    ];
    assert_eq!(read(&["de", "fr-CA"]), french);
}

#[test]
fn every_message_begins_in_lower_case_and_has_no_full_stop() {
    for text in [
        messages::TOO_LONG_DOCUMENT,
        messages::NOT_AN_OBJECT,
        messages::NOT_JSON,
        messages::REQUIRED,
        messages::NOT_A_STRING,
        messages::NOT_A_LIST,
        messages::NOT_A_BOOLEAN,
        messages::TOO_LONG,
        messages::BLANK,
        messages::CONTROL_CHARACTER,
        messages::INVISIBLE_CHARACTER,
        messages::NOT_A_CHOICE,
        messages::TOO_FEW,
        messages::DUPLICATE,
        messages::NOT_A_WHOLE_NUMBER,
        messages::NOT_A_NUMBER,
        messages::NOT_A_URL,
        messages::NOT_A_LABEL,
        messages::UNKNOWN_FIELDS,
    ] {
        let places = |message: &str| message.matches("{}").count();
        let [(locale, french)] = text.translations() else {
            panic!("{text:?}");
        };
        assert_eq!(*locale, "fr");
        assert_eq!(places(french), places(text.english()), "{text:?}");
        for message in [text.english(), french] {
            assert!(message.starts_with(char::is_lowercase), "{message}");
            assert!(!message.ends_with('.'), "{message}");
        }
    }
}

#[test]
fn a_syntax_error_is_named_by_its_place() {
    let Err(Error::InvalidCredential(issues)) = Form::read("{\n  \"a\": x}", &[], |_| Some(()))
    else {
        panic!("expected an issue");
    };
    assert_eq!(issues[0].message, "this is not JSON: see line 2, column 8");
}

proptest! {
    #[test]
    fn any_text_is_a_document_or_has_a_problem(document in "\\PC{0,60}") {
        let document = ["{\"x\":", &document, "}"].concat();
        let read = Form::read(&document, &[], |form| form.required("x").string());
        if let Err(Error::InvalidCredential(issues)) = read {
            prop_assert!(!issues.is_empty());
        }
    }
}
