//! The cost of single calls, with HTTP that answers at once from memory. Each row is measured
//! beside the empty component, in turn with all other rows, and printed as the ratio of the two,
//! the median of several rounds. Ratios compare between runs and machines.
//!
//! `cargo bench --package connector-bench --bench calls`, with parts of names behind `--` for some
//! rows, or with `--quick` to see that every row works.

use std::convert::Infallible;
use std::env;
use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use connector_bench::baseline::{self, Baseline};
use connector_host::{
    ApiResponse, Connector, Credential, RequestHead, ResponseBody, Runtime, Session, Sessions,
    Timeouts, Transport, TransportError,
};
use futures::FutureExt as _;
use futures::future::{BoxFuture, ready};
use host_test::COMPONENT_BYTES;
use http_body_util::{BodyExt as _, Full};
use oauth2::basic::BasicClient;
use oauth2::{ClientId, ClientSecret, TokenResponse as _, TokenUrl};
use tempfile::TempDir;
use tokio::runtime::{self, Runtime as Tokio};
use tokio::time::Instant;
use wasmtime::component::{Component, InstancePre, Linker};
use wasmtime::{Engine, Store};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Calls something so many times, and returns how long that took.
type Work = Box<dyn Fn(u64) -> Duration>;

const CREDENTIAL: &str = r#"{"client_id":"hj-id-0001","client_secret":"hj;secret?&=+% 1"}"#;
const TOKEN_URL: &str = "https://api.hotjar.io/v1/oauth/token";
const REPLY: &str = r#"{"access_token":"tok.en-1","token_type":"Bearer","expires_in":3600}"#;

/// One function without parameters, and a memory as every plugin has one.
const EMPTY: &str = r#"(component
    (core module $m (memory (export "memory") 1) (func (export "run")))
    (core instance $i (instantiate $m))
    (func (export "run") (canon lift (core func $i "run"))))"#;

/// What a row measures.
struct Row {
    name: String,
    work: Work,
}

/// How much is measured.
struct Plan {
    rounds: usize,
    /// The time of one measurement of a row, which the calls in it fill.
    batch: Duration,
}

const WHOLE: Plan = Plan {
    rounds: 5,
    batch: Duration::from_millis(200),
};
/// Says nothing about times.
const QUICK: Plan = Plan {
    rounds: 1,
    batch: Duration::ZERO,
};

/// The figures of one row.
struct Figures {
    name: String,
    /// To the empty component, one for each round, in ascending order.
    ratios: Vec<f64>,
    /// For one call, in seconds, likewise.
    secs: Vec<f64>,
}

fn main() -> Outcome {
    let mut plan = WHOLE;
    let mut parts = Vec::new();
    for argument in env::args().skip(1) {
        match argument.as_str() {
            // Cargo adds it.
            "--bench" => {}
            "--quick" => plan = QUICK,
            option if option.starts_with('-') => return Err("options: --quick".into()),
            _ => parts.push(argument),
        }
    }
    let is_chosen =
        |row: &Row| parts.is_empty() || parts.iter().any(|part| row.name.contains(&**part));
    let tokio = Rc::new(
        runtime::Builder::new_current_thread()
            .enable_all()
            .build()?,
    );
    let empty = empty(&tokio)?;
    let rows: Vec<_> = rows(&tokio)?.into_iter().filter(is_chosen).collect();
    print(&measure(&plan, &empty, rows));
    Ok(())
}

/// Measures all rows in turn, each beside the empty component.
fn measure(plan: &Plan, empty: &Work, rows: Vec<Row>) -> Vec<Figures> {
    let empty_calls = calls_per_batch(plan, empty);
    // Finding the number of calls warms up too.
    let mut measured: Vec<_> = rows
        .into_iter()
        .map(|Row { name, work }| {
            let calls = calls_per_batch(plan, &work);
            let (ratios, secs) = (Vec::new(), Vec::new());
            (work, calls, Figures { name, ratios, secs })
        })
        .collect();
    for _ in 0..plan.rounds {
        for (work, calls, figures) in &mut measured {
            let floor = secs_per_call(empty, empty_calls);
            let secs = secs_per_call(work, *calls);
            figures.secs.push(secs);
            figures.ratios.push(secs / floor);
        }
    }
    let figures = measured.into_iter().map(|(_, _, mut figures)| {
        figures.secs.sort_by(f64::total_cmp);
        figures.ratios.sort_by(f64::total_cmp);
        figures
    });
    figures.collect()
}

