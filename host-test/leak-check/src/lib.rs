//! The leak check. While `host-test/leak-check/run` runs the tests, every test process writes its
//! logs at TRACE to one file and the secrets that its tests use to another. The binary of this
//! crate then searches the logs for the secrets ([`search`]). Otherwise all of this does nothing.

pub mod search;

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs::File;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};

use serde_json::Value;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Names the folder for the captured files. Unset or empty: nothing is captured.
pub const FOLDER: &str = "CONNECTOR_LEAK_CHECK";

/// The extension of captured logs, after the program's name and its process id.
pub const LOG: &str = "log";

/// The extension of captured output of child processes.
pub const OUTPUT: &str = "output";

/// The extension of secret registries: one secret a line, in hexadecimal.
pub const SECRETS: &str = "secrets";

/// The fields of JSON documents that hold secrets.
const SECRET_FIELDS: [&str; 3] = ["client_secret", "access_token", "refresh_token"];

/// The compiler's crates. They see no secret and log half a gigabyte for each plugin.
const COMPILER: [&str; 4] = [
    "cranelift",
    "regalloc2",
    "wasmtime_environ",
    "wasmtime_internal",
];

static CAPTURE: LazyLock<Option<Capture>> = LazyLock::new(Capture::start);

struct Capture {
    output: Mutex<Distinct>,
    secrets: Mutex<Distinct>,
}

impl Capture {
    /// Fails silently: the search reports the missing file.
    fn start() -> Option<Self> {
        let folder = std::env::var_os(FOLDER).filter(|folder| !folder.is_empty())?;
        let program = std::env::current_exe().ok()?;
        let name = program.file_name()?.display();
        let stem = PathBuf::from(folder).join(format!("{name}.{}", std::process::id()));
        let compiler = COMPILER.map(|target| (target, LevelFilter::INFO));
        let log = tracing_subscriber::fmt::layer()
            .with_span_events(FmtSpan::NEW | FmtSpan::CLOSE)
            .with_ansi(false)
            .without_time()
            .with_writer(Mutex::new(Distinct::create(&stem, LOG)?));
        let levels = Targets::new()
            .with_default(LevelFilter::TRACE)
            .with_targets(compiler);
        let subscriber = tracing_subscriber::registry().with(log).with(levels);
        subscriber.try_init().ok()?;
        Some(Self {
            output: Mutex::new(Distinct::create(&stem, OUTPUT)?),
            secrets: Mutex::new(Distinct::create(&stem, SECRETS)?),
        })
    }
}

/// A file without repetitions: a hundred thousand calls log much the same.
struct Distinct {
    file: File,
    written: HashSet<u64>,
    hasher: RandomState,
}

impl Distinct {
    fn create(stem: &Path, extension: &str) -> Option<Self> {
        Some(Self {
            file: File::create(stem.with_added_extension(extension)).ok()?,
            written: HashSet::new(),
            hasher: RandomState::new(),
        })
    }
}

impl Write for Distinct {
    /// Writes a whole event or nothing.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        if self.written.insert(self.hasher.hash_one(event)) {
            self.file.write_all(event)?;
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Starts to capture if [`FOLDER`] is set. Idempotent.
pub fn start() {
    LazyLock::force(&CAPTURE);
}

/// Adds a secret to the registry.
pub fn register(secret: impl AsRef<[u8]>) {
    // The mask that a terminal shows in place of a secret is not a secret.
    let is_mask = secret.as_ref().iter().all(|byte| *byte == b'*');
    if let Some(capture) = CAPTURE.as_ref().filter(|_| !is_mask) {
        append(&capture.secrets, hex(secret.as_ref()).as_bytes());
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

/// Adds the secrets of a JSON document, at any depth. Ignores other data than JSON.
pub fn register_document(json: impl AsRef<[u8]>) {
    if CAPTURE.is_some()
        && let Ok(document) = serde_json::from_slice(json.as_ref())
    {
        register_fields(&document);
    }
}

fn register_fields(value: &Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(secret) if SECRET_FIELDS.contains(&name.as_str()) => {
                        register(secret);
                    }
                    other => register_fields(other),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(register_fields),
        _ => {}
    }
}

/// Captures the output of a child process.
pub fn output(text: impl AsRef<[u8]>) {
    if let Some(capture) = &*CAPTURE {
        append(&capture.output, text.as_ref());
    }
}

fn append(file: &Mutex<Distinct>, line: &[u8]) {
    let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = file.write(&[line, b"\n"].concat());
}

/// Captures the logs of this test binary from before its first test. Once at the root of each
/// binary with tests; the test harness has no hook, so the loader calls it before `main`.
#[macro_export]
macro_rules! capture {
    () => {
        #[cfg(all(test, target_os = "linux"))]
        mod leak_check_capture {
            extern "C" fn start() {
                $crate::start();
            }

            #[expect(unsafe_code, reason = "the only way to run code before the first test")]
            #[used]
            #[unsafe(link_section = ".init_array")]
            static START: extern "C" fn() = start;
        }
    };
}

#[cfg(test)]
capture!();
