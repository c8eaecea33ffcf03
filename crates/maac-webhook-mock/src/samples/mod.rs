//! One realistic event per topic, with setters for what a test cares about. What must differ from event to event is
//! drawn anew by each call.
//!
//! ```
//! use maac_webhook_mock::{maac_webhook::event::MessageStatus, samples};
//!
//! let receipt = samples::receipt_validated().number("KX12345678").item("拿鐵咖啡", 65.0, 2.0);
//! assert_eq!(receipt.data().items.last().unwrap().amount, 130.0);
//!
//! let survey = samples::surveycake_submitted().alias("newsletter", ["yes"]);
//! assert_eq!(survey.data().answer.alias.get("newsletter").unwrap(), &["yes"]);
//!
//! let status = samples::pnp_status_updated().status(MessageStatus::SmsDelivered);
//! assert_eq!(status.data().sms_status.as_deref(), Some("delivered"));
//! ```

mod pnp;
mod receipt;
mod setters;
mod survey;

pub(crate) use pnp::{consistent, set_status};

use maac_webhook::{event::Topic, jiff::Timestamp};
use maac_webhook_sender::{
    EventBody,
    payload::{
        MessageFirstOpen, Payload, PnpProfileUpdated, PnpStatusUpdated, PrizePointsAdded, ReceiptValidated,
        SurveyCakeSubmitted,
    },
    samples,
};

/// A sample event that is yet to be sent: its time and its `data`.
#[derive(Clone, Debug)]
pub struct Sample<T> {
    timestamp: Timestamp,
    data: T,
}

impl<T> Sample<T> {
    pub(crate) fn new(timestamp: Timestamp, data: T) -> Self {
        Self { timestamp, data }
    }

    /// Sets when the event happened: the envelope's `timestamp`.
    #[must_use]
    pub fn at(mut self, timestamp: Timestamp) -> Self {
        self.timestamp = timestamp;
        self
    }

    /// Changes anything of its `data`, whether or not it fits together.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut T)) -> Self {
        change(&mut self.data);
        self
    }

    /// Its `data`.
    #[must_use]
    pub fn data(&self) -> &T {
        &self.data
    }
}

impl<T: Into<Payload>> From<Sample<T>> for EventBody {
    fn from(sample: Sample<T>) -> Self {
        Self::new(sample.timestamp, &sample.data.into())
    }
}

/// A sample of this topic; `None` for a topic that is not documented.
#[must_use]
pub fn of(topic: &Topic) -> Option<Sample<Payload>> {
    let now = Timestamp::now();
    samples::of(topic, now).map(|data| Sample::new(now, data))
}

/// `receipt.receipt_validated`: two items of a receipt match.
#[must_use]
pub fn receipt_validated() -> Sample<ReceiptValidated> {
    let now = Timestamp::now();
    Sample::new(now, samples::receipt_validated(now))
}

/// `form.surveycake_submitted`: a survey with aliases, one of them unanswered.
#[must_use]
pub fn surveycake_submitted() -> Sample<SurveyCakeSubmitted> {
    let now = Timestamp::now();
    Sample::new(now, samples::surveycake_submitted(now))
}

/// `pnp.status_updated`: LINE delivered an SMS+ message.
#[must_use]
pub fn pnp_status_updated() -> Sample<PnpStatusUpdated> {
    let now = Timestamp::now();
    Sample::new(now, samples::pnp_status_updated(now))
}

/// `pnp.profile_updated`: who is behind a phone number.
#[must_use]
pub fn pnp_profile_updated() -> Sample<PnpProfileUpdated> {
    Sample::new(Timestamp::now(), samples::pnp_profile_updated())
}

/// `prize.points_added`: points for a friend.
#[must_use]
pub fn prize_points_added() -> Sample<PrizePointsAdded> {
    let now = Timestamp::now();
    Sample::new(now, samples::prize_points_added(now))
}

/// `message.first_open`: a push through the OpenAPI was opened.
#[must_use]
pub fn message_first_open() -> Sample<MessageFirstOpen> {
    Sample::new(Timestamp::now(), samples::message_first_open())
}
