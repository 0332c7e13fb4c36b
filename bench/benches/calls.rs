//! What single calls cost, with HTTP that answers at once from memory: loading the plugin, making
//! an instance, and each function of the contract. Beside them the floors: machine code that is
//! only taken in, a component that does nothing, and the same exchange by the native `oauth2`
//! crate.
//!
//! `cargo bench --bench calls`, or with a part of a name behind `--`.

use std::convert::Infallible;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use connector_bench::baseline::{self, Baseline};
use connector_host::{
    ApiResponse, Connector, Credential, RequestHead, ResponseBody, Runtime, Sessions, Timeouts,
    Transport, TransportError,
};
use criterion::{Criterion, criterion_group, criterion_main};
use futures::FutureExt as _;
use futures::future::{BoxFuture, ready};
use host_test::COMPONENT_BYTES;
use http_body_util::{BodyExt as _, Full};
use oauth2::basic::BasicClient;
use oauth2::{ClientId, ClientSecret, TokenResponse as _, TokenUrl};
use tempfile::TempDir;
use tokio::runtime::{self, Runtime as Tokio};
use tokio::time::Instant;
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

const CREDENTIAL: &str = r#"{"client_id":"hj-id-0001","client_secret":"hj;secret?&=+% 1"}"#;
const TOKEN_URL: &str = "https://api.hotjar.io/v1/oauth/token";
const REPLY: &str = r#"{"access_token":"tok.en-1","token_type":"Bearer","expires_in":3600}"#;

/// One function without parameters, and a memory as every plugin has one.
const EMPTY: &str = r#"(component
    (core module $m (memory (export "memory") 1) (func (export "run")))
    (core instance $i (instantiate $m))
    (func (export "run") (canon lift (core func $i "run"))))"#;

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

