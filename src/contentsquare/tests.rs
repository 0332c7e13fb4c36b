//! The form of Contentsquare, the requests to it, and the answers that only Contentsquare gives.

use std::cell::Cell;

use connector_guest::testing::{self, Fixed};
use connector_guest::{
    Error, InvalidResponse, Issue, Plugin as _, Refusal, Request, Verdict, verdict,
};
use serde_json::{Value, json};

use super::*;
use crate::Connector;
use crate::tests::{CONTENTSQUARE, authenticate, classify, contentsquare, inspect, reply, token};

fn issues(document: &str) -> Vec<Issue> {
    match Connector::validate("contentsquare", document, &[]) {
        Err(Error::InvalidCredential(issues)) => issues,
        other => panic!("expected issues for {document}: {other:?}"),
    }
}

/// The requests that a document makes `authenticate` and `refresh` send, which are the same.
fn sent(document: &str) -> Value {
    let body = Cell::new(Value::Null);
    let read = |request: &Request| {
        assert_eq!(request.method, "POST");
        assert_eq!(
            request.url.expose(),
            "https://api.contentsquare.com/v1/oauth/token"
        );
        assert_eq!(
            request.header_value("content-type"),
            Some("application/json")
        );
        body.set(serde_json::from_slice(request.body.expose()).unwrap());
        token(&json!({}))
    };
    let session = testing::authenticate(&Contentsquare, document, read).unwrap();
    let first = body.take();
    testing::refresh(&Contentsquare, document, &session, read).unwrap();
    assert_eq!(body.take(), first);
    first
}

#[test]
fn good_documents_pass() {
    for changes in [
        json!({}),
        json!({"project_id": 1}),
        json!({"client_id": "\u{200b}\u{feff} \r\n\tc\u{a0}"}),
        json!({"client_secret": "x".repeat(1024)}),
        json!({"credential_level": "account", "project_id": 9_007_199_254_740_991_u64}),
        json!({"scopes": ["enrichment"], "integration_id": 1}),
        json!({"scopes": ["surveys"]}),
        json!({"scopes": [
            "data-export", "metrics", "speed-analysis", "surveys", "session-replay", "symbolicator",
        ]}),
    ] {
        let document = contentsquare(&changes);
        assert_eq!(
            Connector::validate("contentsquare", &document, &[]),
            Ok(()),
            "{changes}"
        );
    }
}

#[test]
fn one_problem_is_reported_at_its_place() {
    use IssueCode::{
        Blank, Duplicate, NotAChoice, NotCombinable, OutOfRange, Required, TooFew, Type,
    };
    for (changes, pointer, code) in [
        (json!({"client_id": 7}), "/client_id", Type),
        (json!({"client_id": null}), "/client_id", Type),
        (json!({"client_id": ""}), "/client_id", Blank),
        (
            json!({"client_id": " \t\u{a0}\u{200b}\u{feff}"}),
            "/client_id",
            Blank,
        ),
        (
            json!({"client_secret": "two\nlines"}),
            "/client_secret",
            IssueCode::ControlCharacter,
        ),
        (
            json!({"client_secret": "x\u{ad}y"}),
            "/client_secret",
            IssueCode::InvisibleCharacter,
        ),
        (
            json!({"client_secret": "x".repeat(1025)}),
            "/client_secret",
            IssueCode::TooLong,
        ),
        (
            json!({"credential_level": "Account"}),
            "/credential_level",
            NotAChoice,
        ),
        (json!({"credential_level": true}), "/credential_level", Type),
        (json!({"scopes": "metrics"}), "/scopes", Type),
        (json!({"scopes": []}), "/scopes", TooFew),
        (
            json!({"scopes": ["metrics", "admin"]}),
            "/scopes/1",
            NotAChoice,
        ),
        (json!({"scopes": ["metrics", 3]}), "/scopes/1", Type),
        (
            json!({"scopes": ["metrics", "metrics"]}),
            "/scopes/1",
            Duplicate,
        ),
        (
            json!({"scopes": ["metrics", "enrichment"], "integration_id": 1}),
            "/scopes",
            NotCombinable,
        ),
        (
            json!({"scopes": ["surveys"], "credential_level": "account", "project_id": 1}),
            "/scopes",
            NotCombinable,
        ),
        (
            json!({"scopes": ["enrichment"]}),
            "/integration_id",
            Required,
        ),
        (
            json!({"integration_id": 1}),
            "/integration_id",
            NotCombinable,
        ),
        (
            json!({"credential_level": "account"}),
            "/project_id",
            Required,
        ),
        (json!({"project_id": ""}), "/project_id", Type),
        (json!({"project_id": null}), "/project_id", Type),
        (json!({"project_id": "42"}), "/project_id", Type),
        (json!({"project_id": 1.5}), "/project_id", Type),
        (json!({"project_id": 0}), "/project_id", OutOfRange),
        (json!({"project_id": -3}), "/project_id", OutOfRange),
        (
            json!({"project_id": 9_007_199_254_740_992_u64}),
            "/project_id",
            OutOfRange,
        ),
        (json!({"project_id": 1e300}), "/project_id", OutOfRange),
        (json!({"client_secert": "x"}), "", IssueCode::Unknown),
    ] {
        let found = issues(&contentsquare(&changes));
        let found: Vec<_> = found
            .iter()
            .map(|issue| (&*issue.pointer, issue.code))
            .collect();
        assert_eq!(found, [(pointer, code)], "{changes}");
    }
}

