//! Write a connector plugin: implement [`Vendor`] for each vendor, and [`export!`] them as a
//! WebAssembly component that any host of the contract in `wit/` can load.
//!
//! A vendor is a set of steps, from [`Vendor::read`] to [`Vendor::classify`], whose defaults are
//! RFC 6749 and RFC 6750. [`pipeline`] chains them; only the module `wasi` sends anything. Natively
//! this is an ordinary library without that module, so vendors are tried with [`testing`] in
//! milliseconds.

#![doc = include_str!("../README.md")]
#![cfg_attr(target_family = "wasm", no_std)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

extern crate alloc;

pub mod access;
pub mod base_url;
pub mod codes;
pub mod data;
pub mod date;
mod description;
mod environment;
pub mod error;
mod error_body;
mod export;
pub mod form;
pub mod json;
pub mod pipeline;
mod plugin;
pub mod request;
pub mod response;
pub mod rotation;
mod schema;
mod secret;
pub mod session;
pub mod signature;
#[cfg(not(target_family = "wasm"))]
pub mod testing;
mod text;
pub mod token;
mod vendor;
pub mod verdict;
#[cfg(target_family = "wasm")]
pub mod wasi;

pub use access::{Access, Choice, FieldChoices};
pub use codes::{Codes, Meaning};
pub use description::Description;
pub use environment::{Environment, Http};
pub use error::{Error, Fault, InvalidResponse, Issue, IssueCode, Refusal, Stage};
pub use form::{Field, Form, Presence};
pub use plugin::Plugin;
pub use request::{Authorization, Json, Request, RequestHead};
pub use response::{Fields, Response};
pub use schema::Schema;
pub use secret::{Secret, SecretBytes};
pub use session::{Expiry, Session, Timestamp};
pub use text::Text;
pub use token::Token;
pub use vendor::{
    Inspection, InspectionInput, Open, Signing, UNKNOWN_CURSOR, UNKNOWN_SESSION, Vendor, VendorInfo,
};
pub use verdict::Verdict;

/// What the macro `export!` names, so that a plugin needs no other dependency.
#[doc(hidden)]
pub mod reexports {
    pub use alloc::string::String;
    pub use alloc::vec::Vec;
}
