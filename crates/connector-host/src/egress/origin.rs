//! Patterns of origins, and the syntax of hosts.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use psl::Psl;

/// An allowed origin: `https://host`, or `https://*.host` for every name below `host` but not
/// `host` itself.
///
/// Always `https` on port 443. Names are compared case-insensitively. No wildcard covers a public
/// suffix, such as `https://*.co.uk`.
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
    /// Whether the pattern covers the names below `host` instead of `host`.
    is_wildcard: bool,
}

/// Why a string is not the pattern of an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OriginError {
    /// It does not begin with `https://`.
    #[error("invalid origin; begin it with https://")]
    Scheme,
    /// It has a port other than 443.
    #[error("invalid origin; remove its port")]
    Port,
    /// It has more than a host: user, path, query or fragment.
    #[error("invalid origin; end it with its host")]
    NotOnlyHost,
    /// The host is not a DNS name of letters, digits, `-` and dots, nor, without a wildcard, an IP
    /// address.
    #[error(
        "invalid host in an origin; use a DNS name, perhaps with a leading *., or an IP address"
    )]
    Host,
    /// The wildcard covers the names of unrelated owners, such as `https://*.co.uk` or
    /// `https://*.github.io` (<https://publicsuffix.org>).
    #[error(
        "invalid origin; its wildcard covers a public suffix, below which anybody can have a name: \
         name one host, or a wildcard below it"
    )]
    PublicSuffix,
}

impl Origin {
    /// Whether the pattern covers the names below its host, instead of its host.
    pub fn is_wildcard(&self) -> bool {
        self.is_wildcard
    }

    /// Whether the pattern covers `host`, which is lower case.
    pub(crate) fn covers(&self, host: &str) -> bool {
        if self.is_wildcard {
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
        let (is_wildcard, host) = match rest.strip_prefix("*.") {
            Some(host) => (true, host),
            None => (false, rest),
        };
        if !host.starts_with('[') && host.contains(':') {
            return Err(OriginError::Port);
        }
        let is_valid = if is_wildcard {
            is_dns_name(host) && !ends_in_number(host)
        } else {
            is_host(host)
        };
        if !is_valid {
            return Err(OriginError::Host);
        }
        if is_wildcard && is_public_suffix(host) {
            return Err(OriginError::PublicSuffix);
        }
        Ok(Self {
            host: host.to_owned(),
            is_wildcard,
        })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wildcard = if self.is_wildcard { "*." } else { "" };
        write!(formatter, "https://{wildcard}{}", self.host)
    }
}

/// Whether `host` is a DNS name or an IP address in the notation of URLs: no trailing dot, no other
/// notation of numbers.
pub(crate) fn is_host(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[') {
        return inner
            .strip_suffix(']')
            .is_some_and(|inner| inner.parse::<Ipv6Addr>().is_ok());
    }
    host.parse::<Ipv4Addr>().is_ok() || (is_dns_name(host) && !ends_in_number(host))
}

/// Some resolvers take a name such as 0x7f.1 for an IPv4 address. No real top-level domain begins
/// with a digit.
fn ends_in_number(host: &str) -> bool {
    host.rsplit('.')
        .next()
        .is_some_and(|label| label.starts_with(|c: char| c.is_ascii_digit()))
}

/// Whether anybody can have a name below `host`: a top-level domain, known or not, a suffix of a
/// registry, or the domain of a hosting company that is on the list.
fn is_public_suffix(host: &str) -> bool {
    // The list has names of other scripts as they are read.
    let labels = host.split('.').map(|label| {
        let decoded = label.strip_prefix("xn--").map(punycode::decode);
        decoded.and_then(Result::ok).unwrap_or(label.to_owned())
    });
    let name = labels.collect::<Vec<_>>().join(".");
    psl::List
        .suffix(name.as_bytes())
        .is_some_and(|suffix| suffix.as_bytes() == name.as_bytes())
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

#[cfg(test)]
mod tests;
