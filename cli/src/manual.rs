//! `connector completions` and `connector man`: texts about the command line, generated from its
//! definition.

use std::path::Path;

use clap_complete::Shell;
use clap_mangen::Man;

use crate::failure::Failure;
use crate::output;

/// Prints the completions for a shell.
pub(crate) fn completions(mut of: clap::Command, shell: Shell) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut of, "connector", &mut text);
    Ok(output::bytes(&text)?)
}

/// Prints the manual page of the program or of a command, or writes all of them to a folder.
pub(crate) fn man(
    of: clap::Command,
    command: Option<&str>,
    folder: Option<&Path>,
) -> Result<(), Failure> {
    if let Some(folder) = folder {
        return clap_mangen::generate_to(of, folder).map_err(|error| {
            Failure::Input(format!("cannot write to {}: {error}", folder.display()))
        });
    }
    let page = match command {
        None => of,
        Some(name) => page(of, name)?,
    };
    let mut text = Vec::new();
    let rendered = Man::new(page).render(&mut text);
    rendered.map_err(|error| Failure::setup("write the manual page", error))?;
    Ok(output::bytes(&text)?)
}

fn page(mut of: clap::Command, name: &str) -> Result<clap::Command, Failure> {
    // Names the commands in full.
    of.build();
    let command = of.find_subcommand(name).cloned();
    command.ok_or_else(|| {
        Failure::Usage("there is no such command; `connector --help` lists them".to_owned())
    })
}
