//! The command `cargo xtask`. Each subcommand is a function of the library.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use xtask::component::PLUGIN;
use xtask::{Component, dist, lines};

const USAGE: &str = "\
usage: cargo xtask <command>

commands:
  wasm [-p PACKAGE] [--example NAME]
         build the plugin, or another package or example, as a component;
         prints its path and size [default: target/wasm/connector.wasm,
         or below CARGO_TARGET_DIR]
  dist [--profile NAME]
         build the program for distribution, with the page in it, its manual
         pages, completions, licences and bills of materials; prints their
         paths and sizes [default: the profile release; target/dist/]
  lines  fail if a line of code or comment is wider than 100 columns";

/// The conventional exit status for wrong usage.
const WRONG_USAGE: u8 = 2;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["wasm"] => wasm(PLUGIN, None),
        ["wasm", "-p", package] => wasm(package, None),
        ["wasm", "-p", package, "--example", example] => wasm(package, Some(example)),
        ["dist"] => distribute("release"),
        ["dist", "--profile", profile] => distribute(profile),
        ["lines"] => check_lines(),
        ["--help" | "-h"] | [.., "--help" | "-h"] => Ok(USAGE.to_owned()),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(WRONG_USAGE);
        }
    };
    match done {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn wasm(package: &str, example: Option<&str>) -> Result<String, String> {
    let component = xtask::build(&Component {
        package,
        example,
        target_dir: &target_dir(),
    })?;
    let file = fs::metadata(&component).map_err(|error| error.to_string())?;
    Ok(format!("{} ({} bytes)", component.display(), file.len()))
}

fn distribute(profile: &str) -> Result<String, String> {
    let files = dist::build(&target_dir(), profile)?;
    let line = |file: &dist::Distributed| format!("{} ({} bytes)", file.path.display(), file.bytes);
    Ok(files.iter().map(line).collect::<Vec<_>>().join("\n"))
}

fn target_dir() -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    xtask::root().join(target)
}

fn check_lines() -> Result<String, String> {
    let wide = lines::wide(xtask::root()).map_err(|error| error.to_string())?;
    for line in &wide {
        println!("{}:{}: {} columns", line.path, line.line, line.columns);
    }
    match wide.len() {
        0 => Ok(format!("no line is wider than {}", lines::MAX_COLUMNS)),
        count => Err(format!(
            "{count} lines are wider than {} columns; wrap them",
            lines::MAX_COLUMNS
        )),
    }
}
