use std::{error::Error, fmt};

/// Why the suite could not be run. What the receiver does once it listens is no error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuiteError {
    kind: SuiteErrorKind,
    message: String,
}

/// Whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SuiteErrorKind {
    /// Nobody listens at the URL, or nobody with whom TLS can be agreed on.
    NobodyListens,
    /// The probe does not answer as the protocol says.
    Probe,
    /// No case has this id.
    UnknownCase,
    /// No event of this topic can be sent: MAAC's documentation has none, or no topic is named.
    UnknownTopic,
    /// The selection has no case.
    NoCase,
}

impl SuiteError {
    pub(crate) fn new(kind: SuiteErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// Whose fault it is.
    #[must_use]
    pub fn kind(&self) -> SuiteErrorKind {
        self.kind
    }
}

impl fmt::Display for SuiteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for SuiteError {}
