//! What can be done to a store, as plain values: what a property test or a fuzzer makes up.

use maac_webhook::Delivery;

/// One thing done to a store. Events, claims and keys are small numbers, so that what is made up meets what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "who makes them up has to know them all")]
pub enum Operation {
    /// A delivery comes.
    Accept {
        /// Its body.
        body: Body,
        /// Its idempotency key, if it has one.
        key: Option<u8>,
        /// Whether it is to be held.
        hold: bool,
        /// Whether it is to be held if its key was another event's.
        hold_if_key_reused: bool,
    },
    /// A worker claims what is due.
    Claim {
        /// At most so many.
        limit: u8,
    },
    /// A worker prolongs its lease.
    Extend {
        /// The claim, counted from 0 in the order in which they were given out.
        claim: u8,
    },
    /// An attempt ends.
    Settle {
        /// The claim, counted from 0 in the order in which they were given out.
        claim: u8,
        /// How.
        ending: Ending,
    },
    /// Leases that have ended are taken back.
    Reap,
    /// A person has an event handled again.
    Retry {
        /// The event, counted from 0 in the order in which they were stored.
        entry: u8,
    },
    /// What is old is forgotten.
    Prune,
    /// Time passes.
    Pass {
        /// So much of it.
        seconds: u8,
    },
}

/// A delivery's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(clippy::exhaustive_enums, reason = "who makes them up has to know them all")]
pub enum Body {
    /// An event's: two builds of one event differ in their timestamps alone.
    Event {
        /// The event.
        event: u8,
        /// Which of its builds.
        build: u8,
    },
    /// One without an envelope that can be read.
    Unreadable {
        /// Which.
        number: u8,
    },
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "who makes them up has to know them all")]
pub enum Ending {
    /// It was handled.
    Done,
    /// It failed, and is due again a little later.
    Failed,
    /// It failed for good.
    Dead,
    /// It was given back.
    Returned,
}

impl Ending {
    pub(super) fn error(self) -> &'static str {
        match self {
            Self::Done | Self::Returned => "",
            Self::Failed => "no database",
            Self::Dead => "no such friend",
        }
    }
}

impl Body {
    /// Whether the other is the same event, built anew.
    #[must_use]
    pub fn is_rebuilt(self, other: Self) -> bool {
        match (self, other) {
            (Self::Event { event, .. }, Self::Event { event: other, .. }) => event == other,
            _ => self == other,
        }
    }

    pub(super) fn delivery(self, key: Option<u8>) -> Delivery {
        let body = match self {
            Self::Event { event, build } => {
                let (minute, second) = (build / 60, build % 60);
                format!(
                    r#"{{"timestamp": "2026-11-24T10:{minute:02}:{second:02}+08:00", "topic": "t", "data": {event}}}"#
                )
            }
            Self::Unreadable { number } => format!("no envelope: {number}"),
        };
        super::delivery(body, key.map(|key| format!("key-{key}")).as_deref())
    }
}
