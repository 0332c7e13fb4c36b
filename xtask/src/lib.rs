//! How the plugin, the package at the root of the workspace, is built as people take it away: by a cargo of its own (profile
//! `component`), and then without what only debuggers read. `cargo wasm` and the build script of `host-test` both call this, so
//! that what is tested is what is taken. What the profile says is in the root's `Cargo.toml`, the linker's part in `.cargo/config.toml`.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the plugin is made of, from the root of the workspace.
pub const INPUTS: [&str; 6] = [
    "src",
    "wit",
    "Cargo.toml",
    "Cargo.lock",
    ".cargo/config.toml",
    "rust-toolchain.toml",
];

const TARGET: &str = "wasm32-unknown-unknown";

/// With what every component begins: the magic number, and the version of the format.
const COMPONENT: [u8; 8] = *b"\0asm\x0d\0\x01\0";
/// The number of a section that a host passes over.
const CUSTOM: u8 = 0;
/// In so many bytes at most a section says how long it is.
const MAX_LENGTH_BYTES: usize = 5;

/// How the names begin of what an outer cargo, or whoever called it, set for its own build. None of it may change the plugin.
const LEAKS: [&str; 8] = [
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_BUILD_",
    "CARGO_INCREMENTAL",
    "CARGO_PROFILE_",
    "CARGO_TARGET_",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
];

/// The root of the workspace.
pub fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// Builds the plugin in `target_dir`, a folder as cargo makes them, and returns its path. The error is a sentence for a person;
/// the compiler's words are on standard error.
pub fn build(target_dir: &Path) -> Result<PathBuf, String> {
    require_target()?;
    let mut cargo = command("CARGO", "cargo");
    cargo
        .args(["rustc", "--package", "connector", "--lib"])
        .args(["--profile", "component", "--target", TARGET])
        .args(["--crate-type", "cdylib", "--target-dir"])
        .arg(target_dir);
    if root().join("Cargo.lock").exists() {
        cargo.arg("--locked");
    }
    let status = cargo
        .status()
        .map_err(|error| format!("cargo could not be started to build the plugin: {error}"))?;
    if !status.success() {
        return Err("the plugin does not compile, and the compiler said why".into());
    }
    let component = target_dir.join(TARGET).join("component/connector.wasm");
    strip_file(&component)
        .map_err(|why| format!("the plugin was built, but {}: {why}", component.display()))?;
    Ok(component)
}

/// Sees to it that the standard library for the plugin's target is there. Rustup installs what `rust-toolchain.toml` names
/// only where it is allowed to install by itself.
fn require_target() -> Result<(), String> {
    if has_target()? {
        return Ok(());
    }
    let added = command("RUSTUP", "rustup")
        .args(["target", "add", TARGET])
        .status();
    if added.is_ok_and(|status| status.success()) && has_target()? {
        return Ok(());
    }
    Err(format!(
        "this Rust toolchain has no {TARGET} and it could not be added; run `rustup target add {TARGET}` in this folder, then build again"
    ))
}

fn has_target() -> Result<bool, String> {
    let output = command("RUSTC", "rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()
        .map_err(|error| format!("rustc could not be started: {error}"))?;
    let directory = String::from_utf8_lossy(&output.stdout);
    Ok(output.status.success() && Path::new(directory.trim()).is_dir())
}

/// The program that the outer cargo names in this variable, or the one of that name.
fn command(variable: &str, name: &str) -> Command {
    let program = env::var_os(variable).unwrap_or_else(|| OsString::from(name));
    let mut command = Command::new(program);
    command.current_dir(root());
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if LEAKS.iter().any(|leak| text.starts_with(leak)) {
            command.env_remove(name);
        }
    }
    command
}

fn strip_file(component: &Path) -> Result<(), String> {
    let built = fs::read(component).map_err(|error| error.to_string())?;
    let stripped = strip(&built).ok_or("it is no component")?;
    // Not written into the file itself, which is one with cargo's own copy.
    let beside = component.with_extension("stripped");
    fs::write(&beside, stripped)
        .and_then(|()| fs::rename(&beside, component))
        .map_err(|error| error.to_string())
}

/// The component without its own custom sections: 6 kB of names that the linker gives to its parts, which no host reads.
/// `None` where it is no component.
///
/// Own code, because a library that reads a component would be built with other features for the tests than for the command line,
/// and the plugin with it.
pub fn strip(component: &[u8]) -> Option<Vec<u8>> {
    let mut kept = COMPONENT.to_vec();
    let mut rest = component.strip_prefix(&COMPONENT)?;
    while let [id, after @ ..] = rest {
        let (length, content) = length(after)?;
        let next = content.get(length..)?;
        if *id != CUSTOM {
            kept.extend_from_slice(&rest[..rest.len() - next.len()]);
        }
        rest = next;
    }
    Some(kept)
}

/// Reads how long a section is, an unsigned number in LEB128, and returns what comes after it too.
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut length = 0;
    for (index, byte) in bytes.iter().enumerate().take(MAX_LENGTH_BYTES) {
        length |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((length, &bytes[index + 1..]));
        }
    }
    None
}
