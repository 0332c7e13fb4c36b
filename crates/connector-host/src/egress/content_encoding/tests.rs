//! Tests of the encodings, as tables: supported ones, damaged bodies, and a decompression bomb.

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use futures::stream;
use http_body_util::StreamBody;

use super::*;

const TEXT: &[u8] = br#"{"access_token":"tulip"}"#;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A response with these encodings, whose body comes in pieces of `step` bytes.
fn response(encodings: &[&str], body: &[u8], step: usize) -> http::Response<ResponseBody> {
    let frames: Vec<_> = body
        .chunks(step)
        .map(|piece| Ok(Frame::data(Bytes::copy_from_slice(piece))))
        .collect();
    let mut response = http::Response::new(StreamBody::new(stream::iter(frames)).boxed_unsync());
    let fields = response.headers_mut();
    fields.insert(CONTENT_LENGTH, body.len().into());
    for encoding in encodings {
        fields.append(CONTENT_ENCODING, encoding.parse().unwrap());
    }
    response
}

async fn body(response: http::Response<ResponseBody>) -> Result<Bytes, TransportError> {
    Ok(response.into_body().collect().await?.to_bytes())
}

#[tokio::test]
async fn supported_encodings_are_removed_with_their_fields() {
    for (name, encoded) in [
        ("gzip", gzip(TEXT)),
        ("GZIP", gzip(TEXT)),
        ("x-gzip", gzip(TEXT)),
        ("deflate", zlib(TEXT)),
        ("deflate", deflate(TEXT)),
    ] {
        // In one piece, and byte by byte.
        for step in [1, 2, encoded.len()] {
            let response = decoded(response(&[name], &encoded, step), TEXT.len());
            assert!(response.headers().is_empty(), "{name}");
            assert_eq!(body(response).await.unwrap(), TEXT, "{name} {step}");
        }
    }
}

#[tokio::test]
async fn other_encodings_are_left_as_they_are() {
    for encodings in [
        &[][..],
        &["identity"],
        &["br"],
        &["gzip, br"],
        &["gzip", "gzip"],
    ] {
        let response = decoded(response(encodings, TEXT, 7), 1);
        assert_eq!(response.headers().len(), encodings.len() + 1);
        assert_eq!(body(response).await.unwrap(), TEXT, "{encodings:?}");
    }
}

#[tokio::test]
async fn a_damaged_body_is_an_error_and_bytes_behind_it_are_ignored() {
    let whole = gzip(TEXT);
    let cut = &whole[..whole.len() - 1];
    let mut damaged = whole.clone();
    damaged[whole.len() - 1] ^= 1;
    let behind = [&whole[..], b"more"].concat();
    let protocol = || Err(TransportError::Protocol);
    for (name, encoded, expected) in [
        ("gzip", cut, protocol()),
        ("gzip", &damaged, protocol()),
        ("gzip", TEXT, protocol()),
        ("deflate", TEXT, protocol()),
        ("deflate", b"x", protocol()),
        ("gzip", &behind, Ok(Bytes::from_static(TEXT))),
        ("deflate", b"", Ok(Bytes::new())),
        ("gzip", b"", Ok(Bytes::new())),
    ] {
        let response = decoded(response(&[name], encoded, 5), 1000);
        assert_eq!(body(response).await, expected, "{name} {encoded:?}");
    }
}

#[tokio::test]
async fn a_decompression_bomb_is_too_long() {
    let zeros = vec![0; 8 << 20];
    for (name, encoded) in [
        ("gzip", gzip(&zeros)),
        ("deflate", zlib(&zeros)),
        ("deflate", deflate(&zeros)),
    ] {
        assert!(encoded.len() < 10_000);
        for (limit_bytes, fits) in [(8 << 20, true), ((8 << 20) - 1, false), (1, false)] {
            let bomb = decoded(response(&[name], &encoded, 4096), limit_bytes);
            let mut body = bomb.into_body();
            let (mut length, mut end) = (0, Ok(()));
            while let Some(frame) = body.frame().await {
                match frame {
                    Ok(frame) => length += frame.into_data().unwrap().len(),
                    Err(error) => end = Err(error),
                }
            }
            let expected = if fits {
                Ok(())
            } else {
                Err(TransportError::TooLong)
            };
            assert_eq!((length, end), (limit_bytes, expected), "{name}");
        }
    }
}
