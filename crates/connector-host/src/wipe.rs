//! Bodies that may hold a secret are overwritten in memory as soon as nobody reads them any more: here, as far as their
//! memory is this crate's.
//!
//! Beyond reach are copies that others make: the network libraries' buffers for what they send and have received, and the runtime's
//! on the way out of and into a plugin. Those are freed as they are.

use std::error::Error as StdError;

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::{BodyExt, Limited};
use zeroize::{Zeroize, Zeroizing};

/// Makes bytes that are overwritten when the last who holds them lets go. Without a copy; if `bytes` are a part of a buffer that
/// somebody else holds too, they stay that one's.
pub(crate) fn wiped(bytes: Bytes) -> Bytes {
    Bytes::from_owner(Wiped(bytes))
}

struct Wiped(Bytes);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        drop(overwritten(std::mem::take(&mut self.0)));
    }
}

/// Overwrites bytes that nobody else holds, and gives back their memory; otherwise does nothing.
fn overwritten(bytes: Bytes) -> Option<BytesMut> {
    let mut memory = bytes.try_into_mut().ok()?;
    memory.zeroize();
    Some(memory)
}

/// Reads a body to its end, into one piece that is overwritten when the last who holds it lets go. Trailers are left out.
/// A body that is longer fails with [`LengthLimitError`](http_body_util::LengthLimitError).
pub(crate) async fn gathered<B>(
    body: B,
    limit_bytes: usize,
) -> Result<Bytes, Box<dyn StdError + Send + Sync>>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let body = body.map_frame(|frame| frame.map_data(wiped));
    let mut body = Limited::new(body, limit_bytes);
    let mut whole = Zeroizing::new(Vec::new());
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame?.into_data() else {
            continue;
        };
        let length = whole.len() + piece.len();
        if length > whole.capacity() {
            // By hand, for a vector that grows leaves its old memory as it is.
            let mut larger = Zeroizing::new(Vec::with_capacity(length.next_power_of_two()));
            larger.extend_from_slice(&whole);
            whole = larger;
        }
        whole.extend_from_slice(&piece);
    }
    Ok(Bytes::from_owner(whole))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures::stream;
    use http_body::Frame;
    use http_body_util::{LengthLimitError, StreamBody};

    use super::*;

    /// Long enough for what a freed piece of memory still holds to be more than the allocator's own notes.
    const SECRET_BYTES: usize = 4096;

    /// Each test has a letter of its own, for memory that one frees may be another's next.
    fn secret(letter: u8) -> Bytes {
        vec![letter; SECRET_BYTES].into()
    }

    /// Whether there is anything of the secret at an address, which may be free again.
    #[cfg(target_os = "linux")]
    fn holds_secret(letter: u8, address: usize) -> bool {
        use std::os::unix::fs::FileExt;
        let mut found = [0; SECRET_BYTES];
        let memory = std::fs::File::open("/proc/self/mem").unwrap();
        // Memory that is no more holds nothing.
        let there = memory.read_exact_at(&mut found, address as u64).is_ok();
        there && found.windows(16).any(|window| window == [letter; 16])
    }

    #[test]
    fn bytes_that_nobody_else_holds_are_overwritten_where_they_are() {
        let secret = secret(b'A');
        let address = secret.as_ptr();
        let memory = overwritten(secret).unwrap();
        assert_eq!(memory.as_ptr(), address);
        assert_eq!(memory, vec![0; SECRET_BYTES]);
    }

    #[test]
    fn bytes_that_somebody_else_holds_stay() {
        let secret = secret(b'B');
        assert!(overwritten(secret.clone()).is_none());
        assert_eq!(secret, vec![b'B'; SECRET_BYTES]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn bytes_are_overwritten_when_the_last_holder_lets_go() {
        let secret = wiped(secret(b'C'));
        let address = secret.as_ptr().addr();
        let other = secret.slice(1..);
        drop(secret);
        assert!(holds_secret(b'C', address));
        drop(other);
        assert!(!holds_secret(b'C', address));
    }

    /// A body of three pieces, and where each of them lies.
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
    async fn a_gathered_body_leaves_nothing_of_itself_or_its_pieces() {
        let (body, mut addresses) = pieces(b'D');
        let whole = gathered(body, 3 * SECRET_BYTES).await.unwrap();
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
    async fn a_body_that_is_too_long_leaves_nothing_either() {
        let (body, addresses) = pieces(b'E');
        let error = gathered(body, 3 * SECRET_BYTES - 1).await.unwrap_err();
        assert!(error.is::<LengthLimitError>());
        for address in addresses {
            assert!(!holds_secret(b'E', address));
        }
    }
}
