use std::num::NonZeroU32;

use super::{OpenApiToken, SmsPlusProgress};

/// How the OpenAPI calls are answered.
#[derive(Clone, Debug)]
pub struct OpenApiSettings {
    pub(super) token: OpenApiToken,
    pub(super) push_rate: NonZeroU32,
    pub(super) multicast_rate: NonZeroU32,
    pub(super) sms_plus: bool,
    pub(super) progress: SmsPlusProgress,
}

impl OpenApiSettings {
    /// How many pushes, enhanced multicasts and SMS+ pushes there may be in a second (MAAC OpenAPI): 170 of each.
    pub const DEFAULT_PUSH_RATE: NonZeroU32 = NonZeroU32::new(170).unwrap();

    /// How many multicasts and SMS+ multicasts there may be in a second (MAAC OpenAPI): 10 of each.
    pub const DEFAULT_MULTICAST_RATE: NonZeroU32 = NonZeroU32::new(10).unwrap();

    /// MAAC's limits. SMS+ is there, and its messages are delivered by themselves.
    #[must_use]
    pub fn new(token: OpenApiToken) -> Self {
        Self {
            token,
            push_rate: Self::DEFAULT_PUSH_RATE,
            multicast_rate: Self::DEFAULT_MULTICAST_RATE,
            sms_plus: true,
            progress: SmsPlusProgress::default(),
        }
    }

    /// Sets how many pushes, enhanced multicasts and SMS+ pushes there may be in a second, of each.
    #[must_use]
    pub fn with_push_rate(mut self, calls: NonZeroU32) -> Self {
        self.push_rate = calls;
        self
    }

    /// Sets how many multicasts and SMS+ multicasts there may be in a second, of each.
    #[must_use]
    pub fn with_multicast_rate(mut self, calls: NonZeroU32) -> Self {
        self.multicast_rate = calls;
        self
    }

    /// Sets whether the official account has SMS+: unless told otherwise it has. Without it the SMS+ calls are answered
    /// 403.
    #[must_use]
    pub fn with_sms_plus(mut self, has: bool) -> Self {
        self.sms_plus = has;
        self
    }

    /// Sets how the statuses of SMS+ messages follow one another.
    #[must_use]
    pub fn with_progress(mut self, progress: SmsPlusProgress) -> Self {
        self.progress = progress;
        self
    }
}
