//! Everything but accepting and settling.

use std::time::Duration;

use maac_webhook::{Delivery, jiff::Timestamp};
use sqlx::{AssertSqlSafe, PgPool, Row, postgres::PgRow, query, query_scalar};

use super::rows::{ENTRY, attempt, count, delivery, entry, timestamp};
use crate::{
    Attempt, Backlog, Claim, Claimed, Entry, EntryId, Filter, Reaped, Retention, State, Stats,
    columns::{LEASE_ENDED, after, before, micros},
};

fn limit(limit: usize) -> i64 {
    limit.try_into().unwrap_or(i64::MAX)
}

pub(super) async fn claim(
    pool: &PgPool,
    at_most: usize,
    lease: Duration,
    now: Timestamp,
) -> sqlx::Result<Vec<Claimed>> {
    let rows = query(
        "WITH due AS (
           SELECT id FROM maac_inbox_events WHERE state = 'waiting' AND at <= $2
            ORDER BY at, id LIMIT $3 FOR UPDATE SKIP LOCKED)
         UPDATE maac_inbox_events AS event
            SET state = 'leased', at = $1, attempts = attempts + 1, claims = claims + 1
           FROM due WHERE event.id = due.id
         RETURNING event.*",
    )
    .bind(after(now, lease))
    .bind(micros(now))
    .bind(limit(at_most))
    .fetch_all(pool)
    .await?;
    let claimed = |row: &PgRow| {
        let (id, serial) = (EntryId::new(row.try_get("id")?), count(row.try_get("claims")?));
        let claim = Claim::new(id, attempt(row.try_get("attempts")?), serial);
        Ok(Claimed::new(claim, delivery(row)?, row.try_get("key_reused")?))
    };
    let mut claimed: Vec<_> = rows.iter().map(claimed).collect::<sqlx::Result<_>>()?;
    // They come back in any order.
    claimed.sort_by_key(|claimed| claimed.claim.entry());
    Ok(claimed)
}

pub(super) async fn extend(
    pool: &PgPool,
    claims: &[Claim],
    lease: Duration,
    now: Timestamp,
) -> sqlx::Result<()> {
    query(
        "WITH held AS (
           SELECT id, claims FROM unnest($2::bigint[], $3::bigint[]) AS held (id, claims)
             JOIN maac_inbox_events AS event USING (id, claims)
            WHERE event.state = 'leased'
            ORDER BY id FOR UPDATE OF event)
         UPDATE maac_inbox_events AS event SET at = $1
           FROM held
          WHERE event.id = held.id AND event.claims = held.claims AND event.state = 'leased'",
    )
    .bind(after(now, lease))
    .bind(claims.iter().map(|claim| claim.entry().get()).collect::<Vec<_>>())
    .bind(claims.iter().map(|claim| claim.serial() as i64).collect::<Vec<_>>())
    .execute(pool)
    .await?;
    Ok(())
}

pub(super) async fn reap(pool: &PgPool, max_attempts: u32, now: Timestamp) -> sqlx::Result<Reaped> {
    let states: Vec<String> = query_scalar(
        "WITH gone AS (
           SELECT id, claims, attempts FROM maac_inbox_events WHERE state = 'leased' AND at <= $1
              FOR UPDATE SKIP LOCKED),
         failures AS (
           INSERT INTO maac_inbox_failures SELECT id, claims, attempts, $1, $3 FROM gone)
         UPDATE maac_inbox_events AS event
            SET state = CASE WHEN event.attempts >= $2 THEN 'dead' ELSE 'waiting' END, at = $1
           FROM gone WHERE event.id = gone.id
         RETURNING event.state",
    )
    .bind(micros(now))
    .bind(i64::from(max_attempts))
    .bind(LEASE_ENDED)
    .fetch_all(pool)
    .await?;
    let dead = states.iter().filter(|state| *state == State::Dead.as_str()).count();
    Ok(Reaped::new((states.len() - dead) as u64, dead as u64))
}

pub(super) async fn next_due(pool: &PgPool) -> sqlx::Result<Option<Timestamp>> {
    let row = query("SELECT at FROM maac_inbox_events WHERE state = 'waiting' ORDER BY at LIMIT 1")
        .fetch_optional(pool)
        .await?;
    row.map(|row| timestamp(&row, "at")).transpose()
}

pub(super) async fn stats(pool: &PgPool) -> sqlx::Result<Stats> {
    // Each count is of its own small index.
    let row = query(
        "SELECT
           (SELECT count(*) FROM maac_inbox_events WHERE state = 'waiting') AS waiting,
           (SELECT count(*) FROM maac_inbox_events WHERE state = 'leased') AS leased,
           (SELECT count(*) FROM maac_inbox_events WHERE state = 'done') AS done,
           (SELECT count(*) FROM maac_inbox_events WHERE state = 'dead') AS dead,
           (SELECT count(*) FROM maac_inbox_events WHERE state = 'held') AS held,
           (SELECT count(*) FROM maac_inbox_identities) AS identities,
           (SELECT min(received_at) FROM maac_inbox_events WHERE state = 'waiting') AS oldest_waiting",
    )
    .fetch_one(pool)
    .await?;
    let of = |column| -> sqlx::Result<u64> { Ok(count(row.try_get(column)?)) };
    let oldest: Option<i64> = row.try_get("oldest_waiting")?;
    Ok(Stats {
        waiting: of("waiting")?,
        leased: of("leased")?,
        done: of("done")?,
        dead: of("dead")?,
        held: of("held")?,
        identities: of("identities")?,
        oldest_waiting: oldest.map(|_| timestamp(&row, "oldest_waiting")).transpose()?,
    })
}

