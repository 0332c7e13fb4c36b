//! The way of a request out of the host: whether it may be sent at all (`policy.rs`, over the
//! patterns of `origin.rs`), the guard that each call has for its requests (`guard.rs`), the
//! requests of a call in flight (`in_flight.rs`), one exchange with its limits (`exchange.rs`), and
//! the encoding of a response (`content_encoding.rs`).
//! The rules for IP addresses are applied on connecting, in `transport/addresses.rs`.

pub(crate) mod bounded_body;
pub(crate) mod content_encoding;
pub(crate) mod error_code;
pub(crate) mod exchange;
pub(crate) mod guard;
pub(crate) mod in_flight;
pub(crate) mod origin;
pub(crate) mod policy;
#[cfg(test)]
mod testing;
pub(crate) mod zeroized_bytes;
