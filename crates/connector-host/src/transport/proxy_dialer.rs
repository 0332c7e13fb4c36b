//! Connections through a proxy: to the proxy, over TLS if its URL says so, and from there by
//! CONNECT or SOCKS5.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt};
use http::header::{HOST, HeaderValue, PROXY_AUTHORIZATION};
use http::uri::Scheme;
use http::{StatusCode, Uri};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::proxy::SocksV5;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::limits::{MAX_HEADER_BYTES, MAX_HEADER_FIELDS};
use crate::transport::addresses::Addresses;
use crate::transport::attempt::{Attempt, Step};
use crate::transport::failure::stage_of_connection;
use crate::transport::proxy::Proxy;
use crate::transport::tcp_dialer::{TCP_TIMEOUT, TcpDialer, resolve};
use crate::transport::{ProxyError, TransportError};

type ToProxy = HttpsConnector<TcpDialer>;
type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;
type SocksError = <SocksV5<ToProxy> as Service<Uri>>::Error;

/// Connects through a proxy, except to the hosts that are reached without it.
#[derive(Clone)]
pub(crate) struct ProxyDialer {
    matcher: Arc<Matcher>,
    to_proxy: ToProxy,
}

/// The proxy of one connection.
#[derive(Clone)]
pub(crate) struct ChosenProxy {
    intercept: Intercept,
    to_proxy: ToProxy,
}

impl ProxyDialer {
    /// Trusts the certificate of a proxy as `tls` trusts those of vendors.
    pub(crate) fn new(proxy: &Proxy, tls: rustls::ClientConfig) -> Self {
        let to_proxy = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            // The operator named the proxy, so its address is not filtered.
            .wrap_connector(TcpDialer::new(Addresses::All));
        Self {
            matcher: Arc::new(proxy.matcher()),
            to_proxy,
        }
    }

    /// The proxy for a URL, or `None` if it is reached without one.
    pub(crate) fn intercept(&self, url: &Uri) -> Option<ChosenProxy> {
        let intercept = self.matcher.intercept(url)?;
        let to_proxy = self.to_proxy.clone();
        Some(ChosenProxy {
            intercept,
            to_proxy,
        })
    }
}

impl ChosenProxy {
    /// Connects to a target with a host of these addresses. Those of a name that the proxy resolves
    /// are unknown here.
    pub(crate) fn connect(
        self,
        target: Uri,
        addresses: Addresses,
    ) -> BoxFuture<'static, Result<Stream, TransportError>> {
        let url = self.intercept.uri();
        tracing::debug!(
            proxy = url.authority().map(tracing::field::display),
            "connecting"
        );
        let resolves_here = url.scheme_str() == Some("socks5");
        async move {
            let host = target.host().unwrap_or_default();
            if !addresses.allow_by_proxy(host) {
                return Err(TransportError::Denied);
            }
            let targets = if resolves_here {
                resolved(&target, &addresses).await?
            } else {
                vec![target]
            };
            let set_at_proxy = |is_at_proxy| {
                if let Some(attempt) = Attempt::current() {
                    attempt.set(Step::AtProxy, is_at_proxy);
                }
            };
            set_at_proxy(true);
            let stream = self.first_tunnel(targets).await;
            let stream = stream.map_err(TransportError::Proxy)?;
            set_at_proxy(false);
            Ok(stream)
        }
        .boxed()
    }

    /// Lets the proxy connect to the first of these targets that it reaches. They share the time
    /// limit of the request, as the addresses of a name do without a proxy.
    async fn first_tunnel(self, mut targets: Vec<Uri>) -> Result<Stream, ProxyError> {
        let Some(last) = targets.pop() else {
            return Err(ProxyError::Protocol);
        };
        let limit = Attempt::current().map_or(TCP_TIMEOUT, |attempt| attempt.limit());
        for (left, target) in (2..=targets.len() + 1).rev().zip(targets) {
            let share = limit / u32::try_from(left).unwrap_or(u32::MAX);
            let tunnel = tokio::time::timeout(share, self.clone().tunnel(target)).await;
            match tunnel.unwrap_or(Err(ProxyError::Timeout)) {
                Err(why @ (ProxyError::Refused(_) | ProxyError::Timeout)) => {
                    tracing::debug!(%why, "trying the next address of the host");
                }
                tunnel => return tunnel,
            }
        }
        self.tunnel(last).await
    }

    /// Connects to the proxy, and lets it connect to the target.
    async fn tunnel(self, target: Uri) -> Result<Stream, ProxyError> {
        let url = self.intercept.uri().clone();
        if [Some(&Scheme::HTTP), Some(&Scheme::HTTPS)].contains(&url.scheme()) {
            let mut to_proxy = self.to_proxy;
            let stream = to_proxy.call(url).await;
            let stream = stream.map_err(|error| connect_error(stage_of_connection(&*error)))?;
            return tunnel(stream, &target, self.intercept.basic_auth()).await;
        }
        // SOCKS has no TLS of its own.
        let mut parts = url.into_parts();
        parts.scheme = Some(Scheme::HTTP);
        let url = Uri::from_parts(parts).map_err(|_| ProxyError::Protocol)?;
        let mut socks = SocksV5::new(url, self.to_proxy);
        if let Some((user, password)) = self.intercept.raw_auth() {
            socks = socks.with_auth(user.to_owned(), password.to_owned());
        }
        socks
            .call(target)
            .await
            .map_err(|error| socks_error(&error))
    }
}

