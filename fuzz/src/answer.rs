//! The format of inputs that hold a vendor's response: like HTTP, so that people can read and write
//! cases.

/// A vendor's response: a line with the letter of the credential and the status, header fields,
/// each on a line, an empty line, and the body.
///
/// ```text
/// c 429
/// Retry-After: 30
///
/// {"success":false,"errorCode":"CONCURRENT_API_CALL"}
/// ```
///
/// Every input is valid: parts that cannot be read are skipped, so that no mutation is wasted.
pub struct Answer {
    /// Selects the credential, and with it the vendor.
    pub letter: u8,
    /// The HTTP status; 200 if there is none.
    pub status: u16,
    /// Whether the first line ends in `cut`: the body is incomplete.
    pub is_cut: bool,
    /// The header fields.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// Reads an input.
    pub fn read(input: &[u8]) -> Self {
        let end = input.windows(2).position(|pair| pair == b"\n\n");
        let (head, body) = match end {
            Some(at) => (&input[..at], &input[at + 2..]),
            None => (input, &b""[..]),
        };
        let mut lines = head.split(|byte| *byte == b'\n');
        let first = String::from_utf8_lossy(lines.next().unwrap_or_default());
        let mut words = first.split(' ');
        Self {
            letter: words
                .next()
                .and_then(|word| word.bytes().next())
                .unwrap_or_default(),
            status: words
                .next()
                .and_then(|word| word.parse().ok())
                .unwrap_or(200),
            is_cut: words.next() == Some("cut"),
            headers: lines.map(field).collect(),
            body: body.to_vec(),
        }
    }
}

fn field(line: &[u8]) -> (String, Vec<u8>) {
    let colon = line.iter().position(|byte| *byte == b':');
    let (name, value) = line.split_at(colon.unwrap_or(line.len()));
    let value = value.get(1..).unwrap_or_default().trim_ascii().to_vec();
    (String::from_utf8_lossy(name).into_owned(), value)
}
