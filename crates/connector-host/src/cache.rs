//! Machine code kept between processes, so that a plugin is compiled once on a machine and not at each start. What is kept is named for all that
//! it was made from; whatever does not fit is made anew.

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
    /// Makes the folder if there is none, for its owner alone. One that others may write to is refused: what lies in it is run.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(folder)?;
        trusted(&fs::metadata(folder)?)?;
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// The component in machine code: what is kept of it, or else it is compiled and kept.
    pub(crate) fn component(&self, engine: &Engine, bytes: &[u8]) -> wasmtime::Result<Component> {
        let path = self.folder.join(name(engine, bytes));
        if let Some(component) = kept(engine, &path) {
            return Ok(component);
        }
        let component = Component::new(engine, bytes)?;
        if let Err(error) = keep(&component, &path) {
            // It works all the same, and the next start is as slow as this one.
            tracing::warn!(%error, "the plugin's machine code could not be kept");
        }
        Ok(component)
    }
}

/// The file of a component for an engine: both in another version or with other settings have another name.
fn name(engine: &Engine, bytes: &[u8]) -> String {
    let mut settings = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut settings);
    let mut name = String::new();
    for byte in digest(&SHA256, bytes).as_ref() {
        // Writing into memory does not fail.
        let _written = write!(name, "{byte:02x}");
    }
    let _written = write!(name, "-{:016x}.cwasm", settings.finish());
    name
}

#[expect(unsafe_code, reason = "machine code is run as it is found")]
fn kept(engine: &Engine, path: &Path) -> Option<Component> {
    if !path.exists() {
        return None;
    }
    // SAFETY: nobody but its owner may write to the folder, which `open` has seen to, and there `keep` puts only what the compiler made,
    // whole or not at all. The runtime checks that it was made by itself, in this version and with these settings.
    unsafe { Component::deserialize_file(engine, path) }
        .inspect_err(|error| tracing::warn!(%error, "the plugin's machine code is made anew"))
        .ok()
}

/// Writes a file beside and puts it in its place, so that no process ever reads a part of it.
fn keep(component: &Component, path: &Path) -> wasmtime::Result<()> {
    static WRITTEN: AtomicU64 = AtomicU64::new(0);
    let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let beside = path.with_extension(format!("{}-{number}.new", std::process::id()));
    let put = fs::write(&beside, component.serialize()?).and_then(|()| fs::rename(&beside, path));
    if put.is_err() {
        // Perhaps there was no room for it. That it cannot be removed either changes nothing.
        let _left = fs::remove_file(&beside);
    }
    Ok(put?)
}

#[cfg(unix)]
fn trusted(folder: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let refuse = |why| Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    if folder.mode() & 0o022 != 0 {
        return refuse("others than its owner may write to it");
    }
    // Only Linux tells a process whose it is without a foreign function.
    let own = fs::metadata("/proc/self").map(|own| own.uid());
    if own.is_ok_and(|own| folder.uid() != own && folder.uid() != 0) {
        return refuse("it is somebody else's");
    }
    Ok(())
}

#[cfg(not(unix))]
fn trusted(_folder: &fs::Metadata) -> io::Result<()> {
    Ok(())
}
