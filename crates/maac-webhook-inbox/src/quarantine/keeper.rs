use std::{fmt, future::Future, mem, pin::pin, time::Duration};

use futures_util::future::join_all;
use maac_webhook::{Endpoint, error_with_causes, jiff::Timestamp};
use tokio::{
    sync::mpsc,
    time::{Instant, Interval, MissedTickBehavior, interval},
};

use super::{
    QuarantineBounds, QuarantineId, QuarantineStore,
    gate::{Queues, Waiting, Window},
};
use crate::{Inbox, StoreError, metrics, metrics::QuarantineOutcome};

/// How often the store is looked at: for the rotation window, and for what another receiver kept.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How often what is too old is forgotten, and the metrics are brought up to date.
const EXPIRE_EVERY: Duration = Duration::from_secs(60);
const MEASURE_EVERY: Duration = Duration::from_secs(10);

/// Requests that are kept, or verified, at once.
const BATCH: usize = 64;

/// Keeps an endpoint's quarantine: see [`Quarantine`](super::Quarantine).
#[must_use = "nothing is kept unless it runs"]
pub struct QuarantineKeeper<S> {
    inbox: Inbox<S>,
    bounds: QuarantineBounds,
    endpoint: Endpoint,
    queues: Queues,
    window: Window,
    /// What is being kept: it stays until the store has it.
    batch: Vec<Waiting>,
    /// The last that was verified, with the secrets of this revision.
    verified: (u64, QuarantineId),
    /// Whether there may be more to verify than was looked at.
    more: bool,
    /// Whether some verified and could not be stored.
    again: bool,
    expire: Instant,
    measure: Instant,
    keeping: Asked,
    looking: Asked,
}

/// Whether the store did what it was asked the last time.
#[derive(Default)]
struct Asked {
    fails: bool,
}

impl Asked {
    /// Tells once that it does not, and once that it does again.
    fn told<T>(&mut self, endpoint: &str, asked: &'static str, done: Result<T, StoreError>) {
        let failed = mem::replace(&mut self.fails, done.is_err());
        match done {
            Err(error) if !failed => {
                let error = error_with_causes(&error);
                tracing::error!(endpoint, error, "the quarantine's store does not {asked} now");
            }
            Ok(_) if failed => tracing::info!(endpoint, "the quarantine's store does {asked} again"),
            _ => {}
        }
    }
}

impl<S: QuarantineStore> QuarantineKeeper<S> {
    pub(super) fn new(
        inbox: Inbox<S>,
        bounds: QuarantineBounds,
        endpoint: Endpoint,
        queues: Queues,
        window: Window,
    ) -> Self {
        let now = Instant::now();
        Self {
            verified: (endpoint.secrets().revision(), QuarantineId::FIRST),
            inbox,
            bounds,
            endpoint,
            queues,
            window,
            batch: Vec::new(),
            more: false,
            again: false,
            expire: now,
            measure: now,
            keeping: Asked::default(),
            looking: Asked::default(),
        }
    }

