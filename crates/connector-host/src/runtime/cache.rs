//! A folder of machine code, so that a plugin is compiled once on a machine and not at each start.
//! Each file is authenticated with a key of the folder: one that was changed is never executed.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use ring::hmac::{self, HMAC_SHA256};
use ring::rand::{SecureRandom, SystemRandom};
use wasmtime::Engine;
use wasmtime::component::Component;
use zeroize::Zeroizing;

use crate::limits::Profile;

/// The file of the key, beside the machine code.
const KEY_FILE: &str = "key";
/// The length of the key: that of the hash, as RFC 2104 §3 advises.
const KEY_BYTES: usize = SHA256_OUTPUT_LEN;
/// The length of the tag at the beginning of a file.
const TAG_BYTES: usize = SHA256_OUTPUT_LEN;

/// A folder of machine code.
pub(crate) struct Cache {
    folder: PathBuf,
    key: hmac::Key,
}

/// What the machine code of a component depends on.
struct Source {
    /// The hash of the component.
    component: [u8; SHA256_OUTPUT_LEN],
    /// The hash of the engine's version and settings, and of the profile.
    settings: u64,
}

impl Cache {
    /// Opens the folder, and creates a missing one for its owner only, with a new key. A folder
    /// that others may write to is refused: they could put a key of their own into it.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(folder)?;
        check_trusted(&fs::metadata(folder)?)?;
        Ok(Self {
            key: key(&folder.join(KEY_FILE))?,
            folder: folder.to_owned(),
        })
    }

    /// The machine code of a component, if it is in the folder and authentic.
    #[expect(unsafe_code, reason = "machine code is executed as it is")]
    pub(crate) fn load(
        &self,
        engine: &Engine,
        profile: Profile,
        bytes: &[u8],
    ) -> Option<Component> {
        let source = Source::new(engine, profile, bytes);
        let path = self.folder.join(source.file_name());
        let file = match fs::read(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(%error, "cannot read machine code; compiling");
                return None;
            }
        };
        let Some(code) = self.authentic(&source, &file) else {
            tracing::warn!("machine code was changed, or kept with another key; compiling");
            // It would be refused again. A failure to remove it changes nothing.
            let _left = fs::remove_file(&path);
            return None;
        };
        // SAFETY: `store` wrote these bytes, output of the compiler for this component and engine:
        // no one else has the key of their tag. They are in memory, where no other process changes
        // them. The runtime checks that they come from this version of itself with these settings.
        unsafe { Component::deserialize(engine, code) }
            .inspect_err(|error| tracing::warn!(%error, "cannot load machine code; compiling"))
            .ok()
    }

    /// Stores the machine code of a component. A failure is logged: the next start is as slow as
    /// this one.
    pub(crate) fn store(
        &self,
        engine: &Engine,
        profile: Profile,
        bytes: &[u8],
        component: &Component,
    ) {
        let source = Source::new(engine, profile, bytes);
        let put = || -> wasmtime::Result<()> {
            let code = component.serialize()?;
            let tag = hmac::sign(&self.key, &source.authenticated(&code));
            let path = self.folder.join(source.file_name());
            Ok(replace(&path, &[tag.as_ref(), &code])?)
        };
        if let Err(error) = put() {
            tracing::warn!(%error, "cannot store the plugin's machine code");
        }
    }

    /// The machine code in a file, if this folder's key authenticates it for this source.
    fn authentic<'a>(&self, source: &Source, file: &'a [u8]) -> Option<&'a [u8]> {
        let (tag, code) = file.split_at_checked(TAG_BYTES)?;
        // Compares in constant time.
        hmac::verify(&self.key, &source.authenticated(code), tag).ok()?;
        Some(code)
    }
}

impl Source {
    fn new(engine: &Engine, profile: Profile, bytes: &[u8]) -> Self {
        let mut settings = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut settings);
        // Code that one profile allows is not loaded for another.
        profile.hash(&mut settings);
        let mut component = [0; SHA256_OUTPUT_LEN];
        component.copy_from_slice(digest(&SHA256, bytes).as_ref());
        Self {
            component,
            settings: settings.finish(),
        }
    }

    /// The authenticated bytes of a file: all of a fixed length, so that no two files share them.
    fn authenticated(&self, code: &[u8]) -> Vec<u8> {
        let code = digest(&SHA256, code);
        let parts = [
            &self.component[..],
            &self.settings.to_be_bytes(),
            code.as_ref(),
        ];
        parts.concat()
    }

    /// Another version of the engine or other settings give another name.
    fn file_name(&self) -> String {
        let mut name = String::new();
        for byte in self.component {
            // Writing to a string does not fail.
            let _written = write!(name, "{byte:02x}");
        }
        let _written = write!(name, "-{:016x}.cwasm", self.settings);
        name
    }
}

/// The key of the folder, or a new one in place of a file that is missing or not private. Where it
/// cannot be kept, it lasts as long as this process, and so does the cache.
fn key(path: &Path) -> io::Result<hmac::Key> {
    if let Some(key) = kept_key(path) {
        return Ok(key);
    }
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    let no_random = |_| io::Error::other("the system gives no random numbers");
    SystemRandom::new().fill(&mut *bytes).map_err(no_random)?;
    if let Err(error) = replace(path, &[&*bytes]) {
        tracing::warn!(%error, "cannot keep the key of machine code");
    }
    Ok(hmac::Key::new(HMAC_SHA256, &*bytes))
}

/// The key in a file that only its owner can read, if there is one.
fn kept_key(path: &Path) -> Option<hmac::Key> {
    let metadata = fs::symlink_metadata(path).ok()?;
    if let Err(error) = check_private(&metadata) {
        tracing::warn!(%error, "the key of machine code is not private; making a new one");
        return None;
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(KEY_BYTES + 1));
    let file = File::open(path).ok()?;
    file.take(KEY_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .ok()?;
    (bytes.len() == KEY_BYTES).then(|| hmac::Key::new(HMAC_SHA256, &bytes))
}

/// Writes a temporary file for its owner only and renames it, so that no process reads an
/// incomplete one.
fn replace(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    static WRITTEN: AtomicU64 = AtomicU64::new(0);
    let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let temporary = path.with_extension(format!("{}-{number}.new", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let put = options.open(&temporary).and_then(|mut file| {
        for part in parts {
            file.write_all(part)?;
        }
        drop(file);
        fs::rename(&temporary, path)
    });
    if put.is_err() {
        // The disk may be full. A failure to remove the file changes nothing.
        let _left = fs::remove_file(&temporary);
    }
    put
}

fn refused(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}

#[cfg(unix)]
fn check_trusted(folder: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    if folder.mode() & 0o022 != 0 {
        return Err(refused("users other than its owner may write to it"));
    }
    check_owner(folder)
}

/// Checks that only this user, or the administrator, has the file. Its name is no link.
#[cfg(unix)]
fn check_private(file: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    if !file.is_file() {
        return Err(refused("it is not a regular file"));
    }
    if file.mode() & 0o077 != 0 {
        return Err(refused("users other than its owner may use it"));
    }
    check_owner(file)
}

#[cfg(unix)]
fn check_owner(metadata: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    // Only on Linux can a process learn its owner without `unsafe`.
    let own = fs::metadata("/proc/self").map(|own| own.uid());
    if own.is_ok_and(|own| metadata.uid() != own && metadata.uid() != 0) {
        return Err(refused("another user owns it"));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_trusted(_folder: &fs::Metadata) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn check_private(file: &fs::Metadata) -> io::Result<()> {
    if file.is_file() {
        Ok(())
    } else {
        Err(refused("it is not a regular file"))
    }
}
