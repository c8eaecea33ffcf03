//! Everything but accepting.

use std::time::Duration;

use maac_webhook::{Delivery, jiff::Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::rows::{ENTRY, delivery, entry, timestamp};
use crate::{
    Attempt, Backlog, Claim, Claimed, Entry, EntryId, Filter, Reaped, Retention, Settlement, State, Stats,
    columns::{LEASE_ENDED, after, before, micros},
};

/// Fails where the file holds so many bytes already.
pub(super) fn within(connection: &Connection, quota: u64) -> rusqlite::Result<()> {
    if quota == u64::MAX {
        return Ok(());
    }
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, u64>(0));
    let pages = number("page_count")? - number("freelist_count")?;
    if pages * number("page_size")? < quota {
        return Ok(());
    }
    let full = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL);
    Err(rusqlite::Error::SqliteFailure(full, Some("the inbox's quota is used up".to_owned())))
}

pub(super) fn claim(
    transaction: &Transaction<'_>,
    limit: usize,
    lease: Duration,
    now: Timestamp,
) -> rusqlite::Result<Vec<Claimed>> {
    let mut claim = transaction.prepare_cached(
        "UPDATE maac_inbox_events SET state = 'leased', at = ?, attempts = attempts + 1, claims = claims + 1
         WHERE id IN (SELECT id FROM maac_inbox_events WHERE state = 'waiting' AND at <= ? ORDER BY at, id LIMIT ?)
         RETURNING *",
    )?;
    let claimed = |row: &Row<'_>| {
        let claim = Claim::new(EntryId::new(row.get("id")?), row.get("attempts")?, row.get("claims")?);
        Ok(Claimed::new(claim, delivery(row)?, row.get("key_reused")?))
    };
    let rows = claim.query_map(params![after(now, lease), micros(now), limit], claimed)?;
    let mut claimed: Vec<_> = rows.collect::<rusqlite::Result<_>>()?;
    // SQLite gives them back in any order.
    claimed.sort_by_key(|claimed| claimed.claim.entry());
    Ok(claimed)
}

pub(super) fn extend(
    transaction: &Transaction<'_>,
    claims: &[Claim],
    lease: Duration,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let mut extend = transaction.prepare_cached(
        "UPDATE maac_inbox_events SET at = ? WHERE id = ? AND claims = ? AND state = 'leased'",
    )?;
    for claim in claims {
        extend.execute(params![after(now, lease), claim.entry().get(), claim.serial()])?;
    }
    Ok(())
}

pub(super) fn settle(
    transaction: &Transaction<'_>,
    claim: Claim,
    settlement: &Settlement,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let (state, at, attempts) = match settlement {
        Settlement::Done => (State::Done, now, claim.attempt()),
        Settlement::Failed { due, .. } => (State::Waiting, *due, claim.attempt()),
        Settlement::Dead { .. } => (State::Dead, now, claim.attempt()),
        Settlement::Returned => (State::Waiting, now, claim.attempt().saturating_sub(1)),
    };
    let mut settle = transaction.prepare_cached(
        "UPDATE maac_inbox_events SET state = ?, at = ?, attempts = ?
         WHERE id = ? AND claims = ? AND state = 'leased'",
    )?;
    let (id, serial) = (claim.entry().get(), claim.serial());
    if settle.execute(params![state.as_str(), micros(at), attempts, id, serial])? == 0 {
        // A handler may have completed it in a transaction of its own.
        let mut done = transaction.prepare_cached(
            "SELECT 1 FROM maac_inbox_events WHERE id = ? AND claims = ? AND state = 'done'",
        )?;
        return Ok(*settlement == Settlement::Done && done.exists(params![id, serial])?);
    }
    if let Settlement::Failed { error, .. } | Settlement::Dead { error } = settlement {
        let mut failure =
            transaction.prepare_cached("INSERT INTO maac_inbox_failures VALUES (?, ?, ?, ?, ?)")?;
        failure.execute(params![id, serial, claim.attempt(), micros(now), error])?;
    }
    Ok(true)
}

pub(super) fn reap(
    transaction: &Transaction<'_>,
    max_attempts: u32,
    now: Timestamp,
) -> rusqlite::Result<Reaped> {
    let now = micros(now);
    transaction.execute(
        "INSERT INTO maac_inbox_failures
         SELECT id, claims, attempts, ?1, ?2 FROM maac_inbox_events WHERE state = 'leased' AND at <= ?1",
        params![now, LEASE_ENDED],
    )?;
    let dead = transaction.execute(
        "UPDATE maac_inbox_events SET state = 'dead', at = ?1
         WHERE state = 'leased' AND at <= ?1 AND attempts >= ?2",
        params![now, max_attempts],
    )?;
    let returned = transaction.execute(
        "UPDATE maac_inbox_events SET state = 'waiting', at = ?1 WHERE state = 'leased' AND at <= ?1",
        [now],
    )?;
    Ok(Reaped::new(returned as u64, dead as u64))
}

