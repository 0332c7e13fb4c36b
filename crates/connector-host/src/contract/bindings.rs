//! The generated types of the contract in `wit/`. They derive `Debug` and hold secrets in the
//! clear: `conversions.rs` converts them at once, and nothing prints them.

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "connector",
    exports: { default: async },
    with: {
        "wasi:io": wasmtime_wasi::p2::bindings::io,
        "wasi:clocks": wasmtime_wasi::p2::bindings::clocks,
        "wasi:random": wasmtime_wasi::p2::bindings::random,
        "wasi:http": wasmtime_wasi_http::p2::bindings::http,
    },
});
