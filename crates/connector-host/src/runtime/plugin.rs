//! A loaded plugin, and one call of it: a new instance for each call, within the limits.

use std::pin::pin;
use std::sync::Arc;

use futures::future::FutureExt;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;
use tracing::field::Empty;
use wasmtime::component::{ComponentNamedList, ComponentType, Lift, Lower};
use wasmtime::{PoolConcurrencyLimitError, Store};

use crate::clock::Clock;
use crate::contract::bindings::Connector as Instance;
use crate::contract::bindings::exports::integration::connector::types as wit;
use crate::deadline::after;
use crate::egress::guard::EgressGuard;
use crate::egress::policy::EgressPolicy;
use crate::error::{CallError, ConnectorError, PluginError};
use crate::limits::Limits;
use crate::runtime::component::{CompiledComponent, Function};
use crate::runtime::plugin_state::{MAX_HANDLES, MemoryLimit, PluginState};
use crate::transport::Transport;
use crate::types::{Session, Vendor};

/// The shared part of all calls of a plugin.
pub(crate) struct Plugin {
    pub(crate) component: CompiledComponent,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) limits: Limits,
    pub(crate) vendors: Vec<Vendor>,
    /// In the order of `vendors`.
    pub(crate) policies: Vec<EgressPolicy>,
}

impl Plugin {
    /// The egress policy of a vendor, or `None` if the plugin does not list it.
    pub(crate) fn policy(&self, vendor: &str) -> Option<&EgressPolicy> {
        let mut policies = self.vendors.iter().zip(&self.policies);
        policies
            .find(|(listed, _)| listed.id == vendor)
            .map(|(_, policy)| policy)
    }

    /// Calls `vendors`. Returns `None` if the types of the exports are not those of the contract,
    /// which only an instance reveals. The only call without a vendor, and so without network.
    pub(crate) async fn list_vendors(&self) -> Result<Option<Vec<wit::Vendor>>, PluginError> {
        let work = |deadline| async move {
            let mut store = self.store("", deadline);
            let in_flight = store.data().in_flight().clone();
            let call = async {
                let instance = self.component.pre.instantiate_async(&mut store).await?;
                let Ok(instance) = Instance::new(&mut store, &instance) else {
                    return Ok(None);
                };
                let credentials = instance.integration_connector_credentials();
                Ok(Some(credentials.call_vendors(&mut store).await?))
            };
            in_flight.run_with(pin!(call)).await
        };
        self.within_deadline(work).await
    }

    /// Calls a fallible function of the contract. Its span records the outcome and nothing more.
    ///
    /// `read` converts the result; a result that breaks the contract counts as a failure.
    pub(crate) async fn call<P, T, R>(
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
        // An unknown id may be anything that a person typed.
        let known = self.policy(vendor).map(|_| vendor);
        let name = function.name;
        let span = tracing::debug_span!("call", function = name, vendor = known, outcome = Empty);
        let work = |deadline| self.call_instance(function, vendor, deadline, arguments);
        let result = match self.within_deadline(work).instrument(span.clone()).await {
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

    /// Calls a function in a new instance, which is dropped with the call.
    async fn call_instance<P, R>(
        &self,
        function: &Function,
        vendor: &str,
        deadline: Instant,
        arguments: P,
    ) -> wasmtime::Result<R>
    where
        P: ComponentNamedList + Lower + Send + Sync,
        R: ComponentType + Lift + Send + Sync + 'static,
    {
        let mut store = self.store(vendor, deadline);
        let in_flight = store.data().in_flight().clone();
        let call = async {
            // Boxed, because it is most of a call's future, and would stay part of it while the
            // vendor responds.
            let instance = self.component.pre.instantiate_async(&mut store).boxed();
            let instance = instance.await?;
            let function = instance.get_typed_func::<P, (R,)>(&mut store, &function.index)?;
            let (result,) = function.call_async(&mut store, arguments).await?;
            Ok(result)
        };
        in_flight.run_with(pin!(call)).await
    }

    /// Creates the store of one call, with its limits.
    fn store(&self, vendor: &str, deadline: Instant) -> Store<PluginState> {
        let policy = self.policy(vendor).cloned();
        let policy = policy.unwrap_or_else(EgressPolicy::deny_all);
        let limits = Limits {
            deadline: deadline.saturating_duration_since(Instant::now()),
            ..self.limits.clone()
        };
        let egress = EgressGuard::new(Arc::clone(&self.transport), policy, &limits);
        let state = PluginState::new(egress, Arc::clone(&self.clock), limits.memory_bytes);
        let mut store = Store::new(self.component.pre.engine(), state);
        store.limiter(|state| state);
        store.set_hostcall_fuel(limits.result_bytes);
        store.set_max_component_handles(MAX_HANDLES);
        // A busy loop yields at every tick, so that `within_deadline` can end it and others run.
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        store
    }

    /// Waits for capacity and for a call, both within the deadline, which is passed to `work`.
    async fn within_deadline<T, W: Future<Output = wasmtime::Result<T>>>(
        &self,
        work: impl FnOnce(Instant) -> W,
    ) -> Result<T, PluginError> {
        let deadline = after(self.limits.deadline);
        let capacity = self.component.runtime.capacity(self.component.memories);
        // Held until the work, and with it its store, is dropped.
        let Ok(Some(_permit)) = timeout_at(deadline, capacity).await else {
            return Err(PluginError::Busy);
        };
        match timeout_at(deadline, work(deadline)).await {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(error)) => Err(plugin_error(&error)),
            Err(_) => Err(PluginError::Deadline),
        }
    }

    /// The conversion of a vendor's session. Its base URL must be within the declared origins,
    /// granted or not.
    pub(crate) fn session_of(
        &self,
        vendor: &str,
    ) -> impl FnOnce(wit::Session) -> Result<Session, PluginError> + use<> {
        let policy = self
            .policy(vendor)
            .map_or_else(EgressPolicy::deny_all, EgressPolicy::declared);
        move |session| Session::read(session, &policy)
    }
}

/// The plugin's fault, in fixed words: the runtime's message may quote strings of the plugin.
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
    // The runtime does not export the types of these errors.
    let text = error.root_cause().to_string();
    if text.starts_with("too much data is being copied") {
        return PluginError::Result;
    }
    if text.starts_with("resource limit exceeded") {
        return PluginError::Memory;
    }
    PluginError::Trapped("a call that the runtime does not allow".to_owned())
}
