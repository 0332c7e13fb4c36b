//! The file of `credentials export`: text sealed with a passphrase. In base64 between two lines, so
//! that it can be copied as text:
//!
//! version (1 byte), salt (16), nonce (24), ciphertext, SHA-256 of all of these (32)
//!
//! The key is Argon2id (RFC 9106) of passphrase and salt, the cipher XChaCha20-Poly1305 with
//! version and salt authenticated. The checksum tells a damaged file from a wrong passphrase.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use ring::digest::{SHA256, digest};
use zeroize::Zeroizing;

use crate::failure::Failure;

const BEGIN: &str = "-----BEGIN CONNECTOR CREDENTIALS-----";
const END: &str = "-----END CONNECTOR CREDENTIALS-----";

/// As in other files of this kind (RFC 7468).
const LINE_BYTES: usize = 64;

/// The version of the format, with these parameters of Argon2.
const VERSION: u8 = 1;
/// The second recommended choice of RFC 9106 §4: 64 MiB, for machines with little memory too.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 4;

const KEY_BYTES: usize = 32;
const SALT_BYTES: usize = 16;
const NONCE_BYTES: usize = 24;
const CHECKSUM_BYTES: usize = 32;

/// A sealed file, whose checksum is right.
pub(super) struct SealedFile {
    salt: [u8; SALT_BYTES],
    nonce: [u8; NONCE_BYTES],
    ciphertext: Vec<u8>,
}

/// Seals a text. The result has no line end.
pub(super) fn seal(text: &str, passphrase: &str) -> Result<String, Failure> {
    let (mut salt, mut nonce) = ([0; SALT_BYTES], [0; NONCE_BYTES]);
    for random in [&mut salt[..], &mut nonce] {
        getrandom::fill(random).map_err(|why| Failure::setup("get random numbers", why))?;
    }
    let payload = Payload {
        msg: text.as_bytes(),
        aad: &header(salt),
    };
    let ciphertext = cipher(passphrase, salt)?.encrypt(XNonce::from_slice(&nonce), payload);
    // Fails only for texts of more than 256 GiB.
    let ciphertext = ciphertext.map_err(|why| Failure::setup("seal the credentials", why))?;
    let mut bytes = [&header(salt)[..], &nonce, &ciphertext].concat();
    bytes.extend_from_slice(digest(&SHA256, &bytes).as_ref());
    let base64 = STANDARD.encode(bytes);
    let lines = base64.as_bytes().chunks(LINE_BYTES);
    let lines = lines.map(|line| String::from_utf8_lossy(line));
    let mut file = vec![BEGIN.into()];
    file.extend(lines);
    file.push(END.into());
    Ok(file.join("\n"))
}

impl SealedFile {
    /// Reads the text of a file. The error continues "FILE …".
    pub(super) fn read(text: &str) -> Result<Self, &'static str> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        if lines.next() != Some(BEGIN) {
            return Err(
                "is not an export of credentials; `connector credentials export` makes one",
            );
        }
        let mut base64 = String::new();
        loop {
            match lines.next() {
                None => return Err("is cut off; copy it again"),
                Some(END) => break,
                Some(line) => base64.push_str(line),
            }
        }
        if lines.next().is_some() {
            return Err("has more than one export, or something after it");
        }
        let bytes = STANDARD.decode(base64).map_err(|_| DAMAGED)?;
        let split = bytes.len().checked_sub(CHECKSUM_BYTES).ok_or(DAMAGED)?;
        let (sealed, checksum) = bytes.split_at_checked(split).ok_or(DAMAGED)?;
        if digest(&SHA256, sealed).as_ref() != checksum {
            return Err(DAMAGED);
        }
        let (version, rest) = sealed.split_first().ok_or(DAMAGED)?;
        if *version != VERSION {
            return Err("is of a newer version of this program; use that version");
        }
        let (salt, rest) = rest.split_first_chunk().ok_or(DAMAGED)?;
        let (nonce, ciphertext) = rest.split_first_chunk().ok_or(DAMAGED)?;
        Ok(Self {
            salt: *salt,
            nonce: *nonce,
            ciphertext: ciphertext.to_vec(),
        })
    }

    /// Opens the file; `None` if the passphrase is wrong.
    pub(super) fn open(&self, passphrase: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
        let payload = Payload {
            msg: &self.ciphertext,
            aad: &header(self.salt),
        };
        let cipher = cipher(passphrase, self.salt)?;
        let text = cipher.decrypt(XNonce::from_slice(&self.nonce), payload);
        Ok(text.ok().map(Zeroizing::new))
    }
}

