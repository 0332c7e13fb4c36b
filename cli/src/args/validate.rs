//! Options of `validate`.

use super::{Credential, Target};

/// Options of `validate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Validate {
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) credential: Credential,
}
