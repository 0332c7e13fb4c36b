//! A vendor made of bytes: it takes connections on loopback, reads requests, and plays what it was
//! told to. When it has nothing more to play, it is honest. What the bytes mean is in `http2.rs`
//! and in the files of the rows.

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

/// One thing that a vendor does to a connection.
#[derive(Clone)]
pub(crate) enum Step {
    /// Writes these bytes.
    Send(Vec<u8>),
    /// Writes these bytes again and again, with a pause before each time.
    Repeat {
        bytes: Vec<u8>,
        times: u64,
        pause: Duration,
    },
    /// Falls silent, until the other side hangs up.
    Wait,
    /// Ends the connection, as one does who has said everything.
    Close,
    /// Ends the connection without saying so: no TLS alert, as when somebody between cuts the line.
    Cut,
    /// Ends the connection with a TCP reset.
    Reset,
}

/// What a vendor does instead of what it should, once.
#[derive(Clone)]
pub(crate) enum Play {
    /// Speaks no TLS: does this when the first bytes of the handshake have come.
    Handshake(Vec<Step>),
    /// Shows another certificate, or offers other protocols.
    Certificate(TlsAcceptor),
    /// Does this when the connection stands, and then goes on.
    Greeting(Vec<Step>),
    /// Does this when a request has come; if the connection still stands, goes on.
    Answer(Vec<Step>),
    /// Answers honestly, but with these bytes before the answer and behind it.
    Around { before: Vec<u8>, behind: Vec<u8> },
    /// Answers honestly in HTTP/1.1, but with these header fields more, each with its line break.
    Fields(Vec<u8>),
}

impl Play {
    /// Whether it goes on until the other side hangs up.
    pub(crate) fn is_endless(&self) -> bool {
        let is_endless =
            |step: &Step| matches!(step, Step::Repeat { times, .. } if *times == u64::MAX);
        matches!(self, Self::Answer(steps) if steps.iter().any(is_endless))
    }
}

/// The service. Stops when it is dropped, with all its connections.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    task: AbortHandle,
}

struct Shared {
    tls: TlsAcceptor,
    plays: Mutex<VecDeque<Play>>,
    /// The body of an honest answer.
    honest: String,
    connections: AtomicU64,
    ended: watch::Sender<u64>,
    requests: AtomicU64,
    sent_bytes: AtomicU64,
}

impl Server {
    /// Serves at a listener: first the plays, then honestly with this body.
    pub(crate) fn start(
        listener: TcpListener,
        tls: TlsAcceptor,
        plays: impl IntoIterator<Item = Play>,
        honest: String,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            tls,
            plays: Mutex::new(plays.into_iter().collect()),
            honest,
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

    /// How many connections were made.
    pub(crate) fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// Waits until a connection has ended.
    pub(crate) async fn is_left(&self) {
        let mut ended = self.shared.ended.subscribe();
        ended.wait_for(|ended| *ended > 0).await.unwrap();
    }

    /// How many requests came, whole.
    pub(crate) fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::Relaxed)
    }

    /// How much of all that it repeats the network took.
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
        // A connection that fails is what these tests are about, so it ends without a word.
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
    /// Takes the next play, if it is one for this moment.
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
            let honest = |fields: &[u8]| match number {
                Some(stream) => http2::answer(stream, self.honest.as_bytes()),
                None => answer("200 OK", fields, self.honest.as_bytes()),
            };
            let steps = match self.next(|_| true) {
                Some(Play::Answer(steps)) => steps,
                Some(Play::Around { before, behind }) => {
                    vec![Step::Send([before, honest(b""), behind].concat())]
                }
                Some(Play::Fields(fields)) => vec![Step::Send(honest(&fields))],
                _ => vec![Step::Send(honest(b""))],
            };
            self.play(&mut stream, steps).await?;
        }
    }

    /// Does what is to be done. Fails when the connection is over, whoever ended it.
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
                    // Whatever the other side says to that is read, or it would wait for us to do
                    // so.
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

/// Reads an HTTP/1.1 request to its end, and forgets it.
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

/// An HTTP/1.1 answer: a status, more header fields (each with its line break), a body of known
/// length.
pub(crate) fn answer(status: &str, fields: &[u8], body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n");
    [head.as_bytes(), fields, b"\r\n", body].concat()
}
