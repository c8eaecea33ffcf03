use serde::{Deserialize, Deserializer};

use super::{BroadcastId, CustomerId, EventId, LineUid, NaturalKey, OffsetDateTime, Topic, lenient};

/// A friend opened a message for the first time (`message.first_open`).
///
/// A message pushed through the OpenAPI without an `event_id` never produces one. The totals of the same
/// opens come from the OpenAPI report `GET /openapi/v1/event/{event_id}/report/`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MessageFirstOpen {
    /// The envelope's time: when the event happened.
    pub timestamp: Option<OffsetDateTime>,
    /// The message that was opened.
    pub message: OpenedMessage,
    /// The friend who opened it.
    pub line_uid: LineUid,
    /// The brand's own id of the friend.
    pub customer_id: Option<CustomerId>,
}

/// The message that was opened: what `message_id` means depends on `message_type`.
///
/// Broadcast 999 and event 999 are different things.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OpenedMessage {
    /// `broadcast`: `message_id` is the broadcast's id.
    Broadcast(BroadcastId),
    /// `openapi`: `message_id` is the push's `event_id`.
    OpenApi(EventId),
    /// A message type that is not documented, as it was sent.
    #[non_exhaustive]
    Other {
        /// The `message_type`.
        message_type: String,
        /// The `message_id`.
        message_id: String,
    },
}

impl OpenedMessage {
    /// The `message_type` and `message_id` as they are sent.
    #[must_use]
    pub fn as_sent(&self) -> (&str, &str) {
        match self {
            Self::Broadcast(id) => ("broadcast", id.as_str()),
            Self::OpenApi(id) => ("openapi", id.as_str()),
            Self::Other { message_type, message_id } => (message_type, message_id),
        }
    }
}

impl MessageFirstOpen {
    /// The `event_id` of the push, where it was pushed through the OpenAPI.
    #[must_use]
    pub fn event_id(&self) -> Option<&EventId> {
        match &self.message {
            OpenedMessage::OpenApi(id) => Some(id),
            OpenedMessage::Broadcast(_) | OpenedMessage::Other { .. } => None,
        }
    }

    /// What a handler upserts by: message type, message id, friend.
    #[must_use]
    pub fn natural_key(&self) -> NaturalKey {
        let (message_type, message_id) = self.message.as_sent();
        let parts = [message_type, message_id, self.line_uid.as_str()];
        NaturalKey::new(&Topic::MessageFirstOpen, parts.map(Some))
    }
}

impl<'de> Deserialize<'de> for MessageFirstOpen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Sent {
            #[serde(deserialize_with = "lenient::text")]
            message_type: String,
            #[serde(deserialize_with = "lenient::text")]
            message_id: String,
            line_uid: LineUid,
            #[serde(default, deserialize_with = "lenient::opt")]
            customer_id: Option<CustomerId>,
        }

        let Sent { message_type, message_id, line_uid, customer_id } = Sent::deserialize(deserializer)?;
        let message = match message_type.as_str() {
            "broadcast" => OpenedMessage::Broadcast(BroadcastId::new(message_id)),
            "openapi" => OpenedMessage::OpenApi(EventId::new(message_id)),
            _ => OpenedMessage::Other { message_type, message_id },
        };
        Ok(Self { timestamp: None, message, line_uid, customer_id })
    }
}
