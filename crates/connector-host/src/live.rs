//! The one live transport: hyper's pooled client over rustls. HTTP/1.1 or 2 as the other side prefers, connections kept and
//! shared. No redirects, cookies, decompression or proxy.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use ipnet::IpNet;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::address::Addresses;
use crate::connect_to::ConnectTo;
use crate::door::after;
use crate::first::Firsts;
use crate::limits::{MAX_HEADER_BYTES, MAX_HEADER_FIELDS};
use crate::{ResponseBody, Timeouts, Transport, TransportError};

/// Below the minute after which common load balancers close an idle connection, so that we do so first.
const POOL_IDLE: Duration = Duration::from_secs(50);
/// How often, and for how long, a connection with requests under way is asked whether it still lives. Twice this is less than
/// the default wait for a reply by far, so that the two never race.
const PING: Duration = Duration::from_secs(10);
/// TCP alone, shared by all addresses of a name: a dead first one leaves time for the next, and that for TLS.
const TCP: Duration = Duration::from_secs(8);
/// The longest header section that is taken off the wire, twice what then passes `door.rs`: who sends a little too much is told
/// so there, and who sends far too much is hung up on here.
const WIRE_HEADER_BYTES: usize = 2 * MAX_HEADER_BYTES;
/// The same for HTTP/2, which has numbers of its own.
const WIRE_HEADER_LIST_BYTES: u32 = 64 << 10;
/// 128 KiB of a reply over HTTP/2 may lie here while its reader takes its time: 2.5 MB/s over a distance of 50 ms.
const STREAM_WINDOW_BYTES: u32 = 128 << 10;
/// 4 MiB for all replies of one connection: thirty readers that take their time do not hold up the others.
const CONNECTION_WINDOW_BYTES: u32 = 4 << 20;

/// Carries requests over the network.
///
/// Connects to public addresses alone, and to those that the operator names: by [`LiveBuilder::allow_addresses`], or as the
/// target of a [`ConnectTo`]. The address that was judged is the one that is dialled. Where none is left, the request is
/// [`TransportError::Denied`].
///
/// Cheap to clone; clones share their connections. In a burst to a host that nobody has asked lately, one request dials, and the others wait to see
/// whether they can share its connection. To be used within one tokio runtime, whose tasks hold the connections.
/// A request is never sent twice; one that met a kept connection just as it closed, and of which nothing was written,
/// goes to another.
#[derive(Clone)]
pub struct Live {
    client: Client<Limited, Full<Bytes>>,
    firsts: Arc<Firsts>,
}

impl fmt::Debug for Live {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Live").finish_non_exhaustive()
    }
}

impl Live {
    /// Begins with the roots that Mozilla trusts, public addresses alone, and every connection where its address says.
    pub fn builder() -> LiveBuilder {
        LiveBuilder {
            roots: webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect(),
            rules: Vec::new(),
            allowed: Vec::new(),
        }
    }
}

/// Collects what a [`Live`] differs in.
#[derive(Debug)]
pub struct LiveBuilder {
    roots: RootCertStore,
    rules: Vec<ConnectTo>,
    allowed: Vec<IpNet>,
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

