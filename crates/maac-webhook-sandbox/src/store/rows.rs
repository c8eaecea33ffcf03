//! What the log has, as it is read back.

use std::{fmt, time::Duration};

use jiff::Timestamp;
use maac_webhook::event::Topic;
use maac_webhook_sender::{
    InvalidId, Outcome, ResponseRecord,
    dispatch::{AcceptedDelivery, DeliveryId, Origin},
    platform::{EndpointId, NotDelivered},
};
use serde::{Deserialize, Serialize, Serializer};

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeliveryState {
    /// It waits for its turn, is being tried, or waits for its next attempt.
    UnderWay,
    /// It was answered with a success.
    Delivered,
    /// It was given up at an answer that is not retried.
    Refused,
    /// It was given up after its last attempt.
    Exhausted,
    /// It was given up because the endpoint is not sent it any more.
    Cancelled,
    /// The program ended while it was under way. What the receiver has got of it is not known.
    Interrupted,
}

impl DeliveryState {
    /// Its name, in snake case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnderWay => "under_way",
            Self::Delivered => "delivered",
            Self::Refused => "refused",
            Self::Exhausted => "exhausted",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
        }
    }

    pub(super) fn of_column(outcome: Option<&str>) -> Option<Self> {
        let ended = [Self::Delivered, Self::Refused, Self::Exhausted, Self::Cancelled, Self::Interrupted];
        match outcome {
            None => Some(Self::UnderWay),
            Some(outcome) => ended.into_iter().find(|state| state.as_str() == outcome),
        }
    }
}

impl From<Outcome> for DeliveryState {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Delivered => Self::Delivered,
            Outcome::Refused => Self::Refused,
            Outcome::Exhausted => Self::Exhausted,
            _ => Self::Cancelled,
        }
    }
}

/// A delivery in a list.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct DeliverySummary {
    /// Its number in the log: the later, the greater.
    pub seq: u64,
    /// Its id.
    pub id: DeliveryId,
    /// The endpoint.
    pub endpoint: EndpointId,
    /// The endpoint's name when the delivery was accepted.
    pub endpoint_name: String,
    /// What it is sent for.
    pub origin: Origin,
    /// The delivery that it repeats.
    pub replay_of: Option<DeliveryId>,
    /// The topic.
    #[serde(serialize_with = "as_text")]
    pub topic: Topic,
    /// The idempotency key.
    pub idempotency_key: String,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// Where it stands.
    pub state: DeliveryState,
    /// How many attempts have ended.
    pub attempts: u32,
    /// The last attempt's status, where it was answered.
    pub status: Option<u16>,
    /// What went wrong at the last attempt, where it was not answered.
    pub error: Option<String>,
    /// When the next attempt is due, while it is waited for.
    pub next_attempt_at: Option<Timestamp>,
    /// Why it was cancelled, where it was.
    pub because: Option<NotDelivered>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// All that the log has of a delivery.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct DeliveryDetails {
    /// What a list has of it.
    #[serde(flatten)]
    pub summary: DeliverySummary,
    /// What was accepted, to be sent again.
    #[serde(skip)]
    pub accepted: AcceptedDelivery,
    /// The URL it goes to, once its turn has come.
    pub url: Option<String>,
    /// The request's headers, once its turn has come.
    pub headers: Vec<(String, String)>,
    /// The request's body.
    #[serde(flatten)]
    pub body: maac_webhook_sender::RecordedBody,
    /// When the attempt began that is under way.
    pub attempt_began_at: Option<Timestamp>,
    /// The attempts that ended, in order.
    pub timeline: Vec<StoredAttempt>,
}

/// An attempt that ended.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct StoredAttempt {
    /// Its number, from 1.
    pub number: u32,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took.
    #[serde(rename = "duration_ms", serialize_with = "milliseconds")]
    pub duration: Duration,
    /// What came of it.
    #[serde(flatten)]
    pub result: AttemptResult,
    /// How long after it the next one follows, where one does.
    #[serde(rename = "retry_after_ms", serialize_with = "some_milliseconds")]
    pub retry_after: Option<Duration>,
}

/// What came of an attempt.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AttemptResult {
    /// The receiver's answer.
    Response(ResponseRecord),
    /// No answer.
    #[non_exhaustive]
    Error {
        /// What went wrong, by name: dns, refused, unreachable, reset, closed, timeout, tls, protocol or not_allowed.
        kind: String,
        /// The same in words.
        message: String,
    },
}

/// The id of an event that was published.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(DeliveryId);

impl EventId {
    pub(crate) fn random() -> Self {
        Self(DeliveryId::random())
    }
}

impl std::str::FromStr for EventId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        text.parse().map(Self)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EventId({self})")
    }
}

/// An event that happened, and what became of it at each endpoint.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct PublishedEvent {
    /// Its id.
    pub id: EventId,
    /// Its topic.
    #[serde(serialize_with = "as_text")]
    pub topic: Topic,
    /// When it happened.
    pub happened_at: Timestamp,
    /// What became of it at each endpoint that there was.
    pub endpoints: Vec<Verdict>,
}

/// What became of an event at one endpoint: a delivery, or why there is none.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Verdict {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// Its name at the time.
    pub endpoint_name: String,
    /// The delivery.
    pub delivery: Option<DeliveryId>,
    /// Why there is none.
    pub not_delivered: Option<NotDelivered>,
}

/// One page of a list, the newest first.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// What the next page is before, where there is one.
    pub next_before: Option<u64>,
}

pub(super) fn as_text<S: Serializer>(topic: &Topic, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(topic.as_str())
}

fn milliseconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64() * 1000.0)
}

fn some_milliseconds<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    duration.map(|duration| duration.as_secs_f64() * 1000.0).serialize(serializer)
}