/// The number of calls that fill one measurement.
fn calls_per_batch(plan: &Plan, work: &Work) -> u64 {
    let mut calls = 1;
    while work(calls) < plan.batch {
        calls *= 2;
    }
    calls
}

#[expect(
    clippy::cast_precision_loss,
    reason = "no batch has as many calls as a float cannot count"
)]
fn secs_per_call(work: &Work, calls: u64) -> f64 {
    work(calls).as_secs_f64() / calls as f64
}

fn print(all: &[Figures]) {
    let (row, ratio, range, time) = ("row", "ratio", "least–most", "time");
    println!("{row:50} {ratio:>8}  {range:20} {time:>10}");
    for Figures { name, ratios, secs } in all {
        let (Some(least), Some(most)) = (ratios.first(), ratios.last()) else {
            continue;
        };
        let ratio = short(ratios[ratios.len() / 2]);
        let range = format!("({}–{})", short(*least), short(*most));
        let time = Duration::from_secs_f64(secs[secs.len() / 2]);
        println!("{name:50} {ratio:>8}  {range:20} {time:>10.1?}");
    }
}

/// A ratio with three significant digits.
fn short(ratio: f64) -> String {
    let digits = if ratio < 10.0 {
        2
    } else {
        usize::from(ratio < 100.0)
    };
    format!("{ratio:.digits$}")
}

/// The base of all ratios: an instance of a component that does nothing, made and called.
fn empty(tokio: &Rc<Tokio>) -> Outcome<Work> {
    let (engine, pre) = empty_component()?;
    Ok(timed(tokio, async move || {
        let mut store = empty_store(&engine);
        let instance = pre.instantiate_async(&mut store).await.unwrap();
        let run = instance.get_typed_func::<(), ()>(&mut store, "run");
        run.unwrap().call_async(&mut store, ()).await.unwrap();
    }))
}

fn empty_component() -> Outcome<(Engine, InstancePre<()>)> {
    let engine = engine();
    let component = Component::new(&engine, wat::parse_str(EMPTY)?)?;
    let pre = Linker::<()>::new(&engine).instantiate_pre(&component)?;
    Ok((engine, pre))
}

fn empty_store(engine: &Engine) -> Store<()> {
    let mut store = Store::new(engine, ());
    store.set_epoch_deadline(u64::MAX >> 1);
    store
}

fn rows(tokio: &Rc<Tokio>) -> Outcome<Vec<Row>> {
    let mut rows = instances(tokio)?;
    rows.extend(functions(tokio));
    rows.extend(authenticate(tokio)?);
    rows.extend(sessions(tokio)?);
    rows.extend(loading(tokio)?);
    Ok(rows)
}

fn row(name: &str, work: Work) -> Row {
    let name = name.to_owned();
    Row { name, work }
}

/// Times calls one after the other in a task that blocks the thread.
fn timed<T>(tokio: &Rc<Tokio>, call: impl AsyncFn() -> T + 'static) -> Work {
    let tokio = Rc::clone(tokio);
    Box::new(move |times| {
        tokio.block_on(async {
            let begin = Instant::now();
            for _ in 0..times {
                black_box(call().await);
            }
            begin.elapsed()
        })
    })
}

/// The empty component beside itself, which shows the noise, and instances that are not called.
fn instances(tokio: &Rc<Tokio>) -> Outcome<Vec<Row>> {
    let (engine, pre) = empty_component()?;
    let baseline = baseline();
    Ok(vec![
        row("empty component", empty(tokio)?),
        row(
            "empty component, instantiate",
            timed(tokio, async move || {
                pre.instantiate_async(&mut empty_store(&engine))
                    .await
                    .unwrap();
            }),
        ),
        row(
            "plugin, instantiate",
            timed(tokio, async move || {
                let mut store = baseline.store();
                baseline.pre().instantiate_async(&mut store).await.unwrap();
            }),
        ),
    ])
}

/// The arguments of the functions of the contract.
struct Calls {
    connector: Connector,
    session: Session,
    head: RequestHead,
    expired: ApiResponse,
    french: [String; 1],
}

