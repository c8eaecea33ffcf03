//! What no live secret verified.

use std::{path::Path, sync::Arc};

use maac_webhook::{IdempotencyKey, Signature, Unverified, bytes::Bytes, jiff::Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{SqliteStore, queries::within, rows::timestamp};
use crate::{
    QuarantineBounds, QuarantineId, QuarantineRequest, QuarantineStats, QuarantineStore, Quarantined,
    StoreError,
    columns::{before, counts, made_room, micros},
};

/// What of the room that there is, in the quota or on the disk, is the quarantine's: events come first.
const SHARE_OF_ROOM: u64 = 4;

impl QuarantineStore for SqliteStore {
    async fn quarantine(
        &self,
        requests: Vec<QuarantineRequest>,
        bounds: QuarantineBounds,
        _: Timestamp,
    ) -> Result<Quarantined, StoreError> {
        let (quota, path) = (self.quota(), self.path.clone());
        self.writer
            .write(move |transaction| {
                let (all, held) = (requests.len() as u64, held(transaction)?);
                let room = free_on_disk(&path).map_or(u64::MAX, |free| free.saturating_add(held));
                let bytes = bounds.bytes.min(room.min(quota) / SHARE_OF_ROOM);
                if within(transaction, quota).is_err() {
                    return Ok(Quarantined { kept: 0, known: 0, displaced: all });
                }
                let kept = insert(transaction, &requests)?;
                let displaced = make_room(transaction, QuarantineBounds { bytes, ..bounds })?;
                Ok(Quarantined { kept, known: all - kept, displaced })
            })
            .await
    }

    async fn quarantined(
        &self,
        endpoint: Arc<str>,
        after: QuarantineId,
        limit: usize,
    ) -> Result<Vec<(QuarantineId, Option<Unverified>)>, StoreError> {
        self.read(move |connection| {
            let mut next = connection.prepare(
                "SELECT * FROM maac_inbox_quarantine WHERE endpoint = ? AND id > ? ORDER BY id LIMIT ?",
            )?;
            let request = |row: &Row<'_>| {
                let id: i64 = row.get("id")?;
                let request = unverified(row).inspect_err(|error| {
                    tracing::error!(id, %error, "a request in quarantine cannot be read");
                });
                Ok((QuarantineId::new(id), request.ok()))
            };
            next.query_map(params![&*endpoint, after.get(), limit], request)?.collect()
        })
        .await
    }

    async fn release(&self, ids: Vec<QuarantineId>) -> Result<(), StoreError> {
        self.writer
            .write(move |transaction| {
                let mut delete =
                    transaction.prepare_cached("DELETE FROM maac_inbox_quarantine WHERE id = ?")?;
                ids.iter().try_for_each(|id| delete.execute([id.get()]).map(drop))
            })
            .await
    }

    async fn expire_quarantine(&self, bounds: QuarantineBounds, now: Timestamp) -> Result<u64, StoreError> {
        self.writer
            .write(move |transaction| {
                let expired = transaction.execute(
                    "DELETE FROM maac_inbox_quarantine WHERE received_at < ?",
                    [before(now, bounds.age)],
                )?;
                Ok(expired as u64)
            })
            .await
    }

    async fn quarantine_stats(&self) -> Result<QuarantineStats, StoreError> {
        self.read(|connection| {
            connection.query_row(
                "SELECT count(*) AS requests, coalesce(sum(counts), 0) AS bytes,
                        (SELECT min(received_at) FROM maac_inbox_quarantine) AS oldest
                   FROM maac_inbox_quarantine",
                [],
                |row| {
                    let oldest: Option<i64> = row.get("oldest")?;
                    Ok(QuarantineStats {
                        requests: row.get("requests")?,
                        bytes: row.get("bytes")?,
                        oldest: oldest.map(|_| timestamp(row, "oldest")).transpose()?,
                    })
                },
            )
        })
        .await
    }

    async fn set_rotation(&self, until: Option<Timestamp>) -> Result<(), StoreError> {
        self.writer
            .write(move |transaction| {
                transaction.execute("DELETE FROM maac_inbox_rotation", [])?;
                if let Some(until) = until {
                    transaction.execute("INSERT INTO maac_inbox_rotation VALUES (1, ?)", [micros(until)])?;
                }
                Ok(())
            })
            .await
    }

    async fn rotation(&self) -> Result<Option<Timestamp>, StoreError> {
        self.read(|connection| {
            connection
                .query_row("SELECT until FROM maac_inbox_rotation", [], |row| timestamp(row, "until"))
                .optional()
        })
        .await
    }
}

