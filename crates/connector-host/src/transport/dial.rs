//! Connecting for one request: name resolution, TCP and TLS, each within the request's time limit
//! and only to allowed addresses.

use std::error::Error as StdError;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use http::Uri;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioIo;
use ipnet::IpNet;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::transport::TransportError;
use crate::transport::addresses::Addresses;
use crate::transport::connect_to::ConnectTo;
use crate::transport::failure::stage_of_tcp;

/// Time limit for TCP alone, shared by all addresses of a name: after an unreachable first address
/// there is time for the next one and for TLS.
const TCP_TIMEOUT: Duration = Duration::from_secs(8);

tokio::task_local! {
    /// The dial of the request that is being polled: the client passes its connector only the URL.
    static DIAL: Arc<Dial>;
}

/// The time limit of a request's connection attempt, and its progress.
#[derive(Debug)]
pub(crate) struct Dial {
    limit: Duration,
    is_resolving: AtomicBool,
    is_connected: AtomicBool,
}

impl Dial {
    pub(crate) fn new(limit: Duration) -> Self {
        Self {
            limit,
            is_resolving: AtomicBool::new(false),
            is_connected: AtomicBool::new(false),
        }
    }

    /// Makes this the current dial while `request` is polled.
    pub(crate) fn scope<F: Future>(self: Arc<Self>, request: F) -> impl Future<Output = F::Output> {
        DIAL.scope(self, request)
    }

    /// The current dial; none for a connection that the client completes in the background.
    fn current() -> Option<Arc<Self>> {
        DIAL.try_with(Arc::clone).ok()
    }

    /// The error if the time limit expires now.
    pub(crate) fn timed_out(&self) -> TransportError {
        if self.is_connected.load(Ordering::Relaxed) {
            TransportError::TlsTimeout
        } else if self.is_resolving.load(Ordering::Relaxed) {
            TransportError::DnsTimeout
        } else {
            TransportError::ConnectTimeout
        }
    }
}

/// Opens TLS connections, each within the time limit of its request. The limit also holds for a
/// second attempt, after a kept connection turned out to be closed.
#[derive(Clone)]
pub(crate) struct TlsDialer {
    https: HttpsConnector<Dialer>,
}

impl TlsDialer {
    pub(crate) fn new(https: HttpsConnector<Dialer>) -> Self {
        Self { https }
    }
}

impl Service<Uri> for TlsDialer {
    type Response = <HttpsConnector<Dialer> as Service<Uri>>::Response;
    type Error = Box<dyn StdError + Send + Sync>;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.https.poll_ready(context)
    }

    fn call(&mut self, url: Uri) -> Self::Future {
        let connection = self.https.call(url);
        let Some(dial) = Dial::current() else {
            return connection;
        };
        async move {
            match tokio::time::timeout(dial.limit, connection).await {
                Ok(connection) => connection,
                Err(_) => Err(dial.timed_out().into()),
            }
        }
        .boxed()
    }
}

/// Opens TCP connections, to the targets of the rules where one matches.
#[derive(Clone)]
pub(crate) struct Dialer {
    filtered: TcpDialer,
    /// For hosts that a rule names: the operator chose them.
    unrestricted: TcpDialer,
    rules: Arc<[ConnectTo]>,
}

impl Dialer {
    /// Allows public addresses, the `allowed` ones, and the targets of `rules`.
    pub(crate) fn new(allowed: Arc<[IpNet]>, rules: Arc<[ConnectTo]>) -> Self {
        Self {
            filtered: TcpDialer::new(Addresses::PublicAnd(allowed)),
            unrestricted: TcpDialer::new(Addresses::All),
            rules,
        }
    }

    /// The target of a connection by the first rule that matches, else the URL, and whether a rule
    /// names the target's host.
    fn target(&self, url: Uri) -> Result<(Uri, bool), http::Error> {
        let host = url.host().unwrap_or_default();
        let port = url.port_u16().unwrap_or(443);
        let mut rules = self.rules.iter();
        let Some((is_named, (host, port))) =
            rules.find_map(|rule| Some((rule.names_host(), rule.redirect(host, port)?)))
        else {
            return Ok((url, false));
        };
        let target = Uri::builder()
            .scheme("https")
            .authority(format!("{host}:{port}"))
            .path_and_query("/")
            .build()?;
        Ok((target, is_named))
    }
}

impl Service<Uri> for Dialer {
    type Response = TokioIo<TcpStream>;
    type Error = TransportError;
    type Future = BoxFuture<'static, Result<Self::Response, TransportError>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, url: Uri) -> Self::Future {
        match self.target(url) {
            Ok((target, true)) => self.unrestricted.connect(target),
            Ok((target, false)) => self.filtered.connect(target),
            Err(_) => futures::future::ready(Err(TransportError::Connect)).boxed(),
        }
    }
}

/// Opens TCP connections to allowed addresses.
#[derive(Clone)]
struct TcpDialer {
    addresses: Addresses,
    connector: HttpConnector<Resolver>,
}

impl TcpDialer {
    fn new(addresses: Addresses) -> Self {
        let mut connector = HttpConnector::new_with_resolver(Resolver(addresses.clone()));
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(TCP_TIMEOUT));
        Self {
            addresses,
            connector,
        }
    }

    fn connect(
        &mut self,
        target: Uri,
    ) -> BoxFuture<'static, Result<TokioIo<TcpStream>, TransportError>> {
        // The connector calls the resolver for names only.
        if literal(&target).is_some_and(|address| !self.addresses.allow(address)) {
            return futures::future::ready(Err(TransportError::Denied)).boxed();
        }
        let dial = Dial::current();
        let set_connected = move |is_connected| {
            if let Some(dial) = &dial {
                dial.is_connected.store(is_connected, Ordering::Relaxed);
            }
        };
        // Always ready, because its resolver is.
        let connection = self.connector.call(target);
        async move {
            set_connected(false);
            let connection = connection.await.map_err(|error| stage_of_tcp(&error))?;
            set_connected(true);
            Ok(connection)
        }
        .boxed()
    }
}

/// The target's host if it is an IP address, parsed as the connector parses it.
fn literal(target: &Uri) -> Option<IpAddr> {
    let host = target.host()?;
    let inside = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    inside.unwrap_or(host).parse().ok()
}

/// Resolves names once, with the system's resolver, and filters the addresses.
#[derive(Clone)]
struct Resolver(Addresses);

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = TransportError;
    type Future = BoxFuture<'static, Result<Self::Response, TransportError>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let addresses = self.0.clone();
        let dial = Dial::current();
        let set_resolving = move |is_resolving| {
            if let Some(dial) = &dial {
                dial.is_resolving.store(is_resolving, Ordering::Relaxed);
            }
        };
        async move {
            set_resolving(true);
            // Port 0: the connector replaces it by the port of the URL.
            let resolved = tokio::net::lookup_host((name.as_str(), 0)).await;
            set_resolving(false);
            let resolved = resolved.map_err(|_| TransportError::Dns)?;
            Ok(addresses.filter(resolved)?.into_iter())
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_limit_names_the_stage_in_progress() {
        for (is_resolving, is_connected, stage) in [
            (false, false, TransportError::ConnectTimeout),
            (true, false, TransportError::DnsTimeout),
            (false, true, TransportError::TlsTimeout),
        ] {
            let dial = Dial::new(TCP_TIMEOUT);
            dial.is_resolving.store(is_resolving, Ordering::Relaxed);
            dial.is_connected.store(is_connected, Ordering::Relaxed);
            assert_eq!(dial.timed_out(), stage);
        }
    }
}
