//! From a body to an [`Event`]: read fast, and read again only to say what is wrong.

use bytes::Bytes;
use serde::{Deserialize, Deserializer};

use super::{
    Envelope, Event, EventError, EventErrorKind, OffsetDateTime, Topic, Unknown,
    envelope::{self, Data, DataReader, Parts},
};

pub(super) fn event(body: &Bytes) -> Event {
    let read = envelope::utf8(body).ok().and_then(|text| envelope::parse(text, TypedData).ok());
    match read.and_then(typed) {
        Some(event) => event,
        None => Event::Unknown(unknown(body)),
    }
}

fn typed(parts: Parts<'_, Event>) -> Option<Event> {
    let mut event = match parts.data {
        Data::Typed(event) => event,
        Data::Raw(data) => {
            let mut json = serde_json::Deserializer::from_str(data.get());
            read_data(&Topic::from(parts.topic.as_ref()), &mut json)?.ok()?
        }
    };
    set_timestamp(&mut event, parts.timestamp);
    Some(event)
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
        Some(Err(error)) => {
            let path = match track.path().to_string().as_str() {
                "." => "data".to_owned(),
                path => format!("data.{path}"),
            };
            EventError::json(EventErrorKind::UnreadableData, Some(path), &error)
        }
        // Data that reads well by itself is of a topic we do not know.
        Some(Ok(_)) | None => EventError::new(EventErrorKind::UnknownTopic),
    }
}

#[derive(Clone, Copy)]
struct TypedData;

impl<'de> DataReader<'de> for TypedData {
    type Value = Event;

    fn read<D: Deserializer<'de>>(self, topic: &str, data: D) -> Result<Data<'de, Event>, D::Error> {
        match Topic::from(topic) {
            Topic::Other(_) => Deserialize::deserialize(data).map(Data::Raw),
            topic => match read_data(&topic, data) {
                Some(event) => event.map(Data::Typed),
                None => unreachable!("every topic but `Other` has a type"),
            },
        }
    }
}

/// The one table from topic to type; `None` for a topic without one.
fn read_data<'de, D: Deserializer<'de>>(topic: &Topic, data: D) -> Option<Result<Event, D::Error>> {
    Some(match topic {
        Topic::ReceiptValidated => Deserialize::deserialize(data).map(Event::ReceiptValidated),
        Topic::SurveyCakeSubmitted => Deserialize::deserialize(data).map(Event::SurveyCakeSubmitted),
        Topic::PnpStatusUpdated => Deserialize::deserialize(data).map(Event::PnpStatusUpdated),
        Topic::PnpProfileUpdated => Deserialize::deserialize(data).map(Event::PnpProfileUpdated),
        Topic::PrizePointsAdded => Deserialize::deserialize(data).map(Event::PrizePointsAdded),
        Topic::MessageFirstOpen => Deserialize::deserialize(data).map(Event::MessageFirstOpen),
        Topic::Other(_) => return None,
    })
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
