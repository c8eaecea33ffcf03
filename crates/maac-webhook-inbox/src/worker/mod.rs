mod at_work;
mod outage;
mod settings;

use std::{
    error::Error,
    future::{Future, poll_fn},
    panic::AssertUnwindSafe,
    pin::pin,
    time::{Duration, Instant},
};

use futures_util::FutureExt;
use maac_webhook::{
    Event, error_with_causes,
    event::EventErrorKind,
    jiff::{SignedDuration, Timestamp},
};
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use tower_service::Service;

use crate::{Claimed, Inbox, Settlement, Store, metrics};
use at_work::{AtWork, give_back};
use outage::Outage;
use settings::Settings;

pub use settings::Backoff;

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
        Self { inbox, handler, settings: Settings::default() }
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
            Ok(Ok(Err(error))) => error_with_causes(&*error.into()),
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

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a message")
}

/// No store takes a NUL in a text, or needs a page of it.
fn shortened(error: &str) -> String {
    error.chars().take(LONGEST_ERROR).map(|c| if c == '\0' { '\u{fffd}' } else { c }).collect()
}