/// The target with each allowed address of its name, in the order of the resolver.
async fn resolved(target: &Uri, addresses: &Addresses) -> Result<Vec<Uri>, TransportError> {
    let host = target.host().unwrap_or_default();
    if host.starts_with('[') {
        return Ok(vec![target.clone()]);
    }
    let port = target.port_u16().unwrap_or(443);
    let with = |mut address: SocketAddr| {
        address.set_port(port);
        Uri::builder()
            .scheme("https")
            .authority(address.to_string())
            .path_and_query("/")
            .build()
            .map_err(|_| TransportError::Dns)
    };
    let found = resolve(host, addresses).await?;
    found.into_iter().map(with).collect()
}

/// Asks an HTTP proxy for a tunnel (RFC 9110 §9.3.6). hyper-util's `Tunnel` hides the status.
async fn tunnel(
    stream: Stream,
    target: &Uri,
    user: Option<&HeaderValue>,
) -> Result<Stream, ProxyError> {
    let host = target.host().unwrap_or_default();
    let authority = format!("{host}:{}", target.port_u16().unwrap_or(443));
    let mut request = http::Request::connect(&authority).header(HOST, &authority);
    if let Some(user) = user {
        request = request.header(PROXY_AUTHORIZATION, user);
    }
    let request = request.body(Empty::<Bytes>::new());
    let request = request.map_err(|_| ProxyError::Protocol)?;
    let (mut sender, connection) = http1::Builder::new()
        .max_headers(MAX_HEADER_FIELDS)
        .max_buf_size(MAX_HEADER_BYTES)
        .handshake(stream)
        .await
        .map_err(|_| ProxyError::Protocol)?;
    // Ends with the tunnel, and when the request is dropped.
    tokio::spawn(connection.with_upgrades());
    let response = sender.send_request(request).await;
    let response = response.map_err(|_| ProxyError::Protocol)?;
    match response.status() {
        status if status.is_success() => {}
        // The second by tinyproxy, for a wrong password.
        StatusCode::PROXY_AUTHENTICATION_REQUIRED | StatusCode::UNAUTHORIZED => {
            return Err(ProxyError::Authentication);
        }
        status => return Err(ProxyError::Refused(Some(status.as_u16()))),
    }
    let upgraded = hyper::upgrade::on(response).await;
    let upgraded = upgraded.map_err(|_| ProxyError::Protocol)?;
    let parts = upgraded.downcast::<Stream>();
    let parts = parts.map_err(|_| ProxyError::Protocol)?;
    // In TLS the client speaks first.
    let is_silent = parts.read_buf.is_empty();
    is_silent.then_some(parts.io).ok_or(ProxyError::Protocol)
}

fn socks_error(error: &SocksError) -> ProxyError {
    match error {
        SocksError::Inner(error) => connect_error(stage_of_connection(&**error)),
        SocksError::V5(why) => {
            // The library does not export the type of this error.
            let why = why.to_string();
            let is_about_user = ["authentication", "credentials"];
            if is_about_user.iter().any(|word| why.contains(word)) {
                ProxyError::Authentication
            } else {
                ProxyError::Refused(None)
            }
        }
        _ => ProxyError::Protocol,
    }
}

/// The error of the connection to the proxy itself.
fn connect_error(stage: TransportError) -> ProxyError {
    match stage {
        TransportError::Dns | TransportError::DnsTimeout => ProxyError::Dns,
        TransportError::ConnectTimeout | TransportError::TlsTimeout => ProxyError::Timeout,
        TransportError::TlsCertificate(why) => ProxyError::Certificate(why),
        TransportError::Tls => ProxyError::Tls,
        _ => ProxyError::Connect,
    }
}

#[cfg(test)]
mod tests;
