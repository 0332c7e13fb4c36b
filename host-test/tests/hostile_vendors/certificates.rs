//! Faults of a vendor's certificate. No request is sent, and so no secret.

use connector_simulators::tls::{Authority, HTTP1, Valid, self_signed};
use tokio_rustls::TlsAcceptor;

use super::check::{AUTHORITY, HOSTS, Row, unreachable};
use super::server::Play;

async fn check(acceptor: std::io::Result<TlsAcceptor>) {
    let row = Row::http1(Play::Certificate(acceptor.unwrap()));
    row.fails(unreachable("certificate")).await;
}

#[tokio::test]
async fn presents_an_expired_certificate() {
    check(AUTHORITY.serve_when(Valid::Before, HOSTS, &[HTTP1])).await;
}

#[tokio::test]
async fn presents_a_certificate_that_is_not_yet_valid() {
    check(AUTHORITY.serve_when(Valid::Later, HOSTS, &[HTTP1])).await;
}

#[tokio::test]
async fn presents_a_self_signed_certificate() {
    check(self_signed(HOSTS, &[HTTP1])).await;
}

#[tokio::test]
async fn presents_a_certificate_of_an_unknown_authority() {
    check(Authority::new().unwrap().serve_as(HOSTS, &[HTTP1])).await;
}

#[tokio::test]
async fn presents_a_certificate_for_another_name() {
    check(AUTHORITY.serve_as(&["api.contentsquare.com.evil.example"], &[HTTP1])).await;
}

#[tokio::test]
async fn presents_a_certificate_for_subdomains() {
    check(AUTHORITY.serve_as(&["*.api.hotjar.io", "*.api.contentsquare.com"], &[HTTP1])).await;
}

#[tokio::test]
async fn presents_a_certificate_for_its_address() {
    check(AUTHORITY.serve_as(&["127.0.0.1"], &[HTTP1])).await;
}

#[tokio::test]
async fn offers_an_unknown_protocol() {
    let acceptor = AUTHORITY.serve_as(HOSTS, &["http/0.9"]);
    let row = Row::http1(Play::Certificate(acceptor.unwrap()));
    row.fails(unreachable("tls")).await;
}
