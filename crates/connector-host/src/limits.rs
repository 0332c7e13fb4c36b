//! Limits of one call and of each stage of its request, and of the code of a component. Every
//! default is a named constant with its unit and its reason.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// 16 MiB: a plugin starts with about one, and holds one response and one credential at a time.
pub const DEFAULT_MEMORY_BYTES: usize = 16 << 20;
/// 128 MiB for a plugin that embeds an interpreter, which starts with 10 to 40.
pub const DEFAULT_INTERPRETER_MEMORY_BYTES: usize = 128 << 20;
/// One minute: 10 s to connect, 30 s for the header, and 14 s for the body. The last tenth is left
/// to the plugin, to report why the response is incomplete.
pub const DEFAULT_DEADLINE: Duration = Duration::from_mins(1);
/// Ten seconds: a call of a plugin in Rust takes less than a millisecond, and one that embeds an
/// interpreter some hundred. The rest of a call is waiting for the vendor.
pub const DEFAULT_PROCESSOR: Duration = Duration::from_secs(10);
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

/// 64 MiB, for every [`Profile`]: a plugin in Rust has some 100 KiB, one that embeds an interpreter
/// up to 40 MiB.
pub const MAX_COMPONENT_BYTES: usize = 64 << 20;
/// 32 KiB for a header section in any version of HTTP, counted as in HTTP/2: names, values and 32
/// bytes for each field (RFC 9113 §6.5.2). Servers send one or two KiB, and most refuse more than
/// 8 to 16.
pub(crate) const MAX_HEADER_BYTES: usize = 32 << 10;
/// A hundred fields: vendors send some twenty.
pub(crate) const MAX_HEADER_FIELDS: usize = 100;

/// The kind of code that a plugin has: limits on it before it is compiled, and on the time to load
/// it. Without them, a file of 200 KB can take minutes and gigabytes to compile.
///
/// ```
/// use connector_host::Profile;
///
/// assert_eq!("interpreter".parse(), Ok(Profile::Interpreter));
/// assert_eq!(Profile::default().name(), "native");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Profile {
    /// Code of the plugin itself, as compilers for Rust, C or Go make it.
    #[default]
    Native,
    /// An interpreter with its program, as tools for JavaScript and Python make it: some 13 to
    /// 18 MB, and ten seconds to compile. To be chosen by an operator who trusts the plugin's
    /// author not to waste them.
    Interpreter,
}

impl Profile {
    /// The default limits of the calls of a plugin of this profile: those of [`Limits::new`], with
    /// more memory for an interpreter.
    pub const fn call_limits(self) -> Limits {
        match self {
            Self::Native => Limits::new(),
            Self::Interpreter => Limits::new().memory_bytes(DEFAULT_INTERPRETER_MEMORY_BYTES),
        }
    }

    /// The name, as [`Profile::from_str`] reads it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Interpreter => "interpreter",
        }
    }

    /// The limits of this profile.
    pub(crate) const fn limits(self) -> &'static CompileLimits {
        match self {
            Self::Native => &NATIVE,
            Self::Interpreter => &INTERPRETER,
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The string is not the name of a [`Profile`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown profile; use native or interpreter")]
pub struct ProfileError;

impl FromStr for Profile {
    type Err = ProfileError;

    fn from_str(name: &str) -> Result<Self, ProfileError> {
        let profiles = [Self::Native, Self::Interpreter];
        let found = profiles.into_iter().find(|profile| profile.name() == name);
        found.ok_or(ProfileError)
    }
}

/// The limits of a [`Profile`] on a component, which `runtime/complexity.rs` checks.
pub(crate) struct CompileLimits {
    /// The length of the component.
    pub(crate) component_bytes: usize,
    /// Components and modules, the component itself included.
    pub(crate) parts: usize,
    /// Components and modules within one another.
    pub(crate) nested_parts: usize,
    /// Types of a module, and fields, cases and declarations of all types of components.
    pub(crate) types: u64,
    /// Component and instance types within others in one section. They are read recursively.
    pub(crate) nested_types: usize,
    /// Functions, those that are imported, lifted or lowered included.
    pub(crate) functions: u64,
    /// The length of one function's body.
    pub(crate) function_bytes: usize,
    /// The parameters and locals of one function.
    pub(crate) locals: u64,
    /// Blocks within one another in one function.
    pub(crate) nested_blocks: usize,
    /// The estimated work for one function, in instructions: also its branches times its locals,
    /// and the arguments of its calls.
    pub(crate) function_work: u64,
    /// The estimated work for all functions.
    pub(crate) work: u64,
    /// The time to load.
    pub(crate) deadline: Duration,
    /// The parts of an instance.
    pub(crate) room: Room,
}

/// Limits on the parts of an instance of a component.
pub(crate) struct Room {
    /// The plugin, and adapters of its imports.
    pub(crate) instances: usize,
    /// `Limits::memory_bytes` bounds their sum.
    pub(crate) memories: usize,
    /// Tables for function pointers and for imports.
    pub(crate) tables: usize,
    /// The entries of a table.
    pub(crate) table_elements: usize,
    /// The plugin's own stack.
    pub(crate) stack_bytes: usize,
    /// The stack of a plugin and of the host functions that it calls. The runtime advises to leave
    /// the host three times as much as the plugin.
    pub(crate) call_stack_bytes: usize,
}

/// Some twenty times as much as this plugin, which has 409 functions and 450,000 of work.
const NATIVE: CompileLimits = CompileLimits {
    component_bytes: 8 << 20,
    parts: 64,
    nested_parts: 8,
    types: 20_000,
    nested_types: 100,
    functions: 8_000,
    function_bytes: 128 << 10,
    locals: 2_000,
    nested_blocks: 1_000,
    function_work: 4_000_000,
    work: 10_000_000,
    deadline: Duration::from_secs(30),
    // A handful of core instances with one memory, one table for function pointers and one for
    // imports, and as many again. Function pointers are some hundred, and parsing JSON of the
    // maximum accepted depth takes a tenth of the stack.
    room: Room {
        instances: 16,
        memories: 4,
        tables: 8,
        table_elements: 10_000,
        stack_bytes: 512 << 10,
        call_stack_bytes: 2 << 20,
    },
};

/// The main loop of an interpreter is one function with some hundred kilobytes and branches. The
/// plugin in JavaScript of `bench/compare` has 13,126 functions and 32 million of work. A debug
/// build takes 52 s of processor time to load it, a release build 12 s.
const INTERPRETER: CompileLimits = CompileLimits {
    component_bytes: MAX_COMPONENT_BYTES,
    parts: 256,
    nested_parts: 8,
    types: 200_000,
    nested_types: 100,
    functions: 200_000,
    function_bytes: 1 << 20,
    locals: 20_000,
    nested_blocks: 5_000,
    function_work: 100_000_000,
    work: 400_000_000,
    deadline: Duration::from_mins(5),
    // Some twenty modules, and a table of some ten thousand functions. Interpreters nest deeply.
    room: Room {
        instances: 100,
        memories: 4,
        tables: 20,
        table_elements: 100_000,
        stack_bytes: 4 << 20,
        call_stack_bytes: 16 << 20,
    },
};

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
    /// Processor time of the plugin's code in the call, without its waits, in steps of ten
    /// milliseconds. Beyond: [`PluginError::Processor`](crate::PluginError::Processor).
    pub processor: Duration,
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
            processor: DEFAULT_PROCESSOR,
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

    /// Sets [`Limits::processor`].
    #[must_use]
    pub const fn processor(mut self, processor: Duration) -> Self {
        self.processor = processor;
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
