//! The one live transport: hyper's pooled client over rustls. HTTP/1.1 or 2 as the other side prefers, connections kept and
//! shared. No redirects, cookies, decompression or proxy.

use std::error::Error as StdError;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt};
use http::Uri;
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::client::legacy::connect::{HttpConnector, capture_connection};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tower_service::Service;

use crate::connect_to::ConnectTo;
use crate::{ResponseBody, Timeouts, Transport, TransportError};

/// Below the minute after which common load balancers close an idle connection, so that we do so first.
const POOL_IDLE: Duration = Duration::from_secs(50);
/// How often, and for how long, a connection with requests under way is asked whether it still lives.
const PING: Duration = Duration::from_secs(15);

/// Carries requests over the network.
///
/// Cheap to clone; clones share their connections. To be used within one tokio runtime, whose tasks hold the connections.
/// A request is never sent twice; one that met a kept connection just as it closed, and of which nothing was written,
/// goes to another.
#[derive(Debug, Clone)]
pub struct Live {
    client: Client<HttpsConnector<Dialer>, Full<Bytes>>,
}

impl Live {
    /// Begins with the roots that Mozilla trusts, and every connection where its address says.
    pub fn builder() -> LiveBuilder {
        LiveBuilder {
            roots: webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect(),
            rules: Vec::new(),
        }
    }
}

/// Collects what a [`Live`] differs in.
#[derive(Debug)]
pub struct LiveBuilder {
    roots: RootCertStore,
    rules: Vec<ConnectTo>,
}

/// Why a [`Live`] cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LiveError {
    /// The text holds no certificate, or one that cannot be read.
    #[error("the CA file holds no certificate in PEM form, or a damaged one")]
    Ca,
    /// The TLS library refuses its settings.
    #[error("TLS cannot be set up")]
    Tls,
}

impl LiveBuilder {
    /// Trusts the certificates of a PEM text too, each as a root.
    pub fn extra_ca_pem(mut self, pem: &[u8]) -> Result<Self, LiveError> {
        let before = self.roots.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|_| LiveError::Ca)?;
            self.roots.add(certificate).map_err(|_| LiveError::Ca)?;
        }
        if self.roots.len() == before {
            return Err(LiveError::Ca);
        }
        Ok(self)
    }

    /// Adds a rule that sends connections elsewhere; the first that fits counts.
    #[must_use]
    pub fn connect_to(mut self, rule: ConnectTo) -> Self {
        self.rules.push(rule);
        self
    }

    /// Makes the transport. Opens no connection.
    pub fn build(self) -> Result<Live, LiveError> {
        // The provider is named, so that nothing hangs on which one the process made its default.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| LiveError::Tls)?
            .with_root_certificates(self.roots)
            .with_no_client_auth();
        let mut tcp = HttpConnector::new_with_resolver(Resolver);
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_only()
            .enable_all_versions()
            .wrap_connector(Dialer {
                tcp,
                rules: self.rules.into(),
            });
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE)
            .http2_keep_alive_interval(PING)
            .http2_keep_alive_timeout(PING)
            .build(connector);
        Ok(Live { client })
    }
}

impl Transport for Live {
    fn send(
        &self,
        request: http::Request<Bytes>,
        timeouts: Timeouts,
    ) -> BoxFuture<'static, Result<http::Response<ResponseBody>, TransportError>> {
        if request.uri().scheme() != Some(&http::uri::Scheme::HTTPS) {
            return futures::future::ready(Err(TransportError::Denied)).boxed();
        }
        let mut request = request.map(Full::new);
        let mut connection = capture_connection(&mut request);
        let mut reply = self.client.request(request);
        async move {
            // The client tells when the request has its connection, new or kept: until then one clock runs, then the other.
            let connected = async {
                connection.wait_for_connection_metadata().await;
            };
            let early = tokio::select! {
                biased;
                early = &mut reply => Some(early),
                in_time = tokio::time::timeout(timeouts.connect, connected) => {
                    in_time.map_err(|_| TransportError::ConnectTimeout)?;
                    None
                }
            };
            let reply = match early {
                Some(early) => early,
                None => tokio::time::timeout(timeouts.first_byte, reply)
                    .await
                    .map_err(|_| TransportError::Timeout)?,
            };
            let reply = reply.map_err(|error| stage_of_request(&error))?;
            Ok(reply.map(|body| body.map_err(|error| stage_of(&error)).boxed_unsync()))
        }
        .boxed()
    }
}

