//! Options of `refresh`.

use super::{Credential, Network, Reveal, Target};
use crate::input::Input;

pub(super) const EXAMPLES: &str = "\
Examples:
  connector authenticate hotjar --credential hotjar.json --reveal > session.json
  connector refresh hotjar --credential hotjar.json --session session.json --reveal

The session must have been printed with --reveal; keep it in a file that only you can read.";

/// Options of `refresh`.
#[derive(Debug, clap::Args)]
pub(crate) struct Refresh {
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) credential: Credential,
    /// Read the session to replace, printed with --reveal, from a file, or - for standard input
    #[arg(long, value_name = "FILE|-")]
    pub(crate) session: Input,
    #[command(flatten)]
    pub(crate) reveal: Reveal,
    #[command(flatten)]
    pub(crate) network: Network,
}
