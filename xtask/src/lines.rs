//! The check that code and comments are at most 100 columns wide. rustfmt leaves comments, long
//! strings and other languages alone.

use std::fs;
use std::io;
use std::path::Path;

/// The widest line, in characters.
pub const MAX_COLUMNS: usize = 100;

const EXTENSIONS: [&str; 9] = ["css", "js", "mjs", "py", "rs", "toml", "ts", "tsx", "wit"];

/// Scripts have no extension; their first line names the interpreter.
const SCRIPT_START: &[u8] = b"#!";

/// Hidden folders with sources. All others belong to tools.
const HIDDEN: [&str; 3] = [".cargo", ".ci", ".config"];

/// Names of folders without sources, at any depth.
const SKIPPED_NAMES: [&str; 4] = ["dist", "generated", "node_modules", "target"];

/// Generated files and copies of others' files, relative to the root.
const SKIPPED_PATHS: [&str; 3] = [
    "crates/workspace-hack/Cargo.toml",
    "fuzz/corpus",
    "wit/deps",
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
        if is_skipped(&name, &path) {
            continue;
        }
        let full = root.join(&path);
        if full.is_dir() {
            folder(root, &path, found)?;
        } else if let Some(text) = source(&full)? {
            found.extend(wide_lines(&text).map(|(line, columns)| Wide {
                path: path.clone(),
                line,
                columns,
            }));
        }
    }
    Ok(())
}

fn is_skipped(name: &str, path: &str) -> bool {
    (name.starts_with('.') && !HIDDEN.contains(&name))
        || SKIPPED_NAMES.contains(&name)
        || SKIPPED_PATHS.contains(&path)
}

/// The text of a file that is checked, or `None` for any other file.
fn source(file: &Path) -> io::Result<Option<String>> {
    let is_checked = match file.extension() {
        Some(extension) => EXTENSIONS.iter().any(|known| extension == *known),
        None => fs::read(file)?.starts_with(SCRIPT_START),
    };
    is_checked.then(|| fs::read_to_string(file)).transpose()
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

    /// Finds the wide lines of a folder in which each of the files has one.
    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for (path, start) in files {
            let file = folder.path().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, format!("{start}{}\n", "x".repeat(MAX_COLUMNS + 1))).unwrap();
        }
        let wide = wide(folder.path()).unwrap();
        wide.into_iter().map(|wide| wide.path).collect()
    }

    #[test]
    fn checks_sources_in_every_language_and_scripts() {
        let files = [
            (".cargo/config.toml", ""),
            (".ci/run", "#!/bin/sh\n"),
            ("a.css", ""),
            ("a.js", ""),
            ("a.mjs", ""),
            ("a.py", ""),
            ("a.rs", ""),
            ("a.toml", ""),
            ("a.ts", ""),
            ("a.tsx", ""),
            ("a.wit", ""),
            ("crates/a/Cargo.toml", ""),
            ("deep/er/run", "#!/usr/bin/env bash\n"),
        ];
        assert_eq!(found(&files), files.map(|(path, _)| path));
    }

    #[test]
    fn skips_other_files_generated_ones_and_hidden_folders() {
        let files = [
            (".git/hooks/run", "#!/bin/sh\n"),
            (".venv/a.py", ""),
            ("Cargo.lock", ""),
            ("LICENSE", ""),
            ("a.md", "#!"),
            ("cli/form/dist/a.js", ""),
            ("cli/form/node_modules/a/a.js", ""),
            ("crates/workspace-hack/Cargo.toml", ""),
            ("fuzz/corpus/run", "#!/bin/sh\n"),
            ("host-test/forms/generated/a.ts", ""),
            ("package-lock.json", ""),
            ("target/a.rs", ""),
            ("wit/deps/a.wit", ""),
        ];
        assert_eq!(found(&files), [""; 0]);
    }
}
