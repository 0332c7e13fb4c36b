//! Options of `completions` and `man`.

use std::path::PathBuf;

use clap_complete::Shell;

pub(super) const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  connector completions bash > ~/.local/share/bash-completion/completions/connector
  connector completions zsh > \"${fpath[1]}/_connector\"
  connector completions fish > ~/.config/fish/completions/connector.fish";

pub(super) const MAN_EXAMPLES: &str = "\
Examples:
  connector man call | man -l -
  connector man --dir ~/.local/share/man/man1";

/// Options of `completions`.
#[derive(Debug, clap::Args)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,
}

/// Options of `man`.
#[derive(Debug, clap::Args)]
pub(crate) struct Man {
    /// The command [default: the program itself]
    #[arg(value_name = "COMMAND")]
    pub(crate) command: Option<String>,
    /// Write all pages to files in this folder instead
    #[arg(long, value_name = "FOLDER", conflicts_with = "command")]
    pub(crate) dir: Option<PathBuf>,
}
