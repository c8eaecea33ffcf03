use std::{fmt, net::IpAddr, num::NonZeroU32};

use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter, clock::DefaultClock, state::keyed::HashMapStateStore,
};

use super::{QuarantineBounds, peers::Peer};

/// How much a second is taken into quarantine, and how much at once after a pause: from one peer, and from all. What is beyond
/// is answered as ever, and not kept. In units of 4 KiB, of which a request is one at least; a retry of what was taken a moment ago
/// costs nothing.
///
/// A peer that brought an event lately that was verified and new is *proven*, and has limits of its own: those who never did cannot
/// use them up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "all must be said")]
pub struct QuarantineLimits {
    /// From one peer that is not proven. It is an address, or of IPv6 a network of 64 bits, since who has one address has them all.
    pub peer: RateLimit,
    /// From all peers together that are not proven.
    pub peers: RateLimit,
    /// From one peer that is proven.
    pub proven_peer: RateLimit,
}

/// A token bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "both must be said")]
pub struct RateLimit {
    /// A second.
    pub rate: NonZeroU32,
    /// At once.
    pub burst: NonZeroU32,
}

impl RateLimit {
    const fn new(rate: u32, burst: u32) -> Self {
        const fn number(number: u32) -> NonZeroU32 {
            match NonZeroU32::new(number) {
                Some(number) => number,
                None => NonZeroU32::MIN,
            }
        }
        Self { rate: number(rate), burst: number(burst) }
    }

    fn quota(self) -> Quota {
        Quota::per_second(self.rate).allow_burst(self.burst)
    }
}

impl Default for QuarantineLimits {
    /// 100 a second and 1,000 at once from one peer, 2,000 and 20,000 from all of them; 1,000 and 10,000 from one that is proven.
    fn default() -> Self {
        Self {
            peer: RateLimit::new(100, 1000),
            peers: RateLimit::new(2000, 20_000),
            proven_peer: RateLimit::new(1000, 10_000),
        }
    }
}

/// Peers whose buckets are known at once. Those that are full again are forgotten; beyond so many others, nobody new is let in.
const PEERS: usize = 10_000;

type ByPeer = RateLimiter<IpAddr, HashMapStateStore<IpAddr>, DefaultClock>;

pub(super) struct Buckets {
    peers: ByPeer,
    all: DefaultDirectRateLimiter,
    proven: ByPeer,
}

impl Buckets {
    pub(super) fn new(limits: QuarantineLimits) -> Self {
        Self {
            peers: RateLimiter::hashmap(limits.peer.quota()),
            all: RateLimiter::direct(limits.peers.quota()),
            proven: RateLimiter::hashmap(limits.proven_peer.quota()),
        }
    }

    /// Whether one more is let in. What a peer has too many of costs the others nothing.
    pub(super) fn admit(&self, peer: Peer, is_proven: bool, body: &[u8]) -> bool {
        let units = (body.len() as u64).div_ceil(QuarantineBounds::LEAST_BYTES).max(1);
        let Some(units) = u32::try_from(units).ok().and_then(NonZeroU32::new) else { return false };
        let peers = if is_proven { &self.proven } else { &self.peers };
        if peers.len() >= PEERS {
            peers.retain_recent();
            if peers.len() >= PEERS {
                return false;
            }
        }
        let one = matches!(peers.check_key_n(&peer.address(), units), Ok(Ok(())));
        one && (is_proven || matches!(self.all.check_n(units), Ok(Ok(()))))
    }
}

impl fmt::Debug for Buckets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buckets").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(buckets: &Buckets, peer: &str, is_proven: bool, body: &[u8]) -> usize {
        let peer = Peer::of(peer.parse().ok());
        (0..1000).filter(|_| buckets.admit(peer, is_proven, body)).count()
    }

    fn slow(burst: u32, of_all: u32) -> Buckets {
        let peer = RateLimit::new(1, burst);
        Buckets::new(QuarantineLimits { peer, peers: RateLimit::new(1, of_all), proven_peer: peer })
    }

    #[test]
    fn one_peer_takes_nothing_from_another_and_none_from_who_is_proven() {
        let buckets = slow(10, 25);
        assert_eq!(["192.0.2.1", "192.0.2.2"].map(|peer| admitted(&buckets, peer, false, b"")), [10, 10]);
        assert_eq!(admitted(&buckets, "192.0.2.3", false, b""), 5, "all together have a limit too");
        assert_eq!(admitted(&buckets, "203.0.113.9", true, b""), 10);
    }

    #[test]
    fn a_large_request_counts_as_many() {
        assert_eq!(admitted(&slow(64, 1000), "192.0.2.1", false, &[0; 64 * 1024]), 4);
        assert_eq!(admitted(&slow(64, 1000), "192.0.2.1", false, &[0; 4 * 1024 + 1]), 32);
        assert_eq!(
            admitted(&slow(15, 1000), "192.0.2.1", false, &[0; 64 * 1024]),
            0,
            "more than a bucket holds"
        );
    }

    #[test]
    fn so_many_peers_that_they_cannot_be_told_apart_are_not_let_in() {
        // A bucket is full again only after a second.
        let buckets = slow(1, u32::MAX);
        let peer = |number: u32| Peer::of(Some(IpAddr::from(number.to_be_bytes())));
        let admitted = (0..20_000).filter(|&number| buckets.admit(peer(number), false, b"")).count();
        assert!((PEERS..20_000).contains(&admitted), "{admitted}");
    }
}
