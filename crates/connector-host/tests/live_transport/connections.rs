//! The choice of connections: a kept one, a new one if that was closed, and no second one after the
//! request was written.

use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use connector_host::{Live, Timeouts, Transport, TransportError};
use http_body_util::{BodyExt, Full};
use tokio::join;
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use crate::server::{HTTP1, HTTP2, Server, TIMEOUTS, answer, get, settle};

const EMPTY: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

async fn ask(live: &Live) -> http::StatusCode {
    let reply = live.send(get("/"), TIMEOUTS).await.unwrap();
    let status = reply.status();
    reply.into_body().collect().await.unwrap();
    status
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    for version in [HTTP1, HTTP2] {
        let server = Server::start(version).await;
        let live = server.live();
        let connections = server.run(|| http::Response::new(Full::new(Bytes::from_static(b"ok"))));
        for _ in 0..20 {
            assert_eq!(ask(&live).await, 200);
            settle().await;
        }
        assert_eq!(connections.load(Ordering::Relaxed), 1, "{version}");
    }
}

#[tokio::test]
async fn one_http2_connection_serves_concurrent_requests() {
    let server = Server::start(HTTP2).await;
    let live = server.live();
    let connections = server.run(http::Response::default);
    ask(&live).await;
    settle().await;
    let many = futures::future::join_all((0..50).map(|_| ask(&live))).await;
    assert_eq!(many, [200; 50]);
    assert_eq!(connections.load(Ordering::Relaxed), 1);
}

/// A connection that the client keeps after its first response.
async fn kept(server: &Server, live: &Live) -> TlsStream<TcpStream> {
    let (status, (stream, _)) = join!(ask(live), server.answer(EMPTY));
    assert_eq!(status, 200);
    settle().await;
    stream
}

/// Closes a connection so that the next request takes it, and its end is detected before the
/// request is written: tokio learns of both in one poll of its driver, and continues with the test
/// before the client's tasks.
async fn close(stream: TlsStream<TcpStream>) {
    let (mut signal, seen) = UnixStream::pair().unwrap();
    signal.write_all(b"!").unwrap();
    seen.set_nonblocking(true).unwrap();
    let seen = tokio::net::UnixStream::from_std(seen).unwrap();
    drop(stream);
    seen.readable().await.unwrap();
}

/// The outcome of a request that meets a closed connection, while the server handles the next one.
async fn after_a_death(
    server: &Server,
    live: &Live,
    timeouts: Timeouts,
    next: impl AsyncFn(),
) -> Result<http::StatusCode, TransportError> {
    for _ in 0..100 {
        close(kept(server, live).await).await;
        let next = async {
            next().await;
            std::future::pending().await
        };
        let reply = tokio::select! {
            reply = live.send(get("/"), timeouts) => reply,
            never = next => never,
        };
        // Otherwise the end of the connection was still on its way, and the request was written.
        if reply.as_ref().err() != Some(&TransportError::CutOff) {
            return reply.map(|reply| reply.status());
        }
    }
    panic!("the end of a connection never came in time");
}

#[tokio::test]
async fn a_request_that_meets_a_closed_connection_uses_a_new_one() {
    let server = Server::start(HTTP1).await;
    let live = server.live();
    let next = async || drop(server.answer(EMPTY).await);
    let status = after_a_death(&server, &live, TIMEOUTS, next).await;
    assert_eq!(status, Ok(http::StatusCode::OK));
}

#[tokio::test]
async fn connecting_again_after_a_closed_connection_keeps_the_time_limit() {
    let server = Server::start(HTTP1).await;
    let live = server.live();
    let timeouts = TIMEOUTS
        .connect(Duration::from_millis(200))
        .first_byte(Duration::from_secs(2));
    // The connection is established, and TLS never starts.
    let next = async || {
        let _stands = server.accept_tcp().await;
        std::future::pending::<()>().await;
    };
    let status = after_a_death(&server, &live, timeouts, next).await;
    assert_eq!(status, Err(TransportError::TlsTimeout));
}

#[tokio::test]
async fn a_request_that_was_written_is_not_sent_again() {
    let server = Server::start(HTTP1).await;
    let live = server.live();
    let mut stream = kept(&server, &live).await;
    let read_and_close = async {
        answer(&mut stream, "").await;
        drop(stream);
    };
    let (error, ()) = join!(live.send(get("/"), TIMEOUTS), read_and_close);
    assert_eq!(error.err(), Some(TransportError::CutOff));
}

#[tokio::test]
async fn a_connection_that_closed_in_the_pool_is_not_used() {
    let server = Server::start(HTTP1).await;
    let live = server.live();
    let closing = EMPTY.replace("content-length", "connection: close\r\ncontent-length");
    let (status, (first, _)) = join!(ask(&live), server.answer(&closing));
    assert_eq!(status, 200);
    let (status, (second, _)) = join!(ask(&live), server.answer(EMPTY));
    assert_eq!(status, 200);
    drop((first, second));
}
