//! The command line: commands, options, their help, and rules between options that clap lacks.
//! Nothing here reads a file, the environment or a store; the commands do.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
use connector_host::{ConnectTo, IpNet, Origin};
use http::HeaderName;

use crate::export::Format;
use crate::input::Input;
use crate::log::Level;

const EXAMPLES: &str = "\
Examples:
  connector                         Run the demo: every vendor, simulated on this machine
  connector vendors                 List the vendors
  connector schema hotjar           Print the fields of a credential as JSON Schema
  connector authenticate hotjar --credential hotjar.json
  connector connect hotjar          Ask for a credential, and save it for --saved
  connector form                    Serve a page for credentials, with simulated vendors
  connector simulate                Run simulated vendors to try the other commands with

Results are JSON on standard output; messages for people go to standard error. Texts of a vendor \
are in the language of LC_ALL, LC_MESSAGES or LANG, where the plugin has it.

Exit status: 0 if the call succeeded, 1 if it failed (with {\"error\":{\"kind\":…}} on standard \
output), 2 for wrong usage.";

const DESCRIBE_EXAMPLES: &str = "\
Examples:
  connector describe hotjar
  LC_ALL=fr connector describe hotjar";

const SCHEMA_EXAMPLES: &str = "\
Examples:
  connector schema hotjar
  connector schema contentsquare --as rjsf > uischema.json

Use `rjsf` and `jsonforms` beside the schema itself. The other formats stand alone, and leave out \
rules that they cannot express; `connector validate` checks every rule.";

const AUTHENTICATE_EXAMPLES: &str = "\
Examples:
  connector authenticate hotjar --credential hotjar.json
  connector authenticate hotjar --saved 'My key'
  secret-tool lookup name hotjar | connector authenticate hotjar --credential - --reveal

The credential is a JSON document with the fields that `connector schema VENDOR` lists.";

const CONNECT_EXAMPLES: &str = "\
Examples:
  connector connect hotjar
  connector authenticate hotjar --saved 'My key'

Secrets are sealed with a key in another folder: the user's configuration folder, or, in base64, \
the environment variable CONNECTOR_STORE_KEY. Without the key they cannot be read.";

const REFRESH_EXAMPLES: &str = "\
Examples:
  connector authenticate hotjar --credential hotjar.json --reveal > session.json
  connector refresh hotjar --credential hotjar.json --session session.json --reveal

The session must have been printed with --reveal; keep it in a file that only you can read.";

const INSPECT_EXAMPLES: &str = "\
Examples:
  connector inspect contentsquare --credential contentsquare.json

The result lists choices for fields of the credential, each by a JSON pointer.";

const CLASSIFY_EXAMPLES: &str = "\
Examples:
  connector classify hotjar --status 401
  connector classify contentsquare --status 429 --header 'Retry-After: 30' --body response.json";

/// Sign in to vendors with a connector plugin
///
/// Shows the fields of a credential, checks it, opens a session, and classifies API responses.
#[derive(Debug, Parser)]
#[command(name = "connector", version, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Without one, the demo.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// Log to standard error at this level; secrets are never logged
    #[arg(long, value_name = "LEVEL", display_order = 102, global = true)]
    pub(crate) log: Option<Level>,
}

/// One command each; `demo` is the default.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the plugin at work against simulated vendors [default]
    Demo(Plugin),
    /// List the vendors that the plugin can connect to
    Vendors(Plugin),
    /// Describe a vendor: name, prerequisites, set-up link
    #[command(after_help = DESCRIBE_EXAMPLES)]
    Describe(Target),
    /// Print the fields of a vendor's credential as JSON Schema, or in another project's format
    #[command(after_help = SCHEMA_EXAMPLES)]
    Schema {
        #[command(flatten)]
        target: Target,
        /// Print the form in this project's format [default: the JSON Schema (2020-12) itself]
        #[arg(long = "as", value_name = "FORMAT")]
        format: Option<Format>,
    },
    /// Check the fields of a credential, without a request to the vendor
    Validate {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        credential: Credential,
    },
    /// Open a session and print it
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
    /// Replace a session with a new one
    #[command(after_help = REFRESH_EXAMPLES)]
    Refresh {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        credential: Credential,
        /// Read the session to replace, printed with --reveal, from a file, or - for standard input
        #[arg(long, value_name = "FILE|-")]
        session: Input,
        #[command(flatten)]
        reveal: Reveal,
        #[command(flatten)]
        network: Network,
    },
    /// Ask the vendor for the access of a credential
    #[command(after_help = INSPECT_EXAMPLES)]
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
    /// List, show or remove saved credentials; secrets stay masked
    Credentials(Credentials),
    /// Classify an API response: use it, refresh the session, wait …
    #[command(after_help = CLASSIFY_EXAMPLES)]
    Classify {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        response: Response,
    },
    /// Run simulated vendors on this machine until Ctrl-C, with credentials to try
    Simulate(Simulate),
    /// Serve a page on this machine to add, check and edit credentials, until Ctrl-C
    Form(Form),
}

impl Default for Command {
    fn default() -> Self {
        Self::Demo(Plugin::default())
    }
}

/// The build of the plugin to load.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Plugin {
    /// Load this build of the plugin [default: the one within this program]
    #[arg(long, value_name = "FILE", display_order = 100)]
    pub(crate) component: Option<PathBuf>,
}

