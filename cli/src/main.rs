//! The binary `connector`: parses the command line, runs the command, and sets the exit status.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[cfg(test)]
leak_check::capture!();

mod args;
mod call;
mod check;
mod commands;
mod connect;
mod core_dumps;
mod credential;
mod demo;
mod doctor;
mod environment;
mod export;
mod failure;
mod fields;
mod form;
mod input;
mod interrupt;
mod json;
mod locale;
mod log;
mod manual;
mod network;
mod output;
mod platform;
mod plugin;
mod record;
mod recorder;
mod saved;
mod schema;
mod shell;
mod simulate;
mod store;
mod table;
mod terminal;
mod token;

use std::io::{self, ErrorKind, IsTerminal};
use std::process::ExitCode;

use tokio::runtime::Runtime;

use crate::args::{Args, Command};
use crate::failure::Failure;

fn main() -> ExitCode {
    core_dumps::forbid();
    let args = Args::read();
    if let Some(level) = args.log {
        log::start(level);
    }
    let command = args.command.unwrap_or_default();
    let is_json = command.prints_json(io::stdout().is_terminal());
    match run(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            report(&failure, is_json);
            failure.exit_code()
        }
    }
}

/// Runs a command on a runtime of its own. Does not wait for remaining tasks: a name lookup of the
/// system cannot be cancelled.
fn run(command: Command) -> Result<(), Failure> {
    let runtime = Runtime::new().map_err(|error| Failure::setup("start its threads", error))?;
    let result = runtime.block_on(commands::run(command));
    runtime.shutdown_background();
    result
}

/// A sentence for people on standard error, and JSON for programs on standard output if the command
/// prints JSON there.
fn report(failure: &Failure, is_json: bool) {
    if let Failure::Output(error) = failure {
        // A reader that has ended needs no message, and there is no output for JSON.
        if error.kind() != ErrorKind::BrokenPipe {
            output::say(&format!("error: {failure}"));
        }
        return;
    }
    output::say(&format!("error: {failure}"));
    if !is_json || matches!(failure, Failure::Usage(_)) {
        return;
    }
    if let Err(error) = output::line(&json::pretty(&failure.to_json())) {
        report(&Failure::Output(error), false);
    }
}
