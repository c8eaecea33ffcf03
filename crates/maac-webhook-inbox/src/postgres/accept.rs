//! Accepting: the identity table for many at once, decided by the uniqueness of what is inserted.
//!
//! Identities first and then keys, each in the order of its index: two receivers that store the same events wait for each other in
//! the same order, and so never in a circle.

use std::collections::{BTreeMap, HashMap, HashSet};

use maac_webhook::{ContentDigest, IdempotencyKey, Identity, jiff::Timestamp};
use sqlx::{PgConnection, Row, query};

use super::{rows::text, session::Work};
use crate::{Accepted, EntryId, Incoming, State, Verdict, columns::micros};

/// How often it is looked again for what was there when it was inserted, and pruned when it was looked up.
const LOOKS: usize = 3;

/// A delivery with its digests.
pub(super) struct Digested {
    incoming: Incoming,
    identity: Identity,
    content: Option<ContentDigest>,
    now: Timestamp,
}

impl Digested {
    pub(super) fn new(incoming: Incoming, now: Timestamp) -> Self {
        let (identity, content) = (incoming.delivery.identity(), incoming.delivery.content_digest());
        Self { incoming, identity, content, now }
    }

    fn endpoint(&self) -> &str {
        self.incoming.delivery.endpoint()
    }

    fn key(&self) -> Option<&str> {
        self.incoming.delivery.idempotency_key().map(IdempotencyKey::as_str)
    }

    fn content(&self) -> Option<&[u8]> {
        self.content.as_ref().map(|content| content.as_bytes().as_slice())
    }
}

impl Work for Digested {
    type Answer = Accepted;

    fn bytes(&self) -> usize {
        self.incoming.delivery.body().len() + 512
    }

    async fn run(connection: &mut PgConnection, batch: &[Self]) -> sqlx::Result<Vec<Accepted>> {
        // Each is a retry of a known event until it turns out to be something else.
        let mut verdicts = vec![Verdict::Duplicate; batch.len()];
        let mut new = record_bodies(connection, batch, &mut verdicts).await?;
        // In the order in which they came.
        new.sort_unstable();
        record_keys(connection, batch, &new, &mut verdicts).await?;
        new.retain(|&index| verdicts[index].is_handled());
        store(connection, batch, &new, &verdicts).await
    }
}

/// Records each body, and returns those that were not known. The others are judged.
async fn record_bodies(
    connection: &mut PgConnection,
    batch: &[Digested],
    verdicts: &mut [Verdict],
) -> sqlx::Result<Vec<usize>> {
    let mut copies: HashMap<&Identity, Vec<usize>> = HashMap::new();
    for (index, delivery) in batch.iter().enumerate() {
        copies.entry(&delivery.identity).or_default().push(index);
    }
    let mut new = Vec::new();
    for _ in 0..LOOKS {
        let firsts: Vec<&Digested> = copies.values().map(|copies| &batch[copies[0]]).collect();
        for identity in insert_bodies(connection, &firsts).await? {
            let Some(copies) = copies.remove(&identity) else { continue };
            let first = copies[0];
            new.push(first);
            judge_copies(batch, &copies, batch[first].key(), verdicts);
        }
        if copies.is_empty() {
            return Ok(new);
        }
        let known: Vec<_> = copies.keys().map(|identity| identity.as_bytes().as_slice()).collect();
        let rows =
            query("SELECT identity, idempotency_key FROM maac_inbox_identities WHERE identity = ANY ($1)")
                .bind(known)
                .fetch_all(&mut *connection)
                .await?;
        for row in rows {
            let Some(copies) = copies.remove(&Identity::from_bytes(row.try_get("identity")?)) else {
                continue;
            };
            judge_copies(batch, &copies, row.try_get("idempotency_key")?, verdicts);
        }
        if copies.is_empty() {
            return Ok(new);
        }
    }
    Err(sqlx::Error::RowNotFound)
}

fn judge_copies(batch: &[Digested], copies: &[usize], key: Option<&str>, verdicts: &mut [Verdict]) {
    for &copy in copies {
        verdicts[copy] = if batch[copy].key() == key { Verdict::Duplicate } else { Verdict::Replay };
    }
}

