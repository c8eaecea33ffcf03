//! Accepting: the identity table, decided by the uniqueness of what is inserted.

use maac_webhook::{ContentDigest, Delivery, IdempotencyKey, jiff::Timestamp};
use rusqlite::{OptionalExtension, Transaction, params};

use crate::{
    Accepted, EntryId, Incoming, State, Verdict,
    columns::{micros, slot_name},
};

pub(super) fn accept(
    transaction: &Transaction<'_>,
    incoming: &Incoming,
    now: Timestamp,
) -> rusqlite::Result<Accepted> {
    let delivery = &incoming.delivery;
    let verdict = judge(transaction, delivery, now)?;
    if !verdict.is_handled() {
        return Ok(Accepted::new(verdict, None, false));
    }
    let reused = verdict == Verdict::KeyReused;
    let held = incoming.hold || reused && incoming.hold_if_key_reused;
    let state = if held { State::Held } else { State::Waiting };
    let mut insert = transaction.prepare_cached(
        "INSERT INTO maac_inbox_events
           (state, at, key_reused, received_at, endpoint, idempotency_key, matched, signature, body)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    let id = insert.insert(params![
        state.as_str(),
        micros(now),
        reused,
        micros(delivery.received_at()),
        delivery.endpoint(),
        delivery.idempotency_key().map(IdempotencyKey::as_str),
        slot_name(delivery.matched()),
        delivery.signature().as_bytes(),
        delivery.body().as_ref(),
    ])?;
    Ok(Accepted::new(verdict, Some(EntryId::new(id)), held))
}

/// Records the body, and the key if nobody had it before.
fn judge(transaction: &Transaction<'_>, delivery: &Delivery, now: Timestamp) -> rusqlite::Result<Verdict> {
    let (identity, endpoint) = (delivery.identity(), delivery.endpoint());
    let key = delivery.idempotency_key().map(IdempotencyKey::as_str);
    let content = ContentDigest::of(delivery);
    let mut insert = transaction
        .prepare_cached("INSERT INTO maac_inbox_identities VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")?;
    let inserted = insert.execute(params![
        identity.as_bytes(),
        endpoint,
        key,
        content.as_ref().map(ContentDigest::as_bytes),
        micros(now)
    ])?;
    if inserted == 0 {
        let mut first = transaction
            .prepare_cached("SELECT idempotency_key IS ? FROM maac_inbox_identities WHERE identity = ?")?;
        let same_key: bool = first.query_row(params![key, identity.as_bytes()], |row| row.get(0))?;
        return Ok(if same_key { Verdict::Duplicate } else { Verdict::Replay });
    }
    let Some(key) = key else { return Ok(Verdict::New) };
    let mut insert =
        transaction.prepare_cached("INSERT INTO maac_inbox_keys VALUES (?, ?, ?) ON CONFLICT DO NOTHING")?;
    if insert.execute(params![endpoint, key, identity.as_bytes()])? == 1 {
        return Ok(Verdict::New);
    }
    // The key is known: a retry that was built anew, or another event.
    let mut owner = transaction.prepare_cached(
        "SELECT 1 FROM maac_inbox_identities WHERE content = ? AND identity =
           (SELECT identity FROM maac_inbox_keys WHERE endpoint = ? AND idempotency_key = ?)",
    )?;
    let content = content.as_ref().map(ContentDigest::as_bytes);
    let same = owner.query_row(params![content, endpoint, key], |_| Ok(())).optional()?;
    Ok(if same.is_some() { Verdict::Duplicate } else { Verdict::KeyReused })
}
