//! Writing down what became of attempts, many at once.

use std::collections::HashMap;

use maac_webhook::jiff::Timestamp;
use sqlx::{PgConnection, Row, query};

use super::{rows::text, session::Work};
use crate::{Claim, Settlement, State, columns::micros};

/// The end of an attempt.
pub(super) struct Settled {
    claim: Claim,
    settlement: Settlement,
    now: Timestamp,
}

impl Settled {
    pub(super) fn new(claim: Claim, settlement: Settlement, now: Timestamp) -> Self {
        Self { claim, settlement, now }
    }

    /// The event and which of its claims.
    fn key(&self) -> (i64, i64) {
        (self.claim.entry().get(), self.claim.serial() as i64)
    }

    fn attempt(&self) -> i64 {
        i64::from(self.claim.attempt())
    }

    /// The state, since or until when, and how many attempts count.
    fn outcome(&self) -> (State, Timestamp, i64) {
        match self.settlement {
            Settlement::Done => (State::Done, self.now, self.attempt()),
            Settlement::Failed { due, .. } => (State::Waiting, due, self.attempt()),
            Settlement::Dead { .. } => (State::Dead, self.now, self.attempt()),
            Settlement::Returned => (State::Waiting, self.now, (self.attempt() - 1).max(0)),
        }
    }

    fn error(&self) -> Option<&str> {
        match &self.settlement {
            Settlement::Failed { error, .. } | Settlement::Dead { error } => Some(error),
            Settlement::Done | Settlement::Returned => None,
        }
    }
}

impl Work for Settled {
    /// Whether the claim was good.
    type Answer = bool;

    fn bytes(&self) -> usize {
        self.error().map_or(0, str::len) + 64
    }

    async fn run(connection: &mut PgConnection, batch: &[Self]) -> sqlx::Result<Vec<bool>> {
        let mut answers = vec![false; batch.len()];
        // A claim is settled once: by whoever of a batch comes first.
        let mut firsts = HashMap::new();
        for (index, settled) in batch.iter().enumerate() {
            firsts.entry(settled.key()).or_insert(index);
        }
        let settled: Vec<_> = firsts.values().map(|&index| &batch[index]).collect();
        for key in update(connection, &settled).await? {
            if let Some(&index) = firsts.get(&key) {
                answers[index] = true;
            }
        }
        let failed =
            batch.iter().zip(&answers).filter(|(settled, answer)| **answer && settled.error().is_some());
        record_failures(connection, &failed.map(|(settled, _)| settled).collect::<Vec<_>>()).await?;

        // A handler may have completed it in a transaction of its own.
        let done =
            |(settled, answer): &(&Self, &mut bool)| !**answer && settled.settlement == Settlement::Done;
        let done: Vec<_> = batch.iter().zip(&mut answers).filter(done).collect();
        if !done.is_empty() {
            let keys =
                completed(connection, &done.iter().map(|(settled, _)| settled.key()).collect::<Vec<_>>())
                    .await?;
            for (settled, answer) in done {
                *answer = keys.contains(&settled.key());
            }
        }
        Ok(answers)
    }
}

/// Returns those whose lease was theirs.
async fn update(connection: &mut PgConnection, settled: &[&Settled]) -> sqlx::Result<Vec<(i64, i64)>> {
    let outcomes: Vec<_> = settled.iter().map(|settled| settled.outcome()).collect();
    // Locked in order, so that two who settle never wait in a circle.
    let rows = query(
        "WITH settled AS (
           SELECT settled.* FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[])
               AS settled (id, claims, state, at, attempts)
             JOIN maac_inbox_events AS event USING (id, claims)
            WHERE event.state = 'leased'
            ORDER BY id FOR UPDATE OF event)
         UPDATE maac_inbox_events AS event
            SET state = settled.state, at = settled.at, attempts = settled.attempts
           FROM settled
          WHERE event.id = settled.id AND event.claims = settled.claims AND event.state = 'leased'
         RETURNING event.id, event.claims,
           CASE WHEN event.state = 'waiting' AND settled.at <= $6
                THEN pg_notify('maac_inbox_' || 'maac_inbox_events'::regclass::oid, '')::text END",
    )
    .bind(settled.iter().map(|settled| settled.key().0).collect::<Vec<_>>())
    .bind(settled.iter().map(|settled| settled.key().1).collect::<Vec<_>>())
    .bind(outcomes.iter().map(|(state, ..)| state.as_str()).collect::<Vec<_>>())
    .bind(outcomes.iter().map(|(_, at, _)| micros(*at)).collect::<Vec<_>>())
    .bind(outcomes.iter().map(|(.., attempts)| *attempts).collect::<Vec<_>>())
    .bind(settled.iter().map(|settled| micros(settled.now)).max())
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| Ok((row.try_get("id")?, row.try_get("claims")?))).collect()
}

async fn record_failures(connection: &mut PgConnection, failed: &[&Settled]) -> sqlx::Result<()> {
    if failed.is_empty() {
        return Ok(());
    }
    query(
        "INSERT INTO maac_inbox_failures
         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[])",
    )
    .bind(failed.iter().map(|failed| failed.key().0).collect::<Vec<_>>())
    .bind(failed.iter().map(|failed| failed.key().1).collect::<Vec<_>>())
    .bind(failed.iter().map(|failed| failed.attempt()).collect::<Vec<_>>())
    .bind(failed.iter().map(|failed| micros(failed.now)).collect::<Vec<_>>())
    .bind(failed.iter().map(|failed| failed.error().map(text)).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// Which of these claims ended with the event done.
async fn completed(connection: &mut PgConnection, keys: &[(i64, i64)]) -> sqlx::Result<Vec<(i64, i64)>> {
    let rows = query(
        "SELECT id, claims FROM unnest($1::bigint[], $2::bigint[]) AS key (id, claims)
           JOIN maac_inbox_events AS event USING (id, claims) WHERE event.state = 'done'",
    )
    .bind(keys.iter().map(|(id, _)| *id).collect::<Vec<_>>())
    .bind(keys.iter().map(|(_, claims)| *claims).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| Ok((row.try_get("id")?, row.try_get("claims")?))).collect()
}
