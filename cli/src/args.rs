//! What a person types: commands, options, their help, and the rules between options that clap cannot carry.
//! What the commands then do is in `commands.rs`, `demo.rs` and `simulate.rs`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
use connector_host::{ConnectTo, IpNet, Secret};
use http::HeaderName;

use crate::export::Format;
use crate::failure::{Failure, plain};
use crate::input::Input;
use crate::log::Level;
use crate::saved;
use crate::store::{Location, Store, StoreError};

const EXAMPLES: &str = "\
Examples:
  connector                                  the demo: every vendor, simulated on this machine
  connector vendors                          who can be connected to
  connector schema hotjar                    the fields of a credential, as JSON Schema
  connector authenticate hotjar --credential hotjar.json
  connector connect hotjar                   asks for a credential, and saves it for --saved
  connector form                             a page to keep credentials in, with vendors to try it with
  connector simulate                         vendors to try all this with, without an account

A result is JSON on standard output; words for people go to standard error. \
Exit status: 0 when the call succeeded, 1 when it failed (with {\"error\":{\"kind\":…}} on standard output), 2 for wrong usage.";

const SCHEMA_EXAMPLES: &str = "\
Examples:
  connector schema hotjar
  connector schema contentsquare --as rjsf > uischema.json

`rjsf` and `jsonforms` are used beside the schema itself. The others stand alone, and leave out what their project has no word for; \
`connector validate` checks every rule.";

const AUTHENTICATE_EXAMPLES: &str = "\
Examples:
  connector authenticate hotjar --credential hotjar.json
  secret-tool lookup name hotjar | connector authenticate hotjar --credential - --reveal > session.json

The credential is a JSON document with the fields that `connector schema VENDOR` lists.";

const CONNECT_EXAMPLES: &str = "\
Examples:
  connector connect hotjar
  connector authenticate hotjar --saved 'the name given'

The secrets are sealed with a key that is kept apart: in the user's configuration folder, or, in base64, in the environment \
variable CONNECTOR_STORE_KEY. Whoever loses the key has to enter the credentials again.";

const REFRESH_EXAMPLES: &str = "\
Examples:
  connector authenticate hotjar --credential hotjar.json --reveal > session.json
  connector refresh hotjar --credential hotjar.json --session session.json --reveal

The session must have been printed with --reveal; keep it in a file that only you can read.";

const CLASSIFY_EXAMPLES: &str = "\
Examples:
  connector classify hotjar --status 401
  connector classify contentsquare --status 429 --header 'Retry-After: 30' --body response.json";

/// Signs in to vendors with a connector plugin: shows what a credential needs, checks it, gets a session, and says
/// what an API's answer means for it.
#[derive(Debug, Parser)]
#[command(name = "connector", version, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The demo when there is none.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// Tell on standard error what happens within, for whoever looks for a fault; no secret is in it
    #[arg(long, value_name = "LEVEL", display_order = 102, global = true)]
    pub(crate) log: Option<Level>,
}

/// One command each; `demo` is the default. What the options mean is said at their types.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the plugin at work with every vendor, against simulators on this machine (the default)
    Demo(Plugin),
    /// List the vendors that the plugin can connect to
    Vendors(Plugin),
    /// Print the fields of a vendor's credential as JSON Schema, or as another project's form
    #[command(after_help = SCHEMA_EXAMPLES)]
    Schema {
        #[command(flatten)]
        target: Target,
        /// Print the form in this project's own format; without it, the JSON Schema (2020-12) as it is
        #[arg(long = "as", value_name = "FORMAT")]
        format: Option<Format>,
    },
    /// Check a credential's fields without asking the vendor
    Validate {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        credential: Credential,
    },
    /// Sign in, and print the session
    #[command(after_help = AUTHENTICATE_EXAMPLES)]
    Authenticate {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        credential: Credential,
        #[command(flatten)]
        reveal: Reveal,
        #[command(flatten)]
        network: Network,
    },
    /// Replace a session by a new one
    #[command(after_help = REFRESH_EXAMPLES)]
    Refresh {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        credential: Credential,
        /// The session to replace, as `authenticate --reveal` printed it, in a file, or - for standard input
        #[arg(long, value_name = "FILE|-")]
        session: Input,
        #[command(flatten)]
        reveal: Reveal,
        #[command(flatten)]
        network: Network,
    },
    /// Ask the vendor what a credential reaches: scopes and projects
    Inspect {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        credential: Credential,
        #[command(flatten)]
        network: Network,
    },
    /// Ask for a vendor's credential on the terminal, and save it
    #[command(after_help = CONNECT_EXAMPLES)]
    Connect(Connect),
    /// List the saved credentials, show one, or remove it; secrets stay masked
    Credentials(Credentials),
    /// Say what an API's answer means for the session: use it, refresh it, wait …
    #[command(after_help = CLASSIFY_EXAMPLES)]
    Classify {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        answer: Answer,
    },
    /// Run simulated vendors on this machine until Ctrl-C, with credentials to try
    Simulate(Simulate),
    /// Serve a page on this machine where credentials are added, checked, chosen and edited, until Ctrl-C
    Form(Form),
}

