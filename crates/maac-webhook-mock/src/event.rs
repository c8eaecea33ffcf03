use bytes::Bytes;
use maac_webhook::jiff::Timestamp;
use maac_webhook_sender::{
    EventBody,
    json::{BodyStyle, EncodeError},
    payload::Payload,
};

use crate::samples::Sample;

/// An event to be sent: a [sample](crate::samples), `data` of your own, or a body of any bytes.
#[derive(Clone, Debug)]
pub struct MockEvent {
    content: Content,
    pub(crate) idempotency_key: Option<String>,
}

#[derive(Clone, Debug)]
enum Content {
    Event(EventBody),
    Raw(Bytes),
}

impl MockEvent {
    /// An event of any topic, of this moment, with JSON text of your own as its `data`.
    ///
    /// # Errors
    ///
    /// A text that is not JSON.
    pub fn from_json(topic: &str, data: &str) -> Result<Self, EncodeError> {
        EventBody::from_json(Timestamp::now(), topic, data).map(Self::from)
    }

    /// A body of any bytes, which is signed and sent as it is.
    #[must_use]
    pub fn raw(body: impl Into<Bytes>) -> Self {
        Self { content: Content::Raw(body.into()), idempotency_key: None }
    }

    /// Sets its idempotency key. Otherwise each time it is sent it has a fresh one.
    #[must_use]
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// Its topic; `None` for a body of any bytes.
    #[must_use]
    pub fn topic(&self) -> Option<&str> {
        match &self.content {
            Content::Event(event) => Some(event.topic()),
            Content::Raw(_) => None,
        }
    }

    /// Its body in this style, which a body of any bytes does not heed.
    ///
    /// # Errors
    ///
    /// A number that JSON cannot carry.
    pub fn body(&self, style: BodyStyle) -> Result<Bytes, EncodeError> {
        match &self.content {
            Content::Event(event) => event.encode(style),
            Content::Raw(body) => Ok(body.clone()),
        }
    }
}

impl From<EventBody> for MockEvent {
    fn from(event: EventBody) -> Self {
        Self { content: Content::Event(event), idempotency_key: None }
    }
}

impl<T: Into<Payload>> From<Sample<T>> for MockEvent {
    fn from(sample: Sample<T>) -> Self {
        Self::from(EventBody::from(sample))
    }
}
