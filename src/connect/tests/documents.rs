//! What people may type.

use super::*;

#[test]
fn good_ones_pass() {
    assert_eq!(validate("hotjar", HOTJAR), Ok(()));
    for changes in [
        json!({}),
        json!({"project_id": 1}),
        json!({"client_id": "\u{200b}\u{feff} \r\n\tc\u{a0}"}),
        json!({"client_secret": "x".repeat(1024)}),
        json!({"credential_level": "account", "project_id": 9_007_199_254_740_991_u64}),
        json!({"scopes": ["enrichment"], "integration_id": 1}),
        json!({"scopes": ["surveys"]}),
        json!({"scopes": ["data-export", "metrics", "speed-analysis", "surveys", "session-replay", "symbolicator"]}),
    ] {
        assert_eq!(
            validate("contentsquare", &contentsquare(&changes)),
            Ok(()),
            "{changes}"
        );
    }
}

#[test]
fn one_problem_is_named_at_its_place() {
    for (changes, pointer, code) in [
        (json!({"client_id": 7}), "/client_id", Code::Type),
        (json!({"client_id": null}), "/client_id", Code::Type),
        (json!({"client_id": ""}), "/client_id", Code::Blank),
        (
            json!({"client_id": " \t\r\n\u{a0}\u{200b}\u{feff}"}),
            "/client_id",
            Code::Blank,
        ),
        (
            json!({"client_secret": "two\nlines"}),
            "/client_secret",
            Code::ControlCharacter,
        ),
        (
            json!({"client_secret": "x\u{7f}y"}),
            "/client_secret",
            Code::ControlCharacter,
        ),
        (
            json!({"client_secret": "x".repeat(1025)}),
            "/client_secret",
            Code::TooLong,
        ),
        (
            json!({"credential_level": "Account"}),
            "/credential_level",
            Code::NotAChoice,
        ),
        (
            json!({"credential_level": true}),
            "/credential_level",
            Code::Type,
        ),
        (json!({"scopes": "metrics"}), "/scopes", Code::Type),
        (json!({"scopes": []}), "/scopes", Code::TooFew),
        (
            json!({"scopes": ["metrics", "admin"]}),
            "/scopes/1",
            Code::NotAChoice,
        ),
        (json!({"scopes": ["metrics", 3]}), "/scopes/1", Code::Type),
        (
            json!({"scopes": ["metrics", "metrics"]}),
            "/scopes/1",
            Code::Duplicate,
        ),
        (
            json!({"scopes": ["metrics", "enrichment"], "integration_id": 1}),
            "/scopes",
            Code::NotCombinable,
        ),
        (
            json!({"scopes": ["surveys"], "credential_level": "account", "project_id": 1}),
            "/scopes",
            Code::NotCombinable,
        ),
        (
            json!({"scopes": ["enrichment"]}),
            "/integration_id",
            Code::Required,
        ),
        (
            json!({"integration_id": 1}),
            "/integration_id",
            Code::NotCombinable,
        ),
        (
            json!({"credential_level": "account"}),
            "/project_id",
            Code::Required,
        ),
        (json!({"project_id": ""}), "/project_id", Code::Type),
        (json!({"project_id": null}), "/project_id", Code::Type),
        (json!({"project_id": 1.5}), "/project_id", Code::Type),
        (json!({"project_id": 0}), "/project_id", Code::OutOfRange),
        (json!({"project_id": -3}), "/project_id", Code::OutOfRange),
        (
            json!({"project_id": 9_007_199_254_740_992_u64}),
            "/project_id",
            Code::OutOfRange,
        ),
        (
            json!({"project_id": 1e300}),
            "/project_id",
            Code::OutOfRange,
        ),
        (json!({"client_secert": "x"}), "", Code::Unknown),
    ] {
        let found = refused("contentsquare", &contentsquare(&changes));
        assert_eq!(found, [(pointer.to_owned(), code.as_str())], "{changes}");
    }
}

#[test]
fn every_problem_is_reported_at_once_in_the_order_of_the_form() {
    let document = r#"{"extra":1,"integration_id":0,"scopes":["enrichment","metrics","?"],"credential_level":"account","client_id":" "}"#;
    let pointers: Vec<_> = refused("contentsquare", document)
        .into_iter()
        .map(|(pointer, _)| pointer)
        .collect();
    assert_eq!(
        pointers,
        [
            "/client_id",
            "/client_secret",
            "/scopes/2",
            "/scopes",
            "/project_id",
            "/integration_id",
            ""
        ]
    );
    assert_eq!(
        refused("hotjar", "{}"),
        [
            ("/client_id".to_owned(), "required"),
            ("/client_secret".to_owned(), "required")
        ]
    );
}

#[test]
fn what_is_no_object_is_one_problem_of_the_whole() {
    let deep = "[".repeat(100_000);
    let long = format!("\"{}\"", "x".repeat(70_000));
    for (document, code) in [
        ("", "json"),
        ("{", "json"),
        ("hello", "json"),
        (r#"{"project_id":1e999}"#, "json"),
        ("[]", "type"),
        ("null", "type"),
        (&deep, "too-long"),
        (&deep[..60_000], "json"),
        (&long, "too-long"),
    ] {
        assert_eq!(refused("contentsquare", document), [(String::new(), code)]);
    }
}

#[test]
fn no_message_repeats_what_was_typed() {
    let document = r#"{"s3cr3t-key":1,"client_id":"s3cr3t\n-id","client_secret":["s3cr3t"],"credential_level":"s3cr3t","scopes":["s3cr3t"]}"#;
    let issues = format!("{:?}", validate("contentsquare", document));
    assert!(
        issues.contains("control-character") || issues.contains("ControlCharacter"),
        "{issues}"
    );
    assert!(!issues.contains("s3cr3t"), "{issues}");
}

#[test]
fn an_unknown_vendor_is_said_first() {
    assert_eq!(validate("hotjaR", "not json"), Err(Error::UnknownVendor));
    assert_eq!(credential_schema(""), Err(Error::UnknownVendor));
    assert_eq!(
        classify("x", &Reply::default(), NOW),
        Err(Error::UnknownVendor)
    );
}

#[test]
fn an_inspection_needs_the_pair() {
    let no_http = |_: Request| -> Result<Reply, Error> { panic!("not sent") };
    let Err(Error::InvalidCredential(issues)) =
        inspect("contentsquare", r#"{"client_id":""}"#, NOW, &no_http)
    else {
        panic!("expected issues");
    };
    let pointers: Vec<_> = issues.iter().map(|issue| issue.pointer.as_str()).collect();
    assert_eq!(pointers, ["/client_id", "/client_secret"]);
}
