use std::{error::Error, fmt};

use maac_webhook_sender::{InvalidIdempotencyKey, InvalidTarget, json::EncodeError};

/// What cannot be sent as it was asked for. It is a fault of the test, not of the receiver.
#[derive(Debug)]
pub struct MockError {
    kind: MockErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// Why it cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MockErrorKind {
    /// The event's body cannot be written.
    UnwritableEvent,
    /// The idempotency key cannot be a header.
    InvalidIdempotencyKey,
    /// The URL cannot be sent to, or the path is none.
    InvalidTarget,
    /// A body that is not JSON cannot be re-serialised.
    NotJson,
    /// JSON that every style writes alike, as `{}`, cannot be re-serialised to other bytes.
    OneStyle,
    /// The sender has no old secret: its secret was not changed.
    NoOldSecret,
    /// There is no event to be sent.
    Empty,
    /// A single event cannot be out of order.
    NoOrder,
}

impl MockError {
    /// Why it cannot be sent.
    #[must_use]
    pub fn kind(&self) -> MockErrorKind {
        self.kind
    }

    pub(crate) fn because(kind: MockErrorKind, source: impl Error + Send + Sync + 'static) -> Self {
        Self { kind, source: Some(Box::new(source)) }
    }
}

impl From<MockErrorKind> for MockError {
    fn from(kind: MockErrorKind) -> Self {
        Self { kind, source: None }
    }
}

impl From<EncodeError> for MockError {
    fn from(error: EncodeError) -> Self {
        Self::because(MockErrorKind::UnwritableEvent, error)
    }
}

impl From<InvalidIdempotencyKey> for MockError {
    fn from(error: InvalidIdempotencyKey) -> Self {
        Self::because(MockErrorKind::InvalidIdempotencyKey, error)
    }
}

impl From<InvalidTarget> for MockError {
    fn from(error: InvalidTarget) -> Self {
        Self::because(MockErrorKind::InvalidTarget, error)
    }
}

impl fmt::Display for MockErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnwritableEvent => "the event's body cannot be written",
            Self::InvalidIdempotencyKey => "the idempotency key cannot be a header",
            Self::InvalidTarget => "the target cannot be sent to",
            Self::NotJson => "a body that is not JSON cannot be re-serialised",
            Self::OneStyle => "JSON that every style writes alike cannot be re-serialised to other bytes",
            Self::NoOldSecret => "there is no old secret: the sender's secret was not changed",
            Self::Empty => "there is no event to be sent",
            Self::NoOrder => "fewer than two events cannot be out of order",
        })
    }
}

impl fmt::Display for MockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl Error for MockError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn Error + 'static))
    }
}

/// The error and what it came of, in one line.
pub(crate) fn told(error: &dyn Error) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
