//! A platform that embeds the plugin: loads it, keeps sessions, makes API calls. A token expires on the way, and the caller never notices.

use std::{error::Error, sync::Arc, time::Duration};

use bytes::Bytes;
use connector_host::{Connector, Sessions};
use host_test::{COMPONENT, sim::Simulators};
use http::Request;
use http_body_util::BodyExt as _;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // The vendors, simulated on this machine. The real ones are reached by `Live::builder().build()?`.
    let vendors = Simulators::start().await?;
    let plugin = Connector::builder(Arc::new(vendors.live()));
    let sessions = Sessions::new(plugin.load_file(COMPONENT.as_ref()).await?)?;

    let vendor = vendors.contentsquare();
    let (_, credential) = vendor.sample_credentials().remove(0);
    for _ in 0..2 {
        let request = Request::get(vendor.sample_call()).body(Bytes::new())?;
        let within = Duration::from_secs(30);
        let answer = sessions
            .send(vendor.id(), &credential.to_string(), request, within)
            .await?;
        println!(
            "{} {:?}",
            answer.status(),
            answer.into_body().collect().await?.to_bytes()
        );
        vendor.expire_sessions();
    }
    println!("{:#?}", vendor.requests());
    Ok(())
}
