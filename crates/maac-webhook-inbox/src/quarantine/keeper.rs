use std::{collections::HashSet, fmt, future::Future, mem, pin::pin, time::Duration};

use futures_util::future::join_all;
use maac_webhook::{Endpoint, Unverified, error_with_causes, jiff::Timestamp};
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval},
};

use super::{
    QuarantineBounds, QuarantineId, QuarantineStore,
    gate::{Waiting, Window},
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
    waiting: mpsc::Receiver<Waiting>,
    window: Window,
    /// What was verified in vain with the secrets of this revision.
    tried: (u64, HashSet<QuarantineId>),
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
        waiting: mpsc::Receiver<Waiting>,
        window: Window,
    ) -> Self {
        let tried = (endpoint.secrets().revision(), HashSet::new());
        Self {
            inbox,
            bounds,
            endpoint,
            waiting,
            window,
            tried,
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
        let (mut expire, mut measure) = (Instant::now(), Instant::now());
        let mut batch = Vec::new();
        loop {
            tokio::select! {
                () = stop.as_mut() => break,
                // While the store is away, the queue holds what comes, up to its bound.
                more = self.waiting.recv_many(&mut batch, BATCH), if batch.is_empty() => {
                    if more == 0 {
                        break;
                    }
                    self.keep(&mut batch).await;
                }
                _ = looks.tick() => {
                    if !batch.is_empty() {
                        self.keep(&mut batch).await;
                    }
                    let looked = self.look(&mut expire, &mut measure).await;
                    self.looking.told(self.endpoint.name(), "answer", looked);
                }
            }
        }
        // What came just before.
        self.waiting.close();
        while batch.is_empty() && self.waiting.recv_many(&mut batch, BATCH).await > 0 {
            self.keep(&mut batch).await;
        }
    }

    /// Keeps a batch, or leaves it for the next time.
    async fn keep(&mut self, batch: &mut Vec<Waiting>) {
        let requests: Vec<Unverified> = batch.iter().map(|waiting| waiting.request.clone()).collect();
        let kept = self.inbox.store().quarantine(requests, self.bounds, Timestamp::now()).await;
        if let Ok(kept) = &kept {
            batch.clear();
            let endpoint = self.endpoint.name();
            metrics::quarantined(endpoint, QuarantineOutcome::Kept, kept.kept);
            metrics::quarantined(endpoint, QuarantineOutcome::Known, kept.known);
            metrics::quarantined(endpoint, QuarantineOutcome::Displaced, kept.displaced);
        }
        self.keeping.told(self.endpoint.name(), "keep requests", kept);
    }

    async fn look(&mut self, expire: &mut Instant, measure: &mut Instant) -> Result<(), StoreError> {
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
        if *expire <= Instant::now() {
            let expired = store.expire_quarantine(self.bounds, Timestamp::now()).await?;
            metrics::quarantined(self.endpoint.name(), QuarantineOutcome::Expired, expired);
            *expire = Instant::now() + EXPIRE_EVERY;
        }
        if *measure <= Instant::now() {
            metrics::quarantine_holds(&store.quarantine_stats().await?);
            *measure = Instant::now() + MEASURE_EVERY;
        }
        self.verify().await
    }

    /// Verifies what is kept, each request once with the same secrets, whoever kept it.
    async fn verify(&mut self) -> Result<(), StoreError> {
        if !self.endpoint.secrets().is_loaded() {
            return Ok(());
        }
        let revision = self.endpoint.secrets().revision();
        let store = self.inbox.store().clone();
        let ids = store.quarantined(self.endpoint.name().into()).await?;
        let (tried_with, tried) = &mut self.tried;
        if *tried_with != revision {
            *tried_with = revision;
            tried.clear();
        }
        let there: HashSet<_> = ids.iter().copied().collect();
        tried.retain(|id| there.contains(id));
        let untried: Vec<_> = ids.into_iter().filter(|id| !tried.contains(id)).collect();
        let mut events = 0;
        for ids in untried.chunks(BATCH) {
            let mut accepting = Vec::new();
            for (id, request) in store.in_quarantine(ids.to_vec()).await? {
                let Some(delivery) = request.verify(&self.endpoint) else {
                    self.tried.1.insert(id);
                    continue;
                };
                let accepted = self.inbox.accept(delivery);
                accepting.push(async move { accepted.await.is_ok().then_some(id) });
            }
            // What the store does not take now is tried again.
            let released: Vec<_> = join_all(accepting).await.into_iter().flatten().collect();
            if !released.is_empty() {
                let number = released.len() as u64;
                store.release(released).await?;
                metrics::quarantined(self.endpoint.name(), QuarantineOutcome::Released, number);
                events += number;
            }
        }
        if events > 0 {
            tracing::warn!(
                endpoint = self.endpoint.name(),
                events,
                "requests that did not verify when they came are events by the secret that is in force now"
            );
        }
        Ok(())
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
