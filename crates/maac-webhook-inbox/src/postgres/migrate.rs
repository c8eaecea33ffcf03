//! The schema's versions. Several receivers may start at once: the first migrates, the others wait and find it done.

use sqlx::{Connection, PgConnection, query, query_scalar, raw_sql};

use super::error::store_error;
use crate::{StoreError, StoreErrorKind};

/// What leads from each version to the next.
const STEPS: &[&str] = &[include_str!("schema.sql"), include_str!("quarantine.sql")];

/// Who migrates holds this lock of the database: the first bytes of the SHA-256 of `maac_inbox`.
const LOCK: i64 = 0x3adc_acd3_8ca3_fb42;

pub(super) async fn migrate(connection: &mut PgConnection) -> Result<(), StoreError> {
    let known = STEPS.len() as i64;
    let mut at = version(connection).await.map_err(store_error)?;
    // Whoever finds it done needs no right to create a table, and waits for nobody.
    if at < known {
        at = apply(connection, STEPS).await.map_err(store_error)?;
    }
    if at > known {
        let detail = format!("the inbox is of version {at}, and this program knows {known} at most");
        return Err(StoreError::new(StoreErrorKind::Incompatible, detail));
    }
    Ok(())
}

/// 0 where there is no inbox yet.
async fn version(connection: &mut PgConnection) -> sqlx::Result<i64> {
    let is_there: bool = query_scalar("SELECT to_regclass('maac_inbox_version') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await?;
    if !is_there {
        return Ok(0);
    }
    query_scalar("SELECT coalesce(max(version), 0) FROM maac_inbox_version").fetch_one(connection).await
}

/// The version that the inbox had before.
async fn apply(connection: &mut PgConnection, steps: &[&'static str]) -> sqlx::Result<i64> {
    let mut transaction = connection.begin().await?;
    raw_sql("SET LOCAL lock_timeout = '60s'; SET LOCAL statement_timeout = 0")
        .execute(&mut *transaction)
        .await?;
    query("SELECT pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *transaction).await?;
    raw_sql("CREATE TABLE IF NOT EXISTS maac_inbox_version (version BIGINT PRIMARY KEY)")
        .execute(&mut *transaction)
        .await?;
    let at = version(&mut transaction).await?;
    for (&step, version) in steps.iter().zip(1_i64..).skip(usize::try_from(at).unwrap_or(0)) {
        raw_sql(step).execute(&mut *transaction).await?;
        query("INSERT INTO maac_inbox_version VALUES ($1)").bind(version).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(at)
}
