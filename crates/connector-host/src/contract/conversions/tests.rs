//! Tests of the conversions: round trips, and every field that may break the contract.

use super::*;

fn from_plugin() -> wit::Session {
    let time = |seconds| Datetime {
        seconds,
        nanoseconds: 5,
    };
    wit::Session {
        access_token: "tulip;42".to_owned(),
        state: Some("daisy;42".to_owned()),
        base_url: "https://api.hotjar.io".to_owned(),
        scopes: vec!["metrics".to_owned()],
        account: Some("7".to_owned()),
        issued_at: time(1000),
        refresh_after: Some(time(3700)),
        expires_at: Some(time(4600)),
    }
}

fn read(session: wit::Session) -> Result<Session, PluginError> {
    Session::read(session, vec!["https://api.hotjar.io".parse().unwrap()])
}

#[test]
fn a_session_survives_the_round_trip() {
    let session = read(from_plugin()).unwrap();
    let since = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(session.expires_at.map(since), Some(Duration::new(4600, 5)));
    assert_eq!(
        session.refresh_after.map(since),
        Some(Duration::new(3700, 5))
    );
    let back = wit::Session::from(&session);
    assert_eq!(format!("{back:?}"), format!("{:?}", from_plugin()));
}

#[test]
fn a_session_may_last_for_ever_or_for_a_year() {
    let mut endless = from_plugin();
    endless.expires_at = None;
    endless.refresh_after = None;
    assert!(read(endless).unwrap().expires_at.is_none());
    let mut year = from_plugin();
    year.expires_at = Some(Datetime {
        seconds: 1000 + 365 * 24 * 3600,
        nanoseconds: 5,
    });
    assert!(read(year).is_ok());
}

#[test]
fn debug_of_a_session_hides_only_its_secrets() {
    let text = format!("{:?}", read(from_plugin()).unwrap());
    assert!(!text.contains("tulip") && !text.contains("daisy"), "{text}");
    assert!(text.contains("api.hotjar.io"), "{text}");
}

