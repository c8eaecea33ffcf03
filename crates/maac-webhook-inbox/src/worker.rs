use std::{
    collections::HashMap,
    error::Error,
    future::{Future, poll_fn},
    panic::AssertUnwindSafe,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use backon::{BackoffBuilder, ExponentialBuilder};
use futures_util::FutureExt;
use maac_webhook::{
    Event,
    event::EventErrorKind,
    jiff::{SignedDuration, Timestamp},
};
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use tower_service::Service;

use crate::{Claim, Claimed, EntryId, Inbox, Settlement, Store, StoreError, metrics};

/// Handles what is in an inbox: claims what is due, runs your handler on it, and writes down what became of it.
///
/// The handler is a `tower::Service` of a [`Delivery`](maac_webhook::Delivery), or of a [`Claimed`] where it completes the event
/// in a transaction of its own. Limits, tracing and the like are layers around it.
///
/// - **At least once.** A claim is a lease, prolonged for as long as the handler runs; where the worker is gone,
///   somebody else gets the event after the lease.
/// - **Again with backoff** where the handler fails, panics or takes longer than [`with_attempt_timeout`](Self::with_attempt_timeout).
/// - **A dead letter** after [`with_max_attempts`](Self::with_max_attempts), or where [`with_give_up_after`](Self::with_give_up_after)
///   says so, with the error of each attempt. An attempt counts from when it is claimed, so an event that kills its worker
///   goes dead too.
///
/// Any number of workers may share a store, in one process or in many.
#[derive(Clone, Debug)]
pub struct Worker<S, H> {
    inbox: Inbox<S>,
    handler: H,
    settings: Settings,
}

#[derive(Clone, Copy, Debug)]
struct Settings {
    concurrency: usize,
    lease: Duration,
    attempt_timeout: Duration,
    max_attempts: u32,
    give_up_after: Option<Duration>,
    backoff: Backoff,
    grace: Duration,
    look_every: Duration,
    unreadable_are_dead: bool,
}

impl Settings {
    fn gives_up(&self, received_at: Timestamp, now: Timestamp) -> bool {
        // A clock that was set back gives up nothing.
        let age = Duration::try_from(now.duration_since(received_at)).unwrap_or_default();
        self.give_up_after.is_some_and(|limit| age >= limit)
    }
}

/// How long after a failed attempt the next one follows: twice as long each time, and up to as much again at random.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
}

impl Backoff {
    /// From `first` after the first attempt to `longest`.
    #[must_use]
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest }
    }

    fn after(self, attempt: u32) -> Duration {
        let mut delays = ExponentialBuilder::new()
            .with_min_delay(self.first)
            .with_max_delay(self.longest)
            .with_factor(2.0)
            .without_max_times()
            .with_jitter()
            .build();
        delays.nth(attempt.saturating_sub(1) as usize).unwrap_or(self.longest)
    }
}

impl Default for Backoff {
    /// From 1 s to 1 h.
    fn default() -> Self {
        Self::new(Duration::from_secs(1), Duration::from_secs(60 * 60))
    }
}

/// What of an error is kept.
const LONGEST_ERROR: usize = 2000;

/// How often what is done is looked over for what is to be pruned, and how much of it at once.
const PRUNE_EVERY: Duration = Duration::from_secs(10 * 60);
const PRUNE_AT_ONCE: usize = 1000;
const PRUNES_IN_A_ROW: usize = 20;

impl<S: Store, H> Worker<S, H> {
    /// A worker with the defaults: 16 events at once, a lease of 60 s, 30 s for an attempt, 16 attempts (over five hours
    /// or more).
    pub fn new(inbox: Inbox<S>, handler: H) -> Self {
        let settings = Settings {
            concurrency: 16,
            lease: Duration::from_secs(60),
            attempt_timeout: Duration::from_secs(30),
            max_attempts: 16,
            give_up_after: None,
            backoff: Backoff::default(),
            grace: Duration::from_secs(30),
            look_every: Duration::from_secs(1),
            unreadable_are_dead: false,
        };
        Self { inbox, handler, settings }
    }

