//! Commands that a person copies into a shell.

use std::path::Path;

/// Quotes a text as one word of a POSIX shell.
pub(crate) fn word(text: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%".contains(c);
    if !text.is_empty() && text.chars().all(harmless) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Quotes a path as one word of a POSIX shell.
pub(crate) fn path(path: &Path) -> String {
    word(&path.display().to_string())
}

/// An option with a path, after a space; empty without a path.
pub(crate) fn option(name: &str, value: Option<&Path>) -> String {
    value.map_or_else(String::new, |value| format!(" {name} {}", path(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_split_or_expand_them() {
        for (text, quoted) in [
            ("/tmp/a-b/c.json", "/tmp/a-b/c.json"),
            ("/tmp/it's $HOME", r"'/tmp/it'\''s $HOME'"),
            ("My key", "'My key'"),
            ("~", "'~'"),
            ("", "''"),
        ] {
            assert_eq!(word(text), quoted);
            assert_eq!(path(Path::new(text)), quoted);
        }
        assert_eq!(option("--store", None), "");
        assert_eq!(option("--store", Some(Path::new("a b"))), " --store 'a b'");
    }
}
