//! What is sent. Each call makes an event of its own, of a topic that the receiver subscribed to.

use maac_webhook::event::Topic;
use maac_webhook_mock::{MockEvent, samples};
use maac_webhook_sender::json::BodyStyle;
use serde_json::Value;
use uuid::Uuid;

use super::Trial;
use crate::grade::{Halt, skip};

/// An idempotency key as MAAC makes them.
pub(crate) fn fresh_key() -> String {
    Uuid::new_v4().simple().to_string()
}

pub(crate) fn unwritable(error: impl std::fmt::Display) -> Halt {
    Halt::Error(format!("the event cannot be written: {error}"))
}

/// Where a text is put by hand.
const PLACE: &str = "THE-TEXT";

fn raw(body: String) -> MockEvent {
    MockEvent::raw(body).idempotency_key(fresh_key())
}

/// A style of JSON by what is written.
pub(crate) fn style_of(raw_utf8: bool, compact: bool) -> BodyStyle {
    let style = BodyStyle::python();
    let style = if raw_utf8 { style.raw_utf8() } else { style };
    if compact { style.compact() } else { style }
}

impl Trial<'_> {
    /// The topics whose events may be sent.
    pub(crate) fn topics(&self) -> &[Topic] {
        self.run.settings.topics.as_slice()
    }

    /// The topic of an event of which nothing but its being genuine matters.
    fn plain_topic(&self) -> &Topic {
        let (topics, preferred) = (self.topics(), &Topic::PrizePointsAdded);
        if topics.contains(preferred) { preferred } else { topics.first().unwrap_or(preferred) }
    }

    /// A plain genuine event.
    pub(crate) fn plain(&self) -> MockEvent {
        let sample = samples::of(self.plain_topic()).map(MockEvent::from);
        sample.unwrap_or_else(|| samples::prize_points_added().into()).idempotency_key(fresh_key())
    }

    /// One with this text in it.
    pub(crate) fn with_text(&self, text: impl Into<String>) -> MockEvent {
        let text = text.into();
        let event: MockEvent = match self.plain_topic() {
            Topic::ReceiptValidated => samples::receipt_validated().channel(text).into(),
            Topic::SurveyCakeSubmitted => samples::surveycake_submitted().alias("comment", [text]).into(),
            Topic::PnpStatusUpdated => {
                samples::pnp_status_updated().with(|message| message.pnp_setting_name = text).into()
            }
            Topic::PnpProfileUpdated => {
                samples::pnp_profile_updated().with(|profile| profile.pnp_setting_name = text).into()
            }
            Topic::MessageFirstOpen => samples::message_first_open().customer_id(text).into(),
            _ => samples::prize_points_added().with(|points| points.points_memo = text).into(),
        };
        event.idempotency_key(fresh_key())
    }

    /// One whose body has this many bytes, by a text that is so long.
    pub(crate) fn of_length(&self, length: usize) -> Result<MockEvent, Halt> {
        let topic = self.plain_topic();
        let grows =
            [Topic::ReceiptValidated, Topic::SurveyCakeSubmitted, Topic::PrizePointsAdded].contains(topic);
        if !grows {
            return skip(format!("an event of {topic} is never that long"));
        }
        let body = self.with_place()?;
        // A text may stand more than once.
        let times = body.matches(PLACE).count().max(1);
        let left = (length + times * PLACE.len()).saturating_sub(body.len());
        let (each, rest) = (left / times, left % times);
        let text = format!("{}{}", r"\u6eff".repeat(each / 6), "a".repeat(each % 6));
        let body = body.replace(PLACE, &text).replacen(&text, &format!("{text}{}", "a".repeat(rest)), 1);
        Ok(raw(body))
    }

    /// One with these escapes of JSON in its text, written as they stand here.
    pub(crate) fn with_escapes(&self, escapes: &str) -> Result<MockEvent, Halt> {
        Ok(raw(self.with_place()?.replace(PLACE, escapes)))
    }

    /// A body in which a text is to take this place.
    fn with_place(&self) -> Result<String, Halt> {
        let body = self.with_text(PLACE).body(BodyStyle::python()).map_err(unwritable)?;
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    /// A sample of a topic.
    pub(crate) fn sample(&self, topic: &Topic) -> Result<MockEvent, Halt> {
        self.subscribes(topic)?;
        let sample =
            samples::of(topic).ok_or_else(|| Halt::Error(format!("there is no sample of {topic}")))?;
        Ok(MockEvent::from(sample).idempotency_key(fresh_key()))
    }

    /// A sample of a topic whose `data` drifted; `None` where there is nothing in it to drift.
    pub(crate) fn drifted(
        &self,
        topic: &Topic,
        drift: impl FnOnce(&mut Value),
    ) -> Result<Option<MockEvent>, Halt> {
        self.subscribes(topic)?;
        let sample =
            samples::of(topic).ok_or_else(|| Halt::Error(format!("there is no sample of {topic}")))?;
        let data = serde_json::to_value(sample.data()).map_err(unwritable)?;
        let mut drifted = data.clone();
        drift(&mut drifted);
        if drifted == data {
            return Ok(None);
        }
        let event = MockEvent::from_json(topic.as_str(), &drifted.to_string()).map_err(unwritable)?;
        Ok(Some(event.idempotency_key(fresh_key())))
    }

    /// Goes no further where the receiver did not subscribe to it.
    pub(crate) fn subscribes(&self, topic: &Topic) -> Result<(), Halt> {
        if self.topics().contains(topic) {
            return Ok(());
        }
        let known = Topic::DOCUMENTED.contains(topic);
        // MAAC sends what is new to nobody who named what is to be sent.
        if !known && self.topics().len() == Topic::DOCUMENTED.len() {
            return Ok(());
        }
        skip(format!(
            "it takes an event of {topic}, and the receiver is graded for {} alone",
            self.told_topics()
        ))
    }

    /// For a person.
    pub(crate) fn told_topics(&self) -> String {
        self.topics().iter().map(Topic::as_str).collect::<Vec<_>>().join(", ")
    }
}
