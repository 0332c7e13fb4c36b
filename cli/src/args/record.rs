//! Options of `record`.

use std::path::PathBuf;

use super::{Credential, Network, Target};

pub(super) const EXAMPLES: &str = "\
Examples:
  connector record hotjar --saved 'My key' --samples samples
  connector record acme --component acme.wasm --credential acme.json --name wrong-secret

Signs in once. The sample has invented values in place of secrets and tokens; other values, such \
as ids and names, are those of the vendor: review them before you publish it. Check a plugin by \
it with `connector check FILE --samples DIR`.";

/// Options of `record`.
#[derive(Debug, clap::Args)]
pub(crate) struct Record {
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) credential: Credential,
    /// Write the sample to DIR/VENDOR/NAME.json
    #[arg(long, value_name = "DIR", default_value = "samples")]
    pub(crate) samples: PathBuf,
    /// Name the sample: letters, digits and hyphens
    #[arg(long, value_name = "NAME", default_value = "sign-in")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) network: Network,
}

impl Record {
    /// Checks the rule that clap lacks.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if self.name.is_empty() || !self.name.bytes().all(is_plain) {
            return Err("the --name of a sample has letters, digits and hyphens");
        }
        Ok(())
    }
}
