use std::time::Duration;

use maac_webhook::answer::Reaction;
use tokio::time::{Instant, sleep, timeout};

use crate::{
    Attempt, Clock, DeliveryRecord, Outcome, ResponseRecord, Target, Transport, TransportError,
    TransportErrorKind, WebhookRequest,
};

/// How long after each failed attempt the next one follows.
///
/// MAAC's, the default: 1 s, 2 s, 4 s, so four attempts in all, and then the event is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetrySchedule(Vec<Duration>);

impl RetrySchedule {
    /// A schedule of these delays; one attempt more than there are delays.
    pub fn new(delays: impl IntoIterator<Item = Duration>) -> Self {
        Self(delays.into_iter().collect())
    }

    /// The delays.
    #[must_use]
    pub fn delays(&self) -> &[Duration] {
        &self.0
    }
}

impl Default for RetrySchedule {
    fn default() -> Self {
        Self::new([1, 2, 4].map(Duration::from_secs))
    }
}

/// Delivers signed requests as MAAC does: the same bytes until they are answered.
///
/// | the receiver | the sender |
/// | --- | --- |
/// | answers 2xx | is done |
/// | answers 408, 429 or 5xx, or gives no answer | tries again, as the [`RetrySchedule`] says |
/// | answers anything else, a redirect included | gives up at once |
/// | may not be delivered to ([`TransportErrorKind::NotAllowed`]) | gives up at once |
#[derive(Clone, Debug)]
pub struct Sender<T> {
    transport: T,
    schedule: RetrySchedule,
    attempt_timeout: Duration,
    clock: Clock,
    waits: bool,
}

// Of one type alone, so that its name needs none.
impl Sender<()> {
    /// The time an attempt may take unless told otherwise: 10 s. MAAC's own is not documented.
    pub const DEFAULT_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
}

impl<T: Transport> Sender<T> {
    /// A sender with MAAC's schedule.
    pub fn new(transport: T) -> Self {
        let attempt_timeout = Sender::DEFAULT_ATTEMPT_TIMEOUT;
        let schedule = RetrySchedule::default();
        Self { transport, schedule, attempt_timeout, clock: Clock::system(), waits: true }
    }

    /// Sets the schedule of retries.
    #[must_use]
    pub fn with_schedule(mut self, schedule: RetrySchedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// Sets how long one attempt may take, from the name's look-up to the last byte of the answer.
    #[must_use]
    pub fn with_attempt_timeout(mut self, limit: Duration) -> Self {
        self.attempt_timeout = limit;
        self
    }

    /// Sets the clock by which attempts are recorded. What is waited for is told by tokio's.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Lets each attempt follow the one before it at once, for a test whose clock is not paused. The records
    /// keep the schedule's delays.
    #[must_use]
    pub fn without_waiting(mut self) -> Self {
        self.waits = false;
        self
    }

    /// Delivers one request.
    pub async fn deliver(&self, target: &Target, request: &WebhookRequest) -> DeliveryRecord {
        self.deliver_observed(target, request, |_| {}).await
    }

    /// Delivers one request and shows each attempt as it ends, before the wait for the next one.
    pub async fn deliver_observed(
        &self,
        target: &Target,
        request: &WebhookRequest,
        mut observe: impl FnMut(&Attempt) + Send,
    ) -> DeliveryRecord {
        let mut attempts = Vec::new();
        let outcome = loop {
            let (attempt, outcome) = self.attempt(attempts.len() + 1, target, request).await;
            observe(&attempt);
            let delay = attempt.retry_after;
            attempts.push(attempt);
            match outcome {
                Some(outcome) => break outcome,
                None => self.wait(delay.unwrap_or_default()).await,
            }
        };
        DeliveryRecord {
            url: target.to_string(),
            idempotency_key: request.idempotency_key().to_owned(),
            request: request.record(target),
            attempts,
            outcome,
        }
    }

    /// Makes one attempt. Without an outcome the next one follows after its `retry_after`.
    pub(crate) async fn attempt(
        &self,
        number: usize,
        target: &Target,
        request: &WebhookRequest,
    ) -> (Attempt, Option<Outcome>) {
        let (started_at, began) = (self.clock.now(), Instant::now());
        let sending = self.transport.send(target, request.to_http(target));
        let result: Result<ResponseRecord, TransportError> = match timeout(self.attempt_timeout, sending)
            .await
        {
            Ok(result) => result,
            Err(_) => {
                let seconds = self.attempt_timeout.as_secs_f64();
                Err(TransportError::new(TransportErrorKind::Timeout, format!("no answer within {seconds} s")))
            }
        };
        let duration = began.elapsed();
        let reaction = result.as_ref().map_or(Reaction::Retried, |answer| Reaction::of_status(answer.status));
        let may_retry = result.as_ref().err().is_none_or(|error| error.kind().is_retried());
        let delay = self.schedule.delays().get(number - 1).copied().filter(|_| may_retry);
        let (outcome, retry_after) = match (reaction, delay) {
            (Reaction::Delivered, _) => (Some(Outcome::Delivered), None),
            (Reaction::Retried, None) => (Some(Outcome::Exhausted), None),
            (Reaction::Retried, delay) => (None, delay),
            _ => (Some(Outcome::Refused), None),
        };
        (Attempt { number, started_at, duration, result, retry_after }, outcome)
    }

    /// Waits before the next attempt, where it waits at all.
    pub(crate) async fn wait(&self, delay: Duration) {
        if self.waits {
            sleep(delay).await;
        }
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }
}

#[cfg(test)]
mod tests;
