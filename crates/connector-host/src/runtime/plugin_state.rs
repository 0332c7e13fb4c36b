//! The state of one call: its handles, clock, random numbers, egress guard and remaining memory.
//! Dropped with it.

use std::sync::Arc;
use std::time::SystemTime;

use wasmtime::ResourceLimiter;
use wasmtime::component::{HasData, ResourceTable};
use wasmtime_wasi::clocks::{WasiClocksCtx, WasiClocksCtxView};
use wasmtime_wasi::p2::bindings::clocks::wall_clock;
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView};

use crate::clock::Clock;
use crate::egress::guard::EgressGuard;
use crate::egress::in_flight::InFlightRequests;
use crate::limits::{Limits, Room};
use crate::random::Random;
use crate::runtime::engine::TICK;

/// Handles (requests, bodies, streams, and the plugin's own resources) at a time. One that is lent
/// to the host counts twice; one request takes about ten.
pub(crate) const MAX_HANDLES: usize = 256;
/// Names and values of one set of header fields that the plugin creates; servers refuse more than 8
/// to 16 KiB. The fields of a response are bounded elsewhere.
const MAX_FIELD_BYTES: usize = 32 << 10;

/// The plugin exceeded its limit of memory or of table entries.
#[derive(Debug, thiserror::Error)]
#[error("the memory limit is exceeded")]
pub(crate) struct MemoryLimit;

/// The plugin exceeded the limit of its processor time.
#[derive(Debug, thiserror::Error)]
#[error("the processor time is exceeded")]
pub(crate) struct ProcessorLimit;

/// The data of a store.
pub(crate) struct PluginState {
    table: ResourceTable,
    http: WasiHttpCtx,
    egress: EgressGuard,
    in_flight: InFlightRequests,
    monotonic: WasiClocksCtx,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    remaining_memory_bytes: usize,
    /// The ticks during which the plugin may still run.
    remaining_ticks: u128,
    room: &'static Room,
}

impl PluginState {
    /// The state of a call that has not begun.
    pub(crate) fn new(
        egress: EgressGuard,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        limits: &Limits,
        room: &'static Room,
    ) -> Self {
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(MAX_FIELD_BYTES);
        Self {
            table: ResourceTable::new(),
            http,
            egress,
            in_flight: InFlightRequests::default(),
            monotonic: WasiClocksCtx::default(),
            clock,
            random,
            remaining_memory_bytes: limits.memory_bytes,
            remaining_ticks: limits.processor.as_nanos().div_ceil(TICK.as_nanos()),
            room,
        }
    }

    /// Counts a tick at which the plugin ran. The ticks of its waits are one together.
    pub(crate) fn tick(&mut self) -> Result<(), ProcessorLimit> {
        let remaining = self.remaining_ticks.checked_sub(1);
        self.remaining_ticks = remaining.ok_or(ProcessorLimit)?;
        Ok(())
    }

    /// For `wasi:io`.
    pub(crate) fn table(&mut self) -> &mut ResourceTable {
        &mut self.table
    }

    /// For `wasi:http`.
    pub(crate) fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.egress,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }

    /// For `wasi:http/outgoing-handler`, and for the code that runs the call.
    pub(crate) fn egress(&mut self) -> &mut EgressGuard {
        &mut self.egress
    }

    /// For `wasi:http/outgoing-handler`, and for the code that runs the call.
    pub(crate) fn in_flight(&self) -> &InFlightRequests {
        &self.in_flight
    }

    /// For `wasi:clocks/monotonic-clock`.
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

    /// For `wasi:random/random`.
    pub(crate) fn random(&self) -> &dyn Random {
        &*self.random
    }
}

/// Fails with an error instead of a refusal: a plugin aborts on a refusal, and the reason is lost.
impl ResourceLimiter for PluginState {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current);
        self.remaining_memory_bytes = self
            .remaining_memory_bytes
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
        if desired > self.room.table_elements {
            return Err(MemoryLimit.into());
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        self.room.instances
    }

    fn tables(&self) -> usize {
        self.room.tables
    }

    fn memories(&self) -> usize {
        self.room.memories
    }
}

/// The linker's access to the handles, for `wasi:io`.
pub(crate) struct Handles;

impl HasData for Handles {
    type Data<'a> = &'a mut ResourceTable;
}

/// The wall clock that the plugin reads.
pub(crate) struct WallClock<'a>(&'a dyn Clock);

impl HasData for WallClock<'static> {
    type Data<'a> = WallClock<'a>;
}

impl wall_clock::Host for WallClock<'_> {
    fn now(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        // A clock before 1970 is broken; the plugin reads 1970, and its sessions have expired.
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
