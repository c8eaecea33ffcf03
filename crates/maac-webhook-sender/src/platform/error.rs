use std::fmt;

use maac_webhook::event::Topic;

use super::{EndpointStatus, Zone};
use crate::InvalidTargetKind;

error_of_kind! {
    /// What the console refuses, and why. Its text is for whoever uses the console.
    PlatformError, PlatformErrorKind
}

/// What the console refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlatformErrorKind {
    /// A purchase has no zone.
    NoZone,
    /// A purchase's period ends before it begins, or at once.
    PeriodEndsBeforeItBegins,
    /// A day is beyond the calendar's years.
    DayOutOfRange,
    /// There is no endpoint of this id, or no longer.
    NoSuchEndpoint,
    /// The platform has as many working endpoints as it may have.
    #[non_exhaustive]
    TooManyWorkingEndpoints {
        /// How many it may have.
        limit: usize,
    },
    /// An endpoint has no name.
    NameMissing,
    /// An endpoint's name is too long.
    #[non_exhaustive]
    NameTooLong {
        /// How many characters it may have.
        limit: usize,
    },
    /// An endpoint's name has a line break or another control character.
    NameNotPrintable,
    /// Nothing can be delivered to the URL.
    #[non_exhaustive]
    InvalidUrl {
        /// What is wrong with it.
        fault: InvalidTargetKind,
    },
    /// The URL does not begin with `https://`.
    #[non_exhaustive]
    NotHttps {
        /// Whether `http` would do on this machine's own addresses.
        loopback_allowed: bool,
    },
    /// No topic is chosen.
    NoTopic,
    /// A topic is not documented.
    #[non_exhaustive]
    UnknownTopic {
        /// The topic.
        topic: Topic,
    },
    /// A topic is of a zone that is not bought.
    #[non_exhaustive]
    ZoneNotBought {
        /// The topic.
        topic: Topic,
        /// Its zone.
        zone: Zone,
    },
    /// The endpoint is stopped, or ongoing, already.
    #[non_exhaustive]
    AlreadyInStatus {
        /// The status.
        status: EndpointStatus,
    },
    /// An endpoint is restored that there is already.
    RestoredTwice,
    /// The console does not edit an endpoint.
    EditingNotOffered,
}

impl PlatformErrorKind {
    /// Its name, in snake case.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::NoZone => "no_zone",
            Self::PeriodEndsBeforeItBegins => "period_ends_before_it_begins",
            Self::DayOutOfRange => "day_out_of_range",
            Self::NoSuchEndpoint => "no_such_endpoint",
            Self::TooManyWorkingEndpoints { .. } => "too_many_working_endpoints",
            Self::NameMissing => "name_missing",
            Self::NameTooLong { .. } => "name_too_long",
            Self::NameNotPrintable => "name_not_printable",
            Self::InvalidUrl { .. } => "invalid_url",
            Self::NotHttps { .. } => "not_https",
            Self::NoTopic => "no_topic",
            Self::UnknownTopic { .. } => "unknown_topic",
            Self::ZoneNotBought { .. } => "zone_not_bought",
            Self::AlreadyInStatus { .. } => "already_in_status",
            Self::RestoredTwice => "restored_twice",
            Self::EditingNotOffered => "editing_not_offered",
        }
    }
}

impl fmt::Display for PlatformErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoZone => f.write_str("Choose at least one webhook zone."),
            Self::PeriodEndsBeforeItBegins => f.write_str("The purchase must end after it begins."),
            Self::DayOutOfRange => f.write_str("The day is beyond the years that a calendar has."),
            Self::NoSuchEndpoint => f.write_str("There is no such webhook endpoint. It may have been deleted."),
            Self::TooManyWorkingEndpoints { limit } => write!(
                f,
                "A platform may have {limit} working webhooks. Stop or delete one first; more are to be had through \
                 support only."
            ),
            Self::NameMissing => f.write_str("Enter a name for the webhook endpoint."),
            Self::NameTooLong { limit } => write!(f, "The name is longer than {limit} characters."),
            Self::NameNotPrintable => f.write_str("The name has a line break or another control character in it."),
            Self::InvalidUrl { fault } => write!(f, "Nothing can be delivered to this URL: {fault}."),
            Self::NotHttps { loopback_allowed: false } => f.write_str("The URL must begin with https://."),
            Self::NotHttps { loopback_allowed: true } => {
                f.write_str("The URL must begin with https://. Only one on this machine, as http://127.0.0.1, may do without.")
            }
            Self::NoTopic => f.write_str("Select at least one webhook event."),
            Self::UnknownTopic { topic } => write!(f, "There is no webhook event {topic}."),
            Self::ZoneNotBought { topic, zone } => {
                write!(f, "{} is sold with {zone}, which is not bought.", super::topic_name(topic))
            }
            Self::AlreadyInStatus { status } => write!(f, "The webhook endpoint is {status} already."),
            Self::RestoredTwice => f.write_str("The webhook endpoint is there already."),
            Self::EditingNotOffered => {
                f.write_str("A webhook endpoint's name, URL and events cannot be changed. Create another one.")
            }
        }
    }
}
