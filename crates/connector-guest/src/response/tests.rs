//! Responses of endpoints that take a credential: waits, errors and fields.

use serde_json::{Value, json};

use super::*;
use crate::testing::reply;

/// Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110 §5.6.7.
const NOW: Timestamp = Timestamp {
    secs: 784_111_777,
    nanos: 5,
};

fn with_headers(status: u16, headers: &[(&str, &[u8])]) -> Response {
    let headers = headers.iter();
    Response {
        headers: headers
            .map(|(name, value)| ((*name).into(), value.to_vec()))
            .collect(),
        ..reply(status, "")
    }
}

#[test]
fn reads_retry_after_as_seconds_and_as_each_kind_of_date() {
    for (value, secs) in [
        ("120", Some(120)),
        (" 7 ", Some(7)),
        ("0", Some(1)),
        ("1.5", Some(2)),
        ("299.997", Some(300)),
        ("299.0", Some(299)),
        ("0.001", Some(1)),
        ("86401", Some(86_400)),
        ("99999999999999999999999999", Some(86_400)),
        ("99999999999999999999999999.9", Some(86_400)),
        ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
        ("Sunday, 06-Nov-94 08:50:37 GMT", Some(60)),
        ("Sun Nov  6 08:50:37 1994", Some(60)),
        ("Sun, 06 Nov 1994 08:00:00 GMT", Some(1)),
        ("Sun, 06 Nov 2094 08:00:00 GMT", Some(86_400)),
        ("", None),
        (".", None),
        (".5", None),
        ("-5", None),
        ("1,5", None),
        ("1.5.5", None),
        ("1e3", None),
        ("soon", None),
        ("Sun, 99 Nov 1994 08:50:37 GMT", None),
    ] {
        let response = with_headers(503, &[("Retry-After", value.as_bytes())]);
        assert_eq!(response.retry_after(NOW), secs, "{value:?}");
    }
}

#[test]
fn reads_a_date_against_the_date_of_the_response() {
    const RETRY: &[u8] = b"Sun, 06 Nov 1994 08:50:37 GMT";
    let late = NOW.plus(1_000_000_000);
    for (date, now, secs) in [
        (&b"Sun, 06 Nov 1994 08:50:07 GMT"[..], NOW, 30),
        (b"Sun, 06 Nov 1994 08:50:07 GMT", late, 30),
        (b"never", NOW, 60),
        (b"\xff", NOW, 60),
        (b"", late, 1),
    ] {
        let response = with_headers(503, &[("retry-after", RETRY), ("DATE", date)]);
        assert_eq!(response.retry_after(now), Some(secs), "{date:?}");
    }
    // Seconds need no date.
    let response = with_headers(503, &[("retry-after", b"9"), ("date", RETRY)]);
    assert_eq!(response.retry_after(late), Some(9));
}

