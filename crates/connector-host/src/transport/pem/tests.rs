//! Tests of PEM files as other software writes them.

use rcgen::{CertificateParams, KeyPair};

use super::*;

/// A certificate, as DER and as PEM.
fn certificate(name: &str) -> (Vec<u8>, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    (certificate.der().to_vec(), certificate.pem())
}

/// The outcome for a file: the lines where certificates begin, and the damaged ones.
fn read(file: &[u8], expected: &[u8]) -> Vec<Result<usize, usize>> {
    let outcome = |found: Result<Found, Damaged>| match found {
        Ok((line, der)) => {
            assert_eq!(&*der, expected);
            Ok(line)
        }
        Err(Damaged { line }) => Err(line),
    };
    certificates(file).into_iter().map(outcome).collect()
}

#[test]
fn a_file_is_read_as_other_software_writes_it() {
    let (der, pem) = certificate("one.example");
    let windows = pem.replace("\r\n", "\n").replace('\n', "\r\n");
    let latin1 = [b"# Autorit\xe9 de certification\n", pem.as_bytes()].concat();
    let marked = [BYTE_ORDER_MARK, pem.as_bytes()].concat();
    let marked_twice = [&*marked, &*marked].concat();
    let trusted = {
        // A certificate, and a sequence behind it.
        let mut both = der.clone();
        both.extend_from_slice(b"\x30\x02\x30\x00");
        labelled("TRUSTED CERTIFICATE", &both)
    };
    let indented = pem.replace('\n', "\n  ");
    let key = KeyPair::generate().unwrap().serialize_pem();
    let lines = pem.trim_end().lines().count();
    for (what, file, expected) in [
        ("as it is", pem.clone().into_bytes(), vec![Ok(1)]),
        (
            "without a last line break",
            pem.trim_end().into(),
            vec![Ok(1)],
        ),
        ("twice", pem.repeat(2).into(), vec![Ok(1), Ok(1 + lines)]),
        ("CRLF", windows.into(), vec![Ok(1)]),
        ("a comment in Latin-1", latin1, vec![Ok(2)]),
        ("a byte-order mark", marked, vec![Ok(1)]),
        (
            "two files with one",
            marked_twice,
            vec![Ok(1), Ok(1 + lines)],
        ),
        ("indented", indented.into(), vec![Ok(1)]),
        ("with a trusted one", trusted.into(), vec![Ok(1)]),
        (
            "an old label",
            labelled("X509 CERTIFICATE", &der).into(),
            vec![Ok(1)],
        ),
        (
            "behind a key",
            format!("{key}{pem}").into(),
            vec![Ok(1 + key.lines().count())],
        ),
        ("a key alone", key.clone().into(), vec![]),
        ("no PEM", b"not a certificate".to_vec(), vec![]),
        ("DER", der.clone(), vec![]),
        ("empty", Vec::new(), vec![]),
    ] {
        assert_eq!(read(&file, &der), expected, "{what}");
    }
}

#[test]
fn a_damaged_certificate_is_named_by_its_line() {
    let (der, pem) = certificate("one.example");
    let lines = pem.trim_end().lines().count();
    let begin = "-----BEGIN CERTIFICATE-----";
    let end = "-----END CERTIFICATE-----";
    for (what, damaged) in [
        ("another alphabet", format!("{begin}\n!!!!\n{end}\n")),
        (
            "a length that is impossible",
            format!("{begin}\nAAAAA\n{end}\n"),
        ),
        ("without an end", format!("{begin}\nAAAA\n")),
        (
            "an end of another kind",
            format!("{begin}\nAAAA\n-----END X-----\n"),
        ),
        (
            "a trusted one that is cut",
            labelled("TRUSTED CERTIFICATE", &der[..20]),
        ),
        (
            "a trusted one that is empty",
            labelled("TRUSTED CERTIFICATE", b""),
        ),
    ] {
        let alone = read(damaged.as_bytes(), &der);
        assert_eq!(alone, [Err(1)], "{what}");
        let between = read(format!("{pem}{damaged}{pem}").as_bytes(), &der);
        let first_line_after = 1 + lines + damaged.lines().count();
        let expected = [Ok(1), Err(1 + lines), Ok(first_line_after)];
        assert_eq!(between, expected, "{what}");
    }
}

fn labelled(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}
