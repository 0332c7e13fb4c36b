//! Tests of the conversions: round trips, and every field that may break the contract.

use super::*;

fn from_plugin() -> wit::Session {
    let time = |seconds| Datetime {
        seconds,
        nanoseconds: 5,
    };
    wit::Session {
        access_token: "tulip;42".to_owned(),
        base_url: "https://api.hotjar.io".to_owned(),
        scopes: vec!["metrics".to_owned()],
        project: Some(7),
        issued_at: time(1000),
        expires_at: time(4600),
        refresh_after: time(3700),
    }
}

fn read(session: wit::Session) -> Result<Session, PluginError> {
    let hotjar = Vec::from(["https://api.hotjar.io".parse().unwrap()]);
    Session::read(session, &EgressPolicy::new(hotjar.into(), None))
}

#[test]
fn a_session_survives_the_round_trip() {
    let session = read(from_plugin()).unwrap();
    let since = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(since(session.expires_at), Duration::new(4600, 5));
    assert_eq!(since(session.refresh_after), Duration::new(3700, 5));
    let back = wit::Session::from(&session);
    assert_eq!(format!("{back:?}"), format!("{:?}", from_plugin()));
}

#[test]
fn debug_of_a_session_hides_only_the_token() {
    let text = format!("{:?}", read(from_plugin()).unwrap());
    assert!(!text.contains("tulip"), "{text}");
    assert!(text.contains("api.hotjar.io"), "{text}");
}

#[test]
fn an_invalid_time_breaks_the_contract() {
    for bad in [(0, 1_000_000_000), (u64::MAX, 0)] {
        let mut session = from_plugin();
        session.expires_at.seconds = bad.0;
        session.expires_at.nanoseconds = bad.1;
        assert_eq!(breach(session), "expires-at");
    }
}

