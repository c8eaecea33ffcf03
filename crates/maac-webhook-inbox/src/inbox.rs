use std::{
    fmt,
    time::{Duration, Instant},
};

use maac_webhook::{Delivery, Rejection, event::Envelope, jiff::Timestamp};
use tokio::time::timeout;

use crate::{
    Accepted, Incoming, Retention, Store, StoreError, StoreErrorKind, Verdict, metrics,
    quarantine::ProvenPeers,
    waiting::{Place, Waiting},
};

/// Accepts verified deliveries into a store. Cheap to clone.
#[derive(Clone)]
pub struct Inbox<S> {
    store: S,
    patience: Duration,
    retention: Retention,
    hold_reused_keys: bool,
    waiting: Waiting,
    proven_peers: ProvenPeers,
}

/// What a delivery takes in memory beside its body, about.
const OVERHEAD: usize = 512;

/// A delivery that would wait for longer than this share of the patience is refused at once: how long it will be is only a
/// guess.
const SHARE: u32 = 3;

impl<S: Store> Inbox<S> {
    /// How long a delivery may wait to be durable unless told otherwise: 3 s. MAAC's own time-out is not documented.
    pub const DEFAULT_PATIENCE: Duration = Duration::from_secs(3);

    /// How many bytes of deliveries may wait for the store at once unless told otherwise: 64 MiB.
    pub const DEFAULT_WAITING_BYTES: usize = 64 * 1024 * 1024;

    /// An inbox in this store.
    pub fn new(store: S) -> Self {
        Self {
            store,
            patience: Self::DEFAULT_PATIENCE,
            retention: Retention::default(),
            hold_reused_keys: false,
            waiting: Waiting::new(Self::DEFAULT_WAITING_BYTES),
            proven_peers: ProvenPeers::default(),
        }
    }

    /// Sets how long a delivery may wait to be durable before it is answered 503, and comes back. One that would wait for
    /// longer than a third of it, as fast as the store was lately, is answered so at once: a store with too much to do
    /// answers as many in time as it can, and not all of them too late.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Sets how many bytes of deliveries may wait for the store at once, whoever waits for them still. Beyond it a delivery is
    /// answered 503, and comes back; one alone may be larger.
    #[must_use]
    pub fn with_waiting_bytes(self, bytes: usize) -> Self {
        Self { waiting: Waiting::new(bytes), ..self }
    }

    /// Sets how long events and identities are kept.
    #[must_use]
    pub fn with_retention(self, retention: Retention) -> Self {
        Self { retention, ..self }
    }

    /// Holds an event under an idempotency key that another event had before it for a person, instead of handling it.
    #[must_use]
    pub fn hold_reused_keys(self) -> Self {
        Self { hold_reused_keys: true, ..self }
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &S {
        &self.store
    }

    /// How long events and identities are kept.
    #[must_use]
    pub fn retention(&self) -> Retention {
        self.retention
    }

    /// Makes a delivery durable, unless it is known. Answer 200 once it returns, whatever the verdict.
    ///
    /// # Errors
    ///
    /// A store that cannot do it in time: a [`StoreUnavailable`](maac_webhook::RejectionKind::StoreUnavailable), to be answered
    /// 503, so that the event comes back.
    pub async fn accept(&self, delivery: Delivery) -> Result<Accepted, Rejection> {
        let (now, begun) = (Timestamp::now(), Instant::now());
        let envelope = Envelope::read(delivery.body()).ok();
        let topic = metrics::topic(envelope.as_ref().map(Envelope::topic));
        let mut incoming = Incoming::new(delivery.clone());
        incoming.hold = envelope.is_some_and(|envelope| self.is_older_than_identities(&envelope, now));
        incoming.hold_if_key_reused = self.hold_reused_keys;
        let accepted = match self.place_for(&delivery) {
            Ok(place) => self.store_in_time(incoming.with_place(place), now).await,
            Err(error) => Err(error),
        };
        metrics::accept_took(delivery.endpoint(), begun);
        let accepted = accepted.inspect_err(metrics::store_error);
        let accepted = accepted.map_err(|error| Rejection::from(error).of(&delivery))?;
        if accepted.verdict == Verdict::New {
            self.proven_peers.brought_an_event(delivery.peer());
        }
        accepted.log_of_topic(&delivery, topic);
        Ok(accepted)
    }

    pub(crate) fn proven_peers(&self) -> &ProvenPeers {
        &self.proven_peers
    }

    /// A store that stalls holds on to what nobody waits for any more; and one with too much to do is to be told so while
    /// it still answers others in time.
    fn place_for(&self, delivery: &Delivery) -> Result<Place, StoreError> {
        self.waiting.place(delivery.body().len() + OVERHEAD, self.patience / SHARE)
    }

    async fn store_in_time(&self, incoming: Incoming, now: Timestamp) -> Result<Accepted, StoreError> {
        let stored = timeout(self.patience, self.store.accept(incoming, now)).await;
        stored.unwrap_or_else(|_| {
            let detail = format!("the store took longer than {:?}", self.patience);
            Err(StoreError::new(StoreErrorKind::Timeout, detail))
        })
    }

    /// An old body may be a replay whose identity was pruned: only a person can tell.
    fn is_older_than_identities(&self, envelope: &Envelope<'_>, now: Timestamp) -> bool {
        let signed = envelope.timestamp().and_then(|timestamp| timestamp.timestamp().ok());
        let oldest = now.checked_sub(self.retention.identities).unwrap_or(Timestamp::MIN);
        signed.is_some_and(|signed| signed < oldest)
    }
}

impl<S> fmt::Debug for Inbox<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox")
            .field("patience", &self.patience)
            .field("retention", &self.retention)
            .field("hold_reused_keys", &self.hold_reused_keys)
            .field("waiting_bytes", &self.waiting.limit())
            .finish_non_exhaustive()
    }
}
