//! What is sent. Each call makes an event of its own.

use maac_webhook::event::Topic;
use maac_webhook_mock::{MockEvent, samples};
use maac_webhook_sender::json::BodyStyle;
use serde_json::Value;
use uuid::Uuid;

use super::Trial;
use crate::grade::Halt;

impl Trial<'_> {
    /// A plain genuine event.
    pub(crate) fn plain(&self) -> MockEvent {
        MockEvent::from(samples::prize_points_added()).idempotency_key(fresh_key())
    }
}

/// An idempotency key as MAAC makes them.
pub(crate) fn fresh_key() -> String {
    Uuid::new_v4().simple().to_string()
}

/// A sample of a topic.
pub(crate) fn sample(topic: &Topic) -> Result<MockEvent, Halt> {
    let sample = samples::of(topic).ok_or_else(|| Halt::Error(format!("there is no sample of {topic}")))?;
    Ok(MockEvent::from(sample).idempotency_key(fresh_key()))
}

/// A sample of a topic whose `data` drifted.
pub(crate) fn raw_json(topic: &Topic, drift: impl FnOnce(&mut Value)) -> Result<MockEvent, Halt> {
    let unwritable =
        |error: &dyn std::fmt::Display| Halt::Error(format!("the event cannot be written: {error}"));
    let sample = samples::of(topic).ok_or_else(|| Halt::Error(format!("there is no sample of {topic}")))?;
    let mut data = serde_json::to_value(sample.data()).map_err(|error| unwritable(&error))?;
    drift(&mut data);
    let event =
        MockEvent::from_json(topic.as_str(), &data.to_string()).map_err(|error| unwritable(&error))?;
    Ok(event.idempotency_key(fresh_key()))
}

/// A style of JSON by what is written.
pub(crate) fn style_of(raw_utf8: bool, compact: bool) -> BodyStyle {
    let style = BodyStyle::python();
    let style = if raw_utf8 { style.raw_utf8() } else { style };
    if compact { style.compact() } else { style }
}
