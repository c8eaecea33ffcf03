//! What is let in while a request waits for its answer.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use maac_webhook::{Unverified, jiff::Timestamp};
use tokio::sync::mpsc;

use super::{
    limits::Buckets,
    peers::{Peer, ProvenPeers, Recent},
    store::QuarantineRequest,
};
use crate::metrics::{self, QuarantineOutcome};

/// Requests that may wait to be kept at once, and their bytes: those of proven peers, and those of all others, of which one may
/// have a share. Beyond it they are not kept.
const QUEUE: usize = 4096;
const QUEUED_BYTES: usize = 16 * 1024 * 1024;
const BYTES_OF_ONE: usize = QUEUED_BYTES / 8;

/// A request that waits to be kept.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) request: QuarantineRequest,
    _place: Place,
}

/// Lets requests in, within limits.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    proven: Lane,
    others: Lane,
    proven_peers: ProvenPeers,
    buckets: Arc<Buckets>,
    recent: Arc<Mutex<Recent>>,
    window: Window,
}

/// What the keeper takes requests from: first those of proven peers.
#[derive(Debug)]
pub(super) struct Queues {
    pub(super) proven: mpsc::Receiver<Waiting>,
    pub(super) others: mpsc::Receiver<Waiting>,
}

#[derive(Clone, Debug)]
struct Lane {
    queue: mpsc::Sender<Waiting>,
    bytes: BytesOfPeers,
    /// The most that one peer may have waiting.
    of_one: usize,
}

/// The bytes that wait, of each peer.
type BytesOfPeers = Arc<Mutex<HashMap<Peer, usize>>>;

/// What a request takes of the bytes that may wait, until it is dropped.
#[derive(Debug)]
struct Place {
    all: BytesOfPeers,
    peer: Peer,
    bytes: usize,
}

impl Lane {
    fn new(of_one: usize) -> (Self, mpsc::Receiver<Waiting>) {
        let (queue, waiting) = mpsc::channel(QUEUE);
        (Self { queue, bytes: BytesOfPeers::default(), of_one }, waiting)
    }

    /// Whether there was room.
    fn put(&self, request: QuarantineRequest, peer: Peer) -> bool {
        let Some(place) = self.place(peer, request.unverified.body.len()) else { return false };
        self.queue.try_send(Waiting { request, _place: place }).is_ok()
    }

    fn place(&self, peer: Peer, bytes: usize) -> Option<Place> {
        let mut waiting = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = waiting.values().sum();
        let own = waiting.get(&peer).copied().unwrap_or(0);
        if all + bytes > QUEUED_BYTES || own + bytes > self.of_one {
            return None;
        }
        waiting.insert(peer, own + bytes);
        Some(Place { all: self.bytes.clone(), peer, bytes })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut waiting = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = waiting.get_mut(&self.peer) {
            *own -= self.bytes;
            if *own == 0 {
                waiting.remove(&self.peer);
            }
        }
    }
}

/// Until when the rotation window is open, as far as this process knows.
#[derive(Clone, Debug)]
pub(super) struct Window(Arc<AtomicI64>);

impl Window {
    pub(super) fn new(until: Option<Timestamp>) -> Self {
        let window = Self(Arc::new(AtomicI64::new(i64::MIN)));
        window.set(until, Timestamp::MIN);
        window
    }

    fn is_open(&self, now: Timestamp) -> bool {
        now.as_microsecond() < self.0.load(Ordering::Relaxed)
    }

    /// Whether it was open before, and is now.
    pub(super) fn set(&self, until: Option<Timestamp>, now: Timestamp) -> (bool, bool) {
        let was_open = self.is_open(now);
        self.0.store(until.map_or(i64::MIN, Timestamp::as_microsecond), Ordering::Relaxed);
        (was_open, self.is_open(now))
    }
}

pub(super) fn gate(buckets: Buckets, proven_peers: ProvenPeers, window: Window) -> (Gate, Queues) {
    let (proven, waiting_of_proven) = Lane::new(QUEUED_BYTES);
    let (others, waiting_of_others) = Lane::new(BYTES_OF_ONE);
    let gate =
        Gate { proven, others, proven_peers, buckets: Arc::new(buckets), recent: Arc::default(), window };
    (gate, Queues { proven: waiting_of_proven, others: waiting_of_others })
}

impl Gate {
    /// `None` where it waits to be kept.
    fn refuse(&self, mut unverified: Unverified) -> Option<QuarantineOutcome> {
        let hash = self.recent().hash(&unverified);
        if self.recent().contains(hash) {
            return Some(QuarantineOutcome::Known);
        }
        let peer = Peer::of(unverified.peer);
        let from_proven_peer = self.proven_peers.contains(peer);
        if !self.buckets.admit(peer, from_proven_peer, &unverified.body) {
            return Some(QuarantineOutcome::Limited);
        }
        unverified.peer = Some(peer.address());
        let lane = if from_proven_peer { &self.proven } else { &self.others };
        if !lane.put(QuarantineRequest { unverified, from_proven_peer }, peer) {
            return Some(QuarantineOutcome::Dropped);
        }
        self.recent().take(hash);
        None
    }

    fn recent(&self) -> std::sync::MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl maac_webhook::Quarantine for Gate {
    fn keep(&self, unverified: Unverified) {
        let endpoint = unverified.endpoint.clone();
        if let Some(outcome) = self.refuse(unverified) {
            metrics::quarantined(&endpoint, outcome, 1);
        }
    }

    fn is_rotating(&self) -> bool {
        self.window.is_open(Timestamp::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(lane: &Lane, peer: &str, bytes: usize) -> Vec<Place> {
        let peer = Peer::of(peer.parse().ok());
        std::iter::from_fn(|| lane.place(peer, bytes)).collect()
    }

    #[test]
    fn one_peer_has_a_share_of_the_queue_and_gives_it_back() {
        let (lane, _waiting) = Lane::new(BYTES_OF_ONE);
        let kib = 64 * 1024;
        let of_one = fill(&lane, "192.0.2.1", kib);
        assert_eq!(of_one.len(), BYTES_OF_ONE / kib);
        let others: Vec<_> = (2..9).map(|number| fill(&lane, &format!("192.0.2.{number}"), kib)).collect();
        assert!(fill(&lane, "203.0.113.9", kib).is_empty(), "all together have a bound");
        drop(of_one);
        assert_eq!(fill(&lane, "203.0.113.9", kib).len(), BYTES_OF_ONE / kib);
        drop(others);
        assert!(lane.bytes.lock().unwrap().is_empty());
    }
}
