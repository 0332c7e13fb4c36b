//! Groups of options that several commands take.

use std::path::PathBuf;

use connector_host::Profile;

use crate::fields::Given;
use crate::input::Input;
use crate::table::ListFormat;

/// The format of a list.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Print lists in this format [default: table on a terminal, else json]
    #[arg(long = "output", value_name = "FORMAT")]
    pub(crate) format: Option<ListFormat>,
}

/// The build of the plugin to load.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Plugin {
    /// Load this build of the plugin [default: the one within this program]
    #[arg(long, value_name = "FILE", display_order = 100)]
    pub(crate) component: Option<PathBuf>,
    /// Limit the code of the plugin as for this kind: native or interpreter (for components made
    /// from JavaScript or Python) [default: native]
    #[arg(
        long,
        value_name = "PROFILE",
        requires = "component",
        default_value_t,
        hide_default_value = true,
        display_order = 100
    )]
    pub(crate) profile: Profile,
}

/// The store of credentials to use.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct StoreFile {
    /// Keep saved credentials in this file [default: that of the variable `CONNECTOR_STORE`, else a
    /// file in the user's data folder]
    #[arg(
        long = "store",
        value_name = "FILE",
        display_order = 101,
        global = true
    )]
    pub(crate) file: Option<PathBuf>,
}

/// The vendor of a call.
#[derive(Debug, clap::Args)]
pub(crate) struct Target {
    /// The vendor's id, as `connector vendors` lists it
    #[arg(value_name = "VENDOR")]
    pub(crate) vendor: String,
    #[command(flatten)]
    pub(crate) plugin: Plugin,
}

/// The source of the credential. Never an argument: every process of the machine can read
/// arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Credential {
    #[command(flatten)]
    pub(crate) source: Source,
    #[command(flatten)]
    pub(crate) store: StoreFile,
}

/// A document, a saved credential, or fields alone.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
pub(crate) struct Source {
    /// Read the credential, a JSON document, from a file, or - for standard input
    #[arg(long = "credential", value_name = "FILE|-", conflicts_with = "saved")]
    pub(crate) document: Option<Input>,
    /// Use the credential that was saved under this name
    #[arg(long, value_name = "NAME")]
    pub(crate) saved: Option<String>,
    /// Set a field of the credential, a secret one to the value of an environment variable; an
    /// empty VALUE removes it; can be repeated
    // Not parsed by clap: its message for an invalid value would repeat the value.
    #[arg(long = "field", value_name = FIELD)]
    pub(crate) fields: Vec<String>,
}

/// The two forms of a field.
pub(super) const FIELD: &str = "FIELD=env:VARIABLE|FIELD=VALUE";

/// Checks the form of the fields.
pub(super) fn check_fields(fields: &[String]) -> Result<(), &'static str> {
    if fields.iter().any(|field| Given::read(field).is_none()) {
        return Err("a --field is not of the form FIELD=env:VARIABLE or FIELD=VALUE");
    }
    Ok(())
}

/// Whether the secrets of a session are printed.
#[derive(Debug, clap::Args)]
pub(crate) struct Reveal {
    /// Print the secrets of the session instead of a mask
    #[arg(long = "reveal")]
    pub(crate) secrets: bool,
}