/// Returns those that were not there.
async fn insert_bodies(connection: &mut PgConnection, firsts: &[&Digested]) -> sqlx::Result<Vec<Identity>> {
    let rows = query(
        "INSERT INTO maac_inbox_identities
         SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[], $4::bytea[], $5::bigint[]) ORDER BY 1
         ON CONFLICT DO NOTHING RETURNING identity",
    )
    .bind(firsts.iter().map(|first| first.identity.as_bytes().as_slice()).collect::<Vec<_>>())
    .bind(firsts.iter().map(|first| text(first.endpoint())).collect::<Vec<_>>())
    .bind(firsts.iter().map(|first| first.key()).collect::<Vec<_>>())
    .bind(firsts.iter().map(|first| first.content()).collect::<Vec<_>>())
    .bind(firsts.iter().map(|first| micros(first.now)).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| Ok(Identity::from_bytes(row.try_get("identity")?))).collect()
}

/// Records the key of each new body if nobody had it before, and judges them.
async fn record_keys(
    connection: &mut PgConnection,
    batch: &[Digested],
    new: &[usize],
    verdicts: &mut [Verdict],
) -> sqlx::Result<()> {
    let mut under: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for &index in new {
        verdicts[index] = Verdict::New;
        if let Some(key) = batch[index].key() {
            under.entry((batch[index].endpoint(), key)).or_default().push(index);
        }
    }
    for _ in 0..LOOKS {
        if under.is_empty() {
            return Ok(());
        }
        let firsts: Vec<&Digested> = under.values().map(|bodies| &batch[bodies[0]]).collect();
        let ours = insert_keys(connection, &firsts).await?;
        under.retain(|_, bodies| {
            let first = bodies[0];
            if !ours.contains(&batch[first].identity) {
                return true;
            }
            judge_bodies(batch, &bodies[1..], batch[first].content().map(Vec::from), verdicts);
            false
        });
        let known: Vec<_> = under.keys().copied().collect();
        let ours: Vec<_> = new.iter().map(|&index| batch[index].identity.as_bytes().as_slice()).collect();
        for (number, contents) in contents(connection, &known, ours).await? {
            if let Some(bodies) = known.get(number).and_then(|key| under.remove(key)) {
                judge_bodies(batch, &bodies, contents.into_iter().flatten(), verdicts);
            }
        }
    }
    if under.is_empty() { Ok(()) } else { Err(sqlx::Error::RowNotFound) }
}

/// New bodies under a known key: retries, built anew, of what had it before, or other events.
fn judge_bodies(
    batch: &[Digested],
    bodies: &[usize],
    before: impl IntoIterator<Item = Vec<u8>>,
    verdicts: &mut [Verdict],
) {
    let mut contents: HashSet<Vec<u8>> = before.into_iter().collect();
    for &body in bodies {
        // What has no content is like nothing else.
        let is_other = batch[body].content().is_none_or(|content| contents.insert(content.to_owned()));
        verdicts[body] = if is_other { Verdict::KeyReused } else { Verdict::Duplicate };
    }
}

/// Returns the bodies whose keys were not there.
async fn insert_keys(connection: &mut PgConnection, firsts: &[&Digested]) -> sqlx::Result<Vec<Identity>> {
    let rows = query(
        "INSERT INTO maac_inbox_keys SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[]) ORDER BY 1, 2
         ON CONFLICT DO NOTHING RETURNING identity",
    )
    .bind(firsts.iter().map(|first| text(first.endpoint())).collect::<Vec<_>>())
    .bind(firsts.iter().map(|first| first.key()).collect::<Vec<_>>())
    .bind(firsts.iter().map(|first| first.identity.as_bytes().as_slice()).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| Ok(Identity::from_bytes(row.try_get("identity")?))).collect()
}

