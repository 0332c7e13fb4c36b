//! Options of `doctor`.

use super::{List, Network, Plugin, StoreFile};

pub(super) const EXAMPLES: &str = "\
Examples:
  connector doctor
  connector doctor --cacert company-ca.pem

Each origin that the plugin declares gets one request without a credential, through the proxy \
unless NO_PROXY excepts it. Exit status: 1 if a check failed.";

/// Options of `doctor`.
#[derive(Debug, clap::Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) list: List,
    #[command(flatten)]
    pub(crate) store: StoreFile,
    #[command(flatten)]
    pub(crate) plugin: Plugin,
    #[command(flatten)]
    pub(crate) network: Network,
}
