//! What belongs to one call: its handles, its clock, its door and what is left of its limits. Dropped with it.

use std::sync::Arc;
use std::time::SystemTime;

use wasmtime::ResourceLimiter;
use wasmtime::component::{HasData, ResourceTable};
use wasmtime_wasi::clocks::{WasiClocksCtx, WasiClocksCtxView};
use wasmtime_wasi::p2::bindings::clocks::wall_clock;
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView};

use crate::Clock;
use crate::door::Door;
use crate::outgoing::Errands;

/// A component is a handful of core instances: the plugin, and what adapts its imports.
pub(crate) const MAX_INSTANCES: usize = 16;
/// One memory for the plugin and some for adapters; all together are held to `Limits::memory_bytes`.
pub(crate) const MAX_MEMORIES: usize = 4;
/// One table for function pointers, one for imports, and as many again.
pub(crate) const MAX_TABLES: usize = 8;
/// Function pointers of a plugin; a large one has some hundred.
pub(crate) const MAX_TABLE_ELEMENTS: usize = 10_000;
/// Handles (requests, bodies, streams, and what a plugin makes for itself) at a time, one that is lent to the host counted twice;
/// one request takes about ten.
pub(crate) const MAX_HANDLES: usize = 256;
/// Names and values of one set of header fields that the plugin makes; servers refuse more than 8 to 16 KiB. Those of a reply are
/// the transport's to bound.
const MAX_FIELD_BYTES: usize = 32 << 10;

/// The plugin wanted more memory, or more room in a table, than it may have.
#[derive(Debug, thiserror::Error)]
#[error("the memory limit is reached")]
pub(crate) struct MemoryLimit;

/// The data of a store.
pub(crate) struct PluginState {
    table: ResourceTable,
    http: WasiHttpCtx,
    door: Door,
    errands: Errands,
    monotonic: WasiClocksCtx,
    clock: Arc<dyn Clock>,
    memory_left_bytes: usize,
}

impl PluginState {
    /// The state of a call that has not begun.
    pub(crate) fn new(door: Door, clock: Arc<dyn Clock>, memory_bytes: usize) -> Self {
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(MAX_FIELD_BYTES);
        Self {
            table: ResourceTable::new(),
            http,
            door,
            errands: Errands::default(),
            monotonic: WasiClocksCtx::default(),
            clock,
            memory_left_bytes: memory_bytes,
        }
    }

    /// For `wasi:io`.
    pub(crate) fn table(&mut self) -> &mut ResourceTable {
        &mut self.table
    }

    /// For `wasi:http`.
    pub(crate) fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.door,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }

    /// For `wasi:http/outgoing-handler`.
    pub(crate) fn door(&mut self) -> &mut Door {
        &mut self.door
    }

    /// For `wasi:http/outgoing-handler`, and for who runs the call.
    pub(crate) fn errands(&self) -> &Errands {
        &self.errands
    }

    /// For `wasi:clocks/monotonic-clock`, which knows no date.
    pub(crate) fn monotonic(&mut self) -> WasiClocksCtxView<'_> {
        WasiClocksCtxView {
            ctx: &mut self.monotonic,
            table: &mut self.table,
        }
    }

    /// For `wasi:clocks/wall-clock`.
    pub(crate) fn wall_clock(&mut self) -> WallClock<'_> {
        WallClock(&*self.clock)
    }
}

/// An error, and not a mere refusal: a plugin that is told "no" aborts, and the reason would be lost.
impl ResourceLimiter for PluginState {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current);
        self.memory_left_bytes = self
            .memory_left_bytes
            .checked_sub(more)
            .ok_or(MemoryLimit)?;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired > MAX_TABLE_ELEMENTS {
            return Err(MemoryLimit.into());
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        MAX_INSTANCES
    }

    fn tables(&self) -> usize {
        MAX_TABLES
    }

    fn memories(&self) -> usize {
        MAX_MEMORIES
    }
}

/// Tells the linker how to reach the handles for `wasi:io`.
pub(crate) struct Handles;

impl HasData for Handles {
    type Data<'a> = &'a mut ResourceTable;
}

/// The wall clock as the plugin sees it.
pub(crate) struct WallClock<'a>(&'a dyn Clock);

impl HasData for WallClock<'static> {
    type Data<'a> = WallClock<'a>;
}

impl wall_clock::Host for WallClock<'_> {
    fn now(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        // A clock before 1970 is broken; the plugin sees 1970, and sessions that are long over.
        let since = self
            .0
            .now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        Ok(wall_clock::Datetime {
            seconds: since.as_secs(),
            nanoseconds: since.subsec_nanos(),
        })
    }

    fn resolution(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        Ok(wall_clock::Datetime {
            seconds: 0,
            nanoseconds: 1,
        })
    }
}
