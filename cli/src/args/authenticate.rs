//! Options of `authenticate`.

use super::{Credential, Network, Reveal, Target};

pub(super) const EXAMPLES: &str = "\
Examples:
  connector authenticate hotjar --credential hotjar.json
  connector authenticate hotjar --saved 'My key'
  secret-tool lookup name hotjar | connector authenticate hotjar --credential - --reveal
  connector authenticate hotjar --field client_id=env:ID --field client_secret=env:SECRET
  connector authenticate contentsquare --saved 'My key' --field project_id=7

The credential is a JSON document with the fields that `connector schema VENDOR` lists.";

/// Options of `authenticate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Authenticate {
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) credential: Credential,
    #[command(flatten)]
    pub(crate) reveal: Reveal,
    #[command(flatten)]
    pub(crate) network: Network,
}
