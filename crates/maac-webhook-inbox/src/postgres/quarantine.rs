//! What no live secret verified.

use std::sync::Arc;

use maac_webhook::{IdempotencyKey, Signature, Unverified, bytes::Bytes, jiff::Timestamp};
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow, query, query_scalar};

use super::{
    PgStore, in_time,
    rows::{count, text, timestamp},
};
use crate::{
    QuarantineBounds, QuarantineId, QuarantineRequest, QuarantineStats, QuarantineStore, Quarantined,
    StoreError,
    columns::{before, counts, made_room, micros},
};

/// Who keeps requests holds this lock of the database, since making room for them looks at all: the first bytes of the SHA-256 of
/// `maac_inbox_quarantine`.
const LOCK: i64 = 0x51f7_1eae_84f3_228c;

impl QuarantineStore for PgStore {
    async fn quarantine(
        &self,
        requests: Vec<QuarantineRequest>,
        bounds: QuarantineBounds,
        _: Timestamp,
    ) -> Result<Quarantined, StoreError> {
        in_time(quarantine(&self.pool, &requests, bounds)).await
    }

    async fn quarantined(
        &self,
        endpoint: Arc<str>,
        after: QuarantineId,
        limit: usize,
    ) -> Result<Vec<(QuarantineId, Option<Unverified>)>, StoreError> {
        in_time(async {
            let rows = query(
                "SELECT * FROM maac_inbox_quarantine WHERE endpoint = $1 AND id > $2 ORDER BY id LIMIT $3",
            )
            .bind(text(&endpoint))
            .bind(after.get())
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&self.pool)
            .await?;
            let request = |row: &PgRow| {
                let id: i64 = row.try_get("id")?;
                let request = unverified(row).inspect_err(|error| {
                    tracing::error!(id, %error, "a request in quarantine cannot be read");
                });
                Ok((QuarantineId::new(id), request.ok()))
            };
            rows.iter().map(request).collect()
        })
        .await
    }

    async fn release(&self, ids: Vec<QuarantineId>) -> Result<(), StoreError> {
        let delete = query(
            "DELETE FROM maac_inbox_quarantine WHERE id IN (
               SELECT id FROM maac_inbox_quarantine WHERE id = ANY ($1) ORDER BY id FOR UPDATE)",
        );
        in_time(delete.bind(numbers(&ids)).execute(&self.pool)).await.map(drop)
    }

    async fn expire_quarantine(&self, bounds: QuarantineBounds, now: Timestamp) -> Result<u64, StoreError> {
        let delete = query(
            "DELETE FROM maac_inbox_quarantine WHERE id IN (
               SELECT id FROM maac_inbox_quarantine WHERE received_at < $1 ORDER BY id FOR UPDATE SKIP LOCKED)",
        );
        let expired = in_time(delete.bind(before(now, bounds.age)).execute(&self.pool)).await?;
        Ok(expired.rows_affected())
    }

    async fn quarantine_stats(&self) -> Result<QuarantineStats, StoreError> {
        in_time(async {
            let row = query(
                "SELECT count(*) AS requests, coalesce(sum(counts), 0)::bigint AS bytes,
                        min(received_at) AS oldest
                   FROM maac_inbox_quarantine",
            )
            .fetch_one(&self.pool)
            .await?;
            let oldest: Option<i64> = row.try_get("oldest")?;
            Ok(QuarantineStats {
                requests: count(row.try_get("requests")?),
                bytes: count(row.try_get("bytes")?),
                oldest: oldest.map(|_| timestamp(&row, "oldest")).transpose()?,
            })
        })
        .await
    }

    async fn set_rotation(&self, until: Option<Timestamp>) -> Result<(), StoreError> {
        let set = match until {
            None => query("DELETE FROM maac_inbox_rotation"),
            Some(until) => query(
                "INSERT INTO maac_inbox_rotation VALUES (1, $1)
                 ON CONFLICT (number) DO UPDATE SET until = excluded.until",
            )
            .bind(micros(until)),
        };
        in_time(set.execute(&self.pool)).await.map(drop)
    }

    async fn rotation(&self) -> Result<Option<Timestamp>, StoreError> {
        in_time(async {
            let row = query("SELECT until FROM maac_inbox_rotation").fetch_optional(&self.pool).await?;
            row.map(|row| timestamp(&row, "until")).transpose()
        })
        .await
    }
}

