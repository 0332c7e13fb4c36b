//! A certificate authority for one run: made at the start, its key never written, its certificates short-lived.

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use tokio_rustls::TlsAcceptor;

/// Certificates start this long ago, which forgives a clock that is behind.
const DAY: Duration = Duration::from_hours(24);

/// Longer than anyone lets simulators run.
const VALID_DAYS: u32 = 7;

/// Who vouches for the simulators. Has no `Debug`, for it holds a private key.
pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(super) fn new() -> io::Result<Self> {
        let mut params = valid_now(Vec::new())?;
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

    pub(super) fn pem(&self) -> String {
        self.0.pem()
    }

    /// Makes the server side of TLS for these names, offering HTTP/2 and HTTP/1.1.
    pub(super) fn serve_as(&self, hosts: &[&str]) -> io::Result<TlsAcceptor> {
        let mut params = valid_now(hosts.iter().map(ToString::to_string).collect())?;
        params.use_authority_key_identifier_extension = true;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let leaf = params.signed_by(&key, &self.0).map_err(io::Error::other)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key.into())
            .map_err(io::Error::other)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

fn valid_now(hosts: Vec<String>) -> io::Result<CertificateParams> {
    let mut params = CertificateParams::new(hosts).map_err(io::Error::other)?;
    params.not_before = date_time_ymd(1970, 1, 1) + since_1970().saturating_sub(DAY);
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
