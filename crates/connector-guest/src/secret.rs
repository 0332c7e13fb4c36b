//! Strings and bytes that must not be seen.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroize;

/// A secret string, such as a client secret or a token. Zeroized on drop, never printed.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Takes the string over, without leaving a copy.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The string itself, for the place where a request or a result is written.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Hands the string over, for the place where a result is written.
    #[must_use]
    pub fn into_exposed(mut self) -> String {
        core::mem::take(&mut self.0)
    }
}

impl Drop for Secret {
    // Secrets are dropped in many places; one copy of the loop is enough.
    #[inline(never)]
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// Bytes that hold a secret, such as the body of a token request. Zeroized on drop, never printed.
#[derive(Clone, Default)]
pub struct SecretBytes(Vec<u8>);

impl SecretBytes {
    /// Makes room for `capacity` bytes. A writer that needs more leaves a copy of the secret behind
    /// when the buffer moves.
    pub fn with_capacity(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }

    /// The bytes themselves, for the place where a request is written.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The buffer, for the place where a request is built.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl From<Vec<u8>> for SecretBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl Drop for SecretBytes {
    #[inline(never)]
    fn drop(&mut self) {
        // Not the spare capacity, which was never written: `Vec::zeroize` would clear that too.
        self.0.as_mut_slice().zeroize();
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_no_secret() {
        assert_eq!(format!("{:?}", Secret::new("hush")), "[redacted]");
        let bytes = SecretBytes::from(b"hush".to_vec());
        assert_eq!(format!("{bytes:?}"), "[redacted]");
    }

    #[test]
    fn hands_the_string_over() {
        assert_eq!(Secret::new("hush").into_exposed(), "hush");
    }
}
