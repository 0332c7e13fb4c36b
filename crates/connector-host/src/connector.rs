//! [`Connector`]: a loaded plugin, with one method for each function of the contract.

pub(crate) mod api_request;
pub(crate) mod builder;
pub(crate) mod kept_instance;
pub(crate) mod pages;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use zeroize::Zeroize;

use crate::connector::api_request::{authorize, head, with_base_url};
use crate::contract;
use crate::contract::bindings::exports::integration::connector::types as wit;
use crate::egress::exchange::exchange;
use crate::egress::origin::Origin;
use crate::error::{CallError, PluginError, SendError};
use crate::rules::{Breach, LoadRule};
use crate::runtime::plugin::{Network, Plugin};
use crate::transport::{ResponseBody, TransportError};
use crate::types::{
    Access, ApiResponse, Authorization, Description, RequestHead, Session, Vendor, Verdict,
};

/// A loaded plugin. Cheap to clone; calls may run concurrently and are isolated from each other.
///
/// A call may be dropped at any time, which also cancels its request. The methods are those of
/// `credentials` in `wit/credentials.wit`, which documents them; a vendor that the plugin does not
/// list gives [`ConnectorError::UnknownVendor`](crate::ConnectorError::UnknownVendor).
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

impl Connector {
    pub(crate) fn new(plugin: Plugin) -> Self {
        Self {
            plugin: Arc::new(plugin),
        }
    }

    /// The vendors of the plugin, in display order.
    pub fn vendors(&self) -> &[Vendor] {
        &self.plugin.vendors
    }

    /// The names of the component's imports, such as `wasi:http/types@0.2.12`.
    pub fn imports(&self) -> &[String] {
        &self.plugin.component.imports
    }

    /// Checks what the plugin returns for forms: the description and the schema of each vendor, in
    /// English. Every fault is listed; an empty list is the rule, because a plugin with a fault is
    /// not loaded unless [`Builder::tolerate_breaches`](crate::Builder::tolerate_breaches) is set.
    ///
    /// Fails only as [`PluginError::Busy`].
    pub async fn breaches(&self) -> Result<Vec<Breach>, PluginError> {
        let mut breaches = Vec::new();
        for vendor in self.vendors() {
            breaches.extend(self.breaches_of(vendor).await?);
        }
        Ok(breaches)
    }

    /// The breaches of one vendor.
    pub(crate) async fn breaches_of(&self, vendor: &Vendor) -> Result<Vec<Breach>, PluginError> {
        let breach = |rule, problem: String| Breach::new(rule, Some(&vendor.id), problem);
        let mut breaches = Vec::new();
        match self.describe(&vendor.id, &[]).await {
            Err(CallError::Plugin(PluginError::Busy)) => return Err(PluginError::Busy),
            Err(error) => {
                breaches.push(breach(
                    LoadRule::Description,
                    format!("`describe`: {error}"),
                ));
            }
            Ok(_) => {}
        }
        match self.credential_schema(&vendor.id, &[]).await {
            Err(CallError::Plugin(PluginError::Busy)) => return Err(PluginError::Busy),
            Err(error) => {
                breaches.push(breach(
                    LoadRule::Schema,
                    format!("`credential-schema`: {error}"),
                ));
            }
            Ok(schema) => {
                let faults = contract::schema::faults(&schema).into_iter();
                breaches.extend(faults.map(|fault| breach(LoadRule::Schema, fault)));
            }
        }
        Ok(breaches)
    }

    /// The time of the clock that dates sessions.
    pub(crate) fn now(&self) -> SystemTime {
        self.plugin.clock.now()
    }

    /// Describes a vendor for people, in the best of the preferred languages (BCP 47), else in
    /// English. No network.
    pub async fn describe(
        &self,
        vendor: &str,
        locales: &[String],
    ) -> Result<Description, CallError> {
        let plugin = &*self.plugin;
        let function = &plugin.component.exports.describe;
        let read = |json: String, _| Description::read(&json);
        plugin
            .call(function, vendor, Network::Denied, (vendor, locales), read)
            .await
    }

