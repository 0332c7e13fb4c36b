//! Loads a guest that embeds an interpreter, such as the one that `bench/compare/guests js` builds,
//! and signs in to the simulated vendors with it. Prints the time of each step. Fails if the
//! profile `native` does not refuse the guest within a second, or the profile `interpreter` does.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use connector_host::{Connector, LoadError, Profile, Verdict};
use connector_simulators::{Simulator, Simulators};
use http::Request;
use tokio::time::Instant;

/// Refusing a component means to read it once.
const REFUSED_WITHIN: Duration = Duration::from_secs(1);

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let file = std::env::args_os().nth(1).ok_or("name a component")?;
    let file = Path::new(&file);
    let simulators = Simulators::start().await?;
    let builder = || Connector::builder(Arc::new(simulators.live()));

    let started = Instant::now();
    match builder().profile(Profile::Native).load_file(file).await {
        Err(error @ LoadError::TooComplex { .. }) => println!("native: {error}"),
        Err(error) => return Err(error.into()),
        Ok(_) => return Err("the profile \"native\" loads the component".into()),
    }
    let elapsed = started.elapsed();
    println!("native: refused in {elapsed:.2?}");
    if elapsed > REFUSED_WITHIN {
        return Err("the refusal took more than a second".into());
    }

    let started = Instant::now();
    let interpreter = builder().profile(Profile::Interpreter);
    let connector = interpreter.load_file(file).await?;
    println!("interpreter: loaded in {:.2?}", started.elapsed());
    for vendor in simulators.vendors() {
        signs_in(&connector, vendor).await?;
    }
    Ok(())
}

/// Signs in with each sample credential of a vendor, and makes an API call.
async fn signs_in(connector: &Connector, vendor: &Simulator) -> Outcome<()> {
    let (id, mut calls) = (vendor.id(), 0);
    for (kind, credential) in vendor.sample_credentials() {
        let started = Instant::now();
        let session = connector
            .authenticate(id, &credential.to_string())
            .await
            .map_err(|error| format!("{id}, {kind}: {error}"))?;
        println!("{id}, {kind}: signed in in {:.2?}", started.elapsed());
        let request = Request::get(vendor.sample_call()).body(Bytes::new())?;
        let response = connector.send(id, &session, request).await?;
        if response.status() == 200 {
            calls += 1;
        }
        // A credential may lack the scope of the sample call; its session is accepted anyway.
        let response = connector_host::ApiResponse {
            status: response.status().as_u16(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        if matches!(
            connector.classify(id, &response).await?,
            Verdict::Refresh(_)
        ) {
            return Err(format!("{id}, {kind}: the session is refused").into());
        }
    }
    if calls == 0 {
        return Err(format!("{id}: no API call succeeds").into());
    }
    Ok(())
}
