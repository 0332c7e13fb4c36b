//! Refusals: addresses that are not public, oversized header sections, endless interim responses.

use std::time::Duration;

use bytes::Bytes;
use connector_host::{IpNet, Timeouts, Transport, TransportError};
use futures::FutureExt;
use http_body_util::Full;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::join;

use crate::server::{HTTP1, HTTP2, Server, TIMEOUTS, get, read_head, settle};

/// Names and addresses of this machine.
const HERE: [&str; 6] = [
    "127.0.0.1",
    "localhost",
    "0.0.0.0",
    "[::1]",
    "[::ffff:127.0.0.1]",
    // An address for the system's resolver, but not for Rust.
    "0x7f000001",
];

fn here(host: &str, port: u16) -> http::Request<Bytes> {
    let request = http::Request::get(format!("https://{host}:{port}/"));
    request.body(Bytes::new()).unwrap()
}

#[tokio::test]
async fn an_address_that_is_not_public_is_denied() {
    let server = Server::start(HTTP1).await;
    let live = server.trusted().build().unwrap();
    for host in HERE {
        let error = live.send(here(host, server.port()), TIMEOUTS).await.err();
        assert_eq!(error, Some(TransportError::Denied), "{host}");
    }
    settle().await;
    assert!(server.accept_tcp().now_or_never().is_none());
}

#[tokio::test]
async fn an_address_that_the_operator_names_is_allowed() {
    let server = Server::start(HTTP1).await;
    let named: IpNet = "127.0.0.0/8".parse().unwrap();
    let live = server.trusted().allow_addresses([named]).build().unwrap();
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
        let request = live.send(here(host, server.port()), TIMEOUTS);
        let closed = async { drop(server.accept_tcp().await) };
        let (reply, ()) = join!(request, closed);
        assert_eq!(reply.err(), Some(TransportError::Tls), "{host}");
    }
    let beside = live.send(here("[::1]", server.port()), TIMEOUTS).await;
    assert_eq!(beside.err(), Some(TransportError::Denied));
}

#[tokio::test]
async fn a_rule_that_names_a_host_is_unrestricted_and_one_that_names_only_a_port_is_filtered() {
    let server = Server::start(HTTP1).await;
    let port = server.port();
    for (rule, denied) in [
        (format!("localhost:443:127.0.0.1:{port}"), false),
        (format!("localhost:443:localhost:{port}"), false),
        (format!(":443:localhost:{port}"), false),
        (format!("localhost:443::{port}"), true),
        (format!(":::{port}"), true),
    ] {
        let live = server.trusted().connect_to(rule.parse().unwrap());
        let live = live.build().unwrap();
        let request = live.send(here("localhost", 443), TIMEOUTS);
        let closed = async {
            if !denied {
                drop(server.accept_tcp().await);
            }
        };
        let (reply, ()) = join!(request, closed);
        let stage = if denied {
            TransportError::Denied
        } else {
            TransportError::Tls
        };
        assert_eq!(reply.err(), Some(stage), "{rule}");
    }
}

/// A response with this many fields, each with a value of this length.
fn with_fields(count: usize, value_bytes: usize) -> http::Response<Full<Bytes>> {
    let mut reply = http::Response::new(Full::default());
    for number in 0..count {
        let name = http::HeaderName::try_from(format!("x-{number}")).unwrap();
        let value = "v".repeat(value_bytes).parse().unwrap();
        reply.headers_mut().insert(name, value);
    }
    reply
}

/// The result of this server's response.
async fn fares(
    version: &str,
    reply: fn() -> http::Response<Full<Bytes>>,
) -> Result<usize, TransportError> {
    let server = Server::start(version).await;
    let live = server.live();
    server.run(reply);
    let reply = live.send(get("/"), TIMEOUTS).await?;
    Ok(reply.headers().len())
}

#[tokio::test]
async fn a_header_section_of_a_usual_size_is_accepted() {
    for version in [HTTP1, HTTP2] {
        // The server adds two or three.
        let fields = fares(version, || with_fields(60, 400)).await.unwrap();
        assert!(fields > 60, "{version}");
    }
}

