//! A folder of machine code, so that a plugin is compiled once on a machine and not at each start.
//! File names hold a hash of everything that the code depends on.

use std::fmt::Write as _;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use ring::digest::{SHA256, digest};
use wasmtime::Engine;
use wasmtime::component::Component;

/// A folder of machine code.
pub(crate) struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// Opens the folder, and creates a missing one for its owner only. A folder that others may
    /// write to is refused, because its files are executed.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(folder)?;
        check_trusted(&fs::metadata(folder)?)?;
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// The compiled component: loaded if it is in the folder, else compiled and stored.
    pub(crate) fn component(&self, engine: &Engine, bytes: &[u8]) -> wasmtime::Result<Component> {
        let path = self.folder.join(name(engine, bytes));
        if let Some(component) = load(engine, &path) {
            return Ok(component);
        }
        let component = Component::new(engine, bytes)?;
        if let Err(error) = store(&component, &path) {
            // Not fatal: the next start is as slow as this one.
            tracing::warn!(%error, "cannot store the plugin's machine code");
        }
        Ok(component)
    }
}

/// The file name of a component for an engine. Another version or other settings give another name.
fn name(engine: &Engine, bytes: &[u8]) -> String {
    let mut settings = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut settings);
    let mut name = String::new();
    for byte in digest(&SHA256, bytes).as_ref() {
        // Writing to a string does not fail.
        let _written = write!(name, "{byte:02x}");
    }
    let _written = write!(name, "-{:016x}.cwasm", settings.finish());
    name
}

#[expect(unsafe_code, reason = "machine code is executed without a check")]
fn load(engine: &Engine, path: &Path) -> Option<Component> {
    if !path.exists() {
        return None;
    }
    // SAFETY: only its owner may write to the folder, as `open` has checked, and `store` puts only
    // complete output of the compiler there. The runtime checks that it comes from this version of
    // itself with these settings.
    unsafe { Component::deserialize_file(engine, path) }
        .inspect_err(|error| tracing::warn!(%error, "cannot load machine code; compiling"))
        .ok()
}

/// Writes a temporary file and renames it, so that no process reads an incomplete one.
fn store(component: &Component, path: &Path) -> wasmtime::Result<()> {
    static WRITTEN: AtomicU64 = AtomicU64::new(0);
    let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let temporary = path.with_extension(format!("{}-{number}.new", std::process::id()));
    let put =
        fs::write(&temporary, component.serialize()?).and_then(|()| fs::rename(&temporary, path));
    if put.is_err() {
        // The disk may be full. A failure to remove the file changes nothing.
        let _left = fs::remove_file(&temporary);
    }
    Ok(put?)
}

#[cfg(unix)]
fn check_trusted(folder: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let refuse = |why| Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    if folder.mode() & 0o022 != 0 {
        return refuse("users other than its owner may write to it");
    }
    // Only on Linux can a process learn its owner without `unsafe`.
    let own = fs::metadata("/proc/self").map(|own| own.uid());
    if own.is_ok_and(|own| folder.uid() != own && folder.uid() != 0) {
        return refuse("another user owns it");
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_trusted(_folder: &fs::Metadata) -> io::Result<()> {
    Ok(())
}
