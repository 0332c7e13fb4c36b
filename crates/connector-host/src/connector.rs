//! Loading a plugin and calling it: every call in an instance of its own, within the limits, one method per function of the contract.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use futures::future::FutureExt;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, HOST, HeaderValue, TRANSFER_ENCODING};
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;
use tracing::field::Empty;
use wasmtime::component::{
    Component, ComponentExportIndex, ComponentNamedList, ComponentType, InstancePre, Lift, Lower,
};
use wasmtime::{PoolConcurrencyLimitError, Store};
use zeroize::{Zeroize, Zeroizing};

use crate::bindings::Connector as Instance;
use crate::bindings::exports::integration::connector::types as wit;
use crate::cache::Cache;
use crate::door::{self, Door};
use crate::egress::Egress;
use crate::limits::MAX_COMPONENT_BYTES;
use crate::plugin_state::{MAX_HANDLES, MemoryLimit, PluginState};
use crate::{
    Access, ApiResponse, CallError, Clock, ConnectorError, Limits, LoadError, Origin, PluginError,
    ResponseBody, Runtime, SendError, Session, SystemClock, Transport, TransportError, Vendor,
    Verdict, imports,
};

/// How the runtime says that a component starts with more than the pool gives.
const NO_ROOM: &str = "does not fit in pooling allocator";

/// The interface that a plugin exports.
const CREDENTIALS: &str = "integration:connector/credentials@0.1.0";

/// Collects what a plugin runs with, and loads it.
pub struct Builder {
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    limits: Limits,
    granted: Option<Arc<[Origin]>>,
    runtime: Option<Runtime>,
    cache: Option<PathBuf>,
}

impl Builder {
    /// Sets what one call may use up. Not called: [`Limits::default`].
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the operator's allow-list: a request leaves only to an origin that its vendor declares *and* that is granted here.
    /// Not called: whatever a vendor declares is granted.
    #[must_use]
    pub fn grant(mut self, origins: impl IntoIterator<Item = Origin>) -> Self {
        self.granted = Some(origins.into_iter().collect());
        self
    }

    /// Sets the clock that dates the sessions. Not called: that of the machine.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets what the calls run in. Not called: [`Runtime::shared`].
    #[must_use]
    pub fn runtime(mut self, runtime: Runtime) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// Keeps the plugin's machine code in this folder, and takes it from there when the same plugin is loaded again, by this process or
    /// another: in a fraction of a millisecond instead of a third of a second. Not called: the plugin is compiled each time.
    ///
    /// The folder is made if there is none. It has to be the operator's own, for its content is run as it is; one that others may write to is
    /// refused with [`LoadError::Cache`]. It may be emptied at any time. Machine code that cannot be kept is no error, and is told to the log.
    #[must_use]
    pub fn cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache = Some(folder.into());
        self
    }

    /// Loads a component from a file; see [`Builder::load_bytes`].
    pub async fn load_file(self, path: &Path) -> Result<Connector, LoadError> {
        let path = path.to_owned();
        let read = move || read(&path).map_err(|error| LoadError::Read { path, error });
        let bytes = blocking(read).await?.ok_or(LoadError::TooLong)?;
        self.load(bytes).await
    }

    /// Compiles a component on a thread where that is allowed to take a moment, checks its imports and exports, and asks it
    /// once which vendors it serves.
    ///
    /// Needs a tokio runtime with its timer enabled.
    pub async fn load_bytes(self, bytes: &[u8]) -> Result<Connector, LoadError> {
        if bytes.len() > MAX_COMPONENT_BYTES {
            return Err(LoadError::TooLong);
        }
        self.load(bytes.to_vec()).await
    }

    async fn load(self, bytes: Vec<u8>) -> Result<Connector, LoadError> {
        let compiled = blocking(move || {
            let runtime = self.runtime.map_or_else(Runtime::shared, Ok)?;
            let cache = self.cache.map(|folder| {
                let cache = Cache::open(&folder);
                cache.map_err(|error| LoadError::Cache { folder, error })
            });
            compile(runtime, cache.transpose()?, &bytes)
        });
        let mut plugin = Plugin {
            compiled: compiled.await?,
            transport: self.transport,
            clock: self.clock,
            limits: self.limits,
            vendors: Vec::new(),
            walls: Vec::new(),
        };
        let listed = plugin.begin().await?.ok_or(LoadError::Exports)?;
        let vendors: Result<Vec<_>, _> = listed.into_iter().map(Vendor::try_from).collect();
        plugin.vendors = vendors?;
        plugin.walls = plugin
            .vendors
            .iter()
            .map(|vendor| Egress::new(vendor.origins.as_slice().into(), self.granted.clone()))
            .collect();
        Ok(Connector {
            plugin: Arc::new(plugin),
        })
    }
}

