//! Making strings of vendors fit to be shown: one odd name must not hide the others.

/// Characters that cannot be seen: those that Unicode calls default ignorable (UAX #44), the other
/// ones of its category Cf, and U+2800, the empty braille pattern. They can reverse a text or make
/// two names look equal. In ascending order.
const INVISIBLE: [(char, char); 26] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{600}', '\u{605}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{890}', '\u{891}'),
    ('\u{8e2}', '\u{8e2}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// The string without control characters and other invisible characters, and without whitespace
/// around it; at most `limit_chars` long.
pub(crate) fn displayable(text: &str, limit_chars: usize) -> String {
    let visible = text
        .chars()
        .filter(|char| !char.is_control() && !is_invisible(*char));
    let text: String = visible.take(limit_chars).collect();
    text.trim().to_owned()
}

fn is_invisible(char: char) -> bool {
    let mut ranges = INVISIBLE.iter();
    !char.is_ascii() && ranges.any(|&(first, last)| (first..=last).contains(&char))
}

#[cfg(test)]
mod tests {
    use super::displayable;

    #[test]
    fn a_vendor_s_string_is_cleaned_and_shortened() {
        for (text, shown) in [
            ("Sh\u{1b}[2Jop\n1", "Sh[2Jop1"),
            ("\u{202e}pohS\u{202c}", "pohS"),
            ("S\u{ad}h\u{200b}o\u{e0041}p\u{feff}", "Shop"),
            ("  B\u{fc}cher \u{85}", "B\u{fc}cher"),
            ("\u{2066}\u{2069}", ""),
        ] {
            assert_eq!(displayable(text, 200), shown, "{text:?}");
        }
        assert_eq!(displayable(&"x".repeat(1 << 20), 200).len(), 200);
    }
}