/// What the bodies say that had these keys before `ours`, by the key's place; a key that is not there has no place.
async fn contents(
    connection: &mut PgConnection,
    keys: &[(&str, &str)],
    ours: Vec<&[u8]>,
) -> sqlx::Result<HashMap<usize, Vec<Option<Vec<u8>>>>> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = query(
        "SELECT number, content
           FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS known (endpoint, idempotency_key, number)
           JOIN maac_inbox_keys AS keys USING (endpoint, idempotency_key)
           LEFT JOIN maac_inbox_identities AS identities
             ON identities.endpoint = keys.endpoint AND identities.idempotency_key = keys.idempotency_key
                AND identities.identity <> ALL ($3)",
    )
    .bind(keys.iter().map(|(endpoint, _)| text(endpoint)).collect::<Vec<_>>())
    .bind(keys.iter().map(|(_, key)| *key).collect::<Vec<_>>())
    .bind(ours)
    .fetch_all(connection)
    .await?;
    let mut contents: HashMap<usize, Vec<_>> = HashMap::new();
    for row in rows {
        let number: i64 = row.try_get("number")?;
        let place = usize::try_from(number - 1).unwrap_or(usize::MAX);
        contents.entry(place).or_default().push(row.try_get("content")?);
    }
    Ok(contents)
}

/// Stores those that are events of their own, and tells the workers at most once.
async fn store(
    connection: &mut PgConnection,
    batch: &[Digested],
    events: &[usize],
    verdicts: &[Verdict],
) -> sqlx::Result<Vec<Accepted>> {
    let mut accepted: Vec<_> = verdicts.iter().map(|&verdict| Accepted::new(verdict, None, false)).collect();
    if events.is_empty() {
        return Ok(accepted);
    }
    for &event in events {
        let Incoming { hold, hold_if_key_reused, .. } = batch[event].incoming;
        accepted[event].held = hold || hold_if_key_reused && verdicts[event] == Verdict::KeyReused;
    }
    let state = |event: &usize| if accepted[*event].held { State::Held } else { State::Waiting }.as_str();
    let delivery = |event: &usize| &batch[*event].incoming.delivery;
    let signatures: HashMap<_, _> = events
        .iter()
        .map(|event| ((text(batch[*event].endpoint()), *delivery(event).signature().as_bytes()), *event))
        .collect();
    let rows = query(
        "WITH stored AS (
           INSERT INTO maac_inbox_events
             (state, at, key_reused, received_at, endpoint, idempotency_key, matched, signature, body)
           SELECT state, at, key_reused, received_at, endpoint, idempotency_key, matched, signature, body
             FROM unnest($1::text[], $2::bigint[], $3::boolean[], $4::bigint[], $5::text[], $6::text[], $7::text[],
                         $8::bytea[], $9::bytea[])
             WITH ORDINALITY AS event
               (state, at, key_reused, received_at, endpoint, idempotency_key, matched, signature, body, number)
            ORDER BY number
           RETURNING id, state, endpoint, signature)
         SELECT id, endpoint, signature,
                CASE WHEN state = 'waiting'
                     THEN pg_notify('maac_inbox_' || 'maac_inbox_events'::regclass::oid, '')::text END
           FROM stored",
    )
    .bind(events.iter().map(state).collect::<Vec<_>>())
    .bind(events.iter().map(|event| micros(batch[*event].now)).collect::<Vec<_>>())
    .bind(events.iter().map(|event| verdicts[*event] == Verdict::KeyReused).collect::<Vec<_>>())
    .bind(events.iter().map(|event| micros(delivery(event).received_at())).collect::<Vec<_>>())
    .bind(events.iter().map(|event| text(delivery(event).endpoint())).collect::<Vec<_>>())
    .bind(events.iter().map(|event| batch[*event].key()).collect::<Vec<_>>())
    .bind(events.iter().map(|event| delivery(event).matched().as_str()).collect::<Vec<_>>())
    .bind(events.iter().map(|event| delivery(event).signature().as_bytes().as_slice()).collect::<Vec<_>>())
    .bind(events.iter().map(|event| delivery(event).body().as_ref()).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    for row in rows {
        // Bodies that differ have other signatures.
        let signature: [u8; 32] = row.try_get("signature")?;
        let endpoint: &str = row.try_get("endpoint")?;
        if let Some(&event) = signatures.get(&(endpoint.into(), signature)) {
            accepted[event].entry = Some(EntryId::new(row.try_get("id")?));
        }
    }
    Ok(accepted)
}
