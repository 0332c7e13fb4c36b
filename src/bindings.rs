//! The code that `wit-bindgen` makes of `wit/`. Only the door and the far wall use it.

#![expect(unsafe_code, reason = "the canonical ABI passes pointers")]
#![expect(clippy::pedantic, reason = "generated; the documentation is in wit/")]

wit_bindgen::generate!({
    path: "wit",
    world: "connector",
    // Those of WASI too: 0.6 kB less than the ones of the crate `wasi`, and a dependency less.
    generate_all,
});

export!(Door with_types_in self);

pub(crate) use super::door::Door;
