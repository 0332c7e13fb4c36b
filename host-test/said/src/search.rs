//! Finds secrets in a text: whole, or any piece of a long one, in any case of letters. Many at once, in one go over the text.

use crate::views;

/// A secret of this length is found by any piece of this length, a shorter one only whole.
const PIECE_BYTES: usize = 12;

/// Shorter ones are found everywhere by chance.
const MIN_BYTES: usize = 4;

/// What repeats fewer different characters is a padding, and nobody's secret.
const MIN_DISTINCT_IN_PIECE: usize = 5;

/// The same for a short one.
const MIN_DISTINCT: usize = 3;

/// A sieve this wide lets one place of a hundred through where a million pieces are searched.
const SIEVE_BITS: u32 = 27;

/// A secret, and what to call it.
pub(crate) struct Private {
    pub(crate) kind: String,
    pub(crate) text: Vec<u8>,
}

impl Private {
    /// A name that tells two secrets of a kind from each other and shows neither.
    fn name(&self) -> String {
        // FNV-1a.
        let hash = self
            .text
            .iter()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
            });
        format!("{} {:08x}", self.kind, hash >> 32)
    }
}

/// What is searched for.
pub(crate) struct Search {
    privates: Vec<Private>,
    /// By their first eight bytes.
    pieces: Table,
    /// By their first four bytes.
    short: Table,
}

/// Places to compare, by a key of their first bytes.
struct Table {
    sieve: Vec<u64>,
    /// Sorted by the key; then which secret, and where in it.
    places: Vec<(u64, u32, u32)>,
}

impl Table {
    fn new(mut places: Vec<(u64, u32, u32)>) -> Self {
        places.sort_unstable();
        let mut sieve = vec![0; 1 << (SIEVE_BITS - 6)];
        for (key, ..) in &places {
            let (word, bit) = hole(*key);
            sieve[word] |= bit;
        }
        Self { sieve, places }
    }

    fn of(&self, key: u64) -> &[(u64, u32, u32)] {
        let (word, bit) = hole(key);
        if self.sieve[word] & bit == 0 {
            return &[];
        }
        let start = self.places.partition_point(|place| place.0 < key);
        let rest = &self.places[start..];
        &rest[..rest.iter().take_while(|place| place.0 == key).count()]
    }
}

fn hole(key: u64) -> (usize, u64) {
    let hash = key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - SIEVE_BITS);
    (
        usize::try_from(hash >> 6).unwrap_or_default(),
        1 << (hash & 63),
    )
}

impl Search {
    pub(crate) fn new(mut privates: Vec<Private>) -> Self {
        let (mut pieces, mut short) = (Vec::new(), Vec::new());
        for (number, private) in (0..).zip(&mut privates) {
            private.text.make_ascii_lowercase();
            let text = &private.text;
            if text.len() >= PIECE_BYTES {
                let windows = (0..).zip(text.windows(PIECE_BYTES));
                let telling = windows.filter(|(_, piece)| distinct(piece) >= MIN_DISTINCT_IN_PIECE);
                pieces.extend(telling.map(|(at, piece)| (key(&piece[..8]), number, at)));
            } else if text.len() >= MIN_BYTES && distinct(text) >= MIN_DISTINCT {
                short.push((key(&text[..4]), number, 0));
            }
        }
        Self {
            privates,
            pieces: Table::new(pieces),
            short: Table::new(short),
        }
    }

    /// Names the first secret that the line shows, and in which coding.
    pub(crate) fn find(&self, line: &[u8]) -> Option<String> {
        let mut found = None;
        let mut lower = Vec::new();
        views::each(line, &mut |text, view| {
            if found.is_none() {
                lower.clear();
                lower.extend(text.iter().map(u8::to_ascii_lowercase));
                let private = self.find_plain(&lower);
                found = private.map(|private| format!("{}, {view}", private.name()));
            }
        });
        found
    }

    fn find_plain(&self, text: &[u8]) -> Option<&Private> {
        let mut latest = 0;
        for (end, byte) in (1..).zip(text) {
            latest = latest << 8 | u64::from(*byte);
            if end >= 4
                && let Some(found) = self.short(&text[end - 4..], latest & 0xffff_ffff)
            {
                return Some(found);
            }
            if end >= 8
                && let Some(found) = self.piece(&text[end - 8..], latest)
            {
                return Some(found);
            }
        }
        None
    }

    fn short(&self, text: &[u8], key: u64) -> Option<&Private> {
        let privates = self.short.of(key).iter().map(|place| self.private(place.1));
        let mut found = privates.filter(|private| text.starts_with(&private.text));
        found.next()
    }

