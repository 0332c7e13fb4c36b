//! Connecting for one request: directly or through the proxy, then TLS, within the request's time
//! limit and only to allowed addresses.

use std::error::Error as StdError;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::future::{BoxFuture, FutureExt, TryFutureExt};
use http::Uri;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::rt::TokioIo;
use ipnet::IpNet;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::transport::TransportError;
use crate::transport::addresses::Addresses;
use crate::transport::attempt::Attempt;
use crate::transport::connect_to::ConnectTo;
use crate::transport::proxy_dialer::ProxyDialer;
use crate::transport::tcp_dialer::TcpDialer;

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
        let Some(attempt) = Attempt::current() else {
            return connection;
        };
        async move {
            match tokio::time::timeout(attempt.limit(), connection).await {
                Ok(connection) => connection,
                Err(_) => Err(attempt.timed_out().into()),
            }
        }
        .boxed()
    }
}

/// Opens connections, to the targets of the rules where one matches, and through the proxy if there
/// is one for the URL.
#[derive(Clone)]
pub(crate) struct Dialer {
    filtered: TcpDialer,
    /// For hosts that a rule names: the operator chose them.
    unrestricted: TcpDialer,
    rules: Arc<[ConnectTo]>,
    proxy: Option<ProxyDialer>,
}

impl Dialer {
    /// Allows public addresses, the `allowed` ones, and the targets of `rules`.
    pub(crate) fn new(
        allowed: Arc<[IpNet]>,
        rules: Arc<[ConnectTo]>,
        proxy: Option<ProxyDialer>,
    ) -> Self {
        Self {
            filtered: TcpDialer::new(Addresses::PublicAnd(allowed)),
            unrestricted: TcpDialer::new(Addresses::All),
            rules,
            proxy,
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
    /// A proxy may be reached over TLS.
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = TransportError;
    type Future = BoxFuture<'static, Result<Self::Response, TransportError>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, url: Uri) -> Self::Future {
        // Exceptions name the hosts of URLs, not the targets of rules; as in curl.
        let proxy = self.proxy.as_ref().and_then(|proxy| proxy.intercept(&url));
        let Ok((target, is_named)) = self.target(url) else {
            return futures::future::ready(Err(TransportError::Connect)).boxed();
        };
        let direct = if is_named {
            &mut self.unrestricted
        } else {
            &mut self.filtered
        };
        match proxy {
            Some(proxy) => proxy.connect(target, direct.addresses().clone()),
            None => direct.call(target).map_ok(MaybeHttpsStream::Http).boxed(),
        }
    }
}
