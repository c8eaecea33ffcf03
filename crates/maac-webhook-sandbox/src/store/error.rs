use std::{error::Error, fmt};

/// Why the sandbox's file cannot be used.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// Why the sandbox's file cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// Another program has it open.
    InUse,
    /// It was written by a later version of this program.
    Newer,
    /// Something in it cannot be read.
    Corrupt,
    /// It cannot be opened, read or written.
    Unavailable,
}

impl StoreError {
    /// Why.
    #[must_use]
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    pub(crate) fn because(kind: StoreErrorKind, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind, source: Some(source.into()) }
    }
}

impl From<StoreErrorKind> for StoreError {
    fn from(kind: StoreErrorKind) -> Self {
        Self { kind, source: None }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let kind = match &error {
            rusqlite::Error::FromSqlConversionFailure(..) | rusqlite::Error::InvalidColumnType(..) => {
                StoreErrorKind::Corrupt
            }
            error => match error.sqlite_error_code() {
                Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
                    StoreErrorKind::InUse
                }
                Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
                    StoreErrorKind::Corrupt
                }
                _ => StoreErrorKind::Unavailable,
            },
        };
        Self::because(kind, error)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            StoreErrorKind::InUse => "another program has the sandbox's file open",
            StoreErrorKind::Newer => "the sandbox's file was written by a later version of this program",
            StoreErrorKind::Corrupt => "the sandbox's file has something in it that cannot be read",
            StoreErrorKind::Unavailable => "the sandbox's file cannot be used",
        })
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
