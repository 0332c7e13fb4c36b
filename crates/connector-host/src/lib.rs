//! Loads a connector plugin, a WebAssembly component, and enforces its limits.
//!
//! The plugin knows a vendor's requests and the meaning of its responses (`wit/` in this
//! repository). This crate gives it clocks, random numbers, memory and a guarded way to the
//! network. All policy is here: when to send a request, how often, for how long, and where.
//!
//! ```no_run
//! use std::path::Path;
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use connector_host::{Connector, Credential, Live, Sessions};
//!
//! # async fn example(credential: &str) -> Result<(), Box<dyn std::error::Error>> {
//! let connector = Connector::builder(Arc::new(Live::builder().build()?))
//!     .grant(["https://api.hotjar.io".parse()?])
//!     .load_file(Path::new("connector.wasm"))
//!     .await?;
//!
//! // For a form library and the person who fills in the form.
//! let locales = ["fr-CA".to_owned()];
//! let description = connector.describe("hotjar", &locales).await?;
//! let schema = connector.credential_schema("hotjar", &locales).await?;
//! connector.validate("hotjar", credential, &locales).await?;
//!
//! // For API calls: sessions are opened, cached, replaced and shared behind this.
//! let sessions = Sessions::new(connector)?;
//! let request = http::Request::get("/v1/sites/1/surveys?limit=1").body(bytes::Bytes::new())?;
//! let credential = Credential::new("hotjar", credential);
//! let response = sessions.send(&credential, request, Duration::from_secs(30)).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! - One method of [`Connector`] for each function of the contract, [`Connector::inspect_all`] for
//!   all pages of an inspection, and [`Connector::send`] to use a session once. The plugin puts the
//!   session on each request ([`Connector::authorize`]): the host knows no bearer tokens.
//! - [`Sessions`]: a valid session for each credential, shared by all callers, and API calls that
//!   survive an expired token.
//! - A new instance for each call: two credentials never share memory, and a plugin that crashes,
//!   loops or grows ends only its own call, with a [`PluginError`].
//! - [`Limits`] on memory, time, processor time, requests and lengths, each with a default and its
//!   reason. A [`Profile`] limits the code of a plugin before it is compiled, and a plugin that
//!   breaks a [`LoadRule`] of the contract is not loaded.
//! - An egress policy: `https` only, to origins that the credential needs ([`Connector::origins`])
//!   *and* that the operator grants ([`Builder::grant`]; by default, those that the vendor
//!   declares), and to addresses that are public or that the operator names
//!   ([`LiveBuilder::allow_addresses`]). Functions of the contract without network have none.
//! - Responses to the plugin without their `content-encoding` (gzip or deflate), within the limit
//!   on their length.
//! - Errors named for who acts next ([`ConnectorError`]). No error, span or `Debug` of this crate's
//!   own types holds a credential, a token, a header field or a body. The strings within a
//!   [`ConnectorError`] are the plugin's, whose contract promises the same.
//!
//! # Responsibilities of the platform
//!
//! Memory of a call is cleared as soon as the call ends. During the call it holds the credential in
//! the clear, and a core dump of the process would write it to disk. Disable core dumps at start
//! (`setrlimit` of `RLIMIT_CORE` to zero, and on Linux `prctl` with `PR_SET_DUMPABLE`), and do not
//! swap to unencrypted disks. [`Runtime`] reserves address space for 10,000 calls and four memory
//! maps for each; a platform with tighter limits creates its own.
//!
//! Before the program ends, it awaits [`Sessions::settle`]: a token request that is cut off may
//! take the only copy of a refresh token with it.
//!
//! # Architecture
//!
//! Each layer uses only those below it:
//!
//! | module | subject |
//! |---|---|
//! | `sessions` | the session cache, and API calls with its sessions |
//! | `connector` | the functions of the contract as methods, and loading a plugin |
//! | `runtime` | compiling a component, and running one call in an instance of its own |
//! | `contract` | the generated types, the rules for values from a plugin, the conversions |
//! | `error`, `rules`, `types` | the public data |
//! | `egress` | whether a request may be sent, and the bounds on its response |
//! | `transport` | sending it: connections, addresses, and the stage of a failure |
//!
//! A plugin's request passes `runtime/outgoing_handler.rs` → `egress/guard.rs`, which waits for the
//! body and asks `egress/policy.rs` → `egress/exchange.rs`, which bounds the response → the
//! [`Transport`] ([`Live`], which asks `transport/addresses.rs` before it connects, or a test's
//! own). The response passes `egress/content_encoding.rs`, and the plugin's result
//! `contract/conversions.rs`.
//!
//! # What is deliberately absent
//!
//! Automatic retries of requests that may have had an effect: [`Sessions`] repeats only calls that
//! a vendor refused as expired or throttled, and no lower layer repeats anything. A credential
//! store: the caller passes the credential with each call. Redirects, cookies and proxies: a secret
//! is sent to its destination only. The decoding of API responses: the caller gets them as they
//! were sent. Files, environment, arguments, streams and sockets for the plugin: a component that
//! imports them is not loaded.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[cfg(test)]
leak_check::capture!();

mod clock;
mod connector;
mod contract;
mod deadline;
mod egress;
mod error;
mod limits;
mod random;
mod rules;
mod runtime;
mod secret;
mod sessions;
mod transport;
mod types;

pub use clock::{Clock, SystemClock};
pub use connector::Connector;
pub use connector::builder::Builder;
pub use connector::pages::MAX_PAGES;
pub use egress::origin::{Origin, OriginError};
pub use error::{CallError, ConnectorError, LoadError, PluginError, SendError, StoreError};
pub use ipnet::IpNet;
pub use limits::{
    DEFAULT_BETWEEN_BYTES, DEFAULT_CONNECT, DEFAULT_DEADLINE, DEFAULT_FIRST_BYTE,
    DEFAULT_INTERPRETER_MEMORY_BYTES, DEFAULT_MEMORY_BYTES, DEFAULT_PROCESSOR, DEFAULT_REPLY_BYTES,
    DEFAULT_REQUEST_BYTES, DEFAULT_REQUESTS, DEFAULT_RESULT_BYTES, Limits, MAX_COMPONENT_BYTES,
    Profile, ProfileError, Timeouts,
};
pub use random::{Random, SystemRandom};
pub use rules::{Breach, LoadRule};
pub use runtime::Runtime;
pub use secret::Secret;
pub use sessions::api_error::ApiError;
pub use sessions::call::Classified;
pub use sessions::credential::Credential;
pub use sessions::store::{MemorySessionStore, SessionStore, StoreKey};
pub use sessions::{NoRandom, Sessions};
pub use transport::connect_to::{ConnectTo, ConnectToError};
pub use transport::live::{Live, LiveBuilder, LiveError};
pub use transport::proxy::{Proxy, ProxyUrlError};
pub use transport::{CertificateError, ProxyError, ResponseBody, Transport, TransportError};
pub use types::{
    Access, ApiResponse, Authorization, Choice, Description, Fault, FieldChoices, Inspection,
    InvalidResponse, Issue, Refusal, RequestHead, SampleCall, Session, Signing, Stage, Vendor,
    Verdict,
};

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