impl Default for Command {
    fn default() -> Self {
        Self::Demo(Plugin::default())
    }
}

/// Which build of the plugin to load.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Plugin {
    /// Another build of the plugin, instead of the one built with this program
    #[arg(long, value_name = "FILE", display_order = 100)]
    pub(crate) component: Option<PathBuf>,
}

/// Which store of credentials to use.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct StoreFile {
    /// Keep saved credentials in this file instead of the user's data folder
    #[arg(long, value_name = "FILE", display_order = 101, global = true)]
    pub(crate) store: Option<PathBuf>,
}

impl StoreFile {
    /// The place that the option names.
    pub(crate) fn location(&self) -> Result<Location, StoreError> {
        Location::of(self.store.as_deref(), "credentials.db")
    }

    /// The same for what is tried with simulated vendors, who must never be sent a real secret, nor leave their own among the
    /// real ones.
    pub(crate) fn location_of_trial(&self) -> Result<Location, StoreError> {
        Location::of(self.store.as_deref(), "simulated.db")
    }
}

/// Whom a call is about.
#[derive(Debug, clap::Args)]
pub(crate) struct Target {
    /// The vendor's id, as `connector vendors` lists it
    #[arg(value_name = "VENDOR")]
    pub(crate) vendor: String,
    #[command(flatten)]
    pub(crate) plugin: Plugin,
}

/// Where the credential comes from. Never an argument: those are seen by every process of the machine.
#[derive(Debug, clap::Args)]
pub(crate) struct Credential {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    store: StoreFile,
}

/// Exactly one of them.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Source {
    /// The credential, a JSON document in a file, or - for standard input
    #[arg(long = "credential", value_name = "FILE|-")]
    document: Option<Input>,
    /// The credential that was saved under this name
    #[arg(long, value_name = "NAME")]
    saved: Option<String>,
}

impl Credential {
    /// The document, from wherever it comes. A saved one must be of this vendor.
    pub(crate) fn text(&self, vendor: &str) -> Result<Secret, Failure> {
        if let Some(document) = &self.source.document {
            return Ok(document.text()?.into());
        }
        let store = Store::open(&self.store.location()?)?;
        let saved = saved::named(&store, self.source.saved.as_deref().unwrap_or_default())?;
        if saved.vendor == vendor {
            return Ok(store.document(saved.id)?);
        }
        Err(Failure::Input(plain(&format!(
            "the saved credential {:?} is of the vendor {}, and not of {vendor}",
            saved.name, saved.vendor
        ))))
    }
}

/// Options of `connect`.
#[derive(Debug, clap::Args)]
pub(crate) struct Connect {
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) store: StoreFile,
    #[command(flatten)]
    pub(crate) network: Network,
}

/// Options of `credentials`.
#[derive(Debug, clap::Args)]
pub(crate) struct Credentials {
    /// The list when there is none.
    #[command(subcommand)]
    pub(crate) action: Option<SavedAction>,
    #[command(flatten)]
    pub(crate) store: StoreFile,
}

