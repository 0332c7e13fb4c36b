//! Options of `connect`.

use super::options::FIELD;
use super::{Network, StoreFile, Target};

pub(super) const EXAMPLES: &str = "\
Examples:
  connector connect hotjar
  connector authenticate hotjar --saved 'My key'
  connector connect hotjar --name ci --stdin < hotjar.json
  connector connect hotjar --name ci --field client_id=env:ID --field client_secret=env:SECRET

With --stdin or --field nothing is asked, and no request is sent.

Secrets are sealed with a key in another folder: the user's configuration folder, or, in base64, \
the environment variable CONNECTOR_STORE_KEY. Without the key they cannot be read.";

/// Options of `connect`.
#[derive(Debug, clap::Args)]
pub(crate) struct Connect {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Save it under this name instead of asking for one
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Save it with this description instead of asking for one
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// Read the credential, a JSON document, from standard input instead of asking
    #[arg(long, requires = "name")]
    pub(crate) stdin: bool,
    /// Set a field of the credential instead of asking, a secret one to the value of an environment
    /// variable; can be repeated
    #[arg(long = "field", value_name = FIELD)]
    pub(crate) fields: Vec<String>,
    #[command(flatten)]
    pub(crate) store: StoreFile,
    #[command(flatten)]
    pub(crate) network: Network,
}
