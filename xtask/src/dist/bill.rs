//! The bills of materials, in CycloneDX: of the program, of the plugin within it, and of the page.

use std::path::Path;

use super::page::Page;
use super::{PACKAGE, output, write as write_file};
use crate::component::{PLUGIN, cargo};
use crate::root;

/// Writes the bills to a folder.
pub(super) fn write(folder: &Path, page: &Page) -> Result<(), String> {
    for package in [PACKAGE, PLUGIN] {
        let mut sbom = cargo(root());
        sbom.args(["sbom", "--cargo-package", package])
            .args(["--output-format", "cyclone_dx_json_1_6"]);
        let bill = output(&mut sbom, &format!("list the crates of {package}"))?;
        write_file(&folder.join(format!("{package}.cdx.json")), &bill)?;
    }
    write_file(&folder.join("page.cdx.json"), &page.bill)
}
