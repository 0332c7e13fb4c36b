//! The steps by a table that uses every part of one. The files of real vendors are tested in
//! `examples/vendors`.

use super::Piece::{Text, Value};
use super::*;
use crate::testing::{self, NOW, invalid_response, no_request, reply};
use crate::{Codes, Text as ForPeople};

struct Full;

const FIELDS: &[DataField] = &[
    field("tenant", true, "", Kind::HostLabel),
    field("client_id", true, "", Kind::Token),
    field("client_secret", true, "", Kind::String),
    field(
        "region",
        false,
        "eu",
        Kind::Choice(&[("eu", "eu"), ("us", "us")]),
    ),
    field("scopes", true, "", Kind::Choices(&["a", "b"])),
    field("audience", false, "", Kind::String),
];

const fn field(name: &'static str, required: bool, default: &'static str, kind: Kind) -> DataField {
    DataField {
        name,
        required,
        default,
        kind,
    }
}

const HOST: Template = &[
    Text("https://"),
    Value(0),
    Text("."),
    Value(3),
    Text(".full.example"),
];

impl DataVendor for Full {
    const DATA: &'static VendorData = &VendorData {
        info: VendorInfo::new("full", &["https://*.full.example"]).codes(Codes::NONE),
        description: Description::new("Full", "https://full.example"),
        schema: Schema::new("{}", &[]),
        fields: FIELDS,
        origins: &[HOST, HOST],
        opening: Opening::Request(TokenRequest {
            is_get: false,
            url: &[HOST[0], HOST[1], HOST[2], HOST[3], HOST[4], Text("/token")],
            basic: Some((&[Value(1)], &[Value(2)])),
            headers: &[("x-region", &[Value(3)])],
            query: &[("audience", &[Value(5)]), ("scope", &[Value(4)])],
            body: Body::Json(&[
                ("client", JsonData::String(&[Text("id="), Value(1)])),
                ("audience", JsonData::String(&[Value(5)])),
                ("ttl", JsonData::Integer(7)),
                ("long", JsonData::Boolean(true)),
            ]),
            scopes: &[Value(4)],
            reply: Reply {
                token: Some("data.token"),
                expires_in: Some("data.ttl"),
                expires_at: None,
                scope: Some("data.scopes"),
                scope_separator: ",",
                account: Some("data.account"),
            },
        }),
        base_url: BaseUrl::Reply("data.url", "/v1"),
        kept: &[1, 5],
        headers: &[
            ("authorization", &[Text("Full "), Value(0)]),
            ("x-client", &[Value(1)]),
            ("x-audience", &[Value(2)]),
        ],
        query: &[("t", &[Value(0)])],
    };
}

const CREDENTIAL: &str = r#"{
    "tenant": "Acme", "client_id": "id", "client_secret": "hu sh", "scopes": ["b", "a"]
}"#;
const REPLY: &str = r#"{"data": {
    "token": "t!1", "ttl": "90", "scopes": "b, c", "account": 42,
    "url": "https://acme.eu.full.example/"
}}"#;

#[test]
fn builds_the_request_and_reads_the_reply() {
    let session = testing::authenticate(&Full, CREDENTIAL, |request| {
        let url = "https://acme.eu.full.example/token?scope=b+a";
        assert_eq!(request.url.expose(), url);
        let basic = Some("Basic aWQ6aHUrc2g=");
        assert_eq!(request.header_value("authorization"), basic);
        assert_eq!(request.header_value("x-region"), Some("eu"));
        let body = br#"{"client":"id=id","ttl":7,"long":true}"#;
        assert_eq!(request.body.expose(), body);
        reply(200, REPLY)
    });
    let session = session.unwrap();
    assert_eq!(session.access_token.expose(), "t!1");
    assert_eq!(session.base_url, "https://acme.eu.full.example/v1");
    assert_eq!(session.scopes, ["b", "c"]);
    assert_eq!(session.account.as_deref(), Some("42"));
    assert_eq!(session.expires_at, Some(NOW.plus(90)));
    let call = testing::authorize(&Full, &session, "GET", &session.base_url, b"").unwrap();
    assert_eq!(call.header_value("authorization"), Some("Full t!1"));
    assert_eq!(call.header_value("x-client"), Some("id"));
    assert_eq!(call.header_value("x-audience"), None);
    assert_eq!(call.query[0].1.expose(), "t!1");
}

