//! Connections through proxies: by CONNECT, over TLS, by SOCKS5, and proxies that fail.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use connector_host::{
    CertificateError, IpNet, Live, LiveBuilder, ProxyError, Timeouts, Transport, TransportError,
};
use futures::FutureExt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::join;
use tokio::net::{TcpListener, TcpStream};

use crate::server::{HTTP1, HTTP2, Server, TIMEOUTS, get, read_head, settle};

const PASSWORD: &str = "lilac;4712";
/// `user:lilac;4712`.
const BASIC: &str = "Basic dXNlcjpsaWxhYzs0NzEy";

async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

fn through(builder: LiveBuilder, proxy: &str) -> Live {
    leak_check::register(PASSWORD);
    leak_check::register(BASIC);
    let builder = builder.proxy(proxy.parse().unwrap());
    assert!(!format!("{builder:?}").contains(PASSWORD));
    builder.build().unwrap()
}

/// Reads a CONNECT request, and connects its client to this port.
async fn tunnel(mut client: impl AsyncRead + AsyncWrite + Unpin, port: u16) -> String {
    let head = read_head(&mut client).await;
    let reply = b"HTTP/1.1 200 Connection established\r\nvia: test\r\n\r\n";
    client.write_all(reply).await.unwrap();
    let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    // Ends in any way when the client ends.
    let _ = copy_bidirectional(&mut client, &mut server).await;
    head
}

/// The tunnel request of a transport that connects to a vendor through this proxy.
async fn tunnelled(version: &str, user: &str) -> String {
    let server = Server::start(version).await;
    let (proxy, proxy_port) = listen().await;
    let port = server.port();
    let live = through(
        server.trusted(),
        &format!("http://{user}127.0.0.1:{proxy_port}"),
    );
    let head = tokio::spawn(async move { tunnel(proxy.accept().await.unwrap().0, port).await });
    server.run(http::Response::default);
    assert_eq!(live.send(get("/"), TIMEOUTS).await.unwrap().status(), 200);
    drop(live);
    head.await.unwrap()
}

#[tokio::test]
async fn a_vendor_is_reached_through_a_tunnel_by_its_name() {
    for version in [HTTP1, HTTP2] {
        let head = tunnelled(version, "").await;
        let expected = "CONNECT api.example:443 HTTP/1.1\r\nhost: api.example:443\r\n\r\n";
        assert_eq!(head, expected);
    }
}

#[tokio::test]
async fn the_proxy_gets_its_user_and_password_and_the_vendor_does_not() {
    let head = tunnelled(HTTP1, &format!("user:{PASSWORD}@")).await;
    assert!(
        head.contains(&format!("proxy-authorization: {BASIC}\r\n")),
        "{head}"
    );
    let server = Server::start(HTTP1).await;
    let (proxy, proxy_port) = listen().await;
    let port = server.port();
    let url = format!("http://user:{PASSWORD}@127.0.0.1:{proxy_port}");
    let live = through(server.trusted(), &url);
    tokio::spawn(async move { tunnel(proxy.accept().await.unwrap().0, port).await });
    let reply = "HTTP/1.1 204 \r\n\r\n";
    let (reply, (_stream, head)) = join!(live.send(get("/"), TIMEOUTS), server.answer(reply));
    assert_eq!(reply.unwrap().status(), 204);
    assert_eq!(head, "GET / HTTP/1.1\r\nhost: api.example\r\n\r\n");
}

#[tokio::test]
async fn a_proxy_over_tls_is_trusted_like_a_vendor() {
    let server = Server::start(HTTP2).await;
    let proxy = Server::for_names(HTTP1, &["localhost"]).await;
    let (port, url) = (server.port(), format!("https://localhost:{}", proxy.port()));
    let both = || server.trusted().extra_ca_pem(proxy.ca_pem().as_bytes());
    let live = through(both().unwrap(), &url);
    let untrusted = through(server.trusted(), &url);
    let (reply, _) = join!(untrusted.send(get("/"), TIMEOUTS), proxy.try_accept());
    let unknown = ProxyError::Certificate(CertificateError::UnknownIssuer);
    assert_eq!(reply.err(), Some(TransportError::Proxy(unknown)));
    let head = tokio::spawn(async move { tunnel(proxy.accept().await, port).await });
    server.run(http::Response::default);
    assert_eq!(live.send(get("/"), TIMEOUTS).await.unwrap().status(), 200);
    drop(live);
    assert!(head.await.unwrap().starts_with("CONNECT api.example:443 "));
}

