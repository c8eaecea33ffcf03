//! From a body to an [`Event`]: read fast, and read again only to say what is wrong.

use bytes::Bytes;
use serde::{Deserialize, Deserializer};

use super::{
    Envelope, Event, EventError, EventErrorKind, OffsetDateTime, Topic, Unknown,
    envelope::{self, Data, DataReader, Parts},
    lenient::{Object, noting_drift},
    surrogates,
};

pub(super) fn event(body: &Bytes) -> Event {
    let (event, drifted) = noting_drift(|| {
        let text = envelope::utf8(body).ok()?;
        read(text).or_else(|| {
            let event = read(&surrogates::replace_lone(text)?)?;
            tracing::warn!("an event has half a character, which is read as U+FFFD");
            Some(event)
        })
    });
    let Some(event) = event else { return Event::Unknown(unknown(body)) };
    if drifted > 0 {
        let topic = event.topic();
        let topic = topic.as_ref().map(Topic::as_str);
        tracing::warn!(topic, drifted, "fields of an event are not as documented, and are read as missing");
    }
    event
}

fn read(text: &str) -> Option<Event> {
    envelope::parse(text, TypedData).ok().and_then(typed)
}

fn typed(parts: Parts<'_, Event>) -> Option<Event> {
    let data = match parts.data {
        // The topic came after the data.
        Data::Raw(data) => {
            let mut json = serde_json::Deserializer::from_str(data.get());
            read_data(&Topic::from(parts.topic.as_ref()), &mut json).ok()?
        }
        typed => typed,
    };
    match data {
        Data::Typed(mut event) => {
            set_timestamp(&mut event, parts.timestamp);
            Some(event)
        }
        Data::Raw(_) => None,
    }
}

/// The slow way, taken by what could not be read: where, and why not.
fn unknown(body: &Bytes) -> Unknown {
    let raw = body.clone();
    match Envelope::read(body) {
        Err(error) => Unknown { topic: None, timestamp: None, raw, error },
        Ok(envelope) => Unknown {
            topic: Some(envelope.topic().to_owned()),
            timestamp: envelope.timestamp().cloned(),
            raw,
            error: explain(&envelope),
        },
    }
}

fn explain(envelope: &Envelope<'_>) -> EventError {
    let mut json = serde_json::Deserializer::from_str(envelope.data());
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
    match read_data(&Topic::from(envelope.topic()), tracked) {
        Err(error) => {
            let path = match track.path().to_string().as_str() {
                "." => "data".to_owned(),
                path => format!("data.{path}"),
            };
            EventError::json(EventErrorKind::UnreadableData, Some(path), &error)
        }
        // Data that reads well by itself is of a topic we do not know.
        Ok(_) => EventError::new(EventErrorKind::UnknownTopic),
    }
}

#[derive(Clone, Copy)]
struct TypedData;

impl<'de> DataReader<'de> for TypedData {
    type Value = Event;

    fn read<D: Deserializer<'de>>(self, topic: &str, data: D) -> Result<Data<'de, Event>, D::Error> {
        read_data(&Topic::from(topic), data)
    }
}

/// The one table from topic to type; data of a topic without one stays as it is.
fn read_data<'de, D: Deserializer<'de>>(topic: &Topic, data: D) -> Result<Data<'de, Event>, D::Error> {
    fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
        data: D,
        event: fn(T) -> Event,
    ) -> Result<Data<'de, Event>, D::Error> {
        Object::deserialize(data).map(|Object(read)| Data::Typed(event(read)))
    }
    match topic {
        Topic::ReceiptValidated => object(data, Event::ReceiptValidated),
        Topic::SurveyCakeSubmitted => object(data, Event::SurveyCakeSubmitted),
        Topic::PnpStatusUpdated => object(data, Event::PnpStatusUpdated),
        Topic::PnpProfileUpdated => object(data, Event::PnpProfileUpdated),
        Topic::PrizePointsAdded => object(data, Event::PrizePointsAdded),
        Topic::MessageFirstOpen => object(data, Event::MessageFirstOpen),
        Topic::Other(_) => Deserialize::deserialize(data).map(Data::Raw),
    }
}

fn set_timestamp(event: &mut Event, timestamp: Option<OffsetDateTime>) {
    match event {
        Event::ReceiptValidated(event) => event.timestamp = timestamp,
        Event::SurveyCakeSubmitted(event) => event.timestamp = timestamp,
        Event::PnpStatusUpdated(event) => event.timestamp = timestamp,
        Event::PnpProfileUpdated(event) => event.timestamp = timestamp,
        Event::PrizePointsAdded(event) => event.timestamp = timestamp,
        Event::MessageFirstOpen(event) => event.timestamp = timestamp,
        Event::Unknown(_) => {}
    }
}
