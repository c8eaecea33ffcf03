//! Between columns and types.

use maac_webhook::{
    Delivery, IdempotencyKey, SecretSlot, Signature, StoredDelivery, bytes::Bytes, jiff::Timestamp,
};
use rusqlite::{Row, types::Type};

use crate::{Entry, EntryId, State};

pub(super) fn timestamp(row: &Row<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    Timestamp::from_microsecond(row.get(column)?).map_err(|error| unreadable(Type::Integer, error))
}

fn unreadable(of: Type, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, of, error.into())
}

/// What was verified before it was stored, given back.
pub(super) fn delivery(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    let key: Option<String> = row.get("idempotency_key")?;
    let endpoint: String = row.get("endpoint")?;
    let matched: String = row.get("matched")?;
    let body: Vec<u8> = row.get("body")?;
    Ok(Delivery::dangerous_from_verified_store(StoredDelivery {
        endpoint: endpoint.into(),
        idempotency_key: key.and_then(|key| IdempotencyKey::parse(key.as_bytes())),
        signature: Signature::from_bytes(row.get("signature")?),
        matched: SecretSlot::parse(&matched)
            .ok_or_else(|| unreadable(Type::Text, format!("no secret slot: {matched}")))?,
        received_at: timestamp(row, "received_at")?,
        body: Bytes::from(body),
    }))
}

/// The columns of an [`Entry`], for [`entry`].
pub(super) const ENTRY: &str = "id, state, at, attempts, key_reused, received_at, endpoint, idempotency_key,
    length(body) AS body_bytes,
    (SELECT error FROM maac_inbox_failures WHERE event = id ORDER BY claim DESC LIMIT 1) AS last_error";

pub(super) fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let state: String = row.get("state")?;
    let state = State::parse(&state).ok_or_else(|| unreadable(Type::Text, format!("no state: {state}")))?;
    Ok(Entry {
        id: EntryId::new(row.get("id")?),
        state,
        endpoint: row.get("endpoint")?,
        idempotency_key: row.get("idempotency_key")?,
        received_at: timestamp(row, "received_at")?,
        attempts: row.get("attempts")?,
        due: if state == State::Waiting { Some(timestamp(row, "at")?) } else { None },
        key_reused: row.get("key_reused")?,
        last_error: row.get("last_error")?,
        body_bytes: row.get("body_bytes")?,
    })
}
