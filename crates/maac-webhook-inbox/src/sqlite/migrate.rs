//! The schema's versions. Several processes may start at once: the first migrates, the others wait and find it done.

use rusqlite::{Connection, TransactionBehavior};

use super::error::store_error;
use crate::{StoreError, StoreErrorKind};

/// What leads from each version to the next.
const STEPS: &[&str] = &[include_str!("schema.sql")];

pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let at = apply(connection, STEPS).map_err(store_error)?;
    if at > STEPS.len() {
        let detail = format!("the inbox is of version {at}, and this program knows {} at most", STEPS.len());
        return Err(StoreError::new(StoreErrorKind::Incompatible, detail));
    }
    Ok(())
}

/// The version that the inbox had.
fn apply(connection: &mut Connection, steps: &[&str]) -> rusqlite::Result<usize> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction
        .execute_batch("CREATE TABLE IF NOT EXISTS maac_inbox_version (version INTEGER NOT NULL) STRICT")?;
    let at: Option<usize> =
        transaction.query_row("SELECT max(version) FROM maac_inbox_version", [], |row| row.get(0))?;
    let at = at.unwrap_or(0);
    for (step, version) in steps.iter().zip(1_usize..).skip(at) {
        transaction.execute_batch(step)?;
        transaction.execute("INSERT INTO maac_inbox_version VALUES (?)", [version])?;
    }
    transaction.commit()?;
    Ok(at)
}
