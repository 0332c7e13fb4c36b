//! Tests of reading the beginning of a response, of stored sessions, and of `Debug`.

use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use futures::stream;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};

use super::api_response::CLASSIFY_BYTES;
use super::*;
use crate::transport::TransportError;

#[test]
fn debug_of_a_response_shows_only_its_status() {
    let response = ApiResponse {
        status: 401,
        headers: vec![("set-cookie".to_owned(), b"tulip".to_vec())],
        body: b"daisy".to_vec(),
    };
    assert_eq!(format!("{response:?}"), "ApiResponse { status: 401, .. }");
    let request = RequestHead {
        method: "GET".to_owned(),
        url: "https://a.example/?key=tulip".to_owned(),
        headers: vec![("authorization".to_owned(), b"daisy".to_vec())],
        body_sha256: None,
        body: Some(b"rose".to_vec()),
    };
    let text = format!("{request:?}");
    assert_eq!(text, r#"RequestHead { method: "GET", .. }"#);
}

#[tokio::test]
async fn reading_the_beginning_of_a_response_leaves_it_complete() {
    let pieces = [
        "a".repeat(CLASSIFY_BYTES - 1),
        "bc".to_owned(),
        "d".to_owned(),
    ];
    let frames = pieces.clone().map(|piece| Ok(Frame::data(piece.into())));
    let body = StreamBody::new(stream::iter(frames)).boxed_unsync();
    let mut response = http::Response::builder()
        .status(401)
        .header("x-a", "b")
        .body(body)
        .unwrap();
    let seen = ApiResponse::read(&mut response).await.unwrap();
    assert_eq!(seen.status, 401);
    assert_eq!(seen.headers, [("x-a".to_owned(), b"b".to_vec())]);
    assert_eq!(seen.body, format!("{}b", pieces[0]).as_bytes());
    let whole = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(whole, pieces.concat());
}

#[tokio::test]
async fn a_response_that_is_truncated_at_its_beginning_is_an_error() {
    let frames = [Ok(Frame::data("a".into())), Err(TransportError::CutOff)];
    let body = StreamBody::new(stream::iter(frames)).boxed_unsync();
    let read = ApiResponse::read(&mut http::Response::new(body)).await;
    assert_eq!(read, Err(TransportError::CutOff));
}

/// A response whose body is this text, encoded and in pieces of 100 bytes, and those bytes.
fn gzipped(text: &str) -> (http::Response<crate::ResponseBody>, Vec<u8>) {
    let mut writer = GzEncoder::new(Vec::new(), Compression::best());
    writer.write_all(text.as_bytes()).unwrap();
    let encoded = writer.finish().unwrap();
    let pieces: Vec<_> = encoded
        .chunks(100)
        .map(|piece| Ok(Frame::data(bytes::Bytes::copy_from_slice(piece))))
        .collect();
    let response = http::Response::builder()
        .header("content-encoding", "gzip")
        .header("content-length", encoded.len())
        .header("x-a", "b")
        .body(StreamBody::new(stream::iter(pieces)).boxed_unsync())
        .unwrap();
    (response, encoded)
}

#[tokio::test]
async fn the_beginning_of_a_response_is_decoded_and_the_response_is_not() {
    let error = r#"{"error":"JWT_EXPIRED"}"#;
    let long = "a".repeat(1 << 20);
    let varied: String = (0..9000u16)
        .flat_map(|number| number.to_string().into_bytes())
        .map(char::from)
        .collect();
    for text in [error, "", &long, &varied] {
        let (mut response, encoded) = gzipped(text);
        let seen = ApiResponse::read(&mut response).await.unwrap();
        assert_eq!(seen.headers, [("x-a".to_owned(), b"b".to_vec())]);
        let beginning = &text[..text.len().min(CLASSIFY_BYTES)];
        assert_eq!(seen.body, beginning.as_bytes());
        assert_eq!(response.headers().len(), 3);
        let whole = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(whole, encoded);
    }
}

#[tokio::test]
async fn a_damaged_encoding_yields_its_readable_beginning() {
    let (response, mut encoded) = gzipped(r#"{"error":"JWT_EXPIRED"}"#);
    let length = encoded.len();
    encoded[length - 1] ^= 1;
    let frames = [Ok(Frame::data(encoded.clone().into()))];
    let body = StreamBody::new(stream::iter(frames)).boxed_unsync();
    let mut response = response.map(|_| body);
    let seen = ApiResponse::read(&mut response).await.unwrap();
    assert_eq!(seen.body, br#"{"error":"JWT_EXPIRED"}"#);
    let whole = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(whole, encoded);
}

fn session() -> Session {
    let since = |seconds| SystemTime::UNIX_EPOCH + Duration::new(seconds, 5);
    Session {
        state: Some(Secret::new("{\"a\":\n\"stored;daisy\"}")),
        scopes: vec!["metrics".to_owned()],
        account: Some("42".to_owned()),
        refresh_after: Some(since(3700)),
        expires_at: Some(since(4600)),
        origins: vec!["https://*.a.example".parse().unwrap()],
        ..Session::new(
            "stored;tulip".to_owned(),
            "https://x.a.example",
            since(1000),
        )
    }
}

#[test]
fn a_session_survives_being_stored() {
    let bare = Session::new(
        "stored;tulip".to_owned(),
        "https://a.example",
        SystemTime::UNIX_EPOCH,
    );
    for session in [session(), bare] {
        let text = session.to_stored();
        let read = Session::from_stored(&text).unwrap();
        assert_eq!(format!("{read:?}"), format!("{session:?}"));
        assert_eq!(read.access_token.expose(), session.access_token.expose());
        let state = |session: &Session| session.state.as_ref().map(|s| s.expose().to_owned());
        assert_eq!(state(&read), state(&session));
    }
}

#[test]
fn a_damaged_text_or_one_of_another_version_is_no_session() {
    let text = session().to_stored().expose().to_owned();
    for (damaged, why) in [
        (String::new(), "unreadable"),
        (text[..text.len() - 1].to_owned(), "unreadable"),
        (text.replace("\"access_token\"", "\"other\""), "unreadable"),
        (text.replace("4600", "18446744073709551615"), "unreadable"),
        (
            text.replace("https://*.a.example", "http://a.example"),
            "unreadable",
        ),
        (
            text.replace("\"version\":1", "\"version\":2"),
            "unknown version",
        ),
    ] {
        let error = Session::from_stored(&Secret::new(damaged)).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[test]
fn nothing_was_sent_before_the_connection_stood() {
    use Stage::{Certificate, Connect, CutOff, Dns, Other, Protocol, Timeout, Tls};
    let names = ["dns", "connect", "tls", "certificate"];
    let certificate = Certificate(CertificateError::Expired);
    assert_eq!([Dns, Connect, Tls, certificate].map(Stage::name), names);
    assert!(
        [Dns, Connect, Tls, certificate]
            .iter()
            .all(|stage| !stage.was_sent())
    );
    assert!(
        [Timeout, CutOff, Protocol, Other]
            .iter()
            .all(|stage| stage.was_sent())
    );
}

#[test]
fn a_certificate_that_is_not_accepted_has_a_remedy_other_than_time() {
    for (why, name, remedy) in [
        (CertificateError::Expired, "expired", "check the clock"),
        (
            CertificateError::NotYetValid,
            "not-yet-valid",
            "check the clock",
        ),
        (
            CertificateError::WrongName,
            "wrong-name",
            "check for a proxy",
        ),
        (
            CertificateError::UnknownIssuer,
            "unknown-issuer",
            "trust the authority",
        ),
        (CertificateError::Revoked, "revoked", "report it"),
        (CertificateError::Other, "other", "report it"),
    ] {
        let stage = Stage::Certificate(why);
        assert_eq!((stage.name(), stage.reason()), ("certificate", Some(name)));
        let sentence = stage.sentence();
        assert!(sentence.contains(&why.to_string()), "{sentence}");
        assert!(sentence.contains(remedy), "{sentence}");
        assert!(!sentence.contains("later"), "{sentence}");
    }
    assert!(Stage::Dns.sentence().contains("later"));
}

#[test]
fn a_reported_stage_gets_the_reason_that_the_host_saw() {
    let reported = Stage::Certificate(CertificateError::Other);
    let why = CertificateError::Expired;
    let seen = TransportError::TlsCertificate(why);
    for (stage, seen, explained) in [
        (reported, Some(seen), Stage::Certificate(why)),
        (reported, None, reported),
        (reported, Some(TransportError::Dns), reported),
        (
            Stage::Connect,
            Some(TransportError::Proxy(ProxyError::Refused(Some(403)))),
            Stage::Proxy(ProxyError::Refused(Some(403))),
        ),
        // A plugin may report another stage than that of its last request.
        (Stage::Timeout, Some(seen), Stage::Timeout),
    ] {
        assert_eq!(stage.explained(seen), explained);
    }
}

#[test]
fn a_failing_proxy_is_named_with_its_remedy() {
    let certificate = ProxyError::Certificate(CertificateError::UnknownIssuer);
    for (why, name, remedy) in [
        (ProxyError::Dns, "dns", "check its URL"),
        (ProxyError::Connect, "connect", "whether it runs"),
        (ProxyError::Timeout, "timeout", "check its URL"),
        (
            certificate,
            "certificate-unknown-issuer",
            "trust the authority",
        ),
        (ProxyError::Tls, "tls", "http instead of https"),
        (
            ProxyError::Authentication,
            "authentication",
            "user and password",
        ),
        (ProxyError::Refused(None), "refused", "ask its operator"),
        (ProxyError::Protocol, "protocol", "scheme, host and port"),
    ] {
        let stage = Stage::Proxy(why);
        assert_eq!((stage.name(), stage.reason()), ("proxy", Some(name)));
        assert!(!stage.was_sent());
        let sentence = stage.sentence();
        assert!(sentence.starts_with("the proxy gave no connection: "));
        assert!(sentence.contains(remedy), "{sentence}");
        assert!(!sentence.contains("later"), "{sentence}");
    }
}
