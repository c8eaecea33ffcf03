use std::{error::Error, fmt};

use crate::{json::EncodeError, platform::NotDelivered};

/// What the dispatcher refuses, and why. Its text is for whoever uses the console.
#[derive(Debug)]
pub struct DispatchError {
    kind: DispatchErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What the dispatcher refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DispatchErrorKind {
    /// The platform's rules do not let it be sent.
    #[non_exhaustive]
    NotDelivered {
        /// Why not.
        reason: NotDelivered,
    },
    /// As many deliveries wait or are under way as may.
    #[non_exhaustive]
    QueueFull {
        /// How many may.
        capacity: usize,
    },
    /// The dispatcher was closed.
    Closed,
    /// The event cannot be written as JSON.
    Unwritable,
    /// The log did not take the delivery, so it is not sent.
    LogUnavailable,
}

impl DispatchErrorKind {
    /// Its name, in snake case.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::NotDelivered { .. } => "not_delivered",
            Self::QueueFull { .. } => "queue_full",
            Self::Closed => "closed",
            Self::Unwritable => "unwritable",
            Self::LogUnavailable => "log_unavailable",
        }
    }
}

impl DispatchError {
    pub(super) fn log(error: impl Error + Send + Sync + 'static) -> Self {
        Self { kind: DispatchErrorKind::LogUnavailable, source: Some(Box::new(error)) }
    }

    /// What is refused, with what a text in another language needs to say so.
    #[must_use]
    pub fn kind(&self) -> &DispatchErrorKind {
        &self.kind
    }
}

impl From<DispatchErrorKind> for DispatchError {
    fn from(kind: DispatchErrorKind) -> Self {
        Self { kind, source: None }
    }
}

impl From<NotDelivered> for DispatchError {
    fn from(reason: NotDelivered) -> Self {
        DispatchErrorKind::NotDelivered { reason }.into()
    }
}

impl From<EncodeError> for DispatchError {
    fn from(error: EncodeError) -> Self {
        Self { kind: DispatchErrorKind::Unwritable, source: Some(Box::new(error)) }
    }
}

impl fmt::Display for DispatchErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotDelivered { reason } => write!(f, "Not delivered because {reason}."),
            Self::QueueFull { capacity } => write!(
                f,
                "{capacity} deliveries wait or are under way already. Try again when some of them are done."
            ),
            Self::Closed => f.write_str("No more is sent: the sender is shutting down."),
            Self::Unwritable => f.write_str("The event cannot be written as JSON."),
            Self::LogUnavailable => f.write_str("The delivery could not be recorded, so it was not sent."),
        }
    }
}

impl fmt::Display for DispatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl Error for DispatchError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