#[test]
fn every_problem_is_reported_at_once_in_the_order_of_the_form() {
    let document = r#"{"extra":1,"integration_id":0,"scopes":["enrichment","metrics","?"],
        "credential_level":"account","client_id":" "}"#;
    let found = issues(document);
    let pointers: Vec<_> = found.iter().map(|issue| &*issue.pointer).collect();
    let expected = [
        "/client_id",
        "/client_secret",
        "/scopes/2",
        "/scopes",
        "/project_id",
        "/integration_id",
        "",
    ];
    assert_eq!(pointers, expected);
}

#[test]
fn the_body_of_a_token_request_holds_nothing_that_is_absent() {
    let document = contentsquare(&json!({"scopes": ["metrics", "data-export"]}));
    let expected = json!({
        "client_id": "c-1",
        "client_secret": "QUOTE\";back\\slash?é",
        "grant_type": "client_credentials",
        "scope": "metrics data-export",
    });
    assert_eq!(sent(&document), expected);
}

#[test]
fn project_and_integration_are_sent_as_integers() {
    let body = sent(&contentsquare(&json!({
        "credential_level": "account",
        "scopes": ["enrichment"],
        "project_id": 42.0,
        "integration_id": 123,
    })));
    assert_eq!(body["project_id"].as_u64(), Some(42));
    assert_eq!(body["integration_id"].as_u64(), Some(123));
}

/// Growing would leave a copy of the secret behind.
#[test]
fn no_body_outgrows_the_room_that_was_made_for_it() {
    let document = contentsquare(&json!({
        "client_id": "\"".repeat(1024),
        "client_secret": "\\".repeat(1024),
        "scopes": SCOPES.iter().filter(|scope| **scope != ENRICHMENT).collect::<Vec<_>>(),
        "project_id": MAX_ID,
    }));
    let answer = |request: &Request| {
        let mut body = request.body.clone();
        assert!(body.buffer().len() > 4096);
        reply(503, &[], "")
    };
    let failed = testing::authenticate(&Contentsquare, &document, answer);
    assert_eq!(failed.map(drop), Err(Error::Unavailable(None)));
}

#[test]
fn an_inspection_sends_the_pair_alone_whatever_else_the_form_holds() {
    let document =
        r#"{"client_id":"c","client_secret":"s","scopes":7,"project_id":"","surprise":true}"#;
    let inspected = testing::inspect(&Contentsquare, document, None, |request| {
        assert_eq!(
            request.url.expose(),
            "https://api.contentsquare.com/v1/oauth/me"
        );
        assert_eq!(
            request.header_value("content-type"),
            Some("application/json")
        );
        assert_eq!(
            request.body.expose(),
            br#"{"client_id":"c","client_secret":"s"}"#
        );
        reply(503, &[], "")
    });
    assert_eq!(inspected, Err(Error::Unavailable(None)));

    let environment = Fixed::new(|_: &Request| unreachable!("no request"));
    let inspect = |cursor| {
        Connector::inspect(
            "contentsquare",
            r#"{"client_id":""}"#,
            None,
            cursor,
            &environment,
        )
    };
    let Err(Error::InvalidCredential(issues)) = inspect(None) else {
        panic!("expected issues");
    };
    let pointers: Vec<_> = issues.iter().map(|issue| &*issue.pointer).collect();
    assert_eq!(pointers, ["/client_id", "/client_secret"]);
    assert_eq!(inspect(Some("2")), Err(UNKNOWN_CURSOR));
}

#[test]
fn a_full_reply_opens_a_session() {
    let document = contentsquare(&json!({"scopes": ["metrics", "data-export"], "project_id": 42}));
    let answer = token(
        &json!({"scope": "metrics", "project_id": 42, "expires_in": 1800, "new_field": [{}]}),
    );
    let session = authenticate("contentsquare", &document, &answer).unwrap();
    assert_eq!(
        session.base_url,
        "https://api.eu-west-1.production.contentsquare.com"
    );
    assert_eq!(session.scopes, ["metrics"]);
    assert_eq!(session.account.as_deref(), Some("42"));
    assert_eq!(session.expires_at, Some(testing::NOW.plus(1800)));
    let origins = Connector::origins("contentsquare", &document).unwrap();
    assert_eq!(origins, INFO.origins);
}

