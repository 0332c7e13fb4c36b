//! The check that code and comments are at most 100 columns wide. rustfmt leaves comments, long
//! strings and other languages alone.

use std::fs;
use std::io;
use std::path::Path;

/// The widest line, in characters.
pub const MAX_COLUMNS: usize = 100;

const EXTENSIONS: [&str; 4] = ["rs", "wit", "ts", "tsx"];

/// Folders without sources of ours, relative to the root or anywhere.
const SKIPPED: [&str; 6] = [
    "target",
    "generated",
    "node_modules",
    "wit/deps",
    "fuzz/corpus",
    "dist",
];

/// A line that is too wide.
#[derive(Debug, PartialEq, Eq)]
pub struct Wide {
    /// The file, relative to the root.
    pub path: String,
    /// The number of the line, from 1.
    pub line: usize,
    /// Its width in characters.
    pub columns: usize,
}

/// Returns the lines below `root` that are too wide, sorted by file and line.
pub fn wide(root: &Path) -> io::Result<Vec<Wide>> {
    let mut found = Vec::new();
    folder(root, "", &mut found)?;
    Ok(found)
}

fn folder(root: &Path, relative: &str, found: &mut Vec<Wide>) -> io::Result<()> {
    let mut entries = fs::read_dir(root.join(relative))?
        .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
        .collect::<Result<Vec<_>, _>>()?;
    entries.sort();
    for name in entries {
        let path = if relative.is_empty() {
            name.clone()
        } else {
            format!("{relative}/{name}")
        };
        if name.starts_with('.') || SKIPPED.contains(&&*name) || SKIPPED.contains(&&*path) {
            continue;
        }
        let full = root.join(&path);
        if full.is_dir() {
            folder(root, &path, found)?;
        } else if has_extension(&full) {
            let text = fs::read_to_string(&full)?;
            found.extend(wide_lines(&text).map(|(line, columns)| Wide {
                path: path.clone(),
                line,
                columns,
            }));
        }
    }
    Ok(())
}

fn has_extension(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    EXTENSIONS.iter().any(|known| extension == *known)
}

/// The numbers and widths of the lines that are too wide.
fn wide_lines(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let widths = text.lines().map(|line| line.chars().count());
    (1..)
        .zip(widths)
        .filter(|(_, columns)| *columns > MAX_COLUMNS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_characters_and_not_bytes() {
        let (fits, wide) = ("é".repeat(MAX_COLUMNS), "x".repeat(MAX_COLUMNS + 1));
        let found: Vec<_> = wide_lines(&format!("{fits}\n{wide}\n")).collect();
        assert_eq!(found, [(2, MAX_COLUMNS + 1)]);
    }
}