/// The functions of the contract, each call in a fresh instance.
fn functions(tokio: &Rc<Tokio>) -> Vec<Row> {
    let connector = loaded(tokio);
    let session = tokio.block_on(connector.authenticate("hotjar", CREDENTIAL));
    let calls = Rc::new(Calls {
        session: session.unwrap(),
        connector,
        head: head(),
        expired: expired(),
        french: ["fr".to_owned()],
    });
    macro_rules! function {
        ($name:literal, $function:ident($($argument:expr),*)) => {{
            function!($name, |_it| $function($($argument),*))
        }};
        ($name:literal, |$it:ident| $function:ident($($argument:expr),*)) => {{
            let $it = Rc::clone(&calls);
            let call = async move || $it.connector.$function($($argument),*).await.unwrap();
            row($name, timed(tokio, call))
        }};
    }
    vec![
        function!("describe", describe("contentsquare", &[])),
        function!("credential-schema", credential_schema("contentsquare", &[])),
        function!("credential-schema, in French", |it| credential_schema(
            "contentsquare",
            &it.french
        )),
        function!("validate", validate("hotjar", CREDENTIAL, &[])),
        function!("origins", origins("hotjar", CREDENTIAL)),
        function!("authenticate", authenticate("hotjar", CREDENTIAL)),
        function!("refresh", |it| refresh("hotjar", CREDENTIAL, &it.session)),
        function!("inspect", inspect("hotjar", CREDENTIAL, None, None)),
        function!("authorize", |it| authorize("hotjar", &it.session, &it.head)),
        function!("classify", |it| classify("hotjar", &it.expired)),
    ]
}

fn head() -> RequestHead {
    RequestHead {
        method: "GET".to_owned(),
        url: "https://api.hotjar.io/v1/sites/1/surveys?limit=1".to_owned(),
        headers: vec![("accept".to_owned(), b"application/json".to_vec())],
        body_sha256: None,
        body: None,
    }
}

fn expired() -> ApiResponse {
    let challenge = br#"Bearer error="invalid_token""#;
    ApiResponse {
        status: 401,
        headers: vec![("www-authenticate".to_owned(), challenge.to_vec())],
        body: Vec::new(),
    }
}

/// `authenticate` in other ways: on a runtime with several threads, in an instance that is kept,
/// and without any sandbox.
fn authenticate(tokio: &Rc<Tokio>) -> Outcome<Vec<Row>> {
    let threads = Rc::new(runtime::Builder::new_multi_thread().enable_all().build()?);
    let mut rows = Vec::new();
    let connector = loaded(&threads);
    let call = connector.clone();
    rows.push(row(
        "authenticate, several threads",
        timed(&threads, async move || {
            call.authenticate("hotjar", CREDENTIAL).await.unwrap()
        }),
    ));
    // As in a server: the caller is a task of the runtime.
    let runtime = Rc::clone(&threads);
    rows.push(row(
        "authenticate, several threads, in a task",
        Box::new(move |times| runtime.block_on(in_a_task(connector.clone(), times))),
    ));
    let baseline = baseline();
    for (name, tokio) in [("", tokio), (", several threads", &threads)] {
        let (baseline, tokio) = (baseline.clone(), Rc::clone(tokio));
        rows.push(row(
            &format!("authenticate in a kept instance{name}"),
            Box::new(move |times| tokio.block_on(kept(&baseline, times))),
        ));
    }
    rows.push(row(
        "the oauth2 crate, no sandbox",
        timed(tokio, async || native()),
    ));
    Ok(rows)
}

async fn in_a_task(connector: Connector, times: u64) -> Duration {
    let calls = async move {
        let begin = Instant::now();
        for _ in 0..times {
            black_box(connector.authenticate("hotjar", CREDENTIAL).await.unwrap());
        }
        begin.elapsed()
    };
    tokio::spawn(calls).await.unwrap()
}

/// Many calls in one instance, as a host may do that serves one tenant alone.
async fn kept(baseline: &Baseline, times: u64) -> Duration {
    let mut store = baseline.store();
    let instance = baseline.instance(&mut store).await.unwrap();
    let credentials = instance.integration_connector_credentials();
    let credential = CREDENTIAL.to_owned();
    let begin = Instant::now();
    for _ in 0..times {
        let session = credentials
            .call_authenticate(&mut store, "hotjar", &credential)
            .await;
        black_box(session.unwrap().unwrap());
    }
    begin.elapsed()
}

