//! Builds a package, or one of its examples, as a WebAssembly component: a nested cargo with the
//! profile `component` (see the root's `Cargo.toml`), then without the custom sections.
//! The linker and its flags are in `.cargo/config.toml`.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command, ExitCode};

use crate::root;

/// The sources of the plugin, relative to the root of the workspace.
pub const INPUTS: [&str; 8] = [
    "src",
    "wit",
    "crates/connector-guest/src",
    "crates/connector-guest/Cargo.toml",
    "Cargo.toml",
    "Cargo.lock",
    ".cargo/config.toml",
    "rust-toolchain.toml",
];

/// The package of the plugin.
pub const PLUGIN: &str = "connector";

/// Where [`build_script`] builds, in the target directory. Not the target directory itself: the
/// outer cargo holds its lock while build scripts run.
const SHARED_DIR: &str = "plugin";

const TARGET: &str = "wasm32-unknown-unknown";
const PROFILE: &str = "component";

/// The folder of finished components in a target directory, apart from cargo's own files.
const OUTPUT_DIR: &str = "wasm";

/// The file in which cargo marks the root of a target directory.
const TARGET_DIR_MARK: &str = "CACHEDIR.TAG";

/// The first bytes of every component: magic number, version 13, layer 1.
const COMPONENT_HEAD: [u8; 8] = *b"\0asm\x0d\0\x01\0";
const CUSTOM_SECTION: u8 = 0;
const MAX_LEB128_BYTES: usize = 5;

/// Prefixes of the variables of an outer cargo or its caller that would change the build.
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

/// A component to build.
#[derive(Debug, Clone, Copy)]
pub struct Component<'a> {
    /// The name of a package in this workspace.
    pub package: &'a str,
    /// The name of one of its examples; `None` builds its library.
    pub example: Option<&'a str>,
    /// A target directory for the nested cargo, shared by components that share dependencies.
    pub target_dir: &'a Path,
}

/// Builds a component and returns its path, `wasm/NAME.wasm` in the target directory.
///
/// Concurrent builds in one target directory wait for each other. The file is replaced atomically,
/// and only when its content changes. The error is a sentence; the compiler's messages are on
/// standard error.
pub fn build(component: &Component<'_>) -> Result<PathBuf, String> {
    let Component {
        package,
        example,
        target_dir,
    } = *component;
    require_target()?;
    let mut cargo = cargo(root());
    cargo.args(["rustc", "--package", package]);
    match example {
        Some(example) => cargo.args(["--example", example]),
        None => cargo.arg("--lib"),
    };
    cargo
        .args(["--profile", PROFILE, "--target", TARGET])
        .args(["--crate-type", "cdylib", "--target-dir"])
        .arg(target_dir);
    if root().join("Cargo.lock").exists() {
        cargo.arg("--locked");
    }
    let status = cargo
        .status()
        .map_err(|error| format!("cargo could not be started: {error}"))?;
    if !status.success() {
        let name = example.unwrap_or(package);
        return Err(format!("{name} does not compile as a component"));
    }
    let built = target_dir.join(TARGET).join(PROFILE);
    let (built, name) = match example {
        Some(example) => (built.join("examples"), example),
        None => (built, package),
    };
    let file = format!("{}.wasm", name.replace('-', "_"));
    strip_file(&built.join(&file), &target_dir.join(OUTPUT_DIR), &file)
}

/// The whole of a build script that needs the plugin: builds it in a folder that all build scripts
/// of one target directory share, and passes its path on as `CONNECTOR_WASM`.
pub fn build_script() -> ExitCode {
    match shared_plugin() {
        Ok(path) => {
            println!("cargo::rustc-env=CONNECTOR_WASM={}", path.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("cargo::error={error}; `cargo xtask wasm` repeats this build");
            ExitCode::FAILURE
        }
    }
}

fn shared_plugin() -> Result<PathBuf, String> {
    for input in INPUTS {
        println!("cargo::rerun-if-changed={}", root().join(input).display());
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo did not set OUT_DIR")?);
    build(&Component {
        package: PLUGIN,
        example: None,
        target_dir: &shared_dir(&out),
    })
}

/// The target directory of the components that build scripts and tests build, below the target
/// directory that holds `path`.
pub fn shared_dir(path: &Path) -> PathBuf {
    let mut folders = path.ancestors();
    let target = folders.find(|folder| folder.join(TARGET_DIR_MARK).exists());
    target.unwrap_or(path).join(SHARED_DIR)
}

/// Adds the standard library of the target if it is missing: rustup may be configured not to
/// install the targets of `rust-toolchain.toml` by itself.
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
        "this toolchain has no {TARGET}; run `rustup target add {TARGET}`, then build again"
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

/// A command of the outer cargo's program, to be run in a folder, without the variables that
/// would change a build.
pub fn cargo(folder: &Path) -> Command {
    let mut cargo = command("CARGO", "cargo");
    cargo.current_dir(folder);
    cargo
}

/// A command with the program of the outer cargo, without the variables in [`LEAKS`].
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

fn strip_file(built: &Path, folder: &Path, file: &str) -> Result<PathBuf, String> {
    let path = folder.join(file);
    let failed = |error| format!("{}: {error}", path.display());
    let bytes = fs::read(built).map_err(failed)?;
    let stripped =
        strip(&bytes).ok_or_else(|| format!("{} is not a component", built.display()))?;
    // An unchanged file keeps its time, so whoever includes it is not compiled again.
    if fs::read(&path).is_ok_and(|present| present == stripped) {
        return Ok(path);
    }
    let temporary = folder.join(format!("{file}.{}", process::id()));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&temporary, stripped))
        .and_then(|()| fs::rename(&temporary, &path))
        .map_err(failed)?;
    Ok(path)
}

/// The component without its own custom sections: 6 kB of names from the linker that no host reads.
/// `None` if it is not a component.
///
/// Own code, because build scripts depend on this library: wasmparser here would be compiled a
/// second time for the host.
pub fn strip(component: &[u8]) -> Option<Vec<u8>> {
    let mut kept = COMPONENT_HEAD.to_vec();
    let mut rest = component.strip_prefix(&COMPONENT_HEAD)?;
    while let [id, after @ ..] = rest {
        let (length, content) = length(after)?;
        let next = content.get(length..)?;
        if *id != CUSTOM_SECTION {
            kept.extend_from_slice(&rest[..rest.len() - next.len()]);
        }
        rest = next;
    }
    Some(kept)
}

/// Reads the length of a section, unsigned LEB128, and returns it with the bytes that follow.
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut length = 0;
    for (index, byte) in bytes.iter().enumerate().take(MAX_LEB128_BYTES) {
        length |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((length, &bytes[index + 1..]));
        }
    }
    None
}
