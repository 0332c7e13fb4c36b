//! Reports from the field: each test is one kind of answer that vendors, and the gateways in front
//! of them, really give, with similar ones.

use connector_guest::{Choice, InvalidResponse, Refusal};

use super::*;

fn refusal(status: u16, code: Option<&str>, confirmed: bool) -> Refusal {
    Refusal {
        status,
        code: code.map(Into::into),
        confirmed,
    }
}

/// Asserts that every function that sends a credential fails like this, for both vendors.
fn check_errors(answer: &Response, expected: &Error) {
    for (vendor, document) in CREDENTIALS {
        for error in errors(vendor, document, answer) {
            assert_eq!(error, *expected, "{vendor}: {answer:?}");
        }
    }
}

/// Asserts that both vendors classify a response like this.
fn check_verdict(response: &Response, expected: &Verdict) {
    for (vendor, _) in CREDENTIALS {
        assert_eq!(
            classify(vendor, response),
            *expected,
            "{vendor}: {response:?}"
        );
    }
}

#[test]
fn a_firewall_or_a_bad_deploy_makes_no_confirmed_refusal() {
    let html = "<html><title>Just a moment…</title>";
    for (status, body, code) in [
        (403, html, None),
        (401, html, None),
        (400, html, None),
        (400, "", None),
        (401, "", None),
        (403, "", None),
        (403, "\u{feff}<html>", None),
        (403, "null", None),
        (401, "[]", None),
        (403, "{}", None),
        (
            400,
            r#"{"error":"", "error_description":"invalid_client"}"#,
            None,
        ),
        (401, r#"{"error":"access_denied"}"#, Some("access_denied")),
        (403, r#"{"error":"Request blocked by policy 4711"}"#, None),
        (403, r#"{"message":"Forbidden"}"#, None),
        (401, r#"{"code":"unauthorized"}"#, Some("unauthorized")),
        (400, r#"{"error":"invalid_cli"#, None),
    ] {
        let answer = reply(status, &[("Content-Type", "text/html")], body);
        let refusal = refusal(status, code, false);
        let (error, verdict) = match status {
            403 => (
                Error::Forbidden(refusal.clone()),
                Verdict::Forbidden(refusal),
            ),
            401 => (Error::Rejected(refusal.clone()), Verdict::Refresh(refusal)),
            _ => (Error::Rejected(refusal), Verdict::Accepted),
        };
        check_errors(&answer, &error);
        check_errors(&cut_off(answer.clone()), &error);
        check_verdict(&answer, &verdict);
    }
    // A captive portal answers with a 200 or a redirect, which is no refusal at all.
    for (status, body, field) in [(200, html, "body"), (200, "", "body"), (302, "", "status")] {
        let error = Error::InvalidResponse(InvalidResponse { status, field });
        check_errors(&reply(status, &[], body), &error);
    }
}

#[test]
fn a_code_that_is_known_to_be_final_confirms_a_refusal() {
    for (status, code) in [
        (400, "invalid_client"),
        (401, "invalid_client"),
        (400, "invalid_grant"),
        (400, "unsupported_grant_type"),
        (400, "invalid_request"),
        (500, "invalid_client"),
    ] {
        let answer = reply(status, &[], json!({"error": code}).to_string());
        check_errors(&answer, &Error::Rejected(refusal(status, Some(code), true)));
        check_errors(
            &cut_off(answer),
            &Error::Rejected(refusal(status, Some(code), true)),
        );
    }
    for code in ["invalid_scope", "unauthorized_client", "insufficient_scope"] {
        let answer = reply(400, &[], json!({"error": code}).to_string());
        check_errors(&answer, &Error::Forbidden(refusal(400, Some(code), true)));
    }
}

#[test]
fn a_temporary_code_is_temporary_whatever_the_status() {
    const WAIT: &[(&str, &str)] = &[("Retry-After", "30")];
    for status in [200, 400, 401, 403, 409, 429, 500, 503] {
        for code in [
            "temporarily_unavailable",
            "server_error",
            "TEMPORARILY_UNAVAILABLE",
            "service_unavailable",
            "internal_server_error",
        ] {
            let body = json!({"error": code}).to_string();
            check_errors(&reply(status, &[], &*body), &Error::Unavailable(None));
            check_errors(&reply(status, WAIT, &*body), &Error::Unavailable(Some(30)));
            check_verdict(&reply(status, &[], &*body), &Verdict::Unavailable(None));
            check_verdict(
                &reply(status, WAIT, &*body),
                &Verdict::Unavailable(Some(30)),
            );
        }
        for code in [
            "rate_limit_exceeded",
            "RATE_LIMIT_EXCEEDED",
            "rateLimitExceeded",
            "rate_limited",
            "slow_down",
            "too_many_requests",
        ] {
            let body = json!({"error": code}).to_string();
            check_errors(&reply(status, &[], &*body), &Error::Throttled(None));
            check_errors(&reply(status, WAIT, &*body), &Error::Throttled(Some(30)));
            check_verdict(&reply(status, &[], &*body), &Verdict::Throttled(None));
            check_verdict(&reply(status, WAIT, &*body), &Verdict::Throttled(Some(30)));
        }
    }
}

#[test]
fn a_wait_that_a_4xx_names_is_a_throttle_unless_a_known_code_says_otherwise() {
    const WAIT: &[(&str, &str)] = &[("retry-after", "17")];
    for status in [400, 401, 403, 404, 408, 429, 451] {
        for body in ["", "<html>", r#"{"error":"access_denied"}"#] {
            let answer = reply(status, WAIT, body);
            check_errors(&answer, &Error::Throttled(Some(17)));
            check_verdict(&answer, &Verdict::Throttled(Some(17)));
        }
    }
    let known = reply(401, WAIT, r#"{"error":"invalid_client"}"#);
    let final_refusal = refusal(401, Some("invalid_client"), true);
    check_errors(&known, &Error::Rejected(final_refusal.clone()));
    check_verdict(&known, &Verdict::Refresh(final_refusal));
    for status in [500, 503] {
        check_errors(&reply(status, WAIT, ""), &Error::Unavailable(Some(17)));
        check_verdict(&reply(status, WAIT, ""), &Verdict::Unavailable(Some(17)));
    }
    check_errors(&reply(429, &[], ""), &Error::Throttled(None));
    // A wait that cannot be read is none.
    let unread = reply(403, &[("retry-after", "later")], "");
    check_errors(&unread, &Error::Forbidden(refusal(403, None, false)));
}

#[test]
fn a_known_code_decides_before_the_status() {
    let rejected = |status, code| Error::Rejected(refusal(status, Some(code), true));
    let forbidden = |status, code| Error::Forbidden(refusal(status, Some(code), true));
    for (status, body, expected) in [
        (
            403,
            r#"{"error":"invalid_client"}"#,
            rejected(403, "invalid_client"),
        ),
        (
            404,
            r#"{"error":"invalid_client"}"#,
            rejected(404, "invalid_client"),
        ),
        (
            429,
            r#"{"error":"invalid_grant"}"#,
            rejected(429, "invalid_grant"),
        ),
        (
            401,
            r#"{"error":"invalid_scope"}"#,
            forbidden(401, "invalid_scope"),
        ),
        (
            401,
            r#"{"error":"unauthorized_client"}"#,
            forbidden(401, "unauthorized_client"),
        ),
        (
            200,
            r#"{"error":"invalid_client"}"#,
            rejected(200, "invalid_client"),
        ),
        (
            201,
            r#"{"error":"invalid_client"}"#,
            rejected(201, "invalid_client"),
        ),
        (
            200,
            r#"{"error":"invalid_scope"}"#,
            forbidden(200, "invalid_scope"),
        ),
        (
            200,
            r#"{"success":"false","errorCode":"invalid_client"}"#,
            rejected(200, "invalid_client"),
        ),
        (
            200,
            r#"{"success":"FALSE","code":"invalid_scope"}"#,
            forbidden(200, "invalid_scope"),
        ),
        (
            200,
            r#"{"success":false,"error":"server_error"}"#,
            Error::Unavailable(None),
        ),
        (
            400,
            r#"{"error":"Free text.","errorCode":"invalid_scope"}"#,
            forbidden(400, "invalid_scope"),
        ),
    ] {
        check_errors(&reply(status, &[], body), &expected);
    }
}

#[test]
fn a_reply_that_names_an_error_opens_no_session_whatever_else_stands_in_it() {
    let both = token(&json!({"error": "invalid_client"}));
    for (vendor, document) in CREDENTIALS {
        let error = authenticate(vendor, document, &both).unwrap_err();
        let known = refusal(200, Some("invalid_client"), true);
        assert_eq!(error, Error::Rejected(known), "{vendor}");
    }
    for changes in [
        json!({"success": "false"}),
        json!({"success": false}),
        json!({"error": "tulip"}),
        json!({"error": {"message": "no"}}),
        json!({"error": true}),
    ] {
        for (vendor, document) in CREDENTIALS {
            let error = authenticate(vendor, document, &token(&changes)).unwrap_err();
            assert_eq!(
                error,
                Error::Rejected(refusal(200, None, false)),
                "{changes}"
            );
        }
    }
    // A field `error` that says nothing is no error.
    for changes in [
        json!({"error": null}),
        json!({"error": ""}),
        json!({"error": false}),
        json!({"errors": []}),
        json!({"success": true, "error": {}}),
    ] {
        for (vendor, document) in CREDENTIALS {
            assert!(
                authenticate(vendor, document, &token(&changes)).is_ok(),
                "{changes}"
            );
        }
    }
}

#[test]
fn the_code_is_found_in_an_error_object_or_list() {
    for body in [
        json!({"error": {"code": "invalid_client", "message": "no"}}),
        json!({"error": {"message": "no", "code": "invalid_client"}}),
        json!({"error": {"type": "invalid_client"}}),
        json!({"error": {"code": 401, "type": "invalid_client"}}),
        json!({"error": {"error": "invalid_client"}}),
        json!({"error": {"errorCode": "invalid_client"}}),
        json!({"error": ["invalid_client"]}),
        json!({"error": [{"code": "invalid_client"}]}),
        json!({"errors": [{"message": "no"}, {"code": "invalid_client"}]}),
        json!({"errors": {"code": "invalid_client"}}),
        json!({"error": [null, 7, "no", "invalid_client"]}),
    ] {
        for status in [200, 400, 401, 403] {
            let answer = reply(status, &[], body.to_string());
            let refusal = refusal(status, Some("invalid_client"), true);
            check_errors(&answer, &Error::Rejected(refusal.clone()));
            check_verdict(&answer, &Verdict::Refresh(refusal));
        }
    }
    for body in [
        json!({"success": false, "error": {"code": "JWT_EXPIRED"}}),
        json!({"success": "false", "error": [{"errorCode": "JWT_EXPIRED"}]}),
        json!({"success": false, "errors": [{"code": "JWT_EXPIRED"}]}),
    ] {
        let verdict = classify("contentsquare", &reply(200, &[], body.to_string()));
        let expected = refusal(200, Some("JWT_EXPIRED"), true);
        assert_eq!(verdict, Verdict::Refresh(expected), "{body}");
    }
}

#[test]
fn a_code_that_says_expired_asks_for_a_new_session_whatever_the_status_below_500() {
    for status in [200, 400, 401, 403, 404] {
        for code in [
            "token_expired",
            "TOKEN_EXPIRED",
            "invalid_token",
            "expired_token",
        ] {
            let response = reply(status, &[], json!({"error": code}).to_string());
            check_verdict(
                &response,
                &Verdict::Refresh(refusal(status, Some(code), true)),
            );
        }
        let body = json!({"success": false, "errorCode": "JWT_EXPIRED"}).to_string();
        let verdict = classify("contentsquare", &reply(status, &[], body));
        let expected = refusal(status, Some("JWT_EXPIRED"), true);
        assert_eq!(verdict, Verdict::Refresh(expected));
    }
    for status in [500, 503] {
        let body = json!({"success": false, "errorCode": "JWT_EXPIRED"}).to_string();
        let verdict = classify("contentsquare", &reply(status, &[], body));
        assert_eq!(verdict, Verdict::Unavailable(None));
        let body = json!({"error": "token_expired"}).to_string();
        check_verdict(&reply(status, &[], body), &Verdict::Unavailable(None));
    }
    for (challenge, expected) in [
        (
            "Bearer error=\"invalid_token\"",
            Verdict::Refresh(refusal(403, Some("invalid_token"), true)),
        ),
        (
            "Bearer error=\"insufficient_scope\"",
            Verdict::Forbidden(refusal(403, Some("insufficient_scope"), true)),
        ),
    ] {
        check_verdict(
            &reply(403, &[("WWW-Authenticate", challenge)], ""),
            &expected,
        );
    }
}

#[test]
fn a_wait_is_rounded_up_and_a_date_is_read_against_the_date_of_the_answer() {
    // The local clock of the tests is in 2023.
    const SENT: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    for (retry_after, date, secs) in [
        ("299.997", "", Some(300)),
        ("299.000", "", Some(299)),
        ("0.2", "", Some(1)),
        ("0", "", Some(1)),
        ("5.", "", Some(5)),
        ("86399.5", "", Some(86_400)),
        ("999999999999999999999999.5", "", Some(86_400)),
        ("Sun, 06 Nov 1994 08:50:37 GMT", SENT, Some(60)),
        ("Sunday, 06-Nov-94 08:50:37 GMT", SENT, Some(60)),
        ("Sun Nov  6 08:50:37 1994", SENT, Some(60)),
        ("Sun, 06 Nov 1994 08:00:00 GMT", SENT, Some(1)),
        ("Sun, 06 Nov 1994 08:50:37 GMT", "", Some(1)),
        ("Sun, 06 Nov 1994 08:50:37 GMT", "yesterday", Some(1)),
        ("Tue, 14 Nov 2023 22:14:20 GMT", "", Some(60)),
        ("1.5.2", "", None),
        ("-5", "", None),
        ("soon", SENT, None),
        ("", "", None),
    ] {
        let headers = [("Retry-After", retry_after), ("Date", date)];
        check_errors(&reply(503, &headers, ""), &Error::Unavailable(secs));
        check_verdict(&reply(503, &headers, ""), &Verdict::Unavailable(secs));
        check_errors(&reply(429, &headers, ""), &Error::Throttled(secs));
        check_verdict(&reply(429, &headers, ""), &Verdict::Throttled(secs));
    }
}

#[test]
fn optional_fields_of_a_token_reply_never_stop_a_sign_in() {
    let two = ["data-export", "metrics"];
    for (scope, expected) in [
        (json!(["data-export", "metrics"]), &two[..]),
        (json!("data-export metrics\n"), &two),
        (json!("data-export\tmetrics"), &two),
        (json!("data-export\n"), &["data-export"]),
        (json!(" data-export"), &["data-export"]),
    ] {
        for (vendor, document) in CREDENTIALS {
            let session = authenticate(vendor, document, &token(&json!({"scope": scope})));
            assert_eq!(session.unwrap().scopes, expected, "{vendor}: {scope}");
        }
    }
    // Unreadable scopes count as those that were requested.
    for scope in [
        json!(7),
        json!({}),
        json!("é"),
        json!([1]),
        json!([]),
        json!(""),
        json!(null),
    ] {
        let hotjar = authenticate("hotjar", HOTJAR, &token(&json!({"scope": scope})));
        assert_eq!(hotjar.unwrap().scopes, [""; 0], "{scope}");
        let answer = token(&json!({"scope": scope}));
        let contentsquare = authenticate("contentsquare", CONTENTSQUARE, &answer);
        assert_eq!(contentsquare.unwrap().scopes, ["data-export"], "{scope}");
    }
    for (expires_in, secs) in [
        (json!(""), 3600),
        (json!(" "), 3600),
        (json!("soon"), 3600),
        (json!(true), 3600),
        (json!([]), 3600),
        (json!({}), 3600),
        (json!(null), 3600),
        (json!("03600"), 3600),
        (json!("0001800"), 1800),
        (json!("1800"), 1800),
        (json!(" 120 "), 120),
        (json!(1800.9), 1800),
        (json!("1800.9"), 1800),
        (json!(0), 60),
        (json!(-1), 60),
    ] {
        for (vendor, document) in CREDENTIALS {
            let answer = token(&json!({"expires_in": expires_in}));
            let session = authenticate(vendor, document, &answer).unwrap();
            let end = testing::NOW.plus(secs);
            assert_eq!(session.expires_at, Some(end), "{vendor}: {expires_in}");
        }
    }
    // Fields that no token reply has, in any form.
    let odd = json!({"refresh_token": 7, "id_token": [], "code": "tulip", "message": "é\u{202e}"});
    for (vendor, document) in CREDENTIALS {
        assert!(
            authenticate(vendor, document, &token(&odd)).is_ok(),
            "{vendor}"
        );
    }
    for project_id in [json!(null), json!(""), json!(" ")] {
        let answer = token(&json!({"project_id": project_id}));
        let document = contentsquare(&json!({"project_id": 42}));
        let session = authenticate("contentsquare", &document, &answer).unwrap();
        assert_eq!(session.account, None, "{project_id}");
    }
}

#[test]
fn a_good_token_in_a_201_or_203_opens_a_session() {
    for (vendor, document) in CREDENTIALS {
        for status in [200, 201, 203] {
            let answer = Response {
                status,
                ..token(&json!({}))
            };
            for session in [
                authenticate(vendor, document, &answer),
                refresh(vendor, document, &answer),
            ] {
                assert_eq!(
                    session.unwrap().access_token.expose(),
                    "tok.en-1",
                    "{status}"
                );
            }
        }
        for status in [202, 204, 206, 299] {
            let answer = Response {
                status,
                ..token(&json!({}))
            };
            let error = authenticate(vendor, document, &answer).unwrap_err();
            let field = "status";
            assert_eq!(
                error,
                Error::InvalidResponse(InvalidResponse { status, field })
            );
        }
    }
    let access = inspect("contentsquare", CONTENTSQUARE, &reply(203, &[], PROJECTS)).unwrap();
    assert_eq!(access.fields.len(), 2);
}

/// A small answer of the credential information.
const PROJECTS: &str = r#"{"scopes":"metrics","permissions":{"projects":[{"id":42,"name":"A"}]}}"#;

#[test]
fn a_byte_order_mark_before_an_answer_is_passed_over() {
    let marked = |answer: &Response| Response {
        body: [b"\xef\xbb\xbf", &*answer.body].concat(),
        ..answer.clone()
    };
    for (vendor, document) in CREDENTIALS {
        assert!(authenticate(vendor, document, &marked(&token(&json!({})))).is_ok());
    }
    let access = inspect(
        "contentsquare",
        CONTENTSQUARE,
        &marked(&reply(200, &[], PROJECTS)),
    );
    assert_eq!(access.unwrap().scopes, ["metrics"]);
    let known = marked(&reply(403, &[], r#"{"error":"invalid_client"}"#));
    let refused = refusal(403, Some("invalid_client"), true);
    check_errors(&known, &Error::Rejected(refused.clone()));
    check_verdict(&known, &Verdict::Refresh(refused));
    // Other bytes that are no UTF-8 hide no code either.
    let latin = b"{\"message\":\"expir\xe9\",\"error\":\"token_expired\"}";
    let expired = refusal(401, Some("token_expired"), true);
    check_verdict(&reply(401, &[], latin), &Verdict::Refresh(expired));
}

/// The projects that an answer of the credential information offers, and whether they are all.
fn projects(list: &str) -> (Vec<Choice>, bool) {
    let body = format!(r#"{{"scopes":"metrics","permissions":{{"projects":{list}}}}}"#);
    let access = inspect("contentsquare", CONTENTSQUARE, &reply(200, &[], body)).unwrap();
    let mut fields = access.fields.into_iter();
    let field = fields.find(|field| field.pointer == "/project_id").unwrap();
    (field.choices, field.complete)
}

#[test]
fn an_odd_project_hides_no_other() {
    for (list, values, are_all) in [
        (
            r#"[{"id":42,"name":"x"},{"id":"7","name":"y"}]"#,
            &["42", "7"][..],
            true,
        ),
        (r#"[{"name":"x"},{"id":7}]"#, &["7"], false),
        (r#"[null,7,"8",[],{},{"id":9}]"#, &["9"], false),
        (
            r#"[{"id":42.0,"name":7},{"id":9,"name":null}]"#,
            &["42", "9"],
            true,
        ),
        (
            r#"[{"id":1.5},{"id":0},{"id":-3},{"id":true},{"id":9}]"#,
            &["9"],
            false,
        ),
        (
            r#"[{"id":""},{"id":" 7"},{"id":"+7"},{"id":"x"},{"id":{}},{"id":9}]"#,
            &["9"],
            false,
        ),
        (
            r#"[{"id":9007199254740991},{"id":9007199254740992},{"id":1e300}]"#,
            &["9007199254740991"],
            false,
        ),
        (
            r#"[{"id":18446744073709551615},{"id":"18446744073709551616"},{"id":9}]"#,
            &["9"],
            false,
        ),
        ("[]", &[], true),
    ] {
        let (choices, complete) = projects(list);
        let found: Vec<_> = choices.iter().map(|choice| &*choice.value).collect();
        assert_eq!((&*found, complete), (values, are_all), "{list}");
    }
    // The same goes for scopes.
    for (scopes, expected) in [
        (
            json!(["metrics", 7, null, "", "data-export"]),
            &["metrics", "data-export"][..],
        ),
        (json!("metrics é data-export"), &["metrics", "data-export"]),
        (json!(["metrics"]), &["metrics"]),
        (json!(""), &[]),
    ] {
        let body = json!({"scopes": scopes, "permissions": {"projects": []}}).to_string();
        let access = inspect("contentsquare", CONTENTSQUARE, &reply(200, &[], body)).unwrap();
        assert_eq!(access.scopes, expected, "{scopes}");
    }
}

#[test]
fn an_account_with_three_thousand_projects_shows_them_all() {
    let list: Vec<_> = (1..=3000)
        .map(|id| json!({"id": id, "name": format!("Project {id} – {}", "é".repeat(20))}))
        .collect();
    let list = Value::from(list).to_string();
    assert!(list.len() > 220_000, "{}", list.len());
    let (choices, complete) = projects(&list);
    assert_eq!((choices.len(), complete), (3000, true));
    assert_eq!(choices[2999].value, "3000");
    assert!(choices[2999].title.starts_with("Project 3000 – é"));
}

#[test]
fn names_from_a_vendor_have_no_character_that_cannot_be_seen() {
    for (name, title) in [
        ("UX ANALYTICS", "UX ANALYTICS"),
        ("\u{202e}txt\u{202c}.exe", "txt.exe"),
        ("\u{2066}a\u{2069}\u{200e}b\u{200f}\u{61c}", "ab"),
        ("z\u{200b}e\u{200c}r\u{200d}o\u{2060}\u{feff}", "zero"),
        ("s\u{ad}o\u{180e}f\u{fff9}t", "soft"),
        ("\u{e0041}tag\u{e007f}", "tag"),
        ("\u{600}\u{6dd}\u{70f}a\u{110bd}\u{13430}\u{1d173}b", "ab"),
        ("\u{1b}[31mred\u{7}\u{85}\r\n", "[31mred"),
        ("a\u{2028}b\u{2029}c", "abc"),
        ("Bou\u{301}tique – 商店 😀", "Bou\u{301}tique – 商店 😀"),
        (" \u{200b} ", "7"),
        ("", "7"),
    ] {
        let (choices, _) = projects(&json!([{"id": 7, "name": name}]).to_string());
        assert_eq!(choices[0].title, title, "{name:?}");
    }
    let (choices, _) = projects(&json!([{"id": 7, "name": "x".repeat(10_000)}]).to_string());
    assert_eq!(choices[0].title.len(), 200);
}

#[test]
fn a_reply_that_names_no_project_opens_a_session_without_an_account() {
    let asked = contentsquare(&json!({"project_id": 42}));
    for (document, changes, account) in [
        (&asked, json!({}), None),
        (&asked, json!({"project_id": null}), None),
        (&asked, json!({"project_id": 42}), Some("42")),
        (&asked, json!({"project_id": "42"}), Some("42")),
        (&CONTENTSQUARE.to_owned(), json!({}), None),
        (
            &CONTENTSQUARE.to_owned(),
            json!({"project_id": 7}),
            Some("7"),
        ),
        (
            &CONTENTSQUARE.to_owned(),
            json!({"project_id": 7.0}),
            Some("7"),
        ),
    ] {
        let session = authenticate("contentsquare", document, &token(&changes)).unwrap();
        assert_eq!(session.account.as_deref(), account, "{changes}");
        let session = refresh("contentsquare", document, &token(&changes)).unwrap();
        assert_eq!(session.account.as_deref(), account, "{changes}");
    }
    // A token for another project than the requested one would mix up people's data.
    for project_id in [
        json!(43),
        json!("43"),
        json!(0),
        json!([42]),
        json!("042"),
        json!(1e300),
    ] {
        let answer = token(&json!({"project_id": project_id}));
        let error = authenticate("contentsquare", &asked, &answer).unwrap_err();
        let (status, field) = (200, "project_id");
        assert_eq!(
            error,
            Error::InvalidResponse(InvalidResponse { status, field })
        );
    }
    let session = authenticate("hotjar", HOTJAR, &token(&json!({"project_id": 7}))).unwrap();
    assert_eq!(session.account, None);
}
