//! The schema's versions. Several processes may start at once: the first migrates, the others wait and find it done.

use rusqlite::{Connection, TransactionBehavior};

use super::error::store_error;
use crate::{StoreError, StoreErrorKind};

/// What leads from each version to the next.
const STEPS: &[&str] = &[include_str!("schema.sql"), include_str!("quarantine.sql")];

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inbox_of_the_first_version_is_brought_up_to_date_with_what_is_in_it() {
        let mut connection = Connection::open_in_memory().unwrap();
        assert_eq!(apply(&mut connection, &STEPS[..1]).unwrap(), 0);
        connection
            .execute("INSERT INTO maac_inbox_identities VALUES (x'00', 'crm', NULL, NULL, 0)", [])
            .unwrap();
        migrate(&mut connection).unwrap();
        migrate(&mut connection).unwrap();
        let count = |table| {
            let sql = format!("SELECT count(*) FROM {table}");
            connection.query_row(&sql, [], |row| row.get::<_, usize>(0)).unwrap()
        };
        assert_eq!(
            ["maac_inbox_version", "maac_inbox_identities", "maac_inbox_quarantine"].map(count),
            [2, 1, 0]
        );
    }
}