/// The field in which a session breaks the contract.
fn breach(session: wit::Session) -> &'static str {
    match read(session) {
        Err(PluginError::Contract(field)) => field,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_session_that_breaks_the_contract_names_the_field() {
    type Break = fn(&mut wit::Session);
    let breaks: [(&str, Break); 15] = [
        ("access-token", |s| s.access_token = String::new()),
        ("access-token", |s| s.access_token = "t\r\nx: y".to_owned()),
        ("access-token", |s| s.access_token = "t".repeat(1 << 20)),
        ("base-url", |s| s.base_url = String::new()),
        ("base-url", |s| {
            s.base_url = "http://api.hotjar.io".to_owned();
        }),
        ("base-url", |s| {
            s.base_url = "https://evil.example".to_owned();
        }),
        ("base-url", |s| {
            s.base_url = "https://api.hotjar.io@evil.example".to_owned();
        }),
        ("base-url", |s| {
            s.base_url = "https://api.hotjar.io:8443".to_owned();
        }),
        ("base-url", |s| {
            s.base_url = "https://api.hotjar.io/".to_owned();
        }),
        ("scopes", |s| s.scopes.push("a b".to_owned())),
        ("expires-at", |s| s.expires_at = s.issued_at),
        ("expires-at", |s| s.expires_at.seconds = 0),
        ("expires-at", |s| s.expires_at.seconds += 24 * 3600),
        ("refresh-after", |s| s.refresh_after.seconds = 999),
        ("refresh-after", |s| s.refresh_after.seconds = 4601),
    ];
    for (field, spoil) in breaks {
        let mut session = from_plugin();
        spoil(&mut session);
        assert_eq!(breach(session), field);
    }
}

#[test]
fn a_time_before_1970_becomes_1970() {
    let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
    assert_eq!(datetime(before).seconds, 0);
}

#[test]
fn a_vendor_that_breaks_the_contract_names_the_field() {
    type Break = fn(&mut wit::Vendor);
    let breaks: [(&str, Break); 5] = [
        ("id", |v| v.id = "A b".to_owned()),
        ("display-name", |v| v.display_name = "A\u{1b}[2J".to_owned()),
        ("setup-url", |v| {
            v.setup_url = "javascript:alert(1)".to_owned();
        }),
        ("origins", |v| {
            v.origins = vec!["http://a.example".to_owned()];
        }),
        ("calls-at-once", |v| v.calls_at_once = Some(0)),
    ];
    for (field, spoil) in breaks {
        let mut vendor = wit::Vendor {
            id: "a".to_owned(),
            display_name: "A".to_owned(),
            setup_url: "https://a.example".to_owned(),
            origins: vec!["https://a.example".to_owned()],
            calls_at_once: Some(1),
        };
        assert!(Vendor::try_from(vendor.clone()).is_ok());
        spoil(&mut vendor);
        let breach = Err(PluginError::Contract(field));
        assert_eq!(Vendor::try_from(vendor), breach);
    }
}

#[test]
fn an_error_that_breaks_the_contract_names_the_field() {
    let issue = |pointer: &str, code: &str, message: &str| {
        wit::Error::InvalidCredential(vec![wit::Issue {
            pointer: pointer.to_owned(),
            code: code.to_owned(),
            message: message.to_owned(),
        }])
    };
    let refusal = |status, code: &str| wit::Refusal {
        status,
        code: Some(code.to_owned()),
    };
    let misreply = |status, part: &str| {
        wit::Error::Unintelligible(wit::Misreply {
            status,
            part: part.to_owned(),
        })
    };
    for (field, error) in [
        ("invalid-credential", wit::Error::InvalidCredential(vec![])),
        ("pointer", issue("client_id", "required", "enter it")),
        ("code", issue("/client_id", "Required!", "enter it")),
        ("message", issue("/client_id", "required", "a\nb")),
        ("status", wit::Error::Rejected(refusal(0, "invalid_client"))),
        (
            "code",
            wit::Error::Rejected(refusal(401, "wrong secret: tulip")),
        ),
        ("code", wit::Error::Forbidden(refusal(403, ""))),
        ("part", misreply(200, "what the vendor said")),
        ("status", misreply(1000, "body")),
        ("other", wit::Error::Other("x".repeat(1 << 20))),
        ("other", wit::Error::Other("a\u{1b}[2J".to_owned())),
    ] {
        let breach = Err(PluginError::Contract(field));
        assert_eq!(ConnectorError::try_from(error), breach);
    }
}

#[test]
fn a_long_list_of_issues_is_truncated_and_an_odd_name_is_cleaned() {
    let issue = wit::Issue {
        pointer: "/scopes/2".to_owned(),
        code: "duplicate".to_owned(),
        message: "choose each once".to_owned(),
    };
    let many = wit::Error::InvalidCredential(vec![issue; 20_000]);
    let ConnectorError::InvalidCredential(kept) = ConnectorError::try_from(many).unwrap() else {
        panic!("another error");
    };
    assert_eq!(kept.len(), contract::MAX_ISSUES);

    let access = |scope: &str| wit::Access {
        scopes: vec![scope.to_owned()],
        projects: vec![wit::Project {
            id: 1,
            name: "Sh\nop".to_owned(),
        }],
        level: None,
    };
    assert_eq!(
        Access::try_from(access("metrics")).unwrap().projects[0].name,
        "Shop"
    );
    let breach = Err(PluginError::Contract("scopes"));
    assert_eq!(Access::try_from(access("a b")), breach);
}

#[test]
fn only_the_beginning_of_a_body_is_passed_to_the_plugin() {
    let response = ApiResponse {
        status: 200,
        headers: Vec::new(),
        body: vec![b'x'; CLASSIFY_BYTES + 1],
    };
    assert_eq!(wit::Response::from(&response).body.len(), CLASSIFY_BYTES);
}

#[test]
fn every_error_keeps_its_name_and_its_payload() {
    let refusal = || wit::Refusal {
        status: 403,
        code: Some("invalid_scope".to_owned()),
    };
    let issue = wit::Issue {
        pointer: "/client_id".to_owned(),
        code: "required".to_owned(),
        message: "enter the client id".to_owned(),
    };
    let stage = wit::Error::Unreachable(wit::Stage::CutOff);
    let misreply = wit::Misreply {
        status: 200,
        part: "access_token".to_owned(),
    };
    for (error, kind, text) in [
        (wit::Error::UnknownVendor, "unknown-vendor", ""),
        (
            wit::Error::InvalidCredential(vec![issue]),
            "invalid-credential",
            "required",
        ),
        (wit::Error::Rejected(refusal()), "rejected", "invalid_scope"),
        (
            wit::Error::Forbidden(refusal()),
            "forbidden",
            "invalid_scope",
        ),
        (wit::Error::Throttled(Some(9)), "throttled", "9"),
        (wit::Error::Unavailable(Some(9)), "unavailable", "9"),
        (stage, "unreachable", "CutOff"),
        (wit::Error::Denied, "denied", ""),
        (
            wit::Error::Unintelligible(misreply),
            "unintelligible",
            "access_token",
        ),
        (wit::Error::Other("why".to_owned()), "other", "why"),
    ] {
        let error = ConnectorError::try_from(error).unwrap();
        assert_eq!(error.kind(), kind);
        assert!(format!("{error:?}").contains(text), "{error:?}");
    }
}
