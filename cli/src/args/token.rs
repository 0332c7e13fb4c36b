//! Options of `token`.

use super::{Credential, Network, Plugin};

pub(super) const EXAMPLES: &str = "\
Examples:
  connector token --saved 'my key' | pbcopy
  TOKEN=$(connector token --saved 'my key')

The token is that of a session, which expires. It is not given to a vendor whose requests are \
signed one by one; `connector call` makes them.";

/// Options of `token`.
#[derive(Debug, clap::Args)]
pub(crate) struct Token {
    /// The vendor's id; not needed with --saved
    #[arg(value_name = "VENDOR")]
    pub(crate) vendor: Option<String>,
    /// Print the token on a terminal too
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) credential: Credential,
    #[command(flatten)]
    pub(crate) plugin: Plugin,
    #[command(flatten)]
    pub(crate) network: Network,
}

impl Token {
    /// Checks the rule that clap lacks.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        if self.vendor.is_none() && self.credential.source.saved.is_none() {
            return Err("name the VENDOR, or use --saved");
        }
        Ok(())
    }
}
