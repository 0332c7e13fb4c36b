//! Characters that people cannot see: trimmed around typed strings, an issue within them, removed
//! from a vendor's names.

/// Invisible characters that survive copy and paste: those that Unicode calls default ignorable
/// (UAX #44), and U+2800, the empty braille pattern. In ascending order.
const INVISIBLE: [(char, char); 16] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{202a}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// The other characters of Unicode's category Cf: some can be seen, but none belongs in a name.
const OTHER_FORMAT: [(char, char); 10] = [
    ('\u{600}', '\u{605}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{890}', '\u{891}'),
    ('\u{8e2}', '\u{8e2}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
];

fn is_in(ranges: &[(char, char)], char: char) -> bool {
    ranges
        .iter()
        .any(|&(first, last)| (first..=last).contains(&char))
}

/// Whether a character can be seen neither alone nor beside others, as far as credentials go.
pub(crate) fn is_invisible(char: char) -> bool {
    // Most characters are ASCII, and none of those is in the table.
    !char.is_ascii() && is_in(&INVISIBLE, char)
}

/// Whether a character around a typed string is trimmed: whitespace, and whatever is invisible.
pub(crate) fn is_trimmed(char: char) -> bool {
    char.is_whitespace() || is_invisible(char)
}

/// Whether a character within a typed string is a slip: one that looks like nothing, or like a
/// space without being U+0020.
pub(crate) fn is_hidden_within(char: char) -> bool {
    char != ' ' && is_trimmed(char)
}

/// Whether a character is removed from a name that a vendor gives: control characters, and all that
/// is invisible or changes the direction or shape of what stands around it.
pub(crate) fn is_removed_from_names(char: char) -> bool {
    char.is_control()
        || is_invisible(char)
        || (!char.is_ascii() && is_in(&OTHER_FORMAT, char))
        || matches!(char, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_invisible_characters_from_others() {
        for char in [
            '\u{200e}',
            '\u{200c}',
            '\u{200d}',
            '\u{ad}',
            '\u{feff}',
            '\u{e0041}',
        ] {
            assert!(is_trimmed(char) && is_hidden_within(char), "{char:?}");
            assert!(is_removed_from_names(char), "{char:?}");
        }
        for char in ['\u{202f}', '\u{3000}', '\u{a0}', '\u{2003}', '\t', '\u{85}'] {
            assert!(is_trimmed(char) && is_hidden_within(char), "{char:?}");
        }
        assert!(is_trimmed(' ') && !is_hidden_within(' '));
        for char in ['a', 'é', '漢', '-', '\u{301}', '\u{600}', '😀'] {
            assert!(!is_trimmed(char) && !is_hidden_within(char), "{char:?}");
        }
    }

    #[test]
    fn the_tables_are_in_order_and_overlap_nowhere() {
        let mut all: Vec<_> = INVISIBLE.iter().chain(&OTHER_FORMAT).copied().collect();
        all.sort_unstable();
        assert!(all.iter().all(|(first, last)| first <= last));
        assert!(all.windows(2).all(|pair| pair[0].1 < pair[1].0));
    }
}
