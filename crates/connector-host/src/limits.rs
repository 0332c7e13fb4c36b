//! What one call may use up. Every default is a constant of its own, with its unit and its reason.

use std::time::Duration;

use crate::Timeouts;

/// 16 MiB: a plugin starts with about one, and holds one reply and one credential at a time.
pub const DEFAULT_MEMORY_BYTES: usize = 16 << 20;
/// One minute: connecting (10 s) and waiting for the reply (30 s) at their longest, and 14 s to read it before the last tenth,
/// which is the plugin's to say why there is no more.
pub const DEFAULT_DEADLINE: Duration = Duration::from_mins(1);
/// 1 MiB: token replies are a few KiB; a list of some thousand projects stays below.
pub const DEFAULT_REPLY_BYTES: usize = 1 << 20;
/// 64 KiB: credentials are a few hundred bytes.
pub const DEFAULT_REQUEST_BYTES: usize = 64 << 10;
/// One: the contract says "exactly one request" of every function that uses the network.
pub const DEFAULT_REQUESTS: u32 = 1;
/// 1 MiB: what a plugin returns is built from one reply, so it is not longer. Writing a request takes 64 KiB at a time.
pub const DEFAULT_RESULT_BYTES: usize = 1 << 20;
/// Ten seconds for name resolution, TCP and TLS together; a healthy vendor needs less than one.
pub const DEFAULT_CONNECT: Duration = Duration::from_secs(10);
/// Thirty seconds: token endpoints answer within one, slow reports may take longer.
pub const DEFAULT_FIRST_BYTE: Duration = Duration::from_secs(30);
/// Ten seconds of silence within a body mean that nothing more will come.
pub const DEFAULT_BETWEEN_BYTES: Duration = Duration::from_secs(10);

/// 64 MiB: a plugin in Rust has some 100 KiB, one that brings an interpreter along 40 MiB. It bounds the time to make machine code too.
pub const MAX_COMPONENT_BYTES: usize = 64 << 20;
/// 32 KiB for a request's or a reply's header section, in whatever version of HTTP, counted as HTTP/2 does: names, values and 32
/// bytes for each field (RFC 9113 §6.5.2). Servers send one or two, and most refuse more than 8 to 16.
pub(crate) const MAX_HEADER_BYTES: usize = 32 << 10;
/// A hundred fields: vendors send some twenty.
pub(crate) const MAX_HEADER_FIELDS: usize = 100;

/// What one call may use up. What goes beyond is refused, and ends that call alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Memory of the plugin, in bytes. Beyond: [`PluginError::Memory`](crate::PluginError::Memory).
    pub memory_bytes: usize,
    /// Time of the whole call, its request included. Beyond: [`PluginError::Deadline`](crate::PluginError::Deadline).
    pub deadline: Duration,
    /// Body of a reply to the plugin, in bytes. Beyond: the plugin reads an error instead of the rest.
    pub reply_bytes: usize,
    /// Body of a request of the plugin, in bytes. Beyond: the request is denied.
    pub request_bytes: usize,
    /// Requests in one call. Beyond: denied.
    pub requests: u32,
    /// What the plugin may hand over at once, in bytes: a call's result, or what it passes to one import.
    /// Beyond: [`PluginError::Result`](crate::PluginError::Result).
    pub result_bytes: usize,
    /// Stages of a request. The plugin may ask for less, never for more.
    pub timeouts: Timeouts,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: DEFAULT_MEMORY_BYTES,
            deadline: DEFAULT_DEADLINE,
            reply_bytes: DEFAULT_REPLY_BYTES,
            request_bytes: DEFAULT_REQUEST_BYTES,
            requests: DEFAULT_REQUESTS,
            result_bytes: DEFAULT_RESULT_BYTES,
            timeouts: Timeouts {
                connect: DEFAULT_CONNECT,
                first_byte: DEFAULT_FIRST_BYTE,
                between_bytes: DEFAULT_BETWEEN_BYTES,
            },
        }
    }
}
