//! Text of a vendor for a terminal: control characters, which a terminal would obey, are replaced.

/// U+FFFD in UTF-8.
const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

/// The first byte of U+0080 to U+00BF in UTF-8, half of which are control characters.
const BEFORE_C1: u8 = 0xc2;

/// A stream of text, whose pieces may end within a character.
#[derive(Debug, Default)]
pub(super) struct TerminalText {
    /// A piece ended with [`BEFORE_C1`].
    is_split: bool,
    /// The text so far ends within a line.
    is_within_line: bool,
}

impl TerminalText {
    /// Replaces the control characters of the next piece, except for tabs and ends of lines.
    pub(super) fn shown(&mut self, piece: &[u8]) -> Vec<u8> {
        let mut shown = Vec::with_capacity(piece.len());
        for &byte in piece {
            if std::mem::take(&mut self.is_split) {
                if (0x80..=0x9f).contains(&byte) {
                    shown.extend_from_slice(REPLACEMENT);
                    continue;
                }
                shown.push(BEFORE_C1);
            }
            match byte {
                BEFORE_C1 => self.is_split = true,
                // Of a line end, or it would overwrite the line.
                b'\r' => {}
                b'\n' | b'\t' => shown.push(byte),
                0..=0x1f | 0x7f => shown.extend_from_slice(REPLACEMENT),
                _ => shown.push(byte),
            }
        }
        if let Some(last) = shown.last() {
            self.is_within_line = *last != b'\n';
        }
        shown
    }

    /// The rest after the last piece: a line is completed, so that the prompt has one of its own.
    pub(super) fn end(self) -> &'static [u8] {
        if self.is_within_line { b"\n" } else { b"" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_replaced_wherever_the_pieces_end() {
        for (text, expected) in [
            (
                "plain \u{e9}\u{a0}\u{20ac}\u{1f600}\n",
                "plain \u{e9}\u{a0}\u{20ac}\u{1f600}\n",
            ),
            ("a\tb\r\nc", "a\tb\nc\n"),
            (
                "\u{1b}[2J\u{7}\0\u{7f}",
                "\u{fffd}[2J\u{fffd}\u{fffd}\u{fffd}\n",
            ),
            ("\u{9b}2J\u{c2}", "\u{fffd}2J\u{c2}\n"),
            ("", ""),
        ] {
            for length in 1..=4 {
                let mut terminal = TerminalText::default();
                let pieces = text.as_bytes().chunks(length);
                let mut shown: Vec<u8> = pieces.flat_map(|piece| terminal.shown(piece)).collect();
                shown.extend_from_slice(terminal.end());
                let shown = String::from_utf8(shown).unwrap();
                assert_eq!(shown, expected, "{length}");
            }
        }
    }
}
