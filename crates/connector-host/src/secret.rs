//! The type of strings that must not be shown. A secret is exposed only where a request is written.

use std::fmt;

use zeroize::Zeroizing;

/// A string that must not be shown: a token or a client secret.
///
/// Zeroized on drop. `{:?}` prints `[redacted]`. There is deliberately no `Display`, no comparison
/// (its timing would leak) and no serialisation.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes ownership without a copy; a caller that keeps its own copy must zeroize it.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        #[cfg(test)]
        leak_check::register(&text);
        Self(Zeroizing::new(text))
    }

    /// The string itself. Call it only where a request is written or a session is stored.
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
    fn debug_hides_the_string() {
        let secret = Secret::new("tulip;42");
        assert_eq!(format!("{secret:?} {secret:#?}"), "[redacted] [redacted]");
        assert_eq!(secret.expose(), "tulip;42");
    }
}
