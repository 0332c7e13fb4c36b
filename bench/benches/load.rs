//! Many calls at a time: each of four trials prints its figures, and fails when one is out of
//! bounds. Memory is the proportional set size, so these run on Linux.
//!
//! `cargo bench --package connector-bench --bench load`, or with the names of trials behind `--`.

use std::env;
use std::error::Error;
use std::fs;
use std::future::ready;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use connector_bench::dialing::Dialing;
use connector_host::{
    Clock, Connector, Credential, Limits, ResponseBody, Sessions, Timeouts, Transport,
    TransportError,
};
use connector_simulators::Simulators;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt as _};
use host_test::COMPONENT_BYTES;
use host_test::answers::Answers;
use host_test::script::Reply;
use serde_json::json;
use tokio::sync::Barrier;
use tokio::time::Instant;

type Outcome = Result<(), Box<dyn Error>>;
type Trial = (&'static str, fn() -> Outcome);

const CREDENTIAL: &str = r#"{"client_id":"hj-id-0001","client_secret":"hj;secret?&=+% 1"}"#;

const CALLERS: usize = 10_000;
const IN_FLIGHT: usize = 10_000;
/// The limit for the memory of a call in flight. Just below 40,000 were measured.
const FLIGHT_BYTES: u64 = 42_000;
const SIGN_INS: usize = 2_000;
const AT_ONCE: usize = 16;
const CALLS: usize = 1_000_000;
/// The limit for the growth after the first tenth of the calls: less than a byte for each.
const GROWTH_BYTES: u64 = 512 << 10;

fn main() -> Outcome {
    let trials: [Trial; 4] = [
        ("callers", || block_on(callers())),
        ("in-flight", || block_on(in_flight())),
        ("handshakes", || block_on(handshakes())),
        ("soak", || block_on(soak())),
    ];
    // Cargo adds `--bench`.
    let asked: Vec<String> = env::args()
        .skip(1)
        .filter(|name| name != "--bench")
        .collect();
    if let Some(name) = asked
        .iter()
        .find(|name| !trials.iter().any(|(trial, _)| trial == name))
    {
        let names: Vec<_> = trials.iter().map(|(name, _)| *name).collect();
        return Err(format!("unknown trial {name:?}; known: {}", names.join(", ")).into());
    }
    for (name, trial) in trials {
        if asked.is_empty() || asked.iter().any(|asked| asked == name) {
            trial()?;
        }
    }
    Ok(())
}

fn block_on(trial: impl Future<Output = Outcome>) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(trial)
}

/// Many callers come at once when the session has expired.
async fn callers() -> Outcome {
    let vendor = Answers::new(|_, before| token(before).delay(Duration::from_millis(100)));
    let clock = Arc::new(Jumping::default());
    let connector = Connector::builder(Arc::new(vendor.clone())).clock(clock.clone());
    let sessions = Sessions::new(connector.load_bytes(COMPONENT_BYTES).await?)?;
    sessions
        .session(&Credential::new("hotjar", CREDENTIAL))
        .await?;
    clock.jump(Duration::from_hours(1));

    let start = Arc::new(Barrier::new(CALLERS));
    let tasks: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (sessions, start) = (sessions.clone(), Arc::clone(&start));
            tokio::spawn(async move {
                start.wait().await;
                let credential = Credential::new("hotjar", CREDENTIAL);
                let session = sessions.session(&credential).await;
                session.is_ok_and(|session| session.access_token.expose() == "tok.en-1")
            })
        })
        .collect();
    let begin = Instant::now();
    let mut served = 0;
    for task in tasks {
        served += usize::from(task.await?);
    }
    let took = begin.elapsed();
    let asked = vendor.asked() - 1;
    println!(
        "callers: {served} of {CALLERS} served after the session expired, in {took:.0?}, of which \
         the vendor took 100 ms; token requests: {asked}"
    );
    expect(
        served == CALLERS && asked == 1,
        "one request serves all callers",
    )
}

/// Many authentications at a time; none is answered before all requests are in flight. The process
/// holds nothing but the plugin and its host.
async fn in_flight() -> Outcome {
    let all = Arc::new(Barrier::new(IN_FLIGHT + 1));
    let vendor = Held {
        all: Arc::clone(&all),
        answers: Answers::new(|_, _| token(7)),
    };
    let timeouts = Timeouts::new().first_byte(Duration::from_mins(4));
    let limits = Limits::new()
        .deadline(Duration::from_mins(5))
        .timeouts(timeouts);
    let connector = Connector::builder(Arc::new(vendor)).limits(limits);
    let connector = connector.load_bytes(COMPONENT_BYTES).await?;
    connector.validate("hotjar", CREDENTIAL, &[]).await?;

    let before = resident_bytes()?;
    let begin = Instant::now();
    let tasks: Vec<_> = (0..IN_FLIGHT)
        .map(|_| {
            let connector = connector.clone();
            tokio::spawn(async move { connector.authenticate("hotjar", CREDENTIAL).await })
        })
        .collect();
    all.wait().await;
    let after = resident_bytes()?;
    let maps = fs::read_to_string("/proc/self/maps")?.lines().count();
    let mut ended = 0;
    for task in tasks {
        ended += usize::from(task.await?.is_ok());
    }
    let took = begin.elapsed();
    let each = after.saturating_sub(before) / u64::try_from(IN_FLIGHT)?;
    println!(
        "in-flight: {ended} of {IN_FLIGHT} authentications succeeded concurrently in {took:.1?}; \
         memory for each: {each} bytes; memory maps of the process: {maps}"
    );
    expect(ended == IN_FLIGHT, "every call succeeds")?;
    expect(each <= FLIGHT_BYTES, "the memory is within its limit")
}

