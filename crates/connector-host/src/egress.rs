//! Outgoing requests of plugins: the egress policy (`policy.rs`, with the patterns of `origin.rs`),
//! the guard of each call (`guard.rs`), its requests in flight (`in_flight.rs`), one exchange with
//! its limits (`exchange.rs`), and the body of a response (`content_encoding.rs`,
//! `joined_body.rs`).
//! The rules for IP addresses are applied on connecting, in `transport/addresses.rs`.

pub(crate) mod bounded_body;
pub(crate) mod content_encoding;
pub(crate) mod error_code;
pub(crate) mod exchange;
pub(crate) mod guard;
pub(crate) mod in_flight;
pub(crate) mod joined_body;
pub(crate) mod member_names;
pub(crate) mod origin;
pub(crate) mod policy;
#[cfg(test)]
mod testing;
pub(crate) mod zeroized_bytes;
