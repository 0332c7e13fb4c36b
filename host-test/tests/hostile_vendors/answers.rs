//! Faults in the content of a response that is valid HTTP: other statuses, no JSON, no token,
//! redirects.

use serde_json::{Value, json};

use super::check::{Call, End, Row, invalid};
use super::server::{Play, Step, answer};

fn answers(status: &str, fields: &str, body: impl AsRef<[u8]>) -> Row {
    let answer = answer(status, fields.as_bytes(), body.as_ref());
    Row::http1(Play::Answer(vec![Step::Send(answer)]))
}

/// Checks that a token reply is invalid when this field is changed.
async fn check_field(name: &str, value: Value) {
    for call in [Call::Hotjar, Call::Contentsquare] {
        let mut body = call.valid_reply();
        body[name] = value.clone();
        let row = answers("200 OK", "", body.to_string()).only(&[call]);
        row.fails(invalid(200, name)).await;
    }
}

#[tokio::test]
async fn breaks_a_line_within_the_token() {
    check_field("access_token", json!("forged-token\r\nx: lavender")).await;
}

#[tokio::test]
async fn ends_the_token_with_a_line_break() {
    check_field("access_token", json!("forged-token\n")).await;
}

#[tokio::test]
async fn hides_a_nul_within_the_token() {
    check_field("access_token", json!("forged-token\0")).await;
}

#[tokio::test]
async fn sends_a_token_that_is_not_ascii() {
    check_field("access_token", json!("forged-tokén")).await;
}

#[tokio::test]
async fn sends_a_token_longer_than_a_header() {
    check_field("access_token", json!("forged-token".repeat(2000))).await;
}

#[tokio::test]
async fn sends_a_token_that_is_no_string() {
    check_field("access_token", json!(["forged-token"])).await;
}

#[tokio::test]
async fn sends_a_token_of_another_type() {
    check_field("token_type", json!("lavender")).await;
}

/// Checks that this value of an optional field does not prevent signing in.
async fn check_optional_field(name: &str, value: Value) {
    for call in [Call::Hotjar, Call::Contentsquare] {
        let mut body = call.valid_reply();
        body[name] = value.clone();
        let row = answers("200 OK", "", body.to_string()).only(&[call]);
        row.succeeds().await;
    }
}

#[tokio::test]
async fn sends_a_lifetime_that_is_no_number() {
    check_optional_field("expires_in", json!("lavender")).await;
}

#[tokio::test]
async fn breaks_a_line_within_the_scope() {
    check_optional_field("scope", json!("metrics\r\nlavender")).await;
}

#[tokio::test]
async fn sends_a_scope_that_is_no_string() {
    check_optional_field("scope", json!({"lavender": 1})).await;
}

#[tokio::test]
async fn sends_a_project_that_is_no_id() {
    let mut body = Call::Contentsquare.valid_reply();
    body["project_id"] = json!(["lavender"]);
    let row = answers("200 OK", "", body.to_string()).only(&[Call::Contentsquare]);
    row.fails(invalid(200, "project_id")).await;
}

/// Checks that this body with status 200 is invalid.
async fn check_body(body: impl AsRef<[u8]>) {
    let row = answers("200 OK", "content-type: application/json\r\n", body);
    row.fails(invalid(200, "body")).await;
}

#[tokio::test]
async fn answers_with_nothing() {
    check_body("").await;
}

#[tokio::test]
async fn answers_with_a_web_page() {
    check_body("<!DOCTYPE html><title>lavender</title>").await;
}

#[tokio::test]
async fn answers_with_json_that_is_no_object() {
    check_body("[\"lavender\"]").await;
}

#[tokio::test]
async fn answers_in_invalid_utf_8() {
    check_body(b"{\"access_token\": \"lavender\xff\", \"token_type\": \"bearer\"}").await;
}

#[tokio::test]
async fn answers_in_utf_16() {
    let text = "{\"access_token\": \"lavender\"}".encode_utf16();
    check_body(text.flat_map(u16::to_be_bytes).collect::<Vec<_>>()).await;
}

#[tokio::test]
async fn answers_with_half_of_a_surrogate_pair() {
    check_body("{\"access_token\": \"\\ud83d\"}").await;
}

#[tokio::test]
async fn nests_its_answer_thirty_thousand_deep() {
    check_body("[".repeat(30_000)).await;
}

