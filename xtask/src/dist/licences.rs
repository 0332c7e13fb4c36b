//! The licences of everything in the program: the crates that are linked into it and into the
//! plugin within it (`about.toml`), and the packages in the page.

use super::page::Page;
use super::{PACKAGE, output};
use crate::component::{PLUGIN, TARGET, cargo};
use crate::root;

const INTRODUCTION: &str = "\
# Licences of third parties

This program is under the licence in the file `LICENSE`. It contains software of others, under the
licences below. The standard library of Rust is under MIT or Apache-2.0; SQLite is in the public
domain.
";

/// The manifests of the program and the plugin, with the platform that the plugin is compiled for;
/// `None` for all platforms of `about.toml`.
const MANIFESTS: [(&str, &str, Option<&str>); 2] = [
    (PACKAGE, "cli/Cargo.toml", None),
    (PLUGIN, "Cargo.toml", Some(TARGET)),
];

/// The text of the file, in Markdown.
pub(super) fn text(page: &Page) -> Result<Vec<u8>, String> {
    let mut text = INTRODUCTION.as_bytes().to_vec();
    for (package, manifest, target) in MANIFESTS {
        text.extend_from_slice(format!("\n# Crates of {package}\n\n").as_bytes());
        let mut about = cargo(root());
        about
            .args(["about", "generate", "--locked", "--fail"])
            .args(["--manifest-path", manifest, "--config", "about.toml"]);
        if let Some(target) = target {
            about.args(["--target", target]);
        }
        about.arg("about.hbs");
        let what = format!("collect the licences of {package}");
        text.extend(output(&mut about, &what)?);
    }
    text.extend_from_slice(b"\n# Packages of the page\n\n");
    text.extend_from_slice(&page.licences);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use crate::root;

    /// The strings of a list in one of this workspace's files.
    fn list(file: &str, name: &str) -> BTreeSet<String> {
        let text = fs::read_to_string(root().join(file)).unwrap();
        let (_, list) = text.split_once(&format!("\n{name} = [\n")).unwrap();
        let (list, _) = list.split_once("\n]").unwrap();
        let strings = list.lines().filter_map(|line| line.split('"').nth(1));
        strings.map(str::to_owned).collect()
    }

    #[test]
    fn the_accepted_licences_are_those_of_the_check_of_dependencies() {
        let accepted = list("about.toml", "accepted");
        assert!(accepted.contains("Apache-2.0"));
        assert_eq!(accepted, list("deny.toml", "allow"));
    }
}