/// Reads a file, or nothing if it is longer than a component may be.
fn read(path: &Path) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let limit = MAX_COMPONENT_BYTES + 1;
    File::open(path)?
        .take(limit as u64)
        .read_to_end(&mut bytes)?;
    Ok((bytes.len() < limit).then_some(bytes))
}

/// Runs work that reads files or computes for long where it holds nobody up.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LoadError> + Send + 'static,
) -> Result<T, LoadError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or(Err(LoadError::Engine))
}

/// A component in machine code.
struct Compiled {
    runtime: Runtime,
    pre: InstancePre<PluginState>,
    exports: Exports,
    imports: Vec<String>,
    /// How many memories an instance has.
    memories: u32,
}

/// Makes machine code of a component, or takes it from the cache, and links what it imports.
fn compile(runtime: Runtime, cache: Option<Cache>, bytes: &[u8]) -> Result<Compiled, LoadError> {
    let linker = runtime.linker();
    let engine = linker.engine();
    let component = match cache {
        Some(cache) => cache.component(engine, bytes),
        None => Component::new(engine, bytes),
    };
    let component = component.map_err(|error| {
        // The runtime keeps the type of this one to itself.
        if format!("{error:#}").contains(NO_ROOM) {
            LoadError::Plugin(PluginError::Memory)
        } else {
            LoadError::NotAComponent
        }
    })?;
    let imports: Vec<String> = component
        .component_type()
        .imports(engine)
        .map(|(name, _)| name.to_owned())
        .collect();
    if let Some(name) = imports.iter().find(|name| !imports::offers(name)) {
        return Err(LoadError::Imports { name: name.clone() });
    }
    let pre = linker.instantiate_pre(&component).map_err(|error| {
        // One of the seven, in a form of its own. The runtime puts the name in backquotes.
        let text = error.to_string();
        let name = text.split('`').nth(1).unwrap_or("an unknown form of WASI");
        LoadError::Imports {
            name: name.to_owned(),
        }
    })?;
    let exports = Exports::of(&component).ok_or(LoadError::Exports)?;
    // Unknown only for what imports core modules, which is refused above.
    let memories = component
        .resources_required()
        .map_or(1, |all| all.num_memories);
    Ok(Compiled {
        runtime,
        pre,
        exports,
        imports,
        memories,
    })
}

/// A function of the contract, and where a component has it.
struct Function {
    name: &'static str,
    index: ComponentExportIndex,
}

/// All but `vendors`, which is asked once at loading, so that a call has to look for none and to check the types of its own alone.
struct Exports {
    credential_schema: Function,
    validate: Function,
    authenticate: Function,
    refresh: Function,
    inspect: Function,
    classify: Function,
}

impl Exports {
    fn of(component: &Component) -> Option<Self> {
        let credentials = component.get_export_index(None, CREDENTIALS)?;
        let function = |name| {
            let index = component.get_export_index(Some(&credentials), name)?;
            Some(Function { name, index })
        };
        Some(Self {
            credential_schema: function("credential-schema")?,
            validate: function("validate")?,
            authenticate: function("authenticate")?,
            refresh: function("refresh")?,
            inspect: function("inspect")?,
            classify: function("classify")?,
        })
    }
}

/// A loaded plugin. Cheap to clone; calls may run at the same time and know nothing of each other.
///
/// Each call may be dropped at any moment, which ends it and its request. The methods are those of `credentials` in
/// `wit/credentials.wit`, which says what they promise; a vendor that the plugin does not list gives
/// [`ConnectorError::UnknownVendor`].
#[derive(Clone)]
pub struct Connector {
    plugin: Arc<Plugin>,
}

impl fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Connector")
            .field("vendors", &self.plugin.vendors)
            .finish_non_exhaustive()
    }
}

/// What all calls share.
struct Plugin {
    compiled: Compiled,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    limits: Limits,
    vendors: Vec<Vendor>,
    /// In the order of `vendors`.
    walls: Vec<Egress>,
}

impl Connector {
    /// Begins with what carries the requests: [`Live`](crate::Live), or a fake one in tests.
    pub fn builder(transport: Arc<dyn Transport>) -> Builder {
        Builder {
            transport,
            clock: Arc::new(SystemClock),
            limits: Limits::default(),
            granted: None,
            runtime: None,
            cache: None,
        }
    }

    /// The vendors that the plugin connects to, in the order to show them.
    pub fn vendors(&self) -> &[Vendor] {
        &self.plugin.vendors
    }

