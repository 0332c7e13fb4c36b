//! A host as its author would write it in an afternoon: wasmtime, all of WASI with nothing granted in it, and a client that makes a
//! connection for each request. It runs any component that exports our `credentials`, in whatever language it was written.
//!
//! The client does what `default_send_request` of wasmtime-wasi-http does, but for its ten minutes of patience at each stage: that one has
//! its root certificates compiled in, so it cannot reach a simulated vendor. How `connector-host` does all this is none of it.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::future::ready;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::{Either, select};
use http::uri::{PathAndQuery, Uri};
use http_body_util::BodyExt as _;
use hyper::client::conn::http1;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Config, Engine, PoolingAllocationConfig, Result, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::io::TokioIo;
use wasmtime_wasi_http::{
    Error as HttpError, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks,
    WasiHttpView,
};

pub(crate) use bindings::exports::integration::connector::types as wit;

/// The generated side of the contract.
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

/// Interpreters nest deeply: 4 MiB, beside wasmtime's half of one.
const MAX_STACK_BYTES: usize = 4 << 20;
/// What a guest and the host's functions beneath it share, three times as much again for the host as the runtime advises.
const CALL_STACK_BYTES: usize = 16 << 20;
/// All that a 32-bit memory can be: an address then needs no check. Address space alone.
const MEMORY_BYTES: usize = 4 << 30;
/// A component with an interpreter is linked from some twenty modules, with a table of some ten thousand functions.
const MAX_CORE_INSTANCES: u32 = 100;
const MAX_MEMORIES: u32 = 4;
const MAX_TABLES: u32 = 20;
const MAX_TABLE_ELEMENTS: usize = 100_000;
/// What the runtime itself keeps about an instance, in bytes.
const MAX_INSTANCE_BYTES: usize = 16 << 20;

/// Where the memory of an instance comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Allocation {
    /// From the system, when the instance begins.
    OnDemand,
    /// From what was reserved ahead for this many instances at a time; more of them are an error.
    Pool(u32),
}

/// How a component is run.
pub(crate) struct Options {
    pub(crate) allocation: Allocation,
    pub(crate) network: Network,
}

/// Who answers requests.
#[derive(Clone)]
pub(crate) enum Network {
    /// Whoever listens, over TLS.
    Sockets(Arc<Sockets>),
    /// A function, in this process.
    Answers(Arc<Answer>),
}

/// From a request to its answer.
pub(crate) type Answer =
    dyn Fn(http::Request<Bytes>) -> Result<http::Response<WasiBody>, HttpError> + Send + Sync;

/// Whom connections trust, and where they go.
pub(crate) struct Sockets {
    roots: RootCertStore,
    addresses: HashMap<String, SocketAddr>,
}

/// A component, ready for calls. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Plain {
    ready: bindings::ConnectorPre<State>,
    network: Network,
}

/// An instance that is kept for many calls.
pub(crate) struct Instance {
    store: Store<State>,
    exports: bindings::Connector,
}

/// What belongs to one instance.
struct State {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    network: Network,
}

impl Plain {
    /// Compiles a component.
    pub(crate) fn load(component: &[u8], options: Options) -> Result<Self> {
        let engine = engine(options.allocation)?;
        Self::prepare(&Component::new(&engine, component)?, options.network)
    }

    /// Compiles a component to what [`load_compiled`](Self::load_compiled) takes, for the same allocation.
    pub(crate) fn compile(component: &[u8], allocation: Allocation) -> Result<Vec<u8>> {
        Component::new(&engine(allocation)?, component)?.serialize()
    }

