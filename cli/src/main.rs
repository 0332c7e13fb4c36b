//! The binary `connector`: reads the command line, runs the command, and turns its outcome into an exit status.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod args;
mod commands;
mod connect;
mod demo;
mod failure;
mod form;
mod input;
mod json;
mod output;
mod plugin;
mod recorder;
mod saved;
mod schema;
mod simulate;
mod store;

use std::io::ErrorKind;
use std::process::ExitCode;

use crate::args::Args;
use crate::failure::Failure;

#[tokio::main]
async fn main() -> ExitCode {
    let command = Args::read().command.unwrap_or_default();
    match commands::run(command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            report(&failure);
            failure.exit_code()
        }
    }
}

/// JSON for programs on standard output, a sentence for people on standard error.
fn report(failure: &Failure) {
    if let Failure::Output(error) = failure {
        // A reader that left does not want to hear of it, and there is no output to print on.
        if error.kind() != ErrorKind::BrokenPipe {
            output::say(&format!("error: {failure}"));
        }
        return;
    }
    output::say(&format!("error: {failure}"));
    if matches!(failure, Failure::Usage(_)) {
        return;
    }
    if let Err(error) = output::line(&json::pretty(&failure.to_json())) {
        report(&Failure::Output(error));
    }
}
