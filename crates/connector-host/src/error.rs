//! The errors of loading, of calls and of API requests, named for who acts next. None of them holds
//! a secret, a vendor's free text or a person's input.

use std::path::PathBuf;

use crate::limits::Profile;
use crate::rules::{Breach, LoadRule};
use crate::transport::TransportError;
use crate::types::{Fault, InvalidResponse, Issue, Refusal, Stage, Verdict};

/// Why a plugin could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file could not be read.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        error: std::io::Error,
    },
    /// The bytes are no WebAssembly component: another file format, a core module, or damaged.
    #[error("the file is not a WebAssembly component")]
    NotAComponent,
    /// The component is longer than [`MAX_COMPONENT_BYTES`](crate::MAX_COMPONENT_BYTES).
    #[error("the component is too long")]
    TooLong,
    /// The component exceeds a limit of its [`Profile`], and was not compiled.
    #[error(
        "the component has {what} than a plugin of the profile \"{profile}\" may have; {}",
        remedy(*profile)
    )]
    TooComplex {
        /// The profile.
        profile: Profile,
        /// The limit, such as `larger functions`.
        what: &'static str,
    },
    /// The component was not compiled within the time of its [`Profile`].
    #[error(
        "the component was not compiled in time for the profile \"{profile}\"; {}",
        remedy(*profile)
    )]
    TooSlow {
        /// The profile.
        profile: Profile,
    },
    /// The component imports an interface that no connector needs, or an unsupported version.
    #[error("the component imports {name}, which is not available to a connector plugin")]
    Imports {
        /// The first import that is not available.
        name: String,
    },
    /// The component lacks the interface of a connector plugin in this version, or a function of
    /// it.
    #[error(
        "the component does not export {name}; build it for the world \
         integration:connector/connector@0.1.0"
    )]
    Exports {
        /// The interface, or the interface and the function after a `#`.
        name: String,
    },
    /// The functions of the component have the names of a connector plugin, and other types.
    #[error(
        "the functions of integration:connector/credentials@0.1.0 in the component have other \
         types; build it for the world integration:connector/connector@0.1.0"
    )]
    ExportTypes,
    /// A value that the plugin returned while it was loaded breaks a rule of the contract.
    #[error(transparent)]
    Breach(#[from] Breach),
    /// The plugin failed to list its vendors.
    #[error("the plugin cannot list its vendors: {0}")]
    Plugin(#[from] PluginError),
    /// The folder for machine code cannot be created, or must not be trusted.
    #[error("cannot keep machine code in {}: {error}", folder.display())]
    Cache {
        /// The folder.
        folder: PathBuf,
        /// The operating system's error, or the reason not to trust the folder.
        error: std::io::Error,
    },
    /// This machine cannot run plugins: no memory for code, or an unsupported processor.
    #[error("this machine cannot run plugins")]
    Engine,
}

impl LoadError {
    /// The rule of the contract that the plugin breaks; `None` if this is not the plugin's fault.
    pub fn rule(&self) -> Option<LoadRule> {
        match self {
            Self::NotAComponent => Some(LoadRule::Component),
            Self::TooLong
            | Self::TooComplex { .. }
            | Self::TooSlow { .. }
            | Self::Plugin(PluginError::Memory) => Some(LoadRule::Limits),
            Self::Imports { .. } => Some(LoadRule::Imports),
            Self::Exports { .. } | Self::ExportTypes => Some(LoadRule::Exports),
            Self::Breach(breach) => Some(breach.rule),
            Self::Read { .. }
            | Self::Cache { .. }
            | Self::Engine
            | Self::Plugin(PluginError::Busy) => None,
            Self::Plugin(_) => Some(LoadRule::Vendors),
        }
    }
}

/// The way out of a limit of a profile.
fn remedy(profile: Profile) -> &'static str {
    match profile {
        Profile::Native => {
            "if it embeds an interpreter and you trust its author, choose the profile \
             \"interpreter\""
        }
        Profile::Interpreter => "ask its author for a smaller build",
    }
}

/// Why a call returned no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The plugin worked, and reports an error of the contract.
    #[error(transparent)]
    Connector(#[from] ConnectorError),
    /// The plugin itself is broken. Other calls are not affected.
    #[error(transparent)]
    Plugin(#[from] PluginError),
    /// The vendor's sessions hold a state that outlives them, and there is no store for it, or the
    /// credential has no id to store it under.
    #[error("this vendor's sessions need a durable store; configure one")]
    NoStore,
    /// The durable store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl CallError {
    /// The name of the case in the contract, such as `invalid-credential`, else `broken-plugin`,
    /// `busy`, `no-store` or `store`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Connector(error) => error.kind(),
            Self::Plugin(PluginError::Busy) => "busy",
            Self::Plugin(_) => "broken-plugin",
            Self::NoStore => "no-store",
            Self::Store(_) => "store",
        }
    }
}

/// A failure of a durable store, described by the store. The description holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the session store failed: {0}")]
pub struct StoreError(String);

impl StoreError {
    /// Describes a failure, such as `disk full`: without a secret, because it is logged.
    pub fn new(description: impl Into<String>) -> Self {
        Self(description.into())
    }
}