fn native() -> usize {
    let client = BasicClient::new(ClientId::new("hj-id-0001".to_owned()))
        .set_client_secret(ClientSecret::new("hj;secret?&=+% 1".to_owned()))
        .set_token_uri(TokenUrl::new(TOKEN_URL.to_owned()).unwrap());
    let http = |_request: oauth2::HttpRequest| {
        http::Response::builder()
            .header("content-type", "application/json")
            .body(REPLY.as_bytes().to_vec())
    };
    let token = client.exchange_client_credentials().request(&http).unwrap();
    token.access_token().secret().len()
}

/// A warm session, served by `Sessions`.
fn sessions(tokio: &Rc<Tokio>) -> Outcome<Vec<Row>> {
    let sessions = Sessions::new(loaded(tokio))?;
    let credential = Credential::new("hotjar", CREDENTIAL);
    Ok(vec![row(
        "a warm session of Sessions",
        timed(tokio, async move || {
            sessions.session(&credential).await.unwrap()
        }),
    )])
}

/// Loading the plugin: compiling it, and reading machine code that was kept.
fn loading(tokio: &Rc<Tokio>) -> Outcome<Vec<Row>> {
    let folder = Rc::new(TempDir::new()?);
    let compile = Rc::clone(tokio);
    let mut rows = vec![row(
        "load, compiling",
        Box::new(move |times| {
            let begin = Instant::now();
            for _ in 0..times {
                black_box(loaded(&compile));
            }
            begin.elapsed()
        }),
    )];
    let cache = Rc::clone(&folder);
    rows.push(row(
        "load, kept machine code",
        timed(tokio, async move || {
            let builder = Connector::builder(Arc::new(Fixed)).cache(cache.path());
            builder.load_bytes(COMPONENT_BYTES).await.unwrap()
        }),
    ));
    let engine = engine();
    let component = Component::new(&engine, COMPONENT_BYTES)?;
    let code = folder.path().join("floor");
    fs::write(&code, component.serialize()?)?;
    rows.push(row(
        "load, kept machine code, wasmtime alone",
        timed(tokio, async move || machine_code(&engine, &code)),
    ));
    // All that a process does for its first session, from making the runtime on, for a command and
    // for a server. What it does to end is not counted.
    for calls in [10, 10_000] {
        let (tokio, folder) = (Rc::clone(tokio), Rc::clone(&folder));
        rows.push(row(
            &format!("load, first session, room for {calls} calls"),
            Box::new(move |times| {
                let one = |_| tokio.block_on(first_session(folder.path(), calls));
                (0..times).map(one).sum()
            }),
        ));
    }
    Ok(rows)
}

async fn first_session(folder: &Path, calls: u32) -> Duration {
    let begin = Instant::now();
    let builder = Connector::builder(Arc::new(Fixed)).cache(folder);
    let builder = builder.runtime(Runtime::new(calls).unwrap());
    let connector = builder.load_bytes(COMPONENT_BYTES).await.unwrap();
    black_box(connector.authenticate("hotjar", CREDENTIAL).await.unwrap());
    begin.elapsed()
}

/// The floor of loading: nothing is hashed, linked, checked or called.
#[expect(unsafe_code, reason = "machine code is run as it is found")]
fn machine_code(engine: &Engine, code: &Path) -> Component {
    // SAFETY: the benchmark wrote the file itself.
    unsafe { Component::deserialize_file(engine, code) }.unwrap()
}

/// Answers everything with the same token, at once.
struct Fixed;

impl Transport for Fixed {
    fn send(
        &self,
        _request: http::Request<Bytes>,
        _timeouts: Timeouts,
    ) -> BoxFuture<'static, Result<http::Response<ResponseBody>, TransportError>> {
        let body = Full::new(Bytes::from_static(REPLY.as_bytes()));
        let body = body
            .map_err(|never: Infallible| match never {})
            .boxed_unsync();
        let reply = http::Response::builder()
            .header("content-type", "application/json")
            .body(body)
            .map_err(|_| TransportError::Protocol);
        ready(reply).boxed()
    }
}

fn loaded(tokio: &Tokio) -> Connector {
    let builder = Connector::builder(Arc::new(Fixed));
    tokio.block_on(builder.load_bytes(COMPONENT_BYTES)).unwrap()
}

fn engine() -> Engine {
    Runtime::shared().unwrap().engine().clone()
}

fn baseline() -> Baseline {
    let component = Component::new(&engine(), COMPONENT_BYTES).unwrap();
    Baseline::new(&component, baseline::over(Arc::new(Fixed))).unwrap()
}
