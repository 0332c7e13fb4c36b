//! The HTTP client of wasmtime-wasi-http as a transport, to compare with: a TCP connection, a TLS
//! handshake and HTTP/1.1 for each request. The original has its root certificates compiled in, so
//! it cannot reach a simulated vendor.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use connector_host::{ResponseBody, Timeouts, Transport, TransportError};
use futures::FutureExt as _;
use futures::future::{BoxFuture, Either, select};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// A transport without connection reuse.
#[derive(Clone)]
pub struct Dialing {
    roots: RootCertStore,
    addresses: Arc<HashMap<String, SocketAddr>>,
}

impl Dialing {
    /// Trusts a certificate authority in PEM, and resolves the names in the rules of simulators,
    /// `HOST:443:ADDRESS:PORT`, and no others.
    pub fn new(ca_pem: &str, connect_to: &[String]) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(ca_pem.as_bytes()) {
            let certificate = certificate.map_err(io::Error::other)?;
            roots.add(certificate).map_err(io::Error::other)?;
        }
        let mut addresses = HashMap::new();
        for rule in connect_to {
            let parts = rule.split_once(":443:");
            let (host, address) = parts.ok_or_else(|| io::Error::other("no port 443"))?;
            let address = address.parse().map_err(io::Error::other)?;
            addresses.insert(host.to_owned(), address);
        }
        Ok(Self {
            roots,
            addresses: Arc::new(addresses),
        })
    }

    async fn ask(
        self,
        mut request: http::Request<Bytes>,
    ) -> Result<http::Response<ResponseBody>, TransportError> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        let address = self.addresses.get(&host).ok_or(TransportError::Dns)?;
        // A proxy would get the whole URL and no `host`.
        let path = request.uri().path_and_query().cloned();
        *request.uri_mut() = path.map(Into::into).unwrap_or_default();
        let named = host.parse().map_err(|_| TransportError::Dns)?;
        request.headers_mut().insert(http::header::HOST, named);
        let name = ServerName::try_from(host).map_err(|_| TransportError::Dns)?;

        let tcp = TcpStream::connect(address).await;
        let tcp = tcp.map_err(|_| TransportError::Connect)?;
        // A new one for each request, so that no TLS session is resumed.
        let config = ClientConfig::builder()
            .with_root_certificates(self.roots)
            .with_no_client_auth();
        let tls = TlsConnector::from(Arc::new(config)).connect(name, tcp);
        let tls = tls.await.map_err(|_| TransportError::Tls)?;
        let connected = http1::handshake(TokioIo::new(tls)).await;
        let (mut sender, connection) = connected.map_err(|_| TransportError::Protocol)?;

        // The connection is polled until the whole body is there, and then dropped.
        let whole = async move {
            let reply = sender.send_request(request.map(Full::new)).await?;
            let (parts, body) = reply.into_parts();
            Ok::<_, hyper::Error>((parts, body.collect().await?.to_bytes()))
        };
        let whole = std::pin::pin!(whole);
        let (parts, body) = match select(whole, connection).await {
            Either::Left((whole, _)) => whole,
            Either::Right((_, whole)) => whole.await,
        }
        .map_err(|_| TransportError::CutOff)?;
        let body = Full::new(body).map_err(|never| match never {});
        Ok(http::Response::from_parts(parts, body.boxed_unsync()))
    }
}

impl Transport for Dialing {
    fn send(
        &self,
        request: http::Request<Bytes>,
        _timeouts: Timeouts,
    ) -> BoxFuture<'static, Result<http::Response<ResponseBody>, TransportError>> {
        self.clone().ask(request).boxed()
    }
}