    /// Returns the JSON Schema of the vendor's credential document, with titles in the best of the
    /// preferred languages. No network.
    pub async fn credential_schema(
        &self,
        vendor: &str,
        locales: &[String],
    ) -> Result<String, CallError> {
        let plugin = &*self.plugin;
        let function = &plugin.component.exports.credential_schema;
        let read = |schema, _| Ok(schema);
        plugin
            .call(function, vendor, Network::Denied, (vendor, locales), read)
            .await
    }

    /// Checks a credential document and reports every problem at once, in the best of the preferred
    /// languages. No network.
    pub async fn validate(
        &self,
        vendor: &str,
        credential: &str,
        locales: &[String],
    ) -> Result<(), CallError> {
        let plugin = &*self.plugin;
        let function = &plugin.component.exports.validate;
        let arguments = (vendor, credential, locales);
        let read = |(), _| Ok(());
        plugin
            .call(function, vendor, Network::Denied, arguments, read)
            .await
    }

    /// Returns the origins that a credential needs. They have no wildcard but one that the vendor
    /// declares. No network.
    ///
    /// The host calls it itself before it sends a request of the credential. An origin that
    /// the vendor does not declare needs a [grant](crate::Connector::builder).
    pub async fn origins(&self, vendor: &str, credential: &str) -> Result<Vec<Origin>, CallError> {
        let plugin = &*self.plugin;
        let function = &plugin.component.exports.origins;
        let declared = plugin.declared(vendor);
        let read = |origins: Vec<String>, _| contract::conversions::origins(&origins, declared);
        plugin
            .call(
                function,
                vendor,
                Network::Denied,
                (vendor, credential),
                read,
            )
            .await
    }

    /// Opens a session. At most one request, to an origin of the credential.
    pub async fn authenticate(&self, vendor: &str, credential: &str) -> Result<Session, CallError> {
        let plugin = &*self.plugin;
        let function = &plugin.component.exports.authenticate;
        let network = Network::Of(credential);
        plugin
            .call(
                function,
                vendor,
                network,
                (vendor, credential),
                Session::read,
            )
            .await
    }

    /// Replaces a session by a new one, even before it expires. At most one request, to an origin
    /// of the credential.
    pub async fn refresh(
        &self,
        vendor: &str,
        credential: &str,
        current: &Session,
    ) -> Result<Session, CallError> {
        let plugin = &*self.plugin;
        let function = &plugin.component.exports.refresh;
        let current = ZeroizedSession(current.into());
        let arguments = (vendor, credential, &current.0);
        let network = Network::Of(credential);
        plugin
            .call(function, vendor, network, arguments, Session::read)
            .await
    }

    /// Asks the vendor for one page of the reach of a credential: the first without a `cursor`,
    /// then that of [`Access::next`]. At most one request, without side effects except for an
    /// unused token.
    ///
    /// [`Vendor::inspection`] tells whether it needs a session. The document may be incomplete: as
    /// long as it is invalid, the request may reach the origins that the vendor declares.
    pub async fn inspect(
        &self,
        vendor: &str,
        credential: &str,
        session: Option<&Session>,
        cursor: Option<&str>,
    ) -> Result<Access, CallError> {
        let plugin = &*self.plugin;
        let function = &plugin.component.exports.inspect;
        let session = session.map(|session| ZeroizedSession(session.into()));
        let session = session.as_ref().map(|session| &session.0);
        let arguments = (vendor, credential, session, cursor);
        let read = |access: wit::Access, _| {
            plugin.within_bounds(&access, contract::excess::of_access)?;
            access.try_into()
        };
        let network = Network::OfUnfinished(credential);
        plugin
            .call(function, vendor, network, arguments, read)
            .await
    }

