//! A real store beside the model.

use std::time::Duration;

use maac_webhook::jiff::{SignedDuration, Timestamp};

use super::{
    model::{DUE_AFTER, KEEP_DONE, KEEP_IDENTITIES, LEASE, MAX_ATTEMPTS, Model, ModelEntry, Outcome},
    operation::{Ending, Operation},
    time,
};
use crate::{Claim, EntryId, Filter, Incoming, Retention, Settlement, State, Store};

/// Does the operations to an empty store and to a [`Model`], one after the other, and panics where the store gives another
/// outcome or holds other events. The same shapes of operations mean the same to both: claims and events are counted
/// from 0, and an operation on one that is not there does nothing.
pub async fn follow_the_model(store: &impl Store, operations: impl IntoIterator<Item = Operation>) {
    let mut followed =
        Followed { store, model: Model::new(), entries: Vec::new(), claims: Vec::new(), done: Vec::new() };
    for operation in operations {
        followed.step(operation).await;
    }
}

struct Followed<'a, S> {
    store: &'a S,
    model: Model,
    entries: Vec<EntryId>,
    claims: Vec<Claim>,
    /// What was done so far, for whoever reads a failure.
    done: Vec<Operation>,
}

impl<S: Store> Followed<'_, S> {
    async fn step(&mut self, operation: Operation) {
        self.done.push(operation);
        let outcome = self.apply(operation).await;
        let expected = self.model.apply(operation);
        assert_eq!(outcome, expected, "of the last of {:?}", self.done);
        self.compare().await;
    }

    /// The store's outcome, its events told by when they were stored.
    async fn apply(&mut self, operation: Operation) -> Outcome {
        let (store, now) = (self.store, at(self.model.now()));
        match operation {
            Operation::Accept { body, key, hold, hold_if_key_reused } => {
                let mut incoming = Incoming::new(body.delivery(key));
                incoming.hold = hold;
                incoming.hold_if_key_reused = hold_if_key_reused;
                let accepted = store.accept(incoming, now).await.unwrap();
                let entry = accepted.entry.map(|entry| {
                    assert!(
                        self.entries.last().is_none_or(|last| *last < entry),
                        "its number is the highest"
                    );
                    self.entries.push(entry);
                    self.entries.len() - 1
                });
                Outcome::Accepted(accepted.verdict, entry, accepted.held)
            }
            Operation::Claim { limit } => {
                let mut claimed = store.claim(limit.into(), seconds(LEASE), now).await.unwrap();
                claimed.sort_by_key(|claimed| claimed.claim.entry());
                let claimed = claimed.into_iter().map(|claimed| {
                    let of_this = self.claims.iter().filter(|claim| claim.entry() == claimed.claim.entry());
                    assert!(of_this.into_iter().all(|claim| claim.serial() != claimed.claim.serial()));
                    self.claims.push(claimed.claim);
                    (self.number(claimed.claim.entry()), claimed.claim.attempt(), claimed.key_reused)
                });
                Outcome::Claimed(claimed.collect())
            }
            Operation::Extend { claim } => {
                if let Some(claim) = self.claims.get(usize::from(claim)) {
                    store.extend(vec![*claim], seconds(LEASE), now).await.unwrap();
                }
                Outcome::Nothing
            }
            Operation::Settle { claim, ending } => {
                let Some(claim) = self.claims.get(usize::from(claim)) else { return Outcome::Nothing };
                let error = ending.error().to_owned();
                let settlement = match ending {
                    Ending::Done => Settlement::Done,
                    Ending::Failed => Settlement::Failed { error, due: at(self.model.now() + DUE_AFTER) },
                    Ending::Dead => Settlement::Dead { error },
                    Ending::Returned => Settlement::Returned,
                };
                Outcome::Whether(store.settle(*claim, settlement, now).await.unwrap())
            }
            Operation::Reap => Outcome::Reaped(store.reap(MAX_ATTEMPTS, now).await.unwrap()),
            Operation::Retry { entry } => {
                let Some(entry) = self.entries.get(usize::from(entry)) else { return Outcome::Nothing };
                Outcome::Whether(store.retry(*entry, now).await.unwrap())
            }
            Operation::Prune => {
                let retention = Retention { done: seconds(KEEP_DONE), identities: seconds(KEEP_IDENTITIES) };
                let (events, identities) = store.prune(retention, 1000, now).await.unwrap();
                Outcome::Pruned(events, identities)
            }
            Operation::Pass { .. } => Outcome::Nothing,
        }
    }

    /// All that the store holds.
    async fn compare(&self) {
        let listed = self.store.list(Filter { limit: 1000, ..Filter::default() }).await.unwrap();
        let mut found = vec![None; self.entries.len()];
        for entry in listed {
            let number = self.number(entry.id);
            found[number] = Some((
                entry.state,
                entry.due,
                entry.attempts,
                entry.key_reused,
                entry.idempotency_key,
                entry.last_error,
            ));
        }
        let expected: Vec<_> = self.model.entries().iter().map(|entry| entry.as_ref().map(summary)).collect();
        assert_eq!(found, expected, "after {:?}", self.done);

        let stats = self.store.stats().await.unwrap();
        assert_eq!(stats.identities, self.model.identities() as u64, "after {:?}", self.done);
        let due = self.store.next_due().await.unwrap();
        assert_eq!(due, self.model.next_due().map(at), "after {:?}", self.done);
    }

    fn number(&self, entry: EntryId) -> usize {
        self.entries.iter().position(|known| *known == entry).unwrap()
    }
}

type Summary = (State, Option<Timestamp>, u32, bool, Option<String>, Option<String>);

fn summary(entry: &ModelEntry) -> Summary {
    let due = (entry.state == State::Waiting).then(|| at(entry.at));
    let last_error = entry.failures.last().map(|(_, error)| (*error).to_owned());
    (
        entry.state,
        due,
        entry.attempts,
        entry.key_reused,
        entry.key.map(|key| format!("key-{key}")),
        last_error,
    )
}

fn at(seconds: i64) -> Timestamp {
    time(0) + SignedDuration::from_secs(seconds)
}

fn seconds(seconds: i64) -> Duration {
    Duration::from_secs(seconds.unsigned_abs())
}
