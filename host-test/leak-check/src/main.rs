//! `leak-check FOLDER` searches the captured logs of a test run, and fails where a secret shows or
//! too little was captured.

#[cfg(test)]
leak_check::capture!();

use std::path::Path;
use std::process::ExitCode;

use leak_check::search;

const LEAKED: u8 = 1;
const INCOMPLETE: u8 = 2;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        eprintln!("usage: leak-check FOLDER");
        return ExitCode::from(INCOMPLETE);
    };
    match search::folder(Path::new(&folder)) {
        Ok(report) => {
            print!("{report}");
            match (report.leaks.is_empty(), report.gaps.is_empty()) {
                (true, true) => ExitCode::SUCCESS,
                (false, _) => ExitCode::from(LEAKED),
                (true, false) => ExitCode::from(INCOMPLETE),
            }
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(INCOMPLETE)
        }
    }
}