#[test]
fn the_scope_surveys_alone_uses_the_host_of_its_pages() {
    let alone = contentsquare(&json!({"scopes": ["surveys"]}));
    for answer in [token(&json!({})), token(&json!({"endpoint": null}))] {
        let session = authenticate("contentsquare", &alone, &answer).unwrap();
        assert_eq!(session.base_url, "https://api.contentsquare.com");
    }
    let joined = contentsquare(&json!({"scopes": ["surveys", "metrics"]}));
    let session = authenticate("contentsquare", &joined, &token(&json!({}))).unwrap();
    assert_eq!(
        session.base_url,
        "https://api.eu-west-1.production.contentsquare.com"
    );
}

#[test]
fn a_field_of_the_reply_that_is_missing_or_wrong_is_named() {
    let document = contentsquare(&json!({"project_id": 42}));
    for (changes, field) in [
        (json!({"access_token": null}), "access_token"),
        (json!({"access_token": ""}), "access_token"),
        (json!({"access_token": "="}), "access_token"),
        (json!({"access_token": 7}), "access_token"),
        (json!({"access_token": "a\r\nhost: tulip"}), "access_token"),
        (json!({"access_token": "a b"}), "access_token"),
        (json!({"access_token": "é"}), "access_token"),
        (json!({"access_token": "=a"}), "access_token"),
        (
            json!({"access_token": "a".repeat(16 * 1024 + 1)}),
            "access_token",
        ),
        (json!({"token_type": null}), "token_type"),
        (json!({"token_type": "mac"}), "token_type"),
        (json!({"token_type": ["bearer"]}), "token_type"),
        (json!({"endpoint": null}), "endpoint"),
        (json!({"endpoint": ""}), "endpoint"),
        (json!({"endpoint": 7}), "endpoint"),
        (
            json!({"endpoint": "http://api.contentsquare.com"}),
            "endpoint",
        ),
        (
            json!({"endpoint": "https://contentsquare.com.evil.example"}),
            "endpoint",
        ),
        (json!({"project_id": 43}), "project_id"),
        (json!({"project_id": "43"}), "project_id"),
        (json!({"project_id": [42]}), "project_id"),
    ] {
        let error = authenticate("contentsquare", &document, &token(&changes)).unwrap_err();
        let status = 200;
        assert_eq!(
            error,
            Error::InvalidResponse(InvalidResponse { status, field }),
            "{changes}"
        );
    }
}

#[test]
fn an_inspection_offers_scopes_projects_and_the_level() {
    let body = r#"{"scopes":"metrics data-export","permissions":{"projects":[
        {"id":42,"name":"UX\u001b ANALYTICS"},{"id":7,"name":" "},{"id":8}]}}"#;
    let access = inspect("contentsquare", CONTENTSQUARE, &reply(200, &[], body)).unwrap();
    assert_eq!(access.scopes, ["metrics", "data-export"]);
    assert_eq!((access.identity, access.next), (None, None));
    let pointers: Vec<_> = access.fields.iter().map(|field| field.pointer).collect();
    assert_eq!(pointers, ["/scopes", "/project_id", "/credential_level"]);
    let choices = access.fields.iter().flat_map(|field| &field.choices);
    let choices: Vec<_> = choices
        .map(|choice| (&*choice.value, &*choice.title))
        .collect();
    let expected = [
        ("\"metrics\"", "metrics"),
        ("\"data-export\"", "data-export"),
        ("42", "UX ANALYTICS"),
        ("7", "7"),
        ("8", "8"),
        ("\"account\"", "account"),
    ];
    assert_eq!(choices, expected);
    for field in &access.fields {
        assert_eq!(
            (field.complete, field.depends_on),
            (true, &["/client_id", "/client_secret"][..])
        );
    }
}

