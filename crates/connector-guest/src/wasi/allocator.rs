//! The plugin's heap in WebAssembly: memory is handed out from its start to its end, and never taken
//! back. The contract has a fresh instance for each call, so that all of it is freed with the instance.

#![expect(unsafe_code, reason = "an allocator hands out raw memory")]

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32;
use core::cell::Cell;
use core::ptr::null_mut;

/// The unit in which memory grows.
const PAGE_BYTES: usize = 64 * 1024;

#[global_allocator]
static HEAP: Heap = Heap { used: Cell::new(0) };

unsafe extern "C" {
    // Where the linker's own data ends. Memory has `--initial-heap` of `.cargo/config.toml` behind it
    // from the start.
    static mut __heap_base: u8;
}

/// A heap without free memory to manage. To free takes 9 kB of a component, nearly all of it in the
/// code that drops values.
struct Heap {
    /// The number of bytes handed out.
    used: Cell<usize>,
}

// SAFETY: the plugin has one thread.
unsafe impl Sync for Heap {}

// SAFETY: each block lies behind those before it and within memory.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let base = &raw mut __heap_base;
        let used = self.used.get();
        let padding = base.wrapping_add(used).align_offset(layout.align());
        let end = used
            .checked_add(padding)
            .and_then(|start| start.checked_add(layout.size()));
        match end {
            Some(end) if has_memory(base.addr(), end) => {
                self.used.set(end);
                base.wrapping_add(used + padding)
            }
            _ => null_mut(),
        }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if size <= layout.size() {
            return block;
        }
        let base = &raw mut __heap_base;
        let start = block.addr().wrapping_sub(base.addr());
        // The last block grows where it is.
        if start.checked_add(layout.size()) == Some(self.used.get())
            && let Some(end) = start.checked_add(size)
            && has_memory(base.addr(), end)
        {
            self.used.set(end);
            return block;
        }
        // SAFETY: the caller keeps the alignment valid for the new size.
        let new = unsafe { self.alloc(Layout::from_size_align_unchecked(size, layout.align())) };
        if !new.is_null() {
            // SAFETY: both blocks have that many bytes, and do not overlap.
            unsafe { new.copy_from_nonoverlapping(block, layout.size()) };
        }
        new
    }
}

/// Whether memory has `len` bytes from `base`, growing it where it has not.
fn has_memory(base: usize, len: usize) -> bool {
    let Some(end) = base.checked_add(len) else {
        return false;
    };
    let pages = end.div_ceil(PAGE_BYTES);
    let now = wasm32::memory_size(0);
    pages <= now || wasm32::memory_grow(0, pages - now) != usize::MAX
}
