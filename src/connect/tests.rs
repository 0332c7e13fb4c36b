//! The whole pipeline natively, with a closure for HTTP: tables of what vendors may answer and of what people may type.

use std::cell::Cell;

use serde_json::{Value, json};

use super::*;
use crate::error::{Code, Misreply, Refusal, Stage};
use crate::http::{MAX_REPLY_BYTES, Request};

const NOW: Timestamp = Timestamp {
    secs: 1_700_000_000,
    nanos: 9,
};

const HOTJAR: &str = r#"{"client_id":" id&1 ","client_secret":"s;é?+ %="}"#;

fn contentsquare(changes: &Value) -> String {
    let mut document = json!({
        "client_id": "c-1",
        "client_secret": "QUOTE\";back\\slash?é",
        "credential_level": "project",
        "scopes": ["data-export"],
    });
    for (name, value) in changes.as_object().unwrap() {
        document[name] = value.clone();
    }
    document.to_string()
}

fn reply(status: u16, body: impl Into<Vec<u8>>) -> Reply {
    Reply {
        status,
        body: body.into(),
        ..Reply::default()
    }
}

/// A good token reply of both vendors, with `changes`; `null` takes a member away.
fn token(changes: &Value) -> Reply {
    let mut body = json!({
        "access_token": "tok.en-1",
        "token_type": "bearer",
        "expires_in": 3600,
        "endpoint": "https://api.eu-west-1.production.contentsquare.com/",
    });
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    reply(200, body.to_string())
}

/// Authenticates against one answer.
fn with(vendor: &str, credential: &str, answer: Reply) -> Result<Session, Error> {
    let answer = Cell::new(Some(answer));
    authenticate(vendor, credential, NOW, &|_: Request| {
        Ok(answer.take().expect("one request a call"))
    })
}

/// The request that a call sends.
fn request(
    call: impl FnOnce(&dyn Fn(Request) -> Result<Reply, Error>),
) -> (&'static str, &'static str, &'static str, String) {
    let sent = Cell::new(None);
    call(&|request: Request| {
        let body = String::from_utf8(request.body.to_vec()).unwrap();
        let previous = sent.replace(Some((
            request.authority,
            request.path,
            request.content_type,
            body,
        )));
        assert_eq!(previous, None, "a call sends one request");
        Err(Error::Denied)
    });
    sent.take().expect("a call sends a request")
}

fn refused(vendor: &str, credential: &str) -> Vec<(String, &'static str)> {
    let no_http = |_: Request| -> Result<Reply, Error> { panic!("a refused document is not sent") };
    let by_authenticate = authenticate(vendor, credential, NOW, &no_http).map(drop);
    let by_validate = validate(vendor, credential);
    assert_eq!(by_authenticate, by_validate);
    match by_validate {
        Err(Error::InvalidCredential(issues)) => issues
            .into_iter()
            .map(|issue| (issue.pointer, issue.code.as_str()))
            .collect(),
        other => panic!("expected issues, got {other:?} for {credential}"),
    }
}

mod requests {
    use super::*;

    #[test]
    fn hotjar_gets_a_form_of_exactly_three_parameters_percent_encoded() {
        let expected = (
            "api.hotjar.io",
            "/v1/oauth/token",
            "application/x-www-form-urlencoded",
            "grant_type=client_credentials&client_id=id%261&client_secret=s%3B%C3%A9%3F%2B+%25%3D"
                .to_owned(),
        );
        assert_eq!(
            request(|http| drop(authenticate("hotjar", HOTJAR, NOW, &http))),
            expected
        );
        assert_eq!(
            request(|http| drop(inspect("hotjar", HOTJAR, NOW, &http))),
            expected
        );
    }

