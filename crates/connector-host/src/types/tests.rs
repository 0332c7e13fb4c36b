//! Tests of reading the beginning of a response, and of its `Debug`.

use http_body::Frame;

use super::*;

#[test]
fn debug_of_a_response_shows_only_its_status() {
    let response = ApiResponse {
        status: 401,
        headers: vec![("set-cookie".to_owned(), b"tulip".to_vec())],
        body: b"daisy".to_vec(),
    };
    assert_eq!(format!("{response:?}"), "ApiResponse { status: 401, .. }");
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
