//! `cargo xtask dist`: everything that is distributed. The program has the built page in it, and
//! never runs npm. Beside it are its manual pages, completions, licences and bills of materials.

mod bill;
mod licences;
mod page;
mod tools;

use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::component::cargo;
use crate::page::BUILT_VARIABLE;
use crate::root;

/// The package and the name of the program.
const PACKAGE: &str = "connector-cli";
const PROGRAM: &str = "connector";

/// The completions: the name of the shell, and the file that the shell looks for.
const COMPLETIONS: [(&str, &str); 5] = [
    ("bash", "connector.bash"),
    ("elvish", "connector.elv"),
    ("fish", "connector.fish"),
    ("powershell", "_connector.ps1"),
    ("zsh", "_connector"),
];

/// A file that is distributed.
#[derive(Debug)]
pub struct Distributed {
    /// Its path.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
}

/// Builds everything with a profile of cargo, and returns the files, sorted. They replace those of
/// an earlier run in `dist/` of the target directory.
pub fn build(target_dir: &Path, profile: &str) -> Result<Vec<Distributed>, String> {
    tools::check()?;
    let folder = target_dir.join("dist");
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| named(&folder, &error))?;
    }
    fs::create_dir_all(&folder).map_err(|error| named(&folder, &error))?;
    let page = page::build(&target_dir.join("dist-page"))?;
    let built = program(target_dir, profile, &page.files)?;
    let program = folder.join(format!("{PROGRAM}{EXE_SUFFIX}"));
    fs::copy(&built, &program).map_err(|error| named(&built, &error))?;
    texts(&program, &folder)?;
    write(
        &folder.join("THIRD-PARTY-LICENCES.md"),
        &licences::text(&page)?,
    )?;
    let licence = root().join("LICENSE");
    fs::copy(&licence, folder.join("LICENSE")).map_err(|error| named(&licence, &error))?;
    bill::write(&folder.join("sbom"), &page)?;
    let mut files = Vec::new();
    list(&folder, &mut files).map_err(|error| named(&folder, &error))?;
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

/// Compiles the program with the page in it, and returns its path.
fn program(target_dir: &Path, profile: &str, page: &Path) -> Result<PathBuf, String> {
    let mut cargo = cargo(root());
    cargo
        .args(["build", "--locked", "--package", PACKAGE, "--bin", PROGRAM])
        .args(["--profile", profile, "--target-dir"])
        .arg(target_dir)
        .env(BUILT_VARIABLE, page);
    run(&mut cargo, "compile the program")?;
    // The folder of the profile `dev` has another name.
    let folder = if profile == "dev" { "debug" } else { profile };
    let name = format!("{PROGRAM}{EXE_SUFFIX}");
    Ok(target_dir.join(folder).join(name))
}

/// Writes the manual pages and the completions, which the program prints.
fn texts(program: &Path, folder: &Path) -> Result<(), String> {
    let man = folder.join("man");
    fs::create_dir(&man).map_err(|error| named(&man, &error))?;
    let mut write_man = Command::new(program);
    write_man.args(["man", "--dir"]).arg(&man);
    run(&mut write_man, "write the manual pages")?;
    for (shell, file) in COMPLETIONS {
        let mut complete = Command::new(program);
        complete.args(["completions", shell]);
        let text = output(&mut complete, "print the completions")?;
        write(&folder.join("completions").join(file), &text)?;
    }
    Ok(())
}

/// Runs a step to its end. Its standard output becomes messages.
fn run(command: &mut Command, what: &str) -> Result<(), String> {
    command.stdin(Stdio::null()).stdout(io::stderr());
    let status = command.status().map_err(|error| cannot(what, &error))?;
    succeeded(status.success(), what)
}

/// The standard output of a step.
fn output(command: &mut Command, what: &str) -> Result<Vec<u8>, String> {
    command.stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = command.output().map_err(|error| cannot(what, &error))?;
    succeeded(output.status.success(), what)?;
    Ok(output.stdout)
}

fn succeeded(is_success: bool, what: &str) -> Result<(), String> {
    let why = "its messages are above";
    is_success.then_some(()).ok_or_else(|| cannot(what, &why))
}

fn cannot(what: &str, why: &dyn std::fmt::Display) -> String {
    format!("cannot {what}: {why}")
}

/// Writes a file, and creates its folder.
fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    fs::create_dir_all(path.parent().unwrap_or(path))
        .and_then(|()| fs::write(path, bytes))
        .map_err(|error| named(path, &error))
}

fn list(folder: &Path, files: &mut Vec<Distributed>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, metadata) = (entry.path(), entry.metadata()?);
        if metadata.is_dir() {
            list(&path, files)?;
        } else {
            let bytes = metadata.len();
            files.push(Distributed { path, bytes });
        }
    }
    Ok(())
}

fn named(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}