#[tokio::test]
async fn a_rule_leads_the_tunnel_to_its_target_and_exceptions_need_no_proxy() {
    let server = Server::start(HTTP1).await;
    let (proxy, proxy_port) = listen().await;
    let port = server.port();
    let url = format!("http://127.0.0.1:{proxy_port}");
    let rule = || format!("api.example:443:127.0.0.1:{port}").parse().unwrap();
    let live = through(server.trusted().connect_to(rule()), &url);
    let head = tokio::spawn(async move {
        let head = tunnel(proxy.accept().await.unwrap().0, port).await;
        (head, proxy)
    });
    let reply = "HTTP/1.1 204 \r\nconnection: close\r\n\r\n";
    let (reply, answered) = join!(live.send(get("/"), TIMEOUTS), server.answer(reply));
    assert_eq!(reply.unwrap().status(), 204);
    drop((live, answered));
    let (head, proxy) = head.await.unwrap();
    assert!(
        head.starts_with(&format!("CONNECT 127.0.0.1:{port} ")),
        "{head}"
    );

    let builder = server.trusted().connect_to(rule());
    let except = url
        .parse::<connector_host::Proxy>()
        .unwrap()
        .except("example");
    let live = builder.proxy(except).build().unwrap();
    let reply = "HTTP/1.1 204 \r\n\r\n";
    let (reply, _stream) = join!(live.send(get("/"), TIMEOUTS), server.answer(reply));
    assert_eq!(reply.unwrap().status(), 204);
    assert!(proxy.accept().now_or_never().is_none());
}

/// Serves one client of SOCKS5 with a user and password, and connects it to this port. Returns the
/// requested address and port.
async fn socks(mut client: TcpStream, status: [u8; 2], port: u16) -> Option<Vec<u8>> {
    let mut greeting = [0; 3];
    client.read_exact(&mut greeting).await.unwrap();
    assert_eq!(greeting, [5, 1, 2]);
    client.write_all(&[5, 2]).await.unwrap();
    let mut user = vec![0; 3 + "user".len() + PASSWORD.len()];
    client.read_exact(&mut user).await.unwrap();
    assert!(user.ends_with(PASSWORD.as_bytes()));
    client.write_all(&[1, status[0]]).await.unwrap();
    let mut head = [0; 4];
    client.read_exact(&mut head).await.ok()?;
    let mut rest = if head[3] == 1 {
        vec![0; 4 + 2]
    } else {
        let length = client.read_u8().await.unwrap();
        vec![0; usize::from(length) + 2]
    };
    client.read_exact(&mut rest).await.unwrap();
    let reply = [5, status[1], 0, 1, 0, 0, 0, 0, 0, 0];
    client.write_all(&reply).await.ok()?;
    // A client that was refused may be gone.
    let mut server = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    let _ = copy_bidirectional(&mut client, &mut server).await;
    Some(rest)
}

#[tokio::test]
async fn socks5_resolves_names_here_or_at_the_proxy() {
    for (scheme, asked_for) in [
        ("socks5h", &b"localhost\x01\xbb"[..]),
        ("socks5", &b"\x7f\0\0\x01\x01\xbb"[..]),
    ] {
        let server = Server::for_names(HTTP1, &["localhost"]).await;
        let (proxy, proxy_port) = listen().await;
        let port = server.port();
        let here: [IpNet; 1] = ["127.0.0.0/8".parse().unwrap()];
        let url = format!("{scheme}://user:{PASSWORD}@127.0.0.1:{proxy_port}");
        let live = through(server.trusted().allow_addresses(here), &url);
        let asked =
            tokio::spawn(async move { socks(proxy.accept().await.unwrap().0, [0, 0], port).await });
        server.run(http::Response::default);
        let request = http::Request::get("https://localhost/").body(Bytes::new());
        let reply = live.send(request.unwrap(), TIMEOUTS).await;
        assert_eq!(reply.unwrap().status(), 200, "{scheme}");
        drop(live);
        assert_eq!(asked.await.unwrap().unwrap(), asked_for);
    }
}

