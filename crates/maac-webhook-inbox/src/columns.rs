//! How a value is kept in a column, whichever the store.

use std::time::Duration;

use maac_webhook::jiff::Timestamp;

use crate::QuarantineBounds;

/// What an attempt ended with whose worker was never heard of again.
pub(crate) const LEASE_ENDED: &str = "the worker was gone before it was done";

pub(crate) fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

pub(crate) fn after(now: Timestamp, duration: Duration) -> i64 {
    micros(now.checked_add(duration).unwrap_or(Timestamp::MAX))
}

pub(crate) fn before(now: Timestamp, duration: Duration) -> i64 {
    micros(now.checked_sub(duration).unwrap_or(Timestamp::MIN))
}

/// What a request in quarantine counts as.
pub(crate) fn counts(body: &[u8]) -> i64 {
    (body.len() as u64).max(QuarantineBounds::LEAST_BYTES) as i64
}

/// What of a quarantine's bytes is left once room had to be made: more than the next few want, so that it is not made for each.
pub(crate) fn made_room(bounds: QuarantineBounds) -> u64 {
    bounds.bytes - bounds.bytes / 8
}