#[test]
fn an_invalid_time_breaks_the_contract() {
    for bad in [(0, 1_000_000_000), (u64::MAX, 0)] {
        let mut session = from_plugin();
        session.expires_at = Some(Datetime {
            seconds: bad.0,
            nanoseconds: bad.1,
        });
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

fn at(time: &mut Option<Datetime>) -> &mut Datetime {
    time.as_mut().unwrap()
}

#[test]
fn a_session_that_breaks_the_contract_names_the_field() {
    type Break = fn(&mut wit::Session);
    let breaks: [(&str, Break); 21] = [
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
        ("state", |s| s.state = Some(String::new())),
        ("state", |s| s.state = Some("s".repeat(1 << 20))),
        ("account", |s| s.account = Some(String::new())),
        ("account", |s| s.account = Some("4\n2".to_owned())),
        ("expires-at", |s| s.expires_at = Some(s.issued_at)),
        ("expires-at", |s| at(&mut s.expires_at).seconds = 0),
        ("expires-at", |s| {
            at(&mut s.expires_at).seconds += 365 * 24 * 3600;
        }),
        ("refresh-after", |s| at(&mut s.refresh_after).seconds = 999),
        ("refresh-after", |s| at(&mut s.refresh_after).seconds = 4601),
        ("refresh-after", |s| s.refresh_after = None),
        ("refresh-after", |s| s.expires_at = None),
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

fn vendor(id: &str) -> wit::Vendor {
    wit::Vendor {
        id: id.to_owned(),
        origins: vec!["https://a.example".to_owned()],
        max_concurrent_calls: Some(1),
        signing: wit::Signing::BodySha256,
        inspection: wit::Inspection::Credential,
        durable_state: true,
    }
}

#[test]
fn a_vendor_that_breaks_a_rule_names_it_and_the_problem() {
    let with_origins = |origins: &[&str]| wit::Vendor {
        origins: origins.iter().map(|&origin| origin.to_owned()).collect(),
        ..vendor("a")
    };
    assert!(Vendor::try_from(vendor("a")).is_ok());
    assert!(Vendor::try_from(with_origins(&[])).is_ok());
    for (vendor, rule, id, problem) in [
        (
            vendor("A b"),
            LoadRule::Vendors,
            None,
            "an id is not 1 to 64",
        ),
        (vendor(""), LoadRule::Vendors, None, "an id is not 1 to 64"),
        (
            wit::Vendor {
                max_concurrent_calls: Some(0),
                ..vendor("a")
            },
            LoadRule::Vendors,
            Some("a"),
            "`max-concurrent-calls` is zero",
        ),
        (
            with_origins(&["https://a.example", "http://a.example"]),
            LoadRule::Origins,
            Some("a"),
            "origin 2: invalid origin; begin it with https://",
        ),
        (
            with_origins(&["https://a.example:8443"]),
            LoadRule::Origins,
            Some("a"),
            "origin 1: invalid origin; remove its port",
        ),
        (
            with_origins(&["https://a.example/\u{1b}[2J"]),
            LoadRule::Origins,
            Some("a"),
            "origin 1: invalid origin; end it with its host",
        ),
        (
            with_origins(&["https://a.example"; 101]),
            LoadRule::Origins,
            Some("a"),
            "there are more than 100 origins",
        ),
        (
            with_origins(&["https://*.github.io"]),
            LoadRule::PublicSuffix,
            Some("a"),
            "origin 1: invalid origin; its wildcard covers a public suffix",
        ),
        (
            with_origins(&["https://*.com"]),
            LoadRule::PublicSuffix,
            Some("a"),
            "origin 1: invalid origin; its wildcard covers a public suffix",
        ),
    ] {
        let breach = Vendor::try_from(vendor).unwrap_err();
        assert_eq!(
            (breach.rule, breach.vendor.as_deref()),
            (rule, id),
            "{problem}"
        );
        assert!(breach.problem.starts_with(problem), "{breach}");
    }
}

#[test]
fn a_list_of_vendors_is_not_empty_and_its_ids_are_unique() {
    for (ids, expected) in [
        (&["b", "a"][..], Ok(2)),
        (&[], Err("the list is empty")),
        (&["a", "b", "a"], Err("two vendors have the same id")),
    ] {
        let listed = ids.iter().map(|id| vendor(id)).collect();
        let expected = expected.map_err(|problem| Breach::new(LoadRule::Vendors, None, problem));
        assert_eq!(vendors(listed).map(|read| read.len()), expected);
    }
}

#[test]
fn origins_of_a_credential_have_only_declared_wildcards() {
    let declared = ["https://*.acme.example".parse().unwrap()];
    for (texts, is_valid) in [
        (&[][..], true),
        (&["https://a.acme.example", "https://acme.internal"], true),
        (&["https://*.acme.example"], true),
        (&["https://*.a.acme.example"], false),
        (&["https://*.example"], false),
        (&["https://a.acme.example", "http://a.acme.example"], false),
        (&["https://a.acme.example:8443"], false),
        (&["a.acme.example"], false),
        (&["https://a.acme.example"; 101], false),
    ] {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        match origins(&texts, &declared) {
            Ok(read) => assert!(is_valid && read.len() == texts.len(), "{texts:?}"),
            Err(error) => {
                assert_eq!(error, PluginError::Contract("origins"));
                assert!(!is_valid, "{texts:?}");
            }
        }
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
        confirmed: true,
    };
    let invalid = |status, field: &str| {
        wit::Error::InvalidResponse(wit::InvalidResponse {
            status,
            field: field.to_owned(),
        })
    };
    let fault = |code: &str, message: &str| {
        wit::Error::Other(wit::Fault {
            code: code.to_owned(),
            message: message.to_owned(),
            retry: false,
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
        ("field", invalid(200, "what the vendor said")),
        ("status", invalid(1000, "body")),
        ("code", fault("", "why")),
        ("code", fault("No Code", "why")),
        ("message", fault("no-code", "")),
        ("message", fault("no-code", &"x".repeat(1 << 20))),
        ("message", fault("no-code", "a\u{1b}[2J")),
    ] {
        let breach = Err(PluginError::Contract(field));
        assert_eq!(ConnectorError::try_from(error), breach);
    }
}

#[test]
fn a_long_list_of_issues_is_truncated() {
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
}

fn access() -> wit::Access {
    let choice = |value: &str, title: &str| wit::Choice {
        value: value.to_owned(),
        title: title.to_owned(),
    };
    wit::Access {
        identity: Some("Jane\u{202e}".to_owned()),
        scopes: vec!["metrics".to_owned()],
        fields: vec![wit::FieldChoices {
            pointer: "/project_id".to_owned(),
            choices: vec![
                choice("42", "Sh\nop"),
                choice("\"a\"", "\u{200b}"),
                choice("true", " "),
            ],
            complete: true,
            depends_on: vec!["/client_id".to_owned()],
        }],
        credential_expires_at: Some(Datetime {
            seconds: 7,
            nanoseconds: 0,
        }),
        next: Some("2".to_owned()),
    }
}

#[test]
fn choices_keep_their_values_and_odd_titles_are_cleaned() {
    let access = Access::try_from(access()).unwrap();
    assert_eq!(access.identity.as_deref(), Some("Jane"));
    let [field] = &access.fields[..] else {
        panic!("not one field");
    };
    let choices: Vec<_> = field
        .choices
        .iter()
        .map(|c| (c.value.to_string(), &*c.title))
        .collect();
    let value = |text: &str| text.to_owned();
    let expected = [
        (value("42"), "Shop"),
        (value("\"a\""), "a"),
        (value("true"), "true"),
    ];
    assert_eq!(choices, expected);
    let since = Duration::from_secs(7);
    assert_eq!(
        access.credential_expires_at,
        Some(SystemTime::UNIX_EPOCH + since)
    );
}

#[test]
fn an_access_that_breaks_the_contract_names_the_field() {
    type Break = fn(&mut wit::Access);
    let breaks: [(&str, Break); 11] = [
        ("scopes", |a| a.scopes.push("a b".to_owned())),
        ("pointer", |a| a.fields[0].pointer = String::new()),
        ("pointer", |a| a.fields[0].pointer = "project_id".to_owned()),
        ("depends-on", |a| a.fields[0].depends_on.push(String::new())),
        ("value", |a| a.fields[0].choices[0].value = String::new()),
        ("value", |a| {
            a.fields[0].choices[0].value = "shop".to_owned();
        }),
        ("value", |a| {
            a.fields[0].choices[0].value = "null".to_owned();
        }),
        ("value", |a| a.fields[0].choices[0].value = "[1]".to_owned()),
        ("credential-expires-at", |a| {
            at(&mut a.credential_expires_at).nanoseconds = u32::MAX;
        }),
        ("next", |a| a.next = Some(String::new())),
        ("next", |a| a.next = Some("2".repeat(4097))),
    ];
    for (field, spoil) in breaks {
        let mut access = access();
        spoil(&mut access);
        let breach = Err(PluginError::Contract(field));
        assert_eq!(Access::try_from(access), breach);
    }
}

#[test]
fn a_verdict_keeps_its_refusal() {
    let refusal = || wit::Refusal {
        status: 401,
        code: Some("JWT_EXPIRED:1".to_owned()),
        confirmed: true,
    };
    for (verdict, kind) in [
        (wit::Verdict::Accepted, "accepted"),
        (wit::Verdict::Refresh(refusal()), "refresh"),
        (wit::Verdict::Forbidden(refusal()), "forbidden"),
        (wit::Verdict::Throttled(None), "throttled"),
        (wit::Verdict::Unavailable(Some(0)), "unavailable"),
    ] {
        let verdict = Verdict::try_from(verdict).unwrap();
        assert_eq!(verdict.kind(), kind);
        if let Verdict::Refresh(refusal) | Verdict::Forbidden(refusal) = verdict {
            assert_eq!(refusal.code.as_deref(), Some("JWT_EXPIRED:1"));
            assert!(refusal.confirmed);
        }
    }
    let broken = wit::Verdict::Refresh(wit::Refusal {
        status: 0,
        ..refusal()
    });
    let breach = Err(PluginError::Contract("status"));
    assert_eq!(Verdict::try_from(broken), breach);
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
        confirmed: false,
    };
    let issue = wit::Issue {
        pointer: "/client_id".to_owned(),
        code: "required".to_owned(),
        message: "enter the client id".to_owned(),
    };
    let stage = wit::Error::Unreachable(wit::Stage::CutOff);
    let certificate = wit::Error::Unreachable(wit::Stage::Certificate);
    let invalid = wit::InvalidResponse {
        status: 200,
        field: "access_token".to_owned(),
    };
    let fault = wit::Fault {
        code: "no-body".to_owned(),
        message: "why".to_owned(),
        retry: true,
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
        (certificate, "unreachable", "Certificate"),
        (wit::Error::Denied, "denied", ""),
        (
            wit::Error::InvalidResponse(invalid),
            "invalid-response",
            "access_token",
        ),
        (wit::Error::Other(fault), "other", "retry: true"),
    ] {
        let error = ConnectorError::try_from(error).unwrap();
        assert_eq!(error.kind(), kind);
        assert!(format!("{error:?}").contains(text), "{error:?}");
    }
}