/// Makes TCP connections, where the rules say.
#[derive(Clone)]
struct Dialer {
    tcp: HttpConnector<Resolver>,
    rules: Arc<[ConnectTo]>,
}

impl Dialer {
    /// The address to connect to: that of the request, or of the first rule that fits.
    fn target(&self, address: Uri) -> Result<Uri, http::Error> {
        let host = address.host().unwrap_or_default();
        let port = address.port_u16().unwrap_or(443);
        let mut rules = self.rules.iter();
        let Some((host, port)) = rules.find_map(|rule| rule.redirect(host, port)) else {
            return Ok(address);
        };
        Uri::builder()
            .scheme("https")
            .authority(format!("{host}:{port}"))
            .path_and_query("/")
            .build()
    }
}

impl Service<Uri> for Dialer {
    type Response = <HttpConnector<Resolver> as Service<Uri>>::Response;
    type Error = DialError;
    type Future = BoxFuture<'static, Result<Self::Response, DialError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), DialError>> {
        self.tcp.poll_ready(context).map_err(|_| DialError::Connect)
    }

    fn call(&mut self, address: Uri) -> Self::Future {
        match self.target(address) {
            Ok(target) => {
                let connection = self.tcp.call(target);
                async move { connection.await.map_err(|error| dial_error(&error)) }.boxed()
            }
            Err(_) => futures::future::ready(Err(DialError::Connect)).boxed(),
        }
    }
}

/// Looks names up with the system's resolver.
#[derive(Clone)]
struct Resolver;

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = DialError;
    type Future = BoxFuture<'static, Result<Self::Response, DialError>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), DialError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        async move {
            // Port 0: the connector above puts in that of the address.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await;
            match found.map(Iterator::collect::<Vec<_>>) {
                Ok(addresses) if !addresses.is_empty() => Ok(addresses.into_iter()),
                Ok(_) | Err(_) => Err(DialError::Dns),
            }
        }
        .boxed()
    }
}

/// Why there is no TCP connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum DialError {
    #[error("the name could not be resolved")]
    Dns,
    #[error("no connection")]
    Connect,
}

fn dial_error(error: &(dyn StdError + 'static)) -> DialError {
    causes(error)
        .find_map(|cause| cause.downcast_ref().copied())
        .unwrap_or(DialError::Connect)
}

/// The stage at which a request failed, before the header of its reply.
fn stage_of_request(error: &hyper_util::client::legacy::Error) -> TransportError {
    if !error.is_connect() {
        return stage_of(error);
    }
    let dial = causes(error).find_map(|cause| cause.downcast_ref::<DialError>());
    match dial {
        Some(DialError::Dns) => TransportError::Dns,
        Some(DialError::Connect) => TransportError::Connect,
        // TCP stood, so it was TLS, whatever ended it.
        None => tls_stage(error).unwrap_or(TransportError::Tls),
    }
}

/// The stage at which a standing connection failed.
fn stage_of(error: &(dyn StdError + 'static)) -> TransportError {
    if let Some(stage) = tls_stage(error) {
        return stage;
    }
    let hyper = || causes(error).filter_map(|cause| cause.downcast_ref::<hyper::Error>());
    if hyper().any(hyper::Error::is_parse) {
        return TransportError::Protocol;
    }
    let input = |kind| {
        matches!(
            kind,
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
        )
    };
    let mut io = causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>());
    if io.any(|error| input(error.kind())) {
        // Broken chunks, for one.
        return TransportError::Protocol;
    }
    // What is left is an end before its time: of the connection, or of an HTTP/2 stream.
    TransportError::CutOff
}

fn tls_stage(error: &(dyn StdError + 'static)) -> Option<TransportError> {
    causes(error)
        .find_map(|cause| cause.downcast_ref::<rustls::Error>())
        .map(|error| match error {
            rustls::Error::InvalidCertificate(_) => TransportError::TlsCertificate,
            _ => TransportError::Tls,
        })
}

/// An error and all that caused it. An `io::Error` that wraps another error hides it from `source`, so it is opened.
fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| {
        let error = *error;
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
            .map(|wrapped| wrapped as &(dyn StdError + 'static));
        wrapped.or_else(|| error.source())
    })
}
