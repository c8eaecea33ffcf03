use std::fmt;

/// Why an open gives no event. It follows "no event because".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NoFirstOpen {
    /// The message was pushed without an `event_id`.
    NoEventId,
    /// The message is an enhanced multicast.
    EnhancedMulticast,
    /// The friend has opened the message before.
    OpenedBefore,
    /// The friend has opened another message under the same `event_id`, and a setting says that this is enough.
    OpenedUnderEventId,
}

impl NoFirstOpen {
    /// Its name, in snake case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoEventId => "no_event_id",
            Self::EnhancedMulticast => "enhanced_multicast",
            Self::OpenedBefore => "opened_before",
            Self::OpenedUnderEventId => "opened_under_event_id",
        }
    }
}

impl fmt::Display for NoFirstOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoEventId => "the message was pushed without an event_id",
            Self::EnhancedMulticast => "opens of an enhanced multicast are not tracked by friend",
            Self::OpenedBefore => "the friend has opened this message before",
            Self::OpenedUnderEventId => "the friend has opened another message under this event_id",
        })
    }
}
