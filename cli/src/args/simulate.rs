//! Options of `simulate`.

use std::path::PathBuf;

use super::Plugin;

pub(super) const EXAMPLES: &str = "\
Examples:
  connector simulate
  connector simulate --env > simulate.env &
  . ./simulate.env; connector authenticate hotjar --credential \"$HOTJAR_CREDENTIAL\"";

/// Options of `simulate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Simulate {
    /// Write the certificate authority to this new file [default: a temporary file]
    #[arg(long, value_name = "FILE")]
    pub(crate) cacert_out: Option<PathBuf>,
    /// Print environment variables for a shell, with which other commands reach these vendors and
    /// use a store of their own
    #[arg(long)]
    pub(crate) env: bool,
    #[command(flatten)]
    pub(crate) plugin: Plugin,
}
