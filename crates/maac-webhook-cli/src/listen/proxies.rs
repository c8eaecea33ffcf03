//! Whose request it is behind proxies: what they tell in `X-Forwarded-For`, as far as they are trusted.

use std::net::{IpAddr, SocketAddr};

use axum::{extract::Request, http::HeaderMap};
use ipnet::IpNet;
use maac_webhook::PeerAddr;

/// Each proxy appends whom it was asked by; whatever stands before that may be made up.
const HEADER: &str = "x-forwarded-for";

/// The proxies whose word is taken.
#[derive(Clone, Debug)]
pub(super) struct Proxies(Vec<IpNet>);

impl Proxies {
    pub(super) fn new(trusted: &[IpNet]) -> Self {
        Self(trusted.to_vec())
    }

    /// Replaces the connection's address by the one that the proxies tell.
    pub(super) fn look_through(&self, mut request: Request) -> Request {
        if let Some(&connection) = request.extensions().get::<PeerAddr>() {
            let peer = self.peer(connection.ip(), request.headers());
            request.extensions_mut().insert(PeerAddr::new(peer));
        }
        request
    }

    /// The nearest address that is not a trusted proxy's, or the farthest that is told at all.
    fn peer(&self, connection: IpAddr, headers: &HeaderMap) -> IpAddr {
        let told = headers.get_all(HEADER).iter().rev();
        let told = told.filter_map(|value| value.to_str().ok()).flat_map(|value| value.rsplit(','));
        let mut peer = connection;
        for told in told {
            let Some(told) = address(told.trim()).filter(|_| self.trusts(peer)) else { break };
            peer = told;
        }
        peer
    }

    fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// Some proxies tell the port too.
fn address(text: &str) -> Option<IpAddr> {
    let address = text.parse().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()));
    let bare = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    address.ok().or_else(bare).map(|address: IpAddr| address.to_canonical())
}

/// A network such as 10.0.0.0/8, or one address.
pub(crate) fn network(text: &str) -> Result<IpNet, String> {
    let one = text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
    one.or_else(|_| text.parse())
        .map_err(|_| "it is neither an address nor a network such as 10.0.0.0/8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(connection: &str, told: &[&str]) -> String {
        let trusted = ["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"].map(|text| network(text).unwrap());
        let headers = told.iter().map(|value| (HEADER.parse().unwrap(), value.parse().unwrap())).collect();
        Proxies::new(&trusted).peer(connection.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn who_is_no_trusted_proxy_is_the_peer_whatever_it_tells() {
        assert_eq!(peer("203.0.113.9", &["192.0.2.1"]), "203.0.113.9");
        assert_eq!(peer("203.0.113.9", &[]), "203.0.113.9");
    }

    #[test]
    fn the_nearest_that_no_trusted_proxy_vouches_for_is_the_peer() {
        assert_eq!(peer("127.0.0.1", &["192.0.2.1"]), "192.0.2.1");
        assert_eq!(peer("::ffff:127.0.0.1", &["192.0.2.1"]), "192.0.2.1");
        assert_eq!(peer("127.0.0.1", &["198.51.100.7, 192.0.2.1"]), "192.0.2.1", "the first is made up");
        assert_eq!(peer("127.0.0.1", &["198.51.100.7", "192.0.2.1 ,10.1.2.3"]), "192.0.2.1");
        assert_eq!(peer("2001:db8::1", &["[2001:470::1]:443"]), "2001:470::1");
        assert_eq!(peer("127.0.0.1", &["192.0.2.1:4711"]), "192.0.2.1");
    }

    #[test]
    fn what_is_no_address_ends_the_looking() {
        assert_eq!(peer("127.0.0.1", &["192.0.2.1, unknown"]), "127.0.0.1");
        assert_eq!(peer("127.0.0.1", &["192.0.2.1, ,10.1.2.3"]), "10.1.2.3");
        assert_eq!(peer("127.0.0.1", &["10.1.2.3"]), "10.1.2.3");
    }

    #[test]
    fn a_network_is_written_in_either_way() {
        assert_eq!(network("10.0.0.0/8").unwrap().to_string(), "10.0.0.0/8");
        assert_eq!(network("::1").unwrap().to_string(), "::1/128");
        for text in ["", "10.0.0.0/33", "localhost", "10.0.0"] {
            assert!(network(text).is_err(), "{text}");
        }
    }
}
