//! Tests of the bounds on a response, on a paused clock, and of the span.

use http::header::AUTHORIZATION;

use super::*;
use crate::egress::testing::{Fake, LONGEST, Log, URL, fields, pieces, seconds};
use crate::limits::Limits;

async fn read(fake: &Fake, deadline: Option<Instant>) -> Result<Bytes, TransportError> {
    let limits = Limits::default();
    let request = http::Request::new(Bytes::new());
    let response = exchange(fake, request, limits.timeouts, deadline, 8).await?;
    Ok(response.into_body().collect().await?.to_bytes())
}

#[tokio::test(start_paused = true)]
async fn a_response_within_its_bounds_is_passed_on() {
    let fake = pieces(&[(9, Ok("abcd")), (9, Ok("efgh"))]);
    assert_eq!(read(&fake, None).await.unwrap(), "abcdefgh");
}

#[tokio::test(start_paused = true)]
async fn a_header_that_does_not_arrive_is_a_timeout() {
    let fake = Fake {
        header_after: seconds(41),
        ..Fake::default()
    };
    assert_eq!(read(&fake, None).await, Err(TransportError::Timeout));
}

#[tokio::test(start_paused = true)]
async fn silence_within_the_body_is_a_timeout() {
    let fake = pieces(&[(9, Ok("a")), (11, Ok("b"))]);
    assert_eq!(read(&fake, None).await, Err(TransportError::Timeout));
}

#[tokio::test(start_paused = true)]
async fn a_trickle_without_silence_ends_at_the_deadline() {
    let fake = pieces(&[(3, Ok("a")), (3, Ok("b")), (3, Ok("c")), (3, Ok("d"))]);
    let deadline = Some(Instant::now() + seconds(10));
    assert_eq!(read(&fake, deadline).await, Err(TransportError::Timeout));
}

#[tokio::test(start_paused = true)]
async fn a_body_beyond_the_limit_is_too_long() {
    let fake = pieces(&[(0, Ok("abcd")), (0, Ok("efghi"))]);
    assert_eq!(read(&fake, None).await, Err(TransportError::TooLong));
}

#[tokio::test(start_paused = true)]
async fn a_truncated_body_is_a_cut_off() {
    let fake = pieces(&[(0, Ok("abcd")), (0, Err(TransportError::CutOff))]);
    assert_eq!(read(&fake, None).await, Err(TransportError::CutOff));
}

#[tokio::test(start_paused = true)]
async fn empty_pieces_are_skipped_and_end_no_silence() {
    let fake = pieces(&[(6, Ok("a")), (6, Ok("")), (3, Ok("b"))]);
    assert_eq!(read(&fake, None).await.unwrap(), "ab");
    let fake = pieces(&[(6, Ok("")), (6, Ok(""))]);
    assert_eq!(read(&fake, None).await, Err(TransportError::Timeout));
}

#[tokio::test(start_paused = true)]
async fn trailers_are_dropped() {
    let fake = pieces(&[(0, Ok("abcd"))]);
    let request = http::Request::new(Bytes::new());
    let timeouts = Limits::default().timeouts;
    let response = exchange(&fake, request, timeouts, None, 8).await.unwrap();
    let body = response.into_body().collect().await.unwrap();
    assert!(body.trailers().is_none());
    assert_eq!(body.to_bytes(), "abcd");
}

#[test]
fn a_header_section_is_bounded_in_bytes_and_fields() {
    for (fields, fit) in [
        (HeaderMap::new(), true),
        (fields(1, LONGEST), true),
        (fields(1, LONGEST + 1), false),
        (fields(2, LONGEST - 40), true),
        (fields(2, LONGEST - 39), false),
        (fields(100, 4), true),
        (fields(101, 4), false),
    ] {
        assert_eq!(header_fits(&fields), fit, "{} fields", fields.len());
    }
    let mut repeated = HeaderMap::new();
    for _ in 0..101 {
        repeated.append("same", "".parse().unwrap());
    }
    assert!(!header_fits(&repeated));
}

#[tokio::test(start_paused = true)]
async fn a_response_with_too_long_a_header_section_is_rejected() {
    let fake = Fake {
        fields: fields(1, LONGEST + 1),
        ..Fake::default()
    };
    assert_eq!(read(&fake, None).await, Err(TransportError::TooLong));
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_causes_no_timeout() {
    let fake = pieces(&[(1, Ok("a")), (1, Ok("b"))]);
    let request = http::Request::new(Bytes::new());
    let timeouts = Limits::default().timeouts;
    let mut body = exchange(&fake, request, timeouts, None, 8)
        .await
        .unwrap()
        .into_body();
    assert!(body.frame().await.unwrap().is_ok());
    tokio::time::advance(seconds(100)).await;
    assert!(body.frame().await.unwrap().is_ok());
    assert!(body.frame().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_span_records_host_path_status_and_outcome() {
    let whole: &[(u64, Result<&'static str, TransportError>)] = &[(0, Ok("abcd"))];
    for (pieces_of, outcome) in [
        (whole, "ok"),
        (&[(0, Err(TransportError::CutOff))], "cut-off"),
        (&[(0, Ok("abcdefghi"))], "too-long"),
        (&[(99, Ok("a"))], "timeout"),
    ] {
        let log = Log::default();
        let capturing = log.capture();
        let fake = pieces(pieces_of);
        let url = "https://api.hotjar.io/v1/hidden-0123456789-0123456789/x?hidden=1";
        let request = http::Request::post(url)
            .header(AUTHORIZATION, "hidden")
            .body("hidden".into())
            .unwrap();
        let timeouts = Limits::default().timeouts;
        let response = exchange(&fake, request, timeouts, None, 8).await.unwrap();
        let _ = response.into_body().collect().await;
        drop(capturing);
        let rest = format!(r#"host="api.hotjar.io" path=/v1/…/x status=200 outcome="{outcome}""#);
        assert_eq!(log.request(), format!(r#"{{method="POST" {rest}}}"#));
    }
}

#[tokio::test(start_paused = true)]
async fn a_span_records_a_request_without_a_response_or_without_a_reader() {
    let late = Fake {
        header_after: seconds(41),
        ..Fake::default()
    };
    for (fake, rest) in [
        (late, r#"outcome="timeout""#),
        (pieces(&[(0, Ok("a"))]), r#"status=200 outcome="unread""#),
    ] {
        let log = Log::default();
        let capturing = log.capture();
        let request = http::Request::builder().method("HIDDEN").uri(URL);
        let request = request.body(Bytes::new()).unwrap();
        let timeouts = Limits::default().timeouts;
        drop(exchange(&fake, request, timeouts, None, 8).await);
        drop(capturing);
        let start = r#"{method="other" host="api.hotjar.io" path=/v1/oauth/token"#;
        assert_eq!(log.request(), format!("{start} {rest}}}"));
    }
}
