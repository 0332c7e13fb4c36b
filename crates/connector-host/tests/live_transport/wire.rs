//! The bytes on the wire: the request unchanged, and the response without redirects, cookies or
//! decompression.

use bytes::Bytes;
use connector_host::{Transport, TransportError};
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::join;

use crate::server::{HTTP1, HTTP2, Server, TIMEOUTS, answer, get, read_head, settle};

#[tokio::test]
async fn a_request_over_http1_has_its_own_header_its_host_and_its_length() {
    let server = Server::start(HTTP1).await;
    let live = server.live();
    let request = http::Request::post("https://api.example/v1/oauth/token?a=b")
        .header("x-mine", "as it is")
        .body(Bytes::from_static(b"abc"))
        .unwrap();
    let read = async {
        let mut stream = server.accept().await;
        let head = read_head(&mut stream).await;
        let mut body = [0; 3];
        stream.read_exact(&mut body).await.unwrap();
        stream.write_all(b"HTTP/1.1 204 \r\n\r\n").await.unwrap();
        (stream, head, body)
    };
    let (reply, (_stream, head, body)) = join!(live.send(request, TIMEOUTS), read);
    assert_eq!(reply.unwrap().status(), 204);
    let mut lines: Vec<_> = head.trim_end().split("\r\n").collect();
    lines.sort_unstable();
    let expected = [
        "POST /v1/oauth/token?a=b HTTP/1.1",
        "content-length: 3",
        "host: api.example",
        "x-mine: as it is",
    ];
    assert_eq!(lines, expected);
    assert_eq!(&body, b"abc");
}

/// The leak check finds the secret if a library logs the URL.
#[tokio::test]
async fn a_query_may_hold_a_secret() {
    leak_check::register("lilac;4711");
    let secret = || get("/?key=lilac;4711");
    let server = Server::start(HTTP1).await;
    let live = server.live();
    let answered = async { server.answer("HTTP/1.1 204 \r\n\r\n").await.1 };
    let (reply, head) = join!(live.send(secret(), TIMEOUTS), answered);
    assert_eq!(reply.unwrap().status(), 204);
    assert!(head.starts_with("GET /?key=lilac;4711 HTTP/1.1"));
    let server = Server::start(HTTP2).await;
    let live = server.live();
    server.run(http::Response::default);
    assert_eq!(live.send(secret(), TIMEOUTS).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_redirect_is_returned_and_not_followed() {
    let server = Server::start(HTTP1).await;
    let live = server.live();
    for status in [301, 302, 303, 307, 308] {
        let reply = format!(
            "HTTP/1.1 {status} \r\nlocation: https://api.example/other\r\nconnection: close\r\n\r\n"
        );
        let answered = async { drop(server.answer(&reply).await) };
        let (reply, ()) = join!(live.send(get("/"), TIMEOUTS), answered);
        assert_eq!(reply.unwrap().status(), status);
    }
}

#[tokio::test]
async fn a_compressed_body_is_neither_requested_nor_decompressed() {
    let server = Server::start(HTTP1).await;
    let live = server.live();
    let packed = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 6\r\n\r\npacked";
    let (reply, (_stream, head)) = join!(live.send(get("/"), TIMEOUTS), server.answer(packed));
    let reply = reply.unwrap();
    assert_eq!(reply.headers()["content-encoding"], "gzip");
    assert_eq!(reply.headers()["content-length"], "6");
    let body = reply.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "packed");
    assert!(!head.contains("accept-encoding"), "{head}");
}

#[tokio::test]
async fn a_cookie_is_not_kept() {
    let server = Server::start(HTTP1).await;
    let live = server.live();
    let sets = "HTTP/1.1 200 OK\r\nset-cookie: a=b\r\ncontent-length: 0\r\n\r\n";
    let (reply, (mut stream, _)) = join!(live.send(get("/"), TIMEOUTS), server.answer(sets));
    drop(reply.unwrap());
    settle().await;
    let (reply, head) = join!(
        live.send(get("/again"), TIMEOUTS),
        answer(&mut stream, sets)
    );
    assert_eq!(reply.unwrap().status(), 200);
    assert_eq!(head, "GET /again HTTP/1.1\r\nhost: api.example\r\n\r\n");
}

#[tokio::test]
async fn an_invalid_body_over_http1_names_the_fault() {
    let header = "HTTP/1.1 200 OK\r\n";
    for (rest, error) in [
        ("content-length: 5\r\n\r\nfour", TransportError::CutOff),
        (
            "transfer-encoding: chunked\r\n\r\n4\r\nfour\r\n",
            TransportError::CutOff,
        ),
        (
            "transfer-encoding: chunked\r\n\r\nfour\r\n",
            TransportError::Protocol,
        ),
        (
            "transfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
            TransportError::Protocol,
        ),
    ] {
        let server = Server::start(HTTP1).await;
        let live = server.live();
        let reply = format!("{header}{rest}");
        let answered = async { drop(server.answer(&reply).await) };
        let (reply, ()) = join!(live.send(get("/"), TIMEOUTS), answered);
        let body = reply.unwrap().into_body().collect().await;
        assert_eq!(body.err(), Some(error), "{rest}");
    }
}

#[tokio::test]
async fn an_invalid_header_over_http1_names_the_fault() {
    for (reply, error) in [
        ("", TransportError::CutOff),
        ("HTTP/1.1 200 OK\r\nx: y\r\n", TransportError::CutOff),
        ("SSH-2.0-OpenSSH_9.9\r\n\r\n", TransportError::Protocol),
        (
            "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
            TransportError::Protocol,
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
            TransportError::Protocol,
        ),
    ] {
        let server = Server::start(HTTP1).await;
        let live = server.live();
        let answered = async { drop(server.answer(reply).await) };
        let (answer, ()) = join!(live.send(get("/"), TIMEOUTS), answered);
        assert_eq!(answer.err(), Some(error), "{reply}");
    }
}

#[tokio::test]
async fn an_end_without_close_notify_cuts_off_only_a_body_of_unknown_length() {
    let header = "HTTP/1.1 200 OK\r\n";
    for (rest, says_goodbye, error) in [
        ("content-length: 4\r\n\r\nfour", false, None),
        (
            "connection: close\r\ncontent-length: 4\r\n\r\nfour",
            false,
            None,
        ),
        (
            "transfer-encoding: chunked\r\n\r\n4\r\nfour\r\n0\r\n\r\n",
            false,
            None,
        ),
        ("connection: close\r\n\r\nfour", true, None),
        (
            "connection: close\r\n\r\nfour",
            false,
            Some(TransportError::CutOff),
        ),
        ("\r\nfour", false, Some(TransportError::CutOff)),
    ] {
        let server = Server::start(HTTP1).await;
        let live = server.live();
        let reply = format!("{header}{rest}");
        let answered = async {
            let (mut stream, _) = server.answer(&reply).await;
            if says_goodbye {
                stream.shutdown().await.unwrap();
            }
        };
        let (reply, ()) = join!(live.send(get("/"), TIMEOUTS), answered);
        let body = reply.unwrap().into_body().collect().await;
        assert_eq!(body.err(), error, "{rest}");
    }
}
