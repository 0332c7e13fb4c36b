//! Builds the plugin, the package at the root of the workspace, as people take it away (profile `component`),
//! and hands its path on as `CONNECTOR_WASM`. A cargo inside cargo, with a target directory of its own so that the two
//! never wait for each other's lock.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const TARGET: &str = "wasm32-unknown-unknown";

/// What the plugin is made of, from the root of the workspace.
const INPUTS: [&str; 6] = [
    "src",
    "wit",
    "Cargo.toml",
    "Cargo.lock",
    ".cargo/config.toml",
    "rust-toolchain.toml",
];

/// How the names begin of what the outer cargo, or whoever called it, set for its own build. None of it may change the plugin.
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

fn main() -> ExitCode {
    match build() {
        Ok(component) => {
            println!("cargo::rustc-env=CONNECTOR_WASM={}", component.display());
            ExitCode::SUCCESS
        }
        Err(why) => {
            // Cargo shows `error` lines by themselves, and the compiler's own words below them.
            println!("cargo::error={why}");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<PathBuf, String> {
    let root = Path::new(&set_by_cargo("CARGO_MANIFEST_DIR")?).join("..");
    for input in INPUTS {
        println!("cargo::rerun-if-changed={}", root.join(input).display());
    }
    require_target(&root)?;

    let target_dir = Path::new(&set_by_cargo("OUT_DIR")?).join("guest");
    let mut cargo = command(&set_by_cargo("CARGO")?, &root);
    // The same as the alias `cargo wasm` in `.cargo/config.toml`, which applies here too and names the linker.
    cargo
        .args(["rustc", "--package", "connector", "--lib"])
        .args(["--profile", "component", "--target", TARGET])
        .args(["--crate-type", "cdylib", "--target-dir"])
        .arg(&target_dir);
    if root.join("Cargo.lock").exists() {
        cargo.arg("--locked");
    }
    let status = cargo
        .status()
        .map_err(|error| format!("cargo could not be started to build the plugin: {error}"))?;
    let component = target_dir.join(TARGET).join("component/connector.wasm");
    match (status.success(), component.exists()) {
        (true, true) => Ok(component),
        (true, false) => Err(format!(
            "the plugin was built, but not as {}",
            component.display()
        )),
        (false, _) => Err("the plugin does not compile; the compiler's words are below, and `cargo wasm` repeats them".into()),
    }
}

/// Sees to it that the standard library for the plugin's target is there. Rustup installs what `rust-toolchain.toml` names
/// only where it is allowed to install by itself.
fn require_target(root: &Path) -> Result<(), String> {
    if has_target(root)? {
        return Ok(());
    }
    let added = command(&"rustup".into(), root)
        .args(["target", "add", TARGET])
        .status();
    if added.is_ok_and(|status| status.success()) && has_target(root)? {
        return Ok(());
    }
    Err(format!(
        "this Rust toolchain has no {TARGET} and it could not be added; run `rustup target add {TARGET}` in this folder, then build again"
    ))
}

fn has_target(root: &Path) -> Result<bool, String> {
    let output = command(&set_by_cargo("RUSTC")?, root)
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()
        .map_err(|error| format!("rustc could not be started: {error}"))?;
    let directory = String::from_utf8_lossy(&output.stdout);
    Ok(output.status.success() && Path::new(directory.trim()).is_dir())
}

fn command(program: &OsString, root: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root);
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if LEAKS.iter().any(|leak| text.starts_with(leak)) {
            command.env_remove(name);
        }
    }
    command
}

fn set_by_cargo(name: &str) -> Result<OsString, String> {
    env::var_os(name).ok_or_else(|| format!("cargo did not set {name}"))
}
