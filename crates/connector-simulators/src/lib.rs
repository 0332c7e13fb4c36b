//! The vendors simulated over TLS on loopback: documented behaviour, faults on demand. Each vendor
//! is one file (`hotjar.rs`, `contentsquare.rs`); `serve.rs` is the HTTP server of all.
//!
//! The simulators are stricter than the real vendors may be, so a request that they accept conforms
//! to the documentation. Where the documentation is silent (most refusals), they answer by the RFC;
//! a test that depends on such an answer should queue it as a [`Fault::Status`].

#[cfg(test)]
leak_check::capture!();

mod call;
mod contentsquare;
mod fault;
mod hotjar;
mod rules;
mod serve;
pub mod tls;
mod tokens;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use connector_host::{ConnectTo, Live, LiveBuilder};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

pub use fault::Fault;
use rules::Rules;
pub use serve::Options;
use serve::Service;
use tls::Authority;
pub use tokens::TOKEN_PREFIX;

/// The simulators of all vendors. They stop when this is dropped.
pub struct Simulators {
    ca_pem: String,
    vendors: Vec<Simulator>,
}

/// All vendors; those with a name of their own in [`Simulators`] first, in that order.
const RULES: [&dyn Rules; 2] = [&hotjar::Hotjar, &contentsquare::Contentsquare];

/// The simulator of one vendor.
pub struct Simulator {
    service: Arc<Service>,
    address: SocketAddr,
    task: AbortHandle,
}

impl Simulators {
    /// Starts one service per vendor on loopback, at ports that the kernel chooses, with
    /// certificates of an authority made now.
    ///
    /// The services run on the runtime that this is called in.
    pub async fn start() -> io::Result<Self> {
        Self::start_with(Options::default()).await
    }

    /// Starts them as [`start`](Self::start) does, to speak in this way.
    pub async fn start_with(options: Options) -> io::Result<Self> {
        let authority = Authority::new()?;
        let mut vendors = Vec::new();
        for rules in RULES {
            vendors.push(Simulator::start(rules, &authority, options).await?);
        }
        Ok(Self {
            vendors,
            ca_pem: authority.pem(),
        })
    }

    /// Returns the certificate of the authority, in PEM. Its key is gone once the services run.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// Returns where to find each name that is served, as curl's `--connect-to` takes it:
    /// `HOST:443:127.0.0.1:PORT`.
    pub fn connect_to(&self) -> Vec<String> {
        self.vendors
            .iter()
            .flat_map(Simulator::connect_to)
            .collect()
    }

    /// Returns a transport that finds the simulators under the vendors' names, and trusts their
    /// authority.
    ///
    /// # Panics
    ///
    /// When TLS cannot be set up on this machine.
    pub fn live(&self) -> Live {
        let live = Live::builder().extra_ca_pem(self.ca_pem.as_bytes());
        let live = live.expect("the authority's certificate is one");
        let rules = self.connect_to().into_iter().map(|rule| {
            let rule: ConnectTo = rule.parse().expect("the rules are well formed");
            rule
        });
        rules
            .fold(live, LiveBuilder::connect_to)
            .build()
            .expect("TLS can be set up")
    }

    /// Returns the simulators of all vendors.
    pub fn vendors(&self) -> &[Simulator] {
        &self.vendors
    }

    /// Returns the simulator of Hotjar.
    pub fn hotjar(&self) -> &Simulator {
        &self.vendors[0]
    }

    /// Returns the simulator of Contentsquare.
    pub fn contentsquare(&self) -> &Simulator {
        &self.vendors[1]
    }

    /// Returns the simulator of the vendor with this id, if there is one.
    pub fn vendor(&self, id: &str) -> Option<&Simulator> {
        self.vendors.iter().find(|simulator| simulator.id() == id)
    }
}

impl Simulator {
    async fn start(
        rules: &'static dyn Rules,
        authority: &Authority,
        options: Options,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let protocols = if options.http1_only {
            &[tls::HTTP1][..]
        } else {
            &[tls::HTTP2, tls::HTTP1]
        };
        let tls = authority.serve_as(rules.hosts(), protocols)?;
        let service = Arc::new(Service::new(rules, options));
        let task = tokio::spawn(serve::run(listener, tls, Arc::clone(&service))).abort_handle();
        Ok(Self {
            service,
            address,
            task,
        })
    }

    /// Returns the vendor's id, the same as the plugin's.
    pub fn id(&self) -> &'static str {
        self.service.rules.id()
    }

    fn connect_to(&self) -> impl Iterator<Item = String> {
        let hosts = self.service.rules.hosts().iter();
        hosts.map(|host| format!("{host}:443:{}", self.address))
    }

    /// Returns credential documents that the simulator knows, each with a description. All of them
    /// get a token; the first may also make the [sample call](Self::sample_call).
    pub fn sample_credentials(&self) -> Vec<(&'static str, Value)> {
        self.service.rules.sample_credentials()
    }

    /// Returns path and query of a first API call, to be put on a session's base URL.
    pub fn sample_call(&self) -> &'static str {
        self.service.rules.sample_call()
    }

    /// Ends every session so far: from now on their tokens are refused as expired.
    pub fn expire_sessions(&self) {
        self.service.tokens.expire_all();
    }

    /// Queues a fault for the next request, behind those queued before. One request takes one
    /// fault.
    pub fn fault(&self, fault: Fault) {
        self.service.queue(fault);
    }

    /// Returns how many requests have come.
    pub fn asked(&self) -> u64 {
        self.service.asked()
    }

    /// Returns how many connections have been made, those without a request too.
    pub fn connections(&self) -> u64 {
        self.service.connections()
    }

    /// Returns the latest requests in order, each as `METHOD https://host/path`: no query, header
    /// field or body, so no secret.
    pub fn requests(&self) -> Vec<String> {
        self.service.requests()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.task.abort();
    }
}