    /// Keeps what looks like an event, looks at the store twice a second, and verifies what is kept, until `stop` is ready. It
    /// starts with what was kept before, since the secret may have changed with a restart.
    pub async fn run(mut self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = stop.as_mut() => break,
                // A store that takes long must not hold up the end.
                () = self.step(&mut looks) => {}
            }
        }
        // What came just before, as far as the store takes it at once.
        let last = async {
            loop {
                while self.batch.len() < BATCH
                    && let Ok(waiting) =
                        self.queues.proven.try_recv().or_else(|_| self.queues.others.try_recv())
                {
                    self.batch.push(waiting);
                }
                if self.batch.is_empty() || !self.keep().await {
                    break;
                }
            }
        };
        let _ = tokio::time::timeout(LOOK_EVERY, last).await;
    }

    /// One of the things to do, none of which keeps the others waiting for longer than the store takes for a batch.
    async fn step(&mut self, looks: &mut Interval) {
        let is_free = self.batch.is_empty();
        let (proven, others) = (&mut self.queues.proven, &mut self.queues.others);
        tokio::select! {
            biased;
            _ = looks.tick() => {
                if !is_free {
                    self.keep().await;
                }
                let looked = self.look().await;
                self.more |= looked.is_ok();
                self.looking.told(self.endpoint.name(), "answer", looked);
                // However much comes meanwhile.
                self.verify().await;
            }
            // While the store does not keep them, the queues hold what comes, up to their bounds.
            _ = next(proven, others, &mut self.batch), if is_free => {
                self.keep().await;
            }
            () = std::future::ready(()), if self.more => self.verify().await,
        }
    }

    /// Verifies the next of what is kept, if there may be more.
    async fn verify(&mut self) {
        if self.more {
            let verified = self.verify_some().await;
            self.more = matches!(verified, Ok(true));
            self.looking.told(self.endpoint.name(), "answer", verified);
        }
    }

    /// Keeps the batch, or leaves it for the next time.
    async fn keep(&mut self) -> bool {
        let requests = self.batch.iter().map(|waiting| waiting.request.clone()).collect();
        let kept = self.inbox.store().quarantine(requests, self.bounds, Timestamp::now()).await;
        if let Ok(kept) = &kept {
            self.batch.clear();
            self.count(QuarantineOutcome::Kept, kept.kept);
            self.count(QuarantineOutcome::Known, kept.known);
            self.count(QuarantineOutcome::Displaced, kept.displaced);
        }
        let is_kept = kept.is_ok();
        self.keeping.told(self.endpoint.name(), "keep requests", kept);
        is_kept
    }

    async fn look(&mut self) -> Result<(), StoreError> {
        let store = self.inbox.store().clone();
        let (was_open, is_open) = self.window.set(store.rotation().await?, Timestamp::now());
        match (was_open, is_open) {
            (false, true) => tracing::warn!(
                endpoint = self.endpoint.name(),
                "the rotation window is open: what no live secret verifies is answered 503, and comes back"
            ),
            (true, false) => {
                tracing::info!(endpoint = self.endpoint.name(), "the rotation window has ended");
            }
            _ => {}
        }
        if self.expire <= Instant::now() {
            let expired = store.expire_quarantine(self.bounds, Timestamp::now()).await?;
            self.count(QuarantineOutcome::Expired, expired);
            self.expire = Instant::now() + EXPIRE_EVERY;
            if mem::take(&mut self.again) {
                self.verified.1 = QuarantineId::FIRST;
            }
        }
        if self.measure <= Instant::now() {
            metrics::quarantine_holds(&store.quarantine_stats().await?);
            self.measure = Instant::now() + MEASURE_EVERY;
        }
        Ok(())
    }

    /// Verifies the next of what is kept, whoever kept it: each request once with the same secrets. Whether there may be more.
    async fn verify_some(&mut self) -> Result<bool, StoreError> {
        if !self.endpoint.secrets().is_loaded() {
            return Ok(false);
        }
        let revision = self.endpoint.secrets().revision();
        if self.verified.0 != revision {
            self.verified = (revision, QuarantineId::FIRST);
        }
        let store = self.inbox.store().clone();
        let next = store.quarantined(self.endpoint.name().into(), self.verified.1, BATCH).await?;
        let Some((last, _)) = next.last() else { return Ok(false) };
        let (last, is_more) = (*last, next.len() == BATCH);
        let genuine =
            next.into_iter().filter_map(|(id, request)| Some((id, request?.verify(&self.endpoint)?)));
        let accepting = genuine.map(|(id, delivery)| {
            let accepted = self.inbox.accept(delivery);
            async move { accepted.await.map(|accepted| (id, accepted.entry.is_some())) }
        });
        let accepted = join_all(accepting).await;
        let all = accepted.len();
        let accepted: Vec<_> = accepted.into_iter().flatten().collect();
        let events = accepted.iter().filter(|(_, is_new)| *is_new).count() as u64;
        let are_all = accepted.len() == all;
        if !accepted.is_empty() {
            store.release(accepted.into_iter().map(|(id, _)| id).collect()).await?;
        }
        if events > 0 {
            self.count(QuarantineOutcome::Released, events);
            tracing::warn!(
                endpoint = self.endpoint.name(),
                events,
                "requests that did not verify when they came are events by the secret that is in force now"
            );
        }
        // One that cannot be stored must not keep in those behind it. It is tried again before long.
        self.verified.1 = last;
        self.again |= !are_all;
        if !are_all {
            let endpoint = self.endpoint.name();
            tracing::warn!(endpoint, "requests that verify now could not be stored, and are tried again");
        }
        Ok(is_more && are_all)
    }

    fn count(&self, outcome: QuarantineOutcome, requests: u64) {
        metrics::quarantined(self.endpoint.name(), outcome, requests);
    }
}

/// Those of proven peers before all others.
async fn next(
    proven: &mut mpsc::Receiver<Waiting>,
    others: &mut mpsc::Receiver<Waiting>,
    batch: &mut Vec<Waiting>,
) {
    tokio::select! {
        biased;
        Some(waiting) = proven.recv() => {
            batch.push(waiting);
            while batch.len() < BATCH && let Ok(waiting) = proven.try_recv() {
                batch.push(waiting);
            }
        }
        Some(waiting) = others.recv() => {
            batch.push(waiting);
            while batch.len() < BATCH && let Ok(waiting) = others.try_recv() {
                batch.push(waiting);
            }
        }
        // Nobody is left who could send any.
        else => std::future::pending().await,
    }
}

impl<S> fmt::Debug for QuarantineKeeper<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuarantineKeeper")
            .field("endpoint", &self.endpoint)
            .field("bounds", &self.bounds)
            .finish_non_exhaustive()
    }
}