#[test]
fn an_optional_value_goes_where_it_is_named() {
    let credential = CREDENTIAL.replace("\"scopes\"", "\"audience\": \"é\", \"scopes\"");
    testing::authenticate(&Full, &credential, |request| {
        let query = "?audience=%C3%A9&scope=b+a";
        assert!(request.url.expose().ends_with(query));
        assert!(
            request
                .body
                .expose()
                .windows(10)
                .any(|part| part == b"\"audience\"")
        );
        reply(200, REPLY)
    })
    .unwrap();
}

#[test]
fn a_session_of_another_version_of_the_file_is_unknown() {
    let mut session = testing::authenticate(&Full, CREDENTIAL, |_| reply(200, REPLY)).unwrap();
    for state in [None, Some(Secret::new("")), Some(Secret::new("a\nb\nc"))] {
        session.state = state;
        let error = testing::authorize(&Full, &session, "GET", "https://a.example", b"");
        assert_eq!(error.unwrap_err(), UNKNOWN_SESSION);
    }
}

#[test]
fn a_reply_without_a_token_or_with_a_foreign_base_url_is_invalid() {
    for (from, to, field) in [
        ("\"token\"", "\"other\"", "data.token"),
        ("t!1", "t 1", "data.token"),
        ("\"data\"", "\"other\"", "data.token"),
        ("acme.eu", "other.eu", "data.url"),
        ("full.example", "evil.example", "data.url"),
        ("https:", "http:", "data.url"),
    ] {
        let body = REPLY.replacen(from, to, 1);
        let error = testing::authenticate(&Full, CREDENTIAL, |_| reply(200, &*body));
        assert_eq!(error.unwrap_err(), invalid_response(field), "{body}");
    }
}

#[test]
fn a_wildcard_stands_for_the_hosts_below_and_not_for_the_domain() {
    for (url, origin, expected) in [
        ("https://a.b.example/x", "https://*.b.example", true),
        ("https://b.example/x", "https://*.b.example", false),
        ("https://ab.example", "https://*.b.example", false),
        ("https://A.example", "https://a.example", true),
        ("https://b.a.example", "https://a.example", false),
        ("https://a.example", "http://a.example", false),
    ] {
        assert_eq!(at_origin(url, origin).is_some(), expected, "{url} {origin}");
    }
}

struct Key;

impl DataVendor for Key {
    const DATA: &'static VendorData = &VendorData {
        info: VendorInfo::new("key", &["https://key.example"]).expiry(Expiry::Never),
        description: Description::new("Key", "https://key.example")
            .summary(ForPeople::new("", &[])),
        schema: Schema::new("{}", &[]),
        fields: &[
            field("user", true, "", Kind::PathSegment),
            field("key", true, "", Kind::String),
        ],
        origins: &[&[Text("https://key.example")]],
        opening: Opening::Basic(&[Value(0)], &[Value(1)]),
        base_url: BaseUrl::Template(&[Text("https://key.example/"), Value(0)]),
        kept: &[],
        headers: &[("authorization", &[Text("Basic "), Value(0)])],
        query: &[],
    };
}

#[test]
fn a_key_needs_no_request_and_has_no_end() {
    let session =
        testing::authenticate(&Key, r#"{"user": "AC1", "key": "clé"}"#, no_request).unwrap();
    assert_eq!(session.base_url, "https://key.example/AC1");
    assert_eq!(session.expires_at, None);
    let call = testing::authorize(&Key, &session, "GET", &session.base_url, b"").unwrap();
    assert_eq!(
        call.header_value("authorization"),
        Some("Basic QUMxOmNsw6k=")
    );
}

#[test]
fn reports_every_problem_of_the_form() {
    let issues = testing::issues(
        &Full,
        r#"{"tenant": "a.b", "region": "mars", "scopes": []}"#,
    );
    let pointers: Vec<_> = issues.iter().map(|(pointer, _)| &**pointer).collect();
    assert_eq!(
        pointers,
        [
            "/tenant",
            "/client_id",
            "/client_secret",
            "/region",
            "/scopes"
        ]
    );
}
