//! The envelope: `timestamp`, `topic`, `data`. Read in one pass where the topic precedes the data.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{EventError, EventErrorKind, OffsetDateTime};

/// The envelope of a body, its `data` as the text that was sent.
///
/// ```
/// use maac_webhook::event::Envelope;
///
/// let body = br#"{"timestamp": "2025-11-28T10:00:00.000000+08:00", "topic": "new.topic", "data": {"a": 1.50}}"#;
/// let envelope = Envelope::read(body)?;
/// assert_eq!((envelope.topic(), envelope.data()), ("new.topic", r#"{"a": 1.50}"#));
/// # Ok::<(), maac_webhook::event::EventError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Envelope<'a> {
    timestamp: Option<OffsetDateTime>,
    topic: Cow<'a, str>,
    data: &'a RawValue,
}

impl<'a> Envelope<'a> {
    /// Reads an envelope of any topic.
    ///
    /// # Errors
    ///
    /// A body that is not UTF-8 or not JSON; that is not an object with a text `topic` and a `data`, each
    /// once; or whose `data` is nested more than 126 deep, so that no reader of 127 levels (`serde_json`'s limit)
    /// can be given what it cannot read.
    pub fn read(body: &'a [u8]) -> Result<Self, EventError> {
        let text = utf8(body)?;
        let parts = parse(text, RawData).map_err(|error| envelope_error(text, &error))?;
        let data = match parts.data {
            Data::Typed(raw) | Data::Raw(raw) => raw,
        };
        if nesting(data.get()) > MAX_NESTING - 1 {
            return Err(EventError::new(EventErrorKind::TooDeep));
        }
        Ok(Self { timestamp: parts.timestamp, topic: parts.topic, data })
    }

    /// The time of the event, where the envelope has one.
    #[must_use]
    pub fn timestamp(&self) -> Option<&OffsetDateTime> {
        self.timestamp.as_ref()
    }

    /// The topic's text.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// The JSON text of `data`, as it was sent.
    #[must_use]
    pub fn data(&self) -> &'a str {
        self.data.get()
    }
}

pub(super) fn utf8(body: &[u8]) -> Result<&str, EventError> {
    std::str::from_utf8(body).map_err(|_| EventError::new(EventErrorKind::NotUtf8))
}

/// An envelope is at fault as JSON or as an envelope; `data` is not looked into here.
pub(super) fn envelope_error(text: &str, error: &serde_json::Error) -> EventError {
    let kind = if serde_json::from_str::<IgnoredAny>(text).is_ok() {
        EventErrorKind::NotAnEnvelope
    } else {
        EventErrorKind::NotJson
    };
    EventError::json(kind, None, error)
}

/// Reads `data` once its topic is known; `None` leaves it as text.
pub(super) trait DataReader<'de>: Copy {
    type Value;
    fn read<D: Deserializer<'de>>(self, topic: &str, data: D) -> Result<Data<'de, Self::Value>, D::Error>;
}

/// The `data` of an envelope.
pub(super) enum Data<'de, T> {
    Typed(T),
    /// The topic is unknown, or came after the data.
    Raw(&'de RawValue),
}

#[derive(Clone, Copy)]
struct RawData;

impl<'de> DataReader<'de> for RawData {
    type Value = &'de RawValue;

    fn read<D: Deserializer<'de>>(self, _: &str, data: D) -> Result<Data<'de, &'de RawValue>, D::Error> {
        <&RawValue>::deserialize(data).map(Data::Raw)
    }
}

pub(super) struct Parts<'de, T> {
    pub(super) timestamp: Option<OffsetDateTime>,
    pub(super) topic: Cow<'de, str>,
    pub(super) data: Data<'de, T>,
}

pub(super) fn parse<'de, R: DataReader<'de>>(
    text: &'de str,
    reader: R,
) -> serde_json::Result<Parts<'de, R::Value>> {
    let mut json = serde_json::Deserializer::from_str(text);
    let parts = json.deserialize_map(EnvelopeVisitor(reader))?;
    json.end()?;
    Ok(parts)
}

struct EnvelopeVisitor<R>(R);

impl<'de, R: DataReader<'de>> Visitor<'de> for EnvelopeVisitor<R> {
    type Value = Parts<'de, R::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a topic and data")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut timestamp, mut topic, mut data) = (None, None::<Cow<'de, str>>, None);
        while let Some(field) = map.next_key::<Field>()? {
            match field {
                Field::Timestamp => once(&mut timestamp, "timestamp", map.next_value::<Timestamp>()?.0)?,
                Field::Topic => once(&mut topic, "topic", map.next_value::<Text<'de>>()?.0)?,
                Field::Data => {
                    let read = match &topic {
                        Some(topic) => map.next_value_seed(DataSeed(self.0, topic))?,
                        None => Data::Raw(map.next_value()?),
                    };
                    once(&mut data, "data", read)?;
                }
                Field::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Parts {
            timestamp: timestamp.flatten(),
            topic: topic.ok_or_else(|| A::Error::missing_field("topic"))?,
            data: data.ok_or_else(|| A::Error::missing_field("data"))?,
        })
    }
}

/// A member given twice is ambiguous: two readers of the same signed bytes would see two events.
fn once<T, E: serde::de::Error>(slot: &mut Option<T>, name: &'static str, value: T) -> Result<(), E> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(E::duplicate_field(name)),
    }
}

struct DataSeed<'t, R>(R, &'t str);

impl<'de, R: DataReader<'de>> DeserializeSeed<'de> for DataSeed<'_, R> {
    type Value = Data<'de, R::Value>;

    fn deserialize<D: Deserializer<'de>>(self, data: D) -> Result<Self::Value, D::Error> {
        self.0.read(self.1, data)
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Field {
    Timestamp,
    Topic,
    Data,
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Timestamp(#[serde(deserialize_with = "super::lenient::opt")] Option<OffsetDateTime>);

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// As deep as serde_json reads, so that whoever reads the data on can parse it.
const MAX_NESTING: usize = 127;

/// How deep a valid JSON text is nested.
fn nesting(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::nesting;

    #[test]
    fn nesting_counts_brackets_outside_strings() {
        for (json, deep) in
            [("1", 0), ("[]", 1), (r#"{"a": [1, {"b": 2}], "c": [[]]}"#, 3), (r#"["[[[\"[[", "\\"]"#, 1)]
        {
            assert_eq!(nesting(json), deep, "{json}");
        }
    }
}
