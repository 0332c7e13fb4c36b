//! The simulated vendor in its own process, so that its cost is not counted as a subject's.

use std::time::Duration;

use connector_simulators::{Options, Simulators};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader, stdin};

use crate::account::cpu;
use crate::{Outcome, VENDOR};

/// Enough for one connection to carry all requests of a trial.
const STREAMS: u32 = 100_000;

/// Prints its address and a credential, then answers each line of standard input with its totals.
/// Ends with standard input.
pub(crate) async fn run(answer_after: Duration) -> Outcome {
    let options = Options::default()
        .answer_after(answer_after)
        .together()
        .streams(STREAMS);
    let simulators = Simulators::start_with(options).await?;
    let vendor = simulators.vendor(VENDOR).ok_or("there is no such vendor")?;
    let (_, credential) = vendor.sample_credentials().remove(0);
    let rules = simulators.connect_to();
    let port = rules
        .iter()
        .find_map(|rule| rule.strip_prefix("api.hotjar.io:443:127.0.0.1:"));
    println!(
        "{}",
        json!({
            "ca_pem": simulators.ca_pem(),
            "port": port.ok_or("the vendor has no port")?,
            "credential": credential.to_string(),
        })
    );
    let mut lines = BufReader::new(stdin()).lines();
    while lines.next_line().await?.is_some() {
        println!(
            "{}",
            json!({
                "asked": vendor.asked(),
                "connections": vendor.connections(),
                "cpu_secs": cpu().as_secs_f64(),
            })
        );
    }
    Ok(())
}
