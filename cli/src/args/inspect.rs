//! Options of `inspect`.

use super::{Credential, Network, Target};

pub(super) const EXAMPLES: &str = "\
Examples:
  connector inspect contentsquare --credential contentsquare.json

The result lists choices for fields of the credential, each by a JSON pointer.";

/// Options of `inspect`.
#[derive(Debug, clap::Args)]
pub(crate) struct Inspect {
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) credential: Credential,
    #[command(flatten)]
    pub(crate) network: Network,
}