#[test]
fn one_project_leaves_the_level_open() {
    for (projects, is_account) in [
        ("[{\"id\":42}]", false),
        ("[{\"id\":42},{}]", true),
        ("[]", false),
    ] {
        let body = format!(r#"{{"scopes":"","permissions":{{"projects":{projects}}}}}"#);
        let access = inspect("contentsquare", CONTENTSQUARE, &reply(200, &[], body)).unwrap();
        let has_level = access
            .fields
            .iter()
            .any(|field| field.pointer == "/credential_level");
        assert_eq!(has_level, is_account, "{projects}");
    }
}

#[test]
fn an_inspection_that_cannot_be_read_names_the_field() {
    for (body, field) in [
        ("{}", "scopes"),
        (r#"{"scopes":7}"#, "scopes"),
        (r#"{"scopes":"metrics"}"#, "permissions"),
        (r#"{"scopes":"metrics","permissions":[]}"#, "permissions"),
        (r#"{"scopes":"metrics","permissions":{}}"#, "permissions"),
        (
            r#"{"scopes":"metrics","permissions":{"projects":{}}}"#,
            "permissions",
        ),
        ("<html>", "body"),
    ] {
        let error = inspect("contentsquare", CONTENTSQUARE, &reply(200, &[], body)).unwrap_err();
        let status = 200;
        assert_eq!(
            error,
            Error::InvalidResponse(InvalidResponse { status, field }),
            "{body}"
        );
    }
}

#[test]
fn too_many_calls_at_once_are_throttled_whatever_the_status() {
    let body = r#"{"success":false,"errorCode":"CONCURRENT_API_CALL"}"#;
    for status in [200, 302, 400, 403, 429, 500] {
        let error = authenticate("contentsquare", CONTENTSQUARE, &reply(status, &[], body));
        assert_eq!(error.map(drop), Err(Error::Throttled(None)), "{status}");
    }
}

#[test]
fn api_answers_are_classified_by_code_and_status() {
    let failed =
        |code: &str| format!(r#"{{"success":false,"errorMessage":"text","errorCode":"{code}"}}"#);
    let refusal = |status, code: Option<&str>, confirmed| Refusal {
        status,
        code: code.map(Into::into),
        confirmed,
    };
    let expired = |status| Verdict::Refresh(refusal(status, Some("JWT_EXPIRED"), true));
    for (status, body, expected) in [
        (
            200,
            r#"{"success":true,"payload":[]}"#.to_owned(),
            Verdict::Accepted,
        ),
        (200, failed("JWT_EXPIRED"), expired(200)),
        (200, failed("SOMETHING"), Verdict::Accepted),
        (
            200,
            r#"{"errorCode":"JWT_EXPIRED"}"#.into(),
            Verdict::Accepted,
        ),
        (
            200,
            r#"{"success":"false","errorCode":"JWT_EXPIRED"}"#.into(),
            expired(200),
        ),
        (200, failed("CONCURRENT_API_CALL"), Verdict::Throttled(None)),
        (
            200,
            r#"{"success":false,"error":"Unauthorized","errorCode":"JWT_EXPIRED"}"#.into(),
            expired(200),
        ),
        (204, String::new(), Verdict::Accepted),
        (302, String::new(), Verdict::Accepted),
        (400, failed("BAD_REQUEST"), Verdict::Accepted),
        (400, failed("JWT_EXPIRED"), expired(400)),
        (401, failed("JWT_EXPIRED"), expired(401)),
        (
            401,
            failed("JWT_EXPIRED").replace('}', ",\"mo"),
            expired(401),
        ),
        (
            401,
            "<html>".into(),
            Verdict::Refresh(refusal(401, None, false)),
        ),
        (
            401,
            failed("insufficient_scope"),
            Verdict::Forbidden(refusal(401, Some("insufficient_scope"), true)),
        ),
        (
            403,
            String::new(),
            Verdict::Forbidden(refusal(403, None, false)),
        ),
        (403, failed("CONCURRENT_API_CALL"), Verdict::Throttled(None)),
        (404, String::new(), Verdict::Accepted),
        (429, String::new(), Verdict::Throttled(None)),
        (500, failed("JWT_EXPIRED"), Verdict::Unavailable(None)),
        (501, String::new(), Verdict::Unavailable(None)),
        (503, String::new(), Verdict::Unavailable(None)),
        (599, String::new(), Verdict::Unavailable(None)),
        (600, String::new(), Verdict::Accepted),
    ] {
        let verdict = classify("contentsquare", &reply(status, &[], &*body));
        assert_eq!(verdict, expected, "{status} {body}");
    }
}

#[test]
fn only_the_beginning_of_an_api_answer_is_read() {
    let padding = " ".repeat(verdict::MAX_CLASSIFIED_BYTES);
    let late = format!(r#"{{"success":false,{padding}"errorCode":"JWT_EXPIRED"}}"#);
    assert_eq!(
        classify("contentsquare", &reply(200, &[], late)),
        Verdict::Accepted
    );
    let early = format!(r#"{{"success":false,"errorCode":"JWT_EXPIRED",{padding}"more":1}}"#);
    let verdict = classify("contentsquare", &reply(200, &[], early));
    assert!(matches!(verdict, Verdict::Refresh(_)), "{verdict:?}");
}

#[test]
fn the_schema_is_portable_and_agrees_with_the_reading() {
    testing::check_schema(&Contentsquare);
}