    /// Maps a file with machine code that [`compile`](Self::compile) made into memory. What is in the file is trusted.
    pub(crate) fn load_compiled(file: &Path, options: Options) -> Result<Self> {
        let engine = engine(options.allocation)?;
        #[expect(
            unsafe_code,
            reason = "machine code cannot be checked; whoever compares made it just before"
        )]
        let component = unsafe { Component::deserialize_file(&engine, file) }?;
        Self::prepare(&component, options.network)
    }

    /// The same component with another network.
    pub(crate) fn with(&self, network: Network) -> Self {
        let ready = self.ready.clone();
        Self { ready, network }
    }

    fn prepare(component: &Component, network: Network) -> Result<Self> {
        let mut linker = Linker::new(component.engine());
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
        let ready = bindings::ConnectorPre::new(linker.instantiate_pre(component)?)?;
        Ok(Self { ready, network })
    }

    /// Makes an instance.
    pub(crate) async fn instance(&self) -> Result<Instance> {
        let state = State {
            table: ResourceTable::new(),
            wasi: WasiCtx::builder().build(),
            http: WasiHttpCtx::new(),
            network: self.network.clone(),
        };
        let mut store = Store::new(self.ready.engine(), state);
        let exports = self.ready.instantiate_async(&mut store).await?;
        Ok(Instance { store, exports })
    }

    /// Signs in, in a fresh instance. The outer error is a guest that broke, the inner one its answer.
    pub(crate) async fn authenticate(
        &self,
        vendor: &str,
        credential: &str,
    ) -> Result<Result<wit::Session, wit::Error>> {
        let mut instance = self.instance().await?;
        instance.authenticate(vendor, credential).await
    }
}

/// The seven verbs. The outer error is a guest that broke, the inner one its answer.
impl Instance {
    pub(crate) async fn vendors(&mut self) -> Result<Vec<wit::Vendor>> {
        let verbs = self.exports.integration_connector_credentials();
        verbs.call_vendors(&mut self.store).await
    }

    pub(crate) async fn credential_schema(
        &mut self,
        vendor: &str,
    ) -> Result<Result<String, wit::Error>> {
        let verbs = self.exports.integration_connector_credentials();
        verbs.call_credential_schema(&mut self.store, vendor).await
    }

    pub(crate) async fn validate(
        &mut self,
        vendor: &str,
        credential: &str,
    ) -> Result<Result<(), wit::Error>> {
        let verbs = self.exports.integration_connector_credentials();
        verbs
            .call_validate(&mut self.store, vendor, &credential.to_owned())
            .await
    }

    pub(crate) async fn authenticate(
        &mut self,
        vendor: &str,
        credential: &str,
    ) -> Result<Result<wit::Session, wit::Error>> {
        let verbs = self.exports.integration_connector_credentials();
        verbs
            .call_authenticate(&mut self.store, vendor, &credential.to_owned())
            .await
    }

    pub(crate) async fn refresh(
        &mut self,
        vendor: &str,
        credential: &str,
        current: &wit::Session,
    ) -> Result<Result<wit::Session, wit::Error>> {
        let verbs = self.exports.integration_connector_credentials();
        verbs
            .call_refresh(&mut self.store, vendor, &credential.to_owned(), current)
            .await
    }

    pub(crate) async fn inspect(
        &mut self,
        vendor: &str,
        credential: &str,
    ) -> Result<Result<wit::Access, wit::Error>> {
        let verbs = self.exports.integration_connector_credentials();
        verbs
            .call_inspect(&mut self.store, vendor, &credential.to_owned())
            .await
    }

    pub(crate) async fn classify(
        &mut self,
        vendor: &str,
        response: &wit::Response,
    ) -> Result<Result<wit::Verdict, wit::Error>> {
        let verbs = self.exports.integration_connector_credentials();
        verbs.call_classify(&mut self.store, vendor, response).await
    }
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
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.network,
        }
    }
}

type Sent = Result<(http::Response<WasiBody>, Io), HttpError>;
type Io = Box<dyn Future<Output = Result<(), HttpError>> + Send>;

impl WasiHttpHooks for Network {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        _options: Option<RequestOptions>,
        _reply_handled: Box<dyn Future<Output = Result<(), HttpError>> + Send>,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        match self.clone() {
            Self::Sockets(sockets) => Box::new(async move { sockets.send(request).await }),
            Self::Answers(answer) => Box::new(async move {
                let (parts, body) = request.into_parts();
                let body = body.collect().await?.to_bytes();
                let reply = answer(http::Request::from_parts(parts, body))?;
                Ok((reply, Box::new(ready(Ok(()))) as Io))
            }),
        }
    }
}

