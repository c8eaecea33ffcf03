//! What is let in while a request waits for its answer.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use maac_webhook::{Unverified, jiff::Timestamp};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::limits::{Buckets, who};
use crate::metrics::{self, QuarantineOutcome};

/// Requests that may wait to be kept at once, and their bytes: beyond it they are not kept.
const QUEUE: usize = 4096;
const QUEUED_BYTES: usize = 32 * 1024 * 1024;

/// A request that waits to be kept.
pub(super) struct Waiting {
    pub(super) request: Unverified,
    _place: OwnedSemaphorePermit,
}

/// Lets requests in, within limits.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    queue: mpsc::Sender<Waiting>,
    places: Arc<Semaphore>,
    buckets: Arc<Buckets>,
    window: Window,
}

/// Until when the rotation window is open, as far as this process knows.
#[derive(Clone, Debug)]
pub(super) struct Window(Arc<AtomicI64>);

impl Window {
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

pub(super) fn gate(buckets: Buckets) -> (Gate, mpsc::Receiver<Waiting>, Window) {
    let (queue, waiting) = mpsc::channel(QUEUE);
    let window = Window(Arc::new(AtomicI64::new(i64::MIN)));
    let gate = Gate {
        queue,
        places: Arc::new(Semaphore::new(QUEUED_BYTES)),
        buckets: Arc::new(buckets),
        window: window.clone(),
    };
    (gate, waiting, window)
}

impl Gate {
    fn try_keep(&self, mut request: Unverified) -> Result<(), QuarantineOutcome> {
        // Where nobody is known, all are one.
        let peer = request.peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), who);
        if !self.buckets.admit(peer) {
            return Err(QuarantineOutcome::Limited);
        }
        request.peer = Some(peer);
        let bytes = u32::try_from(request.body.len()).map_err(|_| QuarantineOutcome::Dropped)?;
        let place = self.places.clone().try_acquire_many_owned(bytes);
        let place = place.map_err(|_| QuarantineOutcome::Dropped)?;
        self.queue.try_send(Waiting { request, _place: place }).map_err(|_| QuarantineOutcome::Dropped)
    }
}

impl maac_webhook::Quarantine for Gate {
    fn keep(&self, unverified: Unverified) {
        let endpoint = unverified.endpoint.clone();
        if let Err(outcome) = self.try_keep(unverified) {
            metrics::quarantined(&endpoint, outcome, 1);
        }
    }

    fn is_rotating(&self) -> bool {
        self.window.is_open(Timestamp::now())
    }
}
