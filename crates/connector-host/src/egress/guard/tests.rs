//! Tests of the guard: allowed and denied requests, and the memory of their bodies.

use std::convert::Infallible;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::CONTENT_ENCODING;
use http_body_util::Full;

use super::*;
use crate::egress::testing::{Fake, LONGEST, Log, URL, fields, pieces, seconds};
use crate::transport::ResponseBody;

fn guard(fake: &Arc<Fake>) -> EgressGuard {
    let declared = Vec::from(["https://api.hotjar.io".parse().unwrap()]);
    let limits = Limits {
        request_bytes: 8,
        ..Limits::default()
    };
    let transport: Arc<dyn Transport> = Arc::clone(fake) as _;
    let policy = EgressPolicy::new(&declared, None);
    let mut guard = EgressGuard::new(transport, policy, &limits);
    guard.allow(declared);
    guard
}

async fn sent(
    guard: &mut EgressGuard,
    method: &str,
    url: &str,
    body: &'static str,
) -> Option<ErrorCode> {
    answered(guard, request(method, url, body)).await.err()
}

async fn answered(guard: &mut EgressGuard, request: http::Request<WasiBody>) -> Outcome {
    match guard.send(request, RequestOptions::default()) {
        Ok(outcome) => outcome.await,
        Err(_) => Err(ErrorCode::HttpRequestDenied),
    }
}

fn request(method: &str, url: &str, body: &'static str) -> http::Request<WasiBody> {
    let body = Full::new(Bytes::from(body.to_owned()))
        .map_err(|never: Infallible| match never {})
        .boxed_unsync();
    http::Request::builder()
        .method(method)
        .uri(url)
        .header(AUTHORIZATION, "tulip")
        .body(body)
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_response_with_too_long_a_header_section_is_an_error_of_its_own() {
    let fake = Fake {
        fields: fields(1, LONGEST + 1),
        ..Fake::default()
    };
    let error = sent(&mut guard(&Arc::new(fake)), "POST", URL, "").await;
    assert!(matches!(
        error,
        Some(ErrorCode::HttpResponseHeaderSectionSize(None))
    ));
}

#[tokio::test]
async fn one_request_is_sent_and_no_second() {
    let fake = Arc::new(Fake::default());
    let mut guard = guard(&fake);
    assert!(sent(&mut guard, "POST", URL, "a=b").await.is_none());
    let second = sent(&mut guard, "POST", URL, "a=b").await;
    assert!(matches!(second, Some(ErrorCode::HttpRequestDenied)));
    let requests = fake.requests.lock().unwrap();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].body(), "a=b");
    assert!(!format!("{:?}", requests[0]).contains("tulip"));
}

/// `zeroized_bytes.rs` has the tests of zeroizing. Only its memory cannot be made mutable, even
/// without another owner.
#[tokio::test]
async fn bodies_that_may_hold_secrets_are_zeroized() {
    let fake = Arc::new(pieces(&[(0, Ok("abcd"))]));
    let request = request("POST", URL, "a=b");
    let response = answered(&mut guard(&fake), request).await;
    let response = response.unwrap();
    let sent = fake.requests.lock().unwrap().pop().unwrap();
    let frame = response.into_body().frame().await.unwrap().unwrap();
    for body in [sent.into_body(), frame.into_data().unwrap()] {
        assert!(body.try_into_mut().is_err());
    }
}

#[tokio::test]
async fn a_denied_request_never_reaches_the_transport() {
    for (method, url, body) in [
        ("POST", "https://evil.example/", ""),
        ("POST", "http://api.hotjar.io/", ""),
        ("CONNECT", URL, ""),
        ("POST", URL, "123456789"),
    ] {
        let fake = Arc::new(Fake::default());
        let error = sent(&mut guard(&fake), method, url, body).await;
        assert!(matches!(error, Some(ErrorCode::HttpRequestDenied)), "{url}");
        assert!(fake.requests.lock().unwrap().is_empty());
    }
}

/// Responds with these bytes, which are gzip.
struct Gzipped(Vec<u8>);