    #[test]
    fn contentsquare_gets_json_without_what_is_absent() {
        let document = contentsquare(&json!({"scopes": ["metrics", "data-export"]}));
        let (authority, path, content_type, body) =
            request(|http| drop(authenticate("contentsquare", &document, NOW, &http)));
        assert_eq!(
            (authority, path),
            ("api.contentsquare.com", "/v1/oauth/token")
        );
        assert_eq!(content_type, "application/json");
        let expected = json!({
            "client_id": "c-1",
            "client_secret": "QUOTE\";back\\slash?é",
            "grant_type": "client_credentials",
            "scope": "metrics data-export",
        });
        assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), expected);
    }

    #[test]
    fn contentsquare_gets_project_and_integration_as_integers() {
        let document = contentsquare(&json!({
            "credential_level": "account", "scopes": ["enrichment"], "project_id": 42.0, "integration_id": 123,
        }));
        let (.., body) = request(|http| drop(authenticate("contentsquare", &document, NOW, &http)));
        assert!(
            body.contains(r#""scope":"enrichment","project_id":42,"integration_id":123"#),
            "{body}"
        );
    }

    #[test]
    fn contentsquare_is_inspected_with_the_pair_alone_whatever_else_the_form_holds() {
        let document =
            r#"{"client_id":"c","client_secret":"s","scopes":7,"project_id":"","surprise":true}"#;
        let (authority, path, content_type, body) =
            request(|http| drop(inspect("contentsquare", document, NOW, &http)));
        assert_eq!((authority, path), ("api.contentsquare.com", "/v1/oauth/me"));
        assert_eq!(
            (content_type, body.as_str()),
            (
                "application/json",
                r#"{"client_id":"c","client_secret":"s"}"#
            )
        );
    }
}

mod documents {
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
}

mod sessions {
    use super::*;