/// An error that a plugin reports, named for who acts next. The cases are those of `error` in
/// `wit/types.wit`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectorError {
    /// The plugin does not know the vendor: correct the caller.
    #[error("unknown vendor; choose one that the plugin lists")]
    UnknownVendor,
    /// The credential document does not match its schema: a person corrects the fields.
    #[error("the credential is invalid; fix the fields listed")]
    InvalidCredential(Vec<Issue>),
    /// The vendor refused the credential: a person checks or replaces it. Repeat the call only if
    /// the refusal is not confirmed.
    #[error("the vendor refused the credential; check it or create a new one")]
    Rejected(Refusal),
    /// The vendor accepts the credential and refuses the request: a person changes scope, plan or
    /// project.
    #[error("the credential does not allow this request; change its scope, plan or project")]
    Forbidden(Refusal),
    /// Too many requests: wait, for the given number of seconds if there is one.
    #[error("too many requests; {}", again(*.0))]
    Throttled(Option<u32>),
    /// The vendor is unavailable: wait, for the given number of seconds if there is one.
    #[error("the vendor is unavailable; {}, and check the credential if this persists", again(*.0))]
    Unavailable(Option<u32>),
    /// No response: try again later; if this persists, an operator checks the stage. A certificate
    /// that was not accepted does not mend itself: the message names the remedy.
    #[error("{}", .0.sentence())]
    Unreachable(Stage),
    /// The egress policy denied the request: an operator grants the origin, allows the address if
    /// it is not a public one, or leaves it denied. Do not repeat the call.
    #[error("the request was denied; ask an operator to grant the vendor's origin or address")]
    Denied,
    /// The vendor's response is not the documented one: report it to the plugin's author.
    #[error(
        "invalid response from the vendor ({} in status {}); report it to the plugin's author",
        .0.field, .0.status
    )]
    InvalidResponse(InvalidResponse),
    /// Another failure, described for the plugin's author or the caller.
    #[error("the call failed ({}): {}", .0.code, .0.message)]
    Other(Fault),
}

/// When to repeat a call, after these seconds if the vendor named a time.
fn again(secs: Option<u32>) -> String {
    secs.map_or_else(
        || "try again later".to_owned(),
        |secs| format!("try again in {secs} s"),
    )
}

impl ConnectorError {
    /// The error that a verdict means for the caller of an API; `None` for an accepted call.
    pub fn of_verdict(verdict: Verdict) -> Option<Self> {
        match verdict {
            Verdict::Accepted => None,
            Verdict::Refresh(refusal) => Some(Self::Rejected(refusal)),
            Verdict::Forbidden(refusal) => Some(Self::Forbidden(refusal)),
            Verdict::Throttled(secs) => Some(Self::Throttled(secs)),
            Verdict::Unavailable(secs) => Some(Self::Unavailable(secs)),
        }
    }

    /// The same error, with the reason that only the host knows: `seen` is the error of the
    /// transport in the same call.
    pub(crate) fn explained(self, seen: Option<TransportError>) -> Self {
        match self {
            Self::Unreachable(stage) => Self::Unreachable(stage.explained(seen)),
            error => error,
        }
    }

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
            Self::InvalidResponse(_) => "invalid-response",
            Self::Other(_) => "other",
        }
    }
}

/// A fault of the plugin in one call. Other calls are not affected. The plugin's own words are
/// never included.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PluginError {
    /// It crashed; the string is the runtime's name for the reason, one of a fixed list.
    #[error("the plugin crashed: {0}")]
    Trapped(String),
    /// It exceeded the deadline.
    #[error("the plugin exceeded its deadline")]
    Deadline,
    /// It exceeded the limit of its processor time.
    #[error("the plugin exceeded its processor time")]
    Processor,
    /// It exceeded its memory limit.
    #[error("the plugin exceeded its memory limit")]
    Memory,
    /// It exceeded the limit for the length of its result.
    #[error("the plugin exceeded the length limit of its result")]
    Result,
    /// It returned a value that the contract does not allow; the string names the field.
    #[error("the plugin broke its contract: {0}")]
    Contract(&'static str),
    /// Not the plugin's fault: the host had no capacity for the call in time. Try again later.
    #[error("too many calls are in progress; try again later")]
    Busy,
}

/// Why [`Connector::send`](crate::Connector::send) returned no response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The plugin does not know the vendor.
    #[error("unknown vendor; choose one that the plugin lists")]
    UnknownVendor,
    /// The request does not fit the session: its target is not a path that begins with `/` and
    /// stays below the base URL, its method is CONNECT or TRACE, or the session has no usable
    /// base URL.
    #[error("the request does not fit the session: {0}")]
    Request(&'static str),
    /// The plugin did not authorize the request; nothing was sent.
    #[error(transparent)]
    Call(#[from] CallError),
    /// No response came, or the request was denied.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

impl SendError {
    /// `unknown-vendor`, `request`, `denied`, `unreachable`, or the [`CallError::kind`] of a failed
    /// authorization.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::UnknownVendor => "unknown-vendor",
            Self::Request(_) => "request",
            Self::Call(error) => error.kind(),
            Self::Transport(TransportError::Denied) => "denied",
            Self::Transport(_) => "unreachable",
        }
    }
}
