//! The egress policy: the origins that a vendor declares and those that the operator grants. The
//! only place that decides whether a URL is allowed.

use std::sync::Arc;

use crate::egress::origin::{Origin, is_host};

/// The origins that one vendor's requests may reach: those that the vendor declares and the
/// operator grants.
#[derive(Debug, Clone)]
pub(crate) struct EgressPolicy {
    declared: Arc<[Origin]>,
    /// `None`: the operator grants every declared origin.
    granted: Option<Arc<[Origin]>>,
}

impl EgressPolicy {
    /// The policy of a vendor.
    pub(crate) fn new(declared: Arc<[Origin]>, granted: Option<Arc<[Origin]>>) -> Self {
        Self { declared, granted }
    }

    /// The policy without the operator's restriction.
    pub(crate) fn declared(&self) -> Self {
        Self::new(Arc::clone(&self.declared), None)
    }

    /// Denies everything: for calls without a vendor.
    pub(crate) fn deny_all() -> Self {
        Self::new(Arc::new([]), None)
    }

    /// Whether a request to `uri` is allowed: https, only a host before the path, port 443, and the
    /// host in both lists.
    pub(crate) fn allows(&self, uri: &http::Uri) -> bool {
        let Some(authority) = uri.authority() else {
            return false;
        };
        let https = uri.scheme() == Some(&http::uri::Scheme::HTTPS);
        let authority = authority.as_str().to_ascii_lowercase();
        let host = authority.strip_suffix(":443").unwrap_or(&authority);
        // `is_host` rejects userinfo, other ports and trailing dots: a host holds none of their
        // delimiters.
        https
            && is_host(host)
            && self.declared.iter().any(|origin| origin.covers(host))
            && self
                .granted
                .as_ref()
                .is_none_or(|granted| granted.iter().any(|origin| origin.covers(host)))
    }
}

#[cfg(test)]
mod tests;
