//! Repeats a plugin's bad call, beside good ones of the same plugin, and checks that the process
//! does not grow.

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

/// The permitted growth after all calls of a row. A leak of one WebAssembly page (64 KiB) a call is
/// more.
const GROWTH_BYTES: usize = 2 << 20;
/// A leak grows in each of these. Other tests of the process, which run meanwhile, do not.
const ATTEMPTS: usize = 4;
/// Concurrent bad calls in a round.
const AT_ONCE: usize = 10;
/// Measured rounds, after one to warm up.
const ROUNDS: usize = 5;

/// The behaviour of the network.
#[derive(Clone, Copy)]
pub(crate) enum Network {
    /// No request may reach it.
    Unreached,
    /// An empty body.
    Answers,
    /// A truncated body.
    BreaksOff,
    /// This error in place of a response.
    Fails(TransportError),
    /// No response.
    Silent,
}

/// The network of a row, and the number of its requests.
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
            Network::Fails(error) => return Box::pin(std::future::ready(Err(error))),
            Network::Answers => None,
            Network::BreaksOff => Some(Err(TransportError::CutOff)),
        };
        let body = StreamBody::new(stream::iter(ends)).boxed_unsync();
        Box::pin(std::future::ready(Ok(http::Response::new(body))))
    }
}

/// A plugin, and the options of its calls.
pub(crate) struct Row {
    pub(crate) plugin: Vec<u8>,
    pub(crate) limits: Limits,
    pub(crate) network: Network,
}

impl Row {
    /// A plugin that ends by itself, and reaches no network.
    pub(crate) fn new(plugin: Vec<u8>) -> Self {
        Self {
            plugin,
            limits: Limits::default(),
            network: Network::Unreached,
        }
    }

    /// A plugin that never ends by itself.
    pub(crate) fn endless(plugin: Vec<u8>) -> Self {
        let limits = Limits::new().deadline(Duration::from_millis(200));
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

/// The same, where a value outside its bounds is a breach.
pub(crate) async fn load_strict(plugin: &[u8]) -> Connector {
    let asked = Asked {
        network: Network::Unreached,
        times: AtomicU32::new(0),
    };
    let builder = Connector::builder(Arc::new(asked)).strict();
    builder.load_bytes(plugin).await.unwrap()
}

/// Loads a plugin of which every call with a string fails, those for its description included.
pub(crate) async fn load_with_breaches(plugin: &[u8], limits: Limits) -> Connector {
    let network = Asked {
        network: Network::Unreached,
        times: AtomicU32::new(0),
    };
    let builder = Connector::builder(Arc::new(network)).limits(limits);
    let builder = builder.tolerate_breaches();
    builder.load_bytes(plugin).await.unwrap()
}

/// Calls `validate` of the row's plugin many times, each with the expected outcome, while correct
/// calls of the same plugin continue. The process must not grow, and each call sends at most the
/// permitted requests.
pub(crate) async fn check(row: Row, expected: Result<(), CallError>) {
    let call = async |connector: &Connector| connector.validate("a", "{}", &[]).await;
    check_call(row, expected, call).await;
}

/// The same for `authenticate`, which may use the network.
pub(crate) async fn check_sending(row: Row, expected: Result<(), CallError>) {
    check_call(row, expected, authenticated).await;
}

/// The outcome of `authenticate`.
pub(crate) async fn authenticated(connector: &Connector) -> Result<(), CallError> {
    connector.authenticate("a", "{}").await.map(drop)
}

async fn check_call(
    row: Row,
    expected: Result<(), CallError>,
    call: impl AsyncFn(&Connector) -> Result<(), CallError>,
) {
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
        let bad = join_all((0..AT_ONCE).map(|_| call(&connector)));
        let good = join_all((0..AT_ONCE).map(|_| honest(&connector)));
        for ended in join(bad, good).await.0 {
            assert_eq!(ended, expected);
        }
        honest(&connector).await;
    };
    round().await;
    let mut rounds = 1;
    for attempt in 1..=ATTEMPTS {
        let before = resident_bytes();
        for _ in 0..ROUNDS {
            round().await;
        }
        rounds += ROUNDS;
        let growth = resident_bytes().saturating_sub(before);
        if growth < GROWTH_BYTES {
            break;
        }
        assert!(attempt < ATTEMPTS, "the process grew by {growth} bytes");
    }

    let calls = u32::try_from(AT_ONCE * rounds).unwrap();
    assert!(asked.times.load(Ordering::Relaxed) <= calls * most);
}

/// Serialises the tests that use or measure much memory, so that they do not measure each other.
pub(crate) async fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::const_new(());
    TURN.lock().await
}

/// A call that every plugin here handles correctly.
async fn honest(connector: &Connector) {
    let response = ApiResponse {
        status: 200,
        headers: Vec::new(),
        body: Vec::new(),
    };
    let verdict = connector.classify("a", &response).await;
    assert_eq!(verdict, Ok(Verdict::Accepted));
}

/// The resident memory of the process; measured only on Linux.
fn resident_bytes() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0usize) * 4096
}

/// The error of a plugin that crashed, with the runtime's name for the reason.
pub(crate) fn trapped(why: &str) -> Result<(), CallError> {
    Err(PluginError::Trapped(why.to_owned()).into())
}

/// The host's error for a refusal without a type in the runtime.
pub(crate) fn not_allowed() -> Result<(), CallError> {
    trapped("a call that the runtime does not allow")
}
