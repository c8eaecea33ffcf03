use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{EndpointId, Zone};
use crate::wire_time_in_seconds;

/// Whether one endpoint is sent an event, and why not where it is not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decision {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// Whether it is sent the event.
    pub verdict: Result<(), NotDelivered>,
}

/// Why an event is not delivered to an endpoint. It follows "not delivered because". As JSON it has a `reason`, its
/// [name](Self::as_str), and what belongs to it, and can be read back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
#[non_exhaustive]
pub enum NotDelivered {
    /// The topic is not documented, and so sold with no zone.
    UnknownTopic,
    /// The topic's zone is not bought.
    #[non_exhaustive]
    ZoneNotBought {
        /// The zone.
        zone: Zone,
    },
    /// The purchase's period has not begun.
    #[non_exhaustive]
    BeforePeriod {
        /// When it begins.
        from: Timestamp,
    },
    /// The purchase's period is over.
    #[non_exhaustive]
    AfterPeriod {
        /// When it ended.
        until: Timestamp,
    },
    /// The endpoint is stopped.
    Stopped,
    /// The endpoint was deleted.
    Deleted,
    /// The endpoint is not subscribed to the topic.
    NotSubscribed,
    /// The sender verified what it had signed, and it did not verify: a fault of the sender's.
    FailedSelfCheck,
}

impl NotDelivered {
    /// Its name, in snake case.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::UnknownTopic => "unknown_topic",
            Self::ZoneNotBought { .. } => "zone_not_bought",
            Self::BeforePeriod { .. } => "before_period",
            Self::AfterPeriod { .. } => "after_period",
            Self::Stopped => "stopped",
            Self::Deleted => "deleted",
            Self::NotSubscribed => "not_subscribed",
            Self::FailedSelfCheck => "failed_self_check",
        }
    }
}

impl fmt::Display for NotDelivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownTopic => f.write_str("no webhook zone has this event"),
            Self::ZoneNotBought { zone } => write!(f, "{zone} is not bought"),
            Self::BeforePeriod { from } => {
                write!(f, "the purchase is valid from {} on", wire_time_in_seconds(*from))
            }
            Self::AfterPeriod { until } => {
                write!(f, "the purchase was valid until {}", wire_time_in_seconds(*until))
            }
            Self::Stopped => f.write_str("the webhook endpoint is stopped"),
            Self::Deleted => f.write_str("the webhook endpoint was deleted"),
            Self::NotSubscribed => f.write_str("the webhook endpoint is not subscribed to this event"),
            Self::FailedSelfCheck => {
                f.write_str("what was signed did not verify, which is the sender's fault")
            }
        }
    }
}
