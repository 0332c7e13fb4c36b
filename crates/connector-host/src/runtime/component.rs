//! A compiled component: its imports checked and linked, its exports of the contract found.

use wasmtime::Engine;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre};

use crate::error::{LoadError, PluginError};
use crate::limits::{Profile, Room};
use crate::runtime::cache::Cache;
use crate::runtime::complexity::{self, Refused};
use crate::runtime::plugin_state::PluginState;
use crate::runtime::{Runtime, imports};

/// The runtime's error for a component whose initial memory exceeds the pool's limit.
const DOES_NOT_FIT: &str = "does not fit in pooling allocator";

/// The interface that a plugin exports.
const CREDENTIALS: &str = "integration:connector/credentials@0.1.0";

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
    /// Compiles a component within the limits of the profile, or loads it from the cache, and links
    /// its imports.
    pub(crate) fn compile(
        runtime: Runtime,
        cache: Option<&Cache>,
        profile: Profile,
        bytes: &[u8],
    ) -> Result<Self, LoadError> {
        let linker = runtime.linker();
        let engine = linker.engine();
        let kept = cache.and_then(|cache| cache.load(engine, profile, bytes));
        let component = match kept {
            Some(component) => component,
            None => compile(engine, cache, profile, bytes)?,
        };
        let imports: Vec<String> = component
            .component_type()
            .imports(engine)
            .map(|(name, _)| name.to_owned())
            .collect();
        if let Some(name) = imports.iter().find(|name| !imports::is_available(name)) {
            return Err(LoadError::Imports { name: name.clone() });
        }
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
        let exports = Exports::find(&component).ok_or(LoadError::Exports)?;
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

/// Compiles a component, if it is within the limits of the profile, and stores the machine code.
fn compile(
    engine: &Engine,
    cache: Option<&Cache>,
    profile: Profile,
    bytes: &[u8],
) -> Result<Component, LoadError> {
    complexity::check(bytes, profile.limits()).map_err(|refused| match refused {
        Refused::Malformed => LoadError::NotAComponent,
        Refused::Exceeds(what) => LoadError::TooComplex { profile, what },
    })?;
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
