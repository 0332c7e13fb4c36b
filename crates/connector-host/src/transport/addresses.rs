//! The rules for IP addresses: public ones are allowed, and those that the operator names. The code
//! that connects applies them to the very address that it connects to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::transport::TransportError;

/// IPv4 ranges that are not public: multicast, and those that the registry does not call globally
/// reachable. Its few exceptions within 192.0.0.0/24 are relays; no vendor uses them.
/// <https://www.iana.org/assignments/iana-ipv4-special-registry>
const NOT_PUBLIC_V4: [Ipv4Net; 15] = [
    v4([0, 0, 0, 0], 8),  // this network; the kernel treats 0.0.0.0 as the local host
    v4([10, 0, 0, 0], 8), // private
    v4([100, 64, 0, 0], 10), // shared, for carrier-grade NAT
    v4([127, 0, 0, 0], 8), // loopback
    v4([169, 254, 0, 0], 16), // link-local; cloud metadata services
    v4([172, 16, 0, 0], 12), // private
    v4([192, 0, 0, 0], 24), // protocol assignments
    v4([192, 0, 2, 0], 24), // documentation
    v4([192, 88, 99, 0], 24), // 6to4 relays, deprecated
    v4([192, 168, 0, 0], 16), // private
    v4([198, 18, 0, 0], 15), // benchmarks
    v4([198, 51, 100, 0], 24), // documentation
    v4([203, 0, 113, 0], 24), // documentation
    v4([224, 0, 0, 0], 4), // multicast
    v4([240, 0, 0, 0], 4), // reserved, and broadcast at its end
];

/// The public range of IPv6. Loopback, unspecified, link-local, unique-local, multicast,
/// IPv4-mapped and IPv4-compatible addresses lie outside.
/// <https://www.iana.org/assignments/ipv6-address-space>
const GLOBAL_UNICAST_V6: Ipv6Net = v6(0x2000, 0, 3);

/// Ranges within it that are not public.
/// <https://www.iana.org/assignments/iana-ipv6-special-registry>
const NOT_PUBLIC_V6: [Ipv6Net; 4] = [
    v6(0x2001, 0, 23),     // protocol assignments: Teredo, benchmarks, ORCHID
    v6(0x2001, 0xdb8, 32), // documentation
    v6(0x2002, 0, 16),     // 6to4, which embeds any IPv4 address
    v6(0x3fff, 0, 20),     // documentation
];

/// The well-known NAT64 prefix (RFC 6052 §2.1), by which an IPv6-only network reaches IPv4. The
/// prefix for local use, `64:ff9b:1::/48`, has no fixed position for the embedded address, so it is
/// not unwrapped.
const NAT64: Ipv6Net = v6(0x64, 0xff9b, 96);

const fn v4([a, b, c, d]: [u8; 4], prefix_bits: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix_bits)
}

/// A network given by its first two groups; the others are zero.
const fn v6(first: u16, second: u16, prefix_bits: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0), prefix_bits)
}

/// The addresses to which connections are allowed.
#[derive(Debug, Clone)]
pub(crate) enum Addresses {
    /// Public ones, and those that the operator names.
    PublicAnd(Arc<[IpNet]>),
    /// All: for the targets of the operator's own rules.
    All,
}

impl Addresses {
    /// Whether connections to this address are allowed.
    pub(crate) fn allow(&self, address: IpAddr) -> bool {
        match self {
            Self::All => true,
            Self::PublicAnd(named) => {
                let inner = unwrapped(address);
                let covers = |net: &IpNet| net.contains(&address) || net.contains(&inner);
                is_public(inner) || named.iter().any(covers)
            }
        }
    }

    /// Whether a proxy may be asked to connect to this host of a URL. The addresses of a name are
    /// unknown here, so only those names are checked that mean an address themselves.
    pub(crate) fn allow_by_proxy(&self, host: &str) -> bool {
        let inside = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
        if let Ok(address) = inside.unwrap_or(host).parse() {
            return self.allow(address);
        }
        let name = host.trim_end_matches('.');
        let last = name.rsplit('.').next().unwrap_or_default();
        if last.eq_ignore_ascii_case("localhost") {
            // RFC 6761 §6.3, with all names below it.
            return self.allow(Ipv4Addr::LOCALHOST.into());
        }
        // `127.1`, `0x7f000001` and the like: resolvers read them as addresses, each in its way.
        // No top-level domain begins with a digit.
        let is_number = last.starts_with(|first: char| first.is_ascii_digit());
        !is_number || matches!(self, Self::All)
    }

    /// Filters the resolved addresses of a name. Fails when none is left.
    pub(crate) fn filter(
        &self,
        resolved: impl IntoIterator<Item = SocketAddr>,
    ) -> Result<Vec<SocketAddr>, TransportError> {
        let mut resolved = resolved.into_iter().peekable();
        if resolved.peek().is_none() {
            return Err(TransportError::Dns);
        }
        let allowed: Vec<_> = resolved.filter(|found| self.allow(found.ip())).collect();
        if allowed.is_empty() {
            return Err(TransportError::Denied);
        }
        Ok(allowed)
    }
}

/// The IPv4 address that an IPv6 address embeds, else the address itself.
fn unwrapped(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(wrapping) if NAT64.contains(&wrapping) => {
            let [.., a, b, c, d] = wrapping.octets();
            Ipv4Addr::new(a, b, c, d).into()
        }
        // ::ffff:0:0/96: the kernel connects to the IPv4 address.
        address => address.to_canonical(),
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !NOT_PUBLIC_V4.iter().any(|net| net.contains(&address)),
        IpAddr::V6(address) => {
            GLOBAL_UNICAST_V6.contains(&address)
                && !NOT_PUBLIC_V6.iter().any(|net| net.contains(&address))
        }
    }
}

#[cfg(test)]
mod tests;
