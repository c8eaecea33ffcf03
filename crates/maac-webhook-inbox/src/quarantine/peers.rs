//! Who a peer is, and which of them brought genuine events.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    hash::{BuildHasher, RandomState},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

use maac_webhook::Unverified;

/// Peers that are remembered.
const REMEMBERED: usize = 1024;

/// A peer as it is counted: its address, or of IPv6 its network of 64 bits, since who has one address has them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Peer(IpAddr);

impl Peer {
    /// Where nobody is known, all are one.
    pub(crate) fn of(address: Option<IpAddr>) -> Self {
        Self(match address.map(|address| address.to_canonical()) {
            None => Ipv4Addr::UNSPECIFIED.into(),
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
            Some(address) => address,
        })
    }

    pub(crate) fn address(self) -> IpAddr {
        self.0
    }
}

/// Peers that brought an event that was verified and new: no replay is, so whoever captured a request does not become one. Cheap to
/// clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProvenPeers(Arc<Mutex<Proven>>);

#[derive(Debug, Default)]
struct Proven {
    /// When each brought its last event, counted in events.
    last: HashMap<Peer, u64>,
    events: u64,
}

impl ProvenPeers {
    /// A peer brought an event. `None` is nobody, whom everybody could be.
    pub(crate) fn brought_an_event(&self, address: Option<IpAddr>) {
        if address.is_none() {
            return;
        }
        let mut proven = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        proven.events += 1;
        let now = proven.events;
        proven.last.insert(Peer::of(address), now);
        if proven.last.len() > REMEMBERED
            && let Some(oldest) = proven.last.iter().min_by_key(|(_, last)| **last).map(|(peer, _)| *peer)
        {
            proven.last.remove(&oldest);
        }
    }

    pub(crate) fn contains(&self, peer: Peer) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).last.contains_key(&peer)
    }
}

/// Requests that were taken lately: a retry of one of them costs nothing.
#[derive(Debug, Default)]
pub(super) struct Recent {
    /// By a hash whose key nobody knows, so that nobody finds a request that is taken for another.
    hasher: RandomState,
    taken: HashSet<u64>,
    order: VecDeque<u64>,
}

impl Recent {
    const REQUESTS: usize = 16 * 1024;

    pub(super) fn hash(&self, request: &Unverified) -> u64 {
        self.hasher.hash_one((&request.endpoint, request.signature.as_bytes(), &request.body))
    }

    pub(super) fn contains(&self, hash: u64) -> bool {
        self.taken.contains(&hash)
    }

    pub(super) fn take(&mut self, hash: u64) {
        if self.taken.insert(hash) {
            self.order.push_back(hash);
        }
        if self.order.len() > Self::REQUESTS
            && let Some(oldest) = self.order.pop_front()
        {
            self.taken.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(text: &str) -> Peer {
        Peer::of(Some(text.parse().unwrap()))
    }

    #[test]
    fn a_network_of_64_bits_is_one_peer_and_a_mapped_address_is_itself() {
        assert_eq!(peer("2001:db8:1:2:3:4:5:6"), peer("2001:db8:1:2::"));
        assert_ne!(peer("2001:db8:1:2::1"), peer("2001:db8:1:3::1"));
        assert_eq!(peer("::ffff:192.0.2.1"), peer("192.0.2.1"));
        assert_ne!(peer("192.0.2.1"), Peer::of(None));
    }

    #[test]
    fn who_brought_events_last_is_remembered() {
        let (proven, last) = (ProvenPeers::default(), "192.0.2.1".parse().ok());
        for number in 0..10_000_u32 {
            proven.brought_an_event(Some(IpAddr::from((number | 0x0a00_0000).to_be_bytes())));
            proven.brought_an_event(last);
        }
        assert!(proven.contains(Peer::of(last)) && !proven.contains(peer("10.0.0.1")));
        assert_eq!(proven.0.lock().unwrap().last.len(), REMEMBERED);
        proven.brought_an_event(None);
        assert!(!proven.contains(Peer::of(None)), "who is not known is not proven");
    }
}
