//! The real transport: hyper's pooled client over rustls. It speaks HTTP/1.1 or 2 as the server
//! prefers, and keeps and shares connections. No redirects, cookies or decompression, and no proxy
//! but the operator's.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt};
use http_body_util::{BodyExt, Full};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::capture_connection;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use ipnet::IpNet;
use rustls::RootCertStore;

use crate::deadline::after;
use crate::limits::{MAX_HEADER_BYTES, MAX_HEADER_FIELDS, Timeouts};
use crate::transport::attempt::Attempt;
use crate::transport::coalescing::Coalescing;
use crate::transport::connect_to::ConnectTo;
use crate::transport::dial::{Dialer, TlsDialer};
use crate::transport::failure::{stage_of, stage_of_request};
use crate::transport::pem::{self, Damaged};
use crate::transport::proxy::Proxy;
use crate::transport::proxy_dialer::ProxyDialer;
use crate::transport::{ResponseBody, Transport, TransportError};

/// Below the minute after which common load balancers close an idle connection, so that this side
/// closes it first.
const POOL_IDLE: Duration = Duration::from_secs(50);
/// Interval and time limit of HTTP/2 pings on a connection with requests in flight. Twice this is
/// far below the default time for a response, so the two limits never race.
const PING: Duration = Duration::from_secs(10);
/// The longest header section that hyper reads: twice the limit of the egress guard. A response
/// slightly above that limit gets a precise error, one far above it a closed connection.
const WIRE_HEADER_BYTES: usize = 2 * MAX_HEADER_BYTES;
/// The same for HTTP/2, whose setting is a `u32`.
const WIRE_HEADER_LIST_BYTES: u32 = 64 << 10;
/// 128 KiB of an HTTP/2 response may be buffered for a slow reader: 2.5 MB/s at 50 ms round trip.
const STREAM_WINDOW_BYTES: u32 = 128 << 10;
/// 4 MiB for all responses of one connection: thirty slow readers do not block the others.
const CONNECTION_WINDOW_BYTES: u32 = 4 << 20;

/// Sends requests over the network.
///
/// Connects only to public addresses, and to those that the operator names: by
/// [`LiveBuilder::allow_addresses`], or as the target of a [`ConnectTo`] rule. The filter applies
/// to the very address that is connected to. If it leaves none, the request is
/// [`TransportError::Denied`]. The addresses of a name that a proxy resolves are not known here;
/// see [`LiveBuilder::proxy`].
///
/// Cheap to clone; clones share their connections, which belong to one tokio runtime. In a burst to
/// a host without an open connection, one request connects and the others wait to learn whether
/// they can share its connection. A request is never sent twice. One that meets a kept connection
/// just as it closes, before anything was written, goes to another connection.
#[derive(Clone)]
pub struct Live {
    client: Client<TlsDialer, Full<Bytes>>,
    coalescing: Arc<Coalescing>,
}

impl fmt::Debug for Live {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Live").finish_non_exhaustive()
    }
}

impl Live {
    /// Starts with Mozilla's root certificates, public addresses only, no proxy, and no redirected
    /// connection. Nothing is read from the environment.
    pub fn builder() -> LiveBuilder {
        LiveBuilder {
            roots: webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect(),
            rules: Vec::new(),
            allowed: Vec::new(),
            proxy: None,
        }
    }
}

/// Options of a [`Live`] transport.
#[derive(Debug)]
pub struct LiveBuilder {
    roots: RootCertStore,
    rules: Vec<ConnectTo>,
    allowed: Vec<IpNet>,
    proxy: Option<Proxy>,
}

/// Why a [`Live`] transport cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LiveError {
    /// The file holds no certificate in PEM form.
    #[error(
        "holds no certificate; expected PEM, with a line -----BEGIN CERTIFICATE-----, to which \
         `openssl x509 -inform der` converts others"
    )]
    NoCertificate,
    /// A certificate is damaged, or cannot be a trusted root.
    #[error("holds a damaged certificate, which begins in line {line}")]
    DamagedCertificate {
        /// The line of the file where the certificate begins; the first is 1.
        line: usize,
    },
    /// The certificates that `SSL_CERT_FILE` names cannot be read.
    #[error("cannot use the certificates of SSL_CERT_FILE, {}: {reason}", file.display())]
    SystemCertificates {
        /// The value of the variable.
        file: PathBuf,
        /// The operating system's error, or the lack of certificates.
        reason: String,
    },
    /// The TLS library rejects its settings.
    #[error("TLS cannot be configured")]
    Tls,
}

impl LiveBuilder {
    /// Adds the certificates of a PEM file (RFC 7468) as trusted roots, also those with the label
    /// `TRUSTED CERTIFICATE` of OpenSSL, whose own settings for trust are ignored. Comments may be
    /// in any encoding. Errors continue a sentence that begins with the name of the file.
    pub fn extra_ca_pem(mut self, pem: &[u8]) -> Result<Self, LiveError> {
        let found = pem::certificates(pem);
        if found.is_empty() {
            return Err(LiveError::NoCertificate);
        }
        for certificate in found {
            let damaged = |line| LiveError::DamagedCertificate { line };
            let (line, certificate) = certificate.map_err(|found| damaged(found.line))?;
            self.roots.add(certificate).map_err(|_| damaged(line))?;
        }
        Ok(self)
    }

