//! Tests of the patterns: valid ones, and every reason to reject one.

use super::{Origin, OriginError};

#[test]
fn reads_origins_and_writes_them_in_lower_case() {
    for (text, written) in [
        ("https://api.hotjar.io", "https://api.hotjar.io"),
        ("HTTPS://API.Hotjar.IO", "https://api.hotjar.io"),
        ("https://api.hotjar.io:443", "https://api.hotjar.io"),
        ("https://*.contentsquare.com", "https://*.contentsquare.com"),
        ("https://127.0.0.1", "https://127.0.0.1"),
        ("https://[::1]", "https://[::1]"),
        (
            "https://xn--bcher-kva.example",
            "https://xn--bcher-kva.example",
        ),
    ] {
        assert_eq!(text.parse::<Origin>().unwrap().to_string(), written);
    }
}

#[test]
fn rejects_invalid_origins() {
    use OriginError::{Host, NotOnlyHost, Port, Scheme};
    for (text, error) in [
        ("", Scheme),
        ("api.hotjar.io", Scheme),
        ("http://api.hotjar.io", Scheme),
        ("https:/api.hotjar.io", Scheme),
        ("https://", Host),
        ("https://*", Host),
        ("https://*.", Host),
        ("https://*.*.hotjar.io", Host),
        ("https://api.*.io", Host),
        ("https://*hotjar.io", Host),
        ("https://api.hotjar.io.", Host),
        ("https://.hotjar.io", Host),
        ("https://api..io", Host),
        ("https://-api.io", Host),
        ("https://a b.io", Host),
        ("https://bücher.example", Host),
        ("https://*.0.0.1", Host),
        ("https://*.127.0.0.1", Host),
        ("https://*.[::1]", Host),
        ("https://0x7f.1", Host),
        ("https://2130706433", Host),
        ("https://[::1", Host),
        ("https://[v1.x]", Host),
        ("https://api.hotjar.io:8443", Port),
        ("https://api.hotjar.io:", Port),
        ("https://api.hotjar.io:443:443", Port),
        ("https://[::1]:8443", Host),
        ("https://api.hotjar.io/", NotOnlyHost),
        ("https://api.hotjar.io/v1", NotOnlyHost),
        ("https://api.hotjar.io?a", NotOnlyHost),
        ("https://api.hotjar.io#a", NotOnlyHost),
        ("https://user@api.hotjar.io", NotOnlyHost),
        ("https://evil.example\\.hotjar.io", NotOnlyHost),
    ] {
        assert_eq!(text.parse::<Origin>(), Err(error), "{text}");
    }
}

#[test]
fn rejects_a_wildcard_over_a_public_suffix() {
    for host in [
        "com",
        "uk",
        "co.uk",
        "CO.UK",
        "com.au",
        "k12.ca.us",
        // Only a rule with a wildcard names it.
        "anything.ck",
        // Hosting companies, which are on the list too.
        "github.io",
        "herokuapp.com",
        "s3.amazonaws.com",
        // 公司.cn and рф
        "xn--55qx5d.cn",
        "xn--p1ai",
        // No rule at all.
        "example",
        "localhost",
        "internal",
    ] {
        let wildcard = format!("https://*.{host}").parse::<Origin>();
        assert_eq!(wildcard, Err(OriginError::PublicSuffix), "{host}");
        // One name below it has one owner.
        for allowed in [
            format!("https://{host}"),
            format!("https://acme.{host}"),
            format!("https://*.acme.{host}"),
        ] {
            assert!(allowed.parse::<Origin>().is_ok(), "{allowed}");
        }
    }
    // An exception of a rule with a wildcard, and a name of another script.
    for allowed in ["https://*.www.ck", "https://*.xn--bcher-kva.de"] {
        assert!(allowed.parse::<Origin>().is_ok(), "{allowed}");
    }
}
