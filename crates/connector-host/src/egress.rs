//! Where a request may go: patterns of origins, and the wall made of two lists of them. The one place that decides it.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::sync::Arc;

/// An origin that may be reached: `https://host`, or `https://*.host` for every name below `host` and not `host` itself.
///
/// Always `https` on port 443. Names are compared without case.
///
/// ```
/// let origin: connector_host::Origin = "https://*.contentsquare.com".parse()?;
/// assert_eq!(origin.to_string(), "https://*.contentsquare.com");
/// # Ok::<(), connector_host::OriginError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    /// Lower case, without the wildcard.
    host: String,
    /// Whether names below `host` are meant, instead of `host`.
    below: bool,
}

/// Why a text is not the pattern of an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// It does not begin with `https://`.
    #[error("an origin begins with https://")]
    Scheme,
    /// It has a port other than 443.
    #[error("an origin has no port, or 443")]
    Port,
    /// It has more than a host: user, path, query, fragment.
    #[error("an origin ends with its host")]
    NotOnlyHost,
    /// The host is not a DNS name of letters, digits, `-` and dots, or, without a wildcard, an IP address.
    #[error("the host of an origin is a DNS name, perhaps below *., or an IP address")]
    Host,
}

impl Origin {
    /// Tells whether the pattern covers `host`, which is lower case.
    fn covers(&self, host: &str) -> bool {
        if self.below {
            host.strip_suffix(&self.host)
                .and_then(|rest| rest.strip_suffix('.'))
                .is_some_and(|rest| !rest.is_empty())
        } else {
            host == self.host
        }
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let text = text.to_ascii_lowercase();
        let rest = text.strip_prefix("https://").ok_or(OriginError::Scheme)?;
        if rest.contains(['/', '?', '#', '@', '\\']) {
            return Err(OriginError::NotOnlyHost);
        }
        let rest = rest.strip_suffix(":443").unwrap_or(rest);
        let (below, host) = match rest.strip_prefix("*.") {
            Some(host) => (true, host),
            None => (false, rest),
        };
        if !host.starts_with('[') && host.contains(':') {
            return Err(OriginError::Port);
        }
        let usable = if below {
            is_dns_name(host) && !ends_in_number(host)
        } else {
            is_host(host)
        };
        if !usable {
            return Err(OriginError::Host);
        }
        Ok(Self {
            host: host.to_owned(),
            below,
        })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wildcard = if self.below { "*." } else { "" };
        write!(formatter, "https://{wildcard}{}", self.host)
    }
}

/// A DNS name or an IP address, as the host of an address is written; no trailing dot, no other notation of numbers.
fn is_host(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[') {
        return inner
            .strip_suffix(']')
            .is_some_and(|inner| inner.parse::<Ipv6Addr>().is_ok());
    }
    host.parse::<Ipv4Addr>().is_ok() || (is_dns_name(host) && !ends_in_number(host))
}

/// A name such as 0x7f.1 is an IPv4 address to some resolvers; a real top-level domain never begins with a digit.
fn ends_in_number(host: &str) -> bool {
    host.rsplit('.')
        .next()
        .is_some_and(|label| label.starts_with(|c: char| c.is_ascii_digit()))
}

