//! The command line: commands, options, their help, and rules between options that clap lacks.
//! Nothing here reads a file, the environment or a store; the commands do.

mod call;
mod check;
mod record;
mod token;

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use connector_host::Profile;
use http::HeaderName;

use crate::export::Format;
use crate::fields::Given;
use crate::input::Input;
use crate::log::Level;
pub(crate) use crate::network::Network;
use crate::table::ListFormat;

pub(crate) use call::{Call, Data};
pub(crate) use check::Check;
pub(crate) use record::Record;
pub(crate) use token::Token;

const EXAMPLES: &str = "\
Examples:
  connector                         Run the demo: every vendor, simulated on this machine
  connector vendors                 List the vendors
  connector schema hotjar           Print the fields of a credential as JSON Schema
  connector authenticate hotjar --credential hotjar.json
  connector connect hotjar          Ask for a credential, and save it for --saved
  connector call --saved 'my key' '/v1/sites/1/surveys?limit=1'
  connector form                    Serve a page for credentials, with simulated vendors
  connector simulate                Run simulated vendors to try the other commands with

Results are JSON on standard output; messages for people go to standard error. Texts of a vendor \
are in the language of LC_ALL, LC_MESSAGES or LANG, where the plugin has it.

A failure prints {\"error\":{\"kind\":…}} on standard output. Exit status: 0 for success; 2 for \
wrong usage; 3 if the credential is invalid or was refused; 4 if the vendor cannot be reached; 5 \
if it throttles calls or is unavailable; 1 for other failures.";

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
  connector authenticate hotjar --field client_id=env:ID --field client_secret=env:SECRET
  connector authenticate contentsquare --saved 'My key' --field project_id=7

The credential is a JSON document with the fields that `connector schema VENDOR` lists.";

const CONNECT_EXAMPLES: &str = "\
Examples:
  connector connect hotjar
  connector authenticate hotjar --saved 'My key'
  connector connect hotjar --name ci --stdin < hotjar.json
  connector connect hotjar --name ci --field client_id=env:ID --field client_secret=env:SECRET

With --stdin or --field nothing is asked, and no request is sent.

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

const SIMULATE_EXAMPLES: &str = "\
Examples:
  connector simulate
  connector simulate --env > simulate.env &
  . ./simulate.env; connector authenticate hotjar --credential \"$HOTJAR_CREDENTIAL\"";

const DOCTOR_EXAMPLES: &str = "\
Examples:
  connector doctor
  connector doctor --cacert company-ca.pem

Each origin that the plugin declares gets one request without a credential. Exit status: 1 if a \
check failed.";

const FORM_NOTE: &str = "\
Without --live, CONNECTOR_STORE is not used: real secrets are not for simulated vendors.";

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  connector completions bash > ~/.local/share/bash-completion/completions/connector
  connector completions zsh > \"${fpath[1]}/_connector\"
  connector completions fish > ~/.config/fish/completions/connector.fish";

const MAN_EXAMPLES: &str = "\
Examples:
  connector man call | man -l -
  connector man --dir ~/.local/share/man/man1";

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
    Vendors(Vendors),
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
    /// Call a vendor's API, and print the response
    #[command(
        after_help = call::EXAMPLES,
        override_usage = "connector call [OPTIONS] [VENDOR] PATH"
    )]
    Call(Call),
    /// Print the access token of a session, for scripts
    #[command(after_help = token::EXAMPLES)]
    Token(Token),
    /// Ask for a vendor's credential on the terminal, and save it
    #[command(after_help = CONNECT_EXAMPLES)]
    Connect(Connect),
    /// List, show, check, edit, rename or remove saved credentials; secrets stay masked
    Credentials(Credentials),
    /// Classify an API response: use it, refresh the session, wait …
    #[command(after_help = CLASSIFY_EXAMPLES)]
    Classify {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        response: Response,
    },
    /// Check whether a plugin keeps the contract
    #[command(after_help = check::EXAMPLES)]
    Check(Check),
    /// Sign in, and write the exchange as a sample for `check`, without its secrets
    #[command(after_help = record::EXAMPLES)]
    Record(Record),
    /// Check the store, the plugin, the clock and the way to the vendors
    #[command(after_help = DOCTOR_EXAMPLES)]
    Doctor(Doctor),
    /// Print the completions of the command line for a shell
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions {
        /// The shell
        #[arg(value_name = "SHELL")]
        shell: Shell,
    },
    /// Print the manual page of the program, or of one of its commands
    #[command(after_help = MAN_EXAMPLES)]
    Man {
        /// The command [default: the program itself]
        #[arg(value_name = "COMMAND")]
        command: Option<String>,
        /// Write all pages to files in this folder instead
        #[arg(long, value_name = "FOLDER", conflicts_with = "command")]
        dir: Option<PathBuf>,
    },
    /// Run simulated vendors on this machine until Ctrl-C, with credentials to try
    #[command(after_help = SIMULATE_EXAMPLES)]
    Simulate(Simulate),
    /// Serve a page on this machine to add, check and edit credentials, until Ctrl-C
    #[command(after_help = FORM_NOTE)]
    Form(Form),
}

impl Default for Command {
    fn default() -> Self {
        Self::Demo(Plugin::default())
    }
}

/// Options of `vendors`.
#[derive(Debug, clap::Args)]
pub(crate) struct Vendors {
    #[command(flatten)]
    pub(crate) list: List,
    #[command(flatten)]
    pub(crate) plugin: Plugin,
}

/// The format of a list.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Print lists in this format [default: table on a terminal, else json]
    #[arg(long = "output", value_name = "FORMAT", global = true)]
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
const FIELD: &str = "FIELD=env:VARIABLE|FIELD=VALUE";