/// What to do with saved credentials.
#[derive(Debug, Subcommand)]
pub(crate) enum SavedAction {
    /// List them all (the default)
    List,
    /// Show one
    Show {
        /// Its name
        name: String,
    },
    /// Remove one for good
    Remove {
        /// Its name
        name: String,
        /// Do not ask first
        #[arg(long)]
        yes: bool,
    },
}

/// How the vendor is reached; by default where its name leads.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Network {
    /// Trust this certificate authority too (a PEM file)
    #[arg(long, value_name = "PEM")]
    pub(crate) cacert: Option<PathBuf>,
    /// Connect to HOST2:PORT2 whenever HOST1:PORT1 is meant, as curl does; may be given several times
    #[arg(long, value_name = "HOST1:PORT1:HOST2:PORT2")]
    pub(crate) connect_to: Vec<ConnectTo>,
    /// Allow connections to this address or network, such as 10.1.0.0/16, although it is not public; may be given several times
    #[arg(long, value_name = "CIDR", value_parser = addresses)]
    pub(crate) allow_address: Vec<IpNet>,
}

/// A network in CIDR notation, or a single address.
fn addresses(text: &str) -> Result<IpNet, &'static str> {
    let single = |_| text.parse::<IpAddr>().map(IpNet::from);
    text.parse()
        .or_else(single)
        .map_err(|_| "expected an address, or a network such as 10.1.0.0/16 or fd00::/8")
}

/// Whether a session is printed so that it can be used.
#[derive(Debug, clap::Args)]
pub(crate) struct Reveal {
    /// Print the access token, which is masked otherwise
    #[arg(long = "reveal")]
    pub(crate) token: bool,
}

/// An API's answer, for `classify`.
#[derive(Debug, clap::Args)]
pub(crate) struct Answer {
    /// The answer's HTTP status
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(100..=599))]
    pub(crate) status: u16,
    /// A header field of the answer; may be given several times
    // Taken as it is, and read by `headers`: clap's message for a value it refuses would repeat it.
    #[arg(long = "header", value_name = "NAME: VALUE")]
    header: Vec<String>,
    /// The answer's body, or its beginning, in a file, or - for standard input
    #[arg(long, value_name = "FILE|-")]
    pub(crate) body: Option<Input>,
}

impl Answer {
    /// The header fields, or `None` when one of them is not a header field.
    pub(crate) fn headers(&self) -> Option<Vec<(String, Vec<u8>)>> {
        self.header.iter().map(|field| header(field)).collect()
    }
}

/// Options of `form`.
#[derive(Debug, clap::Args)]
pub(crate) struct Form {
    /// Ask the real vendors, and not those simulated on this machine
    #[arg(long)]
    pub(crate) live: bool,
    /// Listen at this port; any that is free if it is not given
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) port: u16,
    #[command(flatten)]
    pub(crate) store: StoreFile,
    #[command(flatten)]
    pub(crate) plugin: Plugin,
}

/// Options of `simulate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Simulate {
    /// Write the certificate authority to this new file instead of a temporary one
    #[arg(long, value_name = "FILE")]
    pub(crate) cacert_out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) plugin: Plugin,
}

impl Args {
    /// Reads the command line; ends the process with a message and status 2 when it is wrong.
    pub(crate) fn read() -> Self {
        let args = Self::parse();
        if let Err(wrong) = args.check() {
            Self::command()
                .error(ErrorKind::ValueValidation, wrong)
                .exit();
        }
        args
    }

    /// Checks what clap does not. The messages hold nothing of what was typed, which may be a secret.
    fn check(&self) -> Result<(), &'static str> {
        let Some(command) = &self.command else {
            return Ok(());
        };
        let documents = command.documents();
        if documents
            .into_iter()
            .flatten()
            .any(Input::is_the_document_itself)
        {
            return Err(
                "a document was given where a file is expected: put it in a file, or pipe it and give - \
                 (what is typed as an argument can be seen by other users of this machine)",
            );
        }
        if documents == [Some(&Input::Stdin); 2] {
            return Err("standard input can be the credential or the session, not both");
        }
        match command {
            Command::Classify { answer, .. } if answer.headers().is_none() => {
                Err("a --header is not of the form 'name: value'")
            }
            _ => Ok(()),
        }
    }
}