    /// Sets how many events are handled at once; at least one.
    #[must_use]
    pub fn with_concurrency(self, events: usize) -> Self {
        self.change(|settings| settings.concurrency = events.max(1))
    }

    /// Sets how long an event is kept for a worker that was not heard of. While its handler runs, the lease is prolonged at each
    /// third of it.
    #[must_use]
    pub fn with_lease(self, lease: Duration) -> Self {
        self.change(|settings| settings.lease = lease)
    }

    /// Sets how long an attempt may take.
    #[must_use]
    pub fn with_attempt_timeout(self, timeout: Duration) -> Self {
        self.change(|settings| settings.attempt_timeout = timeout)
    }

    /// Sets after how many attempts an event is a dead letter; at least one.
    #[must_use]
    pub fn with_max_attempts(self, attempts: u32) -> Self {
        self.change(|settings| settings.max_attempts = attempts.max(1))
    }

    /// Sets how long after an event was received a failed attempt is its last, however few there were; not limited unless it is
    /// set. One that is made due by hand after that has one attempt more.
    ///
    /// It stands beside [`with_max_attempts`](Self::with_max_attempts), which alone counts for an event that kills its worker.
    #[must_use]
    pub fn with_give_up_after(self, age: Duration) -> Self {
        self.change(|settings| settings.give_up_after = Some(age))
    }

    /// Sets how long after a failed attempt the next one follows.
    #[must_use]
    pub fn with_backoff(self, backoff: Backoff) -> Self {
        self.change(|settings| settings.backoff = backoff)
    }

    /// Sets how long what is being handled may take once the worker is told to stop. What is not done then is given back.
    #[must_use]
    pub fn with_grace(self, grace: Duration) -> Self {
        self.change(|settings| settings.grace = grace)
    }

    /// Sets how often it looks for what is due where the store does not tell: after a restart, or from other processes.
    #[must_use]
    pub fn with_look_every(self, interval: Duration) -> Self {
        self.change(|settings| settings.look_every = interval)
    }

    /// Makes a dead letter at once of what cannot be read, instead of handing it to the handler as
    /// [`Event::Unknown`]. A topic that is new is handed over in any case.
    #[must_use]
    pub fn dead_letter_unreadable(self) -> Self {
        self.change(|settings| settings.unreadable_are_dead = true)
    }

