//! Options of `schema`.

use super::Target;
use crate::export::Format;

pub(super) const EXAMPLES: &str = "\
Examples:
  connector schema hotjar
  connector schema contentsquare --as rjsf > uischema.json

Use `rjsf` and `jsonforms` beside the schema itself. The other formats stand alone, and leave out \
rules that they cannot express; `connector validate` checks every rule.";

/// Options of `schema`.
#[derive(Debug, clap::Args)]
pub(crate) struct Schema {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Print the form in this project's format [default: the JSON Schema (2020-12) itself]
    #[arg(long = "as", value_name = "FORMAT")]
    pub(crate) format: Option<Format>,
}
