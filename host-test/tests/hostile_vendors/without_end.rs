//! Vendors that send endless data, or nearly. Each test runs alone, and the process must not grow:
//! beyond the buffers of the kernel and the libraries, nothing is received that is not read.

use std::time::Duration;

use connector_host::Live;
use connector_simulators::{Fault, Simulators};

use super::check::{Call, Plugin, Row, alone, call_end, invalid, unreachable};
use super::http2::{
    CONTINUATION, DATA, END_HEADERS, FIRST, HEADERS, PING, SETTINGS, STATUS_103, STATUS_200, field,
    frame,
};
use super::server::{Play, Step};

/// The buffers between the two sides: of both sockets on loopback, of TLS, and of HTTP.
const BUFFERS_BYTES: u64 = 12 << 20;

/// The size of one write.
const PIECE_BYTES: usize = 16 << 10;

fn repeats(bytes: impl Into<Vec<u8>>, times: u64) -> Step {
    Step::Repeat {
        bytes: bytes.into(),
        times,
        pause: Duration::ZERO,
    }
}

/// Repeats a unit without end, many at a time.
fn without_end(unit: &[u8]) -> Step {
    repeats(unit.repeat(PIECE_BYTES.div_ceil(unit.len())), u64::MAX)
}

fn http1(begin: &str, more: Step) -> Row {
    let play = Play::Answer(vec![Step::Send(begin.into()), more, Step::Wait]);
    Row::http1(play).taking_at_most(BUFFERS_BYTES)
}

fn http2(begin: &[u8], more: Step) -> Row {
    let play = Play::Answer(vec![Step::Send(begin.into()), more, Step::Wait]);
    Row::http2(play).taking_at_most(BUFFERS_BYTES)
}

const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

#[tokio::test]
async fn sends_a_body_of_a_gibibyte() {
    let begin = "HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n";
    let row = http1(begin, repeats([b' '; PIECE_BYTES], (1 << 30) / 16_384));
    row.fails(invalid(200, "body")).await;
}

#[tokio::test]
async fn sends_a_body_without_end() {
    let row = http1("HTTP/1.1 200 OK\r\n\r\n", without_end(b" "));
    row.fails(invalid(200, "body")).await;
}

#[tokio::test]
async fn sends_chunks_without_end() {
    let chunk = format!("400\r\n{}\r\n", " ".repeat(0x400));
    let row = http1(CHUNKED, without_end(chunk.as_bytes()));
    row.fails(invalid(200, "body")).await;
}

#[tokio::test]
async fn sends_a_chunks_extension_without_end() {
    let row = http1(&format!("{CHUNKED}1;"), without_end(b"lavender"));
    row.fails(unreachable("protocol")).await;
}

#[tokio::test]
async fn sends_trailers_without_end() {
    let row = http1(
        &format!("{CHUNKED}2\r\n[]\r\n0\r\n"),
        without_end(b"x: lavender\r\n"),
    );
    row.fails(unreachable("protocol")).await;
}

#[tokio::test]
async fn sends_a_status_line_without_end() {
    let row = http1("HTTP/1.1 200 ", without_end(b"lavender"));
    row.fails(unreachable("protocol")).await;
}

#[tokio::test]
async fn sends_a_header_field_without_end() {
    let row = http1("HTTP/1.1 200 OK\r\nx: ", without_end(b"lavender"));
    row.fails(unreachable("protocol")).await;
}

#[tokio::test]
async fn sends_header_fields_without_end() {
    let row = http1("HTTP/1.1 200 OK\r\n", without_end(b"x: lavender\r\n"));
    row.fails(unreachable("protocol")).await;
}

#[tokio::test]
async fn sends_empty_lines_without_end() {
    let row = http1("", without_end(b"\r\n"));
    row.fails(unreachable("protocol")).await;
}

#[tokio::test]
async fn sends_interim_responses_without_end() {
    // All are read and dropped, so a time limit ends the call.
    let more = without_end(b"HTTP/1.1 103 Early Hints\r\nlink: lavender\r\n\r\n");
    let row = http1("", more)
        .until_a_time_limit()
        .taking_at_most(u64::MAX);
    row.fails(unreachable("timeout")).await;
}

/// Begins a gzip file (RFC 1952 §2.3), with one block of fixed codes (RFC 1951 §3.2.6) that begins
/// with a zero.
const BOMB: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x63\x18";
/// Continues with eight repetitions of 258 bytes: 13 bytes become 2064.
const FUSE: &[u8] = b"\x05\xa3\x60\x14\x8c\x82\x51\x30\x0a\x46\xc1\x28\x18";

