//! Texts that may not be seen.

use alloc::string::String;
use core::fmt;

use zeroize::Zeroize;

/// A secret text: a client secret, a token. Wiped when dropped, and never printed.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Takes `text` in, without leaving a copy.
    pub fn new(text: String) -> Self {
        #[cfg(test)]
        leak_check::register(&text);
        Self(text)
    }

    /// The text itself, for the place where a request or the result is written.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Gives the text away, for the place where the result is written.
    pub fn give(mut self) -> String {
        core::mem::take(&mut self.0)
    }
}

impl Drop for Secret {
    // Secrets are dropped in many places; the loop that wipes need not stand in each.
    #[inline(never)]
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_no_secret() {
        assert_eq!(format!("{:?}", Secret::new("hush".into())), "[redacted]");
    }
}
