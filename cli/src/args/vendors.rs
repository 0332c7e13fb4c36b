//! Options of `vendors`.

use super::{List, Plugin};

/// Options of `vendors`.
#[derive(Debug, clap::Args)]
pub(crate) struct Vendors {
    #[command(flatten)]
    pub(crate) list: List,
    #[command(flatten)]
    pub(crate) plugin: Plugin,
}
