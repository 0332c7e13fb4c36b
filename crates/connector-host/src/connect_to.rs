//! curl's `--connect-to`: where a connection goes instead of where the address says. Certificates and requests still speak
//! of the address.

use std::net::Ipv6Addr;
use std::str::FromStr;

/// Sends connections elsewhere, like curl's `--connect-to HOST1:PORT1:HOST2:PORT2`.
///
/// A connection to `HOST1:PORT1` is made to `HOST2:PORT2`. An empty `HOST1` or `PORT1` stands for any, an empty `HOST2` or
/// `PORT2` for that of the address. IPv6 addresses are in brackets. The certificate is still checked for `HOST1`. Where
/// `HOST2` leads is not judged: a rule is the operator's word.
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

/// Why a text is not a [`ConnectTo`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConnectToError {
    /// There are not four parts.
    #[error("expected HOST1:PORT1:HOST2:PORT2, with IPv6 addresses in brackets")]
    Parts,
    /// A host is neither a name nor an address.
    #[error("a host is a name, an IPv4 address or an IPv6 address in brackets, or empty")]
    Host,
    /// A port is not a number from 1 to 65535.
    #[error("a port is a number from 1 to 65535, or empty")]
    Port,
}

impl ConnectTo {
    /// Tells whether the rule names the host that connections are made to; otherwise it is that of the address.
    pub(crate) fn names_host(&self) -> bool {
        self.to_host.is_some()
    }

    /// Where a connection to `host` and `port` goes by this rule, or `None` if the rule is about another.
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

/// Takes a host and the colon behind it off the front. Brackets stay, as they do in an address.
fn host(text: &str) -> Result<(Option<String>, &str), ConnectToError> {
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
    let sound = match bracketed.strip_prefix('[') {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => end
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)),
    };
    if !sound {
        return Err(ConnectToError::Host);
    }
    let host = format!("{bracketed}{end}");
    Ok(((!host.is_empty()).then_some(host), rest))
}

fn port(text: &str) -> Result<Option<u16>, ConnectToError> {
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
mod tests {
    use super::{ConnectTo, ConnectToError};

    #[test]
    fn sends_a_connection_where_the_rule_says() {
        for (rule, host, port, goes_to) in [
            (
                "a.example:443:b.example:8443",
                "a.example",
                443,
                Some(("b.example", 8443)),
            ),
            (
                "a.example:443:b.example:8443",
                "A.Example",
                443,
                Some(("b.example", 8443)),
            ),
            ("a.example:443:b.example:8443", "a.example", 444, None),
            ("a.example:443:b.example:8443", "c.example", 443, None),
            (
                "::b.example:8443",
                "c.example",
                444,
                Some(("b.example", 8443)),
            ),
            (
                ":443:b.example:",
                "c.example",
                443,
                Some(("b.example", 443)),
            ),
            (
                "a.example:::8443",
                "a.example",
                443,
                Some(("a.example", 8443)),
            ),
            (":::", "a.example", 443, Some(("a.example", 443))),
            (
                "a.example:443:[::1]:8443",
                "a.example",
                443,
                Some(("[::1]", 8443)),
            ),
            (
                "[::1]:443:127.0.0.1:",
                "[::1]",
                443,
                Some(("127.0.0.1", 443)),
            ),
        ] {
            let parsed: ConnectTo = rule.parse().unwrap();
            assert_eq!(parsed.redirect(host, port), goes_to, "{rule}");
        }
    }

    #[test]
    fn refuses_what_does_not_have_four_parts_or_hosts_or_ports() {
        use ConnectToError::{Host, Parts, Port};
        for (rule, error) in [
            ("", Parts),
            ("a.example", Parts),
            ("a.example:443", Parts),
            ("a.example:443:b.example", Parts),
            ("a.example:443:b.example:1:2", Parts),
            ("a.example:443:::1:8443", Parts),
            ("a.example:443:[::1:8443", Parts),
            ("a.example:443:[::1]x:8443", Parts),
            ("a example:443:b.example:1", Host),
            ("a.example:443:b/example:1", Host),
            ("a.example:443:user@b.example:1", Host),
            ("a.example:443:[b.example]:1", Host),
            ("a.example:443:[]:1", Host),
            ("a.example:x:b.example:1", Port),
            ("a.example:0:b.example:1", Port),
            ("a.example:+1:b.example:1", Port),
            ("a.example:443:b.example:65536", Port),
        ] {
            assert_eq!(rule.parse::<ConnectTo>(), Err(error), "{rule}");
        }
    }
}