pub(super) async fn backlog(pool: &PgPool) -> sqlx::Result<Backlog> {
    let row = query(
        "SELECT
           (SELECT count(*) FROM maac_inbox_events WHERE state = 'waiting') AS waiting,
           (SELECT count(*) FROM maac_inbox_events WHERE state = 'leased') AS leased,
           (SELECT count(*) FROM maac_inbox_events WHERE state = 'dead') AS dead,
           (SELECT count(*) FROM maac_inbox_events WHERE state = 'held') AS held,
           (SELECT min(received_at) FROM maac_inbox_events WHERE state = 'waiting') AS oldest_waiting",
    )
    .fetch_one(pool)
    .await?;
    let of = |column| -> sqlx::Result<u64> { Ok(count(row.try_get(column)?)) };
    let oldest: Option<i64> = row.try_get("oldest_waiting")?;
    Ok(Backlog {
        waiting: of("waiting")?,
        leased: of("leased")?,
        dead: of("dead")?,
        held: of("held")?,
        oldest_waiting: oldest.map(|_| timestamp(&row, "oldest_waiting")).transpose()?,
    })
}

pub(super) async fn list(pool: &PgPool, filter: &Filter) -> sqlx::Result<Vec<Entry>> {
    let state = filter.state.map(|state| format!("state = '{}' AND", state.as_str())).unwrap_or_default();
    let list =
        format!("SELECT {ENTRY} FROM maac_inbox_events WHERE {state} id < $1 ORDER BY id DESC LIMIT $2");
    let rows = query(AssertSqlSafe(list))
        .bind(filter.before.map_or(i64::MAX, EntryId::get))
        .bind(limit(filter.limit))
        .fetch_all(pool)
        .await?;
    rows.iter().map(entry).collect()
}

pub(super) async fn show(
    pool: &PgPool,
    id: EntryId,
) -> sqlx::Result<Option<(Entry, Delivery, Vec<Attempt>)>> {
    let show = format!("SELECT {ENTRY}, matched, signature, body FROM maac_inbox_events WHERE id = $1");
    let found = query(AssertSqlSafe(show)).bind(id.get()).fetch_optional(pool).await?;
    let Some(row) = found else { return Ok(None) };
    let failures =
        query("SELECT attempt, ended_at, error FROM maac_inbox_failures WHERE event = $1 ORDER BY claim")
            .bind(id.get())
            .fetch_all(pool)
            .await?;
    let failure = |row: &PgRow| {
        Ok(Attempt {
            number: attempt(row.try_get("attempt")?),
            ended_at: timestamp(row, "ended_at")?,
            error: row.try_get("error")?,
        })
    };
    let failures = failures.iter().map(failure).collect::<sqlx::Result<_>>()?;
    Ok(Some((entry(&row)?, delivery(&row)?, failures)))
}

pub(super) async fn retry(pool: &PgPool, id: EntryId, now: Timestamp) -> sqlx::Result<bool> {
    let retried = query(
        "UPDATE maac_inbox_events SET state = 'waiting', at = $1, attempts = 0
          WHERE id = $2 AND state IN ('done', 'dead', 'held')
         RETURNING pg_notify('maac_inbox_' || 'maac_inbox_events'::regclass::oid, '')::text",
    )
    .bind(micros(now))
    .bind(id.get())
    .fetch_optional(pool)
    .await?;
    Ok(retried.is_some())
}

pub(super) async fn prune(
    pool: &PgPool,
    retention: Retention,
    at_most: usize,
    now: Timestamp,
) -> sqlx::Result<(u64, u64)> {
    let mut transaction = pool.begin().await?;
    let events = query(
        "DELETE FROM maac_inbox_events WHERE id = ANY (ARRAY (
           SELECT id FROM maac_inbox_events WHERE state = 'done' AND at < $1
            ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED))",
    )
    .bind(before(now, retention.done))
    .bind(limit(at_most))
    .execute(&mut *transaction)
    .await?;
    // A key stays as long as a body that came with it is known.
    let identities = query(
        "WITH old AS (
           SELECT identity, endpoint, idempotency_key FROM maac_inbox_identities WHERE first_seen < $1
            ORDER BY first_seen LIMIT $2 FOR UPDATE SKIP LOCKED),
         keys AS (
           DELETE FROM maac_inbox_keys AS key USING old
            WHERE key.endpoint = old.endpoint AND key.idempotency_key = old.idempotency_key
              AND NOT EXISTS (
                SELECT FROM maac_inbox_identities AS other
                 WHERE other.endpoint = key.endpoint AND other.idempotency_key = key.idempotency_key
                   AND other.identity NOT IN (SELECT identity FROM old)))
         DELETE FROM maac_inbox_identities AS identity USING old WHERE identity.identity = old.identity",
    )
    .bind(before(now, retention.identities))
    .bind(limit(at_most))
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok((events.rows_affected(), identities.rows_affected()))
}
