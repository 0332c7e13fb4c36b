//! A vendor on loopback that writes bytes: it accepts connections, reads requests, and commits its
//! faults once. Afterwards its responses are valid. The bytes are in `http2.rs` and the tests.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::http2;

/// One action on a connection.
#[derive(Clone)]
pub(crate) enum Step {
    /// Writes these bytes.
    Send(Vec<u8>),
    /// Writes these bytes repeatedly, each time after a pause.
    Repeat {
        bytes: Vec<u8>,
        times: u64,
        pause: Duration,
    },
    /// Sends nothing until the client closes the connection.
    Wait,
    /// Closes the connection, with TLS's `close_notify`.
    Close,
    /// Closes the connection without `close_notify`, as an attacker in between would.
    Cut,
    /// Ends the connection with a TCP reset.
    Reset,
}

/// A fault, which a vendor commits once.
#[derive(Clone)]
pub(crate) enum Play {
    /// Does this after the first byte of the handshake, without TLS.
    Handshake(Vec<Step>),
    /// Presents another certificate, or other protocols.
    Certificate(TlsAcceptor),
    /// Does this when the connection is established, and then continues.
    Greeting(Vec<Step>),
    /// Does this in place of a response, and continues if the connection is still open.
    Answer(Vec<Step>),
    /// Sends these bytes before and after a valid response.
    Around { before: Vec<u8>, behind: Vec<u8> },
    /// Adds these header fields, each with its line break, to a valid HTTP/1.1 response.
    Fields(Vec<u8>),
}

impl Play {
    /// Whether it continues until the client closes the connection.
    pub(crate) fn is_endless(&self) -> bool {
        let is_endless =
            |step: &Step| matches!(step, Step::Repeat { times, .. } if *times == u64::MAX);
        matches!(self, Self::Answer(steps) if steps.iter().any(is_endless))
    }
}

/// A running vendor. Dropping it closes all its connections.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    task: AbortHandle,
}

struct Shared {
    tls: TlsAcceptor,
    plays: Mutex<VecDeque<Play>>,
    /// The body of a valid response.
    valid_body: String,
    connections: AtomicU64,
    ended: watch::Sender<u64>,
    requests: AtomicU64,
    sent_bytes: AtomicU64,
}

impl Server {
    /// Serves at a listener: first with the faults, then with this body.
    pub(crate) fn start(
        listener: TcpListener,
        tls: TlsAcceptor,
        plays: impl IntoIterator<Item = Play>,
        valid_body: String,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            tls,
            plays: Mutex::new(plays.into_iter().collect()),
            valid_body,
            connections: AtomicU64::new(0),
            ended: watch::Sender::new(0),
            requests: AtomicU64::new(0),
            sent_bytes: AtomicU64::new(0),
        });
        let task = tokio::spawn(run(listener, Arc::clone(&shared))).abort_handle();
        Self {
            address,
            shared,
            task,
        }
    }

    /// The number of connections.
    pub(crate) fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// Waits until a connection has ended.
    pub(crate) async fn is_left(&self) {
        let mut ended = self.shared.ended.subscribe();
        ended.wait_for(|ended| *ended > 0).await.unwrap();
    }

    /// The number of complete requests.
    pub(crate) fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::Relaxed)
    }

    /// The number of repeated bytes that the network accepted.
    pub(crate) fn sent_bytes(&self) -> u64 {
        self.shared.sent_bytes.load(Ordering::Relaxed)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        let (tcp, _) = listener.accept().await.unwrap();
        shared.connections.fetch_add(1, Ordering::Relaxed);
        let shared = Arc::clone(&shared);
        // Connections fail by design.
        connections.spawn(async move {
            shared.connection(tcp).await.ok();
            shared.ended.send_modify(|ended| *ended += 1);
        });
        while connections.try_join_next().is_some() {}
    }
}

/// A connection, with TLS or without.
trait Wire: AsyncRead + AsyncWrite + Unpin + Send {
    fn tcp(&self) -> &TcpStream;
}

impl Wire for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Wire for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

impl Shared {
    /// Takes the next fault if it fits the current stage.
    fn next(&self, fits: impl FnOnce(&Play) -> bool) -> Option<Play> {
        let mut plays = self.plays.lock().unwrap_or_else(PoisonError::into_inner);
        plays.pop_front_if(|play| fits(play))
    }