fn bomb(fuses: usize) -> Vec<u8> {
    let length = BOMB.len() + fuses * FUSE.len();
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {length}\r\n\r\n");
    [head.as_bytes(), BOMB].concat()
}

/// Decoded no further than the limit of a reply.
#[tokio::test]
async fn sends_a_gibibyte_encoded_by_gzip() {
    let play = Play::Answer(vec![
        Step::Send(bomb(521_000)),
        repeats(FUSE.repeat(1000), 521),
    ]);
    let row = Row::http1(play).taking_at_most(BUFFERS_BYTES);
    row.fails(invalid(200, "body")).await;
}

/// Its encoded length is that of a valid response.
#[tokio::test]
async fn sends_eight_mebibytes_encoded_by_gzip() {
    let play = Play::Answer(vec![Step::Send(bomb(4000)), repeats(FUSE.repeat(1000), 4)]);
    let row = Row::http1(play).taking_at_most(BUFFERS_BYTES);
    row.fails(invalid(200, "body")).await;
}

#[tokio::test]
async fn sends_a_header_section_without_end_over_http2() {
    let fields = field("x", b"lavender").repeat(1000);
    let begin = frame(HEADERS, 0, FIRST, STATUS_200);
    let row = http2(&begin, without_end(&frame(CONTINUATION, 0, FIRST, &fields)));
    row.fails(unreachable("protocol")).await;
}

#[tokio::test]
async fn sends_empty_continuations_without_end() {
    let begin = frame(HEADERS, 0, FIRST, STATUS_200);
    let row = http2(&begin, without_end(&frame(CONTINUATION, 0, FIRST, &[])));
    row.fails(unreachable("protocol")).await;
}

/// The library collects them until the call is polled, so one call suffices to measure memory.
#[tokio::test]
async fn sends_interim_responses_without_end_over_http2() {
    let more = without_end(&frame(HEADERS, END_HEADERS, FIRST, STATUS_103));
    let row = http2(&[], more).until_a_time_limit();
    let row = row.taking_at_most(u64::MAX).only(&[Call::Hotjar]);
    row.fails(unreachable("timeout")).await;
}

/// Uses the simulators, because `http2.rs` has no flow control.
#[tokio::test]
async fn sends_a_body_without_end_over_http2() {
    let simulators = Simulators::start().await.unwrap();
    let live = simulators.connect_to().into_iter().fold(
        Live::builder()
            .extra_ca_pem(simulators.ca_pem().as_bytes())
            .unwrap(),
        |live, rule| live.connect_to(rule.parse().unwrap()),
    );
    let live = live.build().unwrap();
    alone(async {
        let plugin = Plugin::on(vec![("", live)]).await;
        for vendor in [simulators.hotjar(), simulators.contentsquare()] {
            let document = vendor.sample_credentials().swap_remove(0).1.to_string();
            vendor.fault(Fault::Endless);
            let endless = plugin
                .default_limits
                .authenticate(vendor.id(), &document)
                .await;
            let endless = call_end(endless.map(|_| String::new()));
            assert_eq!(endless, invalid(200, "body"));
            let next = plugin
                .default_limits
                .authenticate(vendor.id(), &document)
                .await;
            assert!(next.is_ok());
            // The end of one stream is not the end of the connection.
            assert_eq!((vendor.asked(), vendor.connections()), (2, 1));
        }
        plugin.leave();
    })
    .await;
}

#[tokio::test]
async fn sends_empty_frames_without_end() {
    let begin = frame(HEADERS, END_HEADERS, FIRST, STATUS_200);
    let row = http2(&begin, without_end(&frame(DATA, 0, FIRST, &[])));
    row.fails(unreachable("protocol")).await;
}

#[tokio::test]
async fn sends_pings_without_end() {
    let row = http2(&[], without_end(&frame(PING, 0, 0, b"lavender")));
    let row = row.until_a_time_limit().taking_at_most(u64::MAX);
    row.fails(unreachable("timeout")).await;
}

#[tokio::test]
async fn sends_settings_without_end() {
    let row = http2(&[], without_end(&frame(SETTINGS, 0, 0, &[])));
    let row = row.until_a_time_limit().taking_at_most(u64::MAX);
    row.fails(unreachable("timeout")).await;
}
