//! What waits for the store: how many bytes at most, and nothing that would wait for long.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use crate::{StoreError, StoreErrorKind};

/// How long the store is looked at before it counts how fast it is.
const SHORTEST: Duration = Duration::from_millis(250);

/// How long such a look takes.
const LOOK: Duration = Duration::from_secs(1);

/// Counts what waits for one store. Clones count together.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    bytes: Arc<Semaphore>,
    limit: usize,
    pace: Arc<Mutex<Pace>>,
}

/// A delivery's place among what waits, given back when the store is done with it, whoever still waits for that.
#[derive(Debug)]
pub(crate) struct Place {
    _bytes: OwnedSemaphorePermit,
    pace: Arc<Mutex<Pace>>,
}

impl Waiting {
    pub(crate) fn new(bytes: usize) -> Self {
        let limit = bytes.clamp(1, u32::MAX as usize);
        Self { bytes: Arc::new(Semaphore::new(limit)), limit, pace: Arc::default() }
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// A place for so many bytes, where it will be longer than `patience` before the store comes to it: then whoever
    /// waits would have given up, and the store would work for nobody.
    pub(crate) fn place(&self, bytes: usize, patience: Duration) -> Result<Place, StoreError> {
        let overloaded = |detail: &str| StoreError::new(StoreErrorKind::Overloaded, detail);
        // One alone may be larger than all that may wait.
        let bytes = u32::try_from(bytes.min(self.limit)).unwrap_or(u32::MAX);
        let bytes = self.bytes.clone().try_acquire_many_owned(bytes);
        let bytes = bytes.map_err(|_| overloaded("too many bytes of events wait for the inbox"))?;
        if !locked(&self.pace).begin(Instant::now(), patience) {
            return Err(overloaded("more events wait for the inbox than it can store in time"));
        }
        Ok(Place { _bytes: bytes, pace: self.pace.clone() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        locked(&self.pace).end(Instant::now());
    }
}

fn locked(pace: &Mutex<Pace>) -> MutexGuard<'_, Pace> {
    pace.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How fast the store is, while it has something to do all the time.
#[derive(Debug, Default)]
struct Pace {
    waiting: u32,
    /// When this look began; none while nothing waits.
    since: Option<Instant>,
    /// What was done since then.
    done: u32,
    /// How many a second were done during the look before.
    before: Option<f64>,
}

impl Pace {
    /// Whether one more is let in.
    fn begin(&mut self, now: Instant, patience: Duration) -> bool {
        let since = *self.since.get_or_insert(now);
        let looked = now.saturating_duration_since(since);
        if self.expected(looked) > patience.as_secs_f64() {
            return false;
        }
        self.waiting += 1;
        true
    }

    fn end(&mut self, now: Instant) {
        self.waiting = self.waiting.saturating_sub(1);
        self.done += 1;
        let looked = self.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        if self.waiting == 0 {
            *self = Self::default();
        } else if looked >= LOOK {
            let before = Some(f64::from(self.done) / looked.as_secs_f64());
            *self = Self { waiting: self.waiting, since: Some(now), done: 0, before };
        }
    }

    /// How many seconds the next one would wait, as it went lately. What nothing is known of takes no time.
    fn expected(&self, looked: Duration) -> f64 {
        let waiting = f64::from(self.waiting);
        match self.before {
            _ if looked >= SHORTEST && self.done > 0 => waiting * looked.as_secs_f64() / f64::from(self.done),
            // Nothing was done in all this time: at least as much is to come.
            _ if looked >= LOOK || self.before.is_none() => looked.as_secs_f64(),
            Some(before) => waiting / before,
            None => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(1);

    /// A store that does one each `takes`, with one coming each `comes`: how long each that was let in waited, and how many
    /// were not.
    fn run(comes: Duration, takes: Duration, lasts: Duration) -> (Vec<Duration>, usize) {
        let (mut pace, mut queue, begun) = (Pace::default(), VecDeque::new(), Instant::now());
        let (mut waited, mut refused) = (Vec::new(), 0);
        let (mut next_comes, mut next_done) = (begun, begun + takes);
        while next_comes < begun + lasts {
            if next_comes <= next_done {
                if pace.begin(next_comes, PATIENCE) {
                    if queue.is_empty() {
                        next_done = next_comes + takes;
                    }
                    queue.push_back(next_comes);
                } else {
                    refused += 1;
                }
                next_comes += comes;
            } else {
                if let Some(came) = queue.pop_front() {
                    pace.end(next_done);
                    waited.push(next_done - came);
                }
                next_done += takes;
            }
        }
        (waited, refused)
    }

    #[test]
    fn a_store_that_keeps_up_refuses_nothing() {
        let (ms, s) = (Duration::from_millis, Duration::from_secs);
        for (comes, takes) in [(ms(10), ms(9)), (ms(1000), ms(700)), (ms(1), Duration::from_micros(900))] {
            let (waited, refused) = run(comes, takes, s(30));
            assert_eq!(refused, 0);
            assert!(waited.len() > 20);
        }
    }

    #[test]
    fn a_store_with_ten_times_too_much_to_do_stores_as_many_as_it_can_and_each_in_time() {
        let takes = Duration::from_millis(5);
        let (waited, refused) = run(takes / 10, takes, Duration::from_secs(60));
        // 12,000 are all that it can.
        assert!(waited.len() > 11_000, "{}", waited.len());
        assert!(refused > 100_000, "{refused}");
        let late = waited.iter().filter(|waited| **waited > 3 * PATIENCE).count();
        assert_eq!(late, 0, "of {}", waited.len());
    }

    #[test]
    fn a_store_that_stands_still_lets_nobody_wait_and_takes_on_again_once_it_goes_on() {
        let (mut pace, begun) = (Pace::default(), Instant::now());
        let at = |milliseconds: u64| begun + Duration::from_millis(milliseconds);
        assert!(pace.begin(at(0), PATIENCE) && pace.begin(at(900), PATIENCE));
        assert!(!pace.begin(at(1100), PATIENCE) && !pace.begin(at(60_000), PATIENCE));
        pace.end(at(60_001));
        assert!(!pace.begin(at(60_002), PATIENCE), "it may stand still again");
        pace.end(at(60_002));
        for time in 60_003..60_300 {
            assert!(pace.begin(at(time), PATIENCE));
            pace.end(at(time));
        }
    }

    #[test]
    fn a_burst_upon_a_quiet_store_is_let_in() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        assert!((0..10_000).all(|_| pace.begin(now, PATIENCE)));
    }

    #[tokio::test]
    async fn places_are_bounded_in_bytes_and_come_back() {
        let waiting = Waiting::new(10);
        let one = waiting.place(6, PATIENCE).unwrap();
        assert!(waiting.place(5, PATIENCE).is_err());
        drop(one);
        assert!(waiting.clone().place(1000, PATIENCE).is_ok(), "one alone may be larger");
        assert_eq!(waiting.limit(), 10);
    }
}
