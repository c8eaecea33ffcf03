use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use maac_webhook::event::Topic;
use serde::{Serialize, Serializer};

use crate::{
    Attempt, Outcome, RecordedBody, RequestRecord,
    platform::{EndpointId, NotDelivered},
};

random_id! {
    /// The id of one delivery of an event to one endpoint.
    DeliveryId
}

/// What an event comes from, which says by which of the platform's rules it may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Origin {
    /// The console's "Send test".
    Test,
    /// Something that happened on the platform.
    Event,
}

/// A delivery that was accepted, and waits for its turn.
#[derive(Clone, Debug, Serialize)]
#[allow(clippy::exhaustive_structs, reason = "a log of one's own reads them back, to be sent again")]
pub struct AcceptedDelivery {
    /// Its id.
    pub id: DeliveryId,
    /// The endpoint it is for.
    pub endpoint: EndpointId,
    /// The endpoint's name then.
    pub endpoint_name: String,
    /// What it comes from.
    pub origin: Origin,
    /// The delivery that it sends again.
    pub replay_of: Option<DeliveryId>,
    /// The event's topic.
    #[serde(serialize_with = "as_text")]
    pub topic: Topic,
    /// The idempotency key, the same on each attempt.
    pub idempotency_key: String,
    /// The body, to the byte.
    #[serde(flatten)]
    pub body: RecordedBody,
    /// When it was accepted.
    pub accepted_at: Timestamp,
}

/// A step of a delivery: what a log records and what is shown to those who watch.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "update", rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeliveryUpdate {
    /// It was accepted, and waits for its turn.
    #[non_exhaustive]
    Accepted {
        /// The delivery.
        #[serde(serialize_with = "shared")]
        delivery: Arc<AcceptedDelivery>,
    },
    /// It was signed and verified by the sender itself: what goes out on each attempt.
    #[non_exhaustive]
    Signed {
        /// The delivery.
        id: DeliveryId,
        /// Where it goes.
        url: String,
        /// What is sent.
        #[serde(serialize_with = "shared")]
        request: Arc<RequestRecord>,
    },
    /// An attempt begins.
    #[non_exhaustive]
    AttemptBegan {
        /// The delivery.
        id: DeliveryId,
        /// Counts from 1.
        number: usize,
        /// When.
        at: Timestamp,
    },
    /// An attempt ended.
    #[non_exhaustive]
    AttemptEnded {
        /// The delivery.
        id: DeliveryId,
        /// The attempt.
        #[serde(serialize_with = "shared")]
        attempt: Arc<Attempt>,
        /// When the next one is due, where there is one.
        next_attempt_at: Option<Timestamp>,
    },
    /// The delivery is over.
    #[non_exhaustive]
    Finished {
        /// The delivery.
        id: DeliveryId,
        /// What became of it.
        outcome: Outcome,
        /// Why it was cancelled, where it was.
        because: Option<NotDelivered>,
        /// When.
        at: Timestamp,
    },
}

impl DeliveryUpdate {
    /// The delivery it is of.
    #[must_use]
    pub fn id(&self) -> DeliveryId {
        match self {
            Self::Accepted { delivery } => delivery.id,
            Self::Signed { id, .. }
            | Self::AttemptBegan { id, .. }
            | Self::AttemptEnded { id, .. }
            | Self::Finished { id, .. } => *id,
        }
    }
}

impl AcceptedDelivery {
    pub(super) fn bytes(&self) -> &Bytes {
        self.body.as_bytes()
    }
}

fn as_text<S: Serializer>(topic: &Topic, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(topic.as_str())
}

/// Without serde's feature `rc`, which would be every program's.
pub(super) fn shared<T: Serialize, S: Serializer>(shared: &Arc<T>, serializer: S) -> Result<S::Ok, S::Error> {
    T::serialize(shared, serializer)
}
