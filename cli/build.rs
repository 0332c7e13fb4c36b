//! Builds the plugin that the command contains, and embeds the page.

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Err(error) = xtask::page::embed() {
        println!("cargo::error={error}");
        return ExitCode::FAILURE;
    }
    xtask::build_script()
}