#[tokio::test]
async fn nests_objects_ten_thousand_deep() {
    check_body("{\"a\":".repeat(10_000)).await;
}

/// Checks that this status, which no endpoint documents, is invalid.
async fn check_status(status: u16, fields: &str, body: &str) {
    let row = answers(&format!("{status} Lavender"), fields, body);
    row.fails(invalid(status, "status")).await;
}

#[tokio::test]
async fn answers_with_a_204() {
    let row = Row::http1(Play::Answer(vec![Step::Send(
        b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(),
    )]));
    row.fails(invalid(204, "status")).await;
}

#[tokio::test]
async fn answers_with_partial_content() {
    check_status(206, "content-range: bytes 0-1/99\r\n", "{}").await;
}

#[tokio::test]
async fn answers_that_nothing_was_modified() {
    let row = Row::http1(Play::Answer(vec![Step::Send(
        b"HTTP/1.1 304 Not Modified\r\netag: lavender\r\n\r\n".to_vec(),
    )]));
    row.fails(invalid(304, "status")).await;
}

#[tokio::test]
async fn answers_with_a_status_beyond_all_classes() {
    check_status(799, "", "{}").await;
}

#[tokio::test]
async fn redirects_to_another_host_permanently() {
    check_status(301, "location: https://lavender.example/\r\n", "").await;
}

#[tokio::test]
async fn redirects_to_another_host() {
    check_status(302, "location: https://lavender.example/\r\n", "").await;
}

#[tokio::test]
async fn redirects_to_another_host_with_another_method() {
    check_status(303, "location: https://lavender.example/\r\n", "").await;
}

#[tokio::test]
async fn redirects_to_another_host_with_the_same_method_and_body() {
    check_status(307, "location: https://lavender.example/\r\n", "").await;
}

#[tokio::test]
async fn redirects_to_another_host_with_the_same_method_and_body_permanently() {
    check_status(308, "location: https://lavender.example/\r\n", "").await;
}

#[tokio::test]
async fn redirects_to_itself() {
    check_status(307, "location: /lavender\r\n", "").await;
}

#[tokio::test]
async fn redirects_to_nowhere() {
    check_status(307, "", "").await;
}

#[tokio::test]
async fn answers_with_a_maintenance_page() {
    let fields = "content-type: text/html\r\nretry-after: lavender\r\n";
    let row = answers("503 Service Unavailable", fields, "<h1>lavender</h1>");
    row.fails(End::Other("unavailable".to_owned())).await;
}

#[tokio::test]
async fn throttles_for_longer_than_any_integer() {
    let fields = "retry-after: 99999999999999999999999\r\nretry-after: -1\r\n";
    let row = answers("429 Too Many Requests", fields, "lavender");
    row.fails(End::Other("throttled".to_owned())).await;
}

/// Checks that a valid response with these additional header fields is read.
async fn check_fields(fields: &[u8]) {
    Row::http1(Play::Fields(fields.to_vec())).succeeds().await;
}

#[tokio::test]
async fn sends_header_fields_that_are_not_ascii() {
    check_fields(b"x-a: \xff\xfe\r\nretry-after: \xff\r\nwww-authenticate: \xc3\x28\r\n").await;
}

#[tokio::test]
async fn repeats_header_fields() {
    let repeated =
        b"content-type: text/html\r\nset-cookie: a=lavender\r\nwww-authenticate: bearer\r\n";
    check_fields(&repeated.repeat(20)).await;
}

#[tokio::test]
async fn repeats_the_length() {
    let length = Call::Hotjar.valid_reply().to_string().len();
    let row = Row::http1(Play::Fields(format!("content-length: {length}\r\n").into()));
    row.only(&[Call::Hotjar]).succeeds().await;
}

/// Checks that a valid response after these interim ones is read.
async fn check_interim(before: &str) {
    let row = Row::http1(Play::Around {
        before: before.into(),
        behind: Vec::new(),
    });
    row.succeeds().await;
}

#[tokio::test]
async fn sends_100_before_it_answers() {
    check_interim("HTTP/1.1 100 Continue\r\n\r\n").await;
}

#[tokio::test]
async fn sends_103_before_it_answers() {
    check_interim("HTTP/1.1 103 Early Hints\r\nlink: </lavender>\r\n\r\n").await;
}

#[tokio::test]
async fn sends_ten_interim_responses_before_it_answers() {
    check_interim(&"HTTP/1.1 102 Processing\r\n\r\n".repeat(10)).await;
}