    #[test]
    fn a_minimal_reply_of_hotjar_opens_a_session() {
        let answer = reply(200, r#"{"access_token":"a","token_type":"BEARER"}"#);
        let session = with("hotjar", HOTJAR, answer).unwrap();
        assert_eq!(session.access_token.expose(), "a");
        assert_eq!(session.base_url, "https://api.hotjar.io");
        assert_eq!((session.scopes, session.project), (vec![], None));
        assert_eq!(session.issued_at, NOW);
        assert_eq!(session.expires_at, NOW.plus(3600));
        assert_eq!(session.refresh_after, NOW.plus(2700));
    }

    #[test]
    fn a_full_reply_of_contentsquare_opens_a_session() {
        let document =
            contentsquare(&json!({"scopes": ["metrics", "data-export"], "project_id": 42}));
        let answer = token(
            &json!({"scope": "metrics", "project_id": 42, "expires_in": 1800, "new_member": [{}]}),
        );
        let session = with("contentsquare", &document, answer).unwrap();
        assert_eq!(
            session.base_url,
            "https://api.eu-west-1.production.contentsquare.com"
        );
        assert_eq!(
            (session.scopes, session.project),
            (vec!["metrics".to_owned()], Some(42))
        );
        assert_eq!(session.expires_at, NOW.plus(1800));
    }

    #[test]
    fn what_the_reply_leaves_out_is_what_was_asked_for() {
        let document = contentsquare(&json!({"project_id": 42}));
        let session = with("contentsquare", &document, token(&json!({"scope": ""}))).unwrap();
        assert_eq!(
            (session.scopes, session.project),
            (vec!["data-export".to_owned()], Some(42))
        );
    }

    #[test]
    fn a_project_level_credential_learns_its_project() {
        for named in [json!(7), json!(7.0)] {
            let answer = token(&json!({"project_id": named}));
            assert_eq!(
                with("contentsquare", &contentsquare(&json!({})), answer)
                    .unwrap()
                    .project,
                Some(7)
            );
        }
    }

    #[test]
    fn surveys_alone_use_the_host_of_their_pages() {
        let alone = contentsquare(&json!({"scopes": ["surveys"]}));
        for answer in [token(&json!({})), token(&json!({"endpoint": null}))] {
            assert_eq!(
                with("contentsquare", &alone, answer).unwrap().base_url,
                "https://api.contentsquare.com"
            );
        }
        let joined = contentsquare(&json!({"scopes": ["surveys", "metrics"]}));
        let session = with("contentsquare", &joined, token(&json!({}))).unwrap();
        assert_eq!(
            session.base_url,
            "https://api.eu-west-1.production.contentsquare.com"
        );
    }

    #[test]
    fn a_lifetime_is_read_as_number_or_text_and_clamped() {
        for (expires_in, secs) in [
            (json!(3600), 3600),
            (json!("3600"), 3600),
            (json!(" 120 "), 120),
            (json!(3599.9), 3599),
            (json!(null), 3600),
            (json!(0), 60),
            (json!(-1), 60),
            (json!("-1e9"), 60),
            (json!(59), 60),
            (json!(86_401), 86_400),
            (json!(u64::MAX), 86_400),
            (json!(1e308), 86_400),
        ] {
            let session =
                with("hotjar", HOTJAR, token(&json!({"expires_in": expires_in}))).unwrap();
            assert_eq!(session.expires_at, NOW.plus(secs), "{expires_in}");
        }
    }

    #[test]
    fn a_reply_that_is_not_as_promised_is_named_by_member() {
        for (changes, part) in [
            (json!({"access_token": null}), "access_token"),
            (json!({"access_token": ""}), "access_token"),
            (json!({"access_token": "="}), "access_token"),
            (json!({"access_token": 7}), "access_token"),
            (
                json!({"access_token": "a\r\nhost: evil.example"}),
                "access_token",
            ),
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
            (json!({"expires_in": "soon"}), "expires_in"),
            (json!({"expires_in": ""}), "expires_in"),
            (json!({"expires_in": "inf"}), "expires_in"),
            (json!({"expires_in": "NaN"}), "expires_in"),
            (json!({"expires_in": true}), "expires_in"),
            (json!({"scope": ["metrics"]}), "scope"),
            (json!({"scope": "metrics\u{1b}[31m"}), "scope"),
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
            (json!({"project_id": "42"}), "project_id"),
            (json!({"project_id": 0}), "project_id"),
            (json!({"project_id": [42]}), "project_id"),
        ] {
            let error = with(
                "contentsquare",
                &contentsquare(&json!({"project_id": 42})),
                token(&changes),
            )
            .unwrap_err();
            assert_eq!(
                error,
                Error::Unintelligible(Misreply { status: 200, part }),
                "{changes}"
            );
        }
    }

    #[test]
    fn limits_hold_to_the_byte() {
        let token_of = |bytes: usize| token(&json!({"access_token": "a".repeat(bytes)}));
        assert!(with("hotjar", HOTJAR, token_of(16 * 1024)).is_ok());

        let padded = |bytes: usize| {
            let mut body = r#"{"access_token":"a","token_type":"bearer"}"#.to_owned();
            body.push_str(&" ".repeat(bytes - body.len()));
            reply(200, body)
        };
        assert!(with("hotjar", HOTJAR, padded(MAX_REPLY_BYTES)).is_ok());
        let error = with("hotjar", HOTJAR, padded(MAX_REPLY_BYTES + 1)).unwrap_err();
        assert_eq!(
            error,
            Error::Unintelligible(Misreply {
                status: 200,
                part: "body"
            })
        );

        let document = |bytes: usize| HOTJAR.to_owned() + &" ".repeat(bytes - HOTJAR.len());
        assert_eq!(validate("hotjar", &document(64 * 1024)), Ok(()));
        assert_eq!(
            refused("hotjar", &document(64 * 1024 + 1)),
            [(String::new(), "too-long")]
        );

        let url = |bytes: usize| {
            let mut url = "https://contentsquare.com/".to_owned();
            url.push_str(&"a".repeat(bytes - url.len()));
            token(&json!({"endpoint": url}))
        };
        let document = contentsquare(&json!({}));
        assert!(with("contentsquare", &document, url(2048)).is_ok());
        assert!(with("contentsquare", &document, url(2049)).is_err());
    }

    #[test]
    fn a_body_that_is_no_object_is_named() {
        let too_long = format!(
            "{{\"access_token\":\"a\",\"token_type\":\"bearer\",\"x\":\"{}\"}}",
            "x".repeat(MAX_REPLY_BYTES)
        );
        for body in [
            &b""[..],
            b"null",
            b"[]",
            b"<html>",
            b"{\"access_token\":\"a",
            b"\xff\xfe",
            too_long.as_bytes(),
        ] {
            let error = with("hotjar", HOTJAR, reply(200, body)).unwrap_err();
            assert_eq!(
                error,
                Error::Unintelligible(Misreply {
                    status: 200,
                    part: "body"
                })
            );
        }
    }

    #[test]
    fn a_cut_reply_is_unreachable_unless_its_status_says_enough() {
        let cut = |status, body: &str| Reply {
            cut: Some(Stage::CutOff),
            ..reply(status, body)
        };
        assert_eq!(
            with("hotjar", HOTJAR, cut(200, "{")).unwrap_err(),
            Error::Unreachable(Stage::CutOff)
        );
        let error = with(
            "hotjar",
            HOTJAR,
            cut(401, r#"{"error":"invalid_client","mess"#),
        )
        .unwrap_err();
        assert_eq!(
            error,
            Error::Rejected(Refusal {
                status: 401,
                code: Some("invalid_client".into())
            })
        );
    }
}

mod refusals {
    use super::*;

    #[test]
    fn the_status_names_the_cause() {
        let refusal = |status, code: Option<&str>| Refusal {
            status,
            code: code.map(Into::into),
        };
        for (status, body, expected) in [
            (
                400,
                r#"{"error":"invalid_client"}"#,
                Error::Rejected(refusal(400, Some("invalid_client"))),
            ),
            (
                400,
                r#"{"error":"invalid_scope"}"#,
                Error::Forbidden(refusal(400, Some("invalid_scope"))),
            ),
            (
                400,
                r#"{"error":"unauthorized_client"}"#,
                Error::Forbidden(refusal(400, Some("unauthorized_client"))),
            ),
            (400, "", Error::Rejected(refusal(400, None))),
            (
                400,
                r#"{"errorMessage":"free text","errorCode":"BAD-REQUEST.FORMAT"}"#,
                Error::Rejected(refusal(400, Some("BAD-REQUEST.FORMAT"))),
            ),
            (
                400,
                r#"{"error":{"code":"nested"}}"#,
                Error::Rejected(refusal(400, None)),
            ),
            (
                400,
                r#"{"error":"a whole sentence"}"#,
                Error::Rejected(refusal(400, None)),
            ),
            (
                400,
                r#"{"error":"123456"}"#,
                Error::Rejected(refusal(400, None)),
            ),
            (401, "<html>no</html>", Error::Rejected(refusal(401, None))),
            (
                401,
                r#"{"msg":"x","code":"auth_failed","tail"#,
                Error::Rejected(refusal(401, Some("auth_failed"))),
            ),
            (
                401,
                r#"{"error":"invalid_scope"}"#,
                Error::Rejected(refusal(401, Some("invalid_scope"))),
            ),
            (
                403,
                r#"{"error":"invalid_client"}"#,
                Error::Forbidden(refusal(403, Some("invalid_client"))),
            ),
            (429, "", Error::Throttled(None)),
            (500, r#"{"error":"server_error"}"#, Error::Unavailable(None)),
            (503, "", Error::Unavailable(None)),
            (599, "", Error::Unavailable(None)),
            (
                200,
                r#"{"success":false,"errorCode":"NOT_FOUND"}"#,
                Error::Rejected(refusal(200, Some("NOT_FOUND"))),
            ),
        ] {
            let error = with(
                "contentsquare",
                &contentsquare(&json!({})),
                reply(status, body),
            )
            .unwrap_err();
            assert_eq!(error, expected, "{status} {body}");
        }
    }

    #[test]
    fn every_code_of_an_answer_is_looked_at() {
        let body = r#"{"error":"Free text.","errorCode":"invalid_scope"}"#;
        let error = with(
            "contentsquare",
            &contentsquare(&json!({})),
            reply(400, body),
        )
        .unwrap_err();
        let code = Some("invalid_scope".to_owned());
        assert_eq!(error, Error::Forbidden(Refusal { status: 400, code }));
    }

    #[test]
    fn a_code_does_not_make_a_throttle_of_a_redirect_or_a_failure() {
        let body = r#"{"success":false,"errorCode":"CONCURRENT_API_CALL"}"#;
        for (status, expected) in [
            (
                302,
                Error::Unintelligible(Misreply {
                    status: 302,
                    part: "status",
                }),
            ),
            (500, Error::Unavailable(None)),
        ] {
            let error = with(
                "contentsquare",
                &contentsquare(&json!({})),
                reply(status, body),
            )
            .unwrap_err();
            assert_eq!(error, expected);
        }
    }

    #[test]
    fn any_other_status_is_unintelligible_redirects_among_them() {
        for status in [
            0, 100, 201, 202, 204, 301, 302, 303, 307, 308, 402, 404, 405, 415, 418, 600, 999,
        ] {
            let error = with("hotjar", HOTJAR, reply(status, "{}")).unwrap_err();
            assert_eq!(
                error,
                Error::Unintelligible(Misreply {
                    status,
                    part: "status"
                })
            );
        }
    }

    #[test]
    fn a_wait_is_passed_on() {
        for status in [429, 503] {
            let answer = Reply {
                headers: vec![("Retry-After".into(), b"17".to_vec())],
                ..reply(status, "")
            };
            match with("hotjar", HOTJAR, answer).unwrap_err() {
                Error::Throttled(secs) | Error::Unavailable(secs) => assert_eq!(secs, Some(17)),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn too_many_calls_at_once_are_throttled_whatever_the_status() {
        let body = r#"{"success":false,"errorCode":"CONCURRENT_API_CALL"}"#;
        for status in [200, 400, 403, 429] {
            let error = with(
                "contentsquare",
                &contentsquare(&json!({})),
                reply(status, body),
            )
            .unwrap_err();
            assert_eq!(error, Error::Throttled(None));
        }
    }

    #[test]
    fn a_code_passes_only_if_it_is_made_of_known_words() {
        for (code, passes) in [
            ("invalid_client", true),
            ("INVALID-CLIENT.ID", true),
            ("Token_Expired", true),
            ("invalid", true),
            ("", false),
            ("_", false),
            ("invalid__client", false),
            ("invalid_client_", false),
            ("invalid_cl1ent", false),
            ("invalid client", false),
            ("hunter2", false),
            ("eyJhbGciOiJub25lIn0.e30.AA", false),
            ("token_eyJhbGciOiJub25lIn0", false),
            (
                "access_token_access_token_access_token_access_token_access_token1",
                false,
            ),
            (
                "access_token_access_token_access_token_access_token_access_token_id",
                false,
            ),
        ] {
            let error = with(
                "hotjar",
                HOTJAR,
                reply(401, json!({"error": code}).to_string()),
            )
            .unwrap_err();
            let code = passes.then(|| code.to_owned());
            assert_eq!(error, Error::Rejected(Refusal { status: 401, code }));
        }
    }

    #[test]
    fn what_kept_the_request_from_going_is_passed_on() {
        for error in [Error::Denied, Error::Unreachable(Stage::Dns)] {
            let result = authenticate("hotjar", HOTJAR, NOW, &|_: Request| Err(error.clone()));
            assert_eq!(result.unwrap_err(), error);
        }
    }
}

mod inspections {
    use super::*;

    fn inspected(vendor: &str, body: &str) -> Result<Access, Error> {
        let answer = Cell::new(Some(reply(200, body)));
        let document = r#"{"client_id":"c","client_secret":"s"}"#;
        inspect(vendor, document, NOW, &|_: Request| {
            Ok(answer.take().unwrap())
        })
    }

    #[test]
    fn contentsquare_names_scopes_and_projects() {
        let body = r#"{"scopes":"metrics data-export","permissions":{"projects":[{"id":42,"name":"UX\u001b ANALYTICS"},{"id":7,"name":" "},{"id":8}]}}"#;
        let access = inspected("contentsquare", body).unwrap();
        assert_eq!(access.scopes, ["metrics", "data-export"]);
        let projects: Vec<_> = access
            .projects
            .iter()
            .map(|project| (project.id, project.name.as_str()))
            .collect();
        assert_eq!(projects, [(42, "UX ANALYTICS"), (7, "7"), (8, "8")]);
        assert_eq!(access.level, Some(crate::access::Level::Account));
    }

    #[test]
    fn one_project_leaves_the_level_open() {
        let body = r#"{"scopes":"","permissions":{"projects":[{"id":42,"name":"A"}]}}"#;
        let access = inspected("contentsquare", body).unwrap();
        assert_eq!(
            (access.scopes.len(), access.projects.len(), access.level),
            (0, 1, None)
        );
    }

    #[test]
    fn contentsquare_answers_that_are_not_as_promised_are_named() {
        for (body, part) in [
            ("{}", "scopes"),
            (r#"{"scopes":["metrics"]}"#, "scopes"),
            (r#"{"scopes":"metrics"}"#, "permissions.projects"),
            (
                r#"{"scopes":"metrics","permissions":[]}"#,
                "permissions.projects",
            ),
            (
                r#"{"scopes":"metrics","permissions":{"projects":{}}}"#,
                "permissions.projects",
            ),
            (
                r#"{"scopes":"metrics","permissions":{"projects":[{"id":"42","name":"A"}]}}"#,
                "permissions.projects",
            ),
            ("<html>", "body"),
        ] {
            let error = inspected("contentsquare", body).unwrap_err();
            assert_eq!(
                error,
                Error::Unintelligible(Misreply { status: 200, part }),
                "{body}"
            );
        }
    }

    #[test]
    fn hotjar_is_inspected_by_the_grant_and_names_nothing() {
        let body = r#"{"access_token":"a","token_type":"Bearer","expires_in":3600}"#;
        assert_eq!(inspected("hotjar", body), Ok(Access::default()));
        let error = inspected("hotjar", "{}").unwrap_err();
        assert_eq!(
            error,
            Error::Unintelligible(Misreply {
                status: 200,
                part: "access_token"
            })
        );
    }
}

mod verdicts {
    use super::*;
    use crate::verdict::ENOUGH_BODY_BYTES;

    fn verdict(vendor: &str, status: u16, headers: &[(&str, &str)], body: &str) -> Verdict {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).into(), value.as_bytes().to_vec()))
            .collect();
        classify(
            vendor,
            &Reply {
                headers,
                ..reply(status, body)
            },
            NOW,
        )
        .unwrap()
    }

    #[test]
    fn contentsquare_is_judged_by_code_and_status() {
        let failed = |code: &str| {
            format!(r#"{{"success":false,"errorMessage":"text","errorCode":"{code}"}}"#)
        };
        for (status, body, expected) in [
            (
                200,
                r#"{"success":true,"payload":[]}"#.to_owned(),
                Verdict::Accepted,
            ),
            (200, failed("JWT_EXPIRED"), Verdict::Refresh),
            (200, failed("SOMETHING"), Verdict::Accepted),
            (
                200,
                r#"{"errorCode":"JWT_EXPIRED"}"#.into(),
                Verdict::Accepted,
            ),
            (
                200,
                r#"{"success":"false","errorCode":"JWT_EXPIRED"}"#.into(),
                Verdict::Accepted,
            ),
            (200, failed("CONCURRENT_API_CALL"), Verdict::Throttled(None)),
            (
                200,
                r#"{"success":false,"error":"Unauthorized","errorCode":"JWT_EXPIRED"}"#.into(),
                Verdict::Refresh,
            ),
            (204, String::new(), Verdict::Accepted),
            (302, String::new(), Verdict::Accepted),
            (400, failed("BAD_REQUEST"), Verdict::Accepted),
            (400, failed("JWT_EXPIRED"), Verdict::Refresh),
            (401, failed("JWT_EXPIRED"), Verdict::Refresh),
            (
                401,
                failed("JWT_EXPIRED")[..60].to_owned(),
                Verdict::Refresh,
            ),
            (401, "<html>".into(), Verdict::Refresh),
            (401, failed("insufficient_scope"), Verdict::Refresh),
            (403, String::new(), Verdict::Forbidden),
            (403, failed("CONCURRENT_API_CALL"), Verdict::Throttled(None)),
            (404, String::new(), Verdict::Accepted),
            (429, String::new(), Verdict::Throttled(None)),
            (500, failed("JWT_EXPIRED"), Verdict::Unavailable(None)),
            (501, String::new(), Verdict::Unavailable(None)),
            (503, String::new(), Verdict::Unavailable(None)),
            (599, String::new(), Verdict::Unavailable(None)),
            (600, String::new(), Verdict::Accepted),
        ] {
            assert_eq!(
                verdict("contentsquare", status, &[], &body),
                expected,
                "{status} {body}"
            );
        }
    }

    #[test]
    fn hotjar_is_judged_by_rfc_6750() {
        let challenge =
            |error: &str| format!("Bearer realm=\"x\", error=\"{error}\", error_description=\"y\"");
        for (status, challenge, body, expected) in [
            (200, String::new(), "", Verdict::Accepted),
            (401, String::new(), "", Verdict::Refresh),
            (400, challenge("invalid_token"), "", Verdict::Refresh),
            (403, challenge("invalid_token"), "", Verdict::Refresh),
            (403, challenge("insufficient_scope"), "", Verdict::Forbidden),
            (400, challenge("insufficient_scope"), "", Verdict::Forbidden),
            (400, challenge("invalid_request"), "", Verdict::Accepted),
            (
                400,
                "Digest error=\"invalid_token\"".into(),
                "",
                Verdict::Accepted,
            ),
            (400, "Bearer".into(), "", Verdict::Accepted),
            (
                400,
                String::new(),
                r#"{"error":"invalid_token"}"#,
                Verdict::Refresh,
            ),
            (200, challenge("invalid_token"), "", Verdict::Accepted),
            (
                400,
                String::new(),
                r#"{"errorCode":"JWT_EXPIRED"}"#,
                Verdict::Accepted,
            ),
        ] {
            let headers = [("WWW-Authenticate", challenge.as_str())];
            assert_eq!(
                verdict("hotjar", status, &headers, body),
                expected,
                "{status} {challenge} {body}"
            );
        }
    }

    #[test]
    fn a_body_in_another_encoding_is_read_all_the_same() {
        let latin1 =
            b"{\"success\":false,\"errorMessage\":\"expir\xe9\",\"errorCode\":\"JWT_EXPIRED\"}";
        let marked = [b"\xef\xbb\xbf", &latin1[..]].concat();
        for body in [latin1.to_vec(), marked] {
            let verdict = classify("contentsquare", &reply(200, body), NOW);
            assert_eq!(verdict, Ok(Verdict::Refresh));
        }
    }

    #[test]
    fn a_wait_is_read_from_the_header() {
        for (status, expected) in [
            (429, Verdict::Throttled(Some(30))),
            (503, Verdict::Unavailable(Some(30))),
        ] {
            assert_eq!(
                verdict("hotjar", status, &[("retry-after", "30")], ""),
                expected
            );
        }
        let body = r#"{"success":false,"errorCode":"CONCURRENT_API_CALL"}"#;
        assert_eq!(
            verdict("contentsquare", 200, &[("Retry-After", "3")], body),
            Verdict::Throttled(Some(3))
        );
    }

    #[test]
    fn what_comes_after_the_beginning_is_not_read() {
        let padding = " ".repeat(ENOUGH_BODY_BYTES);
        let late = format!(r#"{{"success":false,{padding}"errorCode":"JWT_EXPIRED"}}"#);
        assert_eq!(verdict("contentsquare", 200, &[], &late), Verdict::Accepted);
        let early = format!(r#"{{"success":false,"errorCode":"JWT_EXPIRED",{padding}"more":1}}"#);
        assert_eq!(verdict("contentsquare", 200, &[], &early), Verdict::Refresh);
    }
}
