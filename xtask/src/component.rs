//! Builds a package, or one of its examples, as a WebAssembly component: a nested cargo with the
//! profile `component` (see the root's `Cargo.toml`), then without the custom sections.
//! The linker and its flags are in `.cargo/config.toml`.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{self, Command, ExitCode};
use std::sync::atomic::{AtomicUsize, Ordering};

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

pub(crate) const TARGET: &str = "wasm32-unknown-unknown";
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
    if root().join("Cargo.lock").exists() {
        cargo.arg("--locked");
    }
    let built = compile(cargo, example.unwrap_or(package), target_dir)?;
    let (built, name) = match example {
        Some(example) => (built.join("examples"), example),
        None => (built, package),
    };
    let file = format!("{}.wasm", name.replace('-', "_"));
    strip_file(&built.join(&file), &target_dir.join(OUTPUT_DIR), &file)
}

/// Builds a package outside the workspace, which needs no more than its source: one library of this
/// name, whose only dependency is the guest SDK. Writes its manifest, and the settings that the
/// documentation of the SDK names, into the folder. Returns the component's path.
///
/// Downloads nothing and shares what is compiled with [`build`], if `target_dir` is the same.
pub fn build_outside(
    folder: &Path,
    name: &str,
    source: &Path,
    target_dir: &Path,
) -> Result<PathBuf, String> {
    require_target()?;
    let source = source.display().to_string();
    let guest = root().join("crates/connector-guest").display().to_string();
    let manifest = format!(
        "[package]\nname = {name:?}\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [lib]\npath = {source:?}\n\n\
         [dependencies]\nconnector-guest = {{ path = {guest:?} }}\n\n[workspace]\n",
    );
    let linker = format!("[target.{TARGET}]\nlinker = \"wasm-component-ld\"\n");
    let config = format!("{linker}\n{}", profile()?);
    // Until the end of the build: another one with the same folder waits.
    let _lock = lock(folder)?;
    replace(&folder.join("Cargo.toml"), manifest.as_bytes())?;
    replace(&folder.join(".cargo/config.toml"), config.as_bytes())?;
    // The workspace's versions. Cargo shortens `Cargo.lock`, so a copy tells whether they changed.
    let versions = root().join("Cargo.lock");
    let versions = fs::read(&versions).map_err(|error| named(&versions, &error))?;
    if replace(&folder.join("workspace.lock"), &versions)? {
        replace(&folder.join("Cargo.lock"), &versions)?;
    }
    let mut cargo = cargo(folder);
    cargo.args(["rustc", "--offline"]);
    let built = compile(cargo, name, target_dir)?;
    Ok(built.join(format!("{name}.wasm")))
}

/// Locks a folder, which is created if necessary, until the returned file is dropped.
fn lock(folder: &Path) -> Result<File, String> {
    let path = folder.join("build.lock");
    fs::create_dir_all(folder)
        .and_then(|()| File::create(&path))
        .and_then(|file| file.lock().map(|()| file))
        .map_err(|error| named(&path, &error))
}

/// The table of the workspace's profile. Procedural macros are compiled again for any other.
fn profile() -> Result<String, String> {
    let path = root().join("Cargo.toml");
    let manifest = fs::read_to_string(&path).map_err(|error| named(&path, &error))?;
    let head = format!("[profile.{PROFILE}]\n");
    let table = manifest.find(&head).map(|at| &manifest[at..]);
    let table = table.and_then(|text| text.split("\n\n").next());
    table
        .map(str::to_owned)
        .ok_or_else(|| format!("{}: no {head}", path.display()))
}

/// Runs `cargo rustc` for a component to its end, and returns the folder of its output.
fn compile(mut cargo: Command, name: &str, target_dir: &Path) -> Result<PathBuf, String> {
    cargo
        .args(["--profile", PROFILE, "--target", TARGET])
        .args(["--crate-type", "cdylib", "--target-dir"])
        .arg(target_dir);
    match cargo.status() {
        Ok(status) if status.success() => Ok(target_dir.join(TARGET).join(PROFILE)),
        Ok(_) => Err(format!("{name} does not compile as a component")),
        Err(error) => Err(format!("cargo could not be started: {error}")),
    }
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
    let bytes = fs::read(built).map_err(|error| named(built, &error))?;
    let stripped =
        strip(&bytes).ok_or_else(|| format!("{} is not a component", built.display()))?;
    replace(&path, &stripped)?;
    Ok(path)
}

/// The number of calls of [`replace`] in this process, whose tests build at the same time.
static CALLS: AtomicUsize = AtomicUsize::new(0);

/// Replaces a file atomically if its content is another, and returns whether it was. An unchanged
/// file keeps its time, so code that includes it is not compiled again.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<bool, String> {
    if fs::read(path).is_ok_and(|present| present == bytes) {
        return Ok(false);
    }
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    let temporary = path.with_added_extension(format!("{}-{call}", process::id()));
    fs::create_dir_all(path.parent().unwrap_or(path))
        .and_then(|()| fs::write(&temporary, bytes))
        .and_then(|()| fs::rename(&temporary, path))
        .map_err(|error| named(path, &error))?;
    Ok(true)
}

fn named(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
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

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn threads_replace_a_file_at_the_same_time() {
        let file = env::temp_dir().join(format!("xtask-replace-{}", process::id()));
        thread::scope(|scope| {
            for content in ["one", "two", "three", "four"] {
                let file = &file;
                scope.spawn(move || {
                    for _ in 0..200 {
                        replace(file, content.as_bytes()).unwrap();
                    }
                });
            }
        });
        assert!(["one", "two", "three", "four"].contains(&&*fs::read_to_string(&file).unwrap()));
        fs::remove_file(file).unwrap();
    }
}
