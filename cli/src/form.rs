//! `connector form`: the page where people keep their credentials, served on this machine to this machine alone.
//! What it serves is in `form/site.rs`, who may ask in `form/guard.rs`, the page's files in `form/page.rs`.

mod api;
mod guard;
mod page;
mod site;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use connector_host::SystemClock;
use connector_simulators::Simulators;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::args::{Form, Network};
use crate::failure::Failure;
use crate::output::{Page as Print, line};
use crate::store::Store;
use crate::{plugin, simulate};
use api::Api;
use page::Page;
use site::Site;

/// How long a connection may take to say what it wants.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// A listener that cannot accept is out of descriptors; trying again at once would only spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// Serves the page until Ctrl-C.
pub(crate) async fn run(of: &Form) -> Result<(), Failure> {
    // Before anything is written, so that an early Ctrl-C cleans up as well.
    let stopped =
        simulate::stopped().map_err(|error| Failure::setup("listen for Ctrl-C", error))?;
    let place = if of.live {
        of.store.location()
    } else {
        of.store.location_of_trial()
    };
    let store = place.and_then(|place| Store::open(&place));
    let store = store.map_err(|error| Failure::setup("open the store", error))?;
    let page = tokio::task::spawn_blocking(Page::open)
        .await
        .map_err(|error| Failure::setup("build the page", error))??;
    let simulated = Simulated::start(of).await?;
    let connector = match &simulated {
        Some(simulated) => {
            plugin::load(&of.plugin, plugin::simulated(&simulated.simulators)).await?
        }
        None => plugin::open(&of.plugin, &Network::default()).await?,
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, of.port)).await;
    let listener = listener.map_err(|error| Failure::setup("listen on this machine", error))?;
    let port = listener
        .local_addr()
        .map_err(|error| Failure::setup("listen on this machine", error))?
        .port();
    if let Some(Simulated { simulators, dir }) = &simulated {
        line(
            "The vendors are simulated on this machine. Credentials to try, which go when this ends:",
        )?;
        simulate::write_samples(&Print::new(), &connector, simulators, dir.path())?;
        line("")?;
    }
    line(&format!(
        "The page is at http://127.0.0.1:{port}/ until Ctrl-C."
    ))?;
    let api = Api::new(connector, Arc::new(SystemClock), store);
    let site = Arc::new(Site { port, page, api });
    tokio::select! {
        () = serve(listener, site) => {}
        () = stopped => {}
    }
    Ok(())
}

/// Vendors to try the page with, and the folder of their sample credentials.
struct Simulated {
    simulators: Simulators,
    dir: tempfile::TempDir,
}

impl Simulated {
    /// None where the real ones are asked for.
    async fn start(of: &Form) -> Result<Option<Self>, Failure> {
        if of.live {
            return Ok(None);
        }
        let simulators = Simulators::start()
            .await
            .map_err(|error| Failure::setup("start the simulated vendors", error))?;
        let dir = tempfile::Builder::new().prefix("connector-").tempdir();
        let dir = dir.map_err(|error| Failure::setup("make a temporary directory", error))?;
        Ok(Some(Self { simulators, dir }))
    }
}

/// Serves for as long as it is polled; its connections end with it.
async fn serve(listener: TcpListener, site: Arc<Site>) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let site = Arc::clone(&site);
                connections.spawn(async move {
                    let answer = service_fn(|request| {
                        let site = Arc::clone(&site);
                        async move { Ok::<_, Infallible>(site.answer(request).await) }
                    });
                    // A connection that fails concerns only whoever made it.
                    let _ = http1::Builder::new()
                        .timer(TokioTimer::new())
                        .header_read_timeout(HEADER_TIMEOUT)
                        .serve_connection(TokioIo::new(stream), answer)
                        .await;
                });
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
        while connections.try_join_next().is_some() {}
    }
}
