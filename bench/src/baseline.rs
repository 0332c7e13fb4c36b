//! A baseline host: wasmtime with all of its WASI and nothing granted in it. It has no limits, no
//! egress policy and no sessions, so it shows the cost of the plugin itself, and it runs components
//! of other languages, which import more of WASI.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use connector_host::{Limits, Transport, TransportError};
use futures::future::{BoxFuture, FutureExt as _, TryFutureExt as _};
use http_body_util::BodyExt as _;
use wasmtime::Store;
use wasmtime::component::{Component, InstancePre, Linker, ResourceTable};
use wasmtime_wasi::clocks::HostWallClock;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::p2::add_only_http_to_linker_async;
use wasmtime_wasi_http::{
    DEFAULT_FORBIDDEN_HEADERS, Error, ForbiddenHeaderFilter, RequestOptions, WasiBody, WasiHttpCtx,
    WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

#[expect(missing_docs, reason = "generated from wit/, which documents it")]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "connector",
        exports: { default: async },
        with: {
            "wasi:io": wasmtime_wasi::p2::bindings::io,
            "wasi:clocks": wasmtime_wasi::p2::bindings::clocks,
            "wasi:http": wasmtime_wasi_http::p2::bindings::http,
            "wasi:random": wasmtime_wasi::p2::bindings::random,
        },
    });
}

pub use bindings::Connector as Instance;
pub use bindings::exports::integration::connector::credentials::Guest;
pub use bindings::exports::integration::connector::types;

/// Answers requests.
pub type Network = Arc<dyn Fn(http::Request<Bytes>) -> BoxFuture<'static, Answer> + Send + Sync>;
/// A response, or the failure of the request.
pub type Answer = Result<http::Response<WasiBody>, Error>;

/// The network of a transport. All failures become the same one.
pub fn over(transport: Arc<dyn Transport>) -> Network {
    let timeouts = Limits::default().timeouts;
    Arc::new(move |request| {
        let reply = transport.send(request, timeouts);
        let reply = reply.map_ok(|reply| reply.map(|body| body.map_err(failure).boxed_unsync()));
        reply.map_err(failure).boxed()
    })
}

fn failure(_: TransportError) -> Error {
    Error::HttpProtocolError
}

/// A compiled component that exports the contract. Cheap to clone.
#[derive(Clone)]
pub struct Baseline {
    pre: bindings::ConnectorPre<State>,
    network: Network,
    now: Option<Duration>,
    forbidden: Arc<[http::HeaderName]>,
}

impl fmt::Debug for Baseline {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Baseline").finish_non_exhaustive()
    }
}

impl Baseline {
    /// Links a component, which may import anything of WASI 0.2. It gets the clocks, random numbers
    /// and HTTP over this network, but no files, environment, standard streams or sockets.
    pub fn new(component: &Component, network: Network) -> wasmtime::Result<Self> {
        let mut linker = Linker::new(component.engine());
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        add_only_http_to_linker_async(&mut linker)?;
        let pre = bindings::ConnectorPre::new(linker.instantiate_pre(component)?)?;
        Ok(Self {
            pre,
            network,
            now: None,
            forbidden: DEFAULT_FORBIDDEN_HEADERS.into(),
        })
    }

    /// The same component with another network.
    #[must_use]
    pub fn with(&self, network: Network) -> Self {
        let same = self.clone();
        Self { network, ..same }
    }

    /// The same component with a clock that stands still, at this time since 1970.
    #[must_use]
    pub fn at(&self, now: Duration) -> Self {
        let now = Some(now);
        Self {
            now,
            ..self.clone()
        }
    }

    /// The same component in a host that forbids these header fields too.
    #[must_use]
    pub fn forbidding(&self, names: &[http::HeaderName]) -> Self {
        let forbidden = self.forbidden.iter().chain(names).cloned().collect();
        Self {
            forbidden,
            ..self.clone()
        }
    }

    /// Creates the store of an instance.
    pub fn store(&self) -> Store<State> {
        let mut wasi = WasiCtx::builder();
        if let Some(now) = self.now {
            wasi.wall_clock(Still(now));
        }
        let state = State {
            table: ResourceTable::new(),
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            hooks: Hooks {
                network: Arc::clone(&self.network),
                forbidden: Arc::clone(&self.forbidden),
            },
        };
        let mut store = Store::new(self.pre.engine(), state);
        // No deadline, where the engine has epochs.
        store.set_epoch_deadline(u64::MAX >> 1);
        store
    }

    /// The linked component, from which instances are made.
    pub fn pre(&self) -> &InstancePre<State> {
        self.pre.instance_pre()
    }

    /// Makes an instance and looks up its functions. It lives as long as `store`.
    pub async fn instance(&self, store: &mut Store<State>) -> wasmtime::Result<Instance> {
        self.pre.instantiate_async(store).await
    }
}

struct Still(Duration);

impl HostWallClock for Still {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }

    fn now(&self) -> Duration {
        self.0
    }
}

/// The data of a store.
pub struct State {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: Hooks,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.hooks,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}

struct Hooks {
    network: Network,
    forbidden: Arc<[http::HeaderName]>,
}

type Io = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl WasiHttpHooks for Hooks {
    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        let forbidden = Arc::clone(&self.forbidden);
        Arc::new(move |name| forbidden.contains(name))
    }

    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        _options: Option<RequestOptions>,
        _reply_handled: Io,
    ) -> Box<dyn Future<Output = Result<(http::Response<WasiBody>, Io), Error>> + Send> {
        let network = Arc::clone(&self.network);
        Box::new(async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            let reply = network(http::Request::from_parts(parts, body)).await?;
            let io: Io = Box::new(std::future::ready(Ok(())));
            Ok((reply, io))
        })
    }

    fn set_host_header(&mut self) -> bool {
        false
    }
}
