use std::{
    collections::{BTreeMap, HashMap},
    convert::Infallible,
    mem::size_of,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{DeliveryId, DeliveryLog, DeliveryUpdate, LoggedDelivery};
use crate::{Attempt, RequestRecord};

/// A log in memory, bounded in deliveries and in bytes: the oldest is forgotten for a new one.
///
/// The bytes are those of bodies, headers and answers, and an allowance for what is around them. A delivery that is too
/// large by itself is not kept at all.
#[derive(Debug)]
pub struct MemoryLog {
    count_limit: usize,
    byte_limit: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// By the order in which they were accepted.
    deliveries: BTreeMap<u64, Entry>,
    positions: HashMap<DeliveryId, u64>,
    next: u64,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    delivery: LoggedDelivery,
    bytes: usize,
}

impl MemoryLog {
    /// How many deliveries are kept unless told otherwise: 1,000.
    pub const DEFAULT_COUNT_LIMIT: usize = 1_000;

    /// How many bytes are kept unless told otherwise: 64 MiB.
    pub const DEFAULT_BYTE_LIMIT: usize = 64 * 1024 * 1024;

    /// A log that keeps nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            count_limit: Self::DEFAULT_COUNT_LIMIT,
            byte_limit: Self::DEFAULT_BYTE_LIMIT,
            kept: Mutex::default(),
        }
    }

    /// Sets how many deliveries are kept.
    #[must_use]
    pub fn with_count_limit(mut self, deliveries: usize) -> Self {
        self.count_limit = deliveries;
        self
    }

    /// Sets how many bytes are kept.
    #[must_use]
    pub fn with_byte_limit(mut self, bytes: usize) -> Self {
        self.byte_limit = bytes;
        self
    }

    /// The delivery of this id, where it is kept.
    #[must_use]
    pub fn delivery(&self, id: DeliveryId) -> Option<LoggedDelivery> {
        let kept = self.kept();
        let position = kept.positions.get(&id)?;
        kept.deliveries.get(position).map(|entry| entry.delivery.clone())
    }

    /// Up to `limit` deliveries, the newest first, after `skip` that are newer.
    #[must_use]
    pub fn newest(&self, skip: usize, limit: usize) -> Vec<LoggedDelivery> {
        let kept = self.kept();
        kept.deliveries.values().rev().skip(skip).take(limit).map(|entry| entry.delivery.clone()).collect()
    }

    /// How many deliveries are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kept().deliveries.len()
    }

    /// Whether none is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes are kept.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.kept().bytes
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryLog {
    fn default() -> Self {
        Self::new()
    }
}

impl DeliveryLog for MemoryLog {
    type Error = Infallible;

    async fn record(&self, update: &DeliveryUpdate) -> Result<(), Infallible> {
        let mut kept = self.kept();
        kept.apply(update);
        while kept.deliveries.len() > self.count_limit || kept.bytes > self.byte_limit {
            kept.forget_oldest();
        }
        Ok(())
    }
}

impl Kept {
    fn apply(&mut self, update: &DeliveryUpdate) {
        let bytes = size_of_update(update);
        if let DeliveryUpdate::Accepted { delivery } = update {
            let position = self.next;
            self.next += 1;
            self.positions.insert(delivery.id, position);
            let delivery = LoggedDelivery::new(Arc::clone(delivery));
            self.deliveries.insert(position, Entry { delivery, bytes });
            self.bytes += bytes;
        } else if let Some(entry) =
            self.positions.get(&update.id()).and_then(|position| self.deliveries.get_mut(position))
        {
            entry.delivery.apply(update);
            entry.bytes += bytes;
            self.bytes += bytes;
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, oldest)) = self.deliveries.pop_first() {
            self.positions.remove(&oldest.delivery.accepted.id);
            self.bytes -= oldest.bytes;
        }
    }
}

/// How much more a delivery takes with this update.
fn size_of_update(update: &DeliveryUpdate) -> usize {
    /// Of a map's node and a pointer's counters.
    const ALLOWANCE: usize = 128;

    match update {
        DeliveryUpdate::Accepted { delivery } => {
            let texts = delivery.endpoint_name.len() + delivery.idempotency_key.len();
            size_of::<Entry>() + size_of_val(&**delivery) + ALLOWANCE + texts + delivery.bytes().len()
        }
        // Its body is the one that was accepted.
        DeliveryUpdate::Signed { url, request, .. } => {
            size_of::<RequestRecord>() + ALLOWANCE + url.len() + size_of_headers(&request.headers)
        }
        DeliveryUpdate::AttemptEnded { attempt, .. } => {
            let result = match &attempt.result {
                Ok(response) => size_of_headers(&response.headers) + response.body.as_bytes().len(),
                Err(error) => error.message().len(),
            };
            size_of::<Attempt>() + ALLOWANCE + result
        }
        DeliveryUpdate::AttemptBegan { .. } | DeliveryUpdate::Finished { .. } => 0,
    }
}

fn size_of_headers(headers: &[(String, String)]) -> usize {
    headers.iter().map(|header| size_of_val(header) + header.0.len() + header.1.len()).sum()
}
