//! How a value is kept in a column, whichever the store.

use std::time::Duration;

use maac_webhook::jiff::Timestamp;

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
