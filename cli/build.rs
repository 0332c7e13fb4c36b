//! Builds the plugin that the command contains.

use std::process::ExitCode;

fn main() -> ExitCode {
    xtask::build_script()
}
