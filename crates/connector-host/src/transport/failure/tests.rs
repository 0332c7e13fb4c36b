//! Tests of the stages of HTTP/2 connections, over an in-memory pipe.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::*;

/// Interval and time limit of pings, of any length on a paused clock.
const PING: Duration = Duration::from_secs(10);

/// The error of an HTTP/2 request to a server of this behaviour, on a connection with pings.
async fn over_http2<F: Future<Output = ()> + Send + 'static>(
    with: impl FnOnce(DuplexStream) -> F,
) -> TransportError {
    let (ours, theirs) = tokio::io::duplex(64 << 10);
    tokio::spawn(with(theirs));
    let (mut client, connection) = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
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
async fn a_response_that_is_not_http2_is_a_protocol_error() {
    let stage = over_http2(async |mut socket| {
        request(&mut socket).await;
        socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        // Until the client closes the connection.
        tokio::io::copy(&mut socket, &mut tokio::io::sink())
            .await
            .unwrap();
    });
    assert_eq!(stage.await, TransportError::Protocol);
}

#[tokio::test]
async fn an_early_end_of_http2_is_a_cut_off() {
    let stage = over_http2(async |mut socket| {
        request(&mut socket).await;
    });
    assert_eq!(stage.await, TransportError::CutOff);
}

#[tokio::test(start_paused = true)]
async fn unanswered_pings_are_a_timeout() {
    /// Empty settings, and the acknowledgement of the client's.
    const SETTINGS: [u8; 18] = [0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0];
    let stage = over_http2(async |mut socket| {
        socket.write_all(&SETTINGS).await.unwrap();
        tokio::io::copy(&mut socket, &mut tokio::io::sink())
            .await
            .unwrap();
    });
    assert_eq!(stage.await, TransportError::Timeout);
}