#[test]
fn finds_a_header_in_any_case_and_passes_over_what_cannot_be_read() {
    let response = with_headers(
        503,
        &[
            ("retry-after", &[0xff]),
            ("RETRY-AFTER", b"soon"),
            ("Retry-After", b"9"),
        ],
    );
    assert_eq!(response.retry_after(NOW), Some(9));
    assert_eq!(Response::default().retry_after(NOW), None);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn the_code_and_then_the_status_names_the_error() {
    let refusal = |status, code: Option<&str>, confirmed| Refusal {
        status,
        code: code.map(Into::into),
        confirmed,
    };
    let rejected = |status, code| Error::Rejected(refusal(status, code, code.is_some()));
    let unconfirmed = |status, code| Error::Rejected(refusal(status, code, false));
    let forbidden = |status, code| Error::Forbidden(refusal(status, code, code.is_some()));
    let invalid = |status| {
        Error::InvalidResponse(InvalidResponse {
            status,
            field: "status",
        })
    };
    for (status, body, expected) in [
        (
            400,
            r#"{"error":"invalid_client"}"#,
            rejected(400, Some("invalid_client")),
        ),
        (
            400,
            r#"{"error":"invalid_scope"}"#,
            forbidden(400, Some("invalid_scope")),
        ),
        (
            400,
            r#"{"error":"unauthorized_client"}"#,
            forbidden(400, Some("unauthorized_client")),
        ),
        (400, "", unconfirmed(400, None)),
        (
            400,
            r#"{"errorMessage":"free text","errorCode":"BAD-REQUEST.FORMAT"}"#,
            unconfirmed(400, Some("BAD-REQUEST.FORMAT")),
        ),
        (
            400,
            r#"{"error":{"code":"nested"}}"#,
            unconfirmed(400, None),
        ),
        (
            400,
            r#"{"error":"a whole sentence"}"#,
            unconfirmed(400, None),
        ),
        (400, r#"{"error":"123456"}"#, unconfirmed(400, None)),
        (401, "<html>no</html>", unconfirmed(401, None)),
        (
            401,
            r#"{"msg":"x","code":"auth_failed","tail"#,
            unconfirmed(401, Some("auth_failed")),
        ),
        (
            401,
            r#"{"error":"invalid_token"}"#,
            rejected(401, Some("invalid_token")),
        ),
        (403, "", forbidden(403, None)),
        (429, "", Error::Throttled(None)),
        (408, "", Error::Unavailable(None)),
        (500, r#"{"error":"server_error"}"#, Error::Unavailable(None)),
        (
            500,
            r#"{"error":"invalid_token"}"#,
            Error::Unavailable(None),
        ),
        (
            500,
            r#"{"error":"invalid_request"}"#,
            Error::Unavailable(None),
        ),
        (
            500,
            r#"{"error":"invalid_client"}"#,
            rejected(500, Some("invalid_client")),
        ),
        (500, r#"{"error":"slow_down"}"#, Error::Throttled(None)),
        (503, "", Error::Unavailable(None)),
        (599, "", Error::Unavailable(None)),
        (
            200,
            r#"{"success":false,"errorCode":"NOT_FOUND"}"#,
            unconfirmed(200, Some("NOT_FOUND")),
        ),
        // The code that decides is the one that is passed on.
        (
            400,
            r#"{"error":"unauthorized","errorCode":"invalid_client"}"#,
            rejected(400, Some("invalid_client")),
        ),
        (
            400,
            r#"{"error":"InvalidClient"}"#,
            Error::Rejected(refusal(400, Some("InvalidClient"), true)),
        ),
        (0, "{}", invalid(0)),
        (100, "{}", invalid(100)),
        (204, "", invalid(204)),
        (301, "", invalid(301)),
        (307, "{}", invalid(307)),
        (402, "", invalid(402)),
        (404, "{}", invalid(404)),
        (405, "", invalid(405)),
        (418, "", invalid(418)),
        (600, "", invalid(600)),
        (999, "", invalid(999)),
    ] {
        let error = accept(&Codes::NONE, &reply(status, body), NOW).unwrap_err();
        assert_eq!(error, expected, "{status} {body}");
    }
}

#[test]
fn declared_codes_come_first() {
    const CODES: Codes = Codes {
        known: &[
            ("E7", Meaning::Forbidden),
            ("invalid_client", Meaning::Unavailable),
        ],
        words: &["gizmo"],
    };
    let error = |body: &str| accept(&CODES, &reply(400, body), NOW).unwrap_err();
    let forbidden = |code: &str, confirmed| Refusal {
        status: 400,
        code: Some(code.into()),
        confirmed,
    };
    assert_eq!(
        error(r#"{"code":"E7"}"#),
        Error::Forbidden(forbidden("E7", true))
    );
    assert_eq!(
        error(r#"{"error":"invalid_client"}"#),
        Error::Unavailable(None)
    );
    let unknown = error(r#"{"error":"gizmo_missing"}"#);
    assert_eq!(unknown, Error::Rejected(forbidden("gizmo_missing", false)));
}

#[test]
fn a_body_that_is_no_object_is_named_unless_it_was_cut_off() {
    let too_long = format!("{{\"x\":\"{}\"}}", "x".repeat(MAX_RESPONSE_BYTES));
    for body in [
        &b""[..],
        b"null",
        b"[]",
        b"<html>",
        b"{\"access_token\":\"a",
        b"\xff\xfe",
        too_long.as_bytes(),
    ] {
        let error = Error::InvalidResponse(InvalidResponse {
            status: 200,
            field: "body",
        });
        let read = |response: &Response| accept(&Codes::NONE, response, NOW).unwrap_err();
        assert_eq!(read(&reply(200, body)), error);
        let cut_off = Response {
            cut_off: Some(Stage::Timeout),
            ..reply(200, body)
        };
        assert_eq!(read(&cut_off), Error::Unreachable(Stage::Timeout));
    }
    let longest = format!("{{\"x\":\"{}\"}}", "x".repeat(MAX_RESPONSE_BYTES - 8));
    assert_eq!(longest.len(), MAX_RESPONSE_BYTES);
    assert!(accept(&Codes::NONE, &reply(200, longest), NOW).is_ok());
    // A refusal says enough without its end.
    let refused = Response {
        cut_off: Some(Stage::CutOff),
        ..reply(401, r#"{"error":"invalid_client","mess"#)
    };
    let error = accept(&Codes::NONE, &refused, NOW).unwrap_err();
    assert!(matches!(error, Error::Rejected(refusal) if refusal.confirmed));
}

#[test]
fn takes_fields_by_their_type() {
    let fields = |value: Value| {
        let body = json!({"x": value}).to_string();
        accept(&Codes::NONE, &reply(200, body), NOW).unwrap()
    };
    let invalid = Error::InvalidResponse(InvalidResponse {
        status: 200,
        field: "x",
    });
    for (value, string, id) in [
        (json!("a"), Ok(Some("a")), Ok(Some("a"))),
        (json!(null), Ok(None), Ok(None)),
        (json!(""), Ok(Some("")), Ok(None)),
        (json!(" \n"), Ok(Some(" \n")), Ok(None)),
        (json!("a b"), Ok(Some("a b")), Err(())),
        (json!("é"), Ok(Some("é")), Err(())),
        (json!("a\n"), Ok(Some("a\n")), Err(())),
        (json!(42), Err(()), Ok(Some("42"))),
        (json!(42.0), Err(()), Ok(Some("42"))),
        (json!(-3), Err(()), Ok(Some("-3"))),
        (json!(i64::MAX), Err(()), Ok(Some("9223372036854775807"))),
        (json!(i64::MIN), Err(()), Ok(Some("-9223372036854775808"))),
        (
            json!(9_007_199_254_740_993_u64),
            Err(()),
            Ok(Some("9007199254740993")),
        ),
        // As a float it may stand for another number.
        (json!(1e300), Err(()), Err(())),
        (json!(u64::MAX), Err(()), Err(())),
        (json!(1.5), Err(()), Err(())),
        (json!(true), Err(()), Err(())),
        (json!([1]), Err(()), Err(())),
    ] {
        let expected = |result: Result<Option<&str>, ()>| {
            result
                .map(|found| found.map(str::to_owned))
                .map_err(|()| invalid.clone())
        };
        assert_eq!(
            fields(value.clone()).take_string("x"),
            expected(string),
            "{value}"
        );
        assert_eq!(fields(value.clone()).take_id("x"), expected(id), "{value}");
    }
    let long = json!("x".repeat(257));
    assert_eq!(fields(long).take_id("x"), Err(invalid.clone()));
    for value in [
        json!(null),
        json!(7),
        json!("x"),
        json!([{}]),
        json!({"y": "z"}),
    ] {
        let is_list = value.is_array();
        let list = fields(value.clone()).take_list("x");
        assert_eq!(
            list.map(|items| items.len()).ok(),
            is_list.then_some(1),
            "{value}"
        );
        let object = fields(value.clone()).take_object("x");
        let field = object.and_then(|mut object| object.take_string("y"));
        assert_eq!(field.is_ok(), value.is_object(), "{value}");
    }
    assert_eq!(fields(json!(null)).take_list("x"), Err(invalid));
    assert_eq!(Fields::empty().take_id("x"), Ok(None));
}

#[test]
fn the_last_of_fields_with_one_name_counts() {
    let body = r#"{"a": 1, "b": 2, "a": 3}"#;
    let mut fields = accept(&Codes::NONE, &reply(200, body), NOW).unwrap();
    assert_eq!(fields.take("a"), Some(crate::json::Value::Integer(3)));
    assert_eq!((fields.take("a"), fields.take("c")), (None, None));
}