/// RFC 1123 §2.1: labels of letters, digits and inner hyphens, 63 bytes each, 253 together.
fn is_dns_name(host: &str) -> bool {
    host.len() <= 253
        && host.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

/// What one vendor's requests may reach: covered by what the vendor declares and by what the operator grants.
#[derive(Debug, Clone)]
pub(crate) struct Egress {
    declared: Arc<[Origin]>,
    /// `None`: the operator grants whatever is declared.
    granted: Option<Arc<[Origin]>>,
}

impl Egress {
    /// The wall of a vendor.
    pub(crate) fn new(declared: Arc<[Origin]>, granted: Option<Arc<[Origin]>>) -> Self {
        Self { declared, granted }
    }

    /// The wall without what the operator says.
    pub(crate) fn declared(&self) -> Self {
        Self::new(Arc::clone(&self.declared), None)
    }

    /// Lets nothing out: for calls without a vendor.
    pub(crate) fn closed() -> Self {
        Self::new(Arc::new([]), None)
    }

    /// Tells whether a request to `uri` may leave: https, nothing but a host before the path, port 443, both lists.
    pub(crate) fn allows(&self, uri: &http::Uri) -> bool {
        let Some(authority) = uri.authority() else {
            return false;
        };
        let https = uri.scheme() == Some(&http::uri::Scheme::HTTPS);
        let authority = authority.as_str().to_ascii_lowercase();
        let host = authority.strip_suffix(":443").unwrap_or(&authority);
        // `is_host` refuses userinfo, other ports and trailing dots: none of their signs are part of a host.
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
mod tests {
    use super::{Egress, Origin, OriginError};

    #[test]
    fn reads_origins_and_writes_them_in_lower_case() {
        for (text, written) in [
            ("https://api.hotjar.io", "https://api.hotjar.io"),
            ("HTTPS://API.Hotjar.IO", "https://api.hotjar.io"),
            ("https://api.hotjar.io:443", "https://api.hotjar.io"),
            ("https://*.contentsquare.com", "https://*.contentsquare.com"),
            ("https://127.0.0.1", "https://127.0.0.1"),
            ("https://[::1]", "https://[::1]"),
            (
                "https://xn--bcher-kva.example",
                "https://xn--bcher-kva.example",
            ),
        ] {
            assert_eq!(text.parse::<Origin>().unwrap().to_string(), written);
        }
    }

    #[test]
    fn refuses_what_is_more_or_less_than_an_origin() {
        use OriginError::{Host, NotOnlyHost, Port, Scheme};
        for (text, error) in [
            ("", Scheme),
            ("api.hotjar.io", Scheme),
            ("http://api.hotjar.io", Scheme),
            ("https:/api.hotjar.io", Scheme),
            ("https://", Host),
            ("https://*", Host),
            ("https://*.", Host),
            ("https://*.*.hotjar.io", Host),
            ("https://api.*.io", Host),
            ("https://*hotjar.io", Host),
            ("https://api.hotjar.io.", Host),
            ("https://.hotjar.io", Host),
            ("https://api..io", Host),
            ("https://-api.io", Host),
            ("https://a b.io", Host),
            ("https://bücher.example", Host),
            ("https://*.0.0.1", Host),
            ("https://*.127.0.0.1", Host),
            ("https://*.[::1]", Host),
            ("https://0x7f.1", Host),
            ("https://2130706433", Host),
            ("https://[::1", Host),
            ("https://[v1.x]", Host),
            ("https://api.hotjar.io:8443", Port),
            ("https://api.hotjar.io:", Port),
            ("https://api.hotjar.io:443:443", Port),
            ("https://[::1]:8443", Host),
            ("https://api.hotjar.io/", NotOnlyHost),
            ("https://api.hotjar.io/v1", NotOnlyHost),
            ("https://api.hotjar.io?a", NotOnlyHost),
            ("https://api.hotjar.io#a", NotOnlyHost),
            ("https://user@api.hotjar.io", NotOnlyHost),
            ("https://evil.example\\.hotjar.io", NotOnlyHost),
        ] {
            assert_eq!(text.parse::<Origin>(), Err(error), "{text}");
        }
    }

    fn origins(texts: &[&str]) -> std::sync::Arc<[Origin]> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn lets_out_only_https_to_covered_hosts_on_port_443() {
        let egress = Egress::new(
            origins(&["https://api.hotjar.io", "https://*.contentsquare.com"]),
            None,
        );
        for (url, allowed) in [
            ("https://api.hotjar.io/v1/oauth/token", true),
            ("https://API.HOTJAR.IO/", true),
            ("https://api.hotjar.io:443/", true),
            ("https://api.contentsquare.com/", true),
            ("https://a.b.contentsquare.com/", true),
            ("https://contentsquare.com/", false),
            ("https://.contentsquare.com/", false),
            ("https://evilcontentsquare.com/", false),
            ("https://contentsquare.com.evil.example/", false),
            ("https://insights.hotjar.io/", false),
            ("https://a.api.hotjar.io/", false),
            ("http://api.hotjar.io/", false),
            ("https://api.hotjar.io:8443/", false),
            ("https://api.hotjar.io:0443/", false),
            ("https://api.hotjar.io./", false),
            ("https://user@api.hotjar.io/", false),
            ("https://api.hotjar.io@evil.example/", false),
            ("https://evil.example:443@api.hotjar.io/", false),
            ("https://127.0.0.1/", false),
            ("/v1/oauth/token", false),
        ] {
            let uri = url.parse().unwrap();
            assert_eq!(egress.allows(&uri), allowed, "{url}");
        }
    }

    #[test]
    fn a_grant_takes_away_and_never_adds() {
        let egress = |granted: &[&str]| {
            Egress::new(
                origins(&["https://*.contentsquare.com"]),
                Some(origins(granted)),
            )
        };
        let uri = "https://api.contentsquare.com/".parse().unwrap();
        let other = "https://api.hotjar.io/".parse().unwrap();
        assert!(egress(&["https://api.contentsquare.com"]).allows(&uri));
        assert!(!egress(&["https://eu.contentsquare.com"]).allows(&uri));
        assert!(!egress(&[]).allows(&uri));
        assert!(!egress(&["https://api.hotjar.io"]).allows(&other));
    }

    #[test]
    fn a_call_without_a_vendor_reaches_nothing() {
        assert!(!Egress::closed().allows(&"https://api.hotjar.io/".parse().unwrap()));
    }
}