/// What is kept.
fn held(connection: &Connection) -> rusqlite::Result<u64> {
    connection.query_row("SELECT coalesce(sum(counts), 0) FROM maac_inbox_quarantine", [], |row| row.get(0))
}

/// What is free where the file is, if that can be told.
fn free_on_disk(path: &Path) -> Option<u64> {
    #[cfg(unix)]
    {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let disk = rustix::fs::statvfs(folder.unwrap_or(Path::new("."))).ok()?;
        Some(disk.f_bavail.saturating_mul(disk.f_frsize))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// Makes room for events: what is least worth keeping goes, an eighth of what there is or all that is left. Returns how much went.
pub(super) fn give_way(connection: &Connection) -> rusqlite::Result<u64> {
    let held = held(connection)?;
    let left = if held > 8 * QuarantineBounds::LEAST_BYTES { held - held / 8 } else { 0 };
    displace(connection, left)
}

/// Returns how many were not there.
fn insert(transaction: &Transaction<'_>, requests: &[QuarantineRequest]) -> rusqlite::Result<u64> {
    let mut insert = transaction.prepare_cached(
        "INSERT INTO maac_inbox_quarantine
           (identity, signature, counts, peer, proven, received_at, endpoint, idempotency_key, body)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )?;
    let mut kept = 0;
    for QuarantineRequest { unverified: request, from_proven_peer } in requests {
        kept += insert.execute(params![
            request.identity().as_bytes(),
            request.signature.as_bytes(),
            counts(&request.body),
            request.peer.map(|peer| peer.to_string()).unwrap_or_default(),
            from_proven_peer,
            micros(request.received_at),
            &*request.endpoint,
            request.idempotency_key.as_ref().map(IdempotencyKey::as_str),
            request.body.as_ref(),
        ])? as u64;
    }
    Ok(kept)
}

fn make_room(connection: &Connection, bounds: QuarantineBounds) -> rusqlite::Result<u64> {
    if held(connection)? <= bounds.bytes { Ok(0) } else { displace(connection, made_room(bounds)) }
}

/// Leaves so many bytes: those of proven peers first, and then by share. A request's share is what its peer has in newer ones and itself.
fn displace(connection: &Connection, left: u64) -> rusqlite::Result<u64> {
    let displaced = connection.execute(
        "WITH shares AS (
           SELECT id, counts, proven, sum(counts) OVER (PARTITION BY peer ORDER BY id DESC) AS share
             FROM maac_inbox_quarantine),
         together AS (
           SELECT id, sum(counts) OVER (ORDER BY proven DESC, share, id DESC) AS bytes FROM shares)
         DELETE FROM maac_inbox_quarantine WHERE id IN (SELECT id FROM together WHERE bytes > ?)",
        [left],
    )?;
    Ok(displaced as u64)
}

fn unverified(row: &Row<'_>) -> rusqlite::Result<Unverified> {
    let (endpoint, peer): (String, String) = (row.get("endpoint")?, row.get("peer")?);
    let (key, body): (Option<String>, Vec<u8>) = (row.get("idempotency_key")?, row.get("body")?);
    Ok(Unverified {
        endpoint: endpoint.into(),
        idempotency_key: key.and_then(|key| IdempotencyKey::parse(key.as_bytes())),
        signature: Signature::from_bytes(row.get("signature")?),
        peer: peer.parse().ok(),
        received_at: timestamp(row, "received_at")?,
        body: Bytes::from(body),
    })
}
