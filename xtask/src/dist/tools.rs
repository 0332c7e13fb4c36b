//! The tools that `cargo xtask dist` needs beside cargo. It installs none.

use std::io::ErrorKind;
use std::process::{Command, Stdio};

/// The name of a program, and the way to install it.
type Tool = (&'static str, &'static str);

const TOOLS: [Tool; 3] = [
    ("npm", "install Node.js 20.19 or later, https://nodejs.org"),
    (
        "cargo-about",
        "cargo install cargo-about --locked --features cli",
    ),
    ("cargo-sbom", "cargo install cargo-sbom --locked"),
];

/// Names the tools that are missing, all at once.
pub(super) fn check() -> Result<(), String> {
    check_with(is_installed)
}

fn check_with(is_installed: impl Fn(&str) -> bool) -> Result<(), String> {
    let missing = TOOLS.iter().filter(|(name, _)| !is_installed(name));
    let lines: Vec<_> = missing
        .map(|(name, install)| format!("\n  {name}: {install}"))
        .collect();
    if lines.is_empty() {
        return Ok(());
    }
    Err(format!("these tools are missing:{}", lines.concat()))
}

/// Whether a program can be started.
fn is_installed(name: &str) -> bool {
    let mut program = Command::new(name);
    program.arg("--version");
    program
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    !matches!(program.status(), Err(error) if error.kind() == ErrorKind::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_missing_tools_are_named_with_the_way_to_install_them() {
        assert_eq!(check_with(|_| true), Ok(()));
        let error = check_with(|name| name == "npm").unwrap_err();
        assert!(!error.contains("npm"), "{error}");
        for install in [
            "cargo install cargo-about --locked",
            "cargo install cargo-sbom --locked",
        ] {
            assert!(error.contains(install), "{error}");
        }
        let error = check_with(|_| false).unwrap_err();
        assert!(error.contains("https://nodejs.org"), "{error}");
    }

    #[test]
    fn a_program_that_cannot_be_found_is_not_installed() {
        assert!(!is_installed("no-such-tool-of-this-test"));
        assert!(is_installed("cargo"));
    }
}
