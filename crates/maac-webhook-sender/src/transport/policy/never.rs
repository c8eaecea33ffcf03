//! Addresses that no receiver has.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::TargetNotAllowedKind as Kind;

/// Of Amazon, Azure, Google and others in the first place, which is link-local as well; Alibaba's; Azure's wire server.
const METADATA_V4: [Ipv4Addr; 3] =
    [Ipv4Addr::new(169, 254, 169, 254), Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(168, 63, 129, 16)];

/// Amazon's and Google's, which are unique local addresses.
const METADATA_V6: [Ipv6Addr; 2] =
    [Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)];

/// Why an address is never delivered to, where it is not.
pub(super) fn never(address: IpAddr) -> Option<Kind> {
    match address {
        IpAddr::V4(address) => never_v4(address),
        IpAddr::V6(address) => never_v6(address).or_else(|| carried(address).find_map(never_v4)),
    }
}

fn never_v4(address: Ipv4Addr) -> Option<Kind> {
    if METADATA_V4.contains(&address) {
        Some(Kind::Metadata)
    } else if address.octets()[0] == 0 {
        // All of 0.0.0.0/8 is "this network" (RFC 1122).
        Some(Kind::Unspecified)
    } else if address.is_link_local() {
        Some(Kind::LinkLocal)
    } else if address.is_multicast() {
        Some(Kind::Multicast)
    } else if address.is_broadcast() {
        Some(Kind::Broadcast)
    } else {
        None
    }
}

fn never_v6(address: Ipv6Addr) -> Option<Kind> {
    if METADATA_V6.contains(&address) {
        Some(Kind::Metadata)
    } else if address.is_unspecified() {
        Some(Kind::Unspecified)
    } else if address.is_unicast_link_local() {
        Some(Kind::LinkLocal)
    } else if address.is_multicast() {
        Some(Kind::Multicast)
    } else {
        None
    }
}

/// The IPv4 addresses that a gateway may take an IPv6 address for.
fn carried(address: Ipv6Addr) -> impl Iterator<Item = Ipv4Addr> {
    let of = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    let carried = match address.segments() {
        // The loopback address carries none.
        [0, 0, 0, 0, 0, 0, 0, 1] => [None, None],
        // IPv4-compatible (deprecated), IPv4-mapped, and IPv4-translated (RFC 2765).
        [0, 0, 0, 0, 0, 0, high, low]
        | [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        // NAT64's well-known prefix (RFC 6052).
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => [Some(of(high, low)), None],
        // NAT64's prefix for local use (RFC 8215), of which a site takes the whole or a part: in the one case the address
        // stands around the eighth byte, in the other it is the last four. What begins with a zero is where it is not.
        [0x64, 0xff9b, 1, first, second, third, high, low] => {
            let around =
                u32::from(first) << 16 | u32::from(second & 0xff) << 8 | u32::from(third >> 8);
            let there = |address: &Ipv4Addr| address.octets()[0] != 0;
            [Some(of(high, low)).filter(there), Some(Ipv4Addr::from(around)).filter(there)]
        }
        // 6to4 (RFC 3056).
        [0x2002, high, low, ..] => [Some(of(high, low)), None],
        // Teredo (RFC 4380): the server's, and the client's with its bits turned over.
        [0x2001, 0, server_high, server_low, _, _, high, low] => {
            [Some(of(server_high, server_low)), Some(of(!high, !low))]
        }
        // ISATAP (RFC 5214).
        [.., 0 | 0x200, 0x5efe, high, low] => [Some(of(high, low)), None],
        _ => [None, None],
    };
    carried.into_iter().flatten()
}
