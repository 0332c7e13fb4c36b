//! Builds the plugin as people take it away, and hands its path on as `CONNECTOR_WASM`. In a target directory of its own, so that
//! the cargo within and the one around it never wait for each other's lock. How it is built is in `artefact/`.

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    match build() {
        Ok(component) => {
            println!("cargo::rustc-env=CONNECTOR_WASM={}", component.display());
            ExitCode::SUCCESS
        }
        Err(why) => {
            // Cargo shows `error` lines by themselves, and the compiler's own words below them.
            println!("cargo::error={why}; `cargo wasm` repeats it");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<PathBuf, String> {
    for input in connector_artefact::INPUTS {
        let input = connector_artefact::root().join(input);
        println!("cargo::rerun-if-changed={}", input.display());
    }
    let out = env::var_os("OUT_DIR").ok_or("cargo did not set OUT_DIR")?;
    connector_artefact::build(&Path::new(&out).join("guest"))
}
