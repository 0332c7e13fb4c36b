//! API responses, by code, header field and status.

use super::*;
use crate::testing::{NOW, reply};

const CODES: Codes = Codes {
    known: &[
        ("JWT_EXPIRED", Meaning::Expired),
        ("BUSY", Meaning::Throttled),
    ],
    words: &[],
};

fn verdict(status: u16, headers: &[(&str, &str)], body: &str) -> Verdict {
    let headers = headers.iter();
    let response = Response {
        headers: headers
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect(),
        ..reply(status, body)
    };
    classify(&CODES, &response, NOW)
}

fn refusal(status: u16, code: Option<&str>) -> Refusal {
    Refusal {
        status,
        code: code.map(Into::into),
        confirmed: code.is_some(),
    }
}

#[test]
fn a_known_code_comes_before_a_wait_and_that_before_the_status() {
    const WAIT: &[(&str, &str)] = &[("Retry-After", "30")];
    const EXPIRED: &str = r#"{"success":false,"errorCode":"JWT_EXPIRED"}"#;
    const BUSY: &str = r#"{"success":false,"errorCode":"BUSY"}"#;
    let expired = |status| Verdict::Refresh(refusal(status, Some("JWT_EXPIRED")));
    for (status, headers, body, expected) in [
        (200, &[][..], "", Verdict::Accepted),
        (200, WAIT, "", Verdict::Accepted),
        (200, &[], EXPIRED, expired(200)),
        (
            200,
            &[],
            r#"{"errorCode":"JWT_EXPIRED"}"#,
            Verdict::Accepted,
        ),
        (200, &[], r#"{"success":false}"#, Verdict::Accepted),
        (200, &[], r#"{"error":"JWT_EXPIRED"}"#, expired(200)),
        (401, WAIT, EXPIRED, expired(401)),
        (403, WAIT, EXPIRED, expired(403)),
        (403, WAIT, BUSY, Verdict::Throttled(Some(30))),
        (500, WAIT, BUSY, Verdict::Throttled(Some(30))),
        (500, WAIT, EXPIRED, Verdict::Unavailable(Some(30))),
        (
            500,
            &[],
            r#"{"error":"insufficient_scope"}"#,
            Verdict::Forbidden(refusal(500, Some("insufficient_scope"))),
        ),
        (
            400,
            &[],
            r#"{"error":"invalid_request"}"#,
            Verdict::Accepted,
        ),
        (
            400,
            WAIT,
            r#"{"error":"invalid_request"}"#,
            Verdict::Throttled(Some(30)),
        ),
        (401, WAIT, "", Verdict::Throttled(Some(30))),
        (403, WAIT, "<html>", Verdict::Throttled(Some(30))),
        (401, &[], "", Verdict::Refresh(refusal(401, None))),
        (403, &[], "", Verdict::Forbidden(refusal(403, None))),
        (404, &[], "", Verdict::Accepted),
        (429, &[], "", Verdict::Throttled(None)),
        (502, &[], "", Verdict::Unavailable(None)),
        (600, WAIT, "", Verdict::Accepted),
        (0, &[], "", Verdict::Accepted),
    ] {
        assert_eq!(
            verdict(status, headers, body),
            expected,
            "{status} {headers:?} {body}"
        );
    }
}

#[test]
fn finds_the_error_of_a_bearer_challenge() {
    for (field, expected) in [
        ("Bearer error=\"invalid_token\"", Some("invalid_token")),
        ("bearer error=invalid_token", Some("invalid_token")),
        ("BEARER\terror=\"invalid_token\"", Some("invalid_token")),
        (
            "Bearer realm=\"x\", error=\"a\", error_description=\"y\"",
            Some("a"),
        ),
        ("Bearer realm = \"x\" , error = \"a\"", Some("a")),
        ("Bearer realm= \"x y\", Error =a", Some("a")),
        ("Basic realm=\"x\", Bearer error=\"a\"", Some("a")),
        ("Bearer realm=\"x\", Digest error=\"a\"", None),
        ("Digest error=\"a\"", None),
        ("Bearer", None),
        ("Bearer error", None),
        ("Bearer realm=\"error=a\"", None),
        ("error=\"a\"", None),
        ("", None),
        (",,=,\"", None),
    ] {
        assert_eq!(bearer_error(field), expected, "{field}");
    }
}

#[test]
fn a_challenge_counts_like_a_code_in_the_body() {
    const FIELD: &str = "www-AUTHENTICATE";
    let expired = Verdict::Refresh(refusal(400, Some("invalid_token")));
    assert_eq!(
        verdict(400, &[(FIELD, "Bearer error=\"invalid_token\"")], ""),
        expired
    );
    let several = [
        (FIELD, "Basic realm=\"x\""),
        (FIELD, "Bearer error=\"invalid_token\""),
    ];
    assert_eq!(verdict(400, &several, "<html>"), expired);
    assert_eq!(verdict(200, &several, ""), Verdict::Accepted);
    // The body comes first.
    let body = r#"{"error":"insufficient_scope"}"#;
    let forbidden = Verdict::Forbidden(refusal(400, Some("insufficient_scope")));
    assert_eq!(verdict(400, &several, body), forbidden);
}

#[test]
fn only_the_beginning_of_a_body_counts_and_its_encoding_does_not() {
    let padding = " ".repeat(MAX_CLASSIFIED_BYTES);
    let late = format!(r#"{{"success":false,{padding}"errorCode":"JWT_EXPIRED"}}"#);
    assert_eq!(verdict(200, &[], &late), Verdict::Accepted);
    let early = format!(r#"{{"success":false,"errorCode":"JWT_EXPIRED",{padding}"more":1}}"#);
    let expired = Verdict::Refresh(refusal(200, Some("JWT_EXPIRED")));
    assert_eq!(verdict(200, &[], &early), expired);
    let latin = b"{\"success\":false,\"message\":\"expir\xe9\",\"errorCode\":\"JWT_EXPIRED\"}";
    let marked = [b"\xef\xbb\xbf", &latin[..]].concat();
    for body in [latin.to_vec(), marked] {
        assert_eq!(classify(&CODES, &reply(200, body), NOW), expired);
    }
}
