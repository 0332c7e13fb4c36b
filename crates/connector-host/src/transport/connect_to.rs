//! Rules in the form of curl's `--connect-to`: connections go to another host or port than the URL
//! names. Certificates and requests still use the URL's.

use std::net::Ipv6Addr;
use std::str::FromStr;

/// Redirects connections, like curl's `--connect-to HOST1:PORT1:HOST2:PORT2`.
///
/// A connection to `HOST1:PORT1` is made to `HOST2:PORT2`. An empty `HOST1` or `PORT1` matches any,
/// an empty `HOST2` or `PORT2` keeps that of the URL. IPv6 addresses are in brackets. The
/// certificate is still checked for `HOST1`. The addresses of `HOST2` are not filtered: the
/// operator chose them.
///
/// ```
/// let rule: connector_host::ConnectTo = "api.hotjar.io:443:127.0.0.1:8443".parse()?;
/// # Ok::<(), connector_host::ConnectToError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectTo {
    from_host: Option<String>,
    from_port: Option<u16>,
    to_host: Option<String>,
    to_port: Option<u16>,
}

/// Why a string is not a [`ConnectTo`] rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectToError {
    /// There are not four parts.
    #[error("invalid rule; use HOST1:PORT1:HOST2:PORT2, with IPv6 addresses in brackets")]
    Parts,
    /// A host is neither a name nor an address.
    #[error("invalid host; use a name, an IPv4 address, an IPv6 address in brackets, or nothing")]
    Host,
    /// A port is not a number from 1 to 65535.
    #[error("invalid port; use a number from 1 to 65535, or nothing")]
    Port,
}

impl ConnectTo {
    /// Whether the rule names a target host; otherwise the host is that of the URL.
    pub(crate) fn names_host(&self) -> bool {
        self.to_host.is_some()
    }

    /// The target of a connection to `host` and `port`, or `None` if the rule does not match.
    pub(crate) fn redirect<'a>(&'a self, host: &'a str, port: u16) -> Option<(&'a str, u16)> {
        let same_host = self
            .from_host
            .as_ref()
            .is_none_or(|from| from.eq_ignore_ascii_case(host));
        let same_port = self.from_port.is_none_or(|from| from == port);
        (same_host && same_port).then(|| {
            (
                self.to_host.as_deref().unwrap_or(host),
                self.to_port.unwrap_or(port),
            )
        })
    }
}

impl FromStr for ConnectTo {
    type Err = ConnectToError;

    fn from_str(text: &str) -> Result<Self, ConnectToError> {
        let (from_host, rest) = host(text)?;
        let (from_port, rest) = rest.split_once(':').ok_or(ConnectToError::Parts)?;
        let (to_host, to_port) = host(rest)?;
        Ok(Self {
            from_host,
            from_port: port(from_port)?,
            to_host,
            to_port: port(to_port)?,
        })
    }
}

/// Splits off a host and the colon behind it. Brackets are kept, as in a URL.
pub(crate) fn host(text: &str) -> Result<(Option<String>, &str), ConnectToError> {
    let inside = if text.starts_with('[') {
        text.find(']').ok_or(ConnectToError::Parts)?
    } else {
        0
    };
    let (bracketed, rest) = text.split_at(inside);
    let (end, rest) = rest.split_once(':').ok_or(ConnectToError::Parts)?;
    if inside > 0 && end != "]" {
        return Err(ConnectToError::Parts);
    }
    let is_valid = match bracketed.strip_prefix('[') {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => end
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)),
    };
    if !is_valid {
        return Err(ConnectToError::Host);
    }
    let host = format!("{bracketed}{end}");
    Ok(((!host.is_empty()).then_some(host), rest))
}

pub(crate) fn port(text: &str) -> Result<Option<u16>, ConnectToError> {
    if text.contains(':') {
        return Err(ConnectToError::Parts);
    }
    match text {
        "" => Ok(None),
        text if text.bytes().all(|b| b.is_ascii_digit()) => match text.parse() {
            Ok(0) | Err(_) => Err(ConnectToError::Port),
            Ok(port) => Ok(Some(port)),
        },
        _ => Err(ConnectToError::Port),
    }
}

#[cfg(test)]
mod tests;
