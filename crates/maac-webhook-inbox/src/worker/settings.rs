use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use maac_webhook::jiff::Timestamp;

use super::Worker;
use crate::Store;

#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) concurrency: usize,
    pub(super) lease: Duration,
    pub(super) attempt_timeout: Duration,
    pub(super) max_attempts: u32,
    pub(super) give_up_after: Option<Duration>,
    pub(super) backoff: Backoff,
    pub(super) grace: Duration,
    pub(super) look_every: Duration,
    pub(super) unreadable_are_dead: bool,
}

impl Settings {
    pub(super) fn gives_up(&self, received_at: Timestamp, now: Timestamp) -> bool {
        // A clock that was set back gives up nothing.
        let age = Duration::try_from(now.duration_since(received_at)).unwrap_or_default();
        self.give_up_after.is_some_and(|limit| age >= limit)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            concurrency: 16,
            lease: Duration::from_secs(60),
            attempt_timeout: Duration::from_secs(30),
            max_attempts: 16,
            give_up_after: None,
            backoff: Backoff::default(),
            grace: Duration::from_secs(30),
            look_every: Duration::from_secs(1),
            unreadable_are_dead: false,
        }
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

    pub(super) fn after(self, attempt: u32) -> Duration {
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

impl<S: Store, H> Worker<S, H> {
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
    /// [`Event::Unknown`](maac_webhook::Event::Unknown). A topic that is new is handed over in any case.
    #[must_use]
    pub fn dead_letter_unreadable(self) -> Self {
        self.change(|settings| settings.unreadable_are_dead = true)
    }

    fn change(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }
}
