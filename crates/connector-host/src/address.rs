//! Which addresses a name may lead to: public ones, and those that the operator names. The one place that tells them apart;
//! whoever dials asks here with the address that it dials.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::TransportError;

/// What IPv4 has that is not public: multicast, and what the registry does not call globally reachable. Its few
/// exceptions within 192.0.0.0/24 are relays, and no vendor's.
/// <https://www.iana.org/assignments/iana-ipv4-special-registry>
const NOT_PUBLIC_V4: [Ipv4Net; 15] = [
    v4([0, 0, 0, 0], 8),       // this network; the kernel takes 0.0.0.0 for itself
    v4([10, 0, 0, 0], 8),      // private
    v4([100, 64, 0, 0], 10),   // shared, behind a carrier's translation
    v4([127, 0, 0, 0], 8),     // loopback
    v4([169, 254, 0, 0], 16),  // link-local; where clouds keep their metadata
    v4([172, 16, 0, 0], 12),   // private
    v4([192, 0, 0, 0], 24),    // protocol assignments
    v4([192, 0, 2, 0], 24),    // documentation
    v4([192, 88, 99, 0], 24),  // relays of 6to4, given up
    v4([192, 168, 0, 0], 16),  // private
    v4([198, 18, 0, 0], 15),   // benchmarks
    v4([198, 51, 100, 0], 24), // documentation
    v4([203, 0, 113, 0], 24),  // documentation
    v4([224, 0, 0, 0], 4),     // multicast
    v4([240, 0, 0, 0], 4),     // reserved, and broadcast at its end
];

/// All that is public in IPv6. Loopback, unspecified, link-local, unique-local, multicast, IPv4-mapped and IPv4-compatible
/// addresses lie outside. <https://www.iana.org/assignments/ipv6-address-space>
const GLOBAL_UNICAST_V6: Ipv6Net = v6(0x2000, 0, 3);

/// What is not public within it. <https://www.iana.org/assignments/iana-ipv6-special-registry>
const NOT_PUBLIC_V6: [Ipv6Net; 4] = [
    v6(0x2001, 0, 23),     // protocol assignments: Teredo, benchmarks, ORCHID
    v6(0x2001, 0xdb8, 32), // documentation
    v6(0x2002, 0, 16),     // 6to4, which leads to whatever IPv4 address it holds
    v6(0x3fff, 0, 20),     // documentation
];

/// An IPv4 address as a network without IPv4 sees it, by the prefix that is the same everywhere (RFC 6052 §2.1). There every
/// vendor has one of these. The prefix for local use, `64:ff9b:1::/48`, has no place within for the address that is fixed.
const NAT64: Ipv6Net = v6(0x64, 0xff9b, 96);

const fn v4([a, b, c, d]: [u8; 4], prefix_bits: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix_bits)
}

/// By its first two groups; the others are zero.
const fn v6(first: u16, second: u16, prefix_bits: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0), prefix_bits)
}

/// The addresses that may be dialled.
#[derive(Debug, Clone)]
pub(crate) enum Addresses {
    /// The public ones, and those that the operator names.
    PublicAnd(Arc<[IpNet]>),
    /// All: what a rule of the operator's leads to.
    All,
}

impl Addresses {
    /// Tells whether this one may be dialled.
    pub(crate) fn allow(&self, address: IpAddr) -> bool {
        match self {
            Self::All => true,
            Self::PublicAnd(named) => {
                let inner = inner(address);
                let covers = |net: &IpNet| net.contains(&address) || net.contains(&inner);
                is_public(inner) || named.iter().any(covers)
            }
        }
    }

    /// Leaves of what a name leads to what may be dialled. Fails when that is nothing.
    pub(crate) fn of(
        &self,
        found: impl IntoIterator<Item = SocketAddr>,
    ) -> Result<Vec<SocketAddr>, TransportError> {
        let mut found = found.into_iter().peekable();
        if found.peek().is_none() {
            return Err(TransportError::Dns);
        }
        let allowed: Vec<_> = found.filter(|found| self.allow(found.ip())).collect();
        if allowed.is_empty() {
            return Err(TransportError::Denied);
        }
        Ok(allowed)
    }
}

