//! Compiles a vendor that a TOML file describes into a plugin on `connector-guest`. The component
//! has a table and no TOML parser; a mistake in the file is a compiler error.

#![doc = include_str!("../README.md")]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod check;
mod code;
mod fault;
mod file;
mod schema;
mod template;

use std::fs;
use std::path::Path;

use proc_macro::{TokenStream, TokenTree};

/// Declares a unit struct for a vendor, by a file whose path is relative to the folder of
/// `Cargo.toml`: `vendor!(Acme, "acme.toml");`.
///
/// The struct implements `connector_guest::Vendor`, so `connector_guest::export!` takes it.
#[proc_macro]
pub fn vendor(input: TokenStream) -> TokenStream {
    #[expect(
        clippy::disallowed_methods,
        reason = "cargo names the folder of the package in the environment alone"
    )]
    let folder = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let code = arguments(input).and_then(|(name, path)| {
        let full = Path::new(&folder).join(&path);
        let text = fs::read_to_string(&full).map_err(|error| {
            format!("{path}: {error}; the path is relative to the folder of Cargo.toml")
        })?;
        let code = compile(&name, &path, &text)?;
        // The compiler then watches the file.
        let full = full.display().to_string();
        Ok(format!(
            "{code}\nconst _: &[u8] = ::core::include_bytes!({full:?});"
        ))
    });
    let code = code.unwrap_or_else(|faults| format!("::core::compile_error!({faults:?});"));
    code.parse().unwrap_or_default()
}

/// The name and the path that the macro is called with.
fn arguments(input: TokenStream) -> Result<(String, String), String> {
    const USAGE: &str = "expected a name and the path of a file, such as `Acme, \"acme.toml\"`";
    let mut tokens = input.into_iter();
    let (name, comma, path) = (tokens.next(), tokens.next(), tokens.next());
    let (Some(TokenTree::Ident(name)), Some(TokenTree::Punct(comma)), Some(path)) =
        (name, comma, path)
    else {
        return Err(USAGE.into());
    };
    let path = path.to_string();
    let path = path
        .strip_prefix('"')
        .and_then(|path| path.strip_suffix('"'));
    match path {
        Some(path) if comma.as_char() == ',' && tokens.next().is_none() => {
            Ok((name.to_string(), path.into()))
        }
        _ => Err(USAGE.into()),
    }
}

/// The Rust code for the struct `name` by the text of the file at `path`, or the faults of the
/// file, one a line.
fn compile(name: &str, path: &str, text: &str) -> Result<String, String> {
    let lines = |faults: &[fault::Fault]| fault::lines(path, text, faults);
    let file = file::File::parse(text).map_err(|fault| lines(&[fault]))?;
    let vendor = check::check(&file).map_err(|faults| lines(&faults))?;
    Ok(code::write(name, path, &vendor))
}

#[cfg(test)]
mod tests;
