use std::{fmt, future::Future, sync::Arc, time::Duration};

use maac_webhook::{Delivery, jiff::Timestamp};

use crate::{Accepted, StoreError, waiting::Place};

/// Where an inbox keeps its events. [`SqliteStore`](crate::sqlite::SqliteStore) is one, and `PgStore` of the feature
/// `postgres` another; a store of your own must pass the suite in `acceptance`.
///
/// What a call returned `Ok` for is durable: it is there after the machine lost its power. Each call is atomic. `now` is
/// the caller's clock, which those who share a store must agree on to within a lease.
pub trait Store: Clone + Send + Sync + 'static {
    /// Stores a delivery if it is an event that is not known, as the table of [`Verdict`](crate::Verdict) says. The store's own
    /// uniqueness decides.
    fn accept(
        &self,
        incoming: Incoming,
        now: Timestamp,
    ) -> impl Future<Output = Result<Accepted, StoreError>> + Send;

    /// Claims the events that are due, the longest due first, for one attempt each: nobody else gets them before the lease
    /// ends.
    fn claim(
        &self,
        limit: usize,
        lease: Duration,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<Claimed>, StoreError>> + Send;

    /// Prolongs leases that are still held, to `lease` from `now`.
    fn extend(
        &self,
        claims: Vec<Claim>,
        lease: Duration,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Ends an attempt. `false` where the lease is lost, and somebody else may be at it.
    fn settle(
        &self,
        claim: Claim,
        settlement: Settlement,
        now: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Takes back what is leased to workers that are gone: due again, or dead where it was the last of `max_attempts`.
    fn reap(
        &self,
        max_attempts: u32,
        now: Timestamp,
    ) -> impl Future<Output = Result<Reaped, StoreError>> + Send;

    /// When the next event is due; `None` where none waits.
    fn next_due(&self) -> impl Future<Output = Result<Option<Timestamp>, StoreError>> + Send;

    /// Returns when an event may have become due that was stored or made due by whoever, in as far as the store can tell. It
    /// may return early or never: a worker looks by itself now and then.
    fn wait_for_work(&self) -> impl Future<Output = ()> + Send;

    /// How many events are in which state.
    fn stats(&self) -> impl Future<Output = Result<Stats, StoreError>> + Send;

    /// How many events are not done: what is looked at every few seconds, as [`stats`](Self::stats), which counts all that is
    /// kept, should not be.
    fn backlog(&self) -> impl Future<Output = Result<Backlog, StoreError>> + Send;

    /// Events, the newest first.
    fn list(&self, filter: Filter) -> impl Future<Output = Result<Vec<Entry>, StoreError>> + Send;

    /// One event, with its body and its failed attempts.
    fn show(
        &self,
        id: EntryId,
    ) -> impl Future<Output = Result<Option<(Entry, Delivery, Vec<Attempt>)>, StoreError>> + Send;

    /// Makes an event that is dead, held or done due again, with all its attempts before it. `false` where there is none
    /// such.
    fn retry(&self, id: EntryId, now: Timestamp) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Forgets what is done and older than its retention, at most `limit` of each kind; never what is not done. Returns how
    /// many events and identities went.
    fn prune(
        &self,
        retention: Retention,
        limit: usize,
        now: Timestamp,
    ) -> impl Future<Output = Result<(u64, u64), StoreError>> + Send;
}

/// A delivery to be accepted.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Incoming {
    /// The delivery.
    pub delivery: Delivery,
    /// To be held for a person, if it is an event of its own.
    pub hold: bool,
    /// To be held for a person, if it is another event under a known idempotency key.
    pub hold_if_key_reused: bool,
    /// What it has of the bytes that may wait, for as long as a store holds on to it.
    _waits: Option<Arc<Place>>,
}

impl Incoming {
    /// To be handled, if it is an event of its own.
    #[must_use]
    pub fn new(delivery: Delivery) -> Self {
        Self { delivery, hold: false, hold_if_key_reused: false, _waits: None }
    }

    pub(crate) fn with_place(self, place: Place) -> Self {
        Self { _waits: Some(Arc::new(place)), ..self }
    }
}

/// An event's number in its store, in the order in which they were stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryId(i64);

impl EntryId {
    /// The event of this number.
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

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The right to settle one attempt at an event, as long as its lease lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    entry: EntryId,
    attempt: u32,
    serial: u64,
}

impl Claim {
    /// The claim for an attempt, counted from 1. No two claims of one event have the same `serial`.
    #[must_use]
    pub fn new(entry: EntryId, attempt: u32, serial: u64) -> Self {
        Self { entry, attempt, serial }
    }

    /// The event.
    #[must_use]
    pub fn entry(&self) -> EntryId {
        self.entry
    }

    /// Which attempt it is, counted from 1. It counts from when it is claimed, so that what kills its worker goes dead too.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// What tells it from other claims of the event: a worker that lost its lease must not settle another's.
    #[must_use]
    pub fn serial(&self) -> u64 {
        self.serial
    }
}

/// An event that was claimed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Claimed {
    /// The right to settle it.
    pub claim: Claim,
    /// The event.
    pub delivery: Delivery,
    /// Whether another event had its idempotency key before it.
    pub key_reused: bool,
}

