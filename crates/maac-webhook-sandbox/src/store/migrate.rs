//! The schema's versions.

use rusqlite::{Connection, TransactionBehavior};

use super::{StoreError, StoreErrorKind};

/// What leads from each version to the next.
const STEPS: &[&str] = &[include_str!("schema/1_log.sql"), include_str!("schema/2_messages.sql")];

pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let at = apply(connection, STEPS)?;
    if at > STEPS.len() { Err(StoreErrorKind::Newer.into()) } else { Ok(()) }
}

/// The version that the file had.
fn apply(connection: &mut Connection, steps: &[&str]) -> rusqlite::Result<usize> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction
        .execute_batch("CREATE TABLE IF NOT EXISTS sandbox_version (version INTEGER NOT NULL) STRICT")?;
    let at: Option<usize> =
        transaction.query_row("SELECT max(version) FROM sandbox_version", [], |row| row.get(0))?;
    let at = at.unwrap_or(0);
    for (step, version) in steps.iter().zip(1_usize..).skip(at) {
        transaction.execute_batch(step)?;
        transaction.execute("INSERT INTO sandbox_version VALUES (?)", [version])?;
    }
    transaction.commit()?;
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_migrated_once_and_one_of_a_later_program_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        migrate(&mut connection).unwrap();
        let versions: usize =
            connection.query_row("SELECT count(*) FROM sandbox_version", [], |row| row.get(0)).unwrap();
        assert_eq!(versions, STEPS.len());
        connection.execute("INSERT INTO sandbox_version VALUES (99)", []).unwrap();
        assert_eq!(migrate(&mut connection).unwrap_err().kind(), StoreErrorKind::Newer);
    }
}
