//! `Event::parse` and `Envelope::read` on any bytes: nothing is lost, the order of the envelope's
//! members does not matter, the natural key can be stored anywhere, and no error tells the payload.

#![no_main]

use std::fmt;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use maac_webhook::{
    Event,
    event::{Envelope, EventErrorKind},
};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::Value;

fuzz_target!(|body: &[u8]| {
    let body = Bytes::copy_from_slice(body);
    let event = Event::parse(&body);
    assert_eq!(Event::parse(&body), event);
    natural_key_is_printable(&event);
    if let Event::Unknown(unknown) = &event {
        assert_eq!(unknown.raw(), &body);
    }
    match Envelope::read(&body) {
        Ok(envelope) => data_may_come_first(&envelope, &event),
        Err(error) if error.kind() == EventErrorKind::TooDeep => {}
        Err(error) => assert!(matches!(event, Event::Unknown(_)), "an event without an envelope: {error}"),
    }
    envelope_agrees_with_serde_json(&body);
    errors_tell_no_value(&body);
});

fn natural_key_is_printable(event: &Event) {
    let key = event.natural_key();
    assert!(key.as_str().bytes().all(|byte| (b' '..=b'~').contains(&byte)));
    let parts: Vec<Option<String>> = serde_json::from_str(key.as_str()).expect("an array of texts and nulls");
    let topic = match event {
        Event::Unknown(_) => "unknown".to_owned(),
        known => known.topic().expect("a known event has a topic").as_str().to_owned(),
    };
    assert_eq!(parts[0].as_ref(), Some(&topic));
    assert!(parts.len() > 1);
}

/// Data is read in one pass where the topic precedes it, and otherwise from its text. Both must read
/// the same event.
fn data_may_come_first(envelope: &Envelope<'_>, event: &Event) {
    let timestamp = envelope.timestamp().map_or(Value::Null, |time| time.as_str().into());
    let (topic, data) = (Value::from(envelope.topic()), envelope.data());
    let topic_first = format!(r#"{{"timestamp": {timestamp}, "topic": {topic}, "data": {data}}}"#);
    let data_first = format!(r#"{{"data": {data}, "topic": {topic}, "timestamp": {timestamp}}}"#);
    for body in [topic_first, data_first] {
        let body = Bytes::from(body);
        match (event, Event::parse(&body)) {
            (Event::Unknown(unknown), Event::Unknown(again)) => {
                assert_eq!(again.topic(), unknown.topic());
                assert_eq!(again.error().kind(), unknown.error().kind());
                assert_eq!(again.error().path(), unknown.error().path());
            }
            (event, again) => assert_eq!(&again, event),
        }
    }
}

/// An envelope is read exactly where its members are as documented, as far as `Value` can tell.
fn envelope_agrees_with_serde_json(body: &[u8]) {
    let envelope = Envelope::read(body);
    let members = match (serde_json::from_slice::<Members>(body), &envelope) {
        (Ok(Members(members)), _) => members,
        // Another member than `data` may be beyond `Value`, in depth too.
        (Err(_), Ok(envelope)) => return data_is_json(envelope.data()),
        (Err(_), Err(_)) => return,
    };
    let all = |name: &str| {
        members.iter().filter(|(key, _)| key == name).map(|(_, value)| value).collect::<Vec<_>>()
    };
    let expected = match (all("topic").as_slice(), all("data").as_slice(), all("timestamp").as_slice()) {
        ([Value::String(topic)], [data], []) => Some((topic, *data, None)),
        ([Value::String(topic)], [data], [timestamp]) => Some((topic, *data, Some(*timestamp))),
        _ => None,
    };
    match (envelope, expected) {
        (Ok(envelope), Some((topic, data, timestamp))) => {
            assert_eq!(envelope.topic(), topic);
            let read = envelope.timestamp().map(|time| time.as_str());
            match timestamp {
                Some(Value::String(text)) => assert_eq!(read, Some(text.as_str())),
                Some(Value::Number(_)) => assert!(read.is_none_or(|text| text.parse::<f64>().is_ok())),
                _ => assert_eq!(read, None),
            }
            assert_eq!(&serde_json::from_str::<Value>(envelope.data()).expect("data is JSON"), data);
        }
        (Err(_), None) => {}
        (Ok(_), None) => panic!("an envelope was read of what is none"),
        (Err(error), Some(_)) => panic!("an envelope was not read: {error}"),
    }
}

/// `Value` reads no number beyond a float's range and no lone surrogate, both of which JSON's grammar
/// allows.
fn data_is_json(data: &str) {
    let beyond_value = ["number out of range", "lone leading surrogate", "unexpected end of hex escape"];
    if let Err(error) = serde_json::from_str::<Value>(data) {
        let text = error.to_string();
        assert!(
            beyond_value.iter().any(|reason| text.starts_with(reason)),
            "data was read that is not: {text}"
        );
    }
}

/// An object's members as they are written, with those that come twice.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}

/// What no message of an error can hold by chance.
const MARKED_TEXT: &str = "PAYLOAD-7f3a9c51";
const MARKED_NUMBER: u64 = 9_120_345_670_815;

/// Puts a mark into each value of `data`, and looks for it in the error. Keys stay as they are: an
/// error's path is made of them.
fn errors_tell_no_value(body: &[u8]) {
    let Ok(mut value) = serde_json::from_slice::<Value>(body) else {
        return;
    };
    let before = value.to_string();
    if before.contains(MARKED_TEXT) || before.contains(&MARKED_NUMBER.to_string()) {
        return;
    }
    if let Some(data) = value.get_mut("data") {
        mark(data);
    }
    if let Event::Unknown(unknown) = Event::parse(&Bytes::from(value.to_string())) {
        let text = format!("{} {unknown:?}", unknown.error());
        assert!(!text.contains(MARKED_TEXT) && !text.contains(&MARKED_NUMBER.to_string()), "{text}");
    }
}

fn mark(value: &mut Value) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) if number.is_f64() => *value = Value::from(MARKED_NUMBER as f64 + 0.25),
        Value::Number(_) => *value = Value::from(MARKED_NUMBER),
        Value::String(text) => *text = format!("{MARKED_TEXT}{text}{MARKED_TEXT}"),
        Value::Array(values) => values.iter_mut().for_each(mark),
        Value::Object(members) => members.values_mut().for_each(mark),
    }
}
