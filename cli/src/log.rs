//! The log on standard error, of the program and its libraries. It contains no secret at any level,
//! which `host-test/leak-check/run` checks.

use std::io;

use clap::ValueEnum;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The crates of the compiler, by prefix.
const COMPILER: [&str; 4] = [
    "cranelift",
    "regalloc2",
    "wasmtime_environ",
    "wasmtime_internal",
];

/// The level of the log.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Level {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl From<Level> for LevelFilter {
    fn from(level: Level) -> Self {
        match level {
            Level::Error => Self::ERROR,
            Level::Warn => Self::WARN,
            Level::Info => Self::INFO,
            Level::Debug => Self::DEBUG,
            Level::Trace => Self::TRACE,
        }
    }
}

/// Starts the log. The compiler's crates are limited to INFO: below it they log half a gigabyte
/// about the plugin's code.
pub(crate) fn start(level: Level) {
    let level = LevelFilter::from(level);
    let compiler = COMPILER.map(|target| (target, level.min(LevelFilter::INFO)));
    let levels = Targets::new().with_default(level).with_targets(compiler);
    let writer = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(false);
    tracing_subscriber::registry()
        .with(writer)
        .with(levels)
        .init();
}
