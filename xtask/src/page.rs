//! The page of `connector form`, as the command contains it: the sources of the page, or in a
//! distributed program the built page. Cargo itself never runs npm: the command does when it shows
//! the page, or `cargo xtask dist`.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::component::replace;
use crate::root;

/// The folders of the sources, relative to the root and to each other. The command unpacks them
/// with the same layout. npm runs in the first; a package that is not there yet is left out.
pub const FOLDERS: [&str; 2] = ["cli/form", "packages/connector-form"];

/// Names that are not sources, at any depth.
const SKIPPED: [&str; 3] = ["dist", "e2e", "node_modules"];

/// The hidden files that npm reads. All others belong to editors and tools.
const HIDDEN: [&str; 1] = [".npmrc"];

/// Names the folder of a built page, which the command then contains in place of the sources.
pub const BUILT_VARIABLE: &str = "CONNECTOR_BUILT_PAGE";

/// The part of a build script that embeds the page: writes `page-sources.rs` and `page-built.rs` to
/// the output folder, each an expression for `include!` of the type `&[(&str, &[u8])]`, file names
/// and contents. One of them is empty.
///
/// Cargo notices edits, and new files in subfolders. A new file directly in a folder of
/// [`FOLDERS`] is noticed with the next edit of another.
pub fn embed() -> Result<(), String> {
    println!("cargo::rerun-if-env-changed={BUILT_VARIABLE}");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo did not set OUT_DIR")?);
    let built = env::var_os(BUILT_VARIABLE).filter(|folder| !folder.is_empty());
    let (sources, built) = match built {
        Some(folder) => (Vec::new(), built_page(&folder)?),
        None => (sources(root())?, Vec::new()),
    };
    for path in watched(root(), &sources) {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    replace(&out.join("page-sources.rs"), list(&sources).as_bytes())?;
    replace(&out.join("page-built.rs"), list(&built).as_bytes())?;
    Ok(())
}

/// A file to embed: its name within the program, and its path.
type File = (String, PathBuf);

/// The sources below `root`, sorted by name.
pub fn sources(root: &Path) -> Result<Vec<File>, String> {
    let mut found = Vec::new();
    for folder in FOLDERS {
        let path = root.join(folder);
        if path.is_dir() {
            walk(&path, folder, &mut found).map_err(|error| named(&path, &error))?;
        }
    }
    found.sort();
    Ok(found)
}

/// The paths of which cargo notices changes: the files, and the subfolders. Not a folder of
/// [`FOLDERS`] itself: it has `node_modules`, which change without a source.
fn watched(root: &Path, sources: &[File]) -> BTreeSet<PathBuf> {
    let folders = FOLDERS.map(|folder| root.join(folder));
    let with_parent = |(_, path): &File| [Some(path.clone()), path.parent().map(Path::to_owned)];
    let paths = sources.iter().flat_map(with_parent).flatten();
    paths.filter(|path| !folders.contains(path)).collect()
}

fn built_page(folder: &OsString) -> Result<Vec<File>, String> {
    let folder = root().join(folder);
    if !folder.join("index.html").is_file() {
        let folder = folder.display();
        return Err(format!(
            "{BUILT_VARIABLE} names {folder}, which has no index.html; run `cargo xtask dist`, \
             which builds the page first"
        ));
    }
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut found = Vec::new();
    walk(&folder, "", &mut found).map_err(|error| named(&folder, &error))?;
    found.sort();
    Ok(found)
}

/// Adds the files of a folder.
fn walk(folder: &Path, name: &str, found: &mut Vec<File>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let file = entry.file_name().to_string_lossy().into_owned();
        let is_hidden = file.starts_with('.') && !HIDDEN.contains(&&*file);
        if is_hidden || SKIPPED.contains(&&*file) {
            continue;
        }
        let path = entry.path();
        let name = match name {
            "" => file,
            name => format!("{name}/{file}"),
        };
        if path.is_dir() {
            walk(&path, &name, found)?;
        } else {
            found.push((name, path));
        }
    }
    Ok(())
}

/// The expression that contains these files.
fn list(files: &[File]) -> String {
    let mut list = String::from("&[\n");
    for (name, path) in files {
        let path = path.display().to_string();
        // Writing to a string does not fail.
        let _ = writeln!(list, "    ({name:?}, include_bytes!({path:?}).as_slice()),");
    }
    list.push(']');
    list
}

fn named(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sources_of_each_folder_keep_their_layout() {
        let root = tempfile::tempdir().unwrap();
        for name in [
            "cli/form/.npmrc",
            "cli/form/package.json",
            "cli/form/src/deep/er.ts",
            "packages/connector-form/package.json",
            "cli/form/.editorconfig",
            "cli/form/dist/index.html",
            "cli/form/e2e/run",
            "cli/form/node_modules/a/index.js",
            "packages/connector-form/dist/index.js",
            "packages/other/package.json",
            "cli/src/main.rs",
        ] {
            let file = root.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        let found = sources(root.path()).unwrap();
        let names: Vec<_> = found.iter().map(|(name, _)| name.as_str()).collect();
        let expected = [
            "cli/form/.npmrc",
            "cli/form/package.json",
            "cli/form/src/deep/er.ts",
            "packages/connector-form/package.json",
        ];
        assert_eq!(names, expected);
        for (name, path) in &found {
            assert_eq!(*path, root.path().join(name));
        }
        let watched = watched(root.path(), &found);
        let deep = root.path().join("cli/form/src/deep");
        assert!(watched.contains(&deep) && watched.contains(&deep.join("er.ts")));
        assert!(!watched.contains(&root.path().join("cli/form")));
    }

    #[test]
    fn this_workspace_has_the_sources_that_npm_needs() {
        let found = sources(root()).unwrap();
        for name in ["index.html", "package.json", "package-lock.json", ".npmrc"] {
            let name = format!("{}/{name}", FOLDERS[0]);
            assert!(found.iter().any(|(known, _)| *known == name), "{name}");
        }
    }

    #[test]
    fn the_list_is_an_expression() {
        let file = ("a\"b".to_owned(), PathBuf::from("/x/\"y"));
        let expected = "&[\n    (\"a\\\"b\", include_bytes!(\"/x/\\\"y\").as_slice()),\n]";
        assert_eq!(list(&[file]), expected);
        assert_eq!(list(&[]), "&[\n]");
    }
}
