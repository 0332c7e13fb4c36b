//! What API answers say about a session.

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
    let failed =
        |code: &str| format!(r#"{{"success":false,"errorMessage":"text","errorCode":"{code}"}}"#);
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