fn numbers(ids: &[QuarantineId]) -> Vec<i64> {
    ids.iter().map(|id| id.get()).collect()
}

async fn quarantine(
    pool: &PgPool,
    requests: &[QuarantineRequest],
    bounds: QuarantineBounds,
) -> sqlx::Result<Quarantined> {
    let mut transaction = pool.begin().await?;
    query("SELECT pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *transaction).await?;
    let kept = insert(&mut transaction, requests).await?;
    let displaced = make_room(&mut transaction, bounds).await?;
    transaction.commit().await?;
    Ok(Quarantined { kept, known: requests.len() as u64 - kept, displaced })
}

/// Returns how many were not there.
async fn insert(connection: &mut PgConnection, sent: &[QuarantineRequest]) -> sqlx::Result<u64> {
    let requests: Vec<_> = sent.iter().map(|request| &request.unverified).collect();
    let identities: Vec<_> = requests.iter().map(|request| request.identity()).collect();
    let peer = |request: &&Unverified| request.peer.map(|peer| peer.to_string()).unwrap_or_default();
    let key = |request: &&Unverified| request.idempotency_key.as_ref().map(|key| key.as_str().to_owned());
    let inserted = query(
        "INSERT INTO maac_inbox_quarantine
           (identity, signature, counts, peer, received_at, endpoint, idempotency_key, body, proven)
         SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bigint[], $4::text[], $5::bigint[], $6::text[],
                              $7::text[], $8::bytea[], $9::boolean[])
         ON CONFLICT DO NOTHING",
    )
    .bind(identities.iter().map(|identity| identity.as_bytes().as_slice()).collect::<Vec<_>>())
    .bind(requests.iter().map(|request| request.signature.as_bytes().as_slice()).collect::<Vec<_>>())
    .bind(requests.iter().map(|request| counts(&request.body)).collect::<Vec<_>>())
    .bind(requests.iter().map(peer).collect::<Vec<_>>())
    .bind(requests.iter().map(|request| micros(request.received_at)).collect::<Vec<_>>())
    .bind(requests.iter().map(|request| text(&request.endpoint)).collect::<Vec<_>>())
    .bind(requests.iter().map(key).collect::<Vec<_>>())
    .bind(requests.iter().map(|request| request.body.as_ref()).collect::<Vec<_>>())
    .bind(sent.iter().map(|request| request.from_proven_peer).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected())
}

/// What is of proven peers stays first, and then by share. A request's share is what its peer has in newer ones and itself.
async fn make_room(connection: &mut PgConnection, bounds: QuarantineBounds) -> sqlx::Result<u64> {
    let bytes: i64 = query_scalar("SELECT coalesce(sum(counts), 0)::bigint FROM maac_inbox_quarantine")
        .fetch_one(&mut *connection)
        .await?;
    if count(bytes) <= bounds.bytes {
        return Ok(0);
    }
    let displaced = query(
        "WITH shares AS (
           SELECT id, counts, proven, sum(counts) OVER (PARTITION BY peer ORDER BY id DESC) AS share
             FROM maac_inbox_quarantine),
         together AS (
           SELECT id, sum(counts) OVER (ORDER BY proven DESC, share, id DESC) AS bytes FROM shares),
         displaced AS (
           SELECT id FROM maac_inbox_quarantine
            WHERE id IN (SELECT id FROM together WHERE bytes > $1) ORDER BY id FOR UPDATE)
         DELETE FROM maac_inbox_quarantine WHERE id IN (SELECT id FROM displaced)",
    )
    .bind(i64::try_from(made_room(bounds)).unwrap_or(i64::MAX))
    .execute(connection)
    .await?;
    Ok(displaced.rows_affected())
}

fn unverified(row: &PgRow) -> sqlx::Result<Unverified> {
    let key: Option<&str> = row.try_get("idempotency_key")?;
    let (endpoint, peer): (&str, &str) = (row.try_get("endpoint")?, row.try_get("peer")?);
    let body: Vec<u8> = row.try_get("body")?;
    Ok(Unverified {
        endpoint: endpoint.into(),
        idempotency_key: key.and_then(|key| IdempotencyKey::parse(key.as_bytes())),
        signature: Signature::from_bytes(row.try_get("signature")?),
        peer: peer.parse().ok(),
        received_at: timestamp(row, "received_at")?,
        body: Bytes::from(body),
    })
}
