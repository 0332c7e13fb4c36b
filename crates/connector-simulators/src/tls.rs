//! A certificate authority for one run: made at the start, its key never written, its certificates
//! short-lived. It makes bad certificates too, for whoever is to refuse them.

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use tokio_rustls::TlsAcceptor;

/// HTTP/1.1, as the two sides of a handshake call it (RFC 7301 §6).
pub const HTTP1: &str = "http/1.1";
/// HTTP/2, as the two sides of a handshake call it (RFC 9113 §3.2).
pub const HTTP2: &str = "h2";

/// Certificates start this long ago, which forgives a clock that is behind.
const DAY: Duration = Duration::from_hours(24);

/// Longer than anyone lets simulators run.
const VALID_DAYS: u32 = 7;

/// Who vouches for a service. Has no `Debug`, for it holds a private key.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// When a certificate is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Valid {
    /// As it should be.
    Now,
    /// It was, until yesterday.
    Before,
    /// It will be, from tomorrow on.
    Later,
}

impl Authority {
    /// Makes an authority, which nobody trusts until given its [`pem`](Self::pem).
    pub fn new() -> io::Result<Self> {
        let mut params = valid(Vec::new(), Valid::Now)?;
        params
            .distinguished_name
            .push(DnType::CommonName, "simulated vendors, not to be trusted");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().map_err(io::Error::other)?;
        CertifiedIssuer::self_signed(params, key)
            .map(Self)
            .map_err(io::Error::other)
    }

    /// Returns its own certificate.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// Makes the server side of TLS for these names, offering these protocols, the preferred one
    /// first.
    pub fn serve_as(&self, hosts: &[&str], protocols: &[&str]) -> io::Result<TlsAcceptor> {
        self.serve_when(Valid::Now, hosts, protocols)
    }

    /// Makes it with a certificate that is valid then.
    pub fn serve_when(
        &self,
        when: Valid,
        hosts: &[&str],
        protocols: &[&str],
    ) -> io::Result<TlsAcceptor> {
        let mut params = service(hosts, when)?;
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let leaf = params.signed_by(&key, &self.0).map_err(io::Error::other)?;
        acceptor(leaf.der().clone(), key, protocols)
    }
}

/// Makes the server side of TLS with a certificate that nobody vouches for but itself.
pub fn self_signed(hosts: &[&str], protocols: &[&str]) -> io::Result<TlsAcceptor> {
    let params = service(hosts, Valid::Now)?;
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let leaf = params.self_signed(&key).map_err(io::Error::other)?;
    acceptor(leaf.der().clone(), key, protocols)
}

fn acceptor(
    leaf: CertificateDer<'static>,
    key: KeyPair,
    protocols: &[&str],
) -> io::Result<TlsAcceptor> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(vec![leaf], key.into())
        .map_err(io::Error::other)?;
    config.alpn_protocols = protocols
        .iter()
        .map(|name| name.as_bytes().to_vec())
        .collect();
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn service(hosts: &[&str], when: Valid) -> io::Result<CertificateParams> {
    let mut params = valid(hosts.iter().map(ToString::to_string).collect(), when)?;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

fn valid(hosts: Vec<String>, when: Valid) -> io::Result<CertificateParams> {
    let mut params = CertificateParams::new(hosts).map_err(io::Error::other)?;
    let now = date_time_ymd(1970, 1, 1) + since_1970();
    params.not_before = match when {
        Valid::Now => now - DAY,
        Valid::Before => now - DAY * (VALID_DAYS + 1),
        Valid::Later => now + DAY,
    };
    params.not_after = params.not_before + DAY * VALID_DAYS;
    Ok(params)
}

#[expect(
    clippy::disallowed_methods,
    reason = "whoever checks a certificate does so by the real time"
)]
fn since_1970() -> Duration {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
}