    /// The names of all that the component imports, such as `wasi:http/types@0.2.12`.
    pub fn imports(&self) -> &[String] {
        &self.plugin.compiled.imports
    }

    /// The time by which sessions are dated.
    pub(crate) fn now(&self) -> SystemTime {
        self.plugin.clock.now()
    }

    /// Returns the JSON Schema of the vendor's credential document. No network.
    pub async fn credential_schema(&self, vendor: &str) -> Result<String, CallError> {
        let plugin = &*self.plugin;
        let function = &plugin.compiled.exports.credential_schema;
        plugin.ask(function, vendor, (vendor,), Ok).await
    }

    /// Checks a credential document and reports every problem at once. No network.
    pub async fn validate(&self, vendor: &str, credential: &str) -> Result<(), CallError> {
        let plugin = &*self.plugin;
        let function = &plugin.compiled.exports.validate;
        plugin.ask(function, vendor, (vendor, credential), Ok).await
    }

    /// Runs the grant and returns a session. One request.
    pub async fn authenticate(&self, vendor: &str, credential: &str) -> Result<Session, CallError> {
        let plugin = &*self.plugin;
        let function = &plugin.compiled.exports.authenticate;
        let read = plugin.session_of(vendor);
        plugin
            .ask(function, vendor, (vendor, credential), read)
            .await
    }

    /// Replaces a session by a new one, however long it would last. One request.
    pub async fn refresh(
        &self,
        vendor: &str,
        credential: &str,
        current: &Session,
    ) -> Result<Session, CallError> {
        let plugin = &*self.plugin;
        let function = &plugin.compiled.exports.refresh;
        let current = Wiped(current.into());
        let arguments = (vendor, credential, &current.0);
        let read = plugin.session_of(vendor);
        plugin.ask(function, vendor, arguments, read).await
    }

    /// Asks the vendor what the credential reaches. One request, free of side effects beyond an unused token.
    pub async fn inspect(&self, vendor: &str, credential: &str) -> Result<Access, CallError> {
        let plugin = &*self.plugin;
        let function = &plugin.compiled.exports.inspect;
        let read = |access: wit::Access| access.try_into();
        plugin
            .ask(function, vendor, (vendor, credential), read)
            .await
    }

    /// Tells what an API response says about the session that was used. No network.
    pub async fn classify(
        &self,
        vendor: &str,
        response: &ApiResponse,
    ) -> Result<Verdict, CallError> {
        let plugin = &*self.plugin;
        let function = &plugin.compiled.exports.classify;
        let response = wit::Response::from(response);
        let read = |verdict: wit::Verdict| Ok(verdict.into());
        plugin
            .ask(function, vendor, (vendor, &response), read)
            .await
    }

    /// Makes one API call with a session: puts the path and query of `request` behind the session's base URL, adds the bearer,
    /// and sends it, once, if the egress allows. No redirect is followed.
    ///
    /// The reply may have any status; ask [`Connector::classify`] what it says about the session. Its body is streamed and
    /// as long as it is, only its silences are bounded; trailers are left out. The transport writes `host` and the length; the request's own are dropped.
    pub async fn send(
        &self,
        vendor: &str,
        session: &Session,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<ResponseBody>, SendError> {
        let plugin = &*self.plugin;
        let wall = plugin.wall(vendor).ok_or(SendError::UnknownVendor)?;
        let request = with_session(session, request)?;
        if !wall.allows(request.uri()) {
            return Err(TransportError::Denied.into());
        }
        let timeouts = plugin.limits.timeouts;
        Ok(door::ask(&*plugin.transport, request, timeouts, None, usize::MAX).await?)
    }
}

impl Plugin {
    /// What the vendor's requests may reach, or `None` if the plugin does not list it.
    fn wall(&self, vendor: &str) -> Option<&Egress> {
        let mut walls = self.vendors.iter().zip(&self.walls);
        walls
            .find(|(listed, _)| listed.id == vendor)
            .map(|(_, wall)| wall)
    }

    /// Asks the plugin for its vendors, or finds out that its exports are not those of the contract: their types are known only with an
    /// instance. The only call without a vendor, and so without a way out.
    async fn begin(&self) -> Result<Option<Vec<wit::Vendor>>, PluginError> {
        let work = |until| async move {
            let mut store = self.store("", until);
            let errands = store.data().errands().clone();
            let call = async {
                let instance = self.compiled.pre.instantiate_async(&mut store).await?;
                let Ok(instance) = Instance::new(&mut store, &instance) else {
                    return Ok(None);
                };
                let credentials = instance.integration_connector_credentials();
                Ok(Some(credentials.call_vendors(&mut store).await?))
            };
            errands.along(pin!(call)).await
        };
        self.timed(work).await
    }