/// The store of credentials to use.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct StoreFile {
    /// Keep saved credentials in this file [default: a file in the user's data folder]
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

/// Exactly one of them.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Source {
    /// Read the credential, a JSON document, from a file, or - for standard input
    #[arg(long = "credential", value_name = "FILE|-")]
    pub(crate) document: Option<Input>,
    /// Use the credential that was saved under this name
    #[arg(long, value_name = "NAME")]
    pub(crate) saved: Option<String>,
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
    /// Without one, the list.
    #[command(subcommand)]
    pub(crate) action: Option<SavedAction>,
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
}

/// The way to the vendor; by default the public DNS and certificate authorities.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Network {
    /// Also trust the certificate authority in this PEM file
    #[arg(long, value_name = "PEM")]
    pub(crate) cacert: Option<PathBuf>,
    /// Connect to HOST2:PORT2 instead of HOST1:PORT1, as curl does; can be repeated
    #[arg(long, value_name = "HOST1:PORT1:HOST2:PORT2")]
    pub(crate) connect_to: Vec<ConnectTo>,
    /// Also allow this address or network that is not public, such as 10.1.0.0/16; can be repeated
    #[arg(long, value_name = "CIDR", value_parser = addresses)]
    pub(crate) allow_address: Vec<IpNet>,
    /// Also allow this origin, such as https://*.acme.example, beside those that the plugin
    /// declares; can be repeated
    #[arg(long = "grant", value_name = "ORIGIN")]
    pub(crate) grants: Vec<Origin>,
}

/// A network in CIDR notation, or a single address.
fn addresses(text: &str) -> Result<IpNet, &'static str> {
    let single = |_| text.parse::<IpAddr>().map(IpNet::from);
    text.parse()
        .or_else(single)
        .map_err(|_| "expected an address, or a network such as 10.1.0.0/16 or fd00::/8")
}

/// Whether the secrets of a session are printed.
#[derive(Debug, clap::Args)]
pub(crate) struct Reveal {
    /// Print the secrets of the session instead of a mask
    #[arg(long = "reveal")]
    pub(crate) secrets: bool,
}

/// An API response, for `classify`.
#[derive(Debug, clap::Args)]
pub(crate) struct Response {
    /// The HTTP status of the response
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(100..=599))]
    pub(crate) status: u16,
    /// A header field of the response; can be repeated
    // Not parsed by clap: its message for an invalid value would repeat the value.
    #[arg(long = "header", value_name = "NAME: VALUE")]
    header: Vec<String>,
    /// Read the body of the response, or its beginning, from a file, or - for standard input
    #[arg(long, value_name = "FILE|-")]
    pub(crate) body: Option<Input>,
}

impl Response {
    /// The header fields, or `None` when one of them is malformed.
    pub(crate) fn headers(&self) -> Option<Vec<(String, Vec<u8>)>> {
        self.header.iter().map(|field| header(field)).collect()
    }
}

/// Options of `form`.
#[derive(Debug, clap::Args)]
pub(crate) struct Form {
    /// Connect to the real vendors instead of those simulated on this machine
    #[arg(long)]
    pub(crate) live: bool,
    /// Also allow this origin, beside those that the plugin declares; can be repeated
    #[arg(long = "grant", value_name = "ORIGIN", requires = "live")]
    pub(crate) grants: Vec<Origin>,
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
}

/// Options of `simulate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Simulate {
    /// Write the certificate authority to this new file [default: a temporary file]
    #[arg(long, value_name = "FILE")]
    pub(crate) cacert_out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) plugin: Plugin,
}

impl Args {
    /// Parses the command line; ends the process with a message and status 2 when it is wrong.
    pub(crate) fn read() -> Self {
        let args = Self::parse();
        if let Err(wrong) = args.check() {
            Self::command()
                .error(ErrorKind::ValueValidation, wrong)
                .exit();
        }
        args
    }

    /// Checks the rules that clap lacks. No message repeats an argument, which may be a secret.
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
                "expected a file, found a document; put it in a file, or pipe it and give - \
                 (other users of this machine can read arguments)",
            );
        }
        if documents == [Some(&Input::Stdin); 2] {
            return Err("standard input can be the credential or the session, not both");
        }
        match command {
            Command::Classify { response, .. } if response.headers().is_none() => {
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
            | Self::Describe(_)
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
            Self::Classify { response, .. } => [response.body.as_ref(), None],
        }
    }
}

/// Splits `name: value`. The value can hold any bytes; the name cannot.
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
        let line = "connector inspect v --credential c --connect-to a:443:127.0.0.1:1 \
                    --connect-to b:443:127.0.0.1:2";
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

    #[test]
    fn a_grant_is_an_origin_and_the_form_takes_it_for_real_vendors_only() {
        for (line, is_right) in [
            (
                "inspect v --credential c --grant https://a.example --grant https://*.b.example",
                true,
            ),
            ("inspect v --credential c --grant a.example", false),
            (
                "inspect v --credential c --grant https://a.example/path",
                false,
            ),
            ("form --live --grant https://a.example", true),
            ("form --grant https://a.example", false),
        ] {
            assert_eq!(
                check(&format!("connector {line}")).is_ok(),
                is_right,
                "{line}"
            );
        }
    }
}
