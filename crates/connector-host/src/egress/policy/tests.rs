//! Tests of the policy: a table of URLs, and the effect of a grant.

use super::EgressPolicy;
use crate::egress::origin::Origin;

fn origins(texts: &[&str]) -> std::sync::Arc<[Origin]> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn allows_only_https_to_covered_hosts_on_port_443() {
    let policy = EgressPolicy::new(
        origins(&["https://api.hotjar.io", "https://*.contentsquare.com"]),
        None,
    );
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
        assert_eq!(policy.allows(&uri), allowed, "{url}");
    }
}

#[test]
fn a_grant_restricts_and_never_extends() {
    let policy = |granted: &[&str]| {
        EgressPolicy::new(
            origins(&["https://*.contentsquare.com"]),
            Some(origins(granted)),
        )
    };
    let uri = "https://api.contentsquare.com/".parse().unwrap();
    let other = "https://api.hotjar.io/".parse().unwrap();
    assert!(policy(&["https://api.contentsquare.com"]).allows(&uri));
    assert!(!policy(&["https://eu.contentsquare.com"]).allows(&uri));
    assert!(!policy(&[]).allows(&uri));
    assert!(!policy(&["https://api.hotjar.io"]).allows(&other));
}

#[test]
fn a_call_without_a_vendor_reaches_nothing() {
    assert!(!EgressPolicy::deny_all().allows(&"https://api.hotjar.io/".parse().unwrap()));
}
