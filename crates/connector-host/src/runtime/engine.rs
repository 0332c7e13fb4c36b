//! The engine's settings: the layout of memory, its clearing between calls, and the ticker that
//! interrupts running plugins.

use std::time::Duration;

use wasmtime::{Config, Enabled, Engine, PoolingAllocationConfig, WasmBacktraceDetails};

use crate::limits::{Profile, Room};

/// How often a running plugin yields: short compared with a request, long compared with its cost.
/// Also the unit of its processor time.
pub(crate) const TICK: Duration = Duration::from_millis(10);
/// The whole of a 32-bit memory: addresses then need no check in the machine code, because an
/// access beyond the end faults. This is address space only: 10,000 calls take 40 of 128 TiB.
const RESERVED_BYTES: usize = 4 << 30;
/// The part of a call's memory that is cleared in place and kept for the next call. Clearing is
/// cheaper than a new page fault, and returning pages interrupts all other threads. A call writes
/// some 8 KiB; memory beyond this limit is returned.
const KEPT_MEMORY_BYTES: usize = 64 << 10;
/// Tables have some hundred entries of eight bytes.
const KEPT_TABLE_BYTES: usize = 4 << 10;
/// The depth of an ordinary call's stack. This part is always cleared, written or not.
const KEPT_STACK_BYTES: usize = 8 << 10;
/// Without a reservation, memory grows and moves in steps of this size.
const STEP_BYTES: u64 = 1 << 20;

/// Creates an engine for this many calls: with pooled memory, or with memory on demand where there
/// is no address space for it, and for interpreters, which are large and few.
pub(crate) fn engine(calls_at_once: u32, profile: Profile) -> wasmtime::Result<Engine> {
    let room = &profile.limits().room;
    match profile {
        Profile::Native => {
            Engine::new(&pooled(calls_at_once, room)).or_else(|_| Engine::new(&on_demand(room)))
        }
        Profile::Interpreter => Engine::new(&on_demand(room)),
    }
}

/// Starts the ticker, a thread that ends soon after the engine.
pub(crate) fn start_ticker(engine: &Engine) -> std::io::Result<()> {
    let weak = engine.weak();
    std::thread::Builder::new()
        .name("connector-ticker".to_owned())
        .spawn(move || {
            while let Some(engine) = weak.upgrade() {
                engine.increment_epoch();
                // Released during the pause, else the engine would never be dropped.
                drop(engine);
                std::thread::park_timeout(TICK);
            }
        })?;
    Ok(())
}

/// Memory for all calls, reserved in advance and cleared between calls.
fn pooled(calls_at_once: u32, room: &Room) -> Config {
    let number = |limit: usize| u32::try_from(limit).unwrap_or(u32::MAX);
    let times = |limit: usize| calls_at_once.saturating_mul(number(limit));
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(calls_at_once)
        .total_core_instances(times(room.instances))
        .total_memories(calls_at_once)
        .total_tables(times(room.tables))
        .total_stacks(calls_at_once)
        .max_memories_per_module(number(room.memories))
        .max_tables_per_module(number(room.tables))
        .table_elements(room.table_elements)
        .max_memory_size(RESERVED_BYTES)
        .async_stack_keep_resident(KEPT_STACK_BYTES)
        // Immediately for each call, so that no secret outlives it.
        .decommit_batch_size(1);
    // Since 6.7 Linux reports the pages that were written. Without that, clearing all kept memory
    // takes longer than it saves.
    if PoolingAllocationConfig::is_pagemap_scan_available() {
        pool.pagemap_scan(Enabled::Yes)
            .linear_memory_keep_resident(KEPT_MEMORY_BYTES)
            .table_keep_resident(KEPT_TABLE_BYTES);
    }
    let mut config = common(room);
    config
        .memory_reservation(RESERVED_BYTES as u64)
        .allocation_strategy(pool);
    config
}

/// Memory allocated for each call, and freed when it ends.
fn on_demand(room: &Room) -> Config {
    let mut config = common(room);
    config
        .memory_reservation(0)
        .memory_reservation_for_growth(STEP_BYTES);
    config
}

/// The settings that do not depend on the allocation of memory.
///
/// A trap cannot keep a copy of the memory in its error: the crate's feature `coredump` is
/// disabled.
fn common(room: &Room) -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .max_wasm_stack(room.stack_bytes)
        .async_stack_size(room.call_stack_bytes)
        // Stacks hold secrets too.
        .async_stack_zeroing(true)
        // Function names are chosen by the plugin, and no error includes them.
        .wasm_backtrace_max_frames(None)
        .wasm_backtrace_details(WasmBacktraceDetails::Disable);
    config
}
