//! Tests of combining requests with sessions and authorizations.

use std::time::SystemTime;

use http::header::{AUTHORIZATION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};

use super::*;

fn session(base_url: &str) -> Session {
    Session::new("t0k;en".to_owned(), base_url, SystemTime::UNIX_EPOCH)
}

fn get(path: &str) -> http::Request<Bytes> {
    http::Request::get(path).body(Bytes::new()).unwrap()
}

fn authorization(headers: &[(&str, &str)], query: &[(&str, &str)]) -> Authorization {
    let bytes = |(name, value): &(&str, &str)| ((*name).to_owned(), value.as_bytes().to_vec());
    let text = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Authorization {
        headers: headers.iter().map(bytes).collect(),
        query: query.iter().map(text).collect(),
    }
}

#[test]
fn a_request_gets_the_base_url_and_loses_the_fields_of_the_transport() {
    let mut request = get("/v1/exports?limit=1");
    for name in [HOST, CONTENT_LENGTH, TRANSFER_ENCODING, AUTHORIZATION] {
        request.headers_mut().insert(name, "mine".parse().unwrap());
    }
    let session = session("https://api.eu.contentsquare.com/base");
    let request = with_base_url(&session, request).unwrap();
    let url = "https://api.eu.contentsquare.com/base/v1/exports?limit=1";
    assert_eq!(request.uri(), url);
    let head = head(&request, Signing::Session);
    assert_eq!((&*head.method, &*head.url), ("GET", url));
    let mine = ("authorization".to_owned(), b"mine".to_vec());
    assert_eq!(head.headers, [mine]);
}

#[test]
fn fields_of_the_connection_and_for_proxies_are_dropped() {
    let mut request = get("/x");
    for (name, value) in [
        ("connection", "keep-alive, X-One"),
        ("connection", "x-two , ,X-THREE,b\u{e4}d"),
        ("connection", "close"),
        ("keep-alive", "timeout=5"),
        ("te", "trailers"),
        ("trailer", "x-sum"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "h2c"),
        ("http2-settings", "AAMAAABk"),
        ("proxy-authorization", "Basic eA=="),
        ("proxy-authenticate", "Basic"),
        ("proxy-connection", "keep-alive"),
        ("proxy-anything", "1"),
        ("expect", "100-continue"),
        ("host", "evil.example"),
        ("content-length", "7"),
        ("x-one", "1"),
        ("x-two", "2"),
        ("x-three", "3"),
        ("x-four", "kept"),
        ("accept", "kept"),
        ("proxying", "kept"),
    ] {
        let name: HeaderName = name.parse().unwrap();
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        request.headers_mut().append(name, value);
    }
    let request = with_base_url(&session("https://a.example"), request).unwrap();
    let mut left: Vec<_> = request.headers().keys().map(HeaderName::as_str).collect();
    left.sort_unstable();
    assert_eq!(left, ["accept", "proxying", "x-four"]);
}

#[test]
fn a_path_that_climbs_above_the_base_url_is_rejected() {
    let session = session("https://a.example/base");
    for path in [
        "/..",
        "/../x",
        "/./../x",
        "/a/../../x",
        "/a/./b/../../../x",
        "//../x",
        "/a//../../x",
        "/%2e%2e/x",
        "/%2E./x",
        "/.%2e/x",
        "/a/%2e%2E/%2e%2e/x",
        "/..%2fx",
        "/%2e%2e%2Fx",
        "/a%2f..%2f..%2fx",
        "/..%5cx",
        "/..\\x",
        "/a\\..\\..\\x",
        "/..;/x",
        "/..;v=1/x",
        "/%2e%2e%3bv=1/x",
        "/%252e%252e/x",
        "/%25252e%25252e/x",
        "/%2525252525252e",
        // Decoded, one segment; the second leaves the base.
        "/a%2fb/../../x",
    ] {
        let rejected = with_base_url(&session, get(path));
        assert!(matches!(rejected, Err(SendError::Request(_))), "{path}");
    }
}

#[test]
fn a_path_that_stays_below_the_base_url_is_sent_as_it_is() {
    for path in [
        "/",
        "/x",
        "//x",
        "/.",
        "/a/../x",
        "/a/b/../../x",
        "/a/%2e%2e/x",
        "/...",
        "/..x/x..",
        "/.../..x",
        "/a%2fb",
        "/a%25b",
        "/100%25/x",
        "/%zz",
        "/x?q=../../y",
        "/x?q=/../..",
    ] {
        let request = with_base_url(&session("https://a.example/base"), get(path)).unwrap();
        assert_eq!(request.uri(), &*format!("https://a.example/base{path}"));
    }
}

