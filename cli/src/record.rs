//! `connector record`: signs in, and writes the exchange as a sample for `connector check`.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use connector_conformance::Recorder;
use connector_host::{CallError, Session};
use serde_json::{Value, json};

use crate::args::Record;
use crate::credential::Source;
use crate::failure::Failure;
use crate::json::pretty;
use crate::plugin::{open_through, schema};

/// Signs in, and returns the name of the sample as JSON.
pub(crate) async fn run(of: &Record) -> Result<String, Failure> {
    let recorder = Arc::new(Recorder::new(of.network.transport()?));
    let transport = Arc::clone(&recorder) as _;
    let connector = open_through(&of.target.plugin, &of.network, transport).await?;
    let source = Source::read(&of.credential, &connector, Some(&of.target.vendor)).await?;
    let vendor = source.vendor();
    if vendor.durable_state {
        let why = "its tokens rotate, and signing in would spend one; write it by hand";
        return Err(Failure::setup("record a sample of this vendor", why));
    }
    let schema = schema(&connector, vendor, &[]).await?;
    let credential: Value = serde_json::from_str(source.document())
        .map_err(|_| Failure::Input("the credential is not JSON".to_owned()))?;
    let outcome = connector.authenticate(&vendor.id, source.document()).await;
    let sample = recorder.sign_in(&schema, &credential, &outcome);
    let sample = sample.map_err(|error| failed(&outcome, error))?;
    let folder = of.samples.join(&vendor.id);
    let file = folder.join(&of.name).with_extension("json");
    write(&folder, &file, &sample)
        .map_err(|error| Failure::setup(&format!("write {}", file.display()), error))?;
    let ended = outcome.as_ref().map_or_else(CallError::kind, |_| "session");
    Ok(pretty(
        &json!({"sample": file.display().to_string(), "outcome": ended}),
    ))
}

/// The call's own failure, if that is why there is no sample.
fn failed(outcome: &Result<Session, CallError>, error: impl std::fmt::Display) -> Failure {
    match outcome {
        Err(error) => Failure::Call(error.clone()),
        Ok(_) => Failure::setup("write a sample", error),
    }
}

/// Writes a new file, and no existing one.
fn write(folder: &Path, file: &Path, sample: &str) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    File::create_new(file)?.write_all(sample.as_bytes())
}
