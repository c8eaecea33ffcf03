//! The record of a delivery: what was sent, and what came of each attempt.

use std::{fmt, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::Request;
use jiff::Timestamp;
use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{ResponseRecord, TransportError, transport};

/// A delivery with every attempt. As JSON, a body is `body` where it is UTF-8 and `body_base64` otherwise.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct DeliveryRecord {
    /// Where it went.
    pub url: String,
    /// The idempotency key, the same on each attempt.
    pub idempotency_key: String,
    /// What was sent, the same on each attempt.
    pub request: RequestRecord,
    /// The attempts, in order.
    pub attempts: Vec<Attempt>,
    /// What became of it.
    pub outcome: Outcome,
}

impl DeliveryRecord {
    /// The status of the last attempt, where it was answered.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.attempts.last()?.result.as_ref().ok().map(|response| response.status)
    }
}

/// The request as it was sent. `Debug` leaves the headers out, for the signature is among them.
#[derive(Clone, Serialize)]
#[non_exhaustive]
pub struct RequestRecord {
    /// The headers, in the order in which they were sent.
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(flatten)]
    pub body: RecordedBody,
}

impl RequestRecord {
    /// The record of a request that is not as a [`WebhookRequest`](crate::WebhookRequest) makes it.
    #[must_use]
    pub fn of(request: &Request<Bytes>) -> Self {
        Self { headers: transport::recorded(request.headers()), body: RecordedBody(request.body().clone()) }
    }
}

/// One attempt.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Attempt {
    /// Counts from 1.
    pub number: usize,
    /// When it began, by this machine's clock.
    pub started_at: Timestamp,
    /// How long it took.
    pub duration: Duration,
    /// The response, or why there was none.
    pub result: Result<ResponseRecord, TransportError>,
    /// How long after it the next attempt follows; `None` for the last one.
    pub retry_after: Option<Duration>,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// It was answered with a 2xx.
    Delivered,
    /// It was answered with a status that is not retried: the event is gone at once.
    Refused,
    /// Every attempt failed: the event is gone.
    Exhausted,
    /// What was left of its attempts was not made, for its endpoint is sent nothing any more: the event is gone. Only a
    /// [`Dispatcher`](crate::dispatch::Dispatcher) knows of endpoints.
    Cancelled,
}

impl Outcome {
    /// Its name, in snake case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Refused => "refused",
            Self::Exhausted => "exhausted",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A body in a record. `Debug` shows its length.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RecordedBody(pub(crate) Bytes);

impl From<Bytes> for RecordedBody {
    fn from(body: Bytes) -> Self {
        Self(body)
    }
}

impl RecordedBody {
    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &Bytes {
        &self.0
    }

    /// The text, where it is UTF-8.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

impl fmt::Debug for RecordedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordedBody({} bytes)", self.0.len())
    }
}

impl fmt::Debug for RequestRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestRecord").field("body", &self.body).finish_non_exhaustive()
    }
}

impl Serialize for RecordedBody {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        match self.as_text() {
            Some(text) => map.serialize_entry("body", text)?,
            None => map.serialize_entry("body_base64", &BASE64_STANDARD.encode(&self.0))?,
        }
        map.end()
    }
}

impl Serialize for Attempt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let milliseconds = |duration: Duration| duration.as_secs_f64() * 1000.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("number", &self.number)?;
        map.serialize_entry("started_at", &self.started_at.to_string())?;
        map.serialize_entry("duration_ms", &milliseconds(self.duration))?;
        match &self.result {
            Ok(response) => map.serialize_entry("response", response)?,
            Err(error) => map.serialize_entry("error", error)?,
        }
        if let Some(delay) = self.retry_after {
            map.serialize_entry("retry_after_ms", &milliseconds(delay))?;
        }
        map.end()
    }
}