impl Command {
    /// The documents that the command reads.
    fn documents(&self) -> [Option<&Input>; 2] {
        match self {
            Self::Demo(_)
            | Self::Vendors(_)
            | Self::Schema { .. }
            | Self::Connect(_)
            | Self::Credentials(_)
            | Self::Simulate(_)
            | Self::Form(_) => [None, None],
            Self::Validate { credential, .. }
            | Self::Authenticate { credential, .. }
            | Self::Inspect { credential, .. } => [credential.source.document.as_ref(), None],
            Self::Refresh {
                credential,
                session,
                ..
            } => [credential.source.document.as_ref(), Some(session)],
            Self::Classify { answer, .. } => [answer.body.as_ref(), None],
        }
    }
}

/// Splits `name: value`. The value may hold any bytes; the name may not.
fn header(field: &str) -> Option<(String, Vec<u8>)> {
    let (name, value) = field.split_once(':')?;
    HeaderName::try_from(name).ok()?;
    Some((name.to_owned(), value.trim().as_bytes().to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str) -> Result<Args, String> {
        let args = Args::try_parse_from(line.split(' ')).map_err(|e| e.to_string())?;
        args.check()?;
        Ok(args)
    }

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn no_command_is_allowed_and_an_unknown_one_is_not() {
        assert!(check("connector").unwrap().command.is_none());
        assert!(check("connector frobnicate").is_err());
    }

    #[test]
    fn standard_input_cannot_be_two_documents() {
        let one = "connector refresh v --credential c.json --session -";
        assert!(check(one).is_ok());
        let both = "connector refresh v --credential - --session -";
        assert!(check(both).unwrap_err().contains("not both"));
    }

    #[test]
    fn a_document_as_an_argument_is_refused_and_not_repeated() {
        for option in ["--credential", "--session"] {
            let other = if option == "--session" {
                "--credential"
            } else {
                "--session"
            };
            let line =
                format!("connector refresh v {other} f {option} {{\"client_secret\":\"hush\"}}");
            let message = check(&line).unwrap_err();
            assert!(message.contains("put it in a file"), "{message}");
            assert!(!message.contains("hush"), "{message}");
        }
    }

    #[test]
    fn headers_are_split_at_the_first_colon() {
        assert_eq!(
            header("Link: <https://a:1>"),
            Some(("Link".to_owned(), b"<https://a:1>".to_vec()))
        );
        assert_eq!(header("x:"), Some(("x".to_owned(), Vec::new())));
        assert_eq!(header("no colon"), None);
        assert_eq!(header("two words: x"), None);
    }

    #[test]
    fn a_wrong_header_is_not_repeated() {
        let message = check("connector classify v --status 401 --header hush").unwrap_err();
        assert!(
            message.contains("--header") && !message.contains("hush"),
            "{message}"
        );
    }

    #[test]
    fn a_status_is_an_http_status() {
        assert!(check("connector classify v --status 401").is_ok());
        assert!(check("connector classify v --status 99").is_err());
        assert!(check("connector classify v").is_err());
    }

    #[test]
    fn connect_to_is_repeatable_and_checked() {
        let line = "connector inspect v --credential c --connect-to a:443:127.0.0.1:1 --connect-to b:443:127.0.0.1:2";
        assert!(check(line).is_ok());
        assert!(check("connector inspect v --credential c --connect-to nonsense").is_err());
    }

    #[test]
    fn allow_address_takes_networks_and_single_addresses() {
        for (text, means) in [
            ("10.1.0.0/16", Some("10.1.0.0/16")),
            ("127.0.0.1", Some("127.0.0.1/32")),
            ("fd00::/8", Some("fd00::/8")),
            ("::1", Some("::1/128")),
            ("10.1.0.0/33", None),
            ("10.1", None),
            ("localhost", None),
        ] {
            let read = addresses(text).ok().map(|net| net.to_string());
            assert_eq!(read.as_deref(), means, "{text}");
        }
        let line =
            "connector inspect v --credential c --allow-address ::1 --allow-address 10.0.0.0/8";
        assert!(check(line).is_ok());
    }
}
