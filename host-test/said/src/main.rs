//! The one search over all that a test run said: `said FOLDER` fails with the file, the line and the name of each secret that shows.
//! It fails as well when it has seen too little to mean anything. What it finds is never printed.

said::listens!();

mod check;
mod search;
mod views;

use std::path::Path;
use std::process::ExitCode;

/// The exit status when a secret shows.
const SHOWN: u8 = 1;

/// The exit status when there was too little to search.
const MISSING: u8 = 2;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        eprintln!("usage: said FOLDER");
        return ExitCode::from(MISSING);
    };
    match check::folder(Path::new(&folder)) {
        Ok(outcome) => {
            print!("{outcome}");
            match (outcome.shown.is_empty(), outcome.missing.is_empty()) {
                (true, true) => ExitCode::SUCCESS,
                (false, _) => ExitCode::from(SHOWN),
                (true, false) => ExitCode::from(MISSING),
            }
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(MISSING)
        }
    }
}
