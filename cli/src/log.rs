//! What the program and everything beneath it tell of their work, for whoever looks for a fault: on standard error, when asked for.
//! No secret is in it, at no level; `host-test/said/run` proves it.

use std::io;

use clap::ValueEnum;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// How much is told.
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

/// Begins to tell. Where a run of the tests listens already, that has it all.
pub(crate) fn start(level: Level) {
    if said::listening() {
        return;
    }
    let writer = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(false);
    tracing_subscriber::registry()
        .with(writer)
        .with(said::everyone(level.into()))
        .init();
}
