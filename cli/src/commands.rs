//! The commands that make one call and print its result: one function each, which returns the text
//! for standard output. Longer commands have files of their own.

use clap::CommandFactory;
use connector_host::ApiResponse;
use serde_json::json;

use crate::args::{Args, Command, Credential, Network, Response, Reveal, Target, Vendors};
use crate::credential::{Source, vendor};
use crate::export::{Format, export};
use crate::failure::Failure;
use crate::input::Input;
use crate::json::{self, pretty};
use crate::plugin::{descriptions, open, open_offline, schema};
use crate::table::ListFormat;
use crate::{
    call, check, connect, demo, doctor, form, locale, manual, output, record, saved, simulate,
    token,
};

/// `classify` reads less of a body.
const MAX_BODY_BYTES: u64 = 64 * 1024;

/// Runs a command to its end.
pub(crate) async fn run(command: Command) -> Result<(), Failure> {
    let result = match command {
        Command::Demo(plugin) => return demo::run(&plugin).await,
        Command::Call(options) => return call::run(&options).await,
        Command::Token(options) => return token::run(&options).await,
        Command::Completions { shell } => return manual::completions(Args::command(), shell),
        Command::Man { command, dir } => {
            return manual::man(Args::command(), command.as_deref(), dir.as_deref());
        }
        Command::Check(options) => return check::run(&options).await,
        Command::Doctor(options) => return doctor::run(&options).await,
        Command::Simulate(options) => return simulate::run(&options).await,
        Command::Form(options) => return form::run(&options).await,
        Command::Vendors(options) => vendors(&options).await,
        Command::Describe(target) => describe(&target).await,
        Command::Schema { target, format } => print_schema(&target, format).await,
        Command::Validate { target, credential } => validate(&target, &credential).await,
        Command::Authenticate {
            target,
            credential,
            reveal,
            network,
        } => authenticate(&target, &credential, &reveal, &network).await,
        Command::Refresh {
            target,
            credential,
            session,
            reveal,
            network,
        } => refresh(&target, &credential, &session, &reveal, &network).await,
        Command::Inspect {
            target,
            credential,
            network,
        } => inspect(&target, &credential, &network).await,
        Command::Record(options) => record::run(&options).await,
        Command::Connect(options) => connect::run(&options).await,
        Command::Credentials(options) => saved::run(&options).await,
        Command::Classify { target, response } => classify(&target, &response).await,
    }?;
    Ok(output::line(&result)?)
}

async fn vendors(of: &Vendors) -> Result<String, Failure> {
    let connector = open_offline(&of.plugin).await?;
    let described = descriptions(&connector, &locale::preferred()).await?;
    let list = described
        .iter()
        .map(|(vendor, description)| json::vendor(vendor, description));
    let columns = [("ID", "id"), ("NAME", "name"), ("SET-UP", "setup_url")];
    Ok(ListFormat::or_default(of.list.format).text(&list.collect(), &columns))
}

async fn describe(target: &Target) -> Result<String, Failure> {
    let connector = open_offline(&target.plugin).await?;
    let vendor = vendor(&connector, &target.vendor)?;
    let locales = locale::preferred();
    let description = connector.describe(&vendor.id, &locales).await?;
    Ok(pretty(&json::description(&description)))
}

async fn print_schema(target: &Target, format: Option<Format>) -> Result<String, Failure> {
    let connector = open_offline(&target.plugin).await?;
    let vendor = vendor(&connector, &target.vendor)?;
    let locales = locale::preferred();
    let schema = schema(&connector, vendor, &locales).await?;
    let Some(format) = format else {
        return Ok(pretty(&schema));
    };
    let description = connector.describe(&vendor.id, &locales).await?;
    Ok(pretty(&export(format, &schema, &description)))
}

async fn validate(target: &Target, credential: &Credential) -> Result<String, Failure> {
    let connector = open_offline(&target.plugin).await?;
    let source = Source::read(credential, &connector, Some(&target.vendor)).await?;
    let vendor = source.vendor();
    let locales = locale::preferred();
    connector
        .validate(&vendor.id, source.document(), &locales)
        .await?;
    Ok(pretty(&json!({"valid": true})))
}

async fn authenticate(
    target: &Target,
    credential: &Credential,
    reveal: &Reveal,
    network: &Network,
) -> Result<String, Failure> {
    let connector = open(&target.plugin, network).await?;
    let source = Source::read(credential, &connector, Some(&target.vendor)).await?;
    let sessions = source.sessions(connector.clone())?;
    let session = sessions.session(&source.credential()).await?;
    Ok(pretty(&json::session(&session, reveal.secrets)))
}

async fn refresh(
    target: &Target,
    credential: &Credential,
    session: &Input,
    reveal: &Reveal,
    network: &Network,
) -> Result<String, Failure> {
    let printed = json::read_session(&session.text()?).map_err(|why| session.failure(&why))?;
    let connector = open(&target.plugin, network).await?;
    let source = Source::read(credential, &connector, Some(&target.vendor)).await?;
    let session = source.refresh(&connector, &printed).await?;
    Ok(pretty(&json::session(&session, reveal.secrets)))
}

async fn inspect(
    target: &Target,
    credential: &Credential,
    network: &Network,
) -> Result<String, Failure> {
    let connector = open(&target.plugin, network).await?;
    let source = Source::read(credential, &connector, Some(&target.vendor)).await?;
    let sessions = source.sessions(connector.clone())?;
    let access = sessions.inspect(&source.credential()).await?;
    Ok(pretty(&json::access(&access)))
}

async fn classify(target: &Target, response: &Response) -> Result<String, Failure> {
    let body = response
        .body
        .as_ref()
        .map(|body| body.bytes(MAX_BODY_BYTES))
        .transpose()?;
    let response = ApiResponse {
        status: response.status,
        headers: response.headers().unwrap_or_default(),
        body: body.unwrap_or_default(),
    };
    let connector = open_offline(&target.plugin).await?;
    let vendor = vendor(&connector, &target.vendor)?;
    let verdict = connector.classify(&vendor.id, &response).await?;
    Ok(pretty(&json::verdict(&verdict)))
}
