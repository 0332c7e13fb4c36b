//! The one type for texts that must not be seen. Where it is exposed, a request is being written.

use std::fmt;

use zeroize::Zeroizing;

/// A text that must not be seen: a token, a client secret.
///
/// Wiped from memory on drop. Printing it with `{:?}` gives `[redacted]`; there is deliberately no `Display`, no
/// comparison (which would leak by its timing) and no serialisation.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over without a copy; callers that keep one must wipe it themselves.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        #[cfg(test)]
        leak_check::register(&text);
        Self(Zeroizing::new(text))
    }

    /// Gives the text itself. Call it where the request is written or the session stored, and nowhere else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn debug_shows_nothing_of_the_text() {
        let secret = Secret::new("tulip;42");
        assert_eq!(format!("{secret:?} {secret:#?}"), "[redacted] [redacted]");
        assert_eq!(secret.expose(), "tulip;42");
    }
}