impl Transport for Gzipped {
    fn send(
        &self,
        _request: http::Request<Bytes>,
        _timeouts: Timeouts,
    ) -> BoxFuture<'static, Result<http::Response<ResponseBody>, TransportError>> {
        let body = Full::new(Bytes::from(self.0.clone()));
        let body = body.map_err(|never: Infallible| match never {});
        let response = http::Response::builder()
            .header(CONTENT_ENCODING, "gzip")
            .header(CONTENT_LENGTH, self.0.len())
            .body(body.boxed_unsync());
        std::future::ready(Ok(response.unwrap())).boxed()
    }
}

#[tokio::test]
async fn a_compressed_response_reaches_the_plugin_decoded_and_within_the_limit() {
    for (length, fits) in [(100, true), (101, false)] {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&vec![b'x'; length]).unwrap();
        let transport = Arc::new(Gzipped(encoder.finish().unwrap()));
        let declared = Vec::from(["https://api.hotjar.io".parse().unwrap()]);
        let limits = Limits::new().reply_bytes(100);
        let policy = EgressPolicy::new(&declared, None);
        let mut guard = EgressGuard::new(transport, policy, &limits);
        guard.allow(declared);
        let request = request("GET", URL, "");
        let response = answered(&mut guard, request).await;
        let response = response.unwrap();
        assert!(response.headers().is_empty());
        match response.into_body().collect().await {
            Ok(body) => assert!(fits && body.to_bytes() == vec![b'x'; length]),
            Err(error) => {
                assert!(
                    !fits && matches!(error, Error::HttpResponseBodySize(_)),
                    "{error:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn no_request_is_sent_without_the_origins_of_a_credential() {
    let fake = Arc::new(Fake::default());
    let mut guard = guard(&fake);
    let origins = guard.take_origins();
    assert_eq!(origins, ["https://api.hotjar.io".parse().unwrap()]);
    let error = sent(&mut guard, "POST", URL, "").await;
    assert!(matches!(error, Some(ErrorCode::HttpRequestDenied)));
    assert!(fake.requests.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_request_with_a_wrong_content_length_is_not_sent() {
    for (lengths, is_sent) in [
        (&["3"][..], true),
        (&["4"], false),
        (&["0"], false),
        (&["+3"], false),
        (&["3", "3"], false),
        (&["3", "30"], false),
    ] {
        let fake = Arc::new(Fake::default());
        let mut request = request("POST", URL, "a=b");
        for length in lengths {
            let fields = request.headers_mut();
            fields.append(CONTENT_LENGTH, length.parse().unwrap());
        }
        let response = answered(&mut guard(&fake), request).await;
        let refused = matches!(response, Err(ErrorCode::HttpRequestBodySize(Some(3))));
        assert_eq!(refused, !is_sent);
        assert_eq!(fake.requests.lock().unwrap().is_empty(), !is_sent);
    }
}

#[tokio::test]
async fn a_request_with_too_long_a_header_section_is_denied() {
    for (longest_bytes, denied) in [(LONGEST, false), (LONGEST + 1, true)] {
        let fake = Arc::new(Fake::default());
        let mut request = request("POST", URL, "");
        *request.headers_mut() = fields(1, longest_bytes);
        let response = answered(&mut guard(&fake), request).await;
        let is_denied = matches!(response, Err(ErrorCode::HttpRequestDenied));
        assert_eq!(is_denied, denied);
        assert_eq!(fake.requests.lock().unwrap().is_empty(), denied);
    }
}

#[tokio::test]
async fn a_span_records_a_denied_request() {
    let log = Log::default();
    let capturing = log.capture();
    let fake = Arc::new(Fake::default());
    sent(&mut guard(&fake), "POST", "https://hidden.example/", "").await;
    drop(capturing);
    assert_eq!(log.request(), r#"{method="POST" outcome="denied"}"#);
}

#[test]
fn a_plugin_may_shorten_time_limits_and_not_extend_them() {
    let limits = Limits::default().timeouts;
    let options = RequestOptions {
        connect_timeout: Some(seconds(1)),
        first_byte_timeout: Some(seconds(1000)),
        between_bytes_timeout: None,
    };
    let times = shortened(limits, options);
    assert_eq!(times.connect, seconds(1));
    assert_eq!(times.first_byte, limits.first_byte);
    assert_eq!(times.between_bytes, limits.between_bytes);
}
