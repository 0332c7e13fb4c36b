//! The round trip of the forms for both platforms, and tables of conversions and problems.

use super::Platform::{N8n, Nango};
use super::*;
use crate::export::sample::schema;

fn converted(platform: Platform, stored: &Value) -> Result<(Value, Vec<String>), Vec<String>> {
    let lines = |named: &[Named]| named.iter().map(Named::line).collect::<Vec<_>>();
    match convert(platform, stored, &schema()) {
        Ok(of) => Ok((Value::Object(of.document), lines(&of.changes))),
        Err(problems) => Err(lines(&problems)),
    }
}

fn documents() -> Vec<Value> {
    vec![
        json!({"key": "k1", "word": " w ", "level": "room", "tasks": ["read"]}),
        json!({"key": "k", "word": "w", "level": "house", "tasks": ["r.w", "read"], "room": 7}),
        json!({"key": "k", "word": "w", "level": "house", "tasks": ["stack"], "room": 9,
                   "shelf": 0}),
    ]
}

/// What Nango stores after its form: strings.
fn of_nango(document: &Value) -> Value {
    let mut stored = json!({"type": "TWO_STEP", "raw": {"a": 1}, "token": "t"});
    for (name, value) in document.as_object().unwrap() {
        stored[name] = match value {
            Value::Array(items) => {
                json!(items.iter().map(plain).collect::<Vec<_>>().join(" "))
            }
            value => json!(plain(value)),
        };
    }
    json!({"id": 3, "connection_id": "c", "credentials": stored})
}

/// What n8n stores after its form: all that is not the default.
fn of_n8n(document: &Value) -> Value {
    let mut data = document.clone();
    data.as_object_mut()
        .unwrap()
        .retain(|name, value| schema()["properties"][name].get("default") != Some(value));
    json!([{"id": "a1", "name": "My key", "type": "libraryApi", "data": data}])
}

#[test]
fn what_the_forms_of_the_platforms_yield_is_the_document_again() {
    for document in documents() {
        let (found, _) = converted(Platform::Nango, &of_nango(&document)).unwrap();
        assert_eq!(found, document);
        let bare = &of_nango(&document)["credentials"];
        assert_eq!(converted(Platform::Nango, bare).unwrap().0, document);
        let (found, _) = converted(Platform::N8n, &of_n8n(&document)).unwrap();
        assert_eq!(found, document);
        let bare = &of_n8n(&document)[0]["data"];
        assert_eq!(converted(Platform::N8n, bare).unwrap().0, document);
    }
    let named = convert(Platform::N8n, &of_n8n(&documents()[0]), &schema()).unwrap();
    assert_eq!(named.name.as_deref(), Some("My key"));
}

/// A stored value, and the value and the change that it becomes, or the problem.
type Case<'a> = (
    Platform,
    &'a str,
    Value,
    Result<(Option<Value>, &'a str), &'a str>,
);

