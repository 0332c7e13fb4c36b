//! Options of `credentials`, and its actions.

use std::path::PathBuf;

use clap::Subcommand;

use super::options::FIELD;
use super::{List, Network, Plugin, StoreFile};
use crate::input::Input;
use crate::platform::Platform;
use crate::table::ListFormat;

pub(super) const EXAMPLES: &str = "\
Examples:
  connector credentials
  connector credentials check 'my key'
  connector credentials edit 'my key' --check --field client_secret=env:SECRET";

const EDIT_EXAMPLES: &str = "\
Examples:
  connector credentials edit 'my key'
  connector credentials edit 'my key' --check --field client_secret=env:NEW_SECRET

To replace a secret without a gap: make a new one at the vendor, edit with --check, and then \
revoke the old one. Until the vendor accepts the new one, other commands use the old one.";

const EXPORT_EXAMPLES: &str = "\
Examples:
  connector credentials export 'my key' --output my-key.sealed
  connector credentials export --all --passphrase-file passphrase.txt > all.sealed

The passphrase is that of --passphrase-file, else of the variable CONNECTOR_PASSPHRASE, else it is \
asked for on the terminal. Sessions are not exported: a token that is replaced on each use can \
live on one machine only.";

pub(super) const IMPORT_EXAMPLES: &str = "\
Examples:
  connector credentials import my-key.sealed
  connector credentials import all.sealed --rename 'my key=my other key'
  connector credentials import --from nango connection.json --vendor hotjar --name 'my key'
  n8n export:credentials --id=7 --decrypted | connector credentials import --from n8n - \
--vendor contentsquare

All credentials are imported, or none. No request is sent; `connector credentials check` sends \
one.";

const REKEY_EXAMPLES: &str = "\
Examples:
  connector credentials rekey
  openssl rand -base64 32 > new.key && chmod 600 new.key
  connector credentials rekey --new-key-file new.key

Every secret is sealed with the new key, or none: an interruption loses nothing. Earlier keys stay \
in the key file, because other stores may have them. A copy of the store that was made before \
needs the key that it had then.";

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

impl Credentials {
    /// The format of the list, given before or after `list`.
    pub(crate) fn format(&self) -> Option<ListFormat> {
        match &self.action {
            Some(SavedAction::List { list }) => list.format.or(self.list.format),
            _ => self.list.format,
        }
    }
}

/// The action on saved credentials.
#[derive(Debug, Subcommand)]
pub(crate) enum SavedAction {
    /// List all saved credentials [default]
    List {
        #[command(flatten)]
        list: List,
    },
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
    #[command(after_help = EDIT_EXAMPLES)]
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
        /// Save only what the vendor accepts; else the credential stays as it is
        #[arg(long)]
        check: bool,
        #[command(flatten)]
        plugin: Plugin,
        #[command(flatten)]
        network: Network,
    },
    /// Give the store a new key, and seal all secrets with it
    #[command(after_help = REKEY_EXAMPLES)]
    Rekey {
        /// Use the key in this file: 32 bytes in base64. Needed where the key is in
        /// `CONNECTOR_STORE_KEY` [default: a random one, in the key file]
        #[arg(long, value_name = "FILE")]
        new_key_file: Option<PathBuf>,
        /// Remove the earlier keys from the key file; other stores that have them can no longer be
        /// opened
        #[arg(long)]
        drop_earlier_keys: bool,
    },
    /// Export credentials to a file for another machine, sealed with a passphrase
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(Export),
    /// Import the credentials of an export, or the connection of another platform
    #[command(after_help = IMPORT_EXAMPLES)]
    Import(Import),
}

/// Options of `credentials export`.
#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    /// The names of the credentials
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Export all saved credentials
    #[arg(long, conflicts_with = "names")]
    pub(crate) all: bool,
    /// Write to this new file [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Read the passphrase, one line, from a file, or - for standard input [default: the variable
    /// `CONNECTOR_PASSPHRASE`, else ask]
    #[arg(long, value_name = "FILE|-")]
    pub(crate) passphrase_file: Option<Input>,
    #[command(flatten)]
    pub(crate) plugin: Plugin,
}

/// Options of `credentials import`.
#[derive(Debug, clap::Args)]
pub(crate) struct Import {
    /// The file to import, or - for standard input
    #[arg(value_name = "FILE|-")]
    pub(crate) input: Input,
    /// Convert the connection that this platform stored, and name each change
    #[arg(long, value_name = "PLATFORM", requires = "vendor")]
    pub(crate) from: Option<Platform>,
    /// With --from: the vendor's id, as `connector vendors` lists it
    #[arg(long, value_name = "VENDOR", requires = "from")]
    pub(crate) vendor: Option<String>,
    /// With --from: save it under this name [default: its name in n8n]
    #[arg(long, value_name = "NAME", requires = "from")]
    pub(crate) name: Option<String>,
    /// With --from: save it with this description
    #[arg(long, value_name = "TEXT", requires = "from")]
    pub(crate) description: Option<String>,
    /// Import the credential OLD under the name NEW; can be repeated
    #[arg(long = "rename", value_name = "OLD=NEW", conflicts_with = "from")]
    rename: Vec<String>,
    /// Replace saved credentials of the same names
    #[arg(long)]
    pub(crate) replace: bool,
    /// Read the passphrase, one line, from a file, or - for standard input [default: the variable
    /// `CONNECTOR_PASSPHRASE`, else ask]
    #[arg(long, value_name = "FILE|-", conflicts_with = "from")]
    pub(crate) passphrase_file: Option<Input>,
    #[command(flatten)]
    pub(crate) plugin: Plugin,
}

/// Options of `import`, another name of `credentials import`.
#[derive(Debug, clap::Args)]
pub(crate) struct ImportCommand {
    #[command(flatten)]
    pub(crate) import: Import,
    #[command(flatten)]
    pub(crate) store: StoreFile,
}

impl Export {
    /// Checks the rule that clap lacks.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        if self.names.is_empty() && !self.all {
            return Err("name the credentials to export, or use --all");
        }
        Ok(())
    }
}

impl Import {
    /// The files that the command reads.
    pub(super) fn documents(&self) -> [Option<&Input>; 2] {
        [Some(&self.input), self.passphrase_file.as_ref()]
    }

    /// The credentials to rename, and their new names.
    pub(crate) fn renames(&self) -> impl Iterator<Item = (&str, &str)> {
        self.rename.iter().filter_map(|names| names.split_once('='))
    }

    /// Checks the rule that clap lacks.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        if self.rename.len() == self.renames().count() {
            return Ok(());
        }
        Err("a --rename is not of the form OLD=NEW")
    }
}

impl SavedAction {
    /// The files that the action reads.
    pub(super) fn documents(&self) -> [Option<&Input>; 2] {
        match self {
            Self::Export(export) => [export.passphrase_file.as_ref(), None],
            Self::Import(import) => import.documents(),
            _ => [None, None],
        }
    }
}
