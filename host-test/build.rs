//! Builds the plugin for the tests.

use std::process::ExitCode;

fn main() -> ExitCode {
    xtask::build_script()
}
