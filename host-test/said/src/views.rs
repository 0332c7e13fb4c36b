//! The ways to read a line: as it is, and with every coding undone that a secret may have gone through on its way into it.
//! No search here.

/// More layers of coding on top of each other are not undone.
const MAX_LAYERS: usize = 3;

/// Shorter words are too common to be taken for base64, or for hexadecimal digits.
const MIN_CODED_CHARS: usize = 16;

/// Fewer numbers in a row are no bytes.
const MIN_LISTED_BYTES: usize = 4;

/// Calls `look` with each reading of the line and what it is called; stops when that says so.
pub(crate) fn each(line: &[u8], look: &mut dyn FnMut(&[u8], &'static str)) {
    look(line, "as it is");
    layer(line, MAX_LAYERS, look);
}

fn layer(text: &[u8], layers: usize, look: &mut dyn FnMut(&[u8], &'static str)) {
    if layers == 0 {
        return;
    }
    for (decode, name) in [
        (percent as fn(&[u8]) -> Vec<Vec<u8>>, "percent-encoded"),
        (escapes, "escaped"),
        (base64, "in base64"),
        (hexadecimal, "in hexadecimal digits"),
        (listed, "as a list of bytes"),
    ] {
        for decoded in decode(text) {
            look(&decoded, name);
            layer(&decoded, layers - 1, look);
        }
    }
}

/// `%41`, and `+` for a space as in forms.
fn percent(text: &[u8]) -> Vec<Vec<u8>> {
    if !text.contains(&b'%') && !text.contains(&b'+') {
        return Vec::new();
    }
    let decode = |plus: u8| {
        let mut decoded = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some((first, after)) = rest.split_first() {
            let pair = after.first_chunk().and_then(|pair| byte_of(*pair));
            rest = match (first, pair) {
                (b'%', Some(byte)) => {
                    decoded.push(byte);
                    &after[2..]
                }
                (b'+', _) => {
                    decoded.push(plus);
                    after
                }
                (byte, _) => {
                    decoded.push(*byte);
                    after
                }
            };
        }
        decoded
    };
    // A plus sign outside of forms is one.
    if text.contains(&b'%') && text.contains(&b'+') {
        vec![decode(b' '), decode(b'+')]
    } else {
        vec![decode(b' ')]
    }
}

/// What JSON and Rust put after a backslash: `\"`, `\n`, `\xe9`, `\u00e9`, `\u{e9}`.
fn escapes(text: &[u8]) -> Vec<Vec<u8>> {
    if !text.contains(&b'\\') {
        return Vec::new();
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let (b'\\', Some((kind, after))) = (first, after.split_first()) else {
            decoded.push(*first);
            continue;
        };
        rest = after;
        match kind {
            b'n' => decoded.push(b'\n'),
            b'r' => decoded.push(b'\r'),
            b't' => decoded.push(b'\t'),
            b'x' if let Some(byte) = after.first_chunk().and_then(|pair| byte_of(*pair)) => {
                decoded.push(byte);
                rest = &after[2..];
            }
            b'u' => {
                let (digits, end) = if after.first() == Some(&b'{') {
                    let end = after.iter().position(|byte| *byte == b'}');
                    let end = end.unwrap_or(after.len());
                    (&after[1..end], (end + 1).min(after.len()))
                } else {
                    let end = after.len().min(4);
                    (&after[..end], end)
                };
                let digits = str::from_utf8(digits).unwrap_or_default();
                let code = u32::from_str_radix(digits, 16).ok();
                if let Some(character) = code.and_then(char::from_u32) {
                    decoded.extend(character.to_string().into_bytes());
                    rest = &after[end..];
                }
            }
            other => decoded.push(*other),
        }
    }
    vec![decoded]
}

/// Both alphabets, and begun at any character: what stands before may be no part of it.
fn base64(text: &[u8]) -> Vec<Vec<u8>> {
    let runs = text.split(|byte| six_bits(*byte).is_none());
    let long = runs.filter(|run| run.len() >= MIN_CODED_CHARS);
    long.flat_map(|run| {
        (0..4).map(move |start| {
            let fours = run[start..].chunks(4);
            let bytes = fours.flat_map(|four| {
                let bits = four.iter().fold(0, |bits, byte| {
                    bits << 6 | u32::from(six_bits(*byte).unwrap_or_default())
                });
                let missing = 4 - four.len();
                let bytes = (bits << (6 * missing)).to_be_bytes();
                bytes[1..4 - missing].to_vec()
            });
            bytes.collect()
        })
    })
    .collect()
}

fn six_bits(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
}

fn hexadecimal(text: &[u8]) -> Vec<Vec<u8>> {
    let runs = text.split(|byte| !byte.is_ascii_hexdigit());
    let long = runs.filter(|run| run.len() >= MIN_CODED_CHARS);
    long.flat_map(|run| {
        (0..2).map(move |start| {
            let pairs = run[start..].as_chunks().0.iter();
            pairs.filter_map(|pair| byte_of(*pair)).collect()
        })
    })
    .collect()
}

fn byte_of(pair: [u8; 2]) -> Option<u8> {
    let digits = str::from_utf8(&pair).ok()?;
    if !pair.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u8::from_str_radix(digits, 16).ok()
}

/// `[104, 117, 115, 104]`, which is how Rust prints bytes.
fn listed(text: &[u8]) -> Vec<Vec<u8>> {
    let runs = text.split(|byte| !byte.is_ascii_digit() && *byte != b',' && *byte != b' ');
    let lists = runs.filter(|run| run.contains(&b','));
    lists
        .map(|run| {
            let numbers = run.split(|byte| !byte.is_ascii_digit());
            numbers
                .filter_map(|number| str::from_utf8(number).ok()?.parse().ok())
                .collect::<Vec<u8>>()
        })
        .filter(|bytes| bytes.len() >= MIN_LISTED_BYTES)
        .collect()
}
