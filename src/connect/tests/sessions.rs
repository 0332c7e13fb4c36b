//! Token replies, good and not as promised.

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
    let document = contentsquare(&json!({"scopes": ["metrics", "data-export"], "project_id": 42}));
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
        let session = with("hotjar", HOTJAR, token(&json!({"expires_in": expires_in}))).unwrap();
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
        (json!({"expires_in": "soon"}), "expires_in"),
        (json!({"expires_in": ""}), "expires_in"),
        (json!({"expires_in": "inf"}), "expires_in"),
        (json!({"expires_in": "NaN"}), "expires_in"),
        (json!({"expires_in": true}), "expires_in"),
        (json!({"scope": ["metrics"]}), "scope"),
        (json!({"scope": "metrics\u{1b}[31m"}), "scope"),
        (json!({"scope": "s".repeat(257)}), "scope"),
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
    let scope = token(&json!({"scope": "s".repeat(256)}));
    assert!(with("hotjar", HOTJAR, scope).is_ok());

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
