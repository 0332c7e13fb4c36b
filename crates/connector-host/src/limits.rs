//! Limits of one call and of each stage of its request. Every default is a named constant with its
//! unit and its reason.

use std::time::Duration;

/// 16 MiB: a plugin starts with about one, and holds one response and one credential at a time.
pub const DEFAULT_MEMORY_BYTES: usize = 16 << 20;
/// One minute: 10 s to connect, 30 s for the header, and 14 s for the body. The last tenth is left
/// to the plugin, to report why the response is incomplete.
pub const DEFAULT_DEADLINE: Duration = Duration::from_mins(1);
/// 2 MiB, decoded: token responses are a few KiB, and a plugin reads up to 1 MiB of a list. It
/// learns that a longer one is too long, and not that it broke off.
pub const DEFAULT_REPLY_BYTES: usize = 2 << 20;
/// 64 KiB: credentials are a few hundred bytes.
pub const DEFAULT_REQUEST_BYTES: usize = 64 << 10;
/// One: the contract allows one request to each function that uses the network.
pub const DEFAULT_REQUESTS: u32 = 1;
/// 4 MiB: 3,000 choices of a page with titles of 200 characters, four bytes each, take less than
/// three. A plugin writes its request in pieces of 64 KiB.
pub const DEFAULT_RESULT_BYTES: usize = 4 << 20;
/// Ten seconds for name resolution, TCP and TLS together; a healthy vendor needs less than one.
pub const DEFAULT_CONNECT: Duration = Duration::from_secs(10);
/// Thirty seconds: token endpoints respond within one, slow reports may take longer.
pub const DEFAULT_FIRST_BYTE: Duration = Duration::from_secs(30);
/// Ten seconds of silence within a body mean that the rest will not come.
pub const DEFAULT_BETWEEN_BYTES: Duration = Duration::from_secs(10);

/// 64 MiB: a plugin in Rust has some 100 KiB, one that embeds an interpreter 40 MiB. The limit also
/// bounds the time to compile.
pub const MAX_COMPONENT_BYTES: usize = 64 << 20;
/// 32 KiB for a header section in any version of HTTP, counted as in HTTP/2: names, values and 32
/// bytes for each field (RFC 9113 §6.5.2). Servers send one or two KiB, and most refuse more than
/// 8 to 16.
pub(crate) const MAX_HEADER_BYTES: usize = 32 << 10;
/// A hundred fields: vendors send some twenty.
pub(crate) const MAX_HEADER_FIELDS: usize = 100;

/// Time limits of the stages of a request.
///
/// ```
/// use std::time::Duration;
///
/// let timeouts = connector_host::Timeouts::new().first_byte(Duration::from_secs(5));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// Name resolution, connection and TLS together.
    pub connect: Duration,
    /// From the end of the request to the header of the response.
    pub first_byte: Duration,
    /// Between two pieces of the response's body.
    pub between_bytes: Duration,
}

impl Timeouts {
    /// The defaults: [`DEFAULT_CONNECT`], [`DEFAULT_FIRST_BYTE`] and [`DEFAULT_BETWEEN_BYTES`].
    pub const fn new() -> Self {
        Self {
            connect: DEFAULT_CONNECT,
            first_byte: DEFAULT_FIRST_BYTE,
            between_bytes: DEFAULT_BETWEEN_BYTES,
        }
    }

    /// Sets [`Timeouts::connect`].
    #[must_use]
    pub const fn connect(mut self, connect: Duration) -> Self {
        self.connect = connect;
        self
    }

    /// Sets [`Timeouts::first_byte`].
    #[must_use]
    pub const fn first_byte(mut self, first_byte: Duration) -> Self {
        self.first_byte = first_byte;
        self
    }

    /// Sets [`Timeouts::between_bytes`].
    #[must_use]
    pub const fn between_bytes(mut self, between_bytes: Duration) -> Self {
        self.between_bytes = between_bytes;
        self
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self::new()
    }
}

/// Limits of one call. A call that exceeds one fails alone; other calls are not affected.
///
/// ```
/// use std::time::Duration;
///
/// let limits = connector_host::Limits::new()
///     .deadline(Duration::from_secs(20))
///     .memory_bytes(8 << 20);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Memory of the plugin, in bytes. Beyond: [`PluginError::Memory`](crate::PluginError::Memory).
    pub memory_bytes: usize,
    /// Time of the whole call, including its request. Beyond:
    /// [`PluginError::Deadline`](crate::PluginError::Deadline).
    pub deadline: Duration,
    /// Body of a response to the plugin, in bytes, encoded and decoded. Beyond: the plugin reads an
    /// error instead of the rest.
    pub reply_bytes: usize,
    /// Body of a request of the plugin, in bytes. Beyond: the request is denied.
    pub request_bytes: usize,
    /// Requests in one call. Beyond: denied.
    pub requests: u32,
    /// Data that the plugin passes at once, in bytes: the result of a call, or the arguments of an
    /// import. Beyond: [`PluginError::Result`](crate::PluginError::Result).
    pub result_bytes: usize,
    /// Stages of a request. The plugin may shorten them, never extend them.
    pub timeouts: Timeouts,
}

impl Limits {
    /// The defaults, each a constant of this crate.
    pub const fn new() -> Self {
        Self {
            memory_bytes: DEFAULT_MEMORY_BYTES,
            deadline: DEFAULT_DEADLINE,
            reply_bytes: DEFAULT_REPLY_BYTES,
            request_bytes: DEFAULT_REQUEST_BYTES,
            requests: DEFAULT_REQUESTS,
            result_bytes: DEFAULT_RESULT_BYTES,
            timeouts: Timeouts::new(),
        }
    }

    /// Sets [`Limits::memory_bytes`].
    #[must_use]
    pub const fn memory_bytes(mut self, memory_bytes: usize) -> Self {
        self.memory_bytes = memory_bytes;
        self
    }

    /// Sets [`Limits::deadline`].
    #[must_use]
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Sets [`Limits::reply_bytes`].
    #[must_use]
    pub const fn reply_bytes(mut self, reply_bytes: usize) -> Self {
        self.reply_bytes = reply_bytes;
        self
    }

    /// Sets [`Limits::request_bytes`].
    #[must_use]
    pub const fn request_bytes(mut self, request_bytes: usize) -> Self {
        self.request_bytes = request_bytes;
        self
    }

    /// Sets [`Limits::requests`].
    #[must_use]
    pub const fn requests(mut self, requests: u32) -> Self {
        self.requests = requests;
        self
    }

    /// Sets [`Limits::result_bytes`].
    #[must_use]
    pub const fn result_bytes(mut self, result_bytes: usize) -> Self {
        self.result_bytes = result_bytes;
        self
    }

    /// Sets [`Limits::timeouts`].
    #[must_use]
    pub const fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}
