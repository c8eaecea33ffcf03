use std::{io, sync::Arc};

use crate::{StoreError, StoreErrorKind};

pub(super) fn store_error(error: impl Into<Arc<sqlx::Error>>) -> StoreError {
    let error = error.into();
    let kind = kind(&error);
    let detail = match kind {
        StoreErrorKind::Unavailable => "the inbox's database cannot be reached or written to",
        StoreErrorKind::Timeout => "the inbox's database took too long",
        StoreErrorKind::Overloaded => "the inbox's database has too much to do",
        StoreErrorKind::Full => "there is no room left for the inbox",
        StoreErrorKind::Incompatible => "the database's tables are not those of an inbox",
        StoreErrorKind::Failed => "the inbox's database refused",
    };
    StoreError::new(kind, detail).because(error)
}

/// By SQLSTATE, see Appendix A of the PostgreSQL manual.
fn kind(error: &sqlx::Error) -> StoreErrorKind {
    match error {
        sqlx::Error::Io(error) if error.kind() == io::ErrorKind::TimedOut => StoreErrorKind::Timeout,
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => StoreErrorKind::Unavailable,
        sqlx::Error::Database(error) => match error.code().as_deref().unwrap_or_default() {
            // Out of connections, read-only (a standby), idle for too long, stopping, crashed, starting.
            "53300" | "25006" | "25P03" | "57P01" | "57P02" | "57P03" | "57P05" => {
                StoreErrorKind::Unavailable
            }
            "53100" => StoreErrorKind::Full,
            "55P03" | "57014" => StoreErrorKind::Timeout,
            // An undefined column, an undefined table.
            "42703" | "42P01" => StoreErrorKind::Incompatible,
            // Connections; who may connect; which database.
            code if code.starts_with("08") || code.starts_with("28") || code == "3D000" => {
                StoreErrorKind::Unavailable
            }
            code if code.starts_with("53") => StoreErrorKind::Overloaded,
            _ => StoreErrorKind::Failed,
        },
        _ => StoreErrorKind::Failed,
    }
}

/// Whether nothing can be done on this connection, and perhaps on none.
pub(super) fn is_away(error: &sqlx::Error) -> bool {
    kind(error) == StoreErrorKind::Unavailable
}

/// Whether it was undone for the sake of another transaction, and may succeed when done again: a serialization failure or a
/// deadlock.
pub(super) fn is_conflict(error: &sqlx::Error) -> bool {
    let error = error.as_database_error();
    error.and_then(|error| error.code()).is_some_and(|code| code == "40001" || code == "40P01")
}

pub(super) fn took_too_long() -> sqlx::Error {
    sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, "no answer in time"))
}
