//! Reads credential documents as JSON lines from standard input, and prints `true` or `false` for
//! each: the verdict of the crate `jsonschema` by the schema in the given file. This is one of the
//! three validators that `host-test/forms` compares.

use std::error::Error;
use std::io::{BufWriter, Write, stdin, stdout};
use std::{env, fs};

use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let file = env::args_os().nth(1).ok_or("name a schema file")?;
    let schema: Value = serde_json::from_str(&fs::read_to_string(file)?)?;
    let validator = jsonschema::draft202012::new(&schema)?;
    let mut out = BufWriter::new(stdout().lock());
    for line in stdin().lines() {
        let document = serde_json::from_str(&line?)?;
        writeln!(out, "{}", validator.is_valid(&document))?;
    }
    Ok(out.flush()?)
}
