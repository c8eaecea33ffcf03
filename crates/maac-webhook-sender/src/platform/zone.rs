use std::fmt;

use maac_webhook::event::Topic;
use serde::{Deserialize, Serialize};

/// What the webhook add-on is sold by (MAAC OpenAPI, Webhook): each zone has topics of its own. In JSON its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(into = "u8", try_from = "u8")]
#[non_exhaustive]
pub enum Zone {
    /// Webhook zone 1: receipts, surveys, SMS+ and points.
    One,
    /// Webhook zone 2: first opens of messages.
    Two,
}

/// A number that no zone has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoSuchZone;

impl Zone {
    /// Both zones.
    pub const ALL: [Self; 2] = [Self::One, Self::Two];

    /// Its number in the console.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }

    /// The zone that a topic is sold with; `None` for one that is not documented.
    #[must_use]
    pub fn of(topic: &Topic) -> Option<Self> {
        match topic {
            Topic::ReceiptValidated
            | Topic::SurveyCakeSubmitted
            | Topic::PnpStatusUpdated
            | Topic::PnpProfileUpdated
            | Topic::PrizePointsAdded => Some(Self::One),
            Topic::MessageFirstOpen => Some(Self::Two),
            _ => None,
        }
    }

    /// The topics that are sold with it.
    pub fn topics(self) -> impl Iterator<Item = &'static Topic> {
        Topic::DOCUMENTED.iter().filter(move |topic| Self::of(topic) == Some(self))
    }
}

/// A topic's name in the console; its own text where it is not documented.
#[must_use]
pub fn topic_name(topic: &Topic) -> &str {
    match topic {
        Topic::ReceiptValidated => "Receipt Validated",
        Topic::SurveyCakeSubmitted => "SurveyCake Submitted",
        Topic::PnpStatusUpdated => "LINE Notification Message Status Updated (SMS+)",
        Topic::PnpProfileUpdated => "LINE Notification Message Profile Updated (SMS+)",
        Topic::PrizePointsAdded => "Prize Points Added",
        Topic::MessageFirstOpen => "Message First Open",
        other => other.as_str(),
    }
}

impl From<Zone> for u8 {
    fn from(zone: Zone) -> Self {
        zone.number()
    }
}

impl TryFrom<u8> for Zone {
    type Error = NoSuchZone;

    fn try_from(number: u8) -> Result<Self, NoSuchZone> {
        Self::ALL.into_iter().find(|zone| zone.number() == number).ok_or(NoSuchZone)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "webhook zone {}", self.number())
    }
}

impl fmt::Display for NoSuchZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there are the webhook zones 1 and 2")
    }
}

impl std::error::Error for NoSuchZone {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_documented_topic_is_sold_with_one_zone_and_has_a_name() {
        assert_eq!(Zone::One.topics().count() + Zone::Two.topics().count(), Topic::DOCUMENTED.len());
        assert_eq!(Zone::Two.topics().collect::<Vec<_>>(), [&Topic::MessageFirstOpen]);
        assert!(Topic::DOCUMENTED.iter().all(|topic| topic_name(topic) != topic.as_str()));
        assert_eq!(topic_name(&Topic::from("new.topic")), "new.topic");
    }

    #[test]
    fn a_zone_is_its_number_in_json() {
        assert_eq!(serde_json::to_string(&Zone::ALL).unwrap(), "[1,2]");
        assert_eq!(serde_json::from_str::<Zone>("2").unwrap(), Zone::Two);
        assert!(serde_json::from_str::<Zone>("3").is_err());
    }
}
