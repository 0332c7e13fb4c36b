//! Everything that can go wrong, by who acts next. None of it holds a secret, a vendor's free text or what a person typed.

use std::path::PathBuf;

use crate::TransportError;
use crate::types::{Issue, Misreply, Refusal, Stage};

/// Why a plugin could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file could not be read.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The bytes are no WebAssembly component: another kind of file, a core module, or a damaged one.
    #[error("not a WebAssembly component")]
    NotAComponent,
    /// The component is longer than [`MAX_COMPONENT_BYTES`](crate::MAX_COMPONENT_BYTES).
    #[error("the component is too long")]
    TooLong,
    /// The component wants something that no connector needs, or another version of what it needs.
    #[error("the component imports {name}, which a connector plugin is not given")]
    Imports {
        /// The first import that is not offered.
        name: String,
    },
    /// The component does not have the functions of a connector plugin, in this version.
    #[error(
        "the component does not export integration:connector/credentials@0.1.0 as the contract has it"
    )]
    Exports,
    /// The plugin failed when it was asked for its vendors.
    #[error("the plugin cannot say which vendors it serves: {0}")]
    Plugin(#[from] PluginError),
    /// The folder for machine code cannot be made, or must not be trusted.
    #[error("machine code cannot be kept in {}: {error}", folder.display())]
    Cache {
        /// The folder.
        folder: PathBuf,
        /// What the system said, or why not.
        error: std::io::Error,
    },
    /// This machine cannot run plugins: no memory for code, or an unknown processor.
    #[error("plugins cannot be run on this machine")]
    Engine,
}

/// Why a call brought no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The plugin did its work, and says what stands in the way.
    #[error(transparent)]
    Connector(#[from] ConnectorError),
    /// The plugin itself is broken. Other calls are untouched.
    #[error(transparent)]
    Plugin(#[from] PluginError),
}

impl CallError {
    /// The name of the case in the contract, such as `invalid-credential`, or `broken-plugin`, or `busy`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Connector(error) => error.kind(),
            Self::Plugin(PluginError::Busy) => "busy",
            Self::Plugin(_) => "broken-plugin",
        }
    }
}

/// What a plugin says that stands in the way, named for who acts next. The cases are those of `error` in `wit/types.wit`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectorError {
    /// The plugin does not know the vendor: correct the caller.
    #[error("the plugin does not know this vendor; ask for one that it lists")]
    UnknownVendor,
    /// The credential document is not what the schema describes: a person corrects the fields.
    #[error("the credential is not complete or not right; correct the fields that are named")]
    InvalidCredential(Vec<Issue>),
    /// The vendor refused the credential: a person checks it or makes a new one. Do not ask again.
    #[error("the vendor refused the credential; check it, or make a new one")]
    Rejected(Refusal),
    /// The vendor knows the credential and refuses what is asked with it: a person changes scope, plan or project.
    #[error(
        "the vendor does not allow this with the credential; change its scope, plan or project"
    )]
    Forbidden(Refusal),
    /// Too many requests: wait, for the given number of seconds if there is one.
    #[error("too many requests; ask again later")]
    Throttled(Option<u32>),
    /// The vendor cannot serve now: wait, for the given number of seconds if there is one.
    #[error(
        "the vendor cannot serve now; ask again later, and check the credential when it persists"
    )]
    Unavailable(Option<u32>),
    /// No answer came: ask again later; an operator looks at the stage when it persists.
    #[error("no answer came from the vendor (stage {}); ask again later", .0.name())]
    Unreachable(Stage),
    /// The request was not let out: an operator grants the origin, or names the address if it is not a public one, or nobody
    /// does. Do not ask again.
    #[error("the request was not let out; an operator has to grant the vendor's origin or address")]
    Denied,
    /// The vendor answered something else than it documents: the plugin's author looks.
    #[error("the vendor's answer is not what it documents ({} in status {}); tell the plugin's author", .0.part, .0.status)]
    Unintelligible(Misreply),
    /// None of the above, in words for the plugin's author.
    #[error("the plugin failed otherwise; tell its author: {0}")]
    Other(String),
}

impl ConnectorError {
    /// The name of the case in the contract, such as `invalid-credential`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::UnknownVendor => "unknown-vendor",
            Self::InvalidCredential(_) => "invalid-credential",
            Self::Rejected(_) => "rejected",
            Self::Forbidden(_) => "forbidden",
            Self::Throttled(_) => "throttled",
            Self::Unavailable(_) => "unavailable",
            Self::Unreachable(_) => "unreachable",
            Self::Denied => "denied",
            Self::Unintelligible(_) => "unintelligible",
            Self::Other(_) => "other",
        }
    }
}

/// What a plugin itself did wrong in one call. Other calls are untouched, and none of its own words are passed on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PluginError {
    /// It crashed; the text is the runtime's own name for the reason, one of a fixed list.
    #[error("the plugin crashed: {0}")]
    Trapped(String),
    /// It did not finish in time.
    #[error("the plugin did not finish in time")]
    Deadline,
    /// It wanted more memory than it may have.
    #[error("the plugin wanted more memory than it may have")]
    Memory,
    /// It returned more than it may.
    #[error("the plugin returned more than it may")]
    Result,
    /// It returned what the contract does not allow; the text names the member.
    #[error("the plugin broke its contract: {0}")]
    Contract(&'static str),
    /// It was not to blame: this machine had no room for the call in time, with too many others under way. Ask again later.
    #[error("too many calls are under way; ask again later")]
    Busy,
}

/// Why [`Connector::send`](crate::Connector::send) brought no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The plugin does not know the vendor.
    #[error("the plugin does not know this vendor; ask for one that it lists")]
    UnknownVendor,
    /// The request cannot be put on the session: its path does not begin with `/`, it names a host of its own,
    /// or the session holds no usable base URL or token.
    #[error("the request does not fit the session: {0}")]
    Request(&'static str),
    /// No reply came, or the request was not let out.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

impl SendError {
    /// `unknown-vendor`, `request`, `denied` or `unreachable`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::UnknownVendor => "unknown-vendor",
            Self::Request(_) => "request",
            Self::Transport(TransportError::Denied) => "denied",
            Self::Transport(_) => "unreachable",
        }
    }
}