/// The two kinds of runtime that a platform may have: all work on the caller's thread, or on
/// threads of its own.
fn runtimes() -> [(&'static str, Tokio); 2] {
    let made = |mut builder: runtime::Builder| builder.enable_all().build().unwrap();
    [
        (
            "current-thread",
            made(runtime::Builder::new_current_thread()),
        ),
        ("multi-thread", made(runtime::Builder::new_multi_thread())),
    ]
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

fn load(c: &mut Criterion) {
    let [(_, tokio), _] = runtimes();
    let mut group = c.benchmark_group("load");
    group.sample_size(10);
    group.bench_function("compile", |b| b.iter(|| loaded(&tokio)));
    group.sample_size(100);
    let folder = TempDir::new().unwrap();
    let from_folder = || Connector::builder(Arc::new(Fixed)).cache(folder.path());
    group.bench_function("kept-code", |b| {
        b.to_async(&tokio)
            .iter(|| async { from_folder().load_bytes(COMPONENT_BYTES).await.unwrap() });
    });
    group.bench_function("kept-code/wasmtime-alone", |b| {
        let engine = engine();
        let component = Component::new(&engine, COMPONENT_BYTES).unwrap();
        let code = folder.path().join("floor");
        fs::write(&code, component.serialize().unwrap()).unwrap();
        b.iter(|| machine_code(&engine, &code));
    });
    // All that a process has to do for its first session, from making the runtime on: one for a
    // command, and one for a server. What it has to do to end is not counted.
    for calls in [10, 10_000] {
        let first = async || {
            let begin = Instant::now();
            let builder = from_folder().runtime(Runtime::new(calls).unwrap());
            let connector = builder.load_bytes(COMPONENT_BYTES).await.unwrap();
            black_box(connector.authenticate("hotjar", CREDENTIAL).await.unwrap());
            begin.elapsed()
        };
        let name = format!("kept-code/first-session-of-{calls}");
        group.bench_function(name, |b| {
            b.iter_custom(|times| (0..times).map(|_| tokio.block_on(first())).sum());
        });
    }
}

/// The floor of loading: nothing is hashed, linked, checked or asked.
#[expect(unsafe_code, reason = "machine code is run as it is found")]
fn machine_code(engine: &Engine, code: &Path) -> Component {
    // SAFETY: the benchmark wrote the file itself.
    unsafe { Component::deserialize_file(engine, code) }.unwrap()
}

/// The floor of isolation: an instance of nothing, and a call that does nothing.
fn empty(c: &mut Criterion) {
    let [(_, tokio), _] = runtimes();
    let engine = engine();
    let component = Component::new(&engine, wat::parse_str(EMPTY).unwrap()).unwrap();
    let pre = Linker::<()>::new(&engine)
        .instantiate_pre(&component)
        .unwrap();
    let store = || {
        let mut store = Store::new(&engine, ());
        store.set_epoch_deadline(u64::MAX >> 1);
        store
    };
    let mut group = c.benchmark_group("empty");
    group.bench_function("instantiate", |b| {
        b.to_async(&tokio).iter(|| async {
            pre.instantiate_async(&mut store()).await.unwrap();
        });
    });
    group.bench_function("instantiate-and-call", |b| {
        b.to_async(&tokio).iter(|| async {
            let mut store = store();
            let instance = pre.instantiate_async(&mut store).await.unwrap();
            let run = instance
                .get_typed_func::<(), ()>(&mut store, "run")
                .unwrap();
            run.call_async(&mut store, ()).await.unwrap();
        });
    });
}

fn instantiate(c: &mut Criterion) {
    let [(_, tokio), _] = runtimes();
    let baseline = baseline();
    c.bench_function("plugin/instantiate", |b| {
        b.to_async(&tokio).iter(|| async {
            let mut store = baseline.store();
            baseline.pre().instantiate_async(&mut store).await.unwrap();
        });
    });
}

/// The functions that need no network, each in an instance of its own.
fn pure(c: &mut Criterion) {
    let [(_, tokio), _] = runtimes();
    let connector = loaded(&tokio);
    let expired = ApiResponse {
        status: 401,
        headers: vec![(
            "www-authenticate".to_owned(),
            br#"Bearer error="invalid_token""#.to_vec(),
        )],
        body: Vec::new(),
    };
    let mut group = c.benchmark_group("fresh");
    group.bench_function("describe", |b| {
        b.to_async(&tokio)
            .iter(|| async { connector.describe("contentsquare", &[]).await.unwrap() });
    });
    group.bench_function("credential-schema", |b| {
        b.to_async(&tokio).iter(|| async {
            let schema = connector.credential_schema("contentsquare", &[]).await;
            schema.unwrap()
        });
    });
    group.bench_function("validate", |b| {
        b.to_async(&tokio)
            .iter(|| async { connector.validate("hotjar", CREDENTIAL, &[]).await.unwrap() });
    });
    group.bench_function("origins", |b| {
        b.to_async(&tokio)
            .iter(|| async { connector.origins("hotjar", CREDENTIAL).await.unwrap() });
    });
    let session = tokio.block_on(connector.authenticate("hotjar", CREDENTIAL));
    let session = session.unwrap();
    let head = RequestHead {
        method: "GET".to_owned(),
        url: "https://api.hotjar.io/v1/sites/1/surveys?limit=1".to_owned(),
        headers: vec![("accept".to_owned(), b"application/json".to_vec())],
        body_sha256: None,
        body: None,
    };
    group.bench_function("authorize", |b| {
        b.to_async(&tokio).iter(|| async {
            let authorized = connector.authorize("hotjar", &session, &head).await;
            authorized.unwrap()
        });
    });
    group.bench_function("classify", |b| {
        b.to_async(&tokio)
            .iter(|| async { connector.classify("hotjar", &expired).await.unwrap() });
    });
}

fn authenticate(c: &mut Criterion) {
    let mut group = c.benchmark_group("authenticate");
    for (name, tokio) in runtimes() {
        let connector = loaded(&tokio);
        group.bench_function(format!("fresh/{name}"), |b| {
            b.to_async(&tokio)
                .iter(|| async { connector.authenticate("hotjar", CREDENTIAL).await.unwrap() });
        });
        // As in a server: the caller is a task of the runtime.
        group.bench_function(format!("fresh/{name}/in-a-task"), |b| {
            b.iter_custom(|times| tokio.block_on(tasked(connector.clone(), times)));
        });
        let baseline = baseline();
        group.bench_function(format!("kept/{name}"), |b| {
            b.iter_custom(|times| tokio.block_on(kept(&baseline, times)));
        });
    }
    group.bench_function("oauth2-crate", |b| b.iter(native));
}

async fn tasked(connector: Connector, times: u64) -> Duration {
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

/// The native floor: no wall between the vendor's knowledge and the platform.
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

/// What a caller pays when the session is there already.
fn sessions(c: &mut Criterion) {
    let [(_, tokio), _] = runtimes();
    let sessions = Sessions::new(loaded(&tokio)).unwrap();
    let credential = Credential::new("hotjar", CREDENTIAL);
    c.bench_function("sessions/cached", |b| {
        b.to_async(&tokio)
            .iter(|| async { sessions.session(&credential).await.unwrap() });
    });
}

criterion_group!(
    benches,
    load,
    empty,
    instantiate,
    pure,
    authenticate,
    sessions
);
criterion_main!(benches);
