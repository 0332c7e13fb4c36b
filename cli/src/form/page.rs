//! The page's files, in memory: the built page within a distributed program, or a page that the
//! program builds once from the sources within it.

mod cached_build;
mod compression;
mod npm;
mod private_folder;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use etcetera::BaseStrategy;

use crate::failure::Failure;
use crate::output::say;
use cached_build::CachedBuild;
pub(super) use compression::accepts_gzip;
use npm::Npm;

/// Files within the program: their names, with `/`, and their contents.
type Files = &'static [(&'static str, &'static [u8])];

/// The sources of the page; none in a distributed program. See `xtask::page`.
const SOURCES: Files = include!(concat!(env!("OUT_DIR"), "/page-sources.rs"));

/// The built page of a distributed program; else empty.
const BUILT: Files = include!(concat!(env!("OUT_DIR"), "/page-built.rs"));

/// The place of the content security policy's nonce in `index.html`.
const NONCE: &str = "__NONCE__";

/// The files of the built page, by the path of their URL.
#[derive(Debug, Default)]
pub(super) struct Page {
    files: BTreeMap<String, PageFile>,
}

/// A file of the page.
#[derive(Debug)]
pub(super) struct PageFile {
    pub(super) media_type: &'static str,
    pub(super) bytes: Bytes,
    /// The same with the coding `gzip`, if that is shorter.
    pub(super) gzip: Option<Bytes>,
}

impl Page {
    /// The page within this program, or the one that it builds.
    pub(super) fn open() -> Result<Self, Failure> {
        Self::choose(BUILT, || {
            let home = etcetera::choose_base_strategy().map_err(|_| {
                let why = "there is no home folder; set HOME or XDG_CACHE_HOME";
                Failure::setup("find the cache folder", why)
            })?;
            let folder = home.cache_dir().join("connector/page");
            let build = CachedBuild {
                folder: &folder,
                sources: SOURCES,
                npm: &Npm::of_system(),
                say: &say,
            };
            build.read(Self::read)
        })
    }

    /// Takes the page within the program, if there is one; else builds it.
    fn choose(
        within: Files,
        build: impl FnOnce() -> Result<Self, Failure>,
    ) -> Result<Self, Failure> {
        if within.is_empty() {
            return build();
        }
        let files = within.iter().map(|(name, content)| {
            let content = Bytes::from_static(content);
            ((*name).to_owned(), content)
        });
        Ok(Self::new(files))
    }

    /// Reads a built page from a private folder.
    pub(super) fn read(folder: &Path) -> Result<Self, Failure> {
        let unreadable = |path: &Path, error: &io::Error| {
            Failure::setup(&format!("read the page at {}", path.display()), error)
        };
        let mut files = Vec::new();
        for path in below(folder).map_err(|error| unreadable(folder, &error))? {
            let content = private_folder::read(&path).map_err(|error| unreadable(&path, &error))?;
            let Some(name) = path.strip_prefix(folder).ok().and_then(Path::to_str) else {
                continue;
            };
            files.push((name.replace('\\', "/"), Bytes::from(content)));
        }
        Ok(Self::new(files.into_iter()))
    }

    fn new(files: impl Iterator<Item = (String, Bytes)>) -> Self {
        let served = files.filter_map(|(name, bytes)| {
            let media_type = media_type(&name)?;
            let gzip = compression::gzip(&bytes);
            let file = PageFile {
                media_type,
                bytes,
                gzip,
            };
            Some((format!("/{name}"), file))
        });
        Self {
            files: served.collect(),
        }
    }

    /// The page itself, with the nonce for its style elements.
    pub(super) fn index(&self, nonce: &str) -> Option<Bytes> {
        let html = &self.files.get("/index.html")?.bytes;
        let html = String::from_utf8_lossy(html).replace(NONCE, nonce);
        Some(Bytes::from(html))
    }

    /// Another file.
    pub(super) fn file(&self, path: &str) -> Option<&PageFile> {
        self.files.get(path).filter(|_| path != "/index.html")
    }
}

/// The media type of a file that is served; `None` for all others.
fn media_type(name: &str) -> Option<&'static str> {
    match Path::new(name).extension()?.to_str()? {
        "html" => Some("text/html; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "css" => Some("text/css; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        _ => None,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn built(folder: &Path) -> Page {
        fs::create_dir(folder.join("assets")).unwrap();
        fs::write(folder.join("index.html"), "nonce=__NONCE__").unwrap();
        fs::write(folder.join("assets/a.js"), "1").unwrap();
        fs::write(folder.join("license.md"), "MIT").unwrap();
        Page::read(folder).unwrap()
    }

    #[test]
    fn files_are_served_by_their_media_type_and_nothing_outside_is() {
        let dir = tempfile::tempdir().unwrap();
        let page = built(dir.path());
        assert_eq!(page.index("abc").unwrap(), "nonce=abc");
        let script = page.file("/assets/a.js").unwrap();
        assert_eq!(script.media_type, "text/javascript; charset=utf-8");
        for path in [
            "/index.html",
            "/assets/../index.html",
            "/../page.rs",
            "/assets",
            "/license.md",
            "",
        ] {
            assert!(page.file(path).is_none(), "{path}");
        }
    }

    #[test]
    fn a_page_within_the_program_is_served_without_a_build() {
        const WITHIN: Files = &[("index.html", b"nonce=__NONCE__"), ("assets/a.js", b"1")];
        let page = Page::choose(WITHIN, || panic!("the page was built")).unwrap();
        assert_eq!(page.index("abc").unwrap(), "nonce=abc");
        assert_eq!(page.file("/assets/a.js").unwrap().bytes, "1");
        let dir = tempfile::tempdir().unwrap();
        let page = Page::choose(&[], || Ok(built(dir.path()))).unwrap();
        assert!(page.file("/assets/a.js").is_some());
    }

    #[test]
    fn the_program_has_the_sources_or_the_built_page() {
        let has = |files: Files, name| files.iter().any(|(known, _)| *known == name);
        let sources = has(SOURCES, "cli/form/package-lock.json");
        assert_ne!(sources, has(BUILT, "index.html"));
        assert!(
            !SOURCES
                .iter()
                .any(|(name, _)| name.contains("node_modules"))
        );
    }
}
