//! A loaded plugin, and one call of it: a new instance for each call, within the limits.

use std::pin::pin;
use std::sync::Arc;

use futures::future::FutureExt;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;
use tracing::field::Empty;
use wasmtime::component::{ComponentNamedList, ComponentType, Instance, Lift, Lower};
use wasmtime::{PoolConcurrencyLimitError, Store, UpdateDeadline};

use crate::clock::Clock;
use crate::contract;
use crate::contract::bindings::Connector as Bindings;
use crate::contract::bindings::exports::integration::connector::types as wit;
use crate::deadline::after;
use crate::egress::guard::EgressGuard;
use crate::egress::origin::Origin;
use crate::egress::policy::EgressPolicy;
use crate::error::{CallError, ConnectorError, PluginError};
use crate::limits::Limits;
use crate::random::Random;
use crate::runtime::component::{CompiledComponent, Function};
use crate::runtime::plugin_state::{MAX_HANDLES, MemoryLimit, PluginState, ProcessorLimit};
use crate::transport::Transport;
use crate::types::Vendor;

/// The shared part of all calls of a plugin.
pub(crate) struct Plugin {
    pub(crate) component: CompiledComponent,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) limits: Limits,
    pub(crate) vendors: Vec<Vendor>,
    /// In the order of `vendors`.
    pub(crate) policies: Vec<EgressPolicy>,
    /// Whether a value outside its bounds is a breach.
    pub(crate) is_strict: bool,
}

