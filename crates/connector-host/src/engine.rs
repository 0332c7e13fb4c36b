//! The runtime that all calls of a process share: how memory is laid out, cleared and kept apart, and how many calls fit at once.
//! What a plugin may import is in `imports.rs`, what one call may use up in `plugin_state.rs`.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use wasmtime::component::Linker;
use wasmtime::{Config, Enabled, Engine, PoolingAllocationConfig, WasmBacktraceDetails};

use crate::plugin_state::{
    MAX_INSTANCES, MAX_MEMORIES, MAX_TABLE_ELEMENTS, MAX_TABLES, PluginState,
};
use crate::{LoadError, imports};

/// How often a running plugin makes room for others: short beside a request, long beside the cost of it.
const TICK: Duration = Duration::from_millis(10);
/// A plugin's own stack. Parsing JSON of the greatest depth that is accepted takes a tenth of it.
const MAX_STACK_BYTES: usize = 512 << 10;
/// The stack that a plugin and the host's functions beneath it share: three times as much again for the host, as the runtime advises.
const CALL_STACK_BYTES: usize = 2 << 20;
/// 10,000: each takes two or three memory maps while it runs and two for its stack, and Linux allows a process 65,530.
const CALLS_AT_ONCE: u32 = 10_000;
/// The whole of a 32-bit memory: an address then needs no check in the machine code, since what lies beyond the memory's end faults.
/// It is address space alone: 10,000 times take 40 of 128 TiB.
const RESERVED_BYTES: usize = 4 << 30;
/// How much of what a call wrote is cleared in place and kept for the next, instead of given back: faulting a page in again costs more than
/// clearing it, and giving pages back interrupts all other threads. A call writes some 8 KiB of memory; what is beyond
/// this is given back.
const KEPT_MEMORY_BYTES: usize = 64 << 10;
/// Tables have some hundred entries of eight bytes.
const KEPT_TABLE_BYTES: usize = 4 << 10;
/// As deep as the stack of an ordinary call. This much is cleared whether or not it was written.
const KEPT_STACK_BYTES: usize = 8 << 10;
/// Where nothing is reserved ahead, memory grows and moves in steps of this size.
const STEP_BYTES: u64 = 1 << 20;

/// What all calls of a process share: the machine code's rules, the memory that calls run in, and a bound on how many run at once.
///
/// Cheap to clone, and dear to make: connectors share the one of [`Runtime::shared`] unless they are given another.
///
/// Memory, tables and stacks are cleared as soon as their call has ended: nothing of a call is left for the next, nor in this process. Up to
/// 80 KiB of them stay with the process for the next call, for as many calls as were ever under way at once; the rest goes back to the system.
#[derive(Clone)]
pub struct Runtime {
    parts: Arc<Parts>,
}

struct Parts {
    linker: Linker<PluginState>,
    room: Semaphore,
}

impl Runtime {
    /// The runtime of the process, made when it is first asked for: room for 10,000 calls at once.
    pub fn shared() -> Result<Self, LoadError> {
        static SHARED: LazyLock<Option<Runtime>> =
            LazyLock::new(|| Runtime::new(CALLS_AT_ONCE).ok());
        SHARED.clone().ok_or(LoadError::Engine)
    }

    /// Makes a runtime with room for this many calls at once; more wait, see [`PluginError::Busy`](crate::PluginError::Busy).
    ///
    /// Reserves 4 GiB of addresses for each, and no memory. Where the system refuses that (a limit on addresses, another processor),
    /// each call asks it for its own memory: slower, and as safe.
    pub fn new(calls_at_once: u32) -> Result<Self, LoadError> {
        let engine = Engine::new(&pooled(calls_at_once))
            .or_else(|_| Engine::new(&on_demand()))
            .map_err(|_| LoadError::Engine)?;
        let parts = Parts {
            linker: imports::linker(&engine).map_err(|_| LoadError::Engine)?,
            room: Semaphore::new(calls_at_once.try_into().unwrap_or(Semaphore::MAX_PERMITS)),
        };
        tick(&engine).map_err(|_| LoadError::Engine)?;
        Ok(Self {
            parts: Arc::new(parts),
        })
    }

    /// The engine beneath, for what a platform runs beside plugins. Its epoch goes on every ten milliseconds: a store without a deadline of
    /// its own ([`set_epoch_deadline`](wasmtime::Store::set_epoch_deadline)) ends at the first.
    pub fn engine(&self) -> &Engine {
        self.parts.linker.engine()
    }

    pub(crate) fn linker(&self) -> &Linker<PluginState> {
        &self.parts.linker
    }

    /// Waits for room for a call of a plugin with this many memories. It has to outlive the call's store.
    pub(crate) async fn room(&self, memories: u32) -> Option<SemaphorePermit<'_>> {
        self.parts.room.acquire_many(memories.max(1)).await.ok()
    }
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Runtime")
            .field("room", &self.parts.room.available_permits())
            .finish_non_exhaustive()
    }
}

/// Memory for all calls, reserved ahead and cleared in between.
fn pooled(calls_at_once: u32) -> Config {
    let number = |limit: usize| u32::try_from(limit).unwrap_or(u32::MAX);
    let times = |limit: usize| calls_at_once.saturating_mul(number(limit));
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(calls_at_once)
        .total_core_instances(times(MAX_INSTANCES))
        .total_memories(calls_at_once)
        .total_tables(times(MAX_TABLES))
        .total_stacks(calls_at_once)
        .max_memories_per_module(number(MAX_MEMORIES))
        .max_tables_per_module(number(MAX_TABLES))
        .table_elements(MAX_TABLE_ELEMENTS)
        .max_memory_size(RESERVED_BYTES)
        .async_stack_keep_resident(KEPT_STACK_BYTES)
        // Each call for itself and at once, so that no secret outlives its call.
        .decommit_batch_size(1);
    // Linux tells since 6.7 which pages were written. Without that, clearing all that is kept takes longer than it spares.
    if PoolingAllocationConfig::is_pagemap_scan_available() {
        pool.pagemap_scan(Enabled::Yes)
            .linear_memory_keep_resident(KEPT_MEMORY_BYTES)
            .table_keep_resident(KEPT_TABLE_BYTES);
    }
    let mut config = rules();
    config
        .memory_reservation(RESERVED_BYTES as u64)
        .allocation_strategy(pool);
    config
}

/// Memory for each call when it begins, given back when it ends.
fn on_demand() -> Config {
    let mut config = rules();
    config
        .memory_reservation(0)
        .memory_reservation_for_growth(STEP_BYTES);
    config
}

/// What does not depend on where the memory comes from.
///
/// That a trap keeps a copy of the memory in its error cannot even be asked for: the crate's feature `coredump` is left out.
fn rules() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .max_wasm_stack(MAX_STACK_BYTES)
        .async_stack_size(CALL_STACK_BYTES)
        // Stacks hold secrets too.
        .async_stack_zeroing(true)
        // Names of functions are the plugin's own words, and nobody reads them.
        .wasm_backtrace_max_frames(None)
        .wasm_backtrace_details(WasmBacktraceDetails::Disable);
    config
}

/// Starts the ticker, a thread that ends soon after the engine.
fn tick(engine: &Engine) -> std::io::Result<()> {
    let weak = engine.weak();
    std::thread::Builder::new()
        .name("connector-ticker".to_owned())
        .spawn(move || {
            while let Some(engine) = weak.upgrade() {
                engine.increment_epoch();
                // Not kept over the pause, or it would never end.
                drop(engine);
                std::thread::park_timeout(TICK);
            }
        })?;
    Ok(())
}