impl Sockets {
    /// Trusts an authority, in PEM, and finds names by rules as [`Simulators`](host_test::sim::Simulators) print them:
    /// `HOST:443:127.0.0.1:PORT`. There are no other names.
    pub(crate) fn new(
        ca_pem: &str,
        connect_to: &[String],
    ) -> Result<Self, Box<dyn StdError + Send + Sync>> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(ca_pem.as_bytes()) {
            roots.add(certificate?)?;
        }
        let mut addresses = HashMap::new();
        for rule in connect_to {
            let (host, address) = rule.split_once(":443:").ok_or("the rule has no port 443")?;
            addresses.insert(host.to_owned(), address.parse()?);
        }
        Ok(Self { roots, addresses })
    }

    async fn send(&self, mut request: http::Request<WasiBody>) -> Sent {
        let host = request
            .uri()
            .host()
            .ok_or(HttpError::HttpRequestUriInvalid)?;
        let address = self.addresses.get(host).ok_or(HttpError::DnsError {
            rcode: None,
            info_code: None,
        })?;
        let name = ServerName::try_from(host)
            .map_err(|_| HttpError::HttpRequestUriInvalid)?
            .to_owned();
        // The scheme and the authority are for a proxy.
        let path = request.uri().path_and_query().cloned();
        *request.uri_mut() = Uri::from(path.unwrap_or(PathAndQuery::from_static("/")));

        let tcp = TcpStream::connect(address)
            .await
            .map_err(HttpError::Connect)?;
        // Made anew for each request, so no session is resumed.
        let config = ClientConfig::builder()
            .with_root_certificates(self.roots.clone())
            .with_no_client_auth();
        let tls = TlsConnector::from(Arc::new(config))
            .connect(name, tcp)
            .await
            .map_err(HttpError::Tls)?;
        let (mut sender, mut connection) = http1::handshake(TokioIo::new(tls)).await?;

        let reply = pin!(sender.send_request(request));
        let (reply, rest) = match select(reply, &mut connection).await {
            Either::Left((reply, _)) => (reply?, Some(connection)),
            Either::Right((end, reply)) => {
                end?;
                (reply.await?, None)
            }
        };
        let io: Io = Box::new(async move {
            match rest {
                Some(connection) => Ok(connection.await?),
                None => Ok(()),
            }
        });
        Ok((
            reply.map(|body| body.map_err(HttpError::from).boxed_unsync()),
            io,
        ))
    }
}

fn engine(allocation: Allocation) -> Result<Engine> {
    let mut config = Config::new();
    config
        .max_wasm_stack(MAX_STACK_BYTES)
        .async_stack_size(CALL_STACK_BYTES);
    if let Allocation::Pool(instances) = allocation {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_component_instances(instances)
            .total_core_instances(instances.saturating_mul(MAX_CORE_INSTANCES))
            .total_memories(instances.saturating_mul(MAX_MEMORIES))
            .total_tables(instances.saturating_mul(MAX_TABLES))
            .total_stacks(instances)
            .max_memories_per_module(MAX_MEMORIES)
            .max_memories_per_component(MAX_MEMORIES)
            .max_tables_per_module(MAX_TABLES)
            .max_tables_per_component(MAX_TABLES)
            .max_core_instances_per_component(MAX_CORE_INSTANCES)
            .max_core_instance_size(MAX_INSTANCE_BYTES)
            .max_component_instance_size(MAX_INSTANCE_BYTES)
            .table_elements(MAX_TABLE_ELEMENTS)
            .max_memory_size(MEMORY_BYTES);
        config
            .memory_reservation(MEMORY_BYTES as u64)
            .allocation_strategy(pool);
    }
    Engine::new(&config)
}
