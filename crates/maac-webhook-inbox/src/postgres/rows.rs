//! Between columns and types.

use std::borrow::Cow;

use maac_webhook::{
    Delivery, IdempotencyKey, SecretSlot, Signature, StoredDelivery, bytes::Bytes, jiff::Timestamp,
};
use sqlx::{Row, postgres::PgRow};

use crate::{Entry, EntryId, State};

/// No text of Postgres's takes a NUL.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}

pub(super) fn count(number: i64) -> u64 {
    number.try_into().unwrap_or(0)
}

pub(super) fn attempt(number: i64) -> u32 {
    number.try_into().unwrap_or(u32::MAX)
}

pub(super) fn timestamp(row: &PgRow, column: &str) -> sqlx::Result<Timestamp> {
    Timestamp::from_microsecond(row.try_get(column)?).map_err(|error| unreadable(column, error))
}

fn unreadable(column: &str, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: column.to_owned(), source: error.into() }
}

/// What was verified before it was stored, given back.
pub(super) fn delivery(row: &PgRow) -> sqlx::Result<Delivery> {
    let key: Option<&str> = row.try_get("idempotency_key")?;
    let endpoint: &str = row.try_get("endpoint")?;
    let body: Vec<u8> = row.try_get("body")?;
    Ok(Delivery::dangerous_from_verified_store(StoredDelivery {
        endpoint: endpoint.into(),
        idempotency_key: key.and_then(|key| IdempotencyKey::parse(key.as_bytes())),
        signature: Signature::from_bytes(row.try_get("signature")?),
        matched: slot(row)?,
        received_at: timestamp(row, "received_at")?,
        body: Bytes::from(body),
    }))
}

fn slot(row: &PgRow) -> sqlx::Result<SecretSlot> {
    let matched: &str = row.try_get("matched")?;
    SecretSlot::parse(matched).ok_or_else(|| unreadable("matched", format!("no secret slot: {matched}")))
}

/// The columns of an [`Entry`], for [`entry`].
pub(super) const ENTRY: &str = "id, state, at, attempts, key_reused, received_at, endpoint, idempotency_key,
    octet_length(body)::bigint AS body_bytes,
    (SELECT error FROM maac_inbox_failures WHERE event = id ORDER BY claim DESC LIMIT 1) AS last_error";

pub(super) fn entry(row: &PgRow) -> sqlx::Result<Entry> {
    let state: &str = row.try_get("state")?;
    let state = State::parse(state).ok_or_else(|| unreadable("state", format!("no state: {state}")))?;
    Ok(Entry {
        id: EntryId::new(row.try_get("id")?),
        state,
        endpoint: row.try_get("endpoint")?,
        idempotency_key: row.try_get("idempotency_key")?,
        received_at: timestamp(row, "received_at")?,
        attempts: attempt(row.try_get("attempts")?),
        due: if state == State::Waiting { Some(timestamp(row, "at")?) } else { None },
        key_reused: row.try_get("key_reused")?,
        last_error: row.try_get("last_error")?,
        body_bytes: count(row.try_get("body_bytes")?) as usize,
    })
}
