use std::time::Duration;

use maac_webhook::ShareSecret;
use maac_webhook_sender::{RetrySchedule, Sender, Target, Transport, json::BodyStyle};

use crate::{MockDelivery, MockError, MockErrorKind, MockEvent};

/// A mock of MAAC: it signs events with a share secret and sends them to the receiver under test, with MAAC's
/// retries.
///
/// The clock is tokio's: where it is [paused](https://docs.rs/tokio/latest/tokio/time/fn.pause.html), as by
/// `#[tokio::test(start_paused = true)]`, the 1, 2 and 4 s between attempts take no time. Where it is not,
/// [`without_waiting`](Self::without_waiting) leaves them out: also for a receiver behind a URL, whose sockets a paused
/// clock would not wait for.
#[derive(Clone, Debug)]
pub struct MockSender {
    pub(crate) secret: ShareSecret,
    pub(crate) old_secret: Option<ShareSecret>,
    pub(crate) style: BodyStyle,
    path: String,
    schedule: RetrySchedule,
    attempt_timeout: Duration,
    waits: bool,
}

impl MockSender {
    /// The path that is posted to in process unless told otherwise.
    pub const DEFAULT_PATH: &str = "/webhooks/maac";

    /// A sender with this secret.
    #[must_use]
    pub fn new(secret: ShareSecret) -> Self {
        Self {
            secret,
            old_secret: None,
            style: BodyStyle::python(),
            path: Self::DEFAULT_PATH.to_owned(),
            schedule: RetrySchedule::default(),
            attempt_timeout: Sender::DEFAULT_ATTEMPT_TIMEOUT,
            waits: true,
        }
    }

    /// Changes the secret, as "Change Share Secret" in MAAC's console: from now on this one signs, and the one before
    /// it is the old one.
    #[must_use]
    pub fn change_secret(mut self, secret: ShareSecret) -> Self {
        self.old_secret = Some(std::mem::replace(&mut self.secret, secret));
        self
    }

    /// Sets the path that is posted to in process. A URL has its own.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Sets how bodies are written.
    #[must_use]
    pub fn style(mut self, style: BodyStyle) -> Self {
        self.style = style;
        self
    }

    /// Sets the schedule of retries.
    #[must_use]
    pub fn schedule(mut self, schedule: RetrySchedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// Sets how long one attempt may take; 10 s unless told otherwise.
    #[must_use]
    pub fn attempt_timeout(mut self, limit: Duration) -> Self {
        self.attempt_timeout = limit;
        self
    }

    /// Lets each attempt follow the one before it at once, for a test whose clock is not paused.
    #[must_use]
    pub fn without_waiting(mut self) -> Self {
        self.waits = false;
        self
    }

    /// An event to be sent.
    pub fn event(&self, event: impl Into<MockEvent>) -> MockDelivery<'static> {
        self.events([event])
    }

    /// Several events to be sent, one after another.
    pub fn events<E: Into<MockEvent>>(&self, events: impl IntoIterator<Item = E>) -> MockDelivery<'static> {
        MockDelivery::new(self.clone(), events.into_iter().map(Into::into).collect())
    }

    pub(crate) fn sender<T: Transport>(&self, transport: T) -> Sender<T> {
        let sender = Sender::new(transport)
            .with_schedule(self.schedule.clone())
            .with_attempt_timeout(self.attempt_timeout);
        if self.waits { sender } else { sender.without_waiting() }
    }

    pub(crate) fn in_process(&self) -> Result<Target, MockError> {
        if !self.path.starts_with('/') {
            return Err(MockErrorKind::InvalidTarget.into());
        }
        Ok(format!("http://localhost{}", self.path).parse::<Target>()?)
    }
}