pub(super) fn next_due(connection: &Connection) -> rusqlite::Result<Option<Timestamp>> {
    connection
        .query_row(
            "SELECT at FROM maac_inbox_events WHERE state = 'waiting' ORDER BY at LIMIT 1",
            [],
            |row| timestamp(row, "at"),
        )
        .optional()
}

pub(super) fn stats(connection: &Connection) -> rusqlite::Result<Stats> {
    let Backlog { waiting, leased, dead, held, oldest_waiting } = backlog(connection)?;
    let identities =
        connection.query_row("SELECT count(*) FROM maac_inbox_identities", [], |row| row.get(0))?;
    let done = count(connection, State::Done)?;
    Ok(Stats { waiting, leased, done, dead, held, identities, oldest_waiting })
}

pub(super) fn backlog(connection: &Connection) -> rusqlite::Result<Backlog> {
    let oldest_waiting = connection.query_row(
        "SELECT received_at FROM maac_inbox_events WHERE state = 'waiting' ORDER BY received_at LIMIT 1",
        [],
        |row| timestamp(row, "received_at"),
    );
    Ok(Backlog {
        waiting: count(connection, State::Waiting)?,
        leased: count(connection, State::Leased)?,
        dead: count(connection, State::Dead)?,
        held: count(connection, State::Held)?,
        oldest_waiting: oldest_waiting.optional()?,
    })
}

fn count(connection: &Connection, state: State) -> rusqlite::Result<u64> {
    // The state is written out so that each count is of its own small index.
    let sql = format!("SELECT count(*) FROM maac_inbox_events WHERE state = '{}'", state.as_str());
    connection.query_row(&sql, [], |row| row.get(0))
}

pub(super) fn list(connection: &Connection, filter: &Filter) -> rusqlite::Result<Vec<Entry>> {
    let state = filter.state.map(|state| format!("state = '{}' AND", state.as_str())).unwrap_or_default();
    let mut list = connection.prepare(&format!(
        "SELECT {ENTRY} FROM maac_inbox_events WHERE {state} id < ? ORDER BY id DESC LIMIT ?"
    ))?;
    let before = filter.before.map_or(i64::MAX, EntryId::get);
    list.query_map(params![before, filter.limit], entry)?.collect()
}

pub(super) fn show(
    connection: &Connection,
    id: EntryId,
) -> rusqlite::Result<Option<(Entry, Delivery, Vec<Attempt>)>> {
    let found = connection
        .query_row(
            &format!("SELECT {ENTRY}, matched, signature, body FROM maac_inbox_events WHERE id = ?"),
            [id.get()],
            |row| Ok((entry(row)?, delivery(row)?)),
        )
        .optional()?;
    let Some((entry, delivery)) = found else { return Ok(None) };
    let mut failures = connection
        .prepare("SELECT attempt, ended_at, error FROM maac_inbox_failures WHERE event = ? ORDER BY claim")?;
    let attempt = |row: &Row<'_>| {
        Ok(Attempt {
            number: row.get("attempt")?,
            ended_at: timestamp(row, "ended_at")?,
            error: row.get("error")?,
        })
    };
    let attempts = failures.query_map([id.get()], attempt)?.collect::<rusqlite::Result<_>>()?;
    Ok(Some((entry, delivery, attempts)))
}

pub(super) fn retry(transaction: &Transaction<'_>, id: EntryId, now: Timestamp) -> rusqlite::Result<bool> {
    let retried = transaction.execute(
        "UPDATE maac_inbox_events SET state = 'waiting', at = ?, attempts = 0
         WHERE id = ? AND state IN ('done', 'dead', 'held')",
        params![micros(now), id.get()],
    )?;
    Ok(retried == 1)
}

pub(super) fn prune(
    transaction: &Transaction<'_>,
    retention: Retention,
    limit: usize,
    now: Timestamp,
) -> rusqlite::Result<(u64, u64)> {
    let events = transaction.execute(
        "DELETE FROM maac_inbox_events WHERE id IN
           (SELECT id FROM maac_inbox_events WHERE state = 'done' AND at < ? ORDER BY at LIMIT ?)",
        params![before(now, retention.done), limit],
    )?;
    let identities = transaction.execute(
        "DELETE FROM maac_inbox_identities WHERE identity IN
           (SELECT identity FROM maac_inbox_identities WHERE first_seen < ? ORDER BY first_seen LIMIT ?)",
        params![before(now, retention.identities), limit],
    )?;
    Ok((events as u64, identities as u64))
}
