//! `cargo wasm`: builds the plugin and says where it lies and how large it is. How it is built is in the library beside.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo wasm

Builds the plugin as people take it away, and prints its path and its size:
target/wasm32-unknown-unknown/component/connector.wasm, or in CARGO_TARGET_DIR where that is set.";

/// What programs exit with that were called in a way they do not know.
const WRONG_USE: u8 = 2;

fn main() -> ExitCode {
    match env::args().nth(1).as_deref() {
        None => {}
        Some("--help" | "-h") => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Some(other) => {
            eprintln!("error: `cargo wasm` takes no {other:?}\n\n{USAGE}");
            return ExitCode::from(WRONG_USE);
        }
    }
    match build() {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<String, String> {
    let root = connector_artefact::root();
    let target_dir = env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    let component = connector_artefact::build(&root.join(target_dir))?;
    let bytes = fs::metadata(&component).map_err(|error| error.to_string())?;
    Ok(format!("{} ({} bytes)", component.display(), bytes.len()))
}
