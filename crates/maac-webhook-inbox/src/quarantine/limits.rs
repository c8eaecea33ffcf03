use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
};

use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter, clock::DefaultClock, state::keyed::HashMapStateStore,
};

/// How many requests a second are taken into quarantine, and how many at once after a pause: from one peer, and from all. What is
/// beyond is answered as ever, and not kept.
///
/// A genuine event that does not verify is sent four times, and counts each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "all must be said")]
pub struct QuarantineLimits {
    /// From one peer a second. Its address, or of IPv6 the network of 64 bits, since who has one address has them all.
    pub peer_rate: NonZeroU32,
    /// From one peer at once.
    pub peer_burst: NonZeroU32,
    /// From all peers a second.
    pub rate: NonZeroU32,
    /// From all peers at once.
    pub burst: NonZeroU32,
}

impl Default for QuarantineLimits {
    /// 200 and 2,000 from one peer, 1,000 and 10,000 from all.
    fn default() -> Self {
        let number = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        Self { peer_rate: number(200), peer_burst: number(2000), rate: number(1000), burst: number(10_000) }
    }
}

/// Peers whose buckets are known at once. Those that are full again are forgotten; beyond so many others, nobody new is let in.
const PEERS: usize = 10_000;

pub(super) struct Buckets {
    peers: RateLimiter<IpAddr, HashMapStateStore<IpAddr>, DefaultClock>,
    all: DefaultDirectRateLimiter,
}

impl Buckets {
    pub(super) fn new(limits: QuarantineLimits) -> Self {
        let QuarantineLimits { peer_rate, peer_burst, rate, burst } = limits;
        Self {
            peers: RateLimiter::hashmap(Quota::per_second(peer_rate).allow_burst(peer_burst)),
            all: RateLimiter::direct(Quota::per_second(rate).allow_burst(burst)),
        }
    }

    /// Whether one more is let in. What a peer has too many of costs the others nothing.
    pub(super) fn admit(&self, peer: IpAddr) -> bool {
        if self.peers.len() >= PEERS {
            self.peers.retain_recent();
            if self.peers.len() >= PEERS {
                return false;
            }
        }
        self.peers.check_key(&peer).is_ok() && self.all.check().is_ok()
    }
}

impl fmt::Debug for Buckets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buckets").finish_non_exhaustive()
    }
}

/// Who a peer is to the limits.
pub(super) fn who(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_peer_takes_nothing_from_another() {
        let number = |number| NonZeroU32::new(number).unwrap();
        let buckets = Buckets::new(QuarantineLimits {
            peer_rate: number(1),
            peer_burst: number(10),
            rate: number(1),
            burst: number(25),
        });
        let admitted = |peer| (0..1000).filter(|_| buckets.admit(address(peer))).count();
        assert_eq!([admitted("192.0.2.1"), admitted("192.0.2.2")], [10, 10]);
        assert_eq!(admitted("192.0.2.3"), 5, "all together have a limit too");
    }

    #[test]
    fn so_many_peers_that_they_cannot_be_told_apart_are_not_let_in() {
        // A bucket is full again only after a second.
        let limits = QuarantineLimits { peer_rate: NonZeroU32::MIN, ..Default::default() };
        let buckets = Buckets::new(QuarantineLimits { burst: NonZeroU32::MAX, ..limits });
        let admitted =
            (0..20_000_u32).filter(|&peer| buckets.admit(IpAddr::from(peer.to_be_bytes()))).count();
        assert!((PEERS..20_000).contains(&admitted), "{admitted}");
    }

    #[test]
    fn a_network_of_64_bits_is_one_peer_and_a_mapped_address_is_itself() {
        assert_eq!(who(address("2001:db8:1:2:3:4:5:6")), address("2001:db8:1:2::"));
        assert_ne!(who(address("2001:db8:1:2::1")), who(address("2001:db8:1:3::1")));
        assert_eq!(who(address("::ffff:192.0.2.1")), address("192.0.2.1"));
        assert_eq!(who(address("192.0.2.1")), address("192.0.2.1"));
    }
}
