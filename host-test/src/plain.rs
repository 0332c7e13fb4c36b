//! A plain host, as anybody may write one: wasmtime, its WASI, and HTTP over a [`Transport`]. It knows no limit, no egress and no session, so it
//! shows what the plugin itself costs, and takes components of other languages, which want more of WASI.

use std::fmt;
use std::sync::Arc;

use connector_host::{
    DEFAULT_BETWEEN_BYTES, DEFAULT_CONNECT, DEFAULT_FIRST_BYTE, Timeouts, Transport,
};
use http_body_util::BodyExt as _;
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Engine, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::p2::add_only_http_to_linker_async;
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

#[expect(
    missing_docs,
    clippy::pedantic,
    reason = "generated from wit/, which documents it"
)]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "connector",
        exports: { default: async },
        with: {
            "wasi:io": wasmtime_wasi::p2::bindings::io,
            "wasi:clocks": wasmtime_wasi::p2::bindings::clocks,
            "wasi:http": wasmtime_wasi_http::p2::bindings::http,
        },
    });
}

pub use bindings::Connector as Instance;
pub use bindings::exports::integration::connector::types;

/// A component that exports the contract, in machine code. Cheap to clone.
#[derive(Clone)]
pub struct Plain {
    pre: bindings::ConnectorPre<State>,
    transport: Arc<dyn Transport>,
}

impl fmt::Debug for Plain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Plain").finish_non_exhaustive()
    }
}

impl Plain {
    /// Compiles a component, which may import anything of WASI 0.2. It is granted the clocks, random numbers, and HTTP over `transport`; no file,
    /// no environment, no standard stream, no socket.
    pub fn load(
        engine: &Engine,
        bytes: &[u8],
        transport: Arc<dyn Transport>,
    ) -> wasmtime::Result<Self> {
        let component = Component::new(engine, bytes)?;
        let mut linker = Linker::new(engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        add_only_http_to_linker_async(&mut linker)?;
        let pre = bindings::ConnectorPre::new(linker.instantiate_pre(&component)?)?;
        Ok(Self { pre, transport })
    }

    /// Makes what an instance lives in.
    pub fn store(&self) -> Store<State> {
        let state = State {
            table: ResourceTable::new(),
            wasi: WasiCtx::default(),
            http: WasiHttpCtx::new(),
            hooks: Hooks(Arc::clone(&self.transport)),
        };
        let mut store = Store::new(self.pre.engine(), state);
        // Means something only where the engine counts: then it is as good as no end.
        store.set_epoch_deadline(u64::MAX >> 1);
        store
    }

    /// Makes an instance, which lives as long as `store` does, for one call or for many.
    pub async fn instance(&self, store: &mut Store<State>) -> wasmtime::Result<Instance> {
        self.pre.instantiate_async(store).await
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

struct Hooks(Arc<dyn Transport>);

type Io = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl WasiHttpHooks for Hooks {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _reply_handled: Io,
    ) -> Box<dyn Future<Output = Result<(http::Response<WasiBody>, Io), Error>> + Send> {
        let transport = Arc::clone(&self.0);
        let wishes = options.unwrap_or_default();
        let timeouts = Timeouts {
            connect: wishes.connect_timeout.unwrap_or(DEFAULT_CONNECT),
            first_byte: wishes.first_byte_timeout.unwrap_or(DEFAULT_FIRST_BYTE),
            between_bytes: wishes
                .between_bytes_timeout
                .unwrap_or(DEFAULT_BETWEEN_BYTES),
        };
        Box::new(async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            let request = http::Request::from_parts(parts, body);
            let reply = transport.send(request, timeouts).await;
            let reply = reply.map_err(|_| Error::HttpProtocolError)?;
            let reply = reply.map(|body| body.map_err(|_| Error::HttpProtocolError).boxed_unsync());
            let io: Io = Box::new(std::future::ready(Ok(())));
            Ok((reply, io))
        })
    }

    fn set_host_header(&mut self) -> bool {
        false
    }
}
