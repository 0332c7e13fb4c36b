//! The ears of a test run: while `host-test/said/run` runs the tests, every process of theirs writes all that is logged, at the most
//! talkative level, into a file of its own, and each secret that a test uses into another. The search for the one in the other is the
//! binary of this crate. Elsewhere all this does nothing.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs::File;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Names the folder that takes it all. Not set, or empty: nobody listens.
pub const FOLDER: &str = "CONNECTOR_SAID";

/// How a file of log lines ends; before it stand the program's name and the number of its process.
pub const LOG: &str = "log";

/// How a file of standard output or error ends, where a test keeps those of a program it ran.
pub const STREAM: &str = "stream";

/// How a file of secrets ends: one a line, in hexadecimal digits after what kind of secret it is.
pub const PRIVATE: &str = "private";

/// What small tests call their secrets. They are searched for without a note.
pub const FIXTURES: [&str; 4] = ["hush", "tulip", "daffodil", "s3cr3t"];

/// How the names of the compiler's parts begin. It is given a plugin and nothing else, no secret, and tells half a gigabyte of each.
const COMPILER: [&str; 4] = [
    "cranelift",
    "regalloc2",
    "wasmtime_environ",
    "wasmtime_internal",
];

static EARS: LazyLock<Option<Ears>> = LazyLock::new(Ears::open);

/// The files of this process.
struct Ears {
    /// Where they lie and how their names begin.
    stem: PathBuf,
    private: Mutex<Private>,
    stream: Mutex<Option<File>>,
}

#[derive(Default)]
struct Private {
    file: Option<File>,
    known: HashSet<(&'static str, Vec<u8>)>,
}

impl Ears {
    /// Sends all that is logged into a file.
    ///
    /// A folder that cannot be written is no reason to fail the program: the search misses the file, and says so.
    fn open() -> Option<Self> {
        let folder = std::env::var_os(FOLDER).filter(|folder| !folder.is_empty());
        let folder = PathBuf::from(folder?);
        let program = std::env::current_exe().ok()?;
        let program = program.file_name()?.display();
        let stem = folder.join(format!("{program}.{}", std::process::id()));
        let log = create(&stem, LOG)?;
        // What a span is made of shows at its beginning and what it learned at its end, also where nothing happens within.
        let writer = tracing_subscriber::fmt::layer()
            .with_span_events(FmtSpan::NEW | FmtSpan::CLOSE)
            .with_ansi(false)
            .without_time()
            .with_writer(Mutex::new(Once::new(log)));
        let listener = tracing_subscriber::registry()
            .with(writer)
            .with(everyone(LevelFilter::TRACE));
        listener.try_init().ok()?;
        Some(Self {
            stem,
            private: Mutex::default(),
            stream: Mutex::default(),
        })
    }
}

/// Writes what it has not written before: a hundred thousand calls say much the same, and a search learns nothing from a line that it
/// has seen.
struct Once {
    file: File,
    written: HashSet<u64>,
    hasher: RandomState,
}

impl Once {
    fn new(file: File) -> Self {
        Self {
            file,
            written: HashSet::new(),
            hasher: RandomState::new(),
        }
    }
}

impl Write for Once {
    /// Takes all of an event, which comes in one piece.
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

fn create(stem: &Path, ending: &str) -> Option<File> {
    File::create(stem.with_added_extension(ending)).ok()
}

/// Everyone up to this level, but the compiler only with what everybody should know.
pub fn everyone(level: LevelFilter) -> Targets {
    let compiler = COMPILER.map(|part| (part, level.min(LevelFilter::INFO)));
    Targets::new().with_default(level).with_targets(compiler)
}

/// Begins to listen, if anyone asked for it. Again does no harm.
pub fn listen() {
    LazyLock::force(&EARS);
}

/// Whether all that is logged is kept, and secrets should be noted.
pub fn listening() -> bool {
    EARS.is_some()
}

/// Notes a secret that is in use from now on. `kind` tells which it was without showing it.
pub fn private(kind: &'static str, text: impl AsRef<[u8]>) {
    let Some(ears) = &*EARS else { return };
    let text = text.as_ref();
    let mut private = held(&ears.private);
    let Private { file, known } = &mut *private;
    if known.insert((kind, text.to_vec())) {
        let mut line = format!("{kind}\t");
        for byte in text {
            let _ = write!(line, "{byte:02x}");
        }
        line.push('\n');
        append(file, &ears.stem, PRIVATE, line.as_bytes());
    }
}

/// Keeps what a program that a test ran wrote on a standard stream.
pub fn stream(text: impl AsRef<[u8]>) {
    let Some(ears) = &*EARS else { return };
    let line = [text.as_ref(), b"\n"].concat();
    append(&mut held(&ears.stream), &ears.stem, STREAM, &line);
}

fn append(file: &mut Option<File>, stem: &Path, ending: &str, line: &[u8]) {
    if file.is_none() {
        *file = create(stem, ending);
    }
    if let Some(file) = file {
        let _ = file.write_all(line);
    }
}

/// A test that failed while it held the lock has failed already.
fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes this binary listen from before its first test on. Stands once at the root of each binary with tests.
///
/// Nothing of the test harness runs before the first test, so this is a function that the system calls before `main`.
#[macro_export]
macro_rules! listens {
    () => {
        #[cfg(all(test, target_os = "linux"))]
        mod listens {
            extern "C" fn listen() {
                $crate::listen();
            }

            #[expect(unsafe_code, reason = "the only way to run before the first test; it opens files and nothing else")]
            #[used]
            #[unsafe(link_section = ".init_array")]
            static LISTEN: extern "C" fn() = listen;
        }
    };
}

#[cfg(test)]
listens!();
