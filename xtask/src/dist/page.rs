//! Builds the page from a copy of its sources, with npm and without the install scripts of packages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{named, output, run};
use crate::page::{FOLDERS, sources};
use crate::root;

/// The built page.
pub(super) struct Page {
    /// The folder of its files.
    pub(super) files: PathBuf,
    /// The licences of the packages in it, in Markdown. vite writes them (`build.license`).
    pub(super) licences: Vec<u8>,
    /// Its bill of materials, in CycloneDX.
    pub(super) bill: Vec<u8>,
}

/// Builds the page in a folder, which is replaced.
pub(super) fn build(folder: &Path) -> Result<Page, String> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| named(folder, &error))?;
    }
    for (name, path) in sources(root())? {
        let copy = folder.join(name);
        fs::create_dir_all(copy.parent().unwrap_or(folder))
            .and_then(|()| fs::copy(&path, &copy))
            .map_err(|error| named(&path, &error))?;
    }
    let main = folder.join(FOLDERS[0]);
    let npm = |arguments: &[&str]| {
        let mut npm = Command::new("npm");
        npm.args(arguments).current_dir(&main);
        npm
    };
    let mut install = npm(&["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    run(&mut install, "install the packages of the page")?;
    run(&mut npm(&["run", "build"]), "build the page")?;
    let files = main.join("dist");
    let licences = files.join(".vite/license.md");
    let licences = fs::read(&licences).map_err(|error| named(&licences, &error))?;
    let bill = ["sbom", "--omit=dev", "--sbom-format=cyclonedx"];
    let bill = output(&mut npm(&bill), "list the packages of the page")?;
    Ok(Page {
        files,
        licences,
        bill,
    })
}
