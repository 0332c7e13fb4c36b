//! Options of `check`.

use std::path::PathBuf;

use connector_host::Profile;

pub(super) const EXAMPLES: &str = "\
Examples:
  connector check plugin.wasm
  connector check plugin.wasm --samples samples --junit report.xml
  connector check plugin.wasm --quick --rule never-traps
  connector check --explain one-request

A sample is a file VENDOR/NAME.toml or VENDOR/NAME.json: an exchange with the vendor, and its \
outcome. Nothing is sent to a real vendor.

Exit status: 0 if a platform can rely on the plugin, 1 if it breaks a rule of the contract.";

/// Options of `check`.
#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// The component to check
    #[arg(value_name = "FILE", required_unless_present = "explain")]
    pub(crate) component: Option<PathBuf>,
    /// Check the exchanges in this folder too
    #[arg(long, value_name = "DIR")]
    pub(crate) samples: Option<PathBuf>,
    /// Write the report as JUnit XML to this file too
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Check only this rule
    #[arg(long, value_name = "NAME")]
    pub(crate) rule: Option<String>,
    /// Generate far fewer inputs
    #[arg(long)]
    pub(crate) quick: bool,
    /// Generate inputs from this number [default: 1]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Limit the code of the plugin as for this kind: native or interpreter (for components made
    /// from JavaScript or Python) [default: native]
    #[arg(
        long,
        value_name = "PROFILE",
        default_value_t,
        hide_default_value = true
    )]
    pub(crate) profile: Profile,
    /// Print the documentation of a rule, or of all rules
    #[arg(
        long,
        value_name = "RULE",
        num_args = 0..=1,
        default_missing_value = "all",
        conflicts_with = "component"
    )]
    pub(crate) explain: Option<String>,
}
