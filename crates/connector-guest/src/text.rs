//! Texts for people in several languages, chosen by look-up (RFC 4647 §3.4).

use alloc::string::String;

/// A text in English, and perhaps in other languages.
///
/// ```
/// use connector_guest::Text;
///
/// const HELLO: Text = Text::new("Hello", &[("fr", "Bonjour"), ("pt-BR", "Oi")]);
/// assert_eq!(HELLO.choose(&["fr-CA".into()]), "Bonjour");
/// assert_eq!(HELLO.choose(&["de".into(), "pt-BR".into()]), "Oi");
/// assert_eq!(HELLO.choose(&[]), "Hello");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text {
    english: &'static str,
    translations: &'static [(&'static str, &'static str)],
}

impl Text {
    /// Pairs the English text with its translations, each after its language tag (BCP 47).
    pub const fn new(
        english: &'static str,
        translations: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self {
            english,
            translations,
        }
    }

    /// The text in the best of the languages asked for, which are in the order of preference.
    pub fn choose(&self, locales: &[String]) -> &'static str {
        let mut ranges = locales.iter();
        ranges
            .find_map(|range| self.look_up(range))
            .unwrap_or(self.english)
    }

    /// The English text.
    pub const fn english(&self) -> &'static str {
        self.english
    }

    /// The translations, each after its language tag.
    pub const fn translations(&self) -> &'static [(&'static str, &'static str)] {
        self.translations
    }

    /// Shortens the range from its end until it is a tag that is there.
    fn look_up(&self, range: &str) -> Option<&'static str> {
        let mut range = range;
        loop {
            if range.eq_ignore_ascii_case("en") {
                return Some(self.english);
            }
            let mut translations = self.translations.iter();
            if let Some((_, text)) = translations.find(|(tag, _)| tag.eq_ignore_ascii_case(range)) {
                return Some(text);
            }
            let shorter = without_last(range)?;
            // A single letter or digit introduces the subtag behind it, and goes with it.
            range = match without_last(shorter) {
                Some(before) if shorter.len() - before.len() == 2 => before,
                _ => shorter,
            };
        }
    }
}

/// The range without its last subtag. `rsplit_once` would take 0.6 kB of a component.
fn without_last(range: &str) -> Option<&str> {
    let hyphen = range.bytes().rposition(|byte| byte == b'-')?;
    range.get(..hyphen)
}

impl From<&'static str> for Text {
    fn from(english: &'static str) -> Self {
        Self::new(english, &[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: Text = Text::new(
        "english",
        &[
            ("fr", "french"),
            ("zh-Hant", "chinese"),
            ("en-GB", "british"),
        ],
    );

    #[test]
    fn looks_up_the_best_language() {
        for (locales, expected) in [
            (&[][..], "english"),
            (&["fr"], "french"),
            (&["FR-ca"], "french"),
            (&["de-AT", "fr-FR"], "french"),
            (&["de", "es"], "english"),
            (&["en-US", "fr"], "english"),
            (&["en-gb-oxendict"], "british"),
            (&["zh-Hant-CN-x-private1-private2"], "chinese"),
            (&["zh-Hant-x-wadegile"], "chinese"),
            (&["zh"], "english"),
            (&["*", "fr"], "french"),
            (&["", "-", "--", "x", "é", "fr"], "french"),
        ] {
            let locales: Vec<String> = locales.iter().map(|tag| (*tag).to_owned()).collect();
            assert_eq!(TEXT.choose(&locales), expected, "{locales:?}");
        }
    }
}
