//! Faults of HTTP/2: closed connections and streams, and invalid frames (RFC 9113).

use super::check::{Row, invalid, unreachable};
use super::http2::{
    CANCEL, CONTINUATION, DATA, END_HEADERS, END_STREAM, FIRST, HEADERS, INTERNAL_ERROR, NO_ERROR,
    REFUSED_STREAM, STATUS_103, STATUS_200, answer, field, frame, goaway, rst_stream,
};
use super::server::{Play, Step};

/// Sends these frames in place of a response.
fn answers(frames: &[Vec<u8>], end: Option<Step>) -> Row {
    let steps = [Step::Send(frames.concat())].into_iter().chain(end);
    Row::http2(Play::Answer(steps.collect()))
}

/// The header section of a response with status 200 and these further fields.
fn begins(fields: &[u8]) -> Vec<u8> {
    let section = [STATUS_200, fields].concat();
    frame(HEADERS, END_HEADERS, FIRST, &section)
}

/// Checks that a valid response between these frames is read.
async fn succeeds(before: Vec<u8>, behind: Vec<u8>) {
    let row = Row::http2(Play::Around { before, behind });
    row.succeeds().await;
}

#[tokio::test]
async fn goes_away_before_any_request() {
    // The vendor did not process the request, but requests are never repeated by themselves.
    let row = Row::http2(Play::Greeting(vec![
        Step::Send(goaway(0, NO_ERROR)),
        Step::Close,
    ]));
    row.before_any_request().fails(unreachable("cut-off")).await;
}

#[tokio::test]
async fn announces_a_goaway_before_the_response() {
    succeeds(goaway(FIRST, NO_ERROR), Vec::new()).await;
}

#[tokio::test]
async fn ends_the_stream_when_the_response_is_complete() {
    succeeds(Vec::new(), rst_stream(FIRST, NO_ERROR)).await;
}

#[tokio::test]
async fn goes_away_before_the_response() {
    let row = answers(&[goaway(0, NO_ERROR)], Some(Step::Close));
    row.fails(unreachable("cut-off")).await;
}

#[tokio::test]
async fn goes_away_with_an_error_before_the_response() {
    let row = answers(&[goaway(FIRST, INTERNAL_ERROR)], Some(Step::Close));
    row.fails(unreachable("cut-off")).await;
}

#[tokio::test]
async fn goes_away_within_the_response() {
    let frames = [begins(&[]), goaway(FIRST, INTERNAL_ERROR)];
    let row = answers(&frames, Some(Step::Close));
    row.fails(unreachable("cut-off")).await;
}

#[tokio::test]
async fn goes_away_and_never_ends_its_response() {
    let frames = [goaway(FIRST, NO_ERROR), begins(&[])];
    let row = answers(&frames, Some(Step::Wait)).until_a_time_limit();
    row.fails(unreachable("timeout")).await;
}

#[tokio::test]
async fn ends_the_stream_before_the_response() {
    let row = answers(&[rst_stream(FIRST, CANCEL)], None);
    row.fails(unreachable("cut-off")).await;
}

#[tokio::test]
async fn refuses_the_stream() {
    let row = answers(&[rst_stream(FIRST, REFUSED_STREAM)], None);
    row.fails(unreachable("cut-off")).await;
}

#[tokio::test]
async fn ends_the_stream_within_the_response() {
    let row = answers(&[begins(&[]), rst_stream(FIRST, INTERNAL_ERROR)], None);
    row.fails(unreachable("cut-off")).await;
}

#[tokio::test]
async fn closes_the_connection_within_the_response() {
    let row = answers(&[begins(&[])], Some(Step::Close));
    row.fails(unreachable("cut-off")).await;
}

#[tokio::test]
async fn resets_the_connection_within_the_response() {
    let row = answers(&[begins(&[])], Some(Step::Reset));
    row.fails(unreachable("cut-off")).await;
}

// In these tests the connection stays open: silence blocks one stream, and not the next.

#[tokio::test]
async fn is_silent() {
    let row = answers(&[], None).until_a_time_limit();
    row.fails(unreachable("timeout")).await;
}

#[tokio::test]
async fn is_silent_within_the_response() {
    let row = answers(&[begins(&[])], None).until_a_time_limit();
    row.fails(unreachable("timeout")).await;
}

#[tokio::test]
async fn sends_an_interim_response_and_then_none() {
    let frames = [frame(HEADERS, END_HEADERS, FIRST, STATUS_103)];
    let row = answers(&frames, None).until_a_time_limit();
    row.fails(unreachable("timeout")).await;
}

#[tokio::test]
async fn sends_a_body_before_the_header() {
    let row = answers(&[frame(DATA, END_STREAM, FIRST, b"{}")], None);
    row.fails(unreachable("protocol")).await;
}

#[tokio::test]
async fn sends_a_header_section_that_cannot_be_decoded() {
    // An index beyond the table (RFC 7541 §2.3.3).
    let row = answers(&[frame(HEADERS, END_HEADERS, FIRST, &[0xfe])], None);
    row.fails(unreachable("protocol")).await;
}

#[tokio::test]
async fn sends_a_header_section_without_a_status() {
    let section = field("x", b"lavender");
    let row = answers(
        &[frame(HEADERS, END_HEADERS | END_STREAM, FIRST, &section)],
        None,
    );
    row.fails(unreachable("protocol")).await;
}

#[tokio::test]
async fn sends_a_line_break_within_a_header_field() {
    let row = answers(&[begins(&field("x", b"laven\r\nder: y"))], None);
    row.fails(unreachable("protocol")).await;
}

#[tokio::test]
async fn sends_more_than_the_declared_length() {
    let frames = [
        begins(&field("content-length", b"1")),
        frame(DATA, END_STREAM, FIRST, b"{}"),
    ];
    answers(&frames, None).fails(unreachable("protocol")).await;
}

#[tokio::test]
async fn sends_less_than_the_declared_length() {
    let frames = [
        begins(&field("content-length", b"3")),
        frame(DATA, END_STREAM, FIRST, b"{}"),
    ];
    answers(&frames, None).fails(unreachable("protocol")).await;
}

#[tokio::test]
async fn answers_on_a_stream_that_was_not_opened() {
    let row = answers(&[answer(7, b"{}")], None);
    row.fails(unreachable("protocol")).await;
}

#[tokio::test]
async fn answers_in_http1() {
    let row = answers(
        &[b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".to_vec()],
        None,
    );
    row.fails(unreachable("protocol")).await;
}

#[tokio::test]
async fn sends_a_frame_longer_than_allowed() {
    let row = answers(
        &[begins(&[]), frame(DATA, 0, FIRST, &vec![b' '; 1 << 20])],
        None,
    );
    row.fails(unreachable("protocol")).await;
}

#[tokio::test]
async fn continues_a_header_section_that_was_not_begun() {
    let row = answers(&[frame(CONTINUATION, END_HEADERS, FIRST, STATUS_200)], None);
    row.fails(unreachable("protocol")).await;
}

#[tokio::test]
async fn sends_a_204() {
    let section = frame(HEADERS, END_HEADERS | END_STREAM, FIRST, &[0x89]);
    let row = answers(&[section], None);
    row.fails(invalid(204, "status")).await;
}

#[tokio::test]
async fn sends_an_interim_response_and_then_the_final_one() {
    let interim = frame(HEADERS, END_HEADERS, FIRST, STATUS_103);
    succeeds(interim, Vec::new()).await;
}

#[tokio::test]
async fn goes_away_when_the_response_is_complete() {
    succeeds(Vec::new(), goaway(FIRST, NO_ERROR)).await;
}