    fn piece(&self, text: &[u8], key: u64) -> Option<&Private> {
        let text = text.get(..PIECE_BYTES)?;
        let mut places = self.pieces.of(key).iter();
        let place = places.find(|(_, number, at)| {
            let at = usize::try_from(*at).unwrap_or_default();
            self.private(*number).text[at..].starts_with(text)
        })?;
        Some(self.private(place.1))
    }

    fn private(&self, number: u32) -> &Private {
        &self.privates[usize::try_from(number).unwrap_or_default()]
    }
}

fn key(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |key, byte| key << 8 | u64::from(*byte))
}

fn distinct(text: &[u8]) -> usize {
    let mut bytes = text.to_vec();
    bytes.sort_unstable();
    bytes.dedup();
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Long, with every character that a coding can get wrong.
    const LONG: &str = "Not;a?real&secret+of%41=\"any\" \\one é";

    fn search(text: &str) -> Search {
        let kind = "client secret".to_owned();
        let text = text.as_bytes().to_vec();
        Search::new(vec![Private { kind, text }])
    }

    fn percent(text: &str, space: &str) -> String {
        let code = |byte: u8| match byte {
            b' ' => space.to_owned(),
            byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        };
        text.bytes().map(code).collect()
    }

    fn base64(text: &[u8]) -> String {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let three = |three: &[u8]| {
            let mut bytes = [0; 4];
            bytes[1..=three.len()].copy_from_slice(three);
            let bits = u32::from_be_bytes(bytes);
            let sign = |at: usize| char::from(ALPHABET[(bits >> (18 - 6 * at)) as usize & 63]);
            (0..=three.len()).map(sign).collect::<String>()
        };
        text.chunks(3).map(three).collect()
    }

    #[test]
    fn a_secret_is_found_in_every_coding_and_case() {
        let search = search(LONG);
        let hexadecimal: String = LONG
            .bytes()
            .flat_map(|byte| format!("{byte:02x}").into_bytes())
            .map(char::from)
            .collect();
        let shapes = [
            (LONG.to_owned(), "as it is"),
            (LONG.to_uppercase(), "as it is"),
            (percent(LONG, "+"), "percent-encoded"),
            (percent(LONG, "%20"), "percent-encoded"),
            (percent(LONG, "%20").to_lowercase(), "percent-encoded"),
            (format!("{LONG:?}"), "as it is"),
            (format!("{:?}", format!("{:?}", &LONG[20..])), "escaped"),
            (LONG.as_bytes().escape_ascii().to_string(), "as it is"),
            (base64(LONG.as_bytes()), "in base64"),
            (base64(format!("id:{LONG}").as_bytes()), "in base64"),
            (base64(format!("my id:{LONG}").as_bytes()), "in base64"),
            (hexadecimal, "in hexadecimal digits"),
            (format!("{:?}", LONG.as_bytes()), "as a list of bytes"),
            (base64(percent(LONG, "+").as_bytes()), "percent-encoded"),
        ];
        for (shape, view) in shapes {
            for line in [shape.clone(), format!("DEBUG a::b: x=1 y={shape}, z=2")] {
                let found = search.find(line.as_bytes());
                let found = found.unwrap_or_else(|| panic!("{line} is not found"));
                assert!(found.starts_with("client secret "), "{found}");
                assert!(found.contains(view), "{found} in {line}");
                assert!(!found.contains("real"), "{found}");
            }
        }
    }

    #[test]
    fn any_twelve_characters_of_a_long_secret_are_enough_and_eleven_are_not() {
        let search = search(LONG);
        for at in 0..LONG.len() - PIECE_BYTES {
            let piece = &LONG.as_bytes()[at..at + PIECE_BYTES];
            assert!(search.find(piece).is_some(), "{}", piece.escape_ascii());
            assert_eq!(search.find(&piece[1..]), None);
        }
    }

    #[test]
    fn a_short_secret_is_found_whole_alone() {
        let search = search("hush");
        assert!(search.find(b"say HUSH now").is_some());
        assert!(search.find(b"hush").is_some());
        assert_eq!(search.find(b"hus h"), None);
    }

    #[test]
    fn what_could_be_anything_is_not_searched_for() {
        for text in ["abc", "aaaa", &"x".repeat(100), &"ab".repeat(100)] {
            assert_eq!(search(text).find(text.as_bytes()), None);
        }
    }

    #[test]
    fn each_of_many_is_found() {
        let text = |number: usize| {
            format!("{:x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15)).into_bytes()
        };
        let private = |number| Private {
            kind: String::new(),
            text: text(number),
        };
        let search = Search::new((1..2001).map(private).collect());
        for number in 1..2001 {
            assert!(search.find(&text(number)).is_some());
        }
        assert_eq!(search.find(&text(2001)), None);
    }
}
