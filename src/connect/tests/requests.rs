//! What is sent to a vendor.

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

/// Growing would leave a copy of the secret behind.
#[test]
fn no_body_outgrows_the_room_that_was_made_for_it() {
    let long = json!({"client_id": "\"".repeat(1024), "client_secret": "\\".repeat(1024)});
    let scopes = [
        "data-export",
        "metrics",
        "speed-analysis",
        "surveys",
        "session-replay",
        "symbolicator",
    ];
    let mut longest = long.clone();
    longest["scopes"] = json!(scopes);
    longest["project_id"] = json!((1_u64 << 53) - 1);
    for (vendor, document) in [
        ("hotjar", long.to_string()),
        ("contentsquare", contentsquare(&longest)),
    ] {
        let bytes = Cell::new((0, 0));
        let http = |request: Request| {
            bytes.set((request.body.len(), request.body.capacity()));
            Err(Error::Denied)
        };
        assert_eq!(
            authenticate(vendor, &document, NOW, &http).err(),
            Some(Error::Denied)
        );
        let (length, capacity) = bytes.get();
        assert!(
            length > 4096 && capacity - length < 256,
            "{vendor}: {length} in {capacity}"
        );
    }
}