/// Checks the form of the fields.
fn check_fields(fields: &[String]) -> Result<(), &'static str> {
    if fields.iter().any(|field| Given::read(field).is_none()) {
        return Err("a --field is not of the form FIELD=env:VARIABLE or FIELD=VALUE");
    }
    Ok(())
}

/// Options of `connect`.
#[derive(Debug, clap::Args)]
pub(crate) struct Connect {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Save it under this name instead of asking for one
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Save it with this description instead of asking for one
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// Read the credential, a JSON document, from standard input instead of asking
    #[arg(long, requires = "name")]
    pub(crate) stdin: bool,
    /// Set a field of the credential instead of asking, a secret one to the value of an environment
    /// variable; can be repeated
    #[arg(long = "field", value_name = FIELD)]
    pub(crate) fields: Vec<String>,
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
    /// For `--live` only.
    #[command(flatten)]
    pub(crate) network: Network,
}

/// Options of `doctor`.
#[derive(Debug, clap::Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) list: List,
    #[command(flatten)]
    pub(crate) store: StoreFile,
    #[command(flatten)]
    pub(crate) plugin: Plugin,
    #[command(flatten)]
    pub(crate) network: Network,
}

/// Options of `simulate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Simulate {
    /// Write the certificate authority to this new file [default: a temporary file]
    #[arg(long, value_name = "FILE")]
    pub(crate) cacert_out: Option<PathBuf>,
    /// Print environment variables for a shell, with which other commands reach these vendors and
    /// use a store of their own
    #[arg(long)]
    pub(crate) env: bool,
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
            return Err("standard input can be one of the documents, not both");
        }
        check_fields(command.fields())?;
        match command {
            Command::Call(call) => call.check(),
            Command::Record(record) => record.check(),
            Command::Token(token) => token.check(),
            Command::Classify { response, .. } if response.headers().is_none() => Err(WRONG_HEADER),
            Command::Form(form) if !form.live && form.network.is_set() => Err(
                "network options need --live; without it the vendors are simulated on this \
                 machine",
            ),
            _ => Ok(()),
        }
    }
}

impl Command {
    /// Whether standard output holds the JSON of a failure. Not on a terminal, where the message on
    /// standard error says the same; nor where a script would take it for a response or a token.
    pub(crate) fn prints_json(&self, to_terminal: bool) -> bool {
        match self {
            Self::Call(_)
            | Self::Token(_)
            | Self::Check(_)
            | Self::Doctor(_)
            | Self::Completions { .. }
            | Self::Man { .. } => false,
            Self::Vendors(Vendors { list, .. }) | Self::Credentials(Credentials { list, .. }) => {
                list.format
                    .map_or(!to_terminal, |format| format == ListFormat::Json)
            }
            _ => !to_terminal,
        }
    }

    /// The fields that the command sets.
    fn fields(&self) -> &[String] {
        match self {
            Self::Validate { credential, .. }
            | Self::Authenticate { credential, .. }
            | Self::Inspect { credential, .. }
            | Self::Refresh { credential, .. }
            | Self::Call(Call { credential, .. })
            | Self::Record(Record { credential, .. })
            | Self::Token(Token { credential, .. }) => &credential.source.fields,
            Self::Connect(Connect { fields, .. })
            | Self::Credentials(Credentials {
                action: Some(SavedAction::Edit { fields, .. }),
                ..
            }) => fields,
            _ => &[],
        }
    }

    /// The documents that the command reads.
    fn documents(&self) -> [Option<&Input>; 2] {
        match self {
            Self::Demo(_)
            | Self::Vendors(_)
            | Self::Describe(_)
            | Self::Schema { .. }
            | Self::Connect(_)
            | Self::Credentials(_)
            | Self::Check(_)
            | Self::Doctor(_)
            | Self::Completions { .. }
            | Self::Man { .. }
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
            Self::Call(call) => call.documents(),
            Self::Token(token) => [token.credential.source.document.as_ref(), None],
            Self::Record(record) => [record.credential.source.document.as_ref(), None],
            Self::Classify { response, .. } => [response.body.as_ref(), None],
        }
    }
}

/// A message that does not repeat the argument.
const WRONG_HEADER: &str = "a --header is not of the form 'name: value'";

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
    fn allow_address_is_repeatable() {
        let line =
            "connector inspect v --credential c --allow-address ::1 --allow-address 10.0.0.0/8";
        assert!(check(line).is_ok());
    }

    #[test]
    fn the_form_takes_all_network_options_with_live_only() {
        for options in [
            "--cacert ca.pem",
            "--connect-to a:443:127.0.0.1:1",
            "--allow-address 10.0.0.0/8",
            "--proxy http://proxy:3128",
            "--noproxy a.example",
            "--connect-timeout 2.5",
            "--max-time 60",
            "--user-agent me/1",
        ] {
            let message = check(&format!("connector form {options}")).unwrap_err();
            assert!(message.contains("--live"), "{message}");
            assert!(check(&format!("connector form --live {options}")).is_ok());
            let line = format!("connector inspect v --credential c {options}");
            assert!(check(&line).is_ok(), "{options}");
        }
    }

    #[test]
    fn a_proxys_url_is_not_repeated() {
        let line = "connector inspect v --credential c --proxy nonsense://u:hush@x";
        let args = check(line).unwrap();
        assert!(!format!("{args:?}").contains("hush"));
        let message = check(&format!("{line} --frobnicate")).unwrap_err();
        assert!(!message.contains("hush"), "{message}");
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
