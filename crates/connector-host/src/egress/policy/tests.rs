//! Tests of the policy: a table of URLs, and the effect of a grant and of a credential's origins.

use super::*;

fn origins(texts: &[&str]) -> Vec<Origin> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn allows_only_https_to_covered_hosts_on_port_443() {
    let origins = origins(&["https://api.hotjar.io", "https://*.contentsquare.com"]);
    let policy = EgressPolicy::new(&origins, None);
    for (url, allowed) in [
        ("https://api.hotjar.io/v1/oauth/token", true),
        ("https://API.HOTJAR.IO/", true),
        ("https://api.hotjar.io:443/", true),
        ("https://api.contentsquare.com/", true),
        ("https://a.b.contentsquare.com/", true),
        ("https://contentsquare.com/", false),
        ("https://.contentsquare.com/", false),
        ("https://evilcontentsquare.com/", false),
        ("https://contentsquare.com.evil.example/", false),
        ("https://insights.hotjar.io/", false),
        ("https://a.api.hotjar.io/", false),
        ("http://api.hotjar.io/", false),
        ("https://api.hotjar.io:8443/", false),
        ("https://api.hotjar.io:0443/", false),
        ("https://api.hotjar.io./", false),
        ("https://user@api.hotjar.io/", false),
        ("https://api.hotjar.io@evil.example/", false),
        ("https://evil.example:443@api.hotjar.io/", false),
        ("https://127.0.0.1/", false),
        ("/v1/oauth/token", false),
    ] {
        let uri = url.parse().unwrap();
        assert_eq!(policy.allows(&origins, &uri), allowed, "{url}");
    }
}

#[test]
fn a_request_needs_the_credential_and_the_vendor_or_else_the_operator() {
    let declared = origins(&["https://*.acme.example"]);
    let grants: [Option<&[&str]>; 4] = [
        None,
        Some(&[]),
        Some(&["https://a.acme.example"]),
        Some(&["https://a.acme.example", "https://acme.internal"]),
    ];
    for (credential, url, allowed) in [
        (
            &["https://a.acme.example"][..],
            "https://a.acme.example/",
            [true, false, true, true],
        ),
        (
            &["https://b.acme.example"],
            "https://b.acme.example/",
            [true, false, false, false],
        ),
        // Declared by the vendor, and not needed by the credential.
        (
            &["https://b.acme.example"],
            "https://a.acme.example/",
            [false; 4],
        ),
        (&[], "https://a.acme.example/", [false; 4]),
        // Needed by the credential, and not declared by the vendor.
        (
            &["https://acme.internal"],
            "https://acme.internal/",
            [false, false, false, true],
        ),
        (
            &["https://evil.example"],
            "https://evil.example/",
            [false; 4],
        ),
    ] {
        let found = grants.map(|granted| {
            let granted = granted.map(|texts| origins(texts).into());
            let policy = EgressPolicy::new(&declared, granted.as_ref());
            policy.allows(&origins(credential), &url.parse().unwrap())
        });
        assert_eq!(found, allowed, "{credential:?} {url}");
    }
}

#[test]
fn a_vendor_that_is_not_listed_reaches_nothing() {
    let origins = origins(&["https://api.hotjar.io"]);
    let uri = "https://api.hotjar.io/".parse().unwrap();
    assert!(!EgressPolicy::deny_all().allows(&origins, &uri));
}
