use bytes::Bytes;
use jiff::{
    Timestamp,
    civil::Date,
    tz::{Offset, TimeZone},
};
use serde::Serialize;

use crate::{
    json::{self, BodyStyle, EncodeError, EncodeErrorKind},
    payload::Payload,
};

/// An event's body before it is encoded: the envelope `{"timestamp", "topic", "data"}`.
#[derive(Clone, Debug)]
pub struct EventBody {
    timestamp: String,
    topic: String,
    data: Data,
}

#[derive(Clone, Debug)]
enum Data {
    Payload(Box<Payload>),
    Json(Box<serde_json::value::RawValue>),
}

impl EventBody {
    /// An event of one of the six topics, which happened at `timestamp`.
    #[must_use]
    pub fn new(timestamp: Timestamp, payload: &Payload) -> Self {
        Self {
            timestamp: wire_time(timestamp),
            topic: payload.topic().as_str().to_owned(),
            data: Data::Payload(Box::new(payload.clone())),
        }
    }

    /// An event of any topic with JSON text of your own as its `data`.
    ///
    /// # Errors
    ///
    /// A text that is not JSON.
    pub fn from_json(timestamp: Timestamp, topic: &str, data: &str) -> Result<Self, EncodeError> {
        // Encoded once for its verdict alone: what is kept is the text, so that a style is applied once.
        json::reencode(data.as_bytes(), BodyStyle::python())?;
        let data = serde_json::from_str(data).map_err(|_| EncodeErrorKind::NotJson)?;
        Ok(Self { timestamp: wire_time(timestamp), topic: topic.to_owned(), data: Data::Json(data) })
    }

    /// The topic.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// Sets the envelope's `timestamp` to a text of your own.
    #[must_use]
    pub fn with_timestamp(mut self, text: impl Into<String>) -> Self {
        self.timestamp = text.into();
        self
    }

    /// Writes the body.
    ///
    /// # Errors
    ///
    /// A number that JSON cannot carry.
    pub fn encode(&self, style: BodyStyle) -> Result<Bytes, EncodeError> {
        #[derive(Serialize)]
        struct Envelope<'a, T> {
            timestamp: &'a str,
            topic: &'a str,
            data: T,
        }

        let (timestamp, topic) = (self.timestamp.as_str(), self.topic.as_str());
        let body = match &self.data {
            Data::Payload(data) => json::encode(&Envelope { timestamp, topic, data }, style),
            Data::Json(data) => json::encode(&Envelope { timestamp, topic, data }, style),
        };
        body.map(Bytes::from)
    }
}

/// Taiwan's offset, which has had no summer time since 1979.
pub(crate) const TAIWAN: Offset = Offset::constant(8);

/// A time as MAAC's samples write it: RFC 3339 in Taiwan's offset, with microseconds.
#[must_use]
pub fn wire_time(timestamp: Timestamp) -> String {
    in_taiwan(timestamp, "%Y-%m-%dT%H:%M:%S.%6f%:z")
}

/// The same without parts of a second, as a receipt's times are written.
#[must_use]
pub fn wire_time_in_seconds(timestamp: Timestamp) -> String {
    in_taiwan(timestamp, "%Y-%m-%dT%H:%M:%S%:z")
}

/// A time by Taiwan's wall clock, without a zone, as a survey's `submitTime` is written.
#[must_use]
pub fn wire_wall_clock(timestamp: Timestamp) -> String {
    in_taiwan(timestamp, "%Y-%m-%d %H:%M:%S")
}

/// The day it is in Taiwan.
pub(crate) fn day_in_taiwan(timestamp: Timestamp) -> Date {
    timestamp.to_zoned_datetime(TimeZone::fixed(TAIWAN)).date()
}

fn in_taiwan(timestamp: Timestamp, format: &str) -> String {
    timestamp.to_zoned_datetime(TimeZone::fixed(TAIWAN)).strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_six_digits_of_a_second_and_taiwans_offset() {
        let time = |text: &str| wire_time(text.parse().unwrap());
        assert_eq!(time("2025-11-28T02:00:00Z"), "2025-11-28T10:00:00.000000+08:00");
        assert_eq!(time("2025-12-31T16:00:00.123456789Z"), "2026-01-01T00:00:00.123456+08:00");
    }

    #[test]
    fn a_receipts_time_and_a_wall_clocks_have_whole_seconds() {
        let time = "2025-12-31T16:00:00.9Z".parse().unwrap();
        assert_eq!(wire_time_in_seconds(time), "2026-01-01T00:00:00+08:00");
        assert_eq!(wire_wall_clock(time), "2026-01-01 00:00:00");
    }

    #[test]
    fn data_of_ones_own_is_written_as_python_would() {
        let now = "2025-11-28T02:00:00Z".parse().unwrap();
        let body = EventBody::from_json(now, "new.topic", "{\"a\":1e2,\n\"b\":\"女\",\"a\":65.0}").unwrap();
        assert_eq!(
            body.encode(BodyStyle::python()).unwrap(),
            r#"{"timestamp": "2025-11-28T10:00:00.000000+08:00", "topic": "new.topic", "data": {"a": 65.0, "b": "\u5973"}}"#
        );
        assert_eq!(
            body.with_timestamp("t").encode(BodyStyle::python().compact().raw_utf8()).unwrap(),
            r#"{"timestamp":"t","topic":"new.topic","data":{"a":65.0,"b":"女"}}"#
        );
        assert!(EventBody::from_json(now, "t", "{").is_err());
    }
}
