//! Why a vendor said no, or nothing.

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
