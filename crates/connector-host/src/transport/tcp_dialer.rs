//! TCP connections to allowed addresses, within the time limit of the request.

use std::net::{IpAddr, SocketAddr};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::transport::TransportError;
use crate::transport::addresses::Addresses;
use crate::transport::attempt::{Attempt, Step};
use crate::transport::failure::stage_of_tcp;

/// Time limit for TCP alone where the request has none.
pub(crate) const TCP_TIMEOUT: Duration = Duration::from_secs(8);

/// Opens TCP connections to allowed addresses.
#[derive(Clone)]
pub(crate) struct TcpDialer {
    addresses: Addresses,
    connector: HttpConnector<Resolver>,
}

impl TcpDialer {
    pub(crate) fn new(addresses: Addresses) -> Self {
        let mut connector = HttpConnector::new_with_resolver(Resolver(addresses.clone()));
        connector.enforce_http(false);
        connector.set_nodelay(true);
        Self {
            addresses,
            connector,
        }
    }

    /// The rules for addresses.
    pub(crate) fn addresses(&self) -> &Addresses {
        &self.addresses
    }
}

impl Service<Uri> for TcpDialer {
    type Response = TokioIo<TcpStream>;
    type Error = TransportError;
    type Future = BoxFuture<'static, Result<TokioIo<TcpStream>, TransportError>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, target: Uri) -> Self::Future {
        // The connector calls the resolver for names only.
        if literal(&target).is_some_and(|address| !self.addresses.allow(address)) {
            return futures::future::ready(Err(TransportError::Denied)).boxed();
        }
        let attempt = Attempt::current();
        // Shared by all addresses of a name: after an unreachable first address there is time for
        // the next one and for TLS.
        let limit = attempt.as_ref().map(|attempt| attempt.limit() / 5 * 4);
        self.connector
            .set_connect_timeout(Some(limit.unwrap_or(TCP_TIMEOUT)));
        let set_connected = move |is_connected| {
            if let Some(attempt) = &attempt {
                attempt.set(Step::Connected, is_connected);
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

/// Resolves a name once, with the system's resolver, and filters the addresses. Their port is 0.
pub(crate) async fn resolve(
    name: &str,
    addresses: &Addresses,
) -> Result<Vec<SocketAddr>, TransportError> {
    let set_resolving = |is_resolving| {
        if let Some(attempt) = Attempt::current() {
            attempt.set(Step::Resolving, is_resolving);
        }
    };
    set_resolving(true);
    let resolved = tokio::net::lookup_host((name, 0)).await;
    set_resolving(false);
    addresses.filter(resolved.map_err(|_| TransportError::Dns)?)
}

/// Resolves names with [`resolve`]; the connector replaces the port by that of the URL.
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
        async move { Ok(resolve(name.as_str(), &addresses).await?.into_iter()) }.boxed()
    }
}