    async fn connection(&self, mut tcp: TcpStream) -> io::Result<()> {
        tcp.set_nodelay(true)?;
        let before = self.next(|play| matches!(play, Play::Handshake(_) | Play::Certificate(_)));
        let mut stream = match before {
            Some(Play::Handshake(steps)) => {
                tcp.read_u8().await?;
                return self.play(&mut tcp, steps).await;
            }
            Some(Play::Certificate(acceptor)) => acceptor.accept(tcp).await?,
            _ => self.tls.accept(tcp).await?,
        };
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        if is_http2 {
            http2::greet(&mut stream).await?;
        }
        if let Some(Play::Greeting(steps)) = self.next(|play| matches!(play, Play::Greeting(_))) {
            self.play(&mut stream, steps).await?;
        }
        loop {
            let number = if is_http2 {
                Some(http2::read_request(&mut stream).await?)
            } else {
                read_request(&mut stream).await?;
                None
            };
            self.requests.fetch_add(1, Ordering::Relaxed);
            let valid = |fields: &[u8]| match number {
                Some(stream) => http2::answer(stream, self.valid_body.as_bytes()),
                None => answer("200 OK", fields, self.valid_body.as_bytes()),
            };
            let steps = match self.next(|_| true) {
                Some(Play::Answer(steps)) => steps,
                Some(Play::Around { before, behind }) => {
                    vec![Step::Send([before, valid(b""), behind].concat())]
                }
                Some(Play::Fields(fields)) => vec![Step::Send(valid(&fields))],
                _ => vec![Step::Send(valid(b""))],
            };
            self.play(&mut stream, steps).await?;
        }
    }

    /// Runs the steps. Fails when either side has closed the connection.
    async fn play(&self, wire: &mut impl Wire, steps: Vec<Step>) -> io::Result<()> {
        let over = || Err(io::ErrorKind::ConnectionAborted.into());
        for step in steps {
            match step {
                Step::Send(bytes) => {
                    wire.write_all(&bytes).await?;
                    wire.flush().await?;
                }
                Step::Repeat {
                    bytes,
                    times,
                    pause,
                } => {
                    // The client's data is read meanwhile, or both sides would wait.
                    let (mut read, write) = tokio::io::split(&mut *wire);
                    let mut sink = tokio::io::sink();
                    tokio::select! {
                        _ = tokio::io::copy(&mut read, &mut sink) => return over(),
                        sent = self.repeat(write, &bytes, times, pause) => sent?,
                    }
                }
                Step::Wait => {
                    tokio::io::copy(wire, &mut tokio::io::sink()).await?;
                    return over();
                }
                Step::Close => {
                    wire.shutdown().await?;
                    return over();
                }
                Step::Cut => return over(),
                Step::Reset => {
                    wire.tcp().set_zero_linger()?;
                    return over();
                }
            }
        }
        Ok(())
    }

    async fn repeat(
        &self,
        mut wire: impl AsyncWrite + Unpin,
        bytes: &[u8],
        times: u64,
        pause: Duration,
    ) -> io::Result<()> {
        for _ in 0..times {
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            wire.write_all(bytes).await?;
            wire.flush().await?;
            let sent = bytes.len().try_into().unwrap_or(u64::MAX);
            self.sent_bytes.fetch_add(sent, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// Reads an HTTP/1.1 request to its end.
async fn read_request(wire: &mut impl Wire) -> io::Result<()> {
    let mut header = Vec::new();
    while !header.ends_with(b"\r\n\r\n") {
        header.push(wire.read_u8().await?);
    }
    let header = String::from_utf8_lossy(&header).to_ascii_lowercase();
    let length = header
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .map_or(0, |length| length.trim().parse().unwrap());
    let mut body = wire.take(length);
    tokio::io::copy(&mut body, &mut tokio::io::sink()).await?;
    Ok(())
}

/// An HTTP/1.1 response with a status, further header fields (each with its line break), and a body
/// of known length.
pub(crate) fn answer(status: &str, fields: &[u8], body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n");
    [head.as_bytes(), fields, b"\r\n", body].concat()
}
