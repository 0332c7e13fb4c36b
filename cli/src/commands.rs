//! The commands that make one call and print its result: one function each, which returns the text for standard output.
//! Those with more to them have files of their own.

use connector_host::{ApiResponse, CallError, ConnectorError};
use serde_json::json;

use crate::args::{Answer, Command, Credential, Network, Plugin, Reveal, Target};
use crate::export::{Format, export};
use crate::failure::Failure;
use crate::input::Input;
use crate::json::{self, pretty};
use crate::output;
use crate::plugin::{open, open_offline};
use crate::{connect, demo, form, saved, simulate};

/// More than `classify` looks at.
const MAX_BODY_BYTES: u64 = 64 * 1024;

/// Runs a command to its end.
pub(crate) async fn run(command: Command) -> Result<(), Failure> {
    let result = match command {
        Command::Demo(plugin) => return demo::run(&plugin).await,
        Command::Simulate(options) => return simulate::run(&options).await,
        Command::Form(options) => return form::run(&options).await,
        Command::Vendors(plugin) => vendors(&plugin).await,
        Command::Schema { target, format } => schema(&target, format).await,
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
        Command::Connect(options) => connect::run(&options).await,
        Command::Credentials(options) => saved::run(&options),
        Command::Classify { target, answer } => classify(&target, &answer).await,
    }?;
    Ok(output::line(&result)?)
}

async fn vendors(plugin: &Plugin) -> Result<String, Failure> {
    let connector = open_offline(plugin).await?;
    Ok(pretty(&json::vendors(connector.vendors())))
}

async fn schema(target: &Target, format: Option<Format>) -> Result<String, Failure> {
    let connector = open_offline(&target.plugin).await?;
    let text = connector.credential_schema(&target.vendor).await?;
    let schema = serde_json::from_str(&text)
        .map_err(|error| Failure::setup("read the plugin's schema", error))?;
    let Some(format) = format else {
        return Ok(pretty(&schema));
    };
    let mut vendors = connector.vendors().iter();
    let vendor = vendors
        .find(|vendor| vendor.id == target.vendor)
        .ok_or(CallError::Connector(ConnectorError::UnknownVendor))?;
    Ok(pretty(&export(format, &schema, vendor)))
}

async fn validate(target: &Target, credential: &Credential) -> Result<String, Failure> {
    let document = credential.text(&target.vendor)?;
    let connector = open_offline(&target.plugin).await?;
    connector
        .validate(&target.vendor, document.expose())
        .await?;
    Ok(pretty(&json!({"valid": true})))
}

async fn authenticate(
    target: &Target,
    credential: &Credential,
    reveal: &Reveal,
    network: &Network,
) -> Result<String, Failure> {
    let document = credential.text(&target.vendor)?;
    let connector = open(&target.plugin, network).await?;
    let session = connector
        .authenticate(&target.vendor, document.expose())
        .await?;
    Ok(pretty(&json::session(&session, reveal.token)))
}

async fn refresh(
    target: &Target,
    credential: &Credential,
    session: &Input,
    reveal: &Reveal,
    network: &Network,
) -> Result<String, Failure> {
    let current = json::read_session(&session.text()?).map_err(|why| session.failure(&why))?;
    let document = credential.text(&target.vendor)?;
    let connector = open(&target.plugin, network).await?;
    let session = connector
        .refresh(&target.vendor, document.expose(), &current)
        .await?;
    Ok(pretty(&json::session(&session, reveal.token)))
}

async fn inspect(
    target: &Target,
    credential: &Credential,
    network: &Network,
) -> Result<String, Failure> {
    let document = credential.text(&target.vendor)?;
    let connector = open(&target.plugin, network).await?;
    let access = connector.inspect(&target.vendor, document.expose()).await?;
    Ok(pretty(&json::access(&access)))
}

async fn classify(target: &Target, answer: &Answer) -> Result<String, Failure> {
    let body = answer
        .body
        .as_ref()
        .map(|body| body.bytes(MAX_BODY_BYTES))
        .transpose()?;
    let response = ApiResponse {
        status: answer.status,
        headers: answer.headers().unwrap_or_default(),
        body: body.unwrap_or_default(),
    };
    let connector = open_offline(&target.plugin).await?;
    let verdict = connector.classify(&target.vendor, &response).await?;
    Ok(pretty(&json::verdict(verdict)))
}
