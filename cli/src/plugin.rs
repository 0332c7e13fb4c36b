//! Loads the plugin that the options name, with the network access that they allow, and reads the
//! texts of its vendors.

use std::fs;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use connector_host::{
    CallError, Connector, Description, Limits, LoadError, Origin, ResponseBody, Runtime, Timeouts,
    Transport, TransportError, Vendor,
};
use connector_simulators::Simulators;
use etcetera::BaseStrategy;
use serde_json::Value;

use crate::args::{Network, Plugin};
use crate::failure::{Failure, plain};
use crate::output::say;
use crate::terminal::{Terminal, confirm};

/// The plugin, built with this program.
pub(crate) const COMPONENT_BYTES: &[u8] = include_bytes!(env!("CONNECTOR_WASM"));

/// A command makes few calls at a time, and to reserve memory for many would take longer than the
/// command.
const MAX_CONCURRENT_CALLS: u32 = 16;

/// Loads the plugin with the network options.
pub(crate) async fn open(plugin: &Plugin, network: &Network) -> Result<Connector, Failure> {
    open_through(plugin, network, network.transport()?).await
}

/// The same, through this transport.
pub(crate) async fn open_through(
    plugin: &Plugin,
    network: &Network,
    transport: Arc<dyn Transport>,
) -> Result<Connector, Failure> {
    let granted = granted(plugin, &transport, &network.grants).await?;
    let limits = network.limits(plugin.profile.call_limits());
    load_with(plugin, transport, granted, limits).await
}

/// The origins that the plugin may reach; `None` for those that it declares. A component that did
/// not come with this program gets those that the operator grants, by option or on the terminal.
async fn granted(
    plugin: &Plugin,
    transport: &Arc<dyn Transport>,
    grants: &[Origin],
) -> Result<Option<Vec<Origin>>, Failure> {
    let Some(file) = foreign(plugin) else {
        if grants.is_empty() {
            return Ok(None);
        }
        // A grant replaces the declared origins, so those are granted again.
        let declared = load(plugin, Arc::clone(transport)).await?;
        let declared = declared.vendors().iter().flat_map(|vendor| &vendor.origins);
        return Ok(Some(declared.chain(grants).cloned().collect()));
    };
    if !grants.is_empty() {
        return Ok(Some(grants.to_vec()));
    }
    let limits = plugin.profile.call_limits();
    let connector = load_with(plugin, Arc::clone(transport), Some(Vec::new()), limits).await?;
    let declared = declared_origins(&connector);
    if !declared.is_empty() {
        ask_for_grant(file, &connector, &declared)?;
    }
    Ok(Some(declared))
}

/// The file of a component other than the one within this program.
fn foreign(plugin: &Plugin) -> Option<&Path> {
    plugin
        .component
        .as_deref()
        .filter(|file| !is_built_in(file))
}

fn is_built_in(file: &Path) -> bool {
    let length = fs::metadata(file).map_or(0, |metadata| metadata.len());
    length == COMPONENT_BYTES.len() as u64
        && fs::read(file).is_ok_and(|bytes| bytes == COMPONENT_BYTES)
}

/// The origins that the plugin's vendors declare, each once.
fn declared_origins(connector: &Connector) -> Vec<Origin> {
    let mut declared = Vec::new();
    for origin in connector
        .vendors()
        .iter()
        .flat_map(|vendor| &vendor.origins)
    {
        if !declared.contains(origin) {
            declared.push(origin.clone());
        }
    }
    declared
}

/// The `--grant` options for a component that did not come with this program; none for the other.
pub(crate) fn grant_options(plugin: &Plugin, connector: &Connector) -> Vec<String> {
    match foreign(plugin) {
        Some(_) => options(&declared_origins(connector)),
        None => Vec::new(),
    }
}

fn options(origins: &[Origin]) -> Vec<String> {
    let option = |origin: &Origin| format!("--grant {origin}");
    origins.iter().map(option).collect()
}

/// Shows where the component would send credentials, and asks for a grant for this command.
fn ask_for_grant(file: &Path, connector: &Connector, declared: &[Origin]) -> Result<(), Failure> {
    let file = plain(&file.display().to_string());
    let options = options(declared).join(" ");
    let _terminal = Terminal::open(&format!(
        "{file} is not the plugin of this program, and needs a grant for the network; if you trust \
         it with credentials, add {options}"
    ))?;
    say(&format!(
        "{file} is not the plugin of this program. It would send credentials to:"
    ));
    for vendor in connector.vendors() {
        let origins: Vec<_> = vendor.origins.iter().map(Origin::to_string).collect();
        say(&format!("  {}: {}", plain(&vendor.id), origins.join(", ")));
    }
    say(&format!("To grant this without a question, add {options}"));
    if confirm("Allow it for this command?", false)? {
        Ok(())
    } else {
        Err(Failure::Cancelled)
    }
}

/// Loads the plugin for the commands that use no network, with every request denied.
pub(crate) async fn open_offline(plugin: &Plugin) -> Result<Connector, Failure> {
    load(plugin, Arc::new(Nowhere)).await
}