/// Holds all answers back until all requests are there.
#[derive(Clone)]
struct Held {
    all: Arc<Barrier>,
    answers: Answers,
}

impl Transport for Held {
    fn send(
        &self,
        request: http::Request<Bytes>,
        timeouts: Timeouts,
    ) -> BoxFuture<'static, Result<http::Response<ResponseBody>, TransportError>> {
        let vendor = self.clone();
        let wait = async move {
            vendor.all.wait().await;
            // Built only now: a waiting answer would be counted as the plugin's memory.
            vendor.answers.send(request, timeouts).await
        };
        wait.boxed()
    }
}

/// Many authentications over TLS: over the host's kept connection, and over a new one for each, as
/// with the runtime's own client.
async fn handshakes() -> Outcome {
    let simulators = Simulators::start().await?;
    let dialing = Dialing::new(simulators.ca_pem(), &simulators.connect_to())?;
    let (kept, kept_connections) = over(&simulators, Arc::new(simulators.live())).await?;
    let (own, own_connections) = over(&simulators, Arc::new(dialing)).await?;
    let ratio = kept / own;
    println!(
        "handshakes: {SIGN_INS} authentications, {AT_ONCE} at a time, with the vendor on the same \
         cores; over {kept_connections} kept connections {kept:.0} a second, over \
         {own_connections} new ones {own:.0} a second: {ratio:.1} times"
    );
    // The ratio means little where both sides share the cores: see `bench/compare`.
    expect(
        kept_connections == 1 && ratio > 1.0,
        "one connection carries all requests, and faster",
    )
}

/// The authentications a second over this network, and the number of its connections.
async fn over(
    simulators: &Simulators,
    network: Arc<dyn Transport>,
) -> Result<(f64, u64), Box<dyn Error>> {
    let vendor = simulators.hotjar();
    let (_, credential) = vendor.sample_credentials().remove(0);
    let credential: Arc<str> = credential.to_string().into();
    let connector = Connector::builder(network);
    let connector = connector.load_bytes(COMPONENT_BYTES).await?;
    let before = vendor.connections();
    let begin = Instant::now();
    let ended = sign_in(&connector, &credential, SIGN_INS, AT_ONCE).await;
    let took = begin.elapsed();
    expect(ended == SIGN_INS, "every call succeeds")?;
    let rate = f64::from(u32::try_from(SIGN_INS)?) / took.as_secs_f64();
    Ok((rate, vendor.connections() - before))
}

/// A million calls, each in a fresh instance: memory does not grow.
async fn soak() -> Outcome {
    let vendor = Answers::new(|_, _| token(7));
    let connector = Connector::builder(Arc::new(vendor))
        .load_bytes(COMPONENT_BYTES)
        .await?;
    let credential = Arc::from(CREDENTIAL);
    let begin = Instant::now();
    let mut resident = Vec::new();
    let mut ended = 0;
    for _ in 0..10 {
        ended += sign_in(&connector, &credential, CALLS / 10, 8).await;
        resident.push(resident_bytes()?);
    }
    let took = begin.elapsed();
    let each = took / u32::try_from(CALLS)?;
    let kib: Vec<_> = resident
        .iter()
        .map(|bytes| (bytes >> 10).to_string())
        .collect();
    println!(
        "soak: {ended} of {CALLS} calls succeeded in {took:.0?}, {each:.1?} each on all cores; \
         resident after each tenth, in KiB: {}",
        kib.join(" ")
    );
    let (first, last) = (resident[0], resident[resident.len() - 1]);
    expect(ended == CALLS, "every call succeeds")?;
    expect(
        last <= first + GROWTH_BYTES,
        "memory is flat after the first tenth",
    )
}

/// Signs in to Hotjar `times` times, each in a task, `at_once` of them at a time. Returns how many
/// succeeded.
async fn sign_in(
    connector: &Connector,
    credential: &Arc<str>,
    times: usize,
    at_once: usize,
) -> usize {
    let one = |_| {
        let (connector, credential) = (connector.clone(), Arc::clone(credential));
        let call = async move { connector.authenticate("hotjar", &credential).await.is_ok() };
        async { tokio::spawn(call).await.unwrap_or(false) }
    };
    let calls = stream::iter(0..times).map(one);
    let right = calls.buffer_unordered(at_once).filter(|ok| ready(*ok));
    right.count().await
}

fn expect(is_so: bool, what: &str) -> Outcome {
    if is_so {
        Ok(())
    } else {
        Err(format!("expected that {what}").into())
    }
}

fn token(number: u64) -> Reply {
    let token = format!("tok.en-{number}");
    Reply::json(
        200,
        json!({"access_token": token, "token_type": "Bearer", "expires_in": 3600}),
    )
}

/// A clock that can be set forward.
#[derive(Default)]
struct Jumping(std::sync::Mutex<Duration>);

impl Jumping {
    fn jump(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for Jumping {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000) + *self.0.lock().unwrap()
    }
}

/// The proportional set size of this process in bytes: pages that many instances share count once.
fn resident_bytes() -> Result<u64, Box<dyn Error>> {
    let maps = fs::read_to_string("/proc/self/smaps_rollup")?;
    let line = maps.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kib = line.and_then(|line| line.split_whitespace().next());
    let kib: u64 = kib.ok_or("smaps_rollup has no Pss")?.parse()?;
    Ok(kib << 10)
}
