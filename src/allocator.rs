//! The plugin's heap in WebAssembly. It begins with memory that an instance has from its start, so that a call rarely makes its memory grow: for that
//! a host changes the protection of pages, and changes it back for the next instance, which takes longer than all else that it does for a call.

#![expect(unsafe_code, reason = "an allocator hands out raw memory")]

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32;
use core::cell::UnsafeCell;
use core::ptr::{NonNull, null_mut, slice_from_raw_parts_mut};

use rlsf::{FlexSource, FlexTlsf};

/// More than a call with an ordinary answer asks for. What is not touched costs a host nothing.
const FIRST_BYTES: usize = 128 * 1024;
/// The unit in which memory grows.
const PAGE_BYTES: usize = 64 * 1024;
/// At which addresses memory begins, from the start and later.
const ALIGN: usize = 32;

/// Sizes up to 256 MiB, in eight classes between two powers of two. The lists' heads lie together in less than a page.
type Lists = FlexTlsf<Source, u32, u8, 24, 8>;

/// Two-level segregated fit, as `rlsf` has it; the standard library's allocator takes 7.6 kB more of the artefact.
pub(crate) struct Heap(UnsafeCell<Lists>);

// SAFETY: the plugin has one thread.
unsafe impl Sync for Heap {}

impl Heap {
    /// A heap that has handed out nothing.
    pub(crate) const fn new() -> Self {
        Self(UnsafeCell::new(FlexTlsf::new(Source { began: false })))
    }
}

// SAFETY: `rlsf` keeps the promises of an allocator. Nothing that it calls allocates, so there is one reference to the lists at a time.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let lists = unsafe { &mut *self.0.get() };
        lists.allocate(layout).map_or(null_mut(), NonNull::as_ptr)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let lists = unsafe { &mut *self.0.get() };
        if let Some(block) = NonNull::new(block) {
            unsafe { lists.deallocate(block, layout.align()) };
        }
    }
}

/// Where the lists get memory from: once what is there from the start, then by growing.
struct Source {
    began: bool,
}

#[repr(align(32))]
struct First(UnsafeCell<[u8; FIRST_BYTES]>);

// SAFETY: the plugin has one thread.
unsafe impl Sync for First {}

static FIRST: First = First(UnsafeCell::new([0; FIRST_BYTES]));

// SAFETY: each piece is handed out once, since `began` is set and memory only grows.
unsafe impl FlexSource for Source {
    unsafe fn alloc(&mut self, min_bytes: usize) -> Option<NonNull<[u8]>> {
        if !self.began && min_bytes <= FIRST_BYTES {
            self.began = true;
            return NonNull::new(slice_from_raw_parts_mut(FIRST.0.get().cast(), FIRST_BYTES));
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
