//! A test server: TLS with a certificate for `api.example`, and HTTP by hand or by hyper.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use connector_host::{Live, LiveBuilder, Timeouts};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

pub(crate) const HTTP1: &str = "http/1.1";
pub(crate) const HTTP2: &str = "h2";

/// Longer than loopback ever needs, except where a test expects a timeout.
pub(crate) const TIMEOUTS: Timeouts = Timeouts::new()
    .connect(Duration::from_secs(30))
    .first_byte(Duration::from_secs(30))
    .between_bytes(Duration::from_secs(30));

pub(crate) struct Server {
    listener: TcpListener,
    tls: TlsAcceptor,
    ca_pem: String,
}

impl Server {
    /// Listens, and accepts only this version of HTTP.
    pub(crate) async fn start(version: &str) -> Self {
        Self::for_names(version, &["api.example"]).await
    }

    /// The same for other names.
    pub(crate) async fn for_names(version: &str, names: &[&str]) -> Self {
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        let params = CertificateParams::new(names).unwrap();
        Self::with_certificate(version, params).await
    }

    /// The same with a certificate of these properties, which signs itself.
    pub(crate) async fn with_certificate(version: &str, params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.into())
            .unwrap();
        config.alpn_protocols = vec![version.into()];
        Self {
            listener: TcpListener::bind("127.0.0.1:0").await.unwrap(),
            tls: Arc::new(config).into(),
            ca_pem: certificate.pem(),
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.listener.local_addr().unwrap().port()
    }

    pub(crate) fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// A transport that trusts this server, without a rule that redirects to it.
    pub(crate) fn trusted(&self) -> LiveBuilder {
        Live::builder()
            .extra_ca_pem(self.ca_pem.as_bytes())
            .unwrap()
    }

    /// A transport that redirects `api.example` to this server.
    pub(crate) fn live(&self) -> Live {
        let rule = format!("api.example:443:127.0.0.1:{}", self.port());
        let live = self.trusted().connect_to(rule.parse().unwrap());
        live.build().unwrap()
    }

    pub(crate) async fn accept_tcp(&self) -> TcpStream {
        self.listener.accept().await.unwrap().0
    }

    pub(crate) async fn accept(&self) -> TlsStream<TcpStream> {
        self.tls.accept(self.accept_tcp().await).await.unwrap()
    }

    /// Accepts a connection of a client that may refuse the certificate.
    pub(crate) async fn try_accept(&self) -> std::io::Result<TlsStream<TcpStream>> {
        self.tls.accept(self.accept_tcp().await).await
    }

    /// Accepts a connection and a request, and responds in HTTP/1.1. The connection stays open.
    pub(crate) async fn answer(&self, reply: &str) -> (TlsStream<TcpStream>, String) {
        let mut stream = self.accept().await;
        let head = answer(&mut stream, reply).await;
        (stream, head)
    }

    /// Gives this response to every request during the test. Counts the connections.
    pub(crate) fn run(self, reply: fn() -> http::Response<Full<Bytes>>) -> Arc<AtomicUsize> {
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        tokio::spawn(async move {
            loop {
                let stream = TokioIo::new(self.accept().await);
                counted.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(async move {
                    let service = service_fn(move |_| async move { Ok::<_, Infallible>(reply()) });
                    let http = auto::Builder::new(TokioExecutor::new());
                    http.serve_connection(stream, service).await
                });
            }
        });
        connections
    }
}

/// Reads a request without a body, and responds.
pub(crate) async fn answer(stream: &mut TlsStream<TcpStream>, reply: &str) -> String {
    let head = read_head(stream).await;
    stream.write_all(reply.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    head
}

pub(crate) async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

pub(crate) fn get(path: &str) -> http::Request<Bytes> {
    let request = http::Request::get(format!("https://api.example{path}"));
    request.body(Bytes::new()).unwrap()
}

/// Lets the client's own tasks finish, which keep or close a connection.
pub(crate) async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}
