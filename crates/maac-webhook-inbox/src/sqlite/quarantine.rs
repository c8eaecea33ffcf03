//! What no live secret verified.

use std::sync::Arc;

use maac_webhook::{IdempotencyKey, Signature, Unverified, bytes::Bytes, jiff::Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{SqliteStore, queries::within, rows::timestamp};
use crate::{
    QuarantineBounds, QuarantineId, QuarantineStats, QuarantineStore, Quarantined, StoreError,
    columns::{before, micros},
};

impl QuarantineStore for SqliteStore {
    async fn quarantine(
        &self,
        requests: Vec<Unverified>,
        bounds: QuarantineBounds,
        _: Timestamp,
    ) -> Result<Quarantined, StoreError> {
        let quota = self.quota();
        self.writer
            .write(move |transaction| {
                within(transaction, quota)?;
                let kept = insert(transaction, &requests)?;
                let known = requests.len() as u64 - kept;
                Ok(Quarantined { kept, known, displaced: make_room(transaction, bounds)? })
            })
            .await
    }

    async fn quarantined(&self, endpoint: Arc<str>) -> Result<Vec<QuarantineId>, StoreError> {
        self.read(move |connection| {
            let mut ids =
                connection.prepare("SELECT id FROM maac_inbox_quarantine WHERE endpoint = ? ORDER BY id")?;
            ids.query_map([&*endpoint], |row| row.get(0).map(QuarantineId::new))?.collect()
        })
        .await
    }

    async fn in_quarantine(
        &self,
        ids: Vec<QuarantineId>,
    ) -> Result<Vec<(QuarantineId, Unverified)>, StoreError> {
        self.read(move |connection| {
            let mut one = connection.prepare("SELECT * FROM maac_inbox_quarantine WHERE id = ?")?;
            let found = ids.into_iter().map(|id| {
                let request = one.query_row([id.get()], unverified).optional()?;
                Ok(request.map(|request| (id, request)))
            });
            found.filter_map(Result::transpose).collect()
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

/// Returns how many were not there.
fn insert(transaction: &Transaction<'_>, requests: &[Unverified]) -> rusqlite::Result<u64> {
    let mut insert = transaction.prepare_cached(
        "INSERT INTO maac_inbox_quarantine
           (identity, signature, counts, peer, received_at, endpoint, idempotency_key, body)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )?;
    let mut kept = 0;
    for request in requests {
        kept += insert.execute(params![
            request.identity().as_bytes(),
            request.signature.as_bytes(),
            QuarantineBounds::counts(&request.body),
            request.peer.map(|peer| peer.to_string()).unwrap_or_default(),
            micros(request.received_at),
            &*request.endpoint,
            request.idempotency_key.as_ref().map(IdempotencyKey::as_str),
            request.body.as_ref(),
        ])? as u64;
    }
    Ok(kept)
}

/// Each request has a share: what its peer has in newer ones and itself. The largest shares go.
fn make_room(connection: &Connection, bounds: QuarantineBounds) -> rusqlite::Result<u64> {
    let bytes: u64 =
        connection
            .query_row("SELECT coalesce(sum(counts), 0) FROM maac_inbox_quarantine", [], |row| row.get(0))?;
    if bytes <= bounds.bytes {
        return Ok(0);
    }
    let displaced = connection.execute(
        "WITH shares AS (
           SELECT id, counts, sum(counts) OVER (PARTITION BY peer ORDER BY id DESC) AS share
             FROM maac_inbox_quarantine),
         together AS (
           SELECT id, sum(counts) OVER (ORDER BY share, id DESC) AS bytes FROM shares)
         DELETE FROM maac_inbox_quarantine WHERE id IN (SELECT id FROM together WHERE bytes > ?)",
        [bounds.made_room()],
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
