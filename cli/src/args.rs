//! The command line: commands, options, their help, and rules between options that clap lacks; one
//! file for each command. Nothing here reads a file, the environment or a store; the commands do.

mod authenticate;
mod call;
mod check;
mod classify;
mod connect;
mod credentials;
mod describe;
mod doctor;
mod form;
mod inspect;
mod manual;
mod options;
mod record;
mod refresh;
mod schema;
mod simulate;
mod token;
mod validate;
mod vendors;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};

use crate::input::Input;
use crate::log::Level;
pub(crate) use crate::network::Network;
use crate::table::ListFormat;

pub(crate) use authenticate::Authenticate;
pub(crate) use call::{Call, Data};
pub(crate) use check::Check;
pub(crate) use classify::{Classify, Response};
pub(crate) use connect::Connect;
pub(crate) use credentials::{Credentials, Export, Import, ImportCommand, SavedAction};
pub(crate) use doctor::Doctor;
pub(crate) use form::Form;
pub(crate) use inspect::Inspect;
pub(crate) use manual::{Completions, Man};
use options::check_fields;
pub(crate) use options::{Credential, List, Plugin, Reveal, StoreFile, Target};
pub(crate) use record::Record;
pub(crate) use refresh::Refresh;
pub(crate) use schema::Schema;
pub(crate) use simulate::Simulate;
pub(crate) use token::Token;
pub(crate) use validate::Validate;
pub(crate) use vendors::Vendors;

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
    #[command(after_help = describe::EXAMPLES)]
    Describe(Target),
    /// Print the fields of a vendor's credential as JSON Schema, or in another project's format
    #[command(after_help = schema::EXAMPLES)]
    Schema(Schema),
    /// Check the fields of a credential, without a request to the vendor
    Validate(Validate),
    /// Open a session and print it
    #[command(after_help = authenticate::EXAMPLES)]
    Authenticate(Authenticate),
    /// Replace a session with a new one
    #[command(after_help = refresh::EXAMPLES)]
    Refresh(Refresh),
    /// Ask the vendor for the access of a credential
    #[command(after_help = inspect::EXAMPLES)]
    Inspect(Inspect),
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
    #[command(after_help = connect::EXAMPLES)]
    Connect(Connect),
    /// List, show, check, edit, rename, remove, export or import saved credentials, or give their
    /// store a new key; secrets stay masked
    #[command(after_help = credentials::EXAMPLES)]
    Credentials(Credentials),
    /// Import credentials: the same as `connector credentials import`
    #[command(after_help = credentials::IMPORT_EXAMPLES, hide = true)]
    Import(ImportCommand),
    /// Classify an API response: use it, refresh the session, wait …
    #[command(after_help = classify::EXAMPLES)]
    Classify(Classify),
    /// Check whether a plugin keeps the contract
    #[command(after_help = check::EXAMPLES)]
    Check(Check),
    /// Sign in, and write the exchange as a sample for `check`, without its secrets
    #[command(after_help = record::EXAMPLES)]
    Record(Record),
    /// Check the store, the plugin, the clock and the way to the vendors
    #[command(after_help = doctor::EXAMPLES)]
    Doctor(Doctor),
    /// Print the completions of the command line for a shell
    #[command(after_help = manual::COMPLETIONS_EXAMPLES)]
    Completions(Completions),
    /// Print the manual page of the program, or of one of its commands
    #[command(after_help = manual::MAN_EXAMPLES)]
    Man(Man),
    /// Run simulated vendors on this machine until Ctrl-C, with credentials to try
    #[command(after_help = simulate::EXAMPLES)]
    Simulate(Simulate),
    /// Serve a page on this machine to add, check and edit credentials, until Ctrl-C
    #[command(after_help = form::NOTE)]
    Form(Form),
}

impl Default for Command {
    fn default() -> Self {
        Self::Demo(Plugin::default())
    }
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
            Command::Classify(classify) => classify.check(),
            Command::Form(form) => form.check(),
            Command::Credentials(Credentials {
                action: Some(SavedAction::Export(export)),
                ..
            }) => export.check(),
            Command::Credentials(Credentials {
                action: Some(SavedAction::Import(import)),
                ..
            })
            | Command::Import(ImportCommand { import, .. }) => import.check(),
            _ => Ok(()),
        }
    }
}

impl Command {
    /// Whether standard output holds the JSON of a failure. Not on a terminal, where the message on
    /// standard error says the same; nor where a script would take it for a response or a token.
    pub(crate) fn prints_json(&self, to_terminal: bool) -> bool {
        let is_json = |format: Option<ListFormat>| {
            format.map_or(!to_terminal, |format| format == ListFormat::Json)
        };
        match self {
            Self::Call(_)
            | Self::Token(_)
            | Self::Check(_)
            | Self::Doctor(_)
            | Self::Completions(_)
            | Self::Man(_) => false,
            // Standard output is the file.
            Self::Credentials(Credentials {
                action: Some(SavedAction::Export(export)),
                ..
            }) => export.output.is_some() && !to_terminal,
            Self::Vendors(Vendors { list, .. }) => is_json(list.format),
            Self::Credentials(credentials) => is_json(credentials.format()),
            _ => !to_terminal,
        }
    }

    /// The credential of a call.
    fn credential(&self) -> Option<&Credential> {
        match self {
            Self::Validate(Validate { credential, .. })
            | Self::Authenticate(Authenticate { credential, .. })
            | Self::Inspect(Inspect { credential, .. })
            | Self::Refresh(Refresh { credential, .. })
            | Self::Call(Call { credential, .. })
            | Self::Record(Record { credential, .. })
            | Self::Token(Token { credential, .. }) => Some(credential),
            _ => None,
        }
    }

    /// The fields that the command sets.
    fn fields(&self) -> &[String] {
        match self {
            Self::Connect(Connect { fields, .. })
            | Self::Credentials(Credentials {
                action: Some(SavedAction::Edit { fields, .. }),
                ..
            }) => fields,
            _ => self
                .credential()
                .map_or(&[], |credential| &credential.source.fields),
        }
    }

    /// The documents that the command reads.
    fn documents(&self) -> [Option<&Input>; 2] {
        let credential = self.credential();
        let credential = credential.and_then(|credential| credential.source.document.as_ref());
        match self {
            Self::Refresh(refresh) => [credential, Some(&refresh.session)],
            Self::Call(call) => [credential, call.data_input()],
            Self::Classify(classify) => [classify.response.body.as_ref(), None],
            Self::Credentials(Credentials {
                action: Some(action),
                ..
            }) => action.documents(),
            Self::Import(command) => command.import.documents(),
            _ => [credential, None],
        }
    }
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