    /// Allows addresses that are not public, such as 10.1.0.0/16, wherever a name or an address leads to them.
    ///
    /// Loopback, private, link-local, shared, reserved and all other addresses that not everyone on the internet can reach are
    /// refused otherwise: a name in foreign hands must not lead into the operator's own network.
    #[must_use]
    pub fn allow_addresses(mut self, addresses: impl IntoIterator<Item = IpNet>) -> Self {
        self.allowed.extend(addresses);
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
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_only()
            .enable_all_versions()
            .wrap_connector(Dialer {
                judged: Tcp::to(Addresses::PublicAnd(self.allowed.into())),
                ruled: Tcp::to(Addresses::All),
                rules: self.rules.into(),
            });
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE)
            .http2_keep_alive_interval(PING)
            .http2_keep_alive_timeout(PING)
            .http1_max_headers(MAX_HEADER_FIELDS)
            .http1_max_buf_size(WIRE_HEADER_BYTES)
            .http2_max_header_list_size(WIRE_HEADER_LIST_BYTES)
            .http2_initial_stream_window_size(STREAM_WINDOW_BYTES)
            .http2_initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .build(Limited { https });
        Ok(Live {
            client,
            firsts: Arc::new(Firsts::new(POOL_IDLE)),
        })
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
        let host = request.uri().host().unwrap_or_default().to_owned();
        let firsts = Arc::clone(&self.firsts);
        let connect_by = after(timeouts.connect);
        let mut request = request.map(Full::new);
        let mut connection = capture_connection(&mut request);
        let dial = Arc::new(Dial::new(timeouts.connect));
        let reply = DIAL.scope(Arc::clone(&dial), self.client.request(request));
        async move {
            let turn = tokio::time::timeout_at(connect_by, firsts.turn(&host));
            let turn = turn.await.map_err(|_| TransportError::ConnectTimeout)?;
            let mut reply = std::pin::pin!(reply);
            // The client tells when the request has its connection, new or kept: until then one clock runs, then the other.
            let connected = async {
                connection.wait_for_connection_metadata().await;
            };
            let early = tokio::select! {
                biased;
                early = &mut reply => Some(early),
                in_time = tokio::time::timeout_at(connect_by, connected) => {
                    in_time.map_err(|_| dial.too_long())?;
                    None
                }
            };
            if let Some((turn, connected)) = turn.zip(connection.connection_metadata().as_ref()) {
                turn.spoke(connected.is_negotiated_h2());
            }
            let reply = if let Some(early) = early {
                early
            } else {
                let in_time = tokio::time::timeout(timeouts.first_byte, reply).await;
                in_time.map_err(|_| {
                    // Over HTTP/2 the next request would go the same way, and wait for the same silence.
                    if let Some(connected) = &*connection.connection_metadata() {
                        connected.poison();
                    }
                    TransportError::Timeout
                })?
            };
            let reply = reply.map_err(|error| stage_of_request(&error))?;
            Ok(reply.map(|body| body.map_err(|error| stage_of(&error)).boxed_unsync()))
        }
        .boxed()
    }
}

tokio::task_local! {
    /// The dialling of the request that is being polled. The client tells its connector nothing but the address.
    static DIAL: Arc<Dial>;
}

/// How long a request may dial, and how far it has come.
#[derive(Debug)]
struct Dial {
    limit: Duration,
    resolving: AtomicBool,
    connected: AtomicBool,
}

impl Dial {
    fn new(limit: Duration) -> Self {
        Self {
            limit,
            resolving: AtomicBool::new(false),
            connected: AtomicBool::new(false),
        }
    }

    /// The dialling that goes on here; none in a connection that the client ends for the next request to use.
    fn current() -> Option<Arc<Self>> {
        DIAL.try_with(Arc::clone).ok()
    }

    /// What it is when the time is up now.
    fn too_long(&self) -> TransportError {
        if self.connected.load(Ordering::Relaxed) {
            TransportError::TlsTimeout
        } else if self.resolving.load(Ordering::Relaxed) {
            TransportError::DnsTimeout
        } else {
            TransportError::ConnectTimeout
        }
    }
}

/// Makes TLS connections, each within the limit of the request that asks for it: a second one too, where a kept connection was dead.
#[derive(Clone)]
struct Limited {
    https: HttpsConnector<Dialer>,
}

impl Service<Uri> for Limited {
    type Response = <HttpsConnector<Dialer> as Service<Uri>>::Response;
    type Error = Box<dyn StdError + Send + Sync>;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.https.poll_ready(context)
    }

    fn call(&mut self, address: Uri) -> Self::Future {
        let connection = self.https.call(address);
        let Some(dial) = Dial::current() else {
            return connection;
        };
        async move {
            match tokio::time::timeout(dial.limit, connection).await {
                Ok(connection) => connection,
                Err(_) => Err(dial.too_long().into()),
            }
        }
        .boxed()
    }
}

/// Makes TCP connections, where the rules say.
#[derive(Clone)]
struct Dialer {
    judged: Tcp,
    /// For hosts that a rule names, which is the operator's word.
    ruled: Tcp,
    rules: Arc<[ConnectTo]>,
}