const DAMAGED: &str = "is damaged or was changed; copy it again";

/// The beginning of the file, which is authenticated.
fn header(salt: [u8; SALT_BYTES]) -> [u8; 1 + SALT_BYTES] {
    let mut header = [VERSION; 1 + SALT_BYTES];
    if let Some((_, rest)) = header.split_first_mut() {
        rest.copy_from_slice(&salt);
    }
    header
}

fn cipher(passphrase: &str, salt: [u8; SALT_BYTES]) -> Result<XChaCha20Poly1305, Failure> {
    let failed = |why: argon2::Error| Failure::setup("derive the key of the passphrase", why);
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(KEY_BYTES)).map_err(failed)?;
    let mut memory = Zeroizing::new(vec![Block::default(); params.block_count()]);
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    let passphrase = passphrase.as_bytes();
    argon2
        .hash_password_into_with_memory(passphrase, &salt, key.as_mut_slice(), &mut memory[..])
        .map_err(failed)?;
    Ok(XChaCha20Poly1305::new(key.as_slice().into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "tulip;42 \"quoted\" & näive";
    const PASSPHRASE: &str = "five random words of mine";

    fn opened(file: &str, passphrase: &str) -> Option<String> {
        let opened = SealedFile::read(file).unwrap().open(passphrase).unwrap();
        opened.map(|text| String::from_utf8(text.to_vec()).unwrap())
    }

    #[test]
    fn a_file_opens_with_its_passphrase_alone_and_shows_nothing() {
        let file = seal(TEXT, PASSPHRASE).unwrap();
        assert_eq!(opened(&file, PASSPHRASE).as_deref(), Some(TEXT));
        for wrong in ["", "five random words of min", "Five random words of mine"] {
            assert_eq!(opened(&file, wrong), None, "{wrong}");
        }
        assert!(!file.contains("tulip") && file.lines().all(|line| line.len() <= LINE_BYTES));
        // As mail and other systems change it.
        let spaced = format!("\r\n{}\r\n\r\n", file.replace('\n', " \r\n"));
        assert_eq!(opened(&spaced, PASSPHRASE).as_deref(), Some(TEXT));
        let again = seal(TEXT, PASSPHRASE).unwrap();
        assert_ne!(
            file.lines().nth(1),
            again.lines().nth(1),
            "salt and nonce are new"
        );
    }

    #[test]
    fn a_change_of_any_character_and_any_cut_is_noticed_without_the_passphrase() {
        let file = seal(TEXT, PASSPHRASE).unwrap();
        for at in 0..file.len() {
            assert!(SealedFile::read(&file[..at]).is_err(), "cut off at {at}");
            let mut changed = file.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(SealedFile::read(&changed).is_err(), "changed at {at}");
        }
        for (text, part) in [
            ("", "is not an export"),
            ("{}", "is not an export"),
            (&file[..file.len() - 40], "is cut off"),
            (&file.replacen(END, "", 1), "is cut off"),
            (&format!("{file}\n{file}"), "more than one"),
            (&format!("{BEGIN}\n{END}"), "is damaged"),
            (&format!("{BEGIN}\nlilac?\n{END}"), "is damaged"),
        ] {
            let why = SealedFile::read(text).err().unwrap();
            assert!(why.contains(part), "{text}: {why}");
        }
    }

    #[test]
    fn a_file_of_a_newer_version_says_so() {
        let mut bytes = vec![VERSION + 1; 100];
        bytes.extend_from_slice(digest(&SHA256, &bytes).as_ref());
        let file = format!("{BEGIN}\n{}\n{END}", STANDARD.encode(bytes));
        let why = SealedFile::read(&file).err().unwrap();
        assert!(why.contains("newer version"), "{why}");
    }
}
