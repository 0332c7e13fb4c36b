//! Responses with a `content-encoding`, which the host decodes within its limits: otherwise the
//! plugin could not read their codes.

use std::io::Write as _;

use connector_host::{ApiResponse, Verdict};
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use host_test::script::Reply;
use http_body_util::BodyExt as _;

use super::common::{failure, invalid_response, refusal};
use super::samples::Suite;

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

/// The two forms of `deflate`: with zlib's wrapper (RFC 9110 §8.4.1.2), and without it, as some
/// servers send it.
fn deflate(body: &[u8]) -> [Vec<u8>; 2] {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    zlib.write_all(body).unwrap();
    let mut bare = DeflateEncoder::new(Vec::new(), Compression::best());
    bare.write_all(body).unwrap();
    [zlib.finish().unwrap(), bare.finish().unwrap()]
}

/// The body in every encoding, with the value of `content-encoding`.
fn encoded(body: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let [zlib, bare] = deflate(body);
    vec![
        ("gzip", gzip(body)),
        ("GZIP", gzip(body)),
        ("x-gzip", gzip(body)),
        ("deflate", zlib),
        ("deflate", bare),
        ("identity", body.to_vec()),
    ]
}

#[tokio::test]
async fn reads_token_replies_in_any_encoding() {
    let suite = Suite::load().await;
    for sample in suite.open() {
        for (encoding, body) in encoded(sample.token.to_string().as_bytes()) {
            for chunk_bytes in [1, 7, 4096] {
                let reply = Reply::bytes(200, body.clone()).header("content-encoding", encoding);
                suite.network.answer(reply.chunks(chunk_bytes));
                let opened = suite.connector.authenticate(sample.id(), sample.document());
                assert!(opened.await.is_ok(), "{encoding}");
            }
        }
    }
}

#[tokio::test]
async fn reads_replies_with_a_byte_order_mark_or_another_successful_status() {
    let suite = Suite::load().await;
    for sample in suite.open() {
        let mut marked = b"\xef\xbb\xbf".to_vec();
        marked.extend(sample.token.to_string().bytes());
        for reply in [
            Reply::bytes(200, marked),
            Reply::json(201, sample.token.clone()),
            Reply::json(203, sample.token.clone()),
        ] {
            suite.network.answer(reply);
            let opened = suite.connector.authenticate(sample.id(), sample.document());
            opened.await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_reply_whose_decoded_length_exceeds_the_limit_is_invalid() {
    let suite = Suite::load().await;
    let vast = gzip(&vec![b' '; 64 << 20]);
    let sample = suite.open().next().unwrap();
    suite
        .network
        .answer(Reply::bytes(200, vast).header("content-encoding", "gzip"));
    let opened = suite
        .connector
        .authenticate(sample.id(), sample.document())
        .await;
    assert_eq!(failure(opened), invalid_response(200, "body"));
}

#[tokio::test]
async fn finds_the_code_in_an_encoded_api_response_and_leaves_its_body_encoded() {
    let suite = Suite::load().await;
    let expired = r#"{"success":false,"error":{"code":"token_expired"}}"#;
    for (encoding, body) in encoded(expired.as_bytes()) {
        let mut sent = http::Response::builder().status(403);
        sent = sent.header("content-encoding", encoding);
        let whole = http_body_util::Full::new(bytes::Bytes::from(body.clone()));
        let whole = whole.map_err(|never| match never {}).boxed_unsync();
        let mut sent = sent.body(whole).unwrap();
        let read = ApiResponse::read(&mut sent).await.unwrap();
        assert_eq!(sent.headers()["content-encoding"], encoding);
        let rest = sent.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(rest, body, "the caller gets the body as received");
        for sample in &suite.samples {
            let verdict = suite.connector.classify(sample.id(), &read).await;
            let expected = Verdict::Refresh(refusal(403, Some("token_expired"), true));
            assert_eq!(verdict, Ok(expected), "{encoding}");
        }
    }
}