    fn change(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// Works until `stop`, then claims nothing more, waits for what is being handled, and gives the rest back.
    ///
    /// A store that cannot be reached is waited for.
    pub async fn run<R>(self, stop: impl Future<Output = ()>)
    where
        H: Service<R> + Clone + Send + 'static,
        H::Error: Into<Box<dyn Error + Send + Sync>>,
        H::Future: Send,
        R: From<Claimed> + Send + 'static,
    {
        let Settings { concurrency, lease, grace, look_every, max_attempts, .. } = self.settings;
        let at_work = AtWork::default();
        let mut tasks = JoinSet::new();
        let mut stop = pin!(stop);
        let mut heartbeat = ticks(lease / 3);
        let mut reaper = ticks(look_every.max(lease / 6));
        let mut pruner = ticks(PRUNE_EVERY);
        let mut outage = Outage::default();
        let store = self.inbox.store().clone();
        // A task of its own, so that how much waits is seen even when all is busy; it ends with this one.
        let mut measuring = JoinSet::new();
        measuring.spawn(metrics::measure(store.clone()));
        loop {
            let free = concurrency - tasks.len();
            let mut found = 0;
            if free > 0 {
                let claimed = store.claim(free, lease, Timestamp::now()).await;
                for claimed in outage.over(claimed).unwrap_or_default() {
                    found += 1;
                    tasks.spawn(at_work.clone().handle(self.clone(), claimed));
                }
            }
            let idle = async {
                if found > 0 && found == free {
                    // Full now: a task that ends comes first.
                    return std::future::pending().await;
                }
                let pause = until_due(&store, look_every).await;
                tokio::select! {
                    () = store.wait_for_work() => {}
                    () = sleep(pause) => {}
                }
            };
            tokio::select! {
                biased;
                () = &mut stop => break,
                Some(_) = tasks.join_next() => {}
                _ = heartbeat.tick() => at_work.extend(&store, lease).await,
                _ = reaper.tick() => {
                    let reaped = outage.over(store.reap(max_attempts, Timestamp::now()).await).unwrap_or_default();
                    metrics::reaped(reaped);
                    if reaped.dead > 0 {
                        tracing::error!(events = reaped.dead, "dead: their last attempt was cut off with its worker");
                    }
                    if reaped.returned > 0 {
                        tracing::warn!(events = reaped.returned, "due again: their worker was gone");
                    }
                }
                _ = pruner.tick() => {
                    let retention = self.inbox.retention();
                    // Not more than that, for leases are to be prolonged in the meantime.
                    for _ in 0..PRUNES_IN_A_ROW {
                        let pruned = outage.over(store.prune(retention, PRUNE_AT_ONCE, Timestamp::now()).await);
                        if pruned.is_none_or(|(events, identities)| events.max(identities) < PRUNE_AT_ONCE as u64) {
                            break;
                        }
                    }
                }
                () = idle, if free > 0 => {}
            }
        }
        let ended = timeout(grace, async {
            loop {
                tokio::select! {
                    ended = tasks.join_next() => if ended.is_none() { break },
                    _ = heartbeat.tick() => at_work.extend(&store, lease).await,
                }
            }
        });
        if ended.await.is_err() {
            let left: Vec<_> = at_work.claims().values().copied().collect();
            tasks.shutdown().await;
            give_back(&store, left).await;
        }
    }

    async fn attempt<R>(mut self, claimed: Claimed) -> Settlement
    where
        H: Service<R>,
        H::Error: Into<Box<dyn Error + Send + Sync>>,
        R: From<Claimed>,
    {
        let (attempt, received_at) = (claimed.claim.attempt(), claimed.delivery.received_at());
        let endpoint = claimed.delivery.endpoint().to_owned();
        if self.settings.unreadable_are_dead
            && let Event::Unknown(unknown) = claimed.delivery.event()
            && unknown.error().kind() != EventErrorKind::UnknownTopic
        {
            return Settlement::Dead { error: unknown.error().to_string() };
        }
        let begun = Instant::now();
        let handled = async {
            poll_fn(|context| self.handler.poll_ready(context)).await?;
            self.handler.call(R::from(claimed)).await
        };
        let timed = AssertUnwindSafe(timeout(self.settings.attempt_timeout, handled)).catch_unwind().await;
        metrics::handler_took(&endpoint, begun);
        let error = match timed {
            Ok(Ok(Ok(_))) => return Settlement::Done,
            Ok(Ok(Err(error))) => with_causes(&*error.into()),
            Ok(Err(_)) => format!("the handler took longer than {:?}", self.settings.attempt_timeout),
            Err(panic) => format!("the handler panicked: {}", panic_text(&*panic)),
        };
        let error = shortened(&error);
        let now = Timestamp::now();
        if attempt >= self.settings.max_attempts || self.settings.gives_up(received_at, now) {
            return Settlement::Dead { error };
        }
        let delay =
            SignedDuration::try_from(self.settings.backoff.after(attempt)).unwrap_or(SignedDuration::MAX);
        Settlement::Failed { error, due: now.checked_add(delay).unwrap_or(Timestamp::MAX) }
    }
}

/// What this worker has claimed and not settled.
#[derive(Clone, Default)]
struct AtWork(Arc<Mutex<HashMap<EntryId, Claim>>>);

impl AtWork {
    fn claims(&self) -> std::sync::MutexGuard<'_, HashMap<EntryId, Claim>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn handle<S, H, R>(self, worker: Worker<S, H>, claimed: Claimed)
    where
        S: Store,
        H: Service<R>,
        H::Error: Into<Box<dyn Error + Send + Sync>>,
        R: From<Claimed>,
    {
        let (claim, store) = (claimed.claim, worker.inbox.store().clone());
        let endpoint = claimed.delivery.endpoint().to_owned();
        let _held = Held::new(&self, claim);
        let settlement = worker.attempt(claimed).await;
        metrics::attempt(&endpoint, &settlement);
        match &settlement {
            Settlement::Failed { error, due } => {
                let (entry, attempt) = (claim.entry().get(), claim.attempt());
                tracing::warn!(entry, attempt, %due, "an event was not handled, and is due again: {error}");
            }
            Settlement::Dead { error } => {
                let (entry, attempt) = (claim.entry().get(), claim.attempt());
                tracing::error!(entry, attempt, "an event is a dead letter: {error}");
            }
            _ => {}
        }
        settle(&store, claim, settlement).await;
    }