/// The failure of a proxy that treats its first connection like this.
async fn failure<F: Future<Output = ()> + Send>(
    scheme: &str,
    with: impl FnOnce(TcpStream) -> F + Send + 'static,
) -> ProxyError {
    let (proxy, port) = listen().await;
    tokio::spawn(async move { with(proxy.accept().await.unwrap().0).await });
    let url = format!("{scheme}://user:{PASSWORD}@127.0.0.1:{port}");
    of(through(Live::builder(), &url), TIMEOUTS).await
}

async fn of(live: Live, timeouts: Timeouts) -> ProxyError {
    match live.send(get("/"), timeouts).await.err() {
        Some(TransportError::Proxy(why)) => why,
        other => panic!("{other:?}"),
    }
}

/// The failure of a proxy with this response.
async fn response(text: &'static str) -> ProxyError {
    failure("http", move |mut client| async move {
        read_head(&mut client).await;
        client.write_all(text.as_bytes()).await.unwrap();
        client.shutdown().await.unwrap();
        // Until the client closes the connection.
        let _ = tokio::io::copy(&mut client, &mut tokio::io::sink()).await;
    })
    .await
}

#[tokio::test]
async fn a_failing_proxy_says_how_it_failed() {
    for (text, why) in [
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
            ProxyError::Authentication,
        ),
        (
            "HTTP/1.0 407 X\r\nproxy-authenticate: Basic\r\n\r\nno",
            ProxyError::Authentication,
        ),
        (
            "HTTP/1.1 401 Unauthorized\r\n\r\n",
            ProxyError::Authentication,
        ),
        (
            "HTTP/1.1 403 Forbidden\r\n\r\n",
            ProxyError::Refused(Some(403)),
        ),
        (
            "HTTP/1.1 502 Bad Gateway\r\n\r\n",
            ProxyError::Refused(Some(502)),
        ),
        (
            "HTTP/1.1 504 Gateway Timeout\r\n\r\n",
            ProxyError::Refused(Some(504)),
        ),
        (
            "HTTP/1.1 302 Found\r\nlocation: https://login.example/\r\n\r\n",
            ProxyError::Refused(Some(302)),
        ),
        ("", ProxyError::Protocol),
        ("HTTP/1.1 200 OK\r\nx:", ProxyError::Protocol),
        ("SSH-2.0-OpenSSH_9.9\r\n\r\n", ProxyError::Protocol),
    ] {
        assert_eq!(response(text).await, why, "{text}");
    }
    let endless = "HTTP/1.1 200 OK\r\nx: ".to_owned() + &"y".repeat(64 << 10);
    assert_eq!(response(endless.leak()).await, ProxyError::Protocol);
}

#[tokio::test]
async fn a_proxy_that_is_down_silent_or_of_another_kind_is_named() {
    let (closed, port) = listen().await;
    drop(closed);
    for scheme in ["http", "https", "socks5h"] {
        let live = through(Live::builder(), &format!("{scheme}://127.0.0.1:{port}"));
        assert_eq!(of(live, TIMEOUTS).await, ProxyError::Connect, "{scheme}");
        // RFC 6761 §6.4.
        let unknown = format!("{scheme}://proxy.invalid:1");
        assert_eq!(
            of(through(Live::builder(), &unknown), TIMEOUTS).await,
            ProxyError::Dns
        );
        // Its connections stand, and nobody accepts them.
        let (_silent, port) = listen().await;
        let live = through(Live::builder(), &format!("{scheme}://127.0.0.1:{port}"));
        let silent = of(live, TIMEOUTS.connect(Duration::from_millis(300)));
        assert_eq!(silent.await, ProxyError::Timeout, "{scheme}");
    }
    for (scheme, reply, why) in [
        ("https", "HTTP/1.1 400 Bad Request\r\n\r\n", ProxyError::Tls),
        (
            "socks5h",
            "HTTP/1.1 400 Bad Request\r\n\r\n",
            ProxyError::Protocol,
        ),
        ("https", "", ProxyError::Tls),
        ("socks5h", "", ProxyError::Protocol),
    ] {
        let other = failure(scheme, move |mut client| async move {
            client.write_all(reply.as_bytes()).await.unwrap();
            client.shutdown().await.unwrap();
            let _ = tokio::io::copy(&mut client, &mut tokio::io::sink()).await;
        });
        assert_eq!(other.await, why, "{scheme} {reply}");
    }
}

