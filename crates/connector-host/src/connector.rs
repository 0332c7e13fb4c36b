//! [`Connector`]: a loaded plugin, with one method for each function of the contract.

pub(crate) mod api_request;
pub(crate) mod builder;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use zeroize::Zeroize;

use crate::connector::api_request::with_session;
use crate::contract::bindings::exports::integration::connector::types as wit;
use crate::egress::exchange::exchange;
use crate::error::{CallError, SendError};
use crate::runtime::plugin::Plugin;
use crate::transport::{ResponseBody, TransportError};
use crate::types::{Access, ApiResponse, Session, Vendor, Verdict};

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

    /// The time of the clock that dates sessions.
    pub(crate) fn now(&self) -> SystemTime {
        self.plugin.clock.now()
    }

    /// Returns the JSON Schema of the vendor's credential document. No network.
    pub async fn credential_schema(&self, vendor: &str) -> Result<String, CallError> {
        let plugin = &*self.plugin;
        let function = &plugin.component.exports.credential_schema;
        plugin.call(function, vendor, (vendor,), Ok).await
    }

    /// Checks a credential document and reports every problem at once. No network.
    pub async fn validate(&self, vendor: &str, credential: &str) -> Result<(), CallError> {
        let plugin = &*self.plugin;
        let function = &plugin.component.exports.validate;
        plugin
            .call(function, vendor, (vendor, credential), Ok)
            .await
    }

    /// Opens a session. One request.
    pub async fn authenticate(&self, vendor: &str, credential: &str) -> Result<Session, CallError> {
        let plugin = &*self.plugin;
        let function = &plugin.component.exports.authenticate;
        let read = plugin.session_of(vendor);
        plugin
            .call(function, vendor, (vendor, credential), read)
            .await
    }

    /// Replaces a session by a new one, even before it expires. One request.
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
        let read = plugin.session_of(vendor);
        plugin.call(function, vendor, arguments, read).await
    }

    /// Asks the vendor for the reach of the credential. One request, without side effects except
    /// for an unused token.
    pub async fn inspect(&self, vendor: &str, credential: &str) -> Result<Access, CallError> {
        let plugin = &*self.plugin;
        let function = &plugin.component.exports.inspect;
        let read = |access: wit::Access| access.try_into();
        plugin
            .call(function, vendor, (vendor, credential), read)
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
        let read = |verdict: wit::Verdict| Ok(verdict.into());
        plugin
            .call(function, vendor, (vendor, &response), read)
            .await
    }

    /// Makes one API call with a session: appends the path and query of `request` to the session's
    /// base URL, adds the bearer token, and sends it once if the egress policy allows. Redirects
    /// are not followed.
    ///
    /// The response may have any status; [`Connector::classify`] returns its meaning for the
    /// session. Its body is streamed without a limit of length; only its silences are limited, and
    /// trailers are dropped. The transport writes `host` and the length; those of the request are
    /// dropped.
    pub async fn send(
        &self,
        vendor: &str,
        session: &Session,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<ResponseBody>, SendError> {
        let plugin = &*self.plugin;
        let policy = plugin.policy(vendor).ok_or(SendError::UnknownVendor)?;
        let request = with_session(session, request)?;
        if !policy.allows(request.uri()) {
            return Err(TransportError::Denied.into());
        }
        let timeouts = plugin.limits.timeouts;
        Ok(exchange(&*plugin.transport, request, timeouts, None, usize::MAX).await?)
    }
}

/// An argument of a call; its token is zeroized when the call ends, for whatever reason.
struct ZeroizedSession(wit::Session);

impl Drop for ZeroizedSession {
    fn drop(&mut self) {
        self.0.access_token.zeroize();
    }
}