fn check(cases: &[Case<'_>]) {
    for (platform, member, value, expected) in cases {
        let mut stored = documents()[1].clone();
        if *platform == Nango {
            stored["tasks"] = json!("read");
            stored["room"] = json!("7");
        }
        stored[*member] = value.clone();
        let line = |text: &str| format!("{member}: {text}");
        match (converted(*platform, &stored), expected) {
            (Ok((document, changes)), Ok((found, change))) => {
                assert_eq!(document.get(*member), found.as_ref(), "{member} {value}");
                let named = changes.contains(&line(change));
                assert_eq!(named, !change.is_empty(), "{member} {value}: {changes:?}");
            }
            (Err(problems), Err(problem)) => assert_eq!(problems, [line(problem)]),
            (found, _) => panic!("{member} {value}: {found:?}"),
        }
    }
}

#[test]
fn a_number_as_text_is_converted_and_one_without_a_clear_meaning_is_a_problem() {
    let number = "expected a whole number, such as 42";
    check(&[
        (
            Nango,
            "room",
            json!(null),
            Ok((None, "left out, because it is null")),
        ),
        (
            Nango,
            "room",
            json!(""),
            Ok((None, "left out, because it is empty")),
        ),
        (
            N8n,
            "room",
            json!(" "),
            Ok((None, "left out, because it is empty")),
        ),
        (
            Nango,
            "room",
            json!("42"),
            Ok((Some(json!(42)), "converted to a whole number")),
        ),
        (
            Nango,
            "room",
            json!(" 42\n"),
            Ok((Some(json!(42)), "converted to a whole number")),
        ),
        (
            N8n,
            "room",
            json!(42.0),
            Ok((Some(json!(42)), "converted to a whole number")),
        ),
        (N8n, "room", json!(42), Ok((Some(json!(42)), ""))),
        (Nango, "room", json!("1,234"), Err(number)),
        (Nango, "room", json!("1.5"), Err(number)),
        (Nango, "room", json!("007"), Err(number)),
        (Nango, "room", json!("+7"), Err(number)),
        (N8n, "room", json!(1.5), Err(number)),
        (N8n, "room", json!(1e300), Err(number)),
        (N8n, "room", json!([4]), Err(number)),
        (N8n, "room", json!(true), Err(number)),
    ]);
}

#[test]
fn each_change_is_named_and_a_value_without_a_meaning_is_a_problem() {
    let tasks = "expected some of these, separated by a space: read, stack, r.w";
    check(&[
        (
            Nango,
            "tasks",
            json!("read r.w"),
            Ok((Some(json!(["read", "r.w"])), "split into a list")),
        ),
        (
            Nango,
            "tasks",
            json!(" read,  r.w "),
            Ok((Some(json!(["read", "r.w"])), "split into a list")),
        ),
        (N8n, "tasks", json!(["r.w"]), Ok((Some(json!(["r.w"])), ""))),
        (
            N8n,
            "tasks",
            json!([]),
            Ok((None, "left out, because it is empty")),
        ),
        (Nango, "tasks", json!("read dance"), Err(tasks)),
        (N8n, "tasks", json!([7]), Err(tasks)),
        (
            Nango,
            "level",
            json!("attic"),
            Err("expected one of: room, house"),
        ),
        (Nango, "key", json!(7), Err("expected a string")),
        (N8n, "word", json!({"a": 1}), Err("expected a string")),
        (
            N8n,
            "word",
            json!("__n8n_BLANK_VALUE_e5362baf-c777-4d57-a609-6eaf1f9e87f6"),
            Err("holds n8n's placeholder for a secret; export with --decrypted"),
        ),
        (
            N8n,
            "word",
            json!("__n8n_EMPTY_VALUE_7b1af746"),
            Ok((None, "left out, because it is empty")),
        ),
        (
            Nango,
            "client_certificate",
            json!(null),
            Ok((None, "left out, because it is empty")),
        ),
        (
            Nango,
            "expires_at",
            json!("2030"),
            Ok((None, "left out, because Nango added it")),
        ),
        (
            N8n,
            "surprise",
            json!("x"),
            Err("is no field of the vendor's form; remove it from the file"),
        ),
    ]);
}

#[test]
fn a_field_that_n8n_no_longer_shows_is_left_out() {
    let mut stored = documents()[1].clone();
    stored["shelf"] = json!(3);
    let (document, changes) = converted(Platform::N8n, &stored).unwrap();
    assert_eq!(document, documents()[1]);
    let expected = "shelf: left out, because the form does not show it with the other values";
    assert_eq!(changes, [expected]);
}

#[test]
fn something_else_than_a_connection_is_named() {
    for (platform, stored, problem) in [
        (
            Platform::Nango,
            json!([]),
            "the document: is not a JSON object",
        ),
        (
            Platform::N8n,
            json!("x"),
            "the document: is not a JSON object",
        ),
        (
            Platform::N8n,
            json!([{}, {}]),
            "the document: holds several credentials, or none",
        ),
        (
            Platform::N8n,
            json!([]),
            "the document: holds several credentials, or none",
        ),
        (
            Platform::N8n,
            json!([{"name": "a", "data": "U2F="}]),
            "data: is encrypted",
        ),
        (
            Platform::Nango,
            json!({"credentials": 7}),
            "credentials: is not a JSON object",
        ),
    ] {
        let problems = converted(platform, &stored).unwrap_err();
        assert!(
            problems.len() == 1 && problems[0].starts_with(problem),
            "{problems:?}"
        );
    }
}

#[test]
fn open_lists_and_objects_are_read_from_text() {
    let schema = json!({"properties": {
        "tags": {"type": "array", "items": {"type": "string"}},
        "map": {"type": "object"},
        "ratio": {"type": "number"},
        "flag": {"type": "boolean"},
        "size": {"type": "integer", "oneOf": [{"const": 1, "title": "One"}]},
    }});
    for (member, stored, expected) in [
        ("tags", json!("a b"), Some(json!(["a", "b"]))),
        ("tags", json!("[\"a b\"]"), Some(json!(["a b"]))),
        ("tags", json!(["a"]), Some(json!(["a"]))),
        ("map", json!("{\"a\": 1}"), Some(json!({"a": 1}))),
        ("map", json!("a"), None),
        ("ratio", json!("1.5"), Some(json!(1.5))),
        ("ratio", json!("1,5"), None),
        ("ratio", json!("inf"), None),
        ("flag", json!("true"), Some(json!(true))),
        ("flag", json!("yes"), None),
        ("size", json!("1"), Some(json!(1))),
        ("size", json!("2"), None),
    ] {
        let found = convert(Platform::Nango, &json!({member: stored}), &schema);
        let found = found.ok().map(|found| found.document[member].clone());
        assert_eq!(found, expected, "{member} {stored}");
    }
}
