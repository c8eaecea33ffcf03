//! What is counted and measured, through the [`metrics`](https://docs.rs/metrics) facade: a recorder of your program's takes it,
//! or nobody.
//!
//! Labels are endpoints' names, documented topics and the names of kinds, never what a stranger wrote. `docs/metrics.md` has every
//! metric of the project, and [`maac_webhook::metrics`] those of what is verified and rejected.

use std::{
    convert::Infallible,
    time::{Duration, Instant},
};

use ::metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use maac_webhook::{event::Topic, jiff::Timestamp};
use tokio::time::sleep;

use crate::{
    Backlog, QuarantineStats, Reaped, Settlement, State, Store, StoreError, StoreErrorKind, Verdict,
};

/// Deliveries that were accepted, by `endpoint`, `topic` (`other` where it is not documented) and `verdict`.
pub const ACCEPTED: &str = "maac_webhook_accepted_total";

/// How long a delivery took to be accepted, or not, by `endpoint`.
pub const ACCEPT_DURATION: &str = "maac_webhook_accept_duration_seconds";

/// What a store did not do, by `kind`: the [name](StoreErrorKind::as_str) of a [`StoreErrorKind`].
pub const STORE_ERRORS: &str = "maac_webhook_store_errors_total";

/// Attempts at events that ended, by `endpoint` and `outcome`: `handled`, `failed` (due again) or `dead`.
pub const ATTEMPTS: &str = "maac_webhook_attempts_total";

/// How long the handler took for an attempt, by `endpoint`.
pub const HANDLER_DURATION: &str = "maac_webhook_handler_duration_seconds";

/// Events whose worker was gone, by `outcome`: `due_again` or `dead`.
pub const LEASES_ENDED: &str = "maac_webhook_leases_ended_total";

/// Events in the inbox that are not done, by `state`: a [name](State::as_str) of a [`State`].
pub const EVENTS: &str = "maac_webhook_inbox_events";

/// How long ago the oldest event that waits was received; 0 where none waits.
pub const OLDEST_WAITING: &str = "maac_webhook_inbox_oldest_waiting_age_seconds";

/// Requests that look like events and that no live secret verified, by `endpoint` and `outcome`: `kept` or `known` (kept
/// already); `limited` (over the rate) or `dropped` (too many waited), and so not kept; then `released` (an event now), `expired` or
/// `displaced` (to make room).
pub const QUARANTINED: &str = "maac_webhook_quarantined_total";

/// Requests in quarantine.
pub const QUARANTINE_REQUESTS: &str = "maac_webhook_quarantine_requests";

/// What the requests in quarantine [count as](crate::QuarantineBounds::bytes), in bytes.
pub const QUARANTINE_BYTES: &str = "maac_webhook_quarantine_bytes";

/// What a topic that is not documented is called.
const OTHER: &str = "other";

const OUTCOMES: [&str; 3] = ["handled", "failed", "dead"];

/// How often a worker looks how many events wait.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Describes the metrics to the recorder, and begins each counter of this endpoint at zero, so that the first of a kind is seen
/// to be one more.
pub fn register(endpoint: &str) {
    describe_counter!(ACCEPTED, "Deliveries that were accepted, by what they were among those before them");
    describe_histogram!(ACCEPT_DURATION, Unit::Seconds, "How long a delivery took to be accepted, or not");
    describe_counter!(STORE_ERRORS, "What the inbox's store did not do, by why");
    describe_counter!(ATTEMPTS, "Attempts at events that ended, by how");
    describe_histogram!(HANDLER_DURATION, Unit::Seconds, "How long the handler took for an attempt");
    describe_counter!(LEASES_ENDED, "Events whose worker was gone, by what became of them");
    describe_counter!(QUARANTINED, "Requests that no live secret verified, by what became of them");
    describe_gauge!(QUARANTINE_REQUESTS, "Requests in quarantine");
    describe_gauge!(QUARANTINE_BYTES, Unit::Bytes, "What the requests in quarantine count as");
    describe_gauge!(EVENTS, "Events in the inbox that are not done, by state");
    let oldest = "How long ago the oldest event that waits was received; 0 where none waits";
    describe_gauge!(OLDEST_WAITING, Unit::Seconds, oldest);
    for verdict in Verdict::ALL {
        for topic in Topic::DOCUMENTED.iter().map(Topic::as_str).chain([OTHER]) {
            count_accepted(endpoint, topic, *verdict, 0);
        }
    }
    for kind in StoreErrorKind::ALL {
        counter!(STORE_ERRORS, "kind" => kind.as_str()).increment(0);
    }
    for outcome in OUTCOMES {
        count_attempt(endpoint, outcome, 0);
    }
    reaped(Reaped::default());
    for &outcome in QuarantineOutcome::ALL {
        quarantined(endpoint, outcome, 0);
    }
}

