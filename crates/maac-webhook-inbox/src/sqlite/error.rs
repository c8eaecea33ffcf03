use rusqlite::ErrorCode;

use crate::{StoreError, StoreErrorKind};

pub(super) fn store_error(error: rusqlite::Error) -> StoreError {
    let (kind, detail) = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => (StoreErrorKind::Full, "there is no room left for the inbox"),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            (StoreErrorKind::Timeout, "another process has kept the inbox locked")
        }
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
            (StoreErrorKind::Unavailable, "the inbox cannot be opened for writing")
        }
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            (StoreErrorKind::Incompatible, "the file is not a database, or is damaged")
        }
        _ => (StoreErrorKind::Failed, "the inbox failed"),
    };
    StoreError::new(kind, detail).because(error)
}