    /// Returns the header fields and query parameters that carry a session on one API request,
    /// just before the request is sent. No network.
    ///
    /// [`Vendor::signing`] tells which parts of the request are needed, and whether the result may
    /// be used again.
    pub async fn authorize(
        &self,
        vendor: &str,
        session: &Session,
        request: &RequestHead,
    ) -> Result<Authorization, CallError> {
        let plugin = &*self.plugin;
        let function = &plugin.component.exports.authorize;
        let session = ZeroizedSession(session.into());
        let request = wit::RequestHead::from(request);
        let arguments = (vendor, &session.0, &request);
        let read = |authorization: wit::Authorization, _| authorization.try_into();
        plugin
            .call(function, vendor, Network::Denied, arguments, read)
            .await
    }

    /// Returns the meaning of an API response for the session that was used. No network.
    pub async fn classify(
        &self,
        vendor: &str,
        response: &ApiResponse,
    ) -> Result<Verdict, CallError> {
        let plugin = &*self.plugin;
        let function = &plugin.component.exports.classify;
        let response = wit::Response::from(response);
        let read = |verdict: wit::Verdict, _| {
            plugin.within_bounds(&verdict, contract::excess::of_verdict)?;
            verdict.try_into()
        };
        plugin
            .call(function, vendor, Network::Denied, (vendor, &response), read)
            .await
    }

    /// Makes one API call with a session: appends the path and query of `request` to the session's
    /// base URL, lets the plugin authorize it, and sends it once if the egress policy and the
    /// session's origins allow. Redirects are not followed.
    ///
    /// The response may have any status; [`Connector::classify`] returns its meaning for the
    /// session. Its body is streamed without a limit of length, as it was encoded; only its
    /// silences are limited, and trailers are dropped. The transport writes `host`, the length and
    /// the fields of the connection (RFC 9110 §7.6.1); those of the request are dropped, and
    /// those for proxies. A path that dot segments lead above the base URL is refused,
    /// encoded or not, and so are the methods CONNECT and TRACE.
    pub async fn send(
        &self,
        vendor: &str,
        session: &Session,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<ResponseBody>, SendError> {
        let authorization = self.authorize_request(vendor, session, &request).await?;
        self.send_authorized(vendor, session, request, &authorization)
            .await
    }

    /// The first half of [`Connector::send`]: lets the plugin authorize an API request. One that
    /// the egress policy denies does not reach the plugin.
    pub(crate) async fn authorize_request(
        &self,
        vendor: &str,
        session: &Session,
        request: &http::Request<Bytes>,
    ) -> Result<Authorization, SendError> {
        let (listed, policy) = self.plugin.vendor(vendor).ok_or(SendError::UnknownVendor)?;
        let request = with_base_url(session, request.clone())?;
        if !policy.allows(&session.origins, request.uri()) {
            return Err(TransportError::Denied.into());
        }
        let head = head(&request, listed.signing);
        Ok(self.authorize(vendor, session, &head).await?)
    }

    /// The second half of [`Connector::send`]: sends an API request with an authorization.
    pub(crate) async fn send_authorized(
        &self,
        vendor: &str,
        session: &Session,
        request: http::Request<Bytes>,
        authorization: &Authorization,
    ) -> Result<http::Response<ResponseBody>, SendError> {
        let plugin = &*self.plugin;
        let (_, policy) = plugin.vendor(vendor).ok_or(SendError::UnknownVendor)?;
        let mut request = with_base_url(session, request)?;
        authorize(&mut request, authorization)?;
        if !policy.allows(&session.origins, request.uri()) {
            return Err(TransportError::Denied.into());
        }
        let timeouts = plugin.limits.timeouts;
        Ok(exchange(&*plugin.transport, request, timeouts, None, usize::MAX).await?)
    }
}

/// An argument of a call. Its secrets are zeroized however the call ends.
struct ZeroizedSession(wit::Session);

impl Drop for ZeroizedSession {
    fn drop(&mut self) {
        self.0.access_token.zeroize();
        self.0.state.zeroize();
    }
}