/// The network of a call.
#[derive(Clone, Copy)]
pub(crate) enum Network<'a> {
    /// Every request is denied.
    Denied,
    /// Requests to the origins of this credential document.
    Of(&'a str),
    /// The same for a document that is still being filled in: as long as it is invalid, the origins
    /// are those of its vendor.
    OfUnfinished(&'a str),
}

/// The result of a function, and the origins that its credential may reach.
type WithOrigins<T> = (T, Vec<Origin>);

impl Plugin {
    /// A vendor and its egress policy, or `None` if the plugin does not list it.
    pub(crate) fn vendor(&self, id: &str) -> Option<(&Vendor, &EgressPolicy)> {
        let mut vendors = self.vendors.iter().zip(&self.policies);
        vendors.find(|(listed, _)| listed.id == id)
    }

    /// Calls `vendors`. Returns `None` if the types of the exports are not those of the contract,
    /// which only an instance reveals. The only call without a vendor, and so without network.
    pub(crate) async fn list_vendors(&self) -> Result<Option<Vec<wit::Vendor>>, PluginError> {
        let work = |deadline| async move {
            let mut store = self.store("", deadline);
            let in_flight = store.data().in_flight().clone();
            let call = async {
                let instance = self.component.pre.instantiate_async(&mut store).await?;
                let Ok(instance) = Bindings::new(&mut store, &instance) else {
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
    /// `read` converts the result, with the origins of the credential where the call has a network;
    /// a result that breaks the contract counts as a failure.
    pub(crate) async fn call<P, T, R>(
        &self,
        function: &Function,
        vendor: &str,
        network: Network<'_>,
        arguments: P,
        read: impl FnOnce(T, Vec<Origin>) -> Result<R, PluginError>,
    ) -> Result<R, CallError>
    where
        P: ComponentNamedList + Lower + Send + Sync,
        T: ComponentType + Lift + Send + Sync + 'static,
    {
        // An unknown id may be anything that a person typed.
        let known = self.vendor(vendor).map(|_| vendor);
        let name = function.name;
        let span = tracing::debug_span!("call", function = name, vendor = known, outcome = Empty);
        let work = |deadline| self.call_instance(function, vendor, network, deadline, arguments);
        let result = match self.within_deadline(work).instrument(span.clone()).await {
            Ok(Ok((value, origins))) => read(value, origins).map_err(CallError::from),
            Ok(Err(error)) => Err(error),
            Err(error) => Err(error.into()),
        };
        let outcome = result.as_ref().map_or_else(CallError::kind, |_| "ok");
        span.record("outcome", outcome);
        if let Err(error) = &result {
            span.in_scope(|| tracing::debug!(%error, "the call failed"));
        }
        result
    }

    /// Calls a function in a new instance, which is dropped with the call. A call with a network
    /// first gets the origins of the credential from the same instance.
    async fn call_instance<P, T>(
        &self,
        function: &Function,
        vendor: &str,
        network: Network<'_>,
        deadline: Instant,
        arguments: P,
    ) -> wasmtime::Result<Result<WithOrigins<T>, CallError>>
    where
        P: ComponentNamedList + Lower + Send + Sync,
        T: ComponentType + Lift + Send + Sync + 'static,
    {
        let mut store = self.store(vendor, deadline);
        let in_flight = store.data().in_flight().clone();
        let call = async {
            // Boxed, because it is most of a call's future, and would stay part of it while the
            // vendor responds.
            let instance = self.component.pre.instantiate_async(&mut store).boxed();
            let instance = instance.await?;
            if !matches!(network, Network::Denied) {
                match self
                    .origins_of(&mut store, &instance, vendor, network)
                    .await?
                {
                    Ok(origins) => store.data_mut().egress().allow(origins),
                    Err(error) => return Ok(Err(error)),
                }
            }
            let result = typed::<P, T>(&mut store, &instance, function, arguments).await?;
            if let Err(error) = &result
                && let Err(breach) = self.within_bounds(error, contract::excess::of_error)
            {
                return Ok(Err(breach.into()));
            }
            let egress = store.data_mut().egress();
            let (origins, failure) = (egress.take_origins(), egress.failure());
            let explained = |error| match call_error(error) {
                CallError::Connector(error) => error.explained(failure).into(),
                error => error,
            };
            Ok(result.map(|value| (value, origins)).map_err(explained))
        };
        in_flight.run_with(pin!(call)).await
    }

    /// Calls a function without network once for each of the arguments, one after another in one
    /// instance. Its calls share the limits of one.
    pub(crate) async fn repeat<P, T, R>(
        &self,
        function: &Function,
        vendor: &str,
        arguments: Vec<P>,
        read: impl Fn(T) -> Result<R, PluginError>,
    ) -> Result<Vec<Result<R, CallError>>, PluginError>
    where
        P: ComponentNamedList + Lower + Send + Sync,
        T: ComponentType + Lift + Send + Sync + 'static,
    {
        let work = |deadline| async move {
            let mut store = self.store(vendor, deadline);
            let in_flight = store.data().in_flight().clone();
            let calls = async {
                let instance = self.component.pre.instantiate_async(&mut store).await?;
                let mut results = Vec::with_capacity(arguments.len());
                for arguments in arguments {
                    let result = typed::<P, T>(&mut store, &instance, function, arguments);
                    results.push(result.await?);
                }
                Ok(results)
            };
            in_flight.run_with(pin!(calls)).await
        };
        let results = self.within_deadline(work).await?;
        let results = results.into_iter().map(|result| {
            let value = result.map_err(call_error)?;
            Ok(read(value)?)
        });
        Ok(results.collect())
    }

    /// Calls `origins` for the credential of a call.
    async fn origins_of(
        &self,
        store: &mut Store<PluginState>,
        instance: &Instance,
        vendor: &str,
        network: Network<'_>,
    ) -> wasmtime::Result<Result<Vec<Origin>, CallError>> {
        let (credential, is_unfinished) = match network {
            Network::Denied => return Ok(Ok(Vec::new())),
            Network::Of(credential) => (credential, false),
            Network::OfUnfinished(credential) => (credential, true),
        };
        let function = &self.component.exports.origins;
        let arguments = (vendor, credential);
        // Boxed, as above.
        let origins = typed::<_, Vec<String>>(store, instance, function, arguments).boxed();
        let declared = self.declared(vendor);
        Ok(match origins.await? {
            Ok(origins) => contract::conversions::origins(&origins, declared).map_err(Into::into),
            Err(wit::Error::InvalidCredential(_)) if is_unfinished => Ok(declared.to_vec()),
            Err(error) => Err(call_error(error)),
        })
    }

    /// Checks that nothing in a value would be cut, if that is a breach.
    pub(crate) fn within_bounds<T>(
        &self,
        value: &T,
        excess: fn(&T) -> Result<(), PluginError>,
    ) -> Result<(), PluginError> {
        if self.is_strict {
            excess(value)
        } else {
            Ok(())
        }
    }

    /// The origins that a vendor declares.
    pub(crate) fn declared(&self, vendor: &str) -> &[Origin] {
        self.vendor(vendor)
            .map_or(&[], |(vendor, _)| &vendor.origins)
    }

    /// Creates the store of one call, with its limits.
    fn store(&self, vendor: &str, deadline: Instant) -> Store<PluginState> {
        let policy = self
            .vendor(vendor)
            .map_or_else(EgressPolicy::deny_all, |(_, policy)| policy.clone());
        let limits = Limits {
            deadline: deadline.saturating_duration_since(Instant::now()),
            ..self.limits.clone()
        };
        let egress = EgressGuard::new(Arc::clone(&self.transport), policy, &limits);
        let (clock, random) = (Arc::clone(&self.clock), Arc::clone(&self.random));
        let state = PluginState::new(egress, clock, random, &limits, self.component.room);
        let mut store = Store::new(self.component.pre.engine(), state);
        store.limiter(|state| state);
        store.set_hostcall_fuel(limits.result_bytes);
        store.set_max_component_handles(MAX_HANDLES);
        // A busy loop yields at every tick, so that `within_deadline` can end it and others run.
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut store| {
            store.data_mut().tick()?;
            Ok(UpdateDeadline::Yield(1))
        });
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
}

/// Calls a fallible function of an instance.
async fn typed<P, T>(
    store: &mut Store<PluginState>,
    instance: &Instance,
    function: &Function,
    arguments: P,
) -> wasmtime::Result<Result<T, wit::Error>>
where
    P: ComponentNamedList + Lower + Send + Sync,
    T: ComponentType + Lift + Send + Sync + 'static,
{
    let function =
        instance.get_typed_func::<P, (Result<T, wit::Error>,)>(&mut *store, &function.index)?;
    let (result,) = function.call_async(store, arguments).await?;
    Ok(result)
}

/// An error that the plugin reports, or the breach of the contract in it.
fn call_error(error: wit::Error) -> CallError {
    ConnectorError::try_from(error).map_or_else(CallError::from, CallError::from)
}

/// The plugin's fault, in fixed words: the runtime's message may quote strings of the plugin.
fn plugin_error(error: &wasmtime::Error) -> PluginError {
    if error.is::<MemoryLimit>() {
        return PluginError::Memory;
    }
    if error.is::<ProcessorLimit>() {
        return PluginError::Processor;
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
