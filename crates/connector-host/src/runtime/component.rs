//! A compiled component: its interface checked before, its imports linked, its exports found.

use wasmtime::Engine;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre};

use crate::error::{LoadError, PluginError};
use crate::limits::{Profile, Room};
use crate::runtime::Runtime;
use crate::runtime::cache::Cache;
use crate::runtime::complexity::{self, Refused};
use crate::runtime::interface::{self, CREDENTIALS, Mismatch};
use crate::runtime::plugin_state::PluginState;

/// The runtime's error for a component whose initial memory exceeds the pool's limit.
const DOES_NOT_FIT: &str = "does not fit in pooling allocator";

/// A component in machine code.
pub(crate) struct CompiledComponent {
    pub(crate) runtime: Runtime,
    pub(crate) pre: InstancePre<PluginState>,
    pub(crate) exports: Exports,
    pub(crate) imports: Vec<String>,
    /// The number of memories of an instance.
    pub(crate) memories: u32,
    /// The limits on the parts of an instance.
    pub(crate) room: &'static Room,
}

impl CompiledComponent {
    /// Compiles a component within the limits of the profile and with the interface of a plugin, or
    /// loads it from the cache, and links its imports.
    pub(crate) fn compile(
        runtime: Runtime,
        cache: Option<&Cache>,
        profile: Profile,
        bytes: &[u8],
    ) -> Result<Self, LoadError> {
        let linker = runtime.linker();
        let engine = linker.engine();
        let kept = cache.and_then(|cache| cache.load(engine, profile, bytes));
        if kept.is_none() {
            check_complexity(profile, bytes)?;
        }
        let imports = interface::check(bytes)?;
        let component = match kept {
            Some(component) => component,
            None => compile(engine, cache, profile, bytes)?,
        };
        let pre = linker.instantiate_pre(&component).map_err(|error| {
            // One of the available interfaces, with a different type. The runtime puts the name in
            // backquotes.
            let text = error.to_string();
            let name = text
                .split('`')
                .nth(1)
                .unwrap_or("an unknown version of WASI");
            LoadError::Imports {
                name: name.to_owned(),
            }
        })?;
        let exports = Exports::find(&component).ok_or(LoadError::ExportTypes)?;
        // Unknown only for components that import core modules, which are rejected above.
        let memories = component
            .resources_required()
            .map_or(1, |all| all.num_memories);
        Ok(Self {
            runtime,
            pre,
            exports,
            imports,
            memories,
            room: &profile.limits().room,
        })
    }
}

/// Checks that a component is within the limits of the profile.
fn check_complexity(profile: Profile, bytes: &[u8]) -> Result<(), LoadError> {
    complexity::check(bytes, profile.limits()).map_err(|refused| match refused {
        Refused::Malformed => LoadError::NotAComponent,
        Refused::Exceeds(what) => LoadError::TooComplex { profile, what },
    })
}

impl From<Mismatch> for LoadError {
    fn from(mismatch: Mismatch) -> Self {
        match mismatch {
            Mismatch::NotAComponent => Self::NotAComponent,
            Mismatch::Imports(name) => Self::Imports { name },
            Mismatch::Exports(name) => Self::Exports { name },
        }
    }
}

/// Compiles a component, and stores the machine code.
fn compile(
    engine: &Engine,
    cache: Option<&Cache>,
    profile: Profile,
    bytes: &[u8],
) -> Result<Component, LoadError> {
    let component = Component::from_binary(engine, bytes).map_err(|error| {
        // The runtime does not export the type of this error.
        if format!("{error:#}").contains(DOES_NOT_FIT) {
            LoadError::Plugin(PluginError::Memory)
        } else {
            LoadError::NotAComponent
        }
    })?;
    if let Some(cache) = cache {
        cache.store(engine, profile, bytes, &component);
    }
    Ok(component)
}

/// A function of the contract, and its index in a component.
pub(crate) struct Function {
    pub(crate) name: &'static str,
    pub(crate) index: ComponentExportIndex,
}

/// All functions except `vendors`, which is called once on loading. A call then needs no search,
/// and checks only the types of its own function. Exports beyond the contract are ignored.
pub(crate) struct Exports {
    pub(crate) describe: Function,
    pub(crate) credential_schema: Function,
    pub(crate) validate: Function,
    pub(crate) origins: Function,
    pub(crate) authenticate: Function,
    pub(crate) refresh: Function,
    pub(crate) inspect: Function,
    pub(crate) authorize: Function,
    pub(crate) classify: Function,
}

impl Exports {
    fn find(component: &Component) -> Option<Self> {
        let credentials = component.get_export_index(None, CREDENTIALS)?;
        let function = |name| {
            let index = component.get_export_index(Some(&credentials), name)?;
            Some(Function { name, index })
        };
        Some(Self {
            describe: function("describe")?,
            credential_schema: function("credential-schema")?,
            validate: function("validate")?,
            origins: function("origins")?,
            authenticate: function("authenticate")?,
            refresh: function("refresh")?,
            inspect: function("inspect")?,
            authorize: function("authorize")?,
            classify: function("classify")?,
        })
    }
}
