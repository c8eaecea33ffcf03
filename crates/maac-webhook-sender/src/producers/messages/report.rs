use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

/// An event of the OpenAPI, that messages are pushed under (`POST /event/`). It can be written down and
/// [taken up again](super::Messages::restore_event).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct OpenApiEvent {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) created_at: Timestamp,
    /// By Taiwan's days.
    pub(super) opens: BTreeMap<Date, u64>,
}

/// What became of the messages under an event (`GET /event/{id}/report/`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct EventReport {
    /// The event.
    pub event_id: u64,
    /// How many first opens there were, each of which gave a `message.first_open`.
    pub opens: u64,
}

impl OpenApiEvent {
    /// Its id, the `event_id`.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// When it was made.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// The first opens of these days, both included and Taiwan's; without a limit where it is `None`.
    #[must_use]
    pub fn report(&self, first: Option<Date>, last: Option<Date>) -> EventReport {
        let within =
            |day: &Date| first.is_none_or(|first| *day >= first) && last.is_none_or(|last| *day <= last);
        let opens = self.opens.iter().filter(|(day, _)| within(day)).map(|(_, opens)| opens).sum();
        EventReport { event_id: self.id, opens }
    }
}
