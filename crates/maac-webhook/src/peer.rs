//! Whose request it is.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use ipnet::{IpNet, Ipv4Net};

/// Whose request it is: what a server puts into a request's extensions, for the adapters to find. Behind a proxy that is the
/// address that the proxy tells, if it can be trusted ([`TrustedProxies`]), and not the proxy's own.
///
/// A [`Quarantine`](crate::Quarantine) makes use of it, so that nobody fills it alone. Under actix-web without it, it is the
/// connection's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeerAddr(IpAddr);

impl PeerAddr {
    /// The request is from this address.
    #[must_use]
    pub fn new(address: IpAddr) -> Self {
        Self(address)
    }

    /// The address.
    #[must_use]
    pub fn ip(self) -> IpAddr {
        self.0
    }
}

/// Proxies whose word is taken for whose request it is: the `X-Forwarded-For` header, to which each of them appends whom it was
/// asked by. What stands before that may be made up.
///
/// ```
/// use maac_webhook::TrustedProxies;
///
/// let proxies = TrustedProxies::new(["10.0.0.0/8".parse()?, "127.0.0.1".parse()?]);
/// let peer = proxies.peer("10.1.2.3".parse()?, [&b"198.51.100.7, 203.0.113.9"[..]]);
/// assert_eq!(peer, "203.0.113.9".parse::<std::net::IpAddr>()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<IpNet>);

/// A network such as `10.0.0.0/8`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxyNetwork(IpNet);

/// What is neither an address nor a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidNetwork(());

impl TrustedProxies {
    /// The header that they append to.
    pub const HEADER: &'static str = "x-forwarded-for";

    /// The proxies in these networks.
    pub fn new(networks: impl IntoIterator<Item = ProxyNetwork>) -> Self {
        Self(networks.into_iter().map(|network| network.0).collect())
    }

    /// Whether it is one of them.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The nearest address that is not a trusted proxy's, or the farthest that one tells: of a connection from `connection` whose
    /// request had these values of [`HEADER`](Self::HEADER), in their order.
    pub fn peer<'a, V>(&self, connection: IpAddr, forwarded_for: V) -> IpAddr
    where
        V: IntoIterator<Item = &'a [u8], IntoIter: DoubleEndedIterator>,
    {
        let told = forwarded_for.into_iter().rev();
        let told = told.flat_map(|value| value.rsplit(|byte| *byte == b','));
        let mut peer = connection.to_canonical();
        for told in told {
            if !self.contains(peer) {
                break;
            }
            // What is no address ends the looking: who wrote what stands before it is not known.
            let Some(told) = address(told.trim_ascii()) else { break };
            peer = told;
        }
        peer
    }
}

/// Some proxies tell the port too.
fn address(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?;
    let address = text.parse().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()));
    let bare = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    address.ok().or_else(bare).map(|address: IpAddr| address.to_canonical())
}

impl FromStr for ProxyNetwork {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let one = text.parse::<IpAddr>().map(IpNet::from);
        let network: IpNet = one.or_else(|_| text.parse()).map_err(|_| InvalidNetwork(()))?;
        Ok(Self(canonical(network)))
    }
}

/// An IPv4 network written as one of IPv6 is itself: addresses are compared so.
fn canonical(network: IpNet) -> IpNet {
    const MAPPED: u8 = 96;
    match (network, network.addr().to_canonical()) {
        (IpNet::V6(v6), IpAddr::V4(address)) if v6.prefix_len() >= MAPPED => {
            Ipv4Net::new(address, v6.prefix_len() - MAPPED).map_or(network, IpNet::V4)
        }
        _ => network,
    }
}

impl fmt::Display for InvalidNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is neither an address nor a network such as 10.0.0.0/8")
    }
}

impl std::error::Error for InvalidNetwork {}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(connection: &str, told: &[&[u8]]) -> String {
        let trusted = ["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"].map(|text| text.parse().unwrap());
        let peer = TrustedProxies::new(trusted).peer(connection.parse().unwrap(), told.iter().copied());
        peer.to_string()
    }

    #[test]
    fn who_is_no_trusted_proxy_is_the_peer_whatever_it_tells() {
        assert_eq!(peer("203.0.113.9", &[b"192.0.2.1"]), "203.0.113.9");
        assert_eq!(peer("203.0.113.9", &[]), "203.0.113.9");
    }

    #[test]
    fn the_nearest_that_no_trusted_proxy_vouches_for_is_the_peer() {
        assert_eq!(peer("127.0.0.1", &[b"192.0.2.1"]), "192.0.2.1");
        assert_eq!(peer("::ffff:127.0.0.1", &[b"192.0.2.1"]), "192.0.2.1");
        assert_eq!(peer("127.0.0.1", &[b"198.51.100.7, 192.0.2.1"]), "192.0.2.1", "the first is made up");
        assert_eq!(peer("127.0.0.1", &[b"198.51.100.7", b"192.0.2.1 ,10.1.2.3"]), "192.0.2.1");
        assert_eq!(peer("2001:db8::1", &[b"[2001:470::1]:443"]), "2001:470::1");
        assert_eq!(peer("127.0.0.1", &[b"192.0.2.1:4711"]), "192.0.2.1");
    }

    #[test]
    fn what_is_no_address_ends_the_looking() {
        assert_eq!(peer("127.0.0.1", &[b"192.0.2.1, unknown"]), "127.0.0.1");
        assert_eq!(peer("127.0.0.1", &[b"192.0.2.1, ,10.1.2.3"]), "10.1.2.3");
        assert_eq!(peer("127.0.0.1", &[b"10.1.2.3"]), "10.1.2.3");
        assert_eq!(peer("127.0.0.1", &[b"198.51.100.7", b"\xff, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(peer("127.0.0.1", &[b"198.51.100.7", b"\xff"]), "127.0.0.1");
    }

    #[test]
    fn a_network_is_written_in_either_way() {
        let network = |text: &str| text.parse::<ProxyNetwork>().map(|network| network.0.to_string());
        assert_eq!(network("10.0.0.0/8").unwrap(), "10.0.0.0/8");
        assert_eq!(network("::1").unwrap(), "::1/128");
        assert_eq!(network("::ffff:10.0.0.0/104").unwrap(), "10.0.0.0/8");
        assert_eq!(network("::ffff:192.0.2.1").unwrap(), "192.0.2.1/32");
        for text in ["", "10.0.0.0/33", "localhost", "10.0.0"] {
            assert!(network(text).is_err(), "{text}");
        }
    }
}