/// The name of a documented topic, or one for all others.
pub(crate) fn topic(sent: Option<&str>) -> &'static str {
    let documented = |sent| Topic::DOCUMENTED.iter().map(Topic::as_str).find(|topic| *topic == sent);
    sent.and_then(documented).unwrap_or(OTHER)
}

pub(crate) fn accepted(endpoint: &str, topic: &'static str, verdict: Verdict) {
    count_accepted(endpoint, topic, verdict, 1);
}

fn count_accepted(endpoint: &str, topic: &'static str, verdict: Verdict, deliveries: u64) {
    counter!(ACCEPTED, "endpoint" => endpoint.to_owned(), "topic" => topic, "verdict" => verdict.as_str())
        .increment(deliveries);
}

pub(crate) fn accept_took(endpoint: &str, begun: Instant) {
    histogram!(ACCEPT_DURATION, "endpoint" => endpoint.to_owned()).record(begun.elapsed());
}

pub(crate) fn store_error(error: &StoreError) {
    counter!(STORE_ERRORS, "kind" => error.kind().as_str()).increment(1);
}

pub(crate) fn attempt(endpoint: &str, settlement: &Settlement) {
    let [handled, failed, dead] = OUTCOMES;
    match settlement {
        Settlement::Done => count_attempt(endpoint, handled, 1),
        Settlement::Failed { .. } => count_attempt(endpoint, failed, 1),
        Settlement::Dead { .. } => count_attempt(endpoint, dead, 1),
        // It was no attempt.
        Settlement::Returned => {}
    }
}

fn count_attempt(endpoint: &str, outcome: &'static str, attempts: u64) {
    counter!(ATTEMPTS, "endpoint" => endpoint.to_owned(), "outcome" => outcome).increment(attempts);
}

pub(crate) fn handler_took(endpoint: &str, begun: Instant) {
    histogram!(HANDLER_DURATION, "endpoint" => endpoint.to_owned()).record(begun.elapsed());
}

pub(crate) fn reaped(Reaped { returned, dead }: Reaped) {
    counter!(LEASES_ENDED, "outcome" => "due_again").increment(returned);
    counter!(LEASES_ENDED, "outcome" => "dead").increment(dead);
}

/// What became of a request that no live secret verified.
#[derive(Clone, Copy, Debug)]
pub(crate) enum QuarantineOutcome {
    Kept,
    Known,
    Limited,
    Dropped,
    Released,
    Expired,
    Displaced,
}

impl QuarantineOutcome {
    const ALL: &'static [Self] = &[
        Self::Kept,
        Self::Known,
        Self::Limited,
        Self::Dropped,
        Self::Released,
        Self::Expired,
        Self::Displaced,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Known => "known",
            Self::Limited => "limited",
            Self::Dropped => "dropped",
            Self::Released => "released",
            Self::Expired => "expired",
            Self::Displaced => "displaced",
        }
    }
}

pub(crate) fn quarantined(endpoint: &str, outcome: QuarantineOutcome, requests: u64) {
    counter!(QUARANTINED, "endpoint" => endpoint.to_owned(), "outcome" => outcome.as_str())
        .increment(requests);
}

pub(crate) fn quarantine_holds(stats: &QuarantineStats) {
    gauge!(QUARANTINE_REQUESTS).set(stats.requests as f64);
    gauge!(QUARANTINE_BYTES).set(stats.bytes as f64);
}

/// Keeps the gauges up to date. While the store is away they stay as they were.
pub(crate) async fn measure(store: impl Store) -> Infallible {
    loop {
        match store.backlog().await {
            Ok(backlog) => show(&backlog, Timestamp::now()),
            Err(error) => store_error(&error),
        }
        sleep(LOOK_EVERY).await;
    }
}

fn show(backlog: &Backlog, now: Timestamp) {
    let Backlog { waiting, leased, dead, held, oldest_waiting } = *backlog;
    let states =
        [(State::Waiting, waiting), (State::Leased, leased), (State::Dead, dead), (State::Held, held)];
    for (state, events) in states {
        gauge!(EVENTS, "state" => state.as_str()).set(events as f64);
    }
    let age = oldest_waiting.map_or(0.0, |oldest| now.duration_since(oldest).as_secs_f64().max(0.0));
    gauge!(OLDEST_WAITING).set(age);
}
