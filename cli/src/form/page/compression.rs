//! The content coding `gzip` of the page's files. Responses of the API are not compressed: the
//! length of a compressed response tells something about its content.

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::form::quality::{self, Weighted};

/// The names of the coding (RFC 9110 §8.4.1.3).
const GZIP: [&str; 2] = ["gzip", "x-gzip"];

/// The compressed bytes, if they are fewer.
pub(super) fn gzip(bytes: &Bytes) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).ok()?;
    let compressed = encoder.finish().ok()?;
    (compressed.len() < bytes.len()).then(|| Bytes::from(compressed))
}

/// Whether a client with this `Accept-Encoding` (RFC 9110 §12.5.3) reads `gzip`. `*` stands for
/// each coding that is not named.
pub(in crate::form) fn accepts_gzip(field: &str) -> bool {
    let find = |is_it: &dyn Fn(&str) -> bool| {
        let mut codings = quality::weighted(field);
        let found = codings.find(|Weighted { value, .. }| is_it(value));
        found.map(|coding| coding.thousandths > 0)
    };
    let named = find(&|value| GZIP.iter().any(|name| value.eq_ignore_ascii_case(name)));
    named
        .or_else(|| find(&|value| value == "*"))
        .unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn a_client_names_the_codings_that_it_reads() {
        for (field, expected) in [
            ("gzip", true),
            ("gzip, deflate, br, zstd", true),
            ("deflate, GZIP;q=0.5", true),
            ("x-gzip", true),
            ("*", true),
            ("br, *;q=0.1", true),
            ("gzip;q=0", false),
            ("gzip; q=0.000, *", false),
            ("*;q=0", false),
            ("*;q=0, gzip", true),
            ("", false),
            ("identity", false),
            ("br", false),
            ("gzipped", false),
            ("gzip;q=2", false),
            ("gzip;q=much", false),
        ] {
            assert_eq!(accepts_gzip(field), expected, "{field}");
        }
    }

    #[test]
    fn only_a_shorter_file_is_compressed() {
        let text = Bytes::from("let a = 1;\n".repeat(100));
        let compressed = gzip(&text).unwrap();
        let mut read = String::new();
        let mut decoder = flate2::read::GzDecoder::new(&compressed[..]);
        decoder.read_to_string(&mut read).unwrap();
        assert_eq!(read, text);
        assert_eq!(gzip(&Bytes::from("1")), None);
        assert_eq!(gzip(&Bytes::new()), None);
    }
}
