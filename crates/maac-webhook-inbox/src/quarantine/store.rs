use std::{future::Future, sync::Arc, time::Duration};

use maac_webhook::{Unverified, jiff::Timestamp};

use crate::{Store, StoreError};

/// A store that keeps requests which no live secret verified, apart from its events; and the rotation window, which all
/// receivers on it see. Both of this crate's stores are one, and a store of your own must pass the suite in `acceptance`.
///
/// Nobody was told that a request is kept, so unlike an event it may be lost with the store's last moments.
pub trait QuarantineStore: Store {
    /// Keeps requests, each once: another with the same body and signature is known. Where they are more than `bounds` allow, or than the
    /// store has room for beside its events, those go first [that are least worth keeping](QuarantineBounds::bytes).
    fn quarantine(
        &self,
        requests: Vec<QuarantineRequest>,
        bounds: QuarantineBounds,
        now: Timestamp,
    ) -> impl Future<Output = Result<Quarantined, StoreError>> + Send;

    /// What is kept for an endpoint after this number, the oldest first and at most so many. `None` stands for what cannot be read,
    /// which must not keep others in. Numbers grow in the order in which requests can first be read.
    fn quarantined(
        &self,
        endpoint: Arc<str>,
        after: QuarantineId,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<(QuarantineId, Option<Unverified>)>, StoreError>> + Send;

    /// Forgets these requests, which are events now.
    fn release(&self, ids: Vec<QuarantineId>) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Forgets what is older than `bounds` allow. Returns how many went.
    fn expire_quarantine(
        &self,
        bounds: QuarantineBounds,
        now: Timestamp,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// How much is kept.
    fn quarantine_stats(&self) -> impl Future<Output = Result<QuarantineStats, StoreError>> + Send;

    /// Opens the rotation window until then, or ends it. It is for minutes: see
    /// [`LONGEST_ROTATION`](crate::LONGEST_ROTATION).
    fn set_rotation(&self, until: Option<Timestamp>) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Until when the rotation window is open, or was.
    fn rotation(&self) -> impl Future<Output = Result<Option<Timestamp>, StoreError>> + Send;
}

/// A request that is to be kept.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_structs, reason = "a store must heed every part")]
pub struct QuarantineRequest {
    /// The request.
    pub unverified: Unverified,
    /// Whether its peer brought an event lately that was verified and new.
    pub from_proven_peer: bool,
}

/// A request's number in quarantine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QuarantineId(i64);

impl QuarantineId {
    /// Before every other.
    pub const FIRST: Self = Self(i64::MIN);

    /// The request of this number.
    #[must_use]
    pub fn new(number: i64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> i64 {
        self.0
    }
}

/// How much is kept in quarantine, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "a store must heed every part")]
pub struct QuarantineBounds {
    /// The most bytes of all requests together, a request counting as its body and as
    /// [`LEAST_BYTES`](Self::LEAST_BYTES) at least, which bounds their number too. Beyond it, what goes first are requests of peers that
    /// are not proven, and of those the oldest of whoever has most: each has an equal share, however much it sends.
    pub bytes: u64,
    /// How long after it was received a request is kept.
    pub age: Duration,
}

impl QuarantineBounds {
    /// What a request counts as at least: 4 KiB.
    pub const LEAST_BYTES: u64 = 4 * 1024;
}

impl Default for QuarantineBounds {
    /// 128 MiB, and so 32,768 requests; 72 hours, the length of a weekend on which nobody looked.
    fn default() -> Self {
        Self { bytes: 128 * 1024 * 1024, age: Duration::from_secs(72 * 60 * 60) }
    }
}

/// What became of requests that were to be kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "a store must fill every part")]
pub struct Quarantined {
    /// How many are kept from now on.
    pub kept: u64,
    /// How many were kept already.
    pub known: u64,
    /// How many went to make room, some of them perhaps from before.
    pub displaced: u64,
}

/// How much is kept in quarantine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "a store must fill every part")]
pub struct QuarantineStats {
    /// Requests.
    pub requests: u64,
    /// What they [count as](QuarantineBounds::bytes).
    pub bytes: u64,
    /// When the oldest was received.
    pub oldest: Option<Timestamp>,
}
