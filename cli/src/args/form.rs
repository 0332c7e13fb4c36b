//! Options of `form`.

use super::{Network, Plugin, StoreFile};

pub(super) const NOTE: &str = "\
Without --live, CONNECTOR_STORE is not used: real secrets are not for simulated vendors.";

/// Options of `form`.
#[derive(Debug, clap::Args)]
pub(crate) struct Form {
    /// Connect to the real vendors instead of those simulated on this machine
    #[arg(long)]
    pub(crate) live: bool,
    /// Open the page in the default browser
    #[arg(long)]
    pub(crate) open: bool,
    /// Listen on this port [default: a free one]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) port: u16,
    #[command(flatten)]
    pub(crate) store: StoreFile,
    #[command(flatten)]
    pub(crate) plugin: Plugin,
    /// For `--live` only.
    #[command(flatten)]
    pub(crate) network: Network,
}

impl Form {
    /// Checks the rule that clap lacks.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        if !self.live && self.network.is_set() {
            return Err(
                "network options need --live; without it the vendors are simulated on this \
                 machine",
            );
        }
        Ok(())
    }
}
