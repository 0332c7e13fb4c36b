//! Bodies that may hold a secret: their memory is zeroized when the last reader drops it.
//!
//! This covers the memory that this crate owns. Copies in the buffers of the network libraries, and
//! those that the runtime makes out of and into a plugin, are freed without being zeroized.

use std::error::Error as StdError;

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::{BodyExt, Limited};
use zeroize::{Zeroize, Zeroizing};

/// Returns the bytes, without a copy, so that they are zeroized when the last clone is dropped. If
/// `bytes` is part of a buffer with another owner, that buffer is left as it is.
pub(crate) fn zeroized(bytes: Bytes) -> Bytes {
    Bytes::from_owner(ZeroizeOnDrop(bytes))
}

struct ZeroizeOnDrop(Bytes);

impl AsRef<[u8]> for ZeroizeOnDrop {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for ZeroizeOnDrop {
    fn drop(&mut self) {
        drop(zeroize_unique(std::mem::take(&mut self.0)));
    }
}

/// Zeroizes bytes without another owner, and returns their memory; otherwise does nothing.
fn zeroize_unique(bytes: Bytes) -> Option<BytesMut> {
    let mut memory = bytes.try_into_mut().ok()?;
    memory.zeroize();
    Some(memory)
}

/// Reads a body to its end, into one buffer that is zeroized when the last clone is dropped.
/// Trailers are dropped. A longer body fails with
/// [`LengthLimitError`](http_body_util::LengthLimitError).
pub(crate) async fn collect_zeroized<B>(
    body: B,
    limit_bytes: usize,
) -> Result<Bytes, Box<dyn StdError + Send + Sync>>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let body = body.map_frame(|frame| frame.map_data(zeroized));
    let mut body = Limited::new(body, limit_bytes);
    let mut whole = Zeroizing::new(Vec::new());
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame?.into_data() else {
            continue;
        };
        let length = whole.len() + piece.len();
        if length > whole.capacity() {
            // Not by `Vec::reserve`, which would free the old memory without zeroizing it.
            let mut larger = Zeroizing::new(Vec::with_capacity(length.next_power_of_two()));
            larger.extend_from_slice(&whole);
            whole = larger;
        }
        whole.extend_from_slice(&piece);
    }
    Ok(Bytes::from_owner(whole))
}

#[cfg(test)]
mod tests;
