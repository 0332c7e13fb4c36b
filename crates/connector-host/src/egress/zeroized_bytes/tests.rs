//! Tests that read freed memory, where the operating system allows it.

use std::convert::Infallible;

use futures::stream;
use http_body::Frame;
use http_body_util::{LengthLimitError, StreamBody};

use super::*;

/// Longer than the allocator's metadata in a freed block, so that something would be left to find.
const SECRET_BYTES: usize = 4096;

/// Each test uses its own letter, because tests may reuse each other's freed memory.
fn secret(letter: u8) -> Bytes {
    vec![letter; SECRET_BYTES].into()
}

/// Whether a part of the secret is at an address, which may be freed memory.
#[cfg(target_os = "linux")]
fn holds_secret(letter: u8, address: usize) -> bool {
    use std::os::unix::fs::FileExt;
    let mut found = [0; SECRET_BYTES];
    let memory = std::fs::File::open("/proc/self/mem").unwrap();
    // Unmapped memory holds nothing.
    let there = memory.read_exact_at(&mut found, address as u64).is_ok();
    there && found.windows(16).any(|window| window == [letter; 16])
}

#[test]
fn bytes_without_another_owner_are_zeroized_in_place() {
    let secret = secret(b'A');
    let address = secret.as_ptr();
    let memory = zeroize_unique(secret).unwrap();
    assert_eq!(memory.as_ptr(), address);
    assert_eq!(memory, vec![0; SECRET_BYTES]);
}

#[test]
fn bytes_with_another_owner_are_left_alone() {
    let secret = secret(b'B');
    assert!(zeroize_unique(secret.clone()).is_none());
    assert_eq!(secret, vec![b'B'; SECRET_BYTES]);
}

#[cfg(target_os = "linux")]
#[test]
fn bytes_are_zeroized_when_the_last_clone_is_dropped() {
    let secret = zeroized(secret(b'C'));
    let address = secret.as_ptr().addr();
    let other = secret.slice(1..);
    drop(secret);
    assert!(holds_secret(b'C', address));
    drop(other);
    assert!(!holds_secret(b'C', address));
}

/// A body of three pieces, and their addresses.
fn pieces(
    letter: u8,
) -> (
    impl Body<Data = Bytes, Error = Infallible> + Unpin,
    Vec<usize>,
) {
    let pieces = [secret(letter), secret(letter), secret(letter)];
    let addresses = pieces.iter().map(|piece| piece.as_ptr().addr()).collect();
    let frames = pieces.map(|piece| Ok(Frame::data(piece)));
    (StreamBody::new(stream::iter(frames)), addresses)
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_collected_body_leaves_no_trace_of_itself_or_its_pieces() {
    let (body, mut addresses) = pieces(b'D');
    let whole = collect_zeroized(body, 3 * SECRET_BYTES).await.unwrap();
    assert_eq!(whole.len(), 3 * SECRET_BYTES);
    assert!(whole.iter().all(|byte| *byte == b'D'));
    addresses.push(whole.as_ptr().addr());
    drop(whole);
    for address in addresses {
        assert!(!holds_secret(b'D', address));
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_body_that_is_too_long_leaves_no_trace_either() {
    let (body, addresses) = pieces(b'E');
    let error = collect_zeroized(body, 3 * SECRET_BYTES - 1)
        .await
        .unwrap_err();
    assert!(error.is::<LengthLimitError>());
    for address in addresses {
        assert!(!holds_secret(b'E', address));
    }
}
