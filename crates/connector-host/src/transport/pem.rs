//! The certificates of a PEM file (RFC 7468), read as bytes: comments may be in any encoding, and
//! lines end as on any system.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// The label that the parser knows.
const CERTIFICATE: &str = "CERTIFICATE";
/// All labels of certificates: also those of old software, and those of OpenSSL with settings of
/// its own behind the certificate.
const LABELS: [&str; 3] = [CERTIFICATE, "X509 CERTIFICATE", "TRUSTED CERTIFICATE"];
/// The byte-order mark that some editors write.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A certificate that cannot be read, by the line of the file where it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Damaged {
    /// The first line is 1.
    pub(crate) line: usize,
}

/// A certificate and the line where it begins.
pub(crate) type Found = (usize, CertificateDer<'static>);

/// The certificates of a file, in order. Everything else in it is skipped.
pub(crate) fn certificates(file: &[u8]) -> Vec<Result<Found, Damaged>> {
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    for (line, text) in (1..).zip(file.split(|byte| *byte == b'\n')) {
        let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        let text = text.trim_ascii();
        if let Some(label) = boundary(text, "BEGIN") {
            found.extend(open.replace(Block::new(line, label)).map(Block::unfinished));
        } else if let Some(label) = boundary(text, "END") {
            found.extend(open.take().map(|block| block.finished(label)));
        } else if let Some(block) = &mut open {
            block.body.extend_from_slice(text);
            block.body.push(b'\n');
        }
    }
    found.extend(open.map(Block::unfinished));
    found.into_iter().flatten().collect()
}

/// The label of a line such as `-----BEGIN CERTIFICATE-----`.
fn boundary<'a>(line: &'a [u8], kind: &str) -> Option<&'a [u8]> {
    line.strip_prefix(b"-----")?
        .strip_prefix(kind.as_bytes())?
        .strip_prefix(b" ")?
        .strip_suffix(b"-----")
}

/// A part of the file between two boundaries.
struct Block {
    line: usize,
    label: Vec<u8>,
    body: Vec<u8>,
}

impl Block {
    fn new(line: usize, label: &[u8]) -> Self {
        Self {
            line,
            label: label.to_owned(),
            body: Vec::new(),
        }
    }

    fn is_certificate(&self) -> bool {
        let mut labels = LABELS.iter();
        labels.any(|label| label.as_bytes() == self.label)
    }

    /// A block without an end; `None` for one of another kind, such as a key.
    fn unfinished(self) -> Option<Result<Found, Damaged>> {
        let line = self.line;
        self.is_certificate().then_some(Err(Damaged { line }))
    }

    /// A block with an end of this label.
    fn finished(self, end: &[u8]) -> Option<Result<Found, Damaged>> {
        if !self.is_certificate() {
            return None;
        }
        let line = self.line;
        let certificate = (end == self.label).then(|| self.certificate()).flatten();
        Some(
            certificate
                .map(|found| (line, found))
                .ok_or(Damaged { line }),
        )
    }

    fn certificate(&self) -> Option<CertificateDer<'static>> {
        let mut block = Vec::with_capacity(self.body.len() + 64);
        for part in [
            b"-----BEGIN CERTIFICATE-----\n",
            &*self.body,
            b"-----END CERTIFICATE-----\n",
        ] {
            block.extend_from_slice(part);
        }
        let decoded = CertificateDer::from_pem_slice(&block).ok()?;
        if self.label == CERTIFICATE.as_bytes() {
            return Some(decoded);
        }
        let certificate = first_sequence(&decoded)?;
        Some(CertificateDer::from(certificate.to_owned()))
    }
}

/// The first value of some DER, which must be a sequence (X.690 §8.1, §10.1). OpenSSL's settings
/// follow the certificate as a second one.
fn first_sequence(der: &[u8]) -> Option<&[u8]> {
    const SEQUENCE: u8 = 0x30;
    let (header_bytes, length) = match *der {
        [SEQUENCE, length @ ..=0x7f, ..] => (2, usize::from(length)),
        [SEQUENCE, 0x81, length, ..] => (3, usize::from(length)),
        [SEQUENCE, 0x82, high, low, ..] => (4, usize::from(u16::from_be_bytes([high, low]))),
        _ => return None,
    };
    der.get(..header_bytes + length)
}

#[cfg(test)]
mod tests;
