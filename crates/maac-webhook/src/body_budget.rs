use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// How much memory the bodies of requests that are not verified yet may hold together.
///
/// One body is bounded by its endpoint's limit; without a bound for all of them, a stranger with many connections
/// would have as much memory as he likes. Beyond it a request is answered 503
/// ([`Overloaded`](crate::RejectionKind::Overloaded)), and comes back: a body over 64 KiB first, since half of the budget is
/// kept for smaller ones, and one of up to 4 KiB last. One that arrives whole in one piece, as most events do, is verified at
/// once and never refused. Bytes count from when they arrive to when their
/// request is verified or rejected. They are the bodies' own: a body that comes in pieces may take up to twice as much memory.
///
/// Each [`Endpoint`](crate::Endpoint) has one of its own unless it is given a clone of another's; clones count together.
#[derive(Clone, Debug)]
pub struct BodyBudget(Arc<Budget>);

#[derive(Debug)]
struct Budget {
    limit: usize,
    held: AtomicUsize,
}

impl BodyBudget {
    /// The bytes that a budget has unless told otherwise: 64 MiB.
    pub const DEFAULT_BYTES: usize = 64 * 1024 * 1024;

    /// A budget of this many bytes.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(Budget { limit: bytes, held: AtomicUsize::new(0) }))
    }

    /// How many bytes it has, held or free.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.0.limit
    }

    /// How many bytes are held now.
    #[must_use]
    pub fn held(&self) -> usize {
        self.0.held.load(Ordering::Relaxed)
    }

    pub(crate) fn begin(&self) -> Held {
        Held { budget: self.clone(), bytes: 0 }
    }
}

impl Default for BodyBudget {
    fn default() -> Self {
        Self::new(Self::DEFAULT_BYTES)
    }
}

/// What one request holds of a budget, given back when it is dropped.
pub(crate) struct Held {
    budget: BodyBudget,
    bytes: usize,
}

impl Held {
    /// Takes so many bytes more; whether there were as many.
    #[must_use]
    pub(crate) fn take(&mut self, bytes: usize) -> bool {
        let Budget { limit, held } = &*self.budget.0;
        let limit = limit - reserved(*limit, self.bytes.saturating_add(bytes));
        let more = |held: usize| held.checked_add(bytes).filter(|held| *held <= limit);
        let taken = held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok();
        if taken {
            self.bytes += bytes;
        }
        taken
    }
}

/// What a body of this size must leave for smaller ones. MAAC's events are a few KiB: whoever would have them refused
/// must hold many small bodies for it, each on a connection or stream of its own, and not a few large ones.
fn reserved(limit: usize, body: usize) -> usize {
    const KIB: usize = 1024;
    let eighths = match body {
        0..=4096 => 0,
        _ if body <= 16 * KIB => 1,
        _ if body <= 64 * KIB => 2,
        _ => 4,
    };
    limit / 8 * eighths
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.0.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_together_stays_within_the_limit_and_comes_back() {
        let budget = BodyBudget::new(10);
        let (mut one, mut other) = (budget.begin(), budget.clone().begin());
        assert!(one.take(6) && other.take(4));
        assert!(!one.take(1) && !other.take(1));
        assert_eq!((budget.held(), budget.limit()), (10, 10));
        drop(other);
        assert!(one.take(4) && !one.take(1));
        drop(one);
        assert_eq!(budget.held(), 0);
    }

    #[test]
    fn large_bodies_leave_room_for_small_ones() {
        const KIB: usize = 1024;
        let budget = BodyBudget::new(800 * KIB);
        let full = |bytes: usize| {
            let mut all = Vec::new();
            loop {
                let mut one = budget.begin();
                if !one.take(bytes) {
                    return all;
                }
                all.push(one);
            }
        };
        let large = full(100 * KIB);
        assert_eq!((large.len(), budget.held()), (4, 400 * KIB));
        let middling = full(64 * KIB);
        assert_eq!((middling.len(), budget.held()), (3, 592 * KIB));
        let small = full(16 * KIB);
        assert_eq!((small.len(), budget.held()), (6, 688 * KIB));
        let events = full(4 * KIB);
        assert_eq!((events.len(), budget.held()), (28, 800 * KIB));
    }

    #[test]
    fn many_at_once_never_hold_more_than_the_limit() {
        let (budget, given) = (BodyBudget::new(100), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..5000 {
                        let mut held = budget.begin();
                        // Counted down before it is given back, so that the sum is never more than what is held.
                        let taken = (0..5).filter(|_| held.take(13)).count() * 13;
                        assert!(given.fetch_add(taken, Ordering::SeqCst) + taken <= 100);
                        given.fetch_sub(taken, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(budget.held(), 0);
    }
}