    /// Calls one function of the contract in an instance of its own, which has nothing from any other and goes with the call.
    async fn call<P, R>(
        &self,
        function: &Function,
        vendor: &str,
        until: Instant,
        arguments: P,
    ) -> wasmtime::Result<R>
    where
        P: ComponentNamedList + Lower + Send + Sync,
        R: ComponentType + Lift + Send + Sync + 'static,
    {
        let mut store = self.store(vendor, until);
        let errands = store.data().errands().clone();
        let call = async {
            // Boxed, for it is most of a call's future and would stay a part of it for as long as the vendor takes to answer.
            let instance = self.compiled.pre.instantiate_async(&mut store).boxed();
            let instance = instance.await?;
            let function = instance.get_typed_func::<P, (R,)>(&mut store, &function.index)?;
            let (result,) = function.call_async(&mut store, arguments).await?;
            Ok(result)
        };
        errands.along(pin!(call)).await
    }

    /// Makes what an instance lives in, with the limits of one call.
    fn store(&self, vendor: &str, until: Instant) -> Store<PluginState> {
        let egress = self.wall(vendor).cloned().unwrap_or_else(Egress::closed);
        let left = Limits {
            deadline: until.saturating_duration_since(Instant::now()),
            ..self.limits.clone()
        };
        let door = Door::new(Arc::clone(&self.transport), egress, &left);
        let state = PluginState::new(door, Arc::clone(&self.clock), left.memory_bytes);
        let mut store = Store::new(self.compiled.pre.engine(), state);
        store.limiter(|state| state);
        store.set_hostcall_fuel(left.result_bytes);
        store.set_max_component_handles(MAX_HANDLES);
        // A loop without calls gives way at every tick, so that `timed` can end it and others can run.
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        store
    }

    /// Waits for room and for a call, both together within the deadline, of which `work` is told.
    async fn timed<T, W: Future<Output = wasmtime::Result<T>>>(
        &self,
        work: impl FnOnce(Instant) -> W,
    ) -> Result<T, PluginError> {
        let until = door::after(self.limits.deadline);
        let room = self.compiled.runtime.room(self.compiled.memories);
        // Kept until the work, and with it its store, is dropped.
        let Ok(Some(_room)) = timeout_at(until, room).await else {
            return Err(PluginError::Busy);
        };
        match timeout_at(until, work(until)).await {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(error)) => Err(plugin_error(&error)),
            Err(_) => Err(PluginError::Deadline),
        }
    }

    /// Calls a function that can fail, with a span that tells how it ended and nothing more. `read` makes this crate's type of the
    /// result; one that breaks the contract has not ended well.
    async fn ask<P, T, R>(
        &self,
        function: &Function,
        vendor: &str,
        arguments: P,
        read: impl FnOnce(T) -> Result<R, PluginError>,
    ) -> Result<R, CallError>
    where
        P: ComponentNamedList + Lower + Send + Sync,
        T: ComponentType + Lift + Send + Sync + 'static,
    {
        // An id that is not known may be anything that a person typed.
        let known = self.wall(vendor).map(|_| vendor);
        let name = function.name;
        let span = tracing::debug_span!("call", function = name, vendor = known, outcome = Empty);
        let work = |until| self.call(function, vendor, until, arguments);
        let result = match self.timed(work).instrument(span.clone()).await {
            Ok(Ok(value)) => read(value).map_err(CallError::from),
            Ok(Err(error)) => {
                let error: wit::Error = error;
                Err(ConnectorError::try_from(error).map_or_else(CallError::from, CallError::from))
            }
            Err(error) => Err(error.into()),
        };
        let outcome = result.as_ref().map_or_else(CallError::kind, |_| "ok");
        span.record("outcome", outcome);
        if let Err(error) = &result {
            span.in_scope(|| tracing::debug!(%error, "the call failed"));
        }
        result
    }

    /// How a session of the vendor is read: its base URL has to be within what the vendor declares, granted or not.
    fn session_of(
        &self,
        vendor: &str,
    ) -> impl FnOnce(wit::Session) -> Result<Session, PluginError> {
        let wall = self
            .wall(vendor)
            .map_or_else(Egress::closed, Egress::declared);
        move |session| Session::read(session, &wall)
    }
}

