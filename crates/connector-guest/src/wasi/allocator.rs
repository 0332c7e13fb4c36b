//! The heap of a small plugin: memory is handed out from its start to its end, and taken back as a
//! whole when the next call begins. A plugin keeps nothing between calls, so an instance that
//! serves many of them needs no more memory than its largest call.

#![expect(unsafe_code, reason = "an allocator hands out raw memory")]

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32;
use core::cell::Cell;
use core::ptr::{self, null_mut};

/// The unit in which memory grows.
const PAGE_BYTES: usize = 64 * 1024;

#[global_allocator]
static HEAP: Heap = Heap {
    used: Cell::new(0),
    is_over: Cell::new(false),
};

unsafe extern "C" {
    // Where the linker's own data ends. Memory has `--initial-heap` of `.cargo/config.toml` behind
    // it from the start.
    static mut __heap_base: u8;
}

/// A heap without a list of free blocks. Freeing block by block takes 9 kB of a component, nearly
/// all of it in the code that drops values.
struct Heap {
    /// The number of bytes handed out.
    used: Cell<usize>,
    /// Whether the last call is over, but for its result.
    is_over: Cell<bool>,
}

/// A call of an export. When it is dropped, all that is left of the call is its result, which the
/// host has read before it begins the next call.
pub(super) struct Call;

impl Drop for Call {
    fn drop(&mut self) {
        HEAP.is_over.set(true);
    }
}

/// Allocates the arguments of an export and the results of an import. The host calls it, and nobody
/// else, so the first time after a call is over is the beginning of the next one.
///
/// Takes the place of the function of that name in `wit-bindgen`, which is linked weakly.
#[unsafe(no_mangle)]
unsafe extern "C" fn cabi_realloc(
    block: *mut u8,
    old_len: usize,
    align: usize,
    len: usize,
) -> *mut u8 {
    if HEAP.is_over.replace(false) {
        HEAP.used.set(0);
    }
    if len == 0 {
        return ptr::without_provenance_mut(align);
    }
    // SAFETY: the canonical ABI passes a power of two, and lengths that fit into memory.
    let new = unsafe {
        let layout = Layout::from_size_align_unchecked(old_len, align);
        if old_len == 0 {
            HEAP.alloc(Layout::from_size_align_unchecked(len, align))
        } else {
            HEAP.realloc(block, layout, len)
        }
    };
    if new.is_null() {
        wasm32::unreachable();
    }
    new
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