#[test]
fn a_request_that_would_go_elsewhere_or_come_back_is_rejected() {
    let good = "https://api.hotjar.io";
    let of = |method: &str| {
        let request = http::Request::builder().method(method).uri("/x");
        request.body(Bytes::new()).unwrap()
    };
    for (base, request) in [
        (good, get("https://evil.example/x")),
        (good, get("*")),
        (good, of("CONNECT")),
        (good, of("TRACE")),
        (good, of("TRACK")),
        (good, of("connect")),
        (good, of("Trace")),
        (good, of("track")),
        ("https://api.hotjar.io?", get("/x")),
        ("https://api.hotjar.io#", get("/x")),
    ] {
        let rejected = with_base_url(&session(base), request);
        assert!(matches!(rejected, Err(SendError::Request(_))), "{base}");
    }
    for method in ["DELETE", "HEAD", "OPTIONS", "PATCH", "PUT", "REPORT"] {
        assert!(
            with_base_url(&session(good), of(method)).is_ok(),
            "{method}"
        );
    }
}

#[test]
fn the_body_is_passed_as_the_vendor_s_signing_needs() {
    let request = http::Request::post("/x").body("abc".into()).unwrap();
    let request = with_base_url(&session("https://a.example"), request).unwrap();
    for (signing, sum, body) in [
        (Signing::Session, false, false),
        (Signing::Head, false, false),
        (Signing::BodySha256, true, false),
        (Signing::Body, false, true),
    ] {
        let head = head(&request, signing);
        assert_eq!(head.body_sha256.is_some(), sum, "{signing:?}");
        assert_eq!(head.body, body.then(|| b"abc".to_vec()), "{signing:?}");
    }
    // FIPS 180-2, appendix B.1.
    let sum = head(&request, Signing::BodySha256).body_sha256.unwrap();
    assert_eq!(sum[..4], [0xba, 0x78, 0x16, 0xbf]);
}

#[test]
fn an_authorization_replaces_fields_of_the_same_names() {
    let mut request = get("https://a.example/x");
    for (name, value) in [
        ("authorization", "mine"),
        ("x-key", "mine"),
        ("x-other", "kept"),
    ] {
        let name: HeaderName = name.parse().unwrap();
        request.headers_mut().append(&name, value.parse().unwrap());
        request.headers_mut().append(name, "again".parse().unwrap());
    }
    let headers = [
        ("Authorization", "Bearer t0k"),
        ("X-KEY", "1"),
        ("x-key", "2"),
    ];
    authorize(&mut request, &authorization(&headers, &[])).unwrap();
    let values = |name| {
        let values = request.headers().get_all(name).iter();
        values
            .map(|value| value.to_str().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(values("authorization"), ["Bearer t0k"]);
    assert_eq!(values("x-key"), ["1", "2"]);
    assert_eq!(values("x-other"), ["kept", "again"]);
    assert_eq!(request.uri(), "https://a.example/x");
    assert!(!format!("{request:?}").contains("t0k"));
}

#[test]
fn query_parameters_are_encoded_and_appended_in_order() {
    let parameters = [("key", "a b&c=d/é+"), ("A~-._", ""), ("key", "2")];
    let encoded = "key=a%20b%26c%3Dd%2F%C3%A9%2B&A~-._=&key=2";
    for (url, expected) in [
        (
            "https://a.example/x",
            format!("https://a.example/x?{encoded}"),
        ),
        (
            "https://a.example/x?y=%7E",
            format!("https://a.example/x?y=%7E&{encoded}"),
        ),
    ] {
        let mut request = get(url);
        authorize(&mut request, &authorization(&[], &parameters)).unwrap();
        assert_eq!(request.uri(), &*expected);
    }
}

#[test]
fn an_authorization_that_does_not_fit_is_rejected() {
    let (long, url) = ("x".repeat(33 << 10), "https://a.example/x");
    for authorization in [
        authorization(&[("a b", "c")], &[]),
        authorization(&[("a", "b\r\nc: d")], &[]),
        authorization(&[("a", &long)], &[]),
        authorization(&[], &[("a", &"é".repeat(20 << 10))]),
    ] {
        let rejected = authorize(&mut get(url), &authorization);
        assert!(matches!(rejected, Err(SendError::Request(_))));
    }
}