/// The address that is reached in the end, where an IPv6 address only wraps one of IPv4.
fn inner(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(wrapping) if NAT64.contains(&wrapping) => {
            let [.., a, b, c, d] = wrapping.octets();
            Ipv4Addr::new(a, b, c, d).into()
        }
        // ::ffff:0:0/96: the kernel dials the IPv4 address itself.
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
mod tests {
    use super::*;

    /// Around each range: the last address before, the first and the last within, the first behind.
    #[test]
    fn every_range_of_ipv4_that_is_not_public_is_refused_to_its_edges() {
        check(&[
            ("0.0.0.0", false),
            ("0.255.255.255", false),
            ("1.0.0.0", true),
            ("9.255.255.255", true),
            ("10.0.0.0", false),
            ("10.255.255.255", false),
            ("11.0.0.0", true),
            ("100.63.255.255", true),
            ("100.64.0.0", false),
            ("100.127.255.255", false),
            ("100.128.0.0", true),
            ("126.255.255.255", true),
            ("127.0.0.0", false),
            ("127.0.0.1", false),
            ("127.255.255.255", false),
            ("128.0.0.0", true),
            ("169.253.255.255", true),
            ("169.254.0.0", false),
            ("169.254.169.254", false),
            ("169.254.255.255", false),
            ("169.255.0.0", true),
            ("172.15.255.255", true),
            ("172.16.0.0", false),
            ("172.31.255.255", false),
            ("172.32.0.0", true),
            ("191.255.255.255", true),
            ("192.0.0.0", false),
            ("192.0.0.255", false),
            ("192.0.1.0", true),
            ("192.0.1.255", true),
            ("192.0.2.0", false),
            ("192.0.2.255", false),
            ("192.0.3.0", true),
            ("192.88.98.255", true),
            ("192.88.99.0", false),
            ("192.88.99.255", false),
            ("192.88.100.0", true),
            ("192.167.255.255", true),
            ("192.168.0.0", false),
            ("192.168.255.255", false),
            ("192.169.0.0", true),
            ("198.17.255.255", true),
            ("198.18.0.0", false),
            ("198.19.255.255", false),
            ("198.20.0.0", true),
            ("198.51.99.255", true),
            ("198.51.100.0", false),
            ("198.51.100.255", false),
            ("198.51.101.0", true),
            ("203.0.112.255", true),
            ("203.0.113.0", false),
            ("203.0.113.255", false),
            ("203.0.114.0", true),
            ("223.255.255.255", true),
            ("224.0.0.0", false),
            ("239.255.255.255", false),
            ("240.0.0.0", false),
            ("255.255.255.254", false),
            ("255.255.255.255", false),
        ]);
    }

    #[test]
    fn every_range_of_ipv6_that_is_not_public_is_refused_to_its_edges() {
        check(&[
            // Unspecified, loopback, IPv4-compatible, discard-only.
            ("::", false),
            ("::1", false),
            ("::8.8.8.8", false),
            ("::ffff:ffff", false),
            ("::ffff:0:8.8.8.8", false),
            ("100::", false),
            ("100::ffff:ffff:ffff:ffff", false),
            ("100:0:0:1::", false),
            // Global unicast.
            ("1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false),
            ("2000::", true),
            ("3fff:1000::", true),
            ("3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true),
            ("4000::", false),
            // Protocol assignments, with Teredo, benchmarks and ORCHID within.
            ("2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true),
            ("2001::", false),
            ("2001::8.8.8.8", false),
            ("2001:2::1", false),
            ("2001:10::1", false),
            ("2001:20::1", false),
            ("2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", false),
            ("2001:200::", true),
            // Documentation.
            ("2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", true),
            ("2001:db8::", false),
            ("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", false),
            ("2001:db9::", true),
            ("3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true),
            ("3fff::", false),
            ("3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", false),
            // 6to4, whatever it leads to.
            ("2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true),
            ("2002::", false),
            ("2002:808:808::1", false),
            ("2002:7f00:1::1", false),
            ("2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false),
            ("2003::", true),
            // Segment identifiers, unique-local, link-local, site-local, multicast.
            ("5f00::1", false),
            ("fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false),
            ("fc00::", false),
            ("fd00:ec2::254", false),
            ("fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false),
            ("fe80::", false),
            ("fe80::1", false),
            ("febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false),
            ("fec0::", false),
            ("feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false),
            ("ff00::", false),
            ("ff02::1", false),
            ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false),
        ]);
    }

    #[test]
    fn an_ipv4_address_within_an_ipv6_one_is_judged_as_what_it_is() {
        check(&[
            ("::fffe:ffff:ffff", false),
            ("::ffff:0.0.0.0", false),
            ("::ffff:8.8.8.8", true),
            ("::ffff:10.0.0.1", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:169.254.169.254", false),
            ("::ffff:255.255.255.255", false),
            ("::1:0:0:0", false),
            ("64:ff9a:ffff:ffff:ffff:ffff:808:808", false),
            ("64:ff9b::", false),
            ("64:ff9b::8.8.8.8", true),
            ("64:ff9b::10.0.0.1", false),
            ("64:ff9b::127.0.0.1", false),
            ("64:ff9b::169.254.169.254", false),
            ("64:ff9b::255.255.255.255", false),
            ("64:ff9b::1:808:808", false),
            // For local use: nobody outside knows where the address begins.
            ("64:ff9b:1::", false),
            ("64:ff9b:1::8.8.8.8", false),
            ("64:ff9b:1:ffff:ffff:ffff:ffff:ffff", false),
            ("64:ff9b:2::", false),
        ]);
    }

    fn check(table: &[(&str, bool)]) {
        let addresses = naming(&[]);
        for (address, public) in table {
            assert_eq!(
                addresses.allow(address.parse().unwrap()),
                *public,
                "{address}"
            );
        }
    }

    fn naming(nets: &[&str]) -> Addresses {
        Addresses::PublicAnd(nets.iter().map(|net| net.parse().unwrap()).collect())
    }

    #[test]
    fn what_the_operator_names_is_allowed_and_nothing_beside_it() {
        let addresses = naming(&["10.1.0.0/16", "fd00:1::/32", "64:ff9b:1::/48", "::1/128"]);
        for (address, allowed) in [
            ("10.0.255.255", false),
            ("10.1.0.0", true),
            ("10.1.255.255", true),
            ("10.2.0.0", false),
            // The same addresses in IPv6.
            ("::ffff:10.1.0.1", true),
            ("::ffff:10.2.0.1", false),
            ("64:ff9b::10.1.0.1", true),
            ("64:ff9b::10.2.0.1", false),
            ("64:ff9b:1::10.2.0.1", true),
            ("fd00:1::1", true),
            ("fd00:2::1", false),
            ("::1", true),
            ("127.0.0.1", false),
            ("8.8.8.8", true),
        ] {
            assert_eq!(
                addresses.allow(address.parse().unwrap()),
                allowed,
                "{address}"
            );
        }
    }

    #[test]
    fn a_rule_leads_anywhere() {
        for address in ["127.0.0.1", "::1", "169.254.169.254", "8.8.8.8"] {
            assert!(Addresses::All.allow(address.parse().unwrap()));
        }
    }

    #[test]
    fn of_what_a_name_leads_to_the_public_addresses_remain() {
        let found = |texts: &[&str]| -> Vec<SocketAddr> {
            let addresses = texts.iter().map(|text| text.parse::<IpAddr>().unwrap());
            addresses.map(|address| (address, 0).into()).collect()
        };
        let mixed = found(&["127.0.0.1", "8.8.8.8", "10.0.0.1", "::1", "2a00:1450::1"]);
        let remain = naming(&[]).of(mixed.clone());
        assert_eq!(remain, Ok(found(&["8.8.8.8", "2a00:1450::1"])));
        let remain = naming(&["10.0.0.0/8"]).of(mixed.clone());
        assert_eq!(remain, Ok(found(&["8.8.8.8", "10.0.0.1", "2a00:1450::1"])));
        assert_eq!(Addresses::All.of(mixed.clone()), Ok(mixed));

        let private = found(&["127.0.0.1", "::1"]);
        assert_eq!(naming(&[]).of(private), Err(TransportError::Denied));
        assert_eq!(naming(&[]).of([]), Err(TransportError::Dns));
    }
}