impl Dialer {
    /// The address to connect to, that of the request or of the first rule that fits, and whether a rule names its host.
    fn target(&self, address: Uri) -> Result<(Uri, bool), http::Error> {
        let host = address.host().unwrap_or_default();
        let port = address.port_u16().unwrap_or(443);
        let mut rules = self.rules.iter();
        let Some((named, (host, port))) =
            rules.find_map(|rule| Some((rule.names_host(), rule.redirect(host, port)?)))
        else {
            return Ok((address, false));
        };
        let target = Uri::builder()
            .scheme("https")
            .authority(format!("{host}:{port}"))
            .path_and_query("/")
            .build()?;
        Ok((target, named))
    }
}

impl Service<Uri> for Dialer {
    type Response = TokioIo<TcpStream>;
    type Error = TransportError;
    type Future = BoxFuture<'static, Result<Self::Response, TransportError>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, address: Uri) -> Self::Future {
        match self.target(address) {
            Ok((target, true)) => self.ruled.connect(target),
            Ok((target, false)) => self.judged.connect(target),
            Err(_) => futures::future::ready(Err(TransportError::Connect)).boxed(),
        }
    }
}

/// Makes TCP connections to the addresses that it may.
#[derive(Clone)]
struct Tcp {
    addresses: Addresses,
    connector: HttpConnector<Resolver>,
}

impl Tcp {
    fn to(addresses: Addresses) -> Self {
        let mut connector = HttpConnector::new_with_resolver(Resolver(addresses.clone()));
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(TCP));
        Self {
            addresses,
            connector,
        }
    }

    fn connect(
        &mut self,
        target: Uri,
    ) -> BoxFuture<'static, Result<TokioIo<TcpStream>, TransportError>> {
        // The resolver is asked for names alone.
        if literal(&target).is_some_and(|address| !self.addresses.allow(address)) {
            return futures::future::ready(Err(TransportError::Denied)).boxed();
        }
        let dial = Dial::current();
        let connected = move |yes| {
            if let Some(dial) = &dial {
                dial.connected.store(yes, Ordering::Relaxed);
            }
        };
        // Always ready, as its resolver is.
        let connection = self.connector.call(target);
        async move {
            connected(false);
            let connection = connection.await.map_err(|error| tcp_stage(&error))?;
            connected(true);
            Ok(connection)
        }
        .boxed()
    }
}

/// The host of a target that is an address and not a name, read as the connector reads it.
fn literal(target: &Uri) -> Option<IpAddr> {
    let host = target.host()?;
    let inside = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    inside.unwrap_or(host).parse().ok()
}

/// Looks names up with the system's resolver, once, and leaves of what it finds what may be dialled.
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
        let resolving = move |yes| {
            if let Some(dial) = &dial {
                dial.resolving.store(yes, Ordering::Relaxed);
            }
        };
        async move {
            resolving(true);
            // Port 0: the connector above puts in that of the address.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await;
            resolving(false);
            let found = found.map_err(|_| TransportError::Dns)?;
            Ok(addresses.of(found)?.into_iter())
        }
        .boxed()
    }
}

