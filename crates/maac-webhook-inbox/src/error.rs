use std::{error::Error, fmt};

use maac_webhook::{Rejection, RejectionKind, error_with_causes};

/// Why a store did not do what it was asked. Nothing was changed then, unless it says so.
///
/// As a [`Rejection`] it is a [`StoreUnavailable`](RejectionKind::StoreUnavailable): 503, so that the event comes back.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    detail: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What stands in a store's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// It cannot be reached, or was stopped.
    Unavailable,
    /// It took too long. It may still happen: the event is a [`Duplicate`](crate::Verdict::Duplicate) then when it comes back.
    Timeout,
    /// Too many wait for it already.
    Overloaded,
    /// There is no room left.
    Full,
    /// What is there is not an inbox that this version can use.
    Incompatible,
    /// It refused what it was asked.
    Failed,
}

impl StoreErrorKind {
    /// Every kind there is.
    pub const ALL: &'static [Self] =
        &[Self::Unavailable, Self::Timeout, Self::Overloaded, Self::Full, Self::Incompatible, Self::Failed];

    /// Its name in metrics, in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::Overloaded => "overloaded",
            Self::Full => "full",
            Self::Incompatible => "incompatible",
            Self::Failed => "failed",
        }
    }
}

impl StoreError {
    /// An error of this kind.
    #[must_use]
    pub fn new(kind: StoreErrorKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), source: None }
    }

    /// With what caused it.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What stands in the way.
    #[must_use]
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<StoreError> for Rejection {
    fn from(error: StoreError) -> Self {
        Self::with_detail(RejectionKind::StoreUnavailable, error_with_causes(&error))
    }
}
