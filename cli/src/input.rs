//! Files and standard input, with limits. Errors name the source and never its content.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::output;

/// More than any credential, session or list of certificates needs; bounds the memory for a wrong
/// file.
const MAX_DOCUMENT_BYTES: u64 = 1024 * 1024;

/// A file, or standard input, as `FILE|-` on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    /// A file of this name.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

impl From<OsString> for Input {
    fn from(argument: OsString) -> Self {
        if argument == "-" {
            Self::Stdin
        } else {
            Self::File(argument.into())
        }
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // A file of such a name is rare; a secret in its place is not.
            Self::File(path) if may_be_a_secret(path) => f.write_str("the given file"),
            Self::File(path) => path.display().fmt(f),
            Self::Stdin => f.write_str("standard input"),
        }
    }
}

impl Input {
    /// Whether the argument looks like a document instead of the name of a file. For a file with
    /// such a name, put `./` before it.
    pub(crate) fn is_the_document_itself(&self) -> bool {
        match self {
            Self::File(path) => {
                let text = path.to_string_lossy();
                text.trim_start().starts_with(['{', '[', '"'])
            }
            Self::Stdin => false,
        }
    }

    /// Reads the whole document, without a byte-order mark. It must be UTF-8, at most
    /// [`MAX_DOCUMENT_BYTES`] long, and not empty.
    pub(crate) fn text(&self) -> Result<String, Failure> {
        let text = decoded(self.whole()?).map_err(|why| self.failure(why))?;
        if text.trim().is_empty() {
            return Err(self.failure("is empty"));
        }
        Ok(text)
    }

    /// Reads the whole document, of any encoding and at most [`MAX_DOCUMENT_BYTES`] long.
    pub(crate) fn whole(&self) -> Result<Vec<u8>, Failure> {
        let bytes = self.bytes(MAX_DOCUMENT_BYTES + 1)?;
        if bytes.len() as u64 > MAX_DOCUMENT_BYTES {
            return Err(self.failure("is longer than 1 MiB"));
        }
        Ok(bytes)
    }

    /// Reads the first bytes, at most `max_bytes`.
    pub(crate) fn bytes(&self, max_bytes: u64) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        match self {
            Self::File(path) => {
                File::open(path).and_then(|file| file.take(max_bytes).read_to_end(&mut bytes))
            }
            Self::Stdin => {
                let stdin = io::stdin();
                if stdin.is_terminal() {
                    output::say("reading from the terminal; end with Ctrl-D on a line of its own");
                }
                stdin.lock().take(max_bytes).read_to_end(&mut bytes)
            }
        }
        .map_err(|e| self.failure(&reason(&e)))?;
        Ok(bytes)
    }

    /// A failure of kind `input` that names this source.
    pub(crate) fn failure(&self, why: &str) -> Failure {
        Failure::Input(format!("{self} {why}"))
    }
}

/// Reads UTF-8 with or without a byte-order mark. The error continues "FILE …".
fn decoded(mut bytes: Vec<u8>) -> Result<String, &'static str> {
    match bytes.as_slice() {
        [0xef, 0xbb, 0xbf, ..] => {
            bytes.drain(..3);
        }
        // With a byte-order mark, or a first character of ASCII.
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..] => {
            return Err("is UTF-16 text; save it as UTF-8");
        }
        _ => {}
    }
    String::from_utf8(bytes).map_err(|_| "is not UTF-8 text; save it as UTF-8")
}

/// Whether the name of the file may be a secret, typed in the wrong place. Messages do not repeat
/// such a name.
fn may_be_a_secret(path: &Path) -> bool {
    path.to_string_lossy().contains(char::is_whitespace) && !path.exists()
}