#[tokio::test]
async fn an_endless_header_section_is_not_read_to_its_end() {
    let long = || with_fields(60, 4000);
    assert_eq!(fares(HTTP1, long).await, Err(TransportError::TooLong));
    // Over HTTP/2 it violates the settings.
    assert_eq!(fares(HTTP2, long).await, Err(TransportError::Protocol));
    let many = || with_fields(200, 1);
    assert_eq!(fares(HTTP1, many).await, Err(TransportError::TooLong));
}

#[tokio::test]
async fn the_http2_settings_announce_the_limits() {
    const PREFACE_BYTES: usize = 24;
    let server = Server::start(HTTP2).await;
    let live = server.live();
    let hello = async {
        let mut stream = server.accept().await;
        let mut hello = [0; PREFACE_BYTES + 9];
        stream.read_exact(&mut hello).await.unwrap();
        // A frame's length; its type, flags and stream follow.
        let mut settings = vec![0; usize::from(hello[PREFACE_BYTES + 2])];
        stream.read_exact(&mut settings).await.unwrap();
        let mut update = [0; 13];
        stream.read_exact(&mut update).await.unwrap();
        (settings, update)
    };
    let (settings, update) = tokio::select! {
        _ = live.send(get("/"), TIMEOUTS) => panic!("nobody answers"),
        hello = hello => hello,
    };
    let number = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().unwrap());
    let setting = |id| {
        let mut settings = settings.chunks(6);
        settings.find_map(|setting| setting.starts_with(&[0, id]).then(|| number(&setting[2..])))
    };
    // RFC 9113 §6.5.2: no pushes, the window of a stream, the header list. Frames stay as they are
    // by default, 16 KiB.
    assert_eq!(setting(2), Some(0));
    assert_eq!(setting(4), Some(128 << 10));
    assert_eq!(setting(6), Some(64 << 10));
    assert!(setting(5).is_none_or(|bytes| bytes == 16 << 10));
    // The window of the connection, beyond the one that every connection begins with (§6.9.2).
    assert_eq!(update[3], 8);
    assert_eq!(number(&update[9..]), (4 << 20) - 65_535);
}

/// Interim responses until the client closes the connection.
const IMPATIENT: Timeouts = TIMEOUTS.first_byte(Duration::from_millis(200));

#[tokio::test]
async fn an_interim_response_is_skipped() {
    let server = Server::start(HTTP1).await;
    let live = server.live();
    let reply = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n";
    let (reply, _stream) = join!(live.send(get("/"), TIMEOUTS), server.answer(reply));
    let reply = reply.unwrap();
    assert_eq!(reply.status(), 204);
    assert!(reply.headers().is_empty());
}

#[tokio::test]
async fn endless_interim_responses_are_a_timeout_and_close_the_connection() {
    let server = Server::start(HTTP1).await;
    let live = server.live();
    let drip = async {
        let mut stream = server.accept().await;
        read_head(&mut stream).await;
        let interim = b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";
        // Until the client closes the connection.
        while stream.write_all(interim).await.is_ok() {}
    };
    let (reply, ()) = join!(live.send(get("/"), IMPATIENT), drip);
    assert_eq!(reply.err(), Some(TransportError::Timeout));
}

#[tokio::test]
async fn endless_interim_responses_over_http2_are_a_timeout() {
    /// Empty settings, and the acknowledgement of the client's.
    const SETTINGS: [u8; 18] = [0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0];
    /// The end of a header, on stream 1, that holds `:status: 103` (RFC 7541 §6.2.2, with a name
    /// from the static table).
    const INTERIM: [u8; 14] = [0, 0, 5, 1, 4, 0, 0, 0, 1, 0x08, 3, b'1', b'0', b'3'];
    let server = Server::start(HTTP2).await;
    let live = server.live();
    let drip = async {
        let mut stream = server.accept().await;
        stream.write_all(&SETTINGS).await.unwrap();
        // The request arrives immediately.
        settle().await;
        while stream.write_all(&INTERIM).await.is_ok() {}
    };
    tokio::select! {
        reply = live.send(get("/"), IMPATIENT) => {
            assert_eq!(reply.err(), Some(TransportError::Timeout));
        }
        () = drip => panic!("the client hung up on a reply that had not ended"),
    }
}
