//! Accepting: the identity table, decided by the uniqueness of a body.

use maac_webhook::{ContentDigest, IdempotencyKey, Identity, jiff::Timestamp};
use rusqlite::{Transaction, params};

use crate::{Accepted, EntryId, Incoming, State, Verdict, columns::micros};

/// A delivery with its digests, which whoever accepts it computes, and not the one thread that writes.
pub(super) struct Digested {
    incoming: Incoming,
    identity: Identity,
    content: Option<ContentDigest>,
}

impl Digested {
    pub(super) fn new(incoming: Incoming) -> Self {
        let (identity, content) = (incoming.delivery.identity(), incoming.delivery.content_digest());
        Self { incoming, identity, content }
    }
}

pub(super) fn accept(
    transaction: &Transaction<'_>,
    digested: &Digested,
    now: Timestamp,
) -> rusqlite::Result<Accepted> {
    let verdict = judge(transaction, digested, now)?;
    let incoming = &digested.incoming;
    let delivery = &incoming.delivery;
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
        delivery.matched().as_str(),
        delivery.signature().as_bytes(),
        delivery.body().as_ref(),
    ])?;
    Ok(Accepted::new(verdict, Some(EntryId::new(id)), held))
}

/// Records the body, if it is new.
fn judge(transaction: &Transaction<'_>, digested: &Digested, now: Timestamp) -> rusqlite::Result<Verdict> {
    let Digested { incoming: Incoming { delivery, .. }, identity, content } = digested;
    let endpoint = delivery.endpoint();
    let key = delivery.idempotency_key().map(IdempotencyKey::as_str);
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
    // Nobody else writes in the meantime: SQLite has one writer at a time.
    let mut others = transaction.prepare_cached(
        "SELECT max(coalesce(content = ?, 0)) FROM maac_inbox_identities
         WHERE endpoint = ? AND idempotency_key = ? AND identity <> ?",
    )?;
    let content = content.as_ref().map(ContentDigest::as_bytes);
    let same_content: Option<bool> =
        others.query_row(params![content, endpoint, key, identity.as_bytes()], |row| row.get(0))?;
    Ok(match same_content {
        None => Verdict::New,
        // A retry that was built anew.
        Some(true) => Verdict::Duplicate,
        Some(false) => Verdict::KeyReused,
    })
}
