//! The imports of a plugin: eight interfaces of WASI 0.2. Their state is in `plugin_state.rs`.

use wasmtime::component::{Linker, Resource};
use wasmtime::{Engine, StoreContextMut};
use wasmtime_wasi::clocks::WasiClocks;
use wasmtime_wasi::p2::bindings::{clocks, io};
use wasmtime_wasi_http::WasiHttp;
use wasmtime_wasi_http::p2::bindings::http;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, IoError};

use crate::egress::error_code::code_of_body_error;
use crate::runtime::outgoing_handler;
use crate::runtime::plugin_state::{Handles, PluginState, WallClock};

/// The interfaces that a plugin may import, in any 0.2 version.
const AVAILABLE: [&str; 8] = [
    "wasi:http/types",
    "wasi:http/outgoing-handler",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:clocks/wall-clock",
    "wasi:clocks/monotonic-clock",
    "wasi:random/random",
];

/// 4 KiB: a nonce has 16 to 32 bytes. The host allocates them before the plugin has paid for them.
const MAX_RANDOM_BYTES: u64 = 4096;

/// Whether the import is one of the eight.
pub(crate) fn is_available(import: &str) -> bool {
    import
        .split_once("@0.2.")
        .is_some_and(|(interface, _)| AVAILABLE.contains(&interface))
}

/// Links exactly the eight interfaces.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<PluginState>> {
    let mut linker = Linker::new(engine);
    let to = &mut linker;
    io::error::add_to_linker::<_, Handles>(to, PluginState::table)?;
    io::poll::add_to_linker::<_, Handles>(to, PluginState::table)?;
    io::streams::add_to_linker::<_, Handles>(to, PluginState::table)?;
    clocks::wall_clock::add_to_linker::<_, WallClock<'static>>(to, PluginState::wall_clock)?;
    clocks::monotonic_clock::add_to_linker::<_, WasiClocks>(to, PluginState::monotonic)?;
    http::outgoing_handler::add_to_linker::<_, WasiHttp>(to, PluginState::http)?;
    let stable = http::types::LinkOptions::default();
    http::types::add_to_linker::<_, WasiHttp>(to, &stable, PluginState::http)?;
    let mut random = to.instance("wasi:random/random@0.2.12")?;
    random.func_wrap("get-random-bytes", random_bytes)?;
    random.func_wrap("get-random-u64", random_number)?;

    to.allow_shadowing(true);
    outgoing_handler::add_to_linker(to)?;
    // wasmtime-wasi-http 48 expects an `ErrorCode` here, but ends bodies with its own `Error`, so a
    // plugin would never learn why a body is incomplete.
    to.instance("wasi:http/types@0.2.12")?
        .func_wrap("http-error-code", http_error_code)?;
    to.allow_shadowing(false);
    Ok(linker)
}

fn random_bytes(
    store: StoreContextMut<'_, PluginState>,
    (length,): (u64,),
) -> wasmtime::Result<(Vec<u8>,)> {
    let length = Some(length).filter(|length| *length <= MAX_RANDOM_BYTES);
    let length = length.ok_or_else(|| wasmtime::Error::msg("too many random bytes"))?;
    let mut bytes = vec![0; usize::try_from(length)?];
    store.data().random().fill(&mut bytes)?;
    Ok((bytes,))
}

fn random_number(store: StoreContextMut<'_, PluginState>, (): ()) -> wasmtime::Result<(u64,)> {
    let mut bytes = [0; 8];
    store.data().random().fill(&mut bytes)?;
    Ok((u64::from_le_bytes(bytes),))
}

fn http_error_code(
    mut store: StoreContextMut<'_, PluginState>,
    (error,): (Resource<IoError>,),
) -> wasmtime::Result<(Option<ErrorCode>,)> {
    let error = store.data_mut().table().get(&error)?;
    let code = error
        .downcast_ref::<ErrorCode>()
        .cloned()
        .or_else(|| error.downcast_ref().and_then(code_of_body_error));
    Ok((code,))
}

#[cfg(test)]
mod tests {
    use super::is_available;

    #[test]
    fn exactly_the_eight_interfaces_are_available() {
        for (import, expected) in [
            ("wasi:http/types@0.2.12", true),
            ("wasi:io/poll@0.2.0", true),
            ("wasi:clocks/monotonic-clock@0.2.6", true),
            ("wasi:random/random@0.2.0", true),
            ("wasi:random/insecure@0.2.12", false),
            ("wasi:http/types@0.3.0", false),
            ("wasi:http/types", false),
            ("wasi:http/incoming-handler@0.2.12", false),
            ("wasi:cli/environment@0.2.12", false),
            ("wasi:sockets/tcp@0.2.12", false),
            ("evil:wasi:http/types@0.2.12", false),
        ] {
            assert_eq!(is_available(import), expected, "{import}");
        }
    }
}
