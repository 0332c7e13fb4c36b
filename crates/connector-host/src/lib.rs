//! Loads a connector plugin, a WebAssembly component, and keeps it within its limits.
//!
//! The plugin knows what a vendor asks for and what its answers mean (`wit/` in this repository). This crate gives it a clock,
//! a memory and one door to the network, and has the rest to itself: when to ask, how often, how long, where.
//!
//! ```no_run
//! use std::path::Path;
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use connector_host::{Connector, Live, Sessions};
//!
//! # async fn example(credential: &str) -> Result<(), Box<dyn std::error::Error>> {
//! let connector = Connector::builder(Arc::new(Live::builder().build()?))
//!     .grant(["https://api.hotjar.io".parse()?])
//!     .load_file(Path::new("connector.wasm"))
//!     .await?;
//!
//! // For a form library, and for whoever fills the form in.
//! let schema = connector.credential_schema("hotjar").await?;
//! connector.validate("hotjar", credential).await?;
//!
//! // For everybody who calls the vendor's API: the session is opened, kept, replaced and shared behind this.
//! let sessions = Sessions::new(connector)?;
//! let request = http::Request::get("/v1/sites/1/surveys?limit=1").body(bytes::Bytes::new())?;
//! let answer = sessions.send("hotjar", credential, request, Duration::from_secs(30)).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What a platform gets
//!
//! - One method of [`Connector`] for each function of the contract, and [`Connector::send`] to use a session once.
//! - [`Sessions`]: a live session for each credential, whoever asks and however many do, and API calls that outlive an expired token.
//! - A fresh instance for each call: two credentials never share a memory, and a plugin that crashes, loops or grows
//!   ends its own call alone, with a [`PluginError`].
//! - [`Limits`] on memory, time, requests and lengths, each with a default and its reason.
//! - A wall around the network: `https`, only where the vendor says that it must *and* the operator lets it ([`Origin`]), and
//!   only to addresses that are public or that the operator names ([`LiveBuilder::allow_addresses`]).
//! - Errors by who acts next ([`ConnectorError`]). No error, span or `Debug` of this crate's own types holds a credential, a token,
//!   a header or a body; the texts within a [`ConnectorError`] are the plugin's, whose contract promises the same.
//!
//! # What a platform does itself
//!
//! Memory of a call is cleared as soon as the call ends. While it runs, it holds
//! the credential in the clear, and a core dump of the process would write that to disk: forbid core dumps where the process starts
//! (`setrlimit` of `RLIMIT_CORE` to zero, and on Linux `prctl` with `PR_SET_DUMPABLE`), and swap to disks that are not encrypted.
//! [`Runtime`] reserves addresses for 10,000 calls and four memory maps for each; a platform that has less room makes its own.
//!
//! # The way of a request
//!
//! `connector.rs` makes the instance and starts the clock → the plugin asks through `wasi:http` → `door.rs` waits for the
//! body, counts, and asks `egress.rs` → the [`Transport`] carries it ([`Live`], which asks `address.rs` before it dials, or a
//! test's own) → `door.rs` watches the reply come in → the plugin reads it and returns → `types.rs` turns what it returned into
//! this crate's types, held by `contract.rs` to what the contract promises.
//!
//! # What is deliberately absent
//!
//! Repeating what may have been done: only what a vendor refused as expired or throttled is sent again, by [`Sessions`] and
//! by nobody beneath it. A store of credentials: the caller's, who shows them with each call. Redirects, cookies, decompression and
//! proxies: a secret goes where it was sent and nowhere else. Files, environment, arguments, streams, random numbers
//! and sockets for the plugin: a component that imports them is not loaded.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[cfg(test)]
leak_check::capture!();

mod address;
mod bindings;
mod cache;
mod clock;
mod connect_to;
mod connector;
mod contract;
mod door;
mod egress;
mod engine;
mod error;
mod first;
mod imports;
mod limits;
mod live;
mod outgoing;
mod plugin_state;
mod secret;
mod sessions;
mod transport;
mod types;
mod wipe;

pub use clock::{Clock, SystemClock};
pub use connect_to::{ConnectTo, ConnectToError};
pub use connector::{Builder, Connector};
pub use egress::{Origin, OriginError};
pub use engine::Runtime;
pub use error::{CallError, ConnectorError, LoadError, PluginError, SendError};
pub use ipnet::IpNet;
pub use limits::{
    DEFAULT_BETWEEN_BYTES, DEFAULT_CONNECT, DEFAULT_DEADLINE, DEFAULT_FIRST_BYTE,
    DEFAULT_MEMORY_BYTES, DEFAULT_REPLY_BYTES, DEFAULT_REQUEST_BYTES, DEFAULT_REQUESTS,
    DEFAULT_RESULT_BYTES, Limits, MAX_COMPONENT_BYTES,
};
pub use live::{Live, LiveBuilder, LiveError};
pub use secret::Secret;
pub use sessions::{ApiError, NoRandom, Sessions};
pub use transport::{ResponseBody, Timeouts, Transport, TransportError};
pub use types::{
    Access, ApiResponse, Issue, Level, Misreply, Project, Refusal, Session, Stage, Vendor, Verdict,
};

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