/// A transport to the simulators and nowhere else: over TLS, with their authority trusted.
pub(crate) fn simulated(simulators: &Simulators) -> Arc<dyn Transport> {
    let rules = simulators.connect_to();
    let hosts = rules.iter().filter_map(|rule| rule.split(':').next());
    Arc::new(Only {
        hosts: hosts.map(str::to_owned).collect(),
        network: Arc::new(simulators.live()),
    })
}

/// The result of [`Transport::send`].
type Sent =
    Pin<Box<dyn Future<Output = Result<http::Response<ResponseBody>, TransportError>> + Send>>;

/// Denies every request.
struct Nowhere;

impl Transport for Nowhere {
    fn send(&self, _: http::Request<Bytes>, _: Timeouts) -> Sent {
        Box::pin(std::future::ready(Err(TransportError::Denied)))
    }
}

/// Denies requests to all other hosts.
struct Only {
    hosts: Vec<String>,
    network: Arc<dyn Transport>,
}

impl Transport for Only {
    fn send(&self, request: http::Request<Bytes>, timeouts: Timeouts) -> Sent {
        let host = request.uri().host().unwrap_or_default();
        if self.hosts.iter().any(|known| known == host) {
            self.network.send(request, timeouts)
        } else {
            Nowhere.send(request, timeouts)
        }
    }
}

/// Loads the plugin with this transport, and the origins that it declares.
pub(crate) async fn load(
    plugin: &Plugin,
    transport: Arc<dyn Transport>,
) -> Result<Connector, Failure> {
    load_with(plugin, transport, None, plugin.profile.call_limits()).await
}

/// Loads the plugin with these origins, or those that it declares. Its machine code is kept in the
/// user's cache folder, if that is usable.
async fn load_with(
    plugin: &Plugin,
    transport: Arc<dyn Transport>,
    granted: Option<Vec<Origin>>,
    limits: Limits,
) -> Result<Connector, Failure> {
    let kept = code_folder();
    let mut loaded = read(plugin, &transport, granted.clone(), &limits, kept).await;
    if let Err(error @ LoadError::Cache { .. }) = &loaded {
        tracing::warn!(%error, "machine code cannot be kept; compiling the plugin");
        loaded = read(plugin, &transport, granted, &limits, None).await;
    }
    loaded.map_err(|error| {
        let which = plugin.component.as_ref().map_or_else(
            || "built with this program".to_owned(),
            |path| path.display().to_string(),
        );
        Failure::Component(which, error)
    })
}

/// The folder for machine code, if the user has a folder for caches.
pub(crate) fn code_folder() -> Option<PathBuf> {
    let home = etcetera::choose_base_strategy().ok()?;
    Some(home.cache_dir().join("connector/code"))
}

async fn read(
    plugin: &Plugin,
    transport: &Arc<dyn Transport>,
    granted: Option<Vec<Origin>>,
    limits: &Limits,
    kept: Option<PathBuf>,
) -> Result<Connector, LoadError> {
    let mut builder = Connector::builder(Arc::clone(transport))
        .runtime(Runtime::for_profile(plugin.profile, MAX_CONCURRENT_CALLS)?)
        .profile(plugin.profile)
        .limits(limits.clone());
    if let Some(granted) = granted {
        builder = builder.grant(granted);
    }
    if let Some(folder) = kept {
        builder = builder.cache(folder);
    }
    match foreign(plugin) {
        Some(path) => builder.load_file(path).await,
        None => builder.load_bytes(COMPONENT_BYTES).await,
    }
}

/// The vendors with their descriptions, in the order to show them.
pub(crate) async fn descriptions<'a>(
    connector: &'a Connector,
    locales: &[String],
) -> Result<Vec<(&'a Vendor, Description)>, CallError> {
    let mut described = Vec::new();
    for vendor in connector.vendors() {
        let description = connector.describe(&vendor.id, locales).await?;
        described.push((vendor, description));
    }
    Ok(described)
}

/// The JSON Schema of a vendor's credential.
pub(crate) async fn schema(
    connector: &Connector,
    vendor: &Vendor,
    locales: &[String],
) -> Result<Value, Failure> {
    let text = connector.credential_schema(&vendor.id, locales).await?;
    serde_json::from_str(&text).map_err(|error| Failure::setup("read the vendor's schema", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_transport_to_the_simulators_denies_other_hosts() {
        let simulators = Simulators::start().await.unwrap();
        let transport = simulated(&simulators);
        for (url, denied) in [
            ("https://api.hotjar.io/v1/sites", false),
            ("https://vendor.example/v1/sites", true),
        ] {
            let request = http::Request::get(url).body(Bytes::new()).unwrap();
            let timeouts = connector_host::Limits::default().timeouts;
            let error = transport.send(request, timeouts).await.err();
            assert_eq!(error == Some(TransportError::Denied), denied, "{url}");
        }
    }
}
