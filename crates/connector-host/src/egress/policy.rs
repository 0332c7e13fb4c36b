//! The egress policy: the origins that a credential needs, within those that its vendor declares or
//! the operator grants. The only place that decides whether a URL is allowed.

use std::sync::Arc;

use crate::egress::origin::{Origin, is_host};

/// The origins that the requests of one vendor may reach, for any of its credentials.
#[derive(Debug, Clone)]
pub(crate) struct EgressPolicy {
    within: Arc<[Origin]>,
}

impl EgressPolicy {
    /// The policy of a vendor. Without a grant, the declared origins apply. A grant
    /// replaces them: it may be narrower, or include another origin that a credential needs.
    pub(crate) fn new(declared: &[Origin], granted: Option<&Arc<[Origin]>>) -> Self {
        let within = granted.map_or_else(|| declared.into(), Arc::clone);
        Self { within }
    }

    /// Denies everything: for a vendor that the plugin does not list.
    pub(crate) fn deny_all() -> Self {
        Self {
            within: Arc::new([]),
        }
    }

    /// Whether a request to `uri` is allowed for a credential with these origins: https, only a
    /// host before the path, port 443, and the host in both lists.
    pub(crate) fn allows(&self, origins: &[Origin], uri: &http::Uri) -> bool {
        covers(&self.within, uri) && covers(origins, uri)
    }
}

/// Whether one of the origins covers the URL.
pub(crate) fn covers(origins: &[Origin], uri: &http::Uri) -> bool {
    let Some(authority) = uri.authority() else {
        return false;
    };
    let https = uri.scheme() == Some(&http::uri::Scheme::HTTPS);
    let authority = authority.as_str().to_ascii_lowercase();
    let host = authority.strip_suffix(":443").unwrap_or(&authority);
    // `is_host` rejects userinfo, other ports and trailing dots: a host holds none of their
    // delimiters.
    https && is_host(host) && origins.iter().any(|origin| origin.covers(host))
}

#[cfg(test)]
mod tests;
