//! The random bytes that a plugin reads, for nonces.

use std::io;

use ring::rand::{SecureRandom, SystemRandom as Ring};

/// Source of random bytes. A plugin makes nonces of them, so they must be unpredictable; only tests
/// use other ones.
pub trait Random: Send + Sync + 'static {
    /// Fills the buffer.
    fn fill(&self, bytes: &mut [u8]) -> io::Result<()>;
}

/// The operating system's cryptographic source.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) -> io::Result<()> {
        let filled = Ring::new().fill(bytes);
        filled.map_err(|_| io::Error::other("this machine has no source of random numbers"))
    }
}
