//! The commands that make one call and print its result: one function each, which returns the text
//! for standard output. Longer commands have files of their own.

use clap::CommandFactory;
use connector_host::ApiResponse;
use serde_json::json;

use crate::args::{
    Args, Authenticate, Classify, Command, Inspect, Man, Refresh, Response, Schema, Target,
    Validate, Vendors,
};
use crate::credential::{Source, vendor};
use crate::export::export;
use crate::failure::Failure;
use crate::json::{self, pretty};
use crate::plugin::{descriptions, open, open_offline, schema};
use crate::table::ListFormat;
use crate::{
    call, check, connect, demo, doctor, form, interrupt, locale, manual, output, record, saved,
    simulate, token,
};

/// `classify` reads less of a body.
const MAX_BODY_BYTES: u64 = 64 * 1024;

/// Runs a command to its end.
pub(crate) async fn run(command: Command) -> Result<(), Failure> {
    let result = match command {
        Command::Demo(plugin) => return demo::run(&plugin).await,
        Command::Call(options) => return call::run(&options).await,
        Command::Token(options) => return token::run(&options).await,
        Command::Completions(of) => return manual::completions(Args::command(), of.shell),
        Command::Man(Man { command, dir }) => {
            return manual::man(Args::command(), command.as_deref(), dir.as_deref());
        }
        Command::Check(options) => return check::run(&options).await,
        Command::Doctor(options) => return doctor::run(&options).await,
        Command::Simulate(options) => return simulate::run(&options).await,
        Command::Form(options) => return form::run(&options).await,
        Command::Vendors(options) => vendors(&options).await,
        Command::Describe(target) => describe(&target).await,
        Command::Schema(options) => print_schema(&options).await,
        Command::Validate(options) => validate(&options).await,
        Command::Authenticate(options) => authenticate(&options).await,
        Command::Refresh(options) => refresh(&options).await,
        Command::Inspect(options) => inspect(&options).await,
        Command::Record(options) => record::run(&options).await,
        Command::Connect(options) => connect::run(&options).await,
        Command::Credentials(options) => saved::run(&options).await,
        Command::Import(options) => saved::import(&options).await,
        Command::Classify(Classify { target, response }) => classify(&target, &response).await,
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

async fn print_schema(Schema { target, format }: &Schema) -> Result<String, Failure> {
    let connector = open_offline(&target.plugin).await?;
    let vendor = vendor(&connector, &target.vendor)?;
    let locales = locale::preferred();
    let schema = schema(&connector, vendor, &locales).await?;
    let Some(format) = *format else {
        return Ok(pretty(&schema));
    };
    let description = connector.describe(&vendor.id, &locales).await?;
    Ok(pretty(&export(format, &schema, &description)))
}

async fn validate(Validate { target, credential }: &Validate) -> Result<String, Failure> {
    let connector = open_offline(&target.plugin).await?;
    let source = Source::read(credential, &connector, Some(&target.vendor)).await?;
    let vendor = source.vendor();
    let locales = locale::preferred();
    connector
        .validate(&vendor.id, source.document(), &locales)
        .await?;
    Ok(pretty(&json!({"valid": true})))
}

async fn authenticate(of: &Authenticate) -> Result<String, Failure> {
    let connector = open(&of.target.plugin, &of.network).await?;
    let source = Source::read(&of.credential, &connector, Some(&of.target.vendor)).await?;
    let sessions = source.sessions(connector.clone())?;
    let credential = source.credential();
    let session = async { Ok(sessions.session(&credential).await?) };
    let session = interrupt::finishing(&sessions, session).await?;
    Ok(pretty(&json::session(&session, of.reveal.secrets)))
}

async fn refresh(of: &Refresh) -> Result<String, Failure> {
    let printed = json::read_session(&of.session.text()?);
    let printed = printed.map_err(|why| of.session.failure(&why))?;
    let connector = open(&of.target.plugin, &of.network).await?;
    let source = Source::read(&of.credential, &connector, Some(&of.target.vendor)).await?;
    let session = source.refresh(&connector, &printed).await?;
    Ok(pretty(&json::session(&session, of.reveal.secrets)))
}

async fn inspect(of: &Inspect) -> Result<String, Failure> {
    let connector = open(&of.target.plugin, &of.network).await?;
    let source = Source::read(&of.credential, &connector, Some(&of.target.vendor)).await?;
    let sessions = source.sessions(connector.clone())?;
    let credential = source.credential();
    let access = async { Ok(sessions.inspect(&credential).await?) };
    let access = interrupt::finishing(&sessions, access).await?;
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