/// The stage at which there was no TCP connection.
fn tcp_stage(error: &(dyn StdError + 'static)) -> TransportError {
    let timed_out = |error: &io::Error| error.kind() == io::ErrorKind::TimedOut;
    if let Some(stage) = told(error) {
        stage
    } else if causes(error).any(|cause| cause.downcast_ref().is_some_and(timed_out)) {
        TransportError::ConnectTimeout
    } else {
        TransportError::Connect
    }
}

/// The stage at which a request failed, before the header of its reply.
fn stage_of_request(error: &hyper_util::client::legacy::Error) -> TransportError {
    if !error.is_connect() {
        return stage_of(error);
    }
    // TCP stood unless the dialling says otherwise, so it was TLS, whatever ended it.
    told(error)
        .or_else(|| tls_stage(error))
        .unwrap_or(TransportError::Tls)
}

/// The stage that this file's own services told.
fn told(error: &(dyn StdError + 'static)) -> Option<TransportError> {
    causes(error).find_map(|cause| cause.downcast_ref().copied())
}

/// The stage at which a standing connection failed.
fn stage_of(error: &(dyn StdError + 'static)) -> TransportError {
    if let Some(stage) = tls_stage(error) {
        return stage;
    }
    let hyper = || causes(error).filter_map(|cause| cause.downcast_ref::<hyper::Error>());
    if hyper().any(hyper::Error::is_timeout) {
        // Pings that nobody answers.
        return TransportError::Timeout;
    }
    if hyper().any(hyper::Error::is_parse_too_large) {
        return TransportError::TooLong;
    }
    if hyper().any(hyper::Error::is_parse) {
        return TransportError::Protocol;
    }
    let mut h2 = causes(error).filter_map(|cause| cause.downcast_ref::<h2::Error>());
    if h2.any(h2::Error::is_library) {
        // Found by our side. What the other side reports itself, by ending the stream or the connection, is an end.
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

#[cfg(test)]
mod tests {
    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

    use super::*;

    /// What becomes of an HTTP/2 request whose other side does this. Its connection has the pings of the live one.
    async fn over_http2<F: Future<Output = ()> + Send + 'static>(
        with: impl FnOnce(DuplexStream) -> F,
    ) -> TransportError {
        let (ours, theirs) = tokio::io::duplex(64 << 10);
        tokio::spawn(with(theirs));
        let (mut client, connection) =
            hyper::client::conn::http2::Builder::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .keep_alive_interval(PING)
                .keep_alive_timeout(PING)
                .handshake(TokioIo::new(ours))
                .await
                .unwrap();
        tokio::spawn(connection);
        let request = http::Request::get("https://api.example/").body(Full::<Bytes>::default());
        stage_of(&client.send_request(request.unwrap()).await.unwrap_err())
    }

    /// Reads to the end of the request's header.
    async fn request(socket: &mut DuplexStream) {
        const PREFACE_BYTES: usize = 24;
        const HEADERS: u8 = 1;
        socket.read_exact(&mut [0; PREFACE_BYTES]).await.unwrap();
        loop {
            let mut frame = [0; 9];
            socket.read_exact(&mut frame).await.unwrap();
            let [a, b, c, kind, ..] = frame;
            let length = u64::from(u32::from_be_bytes([0, a, b, c]));
            let mut rest = (&mut *socket).take(length);
            tokio::io::copy(&mut rest, &mut tokio::io::sink())
                .await
                .unwrap();
            if kind == HEADERS {
                return;
            }
        }
    }

    #[tokio::test]
    async fn an_answer_that_is_not_http2_is_no_http() {
        let stage = over_http2(async |mut socket| {
            request(&mut socket).await;
            socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            // Until the client hangs up.
            tokio::io::copy(&mut socket, &mut tokio::io::sink())
                .await
                .unwrap();
        });
        assert_eq!(stage.await, TransportError::Protocol);
    }

    #[tokio::test]
    async fn an_end_of_http2_before_its_time_is_one() {
        let stage = over_http2(async |mut socket| {
            request(&mut socket).await;
        });
        assert_eq!(stage.await, TransportError::CutOff);
    }

    #[tokio::test(start_paused = true)]
    async fn pings_without_an_answer_are_a_timeout() {
        /// No settings, and the acknowledgement of the client's.
        const SETTINGS: [u8; 18] = [0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0];
        let stage = over_http2(async |mut socket| {
            socket.write_all(&SETTINGS).await.unwrap();
            tokio::io::copy(&mut socket, &mut tokio::io::sink())
                .await
                .unwrap();
        });
        assert_eq!(stage.await, TransportError::Timeout);
    }

    #[test]
    fn a_time_limit_is_one_of_the_stage_that_was_under_way() {
        for (resolving, connected, stage) in [
            (false, false, TransportError::ConnectTimeout),
            (true, false, TransportError::DnsTimeout),
            (false, true, TransportError::TlsTimeout),
        ] {
            let dial = Dial::new(PING);
            dial.resolving.store(resolving, Ordering::Relaxed);
            dial.connected.store(connected, Ordering::Relaxed);
            assert_eq!(dial.too_long(), stage);
        }
    }
}
