//! Faults of the connection: it is not established, it closes, or it is silent.

use std::net::SocketAddr;
use std::time::Duration;

use connector_simulators::tls::HTTP1;
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::check::{AUTHORITY, Call, HOSTS, PATIENCE, Plugin, Row, VENDOR_WORD, live, unreachable};
use super::server::{Play, Server, Step, answer};

fn socket() -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    socket
}

/// Makes a call while nothing accepts connections at `address`, then opens, and repeats the call.
async fn check_opening(address: SocketAddr, opens: impl AsyncFnOnce() -> TcpListener) {
    let call = Call::Contentsquare;
    let plugin = Plugin::on(vec![("", live(&[format!(":443:{address}")]))]).await;
    let hostile = tokio::time::timeout(PATIENCE, call.make(&plugin.short_limits)).await;
    assert_eq!(hostile, Ok(unreachable("connect")));
    let tls = AUTHORITY.serve_as(HOSTS, &[HTTP1]).unwrap();
    let _server = Server::start(opens().await, tls, [], call.valid_reply().to_string());
    assert_eq!(call.make(&plugin.default_limits).await, call.success());
    plugin.leave();
}

#[tokio::test]
async fn refuses_connections() {
    let socket = socket();
    let address = socket.local_addr().unwrap();
    check_opening(address, async || socket.listen(8).unwrap()).await;
}

#[tokio::test]
async fn does_not_accept_the_connection() {
    // The queue holds one connection and is full, so the kernel lets all others wait.
    let listener = socket().listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let first = TcpStream::connect(address).await.unwrap();
    let opens = async || {
        drop((listener.accept().await.unwrap(), first));
        listener
    };
    check_opening(address, opens).await;
}

#[tokio::test]
async fn resets_the_connection_within_the_handshake() {
    let row = Row::http1(Play::Handshake(vec![Step::Reset]));
    row.fails(unreachable("tls")).await;
}

#[tokio::test]
async fn closes_the_connection_within_the_handshake() {
    let row = Row::http1(Play::Handshake(vec![Step::Cut]));
    row.fails(unreachable("tls")).await;
}

#[tokio::test]
async fn is_silent_within_the_handshake() {
    let row = Row::http1(Play::Handshake(vec![Step::Wait]));
    row.until_a_time_limit().fails(unreachable("tls")).await;
}

#[tokio::test]
async fn speaks_no_tls() {
    let words = answer("200 OK", b"", VENDOR_WORD.as_bytes());
    let row = Row::http1(Play::Handshake(vec![Step::Send(words), Step::Wait]));
    row.fails(unreachable("tls")).await;
}

/// A fault after these bytes of a valid response.
fn begins(bytes: &str, end: Step) -> Row {
    Row::http1(Play::Answer(vec![Step::Send(bytes.into()), end]))
}

const WITHIN_THE_HEADER: &str = "HTTP/1.1 200 OK\r\ncontent-type: lav";
const AFTER_THE_HEADER: &str = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n";
const WITHIN_THE_BODY: &str =
    "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"access_token\":\"lav";

#[tokio::test]
async fn resets_the_connection_before_the_header() {
    begins("", Step::Reset).fails(unreachable("cut-off")).await;
}

#[tokio::test]
async fn resets_the_connection_within_the_header() {
    let row = begins(WITHIN_THE_HEADER, Step::Reset);
    row.fails(unreachable("cut-off")).await;
}

#[tokio::test]
async fn resets_the_connection_after_the_header() {
    let row = begins(AFTER_THE_HEADER, Step::Reset);
    row.fails(unreachable("cut-off")).await;
}

#[tokio::test]
async fn resets_the_connection_within_the_body() {
    let row = begins(WITHIN_THE_BODY, Step::Reset);
    row.fails(unreachable("cut-off")).await;
}

#[tokio::test]
async fn closes_the_connection_before_the_header() {
    begins("", Step::Close).fails(unreachable("cut-off")).await;
}

#[tokio::test]
async fn closes_the_connection_within_the_header() {
    let row = begins(WITHIN_THE_HEADER, Step::Close);
    row.fails(unreachable("cut-off")).await;
}

#[tokio::test]
async fn closes_the_connection_after_the_header() {
    let row = begins(AFTER_THE_HEADER, Step::Close);
    row.fails(unreachable("cut-off")).await;
}

#[tokio::test]
async fn closes_the_connection_within_the_body() {
    let row = begins(WITHIN_THE_BODY, Step::Close);
    row.fails(unreachable("cut-off")).await;
}

#[tokio::test]
async fn is_silent_before_the_header() {
    let row = begins("", Step::Wait).until_a_time_limit();
    row.fails(unreachable("timeout")).await;
}

#[tokio::test]
async fn is_silent_within_the_header() {
    let row = begins(WITHIN_THE_HEADER, Step::Wait).until_a_time_limit();
    row.fails(unreachable("timeout")).await;
}

#[tokio::test]
async fn is_silent_after_the_header() {
    let row = begins(AFTER_THE_HEADER, Step::Wait).until_a_time_limit();
    row.fails(unreachable("timeout")).await;
}

#[tokio::test]
async fn is_silent_within_the_body() {
    let row = begins(WITHIN_THE_BODY, Step::Wait).until_a_time_limit();
    row.fails(unreachable("timeout")).await;
}

/// Twenty bytes a second: never silent for as long as a limit, and never complete.
fn drips(byte: &str) -> Step {
    Step::Repeat {
        bytes: byte.into(),
        times: u64::MAX,
        pause: Duration::from_millis(50),
    }
}

#[tokio::test]
async fn drips_a_byte_at_a_time_within_the_header() {
    let row = begins(WITHIN_THE_HEADER, drips("a")).until_a_time_limit();
    row.fails(unreachable("timeout")).await;
}

#[tokio::test]
async fn drips_a_byte_at_a_time_within_the_body() {
    let row = begins(AFTER_THE_HEADER, drips(" ")).until_a_time_limit();
    let row = row.only(&Call::OF_THE_PLUGIN);
    row.fails(unreachable("timeout")).await;
}

/// The body of an API response is limited neither in length nor in time; the caller gives up.
#[tokio::test]
async fn drips_the_body_of_an_api_response_until_the_caller_gives_up() {
    let call = Call::Api;
    let plays = [Play::Answer(vec![
        Step::Send(AFTER_THE_HEADER.into()),
        drips(" "),
    ])];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let tls = AUTHORITY.serve_as(HOSTS, &[HTTP1]).unwrap();
    let server = Server::start(listener, tls, plays, call.valid_reply().to_string());
    let plugin = Plugin::on(vec![("", live(&[format!(":443:{}", server.address)]))]).await;
    let caller = tokio::time::timeout(Duration::from_secs(1), call.make(&plugin.short_limits));
    assert!(caller.await.is_err());
    assert_eq!(call.make(&plugin.default_limits).await, call.success());
    assert_eq!(server.connections(), 2);
    plugin.leave();
}
