//! The generated side of the contract in `wit/`. Its types derive `Debug` and hold secrets in the clear: they are turned
//! into those of `types.rs` at once, and never printed.

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "connector",
    exports: { default: async },
    with: {
        "wasi:io": wasmtime_wasi::p2::bindings::io,
        "wasi:clocks": wasmtime_wasi::p2::bindings::clocks,
        "wasi:http": wasmtime_wasi_http::p2::bindings::http,
    },
});
