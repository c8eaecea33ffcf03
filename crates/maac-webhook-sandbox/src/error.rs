use std::{error::Error, fmt};

use maac_webhook_sender::{
    dispatch::{DispatchError, DispatchErrorKind},
    platform::{PlatformError, PlatformErrorKind},
    producers::{ProducerError, ProducerErrorKind},
};

use crate::{StoreError, StoreErrorKind};

/// What the sandbox refuses, and why. Its text is for whoever uses the console.
#[derive(Debug)]
pub struct SandboxError {
    kind: SandboxErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What the sandbox refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SandboxErrorKind {
    /// The console's rules.
    Platform(PlatformErrorKind),
    /// What an event is made of is not as it must be.
    Producer(ProducerErrorKind),
    /// The event is not sent.
    Dispatch(DispatchErrorKind),
    /// There is no such delivery in the log, or no longer.
    NoSuchDelivery,
    /// The sandbox's file cannot be used.
    Store(StoreErrorKind),
}

impl SandboxError {
    /// What is refused, with what a text in another language needs to say so.
    #[must_use]
    pub fn kind(&self) -> &SandboxErrorKind {
        &self.kind
    }
}

impl From<SandboxErrorKind> for SandboxError {
    fn from(kind: SandboxErrorKind) -> Self {
        Self { kind, source: None }
    }
}

impl From<PlatformError> for SandboxError {
    fn from(error: PlatformError) -> Self {
        SandboxErrorKind::Platform(error.kind().clone()).into()
    }
}

impl From<ProducerError> for SandboxError {
    fn from(error: ProducerError) -> Self {
        SandboxErrorKind::Producer(error.kind().clone()).into()
    }
}

impl From<DispatchError> for SandboxError {
    fn from(error: DispatchError) -> Self {
        Self { kind: SandboxErrorKind::Dispatch(error.kind().clone()), source: Some(error.into()) }
    }
}

impl From<StoreError> for SandboxError {
    fn from(error: StoreError) -> Self {
        Self { kind: SandboxErrorKind::Store(error.kind()), source: Some(error.into()) }
    }
}

impl fmt::Display for SandboxErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Platform(kind) => kind.fmt(f),
            Self::Producer(kind) => kind.fmt(f),
            Self::Dispatch(kind) => kind.fmt(f),
            Self::NoSuchDelivery => {
                f.write_str("There is no such delivery. It may be too old to be in the log.")
            }
            Self::Store(_) => f.write_str("What the sandbox keeps could not be read or written."),
        }
    }
}

impl fmt::Display for SandboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl Error for SandboxError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        // The text is the cause's own; what is beneath it is told.
        self.source.as_ref().and_then(|source| match self.kind {
            SandboxErrorKind::Store(_) => Some(&**source as _),
            _ => source.source(),
        })
    }
}
