//! `connector form`: the page where people keep their credentials, served on this machine and for
//! this machine only. Responses are in `form/site.rs`, checks of requests in `form/guard.rs`, the
//! page's files in `form/page.rs`.

mod access;
mod api;
mod browser;
mod guard;
mod locales;
mod page;
mod quality;
mod site;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use connector_simulators::Simulators;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::args::Form;
use crate::failure::Failure;
use crate::interrupt::{self, Signals};
use crate::output::{Page as Print, line, say};
use crate::store::{Location, Store};
use crate::{plugin, simulate};
use access::AccessToken;
use api::Api;
use page::Page;
use site::Site;

/// The time in which the header of a request must arrive.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// A listener that cannot accept is out of descriptors; an immediate retry would only spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// Serves the page until Ctrl-C.
pub(crate) async fn run(of: &Form) -> Result<(), Failure> {
    // First, so that an early Ctrl-C cleans up as well.
    let signals = Signals::listen();
    let mut signals = signals.map_err(|error| Failure::setup("listen for Ctrl-C", error))?;
    let place = if of.live {
        Location::credentials(of.store.file.as_deref())
    } else {
        Location::simulated(of.store.file.as_deref())
    };
    let store = place.and_then(|place| Store::open(&place));
    let store = store.map_err(|error| Failure::setup("open the store", error))?;
    let page = tokio::task::spawn_blocking(Page::open)
        .await
        .map_err(|error| Failure::setup("build the page", error))??;
    let simulated = Simulated::start(of).await?;
    let connector = if let Some(Simulated { simulators, .. }) = &simulated {
        plugin::load(&of.plugin, plugin::simulated(simulators)).await?
    } else {
        plugin::open(&of.plugin, &of.network).await?
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, of.port)).await;
    let listener = listener.map_err(|error| Failure::setup("listen on this machine", error))?;
    let port = listener
        .local_addr()
        .map_err(|error| Failure::setup("listen on this machine", error))?
        .port();
    if let Some(Simulated { simulators, dir }) = &simulated {
        line("The vendors are simulated on this machine. Credentials to try, deleted at the end:")?;
        simulate::write_samples(&Print::new(), &connector, simulators, dir.path()).await?;
        line("")?;
    }
    let access = AccessToken::random()?;
    let link = access.link(port);
    let opened = of.open.then(|| browser::open(&link));
    // Not in a log: the link gives access.
    line(&format!(
        "The page is at {} until Ctrl-C. Keep the link to yourself.",
        *link
    ))?;
    if let Some(Err(error)) = &opened {
        say(&format!(
            "no browser was opened: {error}; open the link yourself"
        ));
    }
    let api = Api::new(connector, store)?;
    let site = Arc::new(Site {
        port,
        access,
        page,
        api,
    });
    tokio::select! {
        () = serve(listener, Arc::clone(&site)) => {}
        () = signals.next() => {}
    }
    interrupt::settle(site.api.sessions(), &mut signals, true).await;
    Ok(())
}

/// The simulated vendors, and the folder of their sample credentials.
struct Simulated {
    simulators: Simulators,
    dir: tempfile::TempDir,
}

impl Simulated {
    /// `None` if the real vendors are requested.
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

/// Serves while it is polled; its connections end with it.
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
                    // A failed connection concerns only its client.
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
