//! Runs a plugin's bad call again and again, beside good ones of the same plugin, and looks whether the process grows.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use connector_host::{
    ApiResponse, CallError, Connector, Limits, LoadError, PluginError, ResponseBody, Timeouts,
    Transport, TransportError, Verdict,
};
use futures::future::{BoxFuture, join, join_all};
use futures::stream;
use http_body_util::{BodyExt, StreamBody};
use tokio::sync::{Mutex, MutexGuard};

/// What a row may leave behind after its calls, all together. A leak of one page of WebAssembly (64 KiB) a call is more.
const GROWTH_BYTES: usize = 2 << 20;
/// Bad calls in a round, all at the same time.
const AT_ONCE: usize = 10;
/// Rounds that count, after one that warms up.
const ROUNDS: usize = 5;

/// How the network answers.
#[derive(Clone, Copy)]
pub(crate) enum Network {
    /// Nothing may come as far as this.
    Unreached,
    /// With an empty body.
    Answers,
    /// With a body that breaks off.
    BreaksOff,
    /// Never.
    Silent,
}

/// The network of a row, and how often it was asked.
struct Asked {
    network: Network,
    times: AtomicU32,
}

impl Transport for Asked {
    fn send(
        &self,
        request: http::Request<Bytes>,
        _timeouts: Timeouts,
    ) -> BoxFuture<'static, Result<http::Response<ResponseBody>, TransportError>> {
        self.times.fetch_add(1, Ordering::Relaxed);
        assert_eq!(request.uri(), "https://a.example/");
        let ends = match self.network {
            Network::Unreached => panic!("the plugin reached the network"),
            Network::Silent => return Box::pin(std::future::pending()),
            Network::Answers => None,
            Network::BreaksOff => Some(Err(TransportError::CutOff)),
        };
        let body = StreamBody::new(stream::iter(ends)).boxed_unsync();
        Box::pin(std::future::ready(Ok(http::Response::new(body))))
    }
}

/// A plugin, and what its calls run with.
pub(crate) struct Row {
    pub(crate) plugin: Vec<u8>,
    pub(crate) limits: Limits,
    pub(crate) network: Network,
}

impl Row {
    /// A plugin that is to end by itself, and reaches no network.
    pub(crate) fn new(plugin: Vec<u8>) -> Self {
        Self {
            plugin,
            limits: Limits::default(),
            network: Network::Unreached,
        }
    }

    /// A plugin that never ends by itself.
    pub(crate) fn endless(plugin: Vec<u8>) -> Self {
        let limits = Limits {
            deadline: Duration::from_millis(200),
            ..Limits::default()
        };
        Self {
            limits,
            ..Self::new(plugin)
        }
    }

    pub(crate) fn network(self, network: Network) -> Self {
        Self { network, ..self }
    }

    pub(crate) async fn load(&self) -> Result<Connector, LoadError> {
        load(&self.plugin, self.limits.clone()).await
    }
}

pub(crate) async fn load(plugin: &[u8], limits: Limits) -> Result<Connector, LoadError> {
    let asked = Asked {
        network: Network::Unreached,
        times: AtomicU32::new(0),
    };
    let builder = Connector::builder(Arc::new(asked)).limits(limits);
    builder.load_bytes(plugin).await
}

/// Calls `validate` of the row's plugin many times, each of which has to end as expected, while honest calls of the same plugin go on.
/// The process must be no larger in the end, and the network asked no more often than a call may.
pub(crate) async fn check(row: Row, expected: Result<(), CallError>) {
    let _turn = turn().await;
    let most = row.limits.requests;
    let asked = Arc::new(Asked {
        network: row.network,
        times: AtomicU32::new(0),
    });
    let builder = Connector::builder(Arc::clone(&asked) as Arc<dyn Transport>);
    let connector = builder.limits(row.limits).load_bytes(&row.plugin).await;
    let connector = connector.unwrap();

    let round = async || {
        let bad = join_all((0..AT_ONCE).map(|_| connector.validate("a", "{}")));
        let good = join_all((0..AT_ONCE).map(|_| honest(&connector)));
        for ended in join(bad, good).await.0 {
            assert_eq!(ended, expected);
        }
        honest(&connector).await;
    };
    round().await;
    let before = resident_bytes();
    for _ in 0..ROUNDS {
        round().await;
    }
    let growth = resident_bytes().saturating_sub(before);
    assert!(growth < GROWTH_BYTES, "the process grew by {growth} bytes");

    let calls = u32::try_from(AT_ONCE * (1 + ROUNDS)).unwrap();
    assert!(asked.times.load(Ordering::Relaxed) <= calls * most);
}

/// Tests that use or watch much memory take turns, or one would see that of another.
pub(crate) async fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::const_new(());
    TURN.lock().await
}

/// A call that every plugin here answers as it should.
async fn honest(connector: &Connector) {
    let response = ApiResponse {
        status: 200,
        headers: Vec::new(),
        body: Vec::new(),
    };
    let verdict = connector.classify("a", &response).await;
    assert_eq!(verdict, Ok(Verdict::Accepted));
}

/// What the process has in memory. Elsewhere than on Linux nobody looks.
fn resident_bytes() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0usize) * 4096
}

/// The error of a plugin that crashed, in the runtime's words.
pub(crate) fn trapped(why: &str) -> Result<(), CallError> {
    Err(PluginError::Trapped(why.to_owned()).into())
}

/// How the host names what the runtime refuses without a name of its own.
pub(crate) fn not_allowed() -> Result<(), CallError> {
    trapped("a call that the runtime does not allow")
}