impl Claimed {
    /// One that a store gives out.
    #[must_use]
    pub fn new(claim: Claim, delivery: Delivery, key_reused: bool) -> Self {
        Self { claim, delivery, key_reused }
    }
}

/// For a handler that needs the event alone.
impl From<Claimed> for Delivery {
    fn from(claimed: Claimed) -> Self {
        claimed.delivery
    }
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Settlement {
    /// It was handled.
    Done,
    /// It failed, and is due again then.
    Failed {
        /// Why.
        error: String,
        /// When it is due again.
        due: Timestamp,
    },
    /// It failed for good: a dead letter.
    Dead {
        /// Why.
        error: String,
    },
    /// It was given back without an attempt: it is due at once, and the attempt does not count.
    Returned,
}

/// What [`Store::reap`] took back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reaped {
    /// How many are due again.
    pub returned: u64,
    /// How many are dead.
    pub dead: u64,
}

impl Reaped {
    /// So many of each.
    #[must_use]
    pub fn new(returned: u64, dead: u64) -> Self {
        Self { returned, dead }
    }
}

/// Where an event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// It waits to be handled, for the first time or again.
    Waiting,
    /// A worker is at it.
    Leased,
    /// It was handled.
    Done,
    /// Its last attempt failed: a dead letter.
    Dead,
    /// It waits for a person: its signed time is older than the identities that are kept, so it may have been handled before; or it
    /// was told to be held.
    Held,
}

impl State {
    /// Every state.
    pub const ALL: &'static [Self] = &[Self::Waiting, Self::Leased, Self::Done, Self::Dead, Self::Held];

    /// Its name, in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Leased => "leased",
            Self::Done => "done",
            Self::Dead => "dead",
            Self::Held => "held",
        }
    }

    /// The state of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|state| state.as_str() == name)
    }
}

/// An event as it is listed, without its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "a store must fill every part")]
pub struct Entry {
    /// Its number.
    pub id: EntryId,
    /// Where it stands.
    pub state: State,
    /// The endpoint's name.
    pub endpoint: String,
    /// Its idempotency key, if it had a usable one.
    pub idempotency_key: Option<String>,
    /// When it was received.
    pub received_at: Timestamp,
    /// How many attempts were begun.
    pub attempts: u32,
    /// When it is due, where it waits.
    pub due: Option<Timestamp>,
    /// Whether another event had its idempotency key before it.
    pub key_reused: bool,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// The length of its body.
    pub body_bytes: usize,
}

/// An attempt that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "a store must fill every part")]
pub struct Attempt {
    /// Counts from 1.
    pub number: u32,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Why.
    pub error: String,
}

/// Which events are listed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Filter {
    /// Those in this state.
    pub state: Option<State>,
    /// Those before this one.
    pub before: Option<EntryId>,
    /// At most so many.
    pub limit: usize,
}

impl Default for Filter {
    fn default() -> Self {
        Self { state: None, before: None, limit: 100 }
    }
}

impl Filter {
    /// The newest events in a state.
    #[must_use]
    pub fn in_state(state: State) -> Self {
        Self { state: Some(state), ..Self::default() }
    }
}

/// How many events are in which state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "a store must fill every part")]
pub struct Stats {
    /// Waiting, due or not.
    pub waiting: u64,
    /// Leased.
    pub leased: u64,
    /// Done, and not pruned yet.
    pub done: u64,
    /// Dead.
    pub dead: u64,
    /// Held.
    pub held: u64,
    /// Bodies that are known.
    pub identities: u64,
    /// When the oldest that waits was received.
    pub oldest_waiting: Option<Timestamp>,
}

/// How many events are in which state, without those that are done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "a store must fill every part")]
pub struct Backlog {
    /// Waiting, due or not.
    pub waiting: u64,
    /// Leased.
    pub leased: u64,
    /// Dead.
    pub dead: u64,
    /// Held.
    pub held: u64,
    /// When the oldest that waits was received.
    pub oldest_waiting: Option<Timestamp>,
}

/// How long what is done is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "both must be said")]
pub struct Retention {
    /// An event that is done, with its body.
    pub done: Duration,
    /// An identity: for as long, a replay is known for one. 32 bytes and its key.
    pub identities: Duration,
}

impl Default for Retention {
    /// 30 days and 400 days.
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self { done: DAY * 30, identities: DAY * 400 }
    }
}
