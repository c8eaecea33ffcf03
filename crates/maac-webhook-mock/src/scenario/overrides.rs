//! A sample with fields of a file's own.

use std::fmt;

use maac_webhook::{event::Topic, jiff::Timestamp};
use maac_webhook_sender::{
    EventBody,
    json::{self, BodyStyle},
    payload::Payload,
    samples,
};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Map, Value, value::RawValue};

use crate::{
    MockEvent,
    samples::{Sample, consistent, set_status},
};

/// Where in the event, and what is wrong there.
type Fault = (String, String);

/// A sample of the topic in which these fields are overridden. A field that samples do not have is refused, since it is
/// a slip more often than not.
pub(super) fn sample(topic: &Topic, set: Map<String, Value>) -> Result<MockEvent, Fault> {
    let now = Timestamp::now();
    let Some(mut payload) = samples::of(topic, now) else {
        return Err((".topic".to_owned(), format!("there is no sample of {topic}: give its data")));
    };
    bring_along(&mut payload, &set, now)?;
    if set.is_empty() {
        return Ok(EventBody::new(now, &payload).into());
    }
    let unwritable = |error: &dyn fmt::Display| (".set".to_owned(), error.to_string());
    let base = json::encode(&payload, BodyStyle::python()).map_err(|error| unwritable(&error))?;
    let base = String::from_utf8(base).map_err(|error| unwritable(&error))?;
    let data = merged(&base, &Value::Object(set), ".set")?;
    MockEvent::from_json(topic.as_str(), &data).map_err(|error| unwritable(&error))
}

/// Sets what depends on what is set, where it goes together.
fn bring_along(payload: &mut Payload, set: &Map<String, Value>, now: Timestamp) -> Result<(), Fault> {
    match payload {
        Payload::PnpStatusUpdated(message) => {
            if let Some(status) = set.get("status").and_then(Value::as_str) {
                set_status(message, &status.into(), now);
            }
            let number = set.get("phone_number").and_then(Value::as_str);
            let number = number.unwrap_or(&message.phone_number);
            consistent(&message.status, number).map_err(|why| (".set".to_owned(), why))?;
        }
        Payload::SurveyCakeSubmitted(survey) => {
            let aliases = set.get("answer").and_then(|answer| answer.get("alias")).and_then(Value::as_object);
            let mut sample = Sample::new(now, survey.clone());
            for (alias, answers) in aliases.into_iter().flatten() {
                let answers = answers.as_array().into_iter().flatten().filter_map(Value::as_str);
                sample = sample.alias(alias, answers);
            }
            *survey = sample.data().clone();
        }
        _ => {}
    }
    Ok(())
}

/// The members of the base in their order, those of `over` in place of their own.
fn merged(base: &str, over: &Value, path: &str) -> Result<String, Fault> {
    let (Value::Object(over), Ok(Members(mut members))) = (over, serde_json::from_str::<Members>(base))
    else {
        return Ok(over.to_string());
    };
    for (name, value) in over {
        let path = format!("{path}.{name}");
        match members.iter_mut().find(|(own, _)| own == name) {
            Some((_, own)) => *own = merged(own, value, &path)?,
            // What a survey carries along is free form.
            None if path.starts_with(".set.answer.meta.") => members.push((name.clone(), value.to_string())),
            None => {
                let known: Vec<_> = members.iter().map(|(name, _)| name.as_str()).collect();
                let why =
                    format!("a sample has no such field, but {}; give data for others", known.join(", "));
                return Err((path, why));
            }
        }
    }
    let written = members.iter().map(|(name, value)| format!("{}:{value}", Value::from(name.as_str())));
    Ok(format!("{{{}}}", written.collect::<Vec<_>>().join(",")))
}

/// An object's members with the text of each value.
struct Members(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    members.push((name, value.get().to_owned()));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Reader)
    }
}