    async fn extend(&self, store: &impl Store, lease: Duration) {
        let claims: Vec<_> = self.claims().values().copied().collect();
        if !claims.is_empty()
            && let Err(error) = store.extend(claims, lease, Timestamp::now()).await
        {
            metrics::store_error(&error);
            tracing::warn!(error = %with_causes(&error), "leases could not be prolonged");
        }
    }
}

/// Gives back what was cut off. What had been settled by then is not given back.
async fn give_back(store: &impl Store, claims: Vec<Claim>) {
    tracing::warn!(events = claims.len(), "given back: they were not done when the worker stopped");
    for claim in claims {
        // Where it fails, the lease ends by itself.
        let _ = store.settle(claim, Settlement::Returned, Timestamp::now()).await;
    }
}

/// A claim whose lease is prolonged until this is dropped, by a panic too.
struct Held<'a> {
    at_work: &'a AtWork,
    entry: EntryId,
}

impl<'a> Held<'a> {
    fn new(at_work: &'a AtWork, claim: Claim) -> Self {
        at_work.claims().insert(claim.entry(), claim);
        Self { at_work, entry: claim.entry() }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.at_work.claims().remove(&self.entry);
    }
}

/// Writes down what became of an attempt. Should the store be away for longer, the event is handled again.
async fn settle(store: &impl Store, claim: Claim, settlement: Settlement) {
    let tries =
        ExponentialBuilder::new().with_min_delay(Duration::from_millis(100)).with_max_times(8).build();
    for pause in tries.map(Some).chain([None]) {
        match store.settle(claim, settlement.clone(), Timestamp::now()).await {
            Ok(true) => return,
            Ok(false) => {
                let entry = claim.entry().get();
                tracing::warn!(
                    entry,
                    "the lease of an event was lost while it was handled: it may be handled twice"
                );
                return;
            }
            Err(error) => {
                metrics::store_error(&error);
                match pause {
                    Some(pause) => sleep(pause).await,
                    None => {
                        let (entry, error) = (claim.entry().get(), with_causes(&error));
                        tracing::error!(
                            entry,
                            error,
                            "what became of an event could not be written: it is handled again"
                        );
                    }
                }
            }
        }
    }
}

async fn until_due(store: &impl Store, longest: Duration) -> Duration {
    let due = store.next_due().await.ok().flatten();
    let until = due.map(|due| due.duration_since(Timestamp::now()));
    until.map_or(longest, |until| Duration::try_from(until).unwrap_or_default().min(longest))
}

fn ticks(every: Duration) -> tokio::time::Interval {
    let mut ticks = interval(every.max(Duration::from_millis(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// Tells once that the store is away, and once that it is back.
#[derive(Default)]
struct Outage(bool);

impl Outage {
    fn over<T>(&mut self, result: Result<T, StoreError>) -> Option<T> {
        match result {
            Ok(value) => {
                if std::mem::take(&mut self.0) {
                    tracing::info!("the inbox's store is back");
                }
                Some(value)
            }
            Err(error) => {
                metrics::store_error(&error);
                if !std::mem::replace(&mut self.0, true) {
                    tracing::error!(error = %with_causes(&error), "the inbox's store is away: nothing is handled until it is back");
                }
                None
            }
        }
    }
}

fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        // Some say themselves what caused them.
        if !text.ends_with(&cause_text) {
            text.push_str(&format!(": {cause_text}"));
        }
        source = cause.source();
    }
    text
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a message")
}

/// No store takes a NUL in a text, or needs a page of it.
fn shortened(error: &str) -> String {
    error.chars().take(LONGEST_ERROR).map(|c| if c == '\0' { '\u{fffd}' } else { c }).collect()
}
