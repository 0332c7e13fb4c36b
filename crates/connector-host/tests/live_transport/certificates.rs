//! Certificates that are not accepted, and the reasons.

use connector_host::{CertificateError, Live, LiveBuilder, Transport, TransportError};
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, date_time_ymd};
use tokio::join;

use crate::server::{HTTP1, HTTP2, Server, TIMEOUTS, get};

type Change = fn(&mut CertificateParams);

/// The outcome with a server of this certificate, which is trusted or not.
async fn error(is_trusted: bool, change: Change) -> Option<TransportError> {
    let mut outcomes = Vec::new();
    for version in [HTTP1, HTTP2] {
        let mut params = CertificateParams::new(vec!["api.example".to_owned()]).unwrap();
        change(&mut params);
        let server = Server::with_certificate(version, params).await;
        let builder: LiveBuilder = if is_trusted {
            server.trusted()
        } else {
            Live::builder()
        };
        let rule = format!("api.example:443:127.0.0.1:{}", server.port());
        let live = builder.connect_to(rule.parse().unwrap()).build().unwrap();
        let (reply, _) = join!(live.send(get("/"), TIMEOUTS), server.try_accept());
        outcomes.push(reply.err());
    }
    let [http1, http2] = outcomes[..] else {
        unreachable!()
    };
    assert_eq!(http1, http2);
    http1
}

#[tokio::test]
async fn a_certificate_that_is_not_accepted_says_why() {
    let rows: [(&str, bool, Change, CertificateError); 7] = [
        (
            "tls-certificate-expired",
            true,
            |of| of.not_after = date_time_ymd(2001, 1, 1),
            CertificateError::Expired,
        ),
        (
            "tls-certificate-not-yet-valid",
            true,
            |of| of.not_before = date_time_ymd(3001, 1, 1),
            CertificateError::NotYetValid,
        ),
        (
            "tls-certificate-wrong-name",
            true,
            |of| {
                of.subject_alt_names = CertificateParams::new(vec!["other.example".to_owned()])
                    .unwrap()
                    .subject_alt_names;
            },
            CertificateError::WrongName,
        ),
        (
            "tls-certificate-unknown-issuer",
            false,
            |_| {},
            CertificateError::UnknownIssuer,
        ),
        // Found before the issuer is looked for.
        (
            "tls-certificate-expired",
            false,
            |of| of.not_after = date_time_ymd(2001, 1, 1),
            CertificateError::Expired,
        ),
        (
            "tls-certificate-other",
            true,
            |of| of.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth],
            CertificateError::Other,
        ),
        // `openssl req -x509` makes such ones.
        (
            "tls-certificate-other",
            true,
            |of| of.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
            CertificateError::Other,
        ),
    ];
    for (name, is_trusted, change, why) in rows {
        let error = error(is_trusted, change).await;
        assert_eq!(error, Some(TransportError::TlsCertificate(why)), "{name}");
        assert_eq!(error.map(TransportError::name), Some(name));
    }
}
