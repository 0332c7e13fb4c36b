//! The baseline host in an engine with room for interpreters, and the functions of an instance.

use std::path::Path;

use connector_bench::baseline::{self, Network, State};
use wasmtime::component::Component;
use wasmtime::{Config, Engine, PoolingAllocationConfig, Result, Store};

pub(crate) use connector_bench::baseline::types as wit;

/// Interpreters nest deeply: 4 MiB, beside wasmtime's half of one.
const MAX_STACK_BYTES: usize = 4 << 20;
/// Shared by a guest and the host functions that it calls.
const CALL_STACK_BYTES: usize = 16 << 20;
/// The size of a 32-bit address space: accesses then need no bounds check. Nothing is allocated.
const MEMORY_BYTES: usize = 4 << 30;
/// A component with an interpreter has some twenty modules, and a table of some ten thousand
/// functions.
const MAX_CORE_INSTANCES: u32 = 100;
const MAX_MEMORIES: u32 = 4;
const MAX_TABLES: u32 = 20;
const MAX_TABLE_ELEMENTS: usize = 100_000;
/// The runtime's own data of an instance, in bytes.
const MAX_INSTANCE_BYTES: usize = 16 << 20;

/// Where the memory of an instance comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Allocation {
    /// From the system, for each instance.
    OnDemand,
    /// From a pool for this many instances at a time; more of them are an error.
    Pool(u32),
}

/// A component, ready for calls. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Baseline {
    ready: baseline::Baseline,
}

/// An instance that is kept for many calls.
pub(crate) struct Instance {
    store: Store<State>,
    exports: baseline::Instance,
}

impl Baseline {
    /// Compiles a component.
    pub(crate) fn load(component: &[u8], allocation: Allocation, network: Network) -> Result<Self> {
        let component = Component::new(&engine(allocation)?, component)?;
        let ready = baseline::Baseline::new(&component, network)?;
        Ok(Self { ready })
    }

    /// Compiles a component for [`load_compiled`](Self::load_compiled) with the same allocation.
    pub(crate) fn compile(component: &[u8], allocation: Allocation) -> Result<Vec<u8>> {
        Component::new(&engine(allocation)?, component)?.serialize()
    }

    /// Maps a file with machine code that [`compile`](Self::compile) made. The file is trusted.
    pub(crate) fn load_compiled(
        file: &Path,
        allocation: Allocation,
        network: Network,
    ) -> Result<Self> {
        #[expect(
            unsafe_code,
            reason = "the comparison compiled the machine code just before"
        )]
        let component = unsafe { Component::deserialize_file(&engine(allocation)?, file) }?;
        let ready = baseline::Baseline::new(&component, network)?;
        Ok(Self { ready })
    }

    /// The same component with another network.
    pub(crate) fn with(&self, network: Network) -> Self {
        let ready = self.ready.with(network);
        Self { ready }
    }

    /// Makes an instance.
    pub(crate) async fn instance(&self) -> Result<Instance> {
        let mut store = self.ready.store();
        let exports = self.ready.instance(&mut store).await?;
        Ok(Instance { store, exports })
    }

    /// Signs in, in a fresh instance. The outer error is a trap of the guest, the inner one its
    /// result.
    pub(crate) async fn authenticate(
        &self,
        vendor: &str,
        credential: &str,
    ) -> Result<Result<wit::Session, wit::Error>> {
        let mut instance = self.instance().await?;
        instance.authenticate(vendor, credential).await
    }
}

/// The functions of the contract. The outer error is a guest that broke, the inner one its answer.
impl Instance {
    pub(crate) async fn vendors(&mut self) -> Result<Vec<wit::Vendor>> {
        let functions = self.exports.integration_connector_credentials();
        functions.call_vendors(&mut self.store).await
    }

    pub(crate) async fn describe(
        &mut self,
        vendor: &str,
        locales: &[String],
    ) -> Result<Result<String, wit::Error>> {
        let functions = self.exports.integration_connector_credentials();
        functions
            .call_describe(&mut self.store, vendor, locales)
            .await
    }

    pub(crate) async fn credential_schema(
        &mut self,
        vendor: &str,
        locales: &[String],
    ) -> Result<Result<String, wit::Error>> {
        let functions = self.exports.integration_connector_credentials();
        functions
            .call_credential_schema(&mut self.store, vendor, locales)
            .await
    }

    pub(crate) async fn validate(
        &mut self,
        vendor: &str,
        credential: &str,
        locales: &[String],
    ) -> Result<Result<(), wit::Error>> {
        let functions = self.exports.integration_connector_credentials();
        functions
            .call_validate(&mut self.store, vendor, &credential.to_owned(), locales)
            .await
    }

    pub(crate) async fn origins(
        &mut self,
        vendor: &str,
        credential: &str,
    ) -> Result<Result<Vec<String>, wit::Error>> {
        let functions = self.exports.integration_connector_credentials();
        functions
            .call_origins(&mut self.store, vendor, &credential.to_owned())
            .await
    }

    pub(crate) async fn authorize(
        &mut self,
        vendor: &str,
        session: &wit::Session,
        request: &wit::RequestHead,
    ) -> Result<Result<wit::Authorization, wit::Error>> {
        let functions = self.exports.integration_connector_credentials();
        functions
            .call_authorize(&mut self.store, vendor, session, request)
            .await
    }

    pub(crate) async fn authenticate(
        &mut self,
        vendor: &str,
        credential: &str,
    ) -> Result<Result<wit::Session, wit::Error>> {
        let functions = self.exports.integration_connector_credentials();
        functions
            .call_authenticate(&mut self.store, vendor, &credential.to_owned())
            .await
    }

    pub(crate) async fn refresh(
        &mut self,
        vendor: &str,
        credential: &str,
        current: &wit::Session,
    ) -> Result<Result<wit::Session, wit::Error>> {
        let functions = self.exports.integration_connector_credentials();
        functions
            .call_refresh(&mut self.store, vendor, &credential.to_owned(), current)
            .await
    }

    pub(crate) async fn inspect(
        &mut self,
        vendor: &str,
        credential: &str,
        cursor: Option<&str>,
    ) -> Result<Result<wit::Access, wit::Error>> {
        let functions = self.exports.integration_connector_credentials();
        let credential = credential.to_owned();
        functions
            .call_inspect(&mut self.store, vendor, &credential, None, cursor)
            .await
    }

    pub(crate) async fn classify(
        &mut self,
        vendor: &str,
        response: &wit::Response,
    ) -> Result<Result<wit::Verdict, wit::Error>> {
        let functions = self.exports.integration_connector_credentials();
        functions
            .call_classify(&mut self.store, vendor, response)
            .await
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