    /// Also trusts the certificates of this machine: those that the environment variables
    /// `SSL_CERT_FILE` and `SSL_CERT_DIR` name, else those of the operating system. Reads files, so
    /// it blocks.
    ///
    /// Entries that cannot be read are logged and skipped. An `SSL_CERT_FILE` without a readable
    /// certificate is an error.
    pub fn system_certificates(mut self) -> Result<Self, LiveError> {
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!(%error, "a certificate of this machine cannot be read; skipping it");
        }
        let (added, ignored) = self.roots.add_parsable_certificates(found.certs);
        tracing::debug!(added, ignored, "trusting the certificates of this machine");
        if let Some(file) = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from) {
            self.add_file(&file)?;
        }
        Ok(self)
    }

    /// Adds those certificates of a file that can be read, at least one.
    fn add_file(&mut self, file: &Path) -> Result<(), LiveError> {
        let unusable = |reason: String| LiveError::SystemCertificates {
            file: file.to_owned(),
            reason,
        };
        if file.as_os_str().is_empty() {
            return Err(unusable("it is empty; unset it, or name a file".to_owned()));
        }
        let text = std::fs::read(file).map_err(|error| unusable(error.to_string()))?;
        let mut is_usable = false;
        for certificate in pem::certificates(&text) {
            let added = match certificate {
                Ok((line, certificate)) => self.roots.add(certificate).map_err(|_| line),
                Err(Damaged { line }) => Err(line),
            };
            match added {
                Ok(()) => is_usable = true,
                Err(line) => {
                    let file = file.display();
                    tracing::warn!(%file, line, "a certificate is damaged; skipping it");
                }
            }
        }
        if is_usable {
            Ok(())
        } else {
            Err(unusable("it holds no certificate in PEM form".to_owned()))
        }
    }

    /// Adds a rule that redirects connections; the first rule that matches applies.
    #[must_use]
    pub fn connect_to(mut self, rule: ConnectTo) -> Self {
        self.rules.push(rule);
        self
    }

    /// Allows addresses that are not public, such as 10.1.0.0/16, for every host.
    ///
    /// Loopback, private, link-local, shared, reserved and all other addresses that are not
    /// globally reachable are refused otherwise: a name under foreign control must not resolve into
    /// the operator's own network.
    #[must_use]
    pub fn allow_addresses(mut self, addresses: impl IntoIterator<Item = IpNet>) -> Self {
        self.allowed.extend(addresses);
        self
    }

    /// Connects through this proxy, except to the hosts of [`Proxy::except`].
    ///
    /// The proxy may have any address, because the operator named it. It resolves the names of
    /// vendors, and decides to which addresses it connects, so a name that resolves to an address
    /// of the proxy's own network is the proxy's to refuse. Refused here are IP addresses that are
    /// not allowed, `localhost`, and names that mean an address, such as `0x7f000001`. With
    /// `socks5://` names are resolved here, and their addresses filtered as without a proxy. A
    /// [`ConnectTo`] rule applies to the target: the proxy is asked for `HOST2:PORT2`.
    #[must_use]
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Builds the transport. Opens no connection.
    pub fn build(self) -> Result<Live, LiveError> {
        // Named explicitly, so that the process's default provider does not matter.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| LiveError::Tls)?
            .with_root_certificates(self.roots)
            .with_no_client_auth();
        let proxy = self.proxy.as_ref();
        let proxy = proxy.map(|proxy| ProxyDialer::new(proxy, tls.clone()));
        let dialer = Dialer::new(self.allowed.into(), self.rules.into(), proxy);
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_only()
            .enable_all_versions()
            .wrap_connector(dialer);
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
            .build(TlsDialer::new(https));
        Ok(Live {
            client,
            coalescing: Arc::new(Coalescing::new(POOL_IDLE)),
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
        let coalescing = Arc::clone(&self.coalescing);
        let connect_by = after(timeouts.connect);
        let mut request = request.map(Full::new);
        let mut connection = capture_connection(&mut request);
        let attempt = Arc::new(Attempt::new(timeouts.connect));
        let response = Arc::clone(&attempt).scope(self.client.request(request));
        async move {
            let first = tokio::time::timeout_at(connect_by, coalescing.wait(&host));
            let first = first.await.map_err(|_| TransportError::ConnectTimeout)?;
            let mut response = std::pin::pin!(response);
            // The client reports when the request has its connection, new or kept. Until then the
            // time limit for connecting applies, afterwards the one for the header.
            let connected = async {
                connection.wait_for_connection_metadata().await;
            };
            let early = tokio::select! {
                biased;
                early = &mut response => Some(early),
                in_time = tokio::time::timeout_at(connect_by, connected) => {
                    in_time.map_err(|_| attempt.timed_out())?;
                    None
                }
            };
            if let Some((first, connected)) = first.zip(connection.connection_metadata().as_ref()) {
                first.protocol_known(connected.is_negotiated_h2());
            }
            let response = if let Some(early) = early {
                early
            } else {
                let in_time = tokio::time::timeout(timeouts.first_byte, response).await;
                in_time.map_err(|_| {
                    // Over HTTP/2 the next request would use the same silent connection.
                    if let Some(connected) = &*connection.connection_metadata() {
                        connected.poison();
                    }
                    TransportError::Timeout
                })?
            };
            let response = response.map_err(|error| stage_of_request(&error))?;
            Ok(response.map(|body| body.map_err(|error| stage_of(&error)).boxed_unsync()))
        }
        .boxed()
    }
}