/// Names what a plugin did wrong, in fixed words: the runtime's text may quote what the plugin made up.
fn plugin_error(error: &wasmtime::Error) -> PluginError {
    if error.is::<MemoryLimit>() {
        return PluginError::Memory;
    }
    if error.is::<PoolConcurrencyLimitError>() {
        return PluginError::Busy;
    }
    if let Some(trap) = error.downcast_ref::<wasmtime::Trap>() {
        let text = trap.to_string();
        return PluginError::Trapped(text.trim_start_matches("wasm trap: ").to_owned());
    }
    // The runtime keeps the types of these to itself.
    let text = error.root_cause().to_string();
    if text.starts_with("too much data is being copied") {
        return PluginError::Result;
    }
    if text.starts_with("resource limit exceeded") {
        return PluginError::Memory;
    }
    PluginError::Trapped("a call that the runtime does not allow".to_owned())
}

/// A session in the form in which it enters the plugin; its token is wiped when the call ends, whichever way.
struct Wiped(wit::Session);

impl Drop for Wiped {
    fn drop(&mut self) {
        self.0.access_token.zeroize();
    }
}

/// Checks that an API request is one that can be put on a session.
pub(crate) fn check_request(request: &http::Request<Bytes>) -> Result<(), SendError> {
    if request.uri().authority().is_some() || !request.uri().path().starts_with('/') {
        return Err(SendError::Request("its address is not a path"));
    }
    if request.method() == http::Method::CONNECT {
        return Err(SendError::Request("its method opens a tunnel"));
    }
    Ok(())
}

/// Puts an API request on a session.
fn with_session(
    session: &Session,
    request: http::Request<Bytes>,
) -> Result<http::Request<Bytes>, SendError> {
    check_request(&request)?;
    let refuse = |part| Err(SendError::Request(part));
    let (parts, body) = request.into_parts();
    if session.base_url.contains(['?', '#']) {
        return refuse("the base URL has more than a path");
    }
    let url = format!("{}{}", session.base_url.trim_end_matches('/'), parts.uri);
    let Ok(url) = url.parse::<http::Uri>() else {
        return refuse("the base URL is not an address");
    };
    let bearer = Zeroizing::new(format!("Bearer {}", session.access_token.expose()));
    let Ok(mut bearer) = HeaderValue::from_str(&bearer) else {
        return refuse("the access token does not fit into a header");
    };
    bearer.set_sensitive(true);

    let mut request = http::Request::new(body);
    *request.method_mut() = parts.method;
    *request.uri_mut() = url;
    *request.headers_mut() = parts.headers;
    let headers = request.headers_mut();
    for name in [HOST, CONTENT_LENGTH, TRANSFER_ENCODING] {
        headers.remove(name);
    }
    headers.insert(AUTHORIZATION, bearer);
    Ok(request)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;

    fn session(base_url: &str, token: &str) -> Session {
        Session {
            access_token: Secret::new(token),
            base_url: base_url.to_owned(),
            scopes: Vec::new(),
            project: None,
            issued_at: SystemTime::UNIX_EPOCH,
            expires_at: SystemTime::UNIX_EPOCH,
            refresh_after: SystemTime::UNIX_EPOCH,
        }
    }

    fn get(path: &str) -> http::Request<Bytes> {
        http::Request::get(path).body(Bytes::new()).unwrap()
    }

    #[test]
    fn puts_path_and_bearer_on_the_session_and_drops_what_the_transport_writes() {
        let mut request = get("/v1/exports?limit=1");
        for name in [HOST, CONTENT_LENGTH, TRANSFER_ENCODING, AUTHORIZATION] {
            request.headers_mut().insert(name, "mine".parse().unwrap());
        }
        let session = session("https://api.eu.contentsquare.com/base", "t0k");
        let request = with_session(&session, request).unwrap();
        let url = "https://api.eu.contentsquare.com/base/v1/exports?limit=1";
        assert_eq!(request.uri(), url);
        assert_eq!(request.headers().len(), 1);
        assert_eq!(request.headers()[AUTHORIZATION], "Bearer t0k");
        assert!(!format!("{request:?}").contains("t0k"));
    }

    #[test]
    fn refuses_what_would_carry_the_token_elsewhere() {
        let good = "https://api.hotjar.io";
        let connect = http::Request::connect("/x").body(Bytes::new()).unwrap();
        for (base, token, request) in [
            (good, "t", get("https://evil.example/x")),
            (good, "t", get("*")),
            (good, "t", connect),
            ("https://api.hotjar.io?", "t", get("/x")),
            ("https://api.hotjar.io#", "t", get("/x")),
            ("", "t\r\nx: y", get("/x")),
            (good, "t\r\nx: y", get("/x")),
        ] {
            let refused = with_session(&session(base, token), request);
            assert!(matches!(refused, Err(SendError::Request(_))), "{base}");
        }
    }
}
