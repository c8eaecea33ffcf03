use std::{fmt, num::NonZeroU32, time::Instant};

use governor::{
    Quota, RateLimiter,
    clock::Clock,
    state::{InMemoryState, NotKeyed},
};

use super::OpenApiSettings;

/// The calls that are limited, each for itself.
#[derive(Clone, Copy, Debug)]
pub(super) enum Limited {
    Push,
    Multicast,
    EnhancedMulticast,
    PnpPush,
    PnpMulticast,
}

/// What is left of each call's limit. One platform is one official account.
pub(super) struct Limits {
    push: Bucket,
    multicast: Bucket,
    enhanced_multicast: Bucket,
    pnp_push: Bucket,
    pnp_multicast: Bucket,
}

type Bucket = RateLimiter<NotKeyed, InMemoryState, TokioClock>;

/// Tokio's clock, which a test can hold.
#[derive(Clone, Copy)]
struct TokioClock;

impl Clock for TokioClock {
    type Instant = Instant;

    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }
}

impl Limits {
    pub(super) fn new(settings: &OpenApiSettings) -> Self {
        let bucket = |rate: NonZeroU32| RateLimiter::direct_with_clock(Quota::per_second(rate), TokioClock);
        let OpenApiSettings { push_rate, multicast_rate, .. } = *settings;
        Self {
            push: bucket(push_rate),
            multicast: bucket(multicast_rate),
            enhanced_multicast: bucket(push_rate),
            pnp_push: bucket(push_rate),
            pnp_multicast: bucket(multicast_rate),
        }
    }

    /// Whether one more is within its limit.
    pub(super) fn admit(&self, call: Limited) -> bool {
        let bucket = match call {
            Limited::Push => &self.push,
            Limited::Multicast => &self.multicast,
            Limited::EnhancedMulticast => &self.enhanced_multicast,
            Limited::PnpPush => &self.pnp_push,
            Limited::PnpMulticast => &self.pnp_multicast,
        };
        bucket.check().is_ok()
    }
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits").finish_non_exhaustive()
    }
}
