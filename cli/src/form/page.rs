//! The page's files: built with npm if they are missing or older than their sources, and held in
//! memory.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use bytes::Bytes;

use crate::failure::Failure;
use crate::output::say;

/// The folder of the page's sources, beside those of this program.
const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/form");

/// The files within [`SOURCES`] from which the page is built.
const INPUTS: [&str; 7] = [
    "src",
    "public",
    "index.html",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vite.config.ts",
];

/// The place of the content security policy's nonce in `index.html`.
const NONCE: &str = "__NONCE__";

/// The files of the built page, by the path of their URL.
#[derive(Debug, Default)]
pub(super) struct Page {
    files: BTreeMap<String, Bytes>,
}

impl Page {
    /// Builds the page if necessary, and reads it.
    pub(super) fn open() -> Result<Self, Failure> {
        let sources = Path::new(SOURCES);
        build(sources, OsStr::new("npm"))?;
        Self::read(&sources.join("dist"))
    }

    /// Reads a built page.
    pub(super) fn read(dist: &Path) -> Result<Self, Failure> {
        let mut files = BTreeMap::new();
        for path in below(dist).map_err(|error| unreadable(dist, &error))? {
            let bytes = fs::read(&path).map_err(|error| unreadable(&path, &error))?;
            let Some(name) = path.strip_prefix(dist).ok().and_then(Path::to_str) else {
                continue;
            };
            files.insert(format!("/{}", name.replace('\\', "/")), Bytes::from(bytes));
        }
        Ok(Self { files })
    }

    /// The page itself, with the nonce for its style elements.
    pub(super) fn index(&self, nonce: &str) -> Option<Bytes> {
        let html = self.files.get("/index.html")?;
        let html = String::from_utf8_lossy(html).replace(NONCE, nonce);
        Some(Bytes::from(html))
    }

    /// Another file, with its media type.
    pub(super) fn file(&self, path: &str) -> Option<(&'static str, Bytes)> {
        let extension = Path::new(path).extension()?.to_str()?;
        let media_type = match extension {
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            _ => return None,
        };
        Some((media_type, self.files.get(path)?.clone()))
    }
}

/// Runs npm if the built page is missing or older than its sources. Other processes wait for it.
fn build(sources: &Path, npm: &OsStr) -> Result<(), Failure> {
    if !sources.join("package.json").is_file() {
        return Err(Failure::setup(
            "find the page",
            format!(
                "its sources are not at {}; run this from the sources of the program",
                sources.display()
            ),
        ));
    }
    let lock = File::create(sources.join("build.lock")).and_then(|file| {
        file.lock()?;
        Ok(file)
    });
    let _lock = lock.map_err(|error| Failure::setup("build the page", error))?;
    let built = sources.join("dist/index.html");
    if modified(&built) > newest(sources) {
        return Ok(());
    }
    let installed = sources.join("node_modules/.package-lock.json");
    if modified(&installed) < modified(&sources.join("package-lock.json")) {
        say("installing the packages of the page (npm ci), which takes a minute the first time …");
        run(sources, npm, &["ci", "--no-audit", "--no-fund"])?;
    }
    say("building the page (npm run build) …");
    run(sources, npm, &["run", "build"])?;
    say("the page is built");
    Ok(())
}

fn run(sources: &Path, npm: &OsStr, arguments: &[&str]) -> Result<(), Failure> {
    let ran = Command::new(npm)
        .args(arguments)
        .current_dir(sources)
        .stdin(Stdio::null())
        // Standard output is for the results of this program.
        .stdout(io::stderr())
        .status();
    let why = match ran {
        Ok(status) if status.success() => return Ok(()),
        Ok(_) => format!(
            "`npm {}` failed in {}; its output is above",
            arguments.join(" "),
            sources.display()
        ),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            "npm was not found; install Node.js 20.19 or later (https://nodejs.org), which \
             includes it, and run this again; all other commands work without it"
                .to_owned()
        }
        Err(error) => format!("npm cannot be run: {error}"),
    };
    Err(Failure::setup("build the page", why))
}

/// The time of the latest change to the sources.
fn newest(sources: &Path) -> Option<SystemTime> {
    let inputs = INPUTS.map(|name| sources.join(name));
    let files = inputs.iter().flat_map(|input| {
        if input.is_dir() {
            below(input).unwrap_or_default()
        } else {
            vec![input.clone()]
        }
    });
    files.filter_map(|file| modified(&file)).max()
}

/// The time of the last change; `None`, which is before any time, if the file is missing.
fn modified(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|data| data.modified()).ok()
}

/// All files in a folder and its subfolders.
fn below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            files.extend(below(&entry.path())?);
        } else {
            files.push(entry.path());
        }
    }
    Ok(files)
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::setup(&format!("read the page at {}", path.display()), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("src")).unwrap();
        for name in ["package.json", "package-lock.json", "src/main.ts"] {
            fs::write(dir.path().join(name), "{}").unwrap();
        }
        dir
    }

    #[test]
    fn the_error_without_npm_names_the_package_to_install() {
        let dir = sources();
        let failed = build(dir.path(), OsStr::new("no-such-npm")).unwrap_err();
        let message = failed.to_string();
        assert!(message.contains("npm was not found"), "{message}");
        assert!(message.contains("https://nodejs.org"), "{message}");
    }

    #[test]
    fn the_error_without_sources_names_their_folder() {
        let dir = tempfile::tempdir().unwrap();
        let failed = build(dir.path(), OsStr::new("no-such-npm")).unwrap_err();
        assert!(
            failed.to_string().contains("sources are not at"),
            "{failed}"
        );
    }

    #[test]
    fn only_a_page_older_than_its_sources_needs_npm() {
        let dir = sources();
        let dist = dir.path().join("dist");
        fs::create_dir(&dist).unwrap();
        let index = dist.join("index.html");
        fs::write(&index, "").unwrap();
        let touch = |hours: u64| {
            let time = modified(&dir.path().join("src/main.ts")).unwrap();
            let time = time + std::time::Duration::from_hours(hours);
            File::options()
                .write(true)
                .open(&index)
                .unwrap()
                .set_modified(time)
                .unwrap();
        };
        touch(1);
        assert!(build(dir.path(), OsStr::new("no-such-npm")).is_ok());
        touch(0);
        assert!(build(dir.path(), OsStr::new("no-such-npm")).is_err());
    }

    #[test]
    fn files_are_served_by_their_media_type_and_nothing_outside_is() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("assets")).unwrap();
        fs::write(dir.path().join("index.html"), "nonce=__NONCE__").unwrap();
        fs::write(dir.path().join("assets/a.js"), "1").unwrap();
        let page = Page::read(dir.path()).unwrap();
        assert_eq!(page.index("abc").unwrap(), "nonce=abc");
        assert_eq!(
            page.file("/assets/a.js").unwrap().0,
            "text/javascript; charset=utf-8"
        );
        for path in [
            "/index.html",
            "/assets/../index.html",
            "/../page.rs",
            "/assets",
            "",
        ] {
            assert!(page.file(path).is_none(), "{path}");
        }
    }
}
