//! Tests of the address rules, at both edges of every range.

use super::*;

/// Around each range: the last address before, the first and the last within, the first after.
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
        // 6to4, with any embedded address.
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
fn an_embedded_ipv4_address_is_filtered_as_itself() {
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
        // For local use: the position of the address is not known.
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
fn only_the_named_ranges_are_allowed_in_addition() {
    let addresses = naming(&["10.1.0.0/16", "fd00:1::/32", "64:ff9b:1::/48", "::1/128"]);
    for (address, allowed) in [
        ("10.0.255.255", false),
        ("10.1.0.0", true),
        ("10.1.255.255", true),
        ("10.2.0.0", false),
        // The same addresses, embedded in IPv6.
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
fn the_target_of_a_rule_is_unrestricted() {
    for address in ["127.0.0.1", "::1", "169.254.169.254", "8.8.8.8"] {
        assert!(Addresses::All.allow(address.parse().unwrap()));
    }
}

#[test]
fn of_resolved_addresses_the_public_ones_remain() {
    let found = |texts: &[&str]| -> Vec<SocketAddr> {
        let addresses = texts.iter().map(|text| text.parse::<IpAddr>().unwrap());
        addresses.map(|address| (address, 0).into()).collect()
    };
    let mixed = found(&["127.0.0.1", "8.8.8.8", "10.0.0.1", "::1", "2a00:1450::1"]);
    let remain = naming(&[]).filter(mixed.clone());
    assert_eq!(remain, Ok(found(&["8.8.8.8", "2a00:1450::1"])));
    let remain = naming(&["10.0.0.0/8"]).filter(mixed.clone());
    assert_eq!(remain, Ok(found(&["8.8.8.8", "10.0.0.1", "2a00:1450::1"])));
    assert_eq!(Addresses::All.filter(mixed.clone()), Ok(mixed));

    let private = found(&["127.0.0.1", "::1"]);
    assert_eq!(naming(&[]).filter(private), Err(TransportError::Denied));
    assert_eq!(naming(&[]).filter([]), Err(TransportError::Dns));
}

#[test]
fn a_proxy_is_asked_for_names_unless_they_mean_an_address() {
    let public = Addresses::PublicAnd(Arc::default());
    let loopback = Addresses::PublicAnd(Arc::new(["127.0.0.0/8".parse().unwrap()]));
    for (host, by_default, with_loopback) in [
        ("api.vendor.example", true, true),
        ("intranet", true, true),
        ("1e100.net", true, true),
        ("1.1.1.1", true, true),
        ("127.0.0.1", false, true),
        ("[::1]", false, false),
        ("[::ffff:127.0.0.1]", false, true),
        ("localhost", false, true),
        ("a.LocalHost.", false, true),
        ("localhost.example", true, true),
        // Allowed in no form but the usual one.
        ("127.1", false, false),
        ("0x7f000001", false, false),
        ("127.0.0.1.", false, false),
        ("vendor.0x7f", false, false),
    ] {
        assert_eq!(public.allow_by_proxy(host), by_default, "{host}");
        assert_eq!(loopback.allow_by_proxy(host), with_loopback, "{host}");
        assert!(Addresses::All.allow_by_proxy(host), "{host}");
    }
}
