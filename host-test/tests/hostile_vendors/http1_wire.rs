//! Faults of HTTP/1.1: lengths, chunks, header sections, interim responses (RFC 9112).

use super::check::{Call, Row, invalid, unreachable};
use super::server::{Play, Step, answer};

/// A response of these bytes. The connection stays open.
fn answers(bytes: impl Into<Vec<u8>>) -> Row {
    Row::http1(Play::Answer(vec![Step::Send(bytes.into())]))
}

/// A response of these bytes, and then the end of the connection.
fn answers_last(bytes: impl Into<Vec<u8>>, end: Step) -> Row {
    Row::http1(Play::Answer(vec![Step::Send(bytes.into()), end]))
}

/// A response with status 200, this header field, and this body.
fn ok(field: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{field}\r\n\r\n{body}")
}

#[tokio::test]
async fn answers_in_another_protocol() {
    answers("lavender\r\n\r\n")
        .fails(unreachable("protocol"))
        .await;
}

#[tokio::test]
async fn answers_with_a_status_that_is_no_number() {
    let row = answers("HTTP/1.1 2OO lavender\r\n\r\n");
    row.fails(unreachable("protocol")).await;
}

#[tokio::test]
async fn answers_in_another_version_of_http() {
    let row = answers("HTTP/3.0 200 OK\r\ncontent-length: 2\r\n\r\n{}");
    row.fails(unreachable("protocol")).await;
}

#[tokio::test]
async fn declares_a_length_that_is_no_number() {
    let row = answers(ok("content-length: lavender", "{}"));
    row.fails(unreachable("protocol")).await;
}

#[tokio::test]
async fn declares_a_negative_length() {
    let row = answers(ok("content-length: -1", "{}"));
    row.fails(unreachable("protocol")).await;
}

#[tokio::test]
async fn declares_a_length_beyond_all_integers() {
    let row = answers(ok("content-length: 99999999999999999999", "{}"));
    row.fails(unreachable("protocol")).await;
}

#[tokio::test]
async fn declares_two_lengths() {
    let row = answers(ok("content-length: 2\r\ncontent-length: 3", "{} "));
    row.fails(unreachable("protocol")).await;
}

#[tokio::test]
async fn sends_less_than_the_declared_length() {
    let row = answers_last(
        ok("content-length: 1000", "{\"access_token\": \"lavender"),
        Step::Close,
    );
    row.fails(unreachable("cut-off")).await;
}

#[tokio::test]
async fn sends_more_than_the_declared_length() {
    let row = answers(ok("content-length: 10", "{\"access_token\": \"lavender\"}"));
    row.fails(invalid(200, "body")).await;
}

/// The next call must not read the second response as its own.
#[tokio::test]
async fn sends_a_second_response_after_the_first() {
    let second = answer(
        "200 OK",
        b"",
        br#"{"access_token":"lavender","token_type":"bearer"}"#,
    );
    let first = ok("content-length: 2", "[]").into_bytes();
    let row = answers([first, second].concat());
    row.fails(invalid(200, "body")).await;
}

#[tokio::test]
async fn sends_a_body_after_a_204() {
    let second = answer(
        "200 OK",
        b"",
        br#"{"access_token":"lavender","token_type":"bearer"}"#,
    );
    let row = answers([b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(), second].concat());
    row.fails(invalid(204, "status")).await;
}

const CHUNKED: &str = "transfer-encoding: chunked";

#[tokio::test]
async fn sends_a_chunk_without_a_length() {
    let row = answers(ok(CHUNKED, "lavender\r\n{}\r\n0\r\n\r\n"));
    row.fails(unreachable("protocol")).await;
}

#[tokio::test]
async fn sends_a_chunk_longer_than_any_integer() {
    let row = answers(ok(CHUNKED, "FFFFFFFFFFFFFFFFF\r\n{}"));
    row.fails(unreachable("protocol")).await;
}

#[tokio::test]
async fn sends_a_chunk_longer_than_its_length() {
    let row = answers(ok(CHUNKED, "2\r\n{} lavender\r\n0\r\n\r\n"));
    row.fails(unreachable("protocol")).await;
}

#[tokio::test]
async fn sends_sixty_thousand_chunks_of_one_byte() {
    let body = Call::Hotjar.valid_reply().to_string();
    let spaces = "1\r\n \r\n".repeat(60_000);
    let chunks = format!("{spaces}{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let row = answers(ok(CHUNKED, &chunks)).only(&[Call::Hotjar]);
    row.succeeds().await;
}

#[tokio::test]
async fn closes_the_connection_before_the_last_chunk() {
    let row = answers_last(ok(CHUNKED, "2\r\n{}\r\n"), Step::Close);
    row.fails(unreachable("cut-off")).await;
}

#[tokio::test]
async fn sends_an_unknown_transfer_encoding() {
    let row = answers_last(ok("transfer-encoding: lavender", "[]"), Step::Close);
    row.fails(invalid(200, "body")).await;
}

#[tokio::test]
async fn ends_its_response_without_close_notify() {
    // Without a length the body ends with TLS, so an attacker in between could choose its end.
    let row = answers_last(ok("x: y", "{}"), Step::Cut);
    row.fails(unreachable("cut-off")).await;
}

#[tokio::test]
async fn breaks_a_line_within_a_header_field() {
    let row = answers(ok("x: lavender\r\n folded: y\r\ncontent-length: 2", "{}"));
    row.fails(unreachable("protocol")).await;
}

#[tokio::test]
async fn sends_a_header_field_without_a_name() {
    let row = answers(ok(": lavender\r\ncontent-length: 2", "{}"));
    row.fails(unreachable("protocol")).await;
}

#[tokio::test]
async fn sends_a_nul_within_a_header_field() {
    let row = answers(ok("x: laven\0der\r\ncontent-length: 2", "{}"));
    row.fails(unreachable("protocol")).await;
}

#[tokio::test]
async fn sends_a_thousand_header_fields() {
    let row = answers(ok(
        &format!("{}content-length: 2", "x: lavender\r\n".repeat(1000)),
        "{}",
    ));
    row.fails(unreachable("protocol")).await;
}

#[tokio::test]
async fn sends_a_quarter_of_a_mebibyte_in_one_header_field() {
    let huge = "lavender".repeat(32 << 10);
    let row = answers(ok(&format!("x: {huge}\r\ncontent-length: 2"), "{}"));
    row.fails(unreachable("protocol")).await;
}

#[tokio::test]
async fn switches_to_another_protocol() {
    let row = answers(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: lavender\r\nconnection: upgrade\r\n\r\n",
    );
    row.fails(invalid(101, "status")).await;
}
