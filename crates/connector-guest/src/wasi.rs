//! The component: WIT in, WIT out, and the only I/O. Nothing is decided here.

#[cfg(feature = "small")]
mod allocator;
pub mod bindings;
mod exports;
mod outgoing;

pub use self::exports::Exports;

/// The trap's message is not linked, since nobody reads it. No input may get here.
#[cfg(feature = "small")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
