//! Running plugins: [`Runtime`], which all calls of a process share, and below it everything from
//! the engine's settings to one call of one function.

pub(crate) mod cache;
pub(crate) mod complexity;
pub(crate) mod component;
pub(crate) mod engine;
pub(crate) mod imports;
pub(crate) mod interface;
pub(crate) mod outgoing_handler;
pub(crate) mod plugin;
pub(crate) mod plugin_state;

use std::sync::{Arc, LazyLock};

use tokio::sync::{Semaphore, SemaphorePermit};
use wasmtime::Engine;
use wasmtime::component::Linker;

use crate::error::LoadError;
use crate::limits::Profile;
use crate::runtime::plugin_state::PluginState;

/// 10,000: each call takes two or three memory maps while it runs and two for its stack, and Linux
/// allows a process 65,530.
const MAX_CONCURRENT_CALLS: u32 = 10_000;

/// 100: an interpreter takes some 40 MiB.
const MAX_CONCURRENT_INTERPRETERS: u32 = 100;

/// The shared part of all calls of a process: the compiler's settings, the memory in which calls
/// run, and a limit on concurrent calls.
///
/// Cheap to clone, expensive to create: connectors use [`Runtime::shared`] unless they are given
/// another one.
///
/// Memory, tables and stacks are cleared as soon as their call has ended, so that nothing of it is
/// left for the next call or in this process. Up to 80 KiB per call are kept for later calls, for
/// as many as ever ran concurrently; the rest is returned to the operating system.
#[derive(Clone)]
pub struct Runtime {
    shared: Arc<Shared>,
}

struct Shared {
    linker: Linker<PluginState>,
    capacity: Semaphore,
}

impl Runtime {
    /// The runtime of the process, created on first use, for 10,000 concurrent calls.
    pub fn shared() -> Result<Self, LoadError> {
        static SHARED: LazyLock<Option<Runtime>> =
            LazyLock::new(|| Runtime::new(MAX_CONCURRENT_CALLS).ok());
        SHARED.clone().ok_or(LoadError::Engine)
    }

    /// The runtime of the process for this profile.
    pub(crate) fn shared_for(profile: Profile) -> Result<Self, LoadError> {
        static INTERPRETERS: LazyLock<Option<Runtime>> = LazyLock::new(|| {
            Runtime::for_profile(Profile::Interpreter, MAX_CONCURRENT_INTERPRETERS).ok()
        });
        match profile {
            Profile::Native => Self::shared(),
            Profile::Interpreter => INTERPRETERS.clone().ok_or(LoadError::Engine),
        }
    }

    /// Creates a runtime for this many concurrent calls; further calls wait, see
    /// [`PluginError::Busy`](crate::PluginError::Busy).
    ///
    /// Reserves 4 GiB of address space for each call, and no memory. If the operating system
    /// refuses (a limit on address space, another processor), each call allocates its own memory:
    /// slower, and equally safe.
    pub fn new(calls_at_once: u32) -> Result<Self, LoadError> {
        Self::for_profile(Profile::Native, calls_at_once)
    }

    /// Creates a runtime for plugins of this profile. One for interpreters allocates the memory of
    /// each call for itself. A plugin of another profile may not find room in it, and fails to load
    /// with [`PluginError::Memory`](crate::PluginError::Memory).
    pub fn for_profile(profile: Profile, calls_at_once: u32) -> Result<Self, LoadError> {
        let engine = engine::engine(calls_at_once, profile).map_err(|_| LoadError::Engine)?;
        let permits = calls_at_once.try_into().unwrap_or(Semaphore::MAX_PERMITS);
        let shared = Shared {
            linker: imports::linker(&engine).map_err(|_| LoadError::Engine)?,
            capacity: Semaphore::new(permits),
        };
        engine::start_ticker(&engine).map_err(|_| LoadError::Engine)?;
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// The underlying engine, for a platform's other components. Its epoch advances every ten
    /// milliseconds: a store that does not
    /// [`set_epoch_deadline`](wasmtime::Store::set_epoch_deadline) ends at the first tick.
    pub fn engine(&self) -> &Engine {
        self.shared.linker.engine()
    }

    pub(crate) fn linker(&self) -> &Linker<PluginState> {
        &self.shared.linker
    }

    /// Waits for capacity for a call of a plugin with this many memories. The permit must outlive
    /// the call's store.
    pub(crate) async fn capacity(&self, memories: u32) -> Option<SemaphorePermit<'_>> {
        let permits = memories.max(1);
        self.shared.capacity.acquire_many(permits).await.ok()
    }
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Runtime")
            .field("capacity", &self.shared.capacity.available_permits())
            .finish_non_exhaustive()
    }
}