#[tokio::test]
async fn a_socks5_proxy_that_refuses_says_whether_it_refuses_the_user() {
    // No acceptable method, RFC 1928 §3.
    let none = failure("socks5h", |mut client| async move {
        client.write_all(&[5, 0xff]).await.unwrap();
        let _ = tokio::io::copy(&mut client, &mut tokio::io::sink()).await;
    });
    assert_eq!(none.await, ProxyError::Authentication);
    for (status, why) in [
        ([1, 0], ProxyError::Authentication),
        ([0, 1], ProxyError::Refused(None)),
        ([0, 2], ProxyError::Refused(None)),
        ([0, 4], ProxyError::Refused(None)),
        ([0, 5], ProxyError::Refused(None)),
    ] {
        let (server, port) = listen().await;
        let refused = failure("socks5h", move |client| async move {
            socks(client, status, port).await;
        });
        assert_eq!(refused.await, why, "{status:?}");
        drop(server);
    }
}

#[tokio::test]
async fn a_vendor_that_fails_behind_a_proxy_is_not_the_proxys_failure() {
    let (proxy, proxy_port) = listen().await;
    let live = through(Live::builder(), &format!("http://127.0.0.1:{proxy_port}"));
    let connects = async {
        let (mut client, _) = proxy.accept().await.unwrap();
        read_head(&mut client).await;
        let reply = b"HTTP/1.1 200 OK\r\n\r\n";
        client.write_all(reply).await.unwrap();
        client
    };
    // Longer than the tunnel takes on a busy machine.
    let timeouts = TIMEOUTS.connect(Duration::from_secs(3));
    let (reply, _client) = join!(live.send(get("/"), timeouts), connects);
    assert_eq!(reply.err(), Some(TransportError::TlsTimeout));
    let closes = async {
        let (mut client, _) = proxy.accept().await.unwrap();
        read_head(&mut client).await;
        let reply = b"HTTP/1.1 200 OK\r\n\r\n";
        client.write_all(reply).await.unwrap();
    };
    let (reply, ()) = join!(live.send(get("/"), TIMEOUTS), closes);
    assert_eq!(reply.err(), Some(TransportError::Tls));
}

#[tokio::test]
async fn a_proxy_is_not_asked_for_an_address_that_is_denied() {
    let (proxy, proxy_port) = listen().await;
    let denied = [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[fd00::1]",
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "0x7f000001",
    ];
    for scheme in ["http", "socks5h", "socks5"] {
        let live = through(
            Live::builder(),
            &format!("{scheme}://127.0.0.1:{proxy_port}"),
        );
        for host in denied {
            let request = http::Request::get(format!("https://{host}/")).body(Bytes::new());
            let error = live.send(request.unwrap(), TIMEOUTS).await.err();
            assert_eq!(error, Some(TransportError::Denied), "{scheme} {host}");
        }
    }
    settle().await;
    assert!(proxy.accept().now_or_never().is_none());
}

#[tokio::test]
async fn a_proxy_is_asked_for_an_address_that_the_operator_allows() {
    let (proxy, proxy_port) = listen().await;
    let proxy = Arc::new(proxy);
    let url = format!("http://127.0.0.1:{proxy_port}");
    let builder = || {
        let net: [IpNet; 1] = ["127.0.0.0/8".parse().unwrap()];
        Live::builder().allow_addresses(net)
    };
    let rule = "api.example:443:10.1.2.3:8443".parse().unwrap();
    for (live, host, asked_for) in [
        (builder(), "127.0.0.1", "127.0.0.1:443"),
        (builder(), "localhost", "localhost:443"),
        (Live::builder(), "1.1.1.1", "1.1.1.1:443"),
        (Live::builder(), "[2606:4700::1]", "[2606:4700::1]:443"),
        (
            Live::builder().connect_to(rule),
            "api.example",
            "10.1.2.3:8443",
        ),
    ] {
        let live = through(live, &url);
        let request = http::Request::get(format!("https://{host}/")).body(Bytes::new());
        let refuses = async {
            let (mut client, _) = proxy.accept().await.unwrap();
            let head = read_head(&mut client).await;
            let reply = b"HTTP/1.1 403 Forbidden\r\n\r\n";
            client.write_all(reply).await.unwrap();
            head
        };
        let (reply, head) = join!(live.send(request.unwrap(), TIMEOUTS), refuses);
        assert_eq!(
            reply.err(),
            Some(TransportError::Proxy(ProxyError::Refused(Some(403))))
        );
        assert!(
            head.starts_with(&format!("CONNECT {asked_for} HTTP/1.1\r\n")),
            "{head}"
        );
    }
}