/// Continues "FILE …".
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "does not exist".to_owned(),
        io::ErrorKind::PermissionDenied => "is not readable for you".to_owned(),
        io::ErrorKind::IsADirectory => "is a directory".to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(input: &Input) -> String {
        input.text().unwrap_err().to_string()
    }

    #[test]
    fn a_dash_is_standard_input_and_all_else_a_file() {
        assert_eq!(Input::from(OsString::from("-")), Input::Stdin);
        assert_eq!(
            Input::from(OsString::from("./-")),
            Input::File("./-".into())
        );
    }

    #[test]
    fn a_document_in_place_of_a_file_is_recognised_by_its_beginning() {
        for (text, expected) in [
            ("{}", true),
            ("\t{}", true),
            ("[1]", true),
            ("\"hush\"", true),
            ("my credential.json", false),
            ("./{}", false),
        ] {
            let input = Input::from(OsString::from(text));
            assert_eq!(input.is_the_document_itself(), expected, "{text}");
        }
    }

    #[test]
    fn a_secret_in_place_of_a_file_is_not_repeated_and_a_file_with_a_space_is_named() {
        let secret = message(&Input::from(OsString::from("hush hush")));
        assert_eq!(secret, "the given file does not exist");
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("my credential.json");
        std::fs::write(&path, b"\xff").unwrap();
        assert!(message(&Input::File(path)).contains("my credential.json"));
    }

    #[test]
    fn failures_name_the_file_and_say_why() {
        let dir = tempfile::tempdir().unwrap();
        let missing = Input::File(dir.path().join("missing.json"));
        assert!(message(&missing).ends_with("missing.json does not exist"));
        assert!(message(&Input::File(dir.path().into())).ends_with("is a directory"));
    }

    #[test]
    fn text_that_is_too_long_or_not_utf_8_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("big");
        std::fs::write(&path, vec![b'1'; 1024 * 1024]).unwrap();
        assert!(Input::File(path.clone()).text().is_ok());
        std::fs::write(&path, vec![b'1'; 1024 * 1024 + 1]).unwrap();
        assert!(message(&Input::File(path.clone())).ends_with("longer than 1 MiB"));
        std::fs::write(&path, b"\xff").unwrap();
        assert!(message(&Input::File(path)).ends_with("not UTF-8 text; save it as UTF-8"));
    }

    #[test]
    fn a_byte_order_mark_is_dropped_and_other_encodings_and_empty_documents_say_so() {
        let utf16 = |text: &str, order: fn(u16) -> [u8; 2]| -> Vec<u8> {
            text.encode_utf16().flat_map(order).collect()
        };
        for (bytes, expected) in [
            (b"\xef\xbb\xbf{}".to_vec(), Ok("{}")),
            ("{\"\u{feff}\":1}".into(), Ok("{\"\u{feff}\":1}")),
            (b"1".to_vec(), Ok("1")),
            (
                utf16("\u{feff}{}", u16::to_le_bytes),
                Err("is UTF-16 text; save it as UTF-8"),
            ),
            (
                utf16("\u{feff}{}", u16::to_be_bytes),
                Err("is UTF-16 text; save it as UTF-8"),
            ),
            (
                utf16("{}", u16::to_le_bytes),
                Err("is UTF-16 text; save it as UTF-8"),
            ),
            (
                utf16("{}", u16::to_be_bytes),
                Err("is UTF-16 text; save it as UTF-8"),
            ),
            (
                b"{\"\xe9\":1}".to_vec(),
                Err("is not UTF-8 text; save it as UTF-8"),
            ),
            (Vec::new(), Err("is empty")),
            (b" \r\n".to_vec(), Err("is empty")),
            (b"\xef\xbb\xbf".to_vec(), Err("is empty")),
        ] {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), &bytes).unwrap();
            let input = Input::File(file.path().into());
            let read = input.text().map_err(|failure| failure.to_string());
            let expected = expected.map_err(|why| format!("{} {why}", file.path().display()));
            assert_eq!(
                read.as_deref(),
                expected.as_ref().map(|text| *text),
                "{bytes:?}"
            );
        }
    }
}
