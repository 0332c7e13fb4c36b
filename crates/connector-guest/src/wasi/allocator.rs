//! The plugin's heap in WebAssembly. It begins with memory that an instance has from its start, so that a call rarely makes its memory grow: for that
//! a host changes the protection of pages, and changes it back for the next instance, which takes longer than all else that it does for a call.

#![expect(unsafe_code, reason = "an allocator hands out raw memory")]

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32;
use core::cell::UnsafeCell;
use core::ptr::{NonNull, null_mut, slice_from_raw_parts_mut};

use rlsf::{FlexSource, FlexTlsf};

/// What the lists begin with. They write to both ends of what they get, so a call that needs no more writes to one page for all, as long as the linker
/// puts all into one: nobody promises that, and the trial `in-flight` notices.
const FEW_BYTES: usize = 2 * 1024;
/// The unit in which memory grows.
const PAGE_BYTES: usize = 64 * 1024;
/// At which addresses each piece begins: the linker promises no more for the heap.
const ALIGN: usize = 16;

/// Sizes up to 256 MiB, in eight classes between two powers of two. The lists' heads lie together in less than a page.
type Lists = FlexTlsf<Source, u32, u8, 24, 8>;

#[global_allocator]
static HEAP: Heap = Heap {
    lists: UnsafeCell::new(FlexTlsf::new(Source { given: 0 })),
    few: Few(UnsafeCell::new([0; FEW_BYTES])),
};

unsafe extern "C" {
    // The room that the linker leaves, `--initial-heap` in `.cargo/config.toml`: for an ordinary answer, and more. What is not touched costs a
    // host nothing.
    static mut __heap_base: u8;
    static mut __heap_end: u8;
}

/// Two-level segregated fit, as `rlsf` has it; the standard library's allocator takes 7.6 kB more of the artefact.
#[repr(C)]
struct Heap {
    lists: UnsafeCell<Lists>,
    few: Few,
}

#[repr(align(16))]
struct Few(UnsafeCell<[u8; FEW_BYTES]>);

// SAFETY: the plugin has one thread.
unsafe impl Sync for Heap {}

// SAFETY: `rlsf` keeps the promises of an allocator. Nothing that it calls allocates, so there is one reference to the lists at a time.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let lists = unsafe { &mut *self.lists.get() };
        lists.allocate(layout).map_or(null_mut(), NonNull::as_ptr)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let lists = unsafe { &mut *self.lists.get() };
        if let Some(block) = NonNull::new(block) {
            unsafe { lists.deallocate(block, layout.align()) };
        }
    }
}

/// Where the lists get memory from: first what is there from the start, then by growing.
struct Source {
    /// How far they are in the pieces that are there from the start. One that is too small is passed over.
    given: u8,
}

// SAFETY: each piece is handed out once, since `given` and memory only grow. Each begins at a multiple of `ALIGN` and is as long as one, on which
// `rlsf` relies: the linker aligns the heap's base, and puts its end at a page's.
unsafe impl FlexSource for Source {
    unsafe fn alloc(&mut self, min_bytes: usize) -> Option<NonNull<[u8]>> {
        if self.given == 0 && min_bytes <= FEW_BYTES {
            self.given = 1;
            let few = HEAP.few.0.get().cast();
            return NonNull::new(slice_from_raw_parts_mut(few, FEW_BYTES));
        }
        let room = (&raw const __heap_end).addr() - (&raw const __heap_base).addr();
        if self.given < 2 && min_bytes <= room {
            self.given = 2;
            return NonNull::new(slice_from_raw_parts_mut(&raw mut __heap_base, room));
        }
        let pages = min_bytes.div_ceil(PAGE_BYTES);
        let before = wasm32::memory_grow(0, pages);
        // All ones say that there is no more.
        let start = before
            .checked_mul(PAGE_BYTES)
            .filter(|_| before != usize::MAX)?;
        NonNull::new(slice_from_raw_parts_mut(
            start as *mut u8,
            pages * PAGE_BYTES,
        ))
    }

    fn min_align(&self) -> usize {
        ALIGN
    }
}
