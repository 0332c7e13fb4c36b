//! The stages of connections that fail before HTTP, over plain sockets.

use std::time::Duration;

use bytes::Bytes;
use connector_host::{Live, LiveError, Timeouts, Transport, TransportError};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

/// Sends a request to `api.example`, redirected to this port.
async fn ask(port: u16) -> Option<TransportError> {
    let rule = format!("api.example:443:127.0.0.1:{port}").parse().unwrap();
    let live = Live::builder().connect_to(rule).build().unwrap();
    let request = http::Request::get("https://api.example/").body(Bytes::new());
    let timeouts = Timeouts::new()
        .connect(Duration::from_millis(300))
        .first_byte(Duration::from_secs(30))
        .between_bytes(Duration::from_secs(10));
    live.send(request.unwrap(), timeouts).await.err()
}

/// Accepts one connection and handles it; returns the port.
async fn serve<F: Future<Output = ()> + Send>(
    with: impl FnOnce(TcpStream) -> F + Send + 'static,
) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { with(listener.accept().await.unwrap().0).await });
    port
}

#[tokio::test]
async fn a_closed_port_fails_to_connect() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    assert_eq!(ask(port).await, Some(TransportError::Connect));
}

#[tokio::test]
async fn a_server_without_tls_fails_at_tls() {
    let port = serve(async |mut socket| {
        socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        socket.readable().await.unwrap();
    })
    .await;
    assert_eq!(ask(port).await, Some(TransportError::Tls));
}

#[tokio::test]
async fn a_server_that_closes_during_the_handshake_fails_at_tls() {
    let port = serve(async |socket| drop(socket)).await;
    assert_eq!(ask(port).await, Some(TransportError::Tls));
}

#[tokio::test]
async fn a_server_that_is_silent_during_the_handshake_times_out_at_tls() {
    let port = serve(async |socket| {
        std::future::pending::<()>().await;
        drop(socket);
    })
    .await;
    assert_eq!(ask(port).await, Some(TransportError::TlsTimeout));
}

#[tokio::test]
async fn a_url_without_tls_is_denied() {
    let live = Live::builder().build().unwrap();
    let request = http::Request::get("http://127.0.0.1/").body(Bytes::new());
    let timeouts = connector_host::Limits::default().timeouts;
    let error = live.send(request.unwrap(), timeouts).await.err();
    assert_eq!(error, Some(TransportError::Denied));
}

#[test]
fn a_ca_file_without_a_valid_certificate_is_rejected() {
    let damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let line = |line| LiveError::DamagedCertificate { line };
    for (pem, error) in [
        ("", LiveError::NoCertificate),
        ("not a certificate", LiveError::NoCertificate),
        (damaged, line(1)),
        (&format!("# comment\n\n{damaged}"), line(3)),
    ] {
        let found = Live::builder().extra_ca_pem(pem.as_bytes()).err();
        assert_eq!(found, Some(error), "{pem}");
    }
}
