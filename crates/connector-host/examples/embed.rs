//! A platform that embeds a plugin: loads it, keeps sessions, makes API calls. An expired session
//! is replaced on the way, and the caller does not notice.
//!
//! Reads paths of API calls from standard input, one a line, and prints each response. A private
//! certificate authority and rules like curl's `--connect-to` reach simulated vendors.

use std::{env, error::Error, fs, io, sync::Arc, time::Duration};

use bytes::Bytes;
use connector_host::{Connector, Credential, Live, Sessions};
use http::Request;
use http_body_util::BodyExt as _;

const USAGE: &str = "usage: embed PLUGIN VENDOR CREDENTIAL_FILE [CA_FILE CONNECT_TO...]";
const DEADLINE: Duration = Duration::from_secs(30);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [plugin, vendor, credential, simulated @ ..] = &arguments[..] else {
        return Err(USAGE.into());
    };
    let mut network = Live::builder();
    if let [ca, rules @ ..] = simulated {
        network = network.extra_ca_pem(&fs::read(ca)?)?;
        for rule in rules {
            network = network.connect_to(rule.parse()?);
        }
    }
    let plugin = Connector::builder(Arc::new(network.build()?))
        .load_file(plugin.as_ref())
        .await?;
    let sessions = Sessions::new(plugin)?;
    let document = fs::read_to_string(credential)?;
    let credential = Credential::new(vendor, &document);
    for path in io::stdin().lines() {
        let request = Request::get(path?).body(Bytes::new())?;
        let response = sessions.send(&credential, request, DEADLINE).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        println!("{status} {body:?}");
    }
    Ok(())
}
