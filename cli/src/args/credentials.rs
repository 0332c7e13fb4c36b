//! Options of `credentials`, and its actions.

use clap::Subcommand;

use super::options::FIELD;
use super::{List, Network, Plugin, StoreFile};

/// Options of `credentials`.
#[derive(Debug, clap::Args)]
pub(crate) struct Credentials {
    /// Without one, the list.
    #[command(subcommand)]
    pub(crate) action: Option<SavedAction>,
    #[command(flatten)]
    pub(crate) list: List,
    #[command(flatten)]
    pub(crate) store: StoreFile,
}

/// The action on saved credentials.
#[derive(Debug, Subcommand)]
pub(crate) enum SavedAction {
    /// List all saved credentials [default]
    List,
    /// Show one credential
    Show {
        /// The name of the credential
        name: String,
    },
    /// Remove one credential for good
    Remove {
        /// The name of the credential
        name: String,
        /// Do not ask for confirmation
        #[arg(long)]
        yes: bool,
    },
    /// Check that the vendor accepts one credential
    Check {
        /// The name of the credential
        name: String,
        #[command(flatten)]
        plugin: Plugin,
        #[command(flatten)]
        network: Network,
    },
    /// Give one credential another name
    Rename {
        /// The name of the credential
        name: String,
        /// Its new name
        #[arg(value_name = "NEW")]
        new: String,
        #[command(flatten)]
        plugin: Plugin,
    },
    /// Edit the fields of one credential: those of --field, else each in a dialogue
    Edit {
        /// The name of the credential
        name: String,
        /// Replace the description
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
        /// Set a field, a secret one to the value of an environment variable; an empty VALUE
        /// removes it; can be repeated
        #[arg(long = "field", value_name = FIELD)]
        fields: Vec<String>,
        #[command(flatten)]
        plugin: Plugin,
        #[command(flatten)]
        network: Network,
    },
}
