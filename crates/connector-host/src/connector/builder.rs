//! Loading a plugin: its options, and the file or bytes of the component.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::time::timeout;

use crate::clock::{Clock, SystemClock};
use crate::connector::Connector;
use crate::contract;
use crate::egress::origin::Origin;
use crate::egress::policy::EgressPolicy;
use crate::error::{LoadError, PluginError};
use crate::limits::{Limits, MAX_COMPONENT_BYTES, Profile};
use crate::random::{Random, SystemRandom};
use crate::runtime::Runtime;
use crate::runtime::cache::Cache;
use crate::runtime::component::CompiledComponent;
use crate::runtime::plugin::Plugin;
use crate::transport::Transport;

/// The options of a [`Connector`].
pub struct Builder {
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    limits: Option<Limits>,
    profile: Profile,
    granted: Option<Arc<[Origin]>>,
    runtime: Option<Runtime>,
    cache: Option<PathBuf>,
    tolerates_breaches: bool,
    is_strict: bool,
}

impl Connector {
    /// Starts with the transport of the requests: [`Live`](crate::Live), or a fake one in tests.
    pub fn builder(transport: Arc<dyn Transport>) -> Builder {
        Builder {
            transport,
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            limits: None,
            profile: Profile::default(),
            granted: None,
            runtime: None,
            cache: None,
            tolerates_breaches: false,
            is_strict: false,
        }
    }
}

impl Builder {
    /// Sets the limits of one call. Default: [`Profile::call_limits`].
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = Some(limits);
        self
    }

    /// Sets the limits on the plugin's code, on the parts of its instances and on the time to load
    /// it. Default: [`Profile::Native`].
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// Sets the operator's allow-list: a request is sent only to an origin that its credential
    /// needs *and* that is granted here. An origin that a credential needs and its vendor does not
    /// declare must be granted here. Default: the declared origins are granted, and no other.
    #[must_use]
    pub fn grant(mut self, origins: impl IntoIterator<Item = Origin>) -> Self {
        self.granted = Some(origins.into_iter().collect());
        self
    }

    /// Sets the clock that dates the sessions. Default: [`SystemClock`].
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets the source of the plugin's random bytes, for tests. Default: [`SystemRandom`].
    #[must_use]
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = random;
        self
    }

    /// Sets the runtime of the calls, which must be [of the same
    /// profile](Runtime::for_profile). Default: one for all connectors of the profile, see
    /// [`Runtime::shared`].
    #[must_use]
    pub fn runtime(mut self, runtime: Runtime) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// Keeps the plugin's machine code in this folder, and loads it from there the next time, in
    /// this process or another: in a millisecond instead of a third of a second.
    /// Default: the plugin is compiled each time.
    ///
    /// Machine code is authenticated with a key, which is in the folder too and which only its
    /// owner can read. Files that were changed or damaged are removed, and the plugin is
    /// compiled anew. A missing folder is created; one that others may write to is refused with
    /// [`LoadError::Cache`]. It may be emptied at any time. A failure to store machine code is not
    /// an error; it is logged.
    #[must_use]
    pub fn cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache = Some(folder.into());
        self
    }

    /// Loads a plugin although its descriptions or schemas break a rule:
    /// [`Connector::breaches`] lists the faults. For tools that report on plugins; a platform would
    /// show forms that do not work. Default: such a plugin is not loaded.
    #[must_use]
    pub fn tolerate_breaches(mut self) -> Self {
        self.tolerates_breaches = true;
        self
    }

    /// Takes a value outside its bounds for a breach of the contract, for checks of a plugin: a
    /// wait of more than a day, a name with invisible characters, a thousand issues. Default: it
    /// is cut to its bounds.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.is_strict = true;
        self
    }

    /// Loads a component from a file; see [`Builder::load_bytes`].
    pub async fn load_file(self, path: &Path) -> Result<Connector, LoadError> {
        let path = path.to_owned();
        let read = move || read(&path).map_err(|error| LoadError::Read { path, error });
        let bytes = blocking(read).await?.ok_or(LoadError::TooLong)?;
        self.load(bytes).await
    }

    /// Checks the imports and exports of a component, compiles it on a blocking thread, lists its
    /// vendors, and checks their descriptions and schemas. The rules are those of
    /// [`LoadRule`](crate::LoadRule).
    ///
    /// Needs a tokio runtime with its timer enabled.
    pub async fn load_bytes(self, bytes: &[u8]) -> Result<Connector, LoadError> {
        if bytes.len() > MAX_COMPONENT_BYTES {
            return Err(LoadError::TooLong);
        }
        self.load(bytes.to_vec()).await
    }

    async fn load(self, bytes: Vec<u8>) -> Result<Connector, LoadError> {
        let (profile, runtime, cache) = (self.profile, self.runtime, self.cache);
        let component = blocking(move || {
            let runtime = runtime.map_or_else(|| Runtime::shared_for(profile), Ok)?;
            let cache = cache.map(|folder| {
                let cache = Cache::open(&folder);
                cache.map_err(|error| LoadError::Cache { folder, error })
            });
            CompiledComponent::compile(runtime, cache.transpose()?.as_ref(), profile, &bytes)
        });
        // The compiler cannot be stopped: its thread ends later, within the limits of the profile.
        let component = timeout(profile.limits().deadline, component).await;
        let mut plugin = Plugin {
            component: component.unwrap_or(Err(LoadError::TooSlow { profile }))?,
            transport: self.transport,
            clock: self.clock,
            random: self.random,
            limits: self.limits.unwrap_or(profile.call_limits()),
            vendors: Vec::new(),
            policies: Vec::new(),
            is_strict: self.is_strict,
        };
        let listed = plugin.list_vendors().await?.ok_or(LoadError::ExportTypes)?;
        plugin.vendors = contract::conversions::vendors(listed)?;
        plugin.policies = plugin
            .vendors
            .iter()
            .map(|vendor| EgressPolicy::new(&vendor.origins, self.granted.as_ref()))
            .collect();
        let connector = Connector::new(plugin);
        if !self.tolerates_breaches {
            let checked = timeout(profile.limits().deadline, check(&connector)).await;
            checked.unwrap_or(Err(PluginError::Deadline.into()))?;
        }
        Ok(connector)
    }
}

/// Fails with the first breach of a rule.
async fn check(connector: &Connector) -> Result<(), LoadError> {
    for vendor in connector.vendors() {
        let breaches = connector.breaches_of(vendor).await?;
        if let Some(first) = breaches.into_iter().next() {
            return Err(first.into());
        }
    }
    Ok(())
}

/// Reads a file; `None` if it is longer than a component may be.
fn read(path: &Path) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let limit = MAX_COMPONENT_BYTES + 1;
    File::open(path)?
        .take(limit as u64)
        .read_to_end(&mut bytes)?;
    Ok((bytes.len() < limit).then_some(bytes))
}

/// Runs work that reads files or computes for long on a blocking thread.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LoadError> + Send + 'static,
) -> Result<T, LoadError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or(Err(LoadError::Engine))
}
