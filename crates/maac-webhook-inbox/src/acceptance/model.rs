//! What a store does, in memory: the model that real ones are held against, and that a model checker can explore.

use std::collections::BTreeMap;

use super::operation::{Body, Ending, Operation};
use crate::{Reaped, State, Verdict, columns::LEASE_ENDED};

/// The model's settings, in seconds: small, so that a few operations reach what takes months.
pub(super) const LEASE: i64 = 10;
pub(super) const DUE_AFTER: i64 = 5;
pub(super) const MAX_ATTEMPTS: u32 = 2;
pub(super) const KEEP_DONE: i64 = 20;
pub(super) const KEEP_IDENTITIES: i64 = 40;

/// A store, its clock, and the claims it has given out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Model {
    now: i64,
    identities: BTreeMap<Body, Identity>,
    /// In the order in which they were stored; one that was pruned leaves its place.
    entries: Vec<Option<ModelEntry>>,
    claims: Vec<ModelClaim>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Identity {
    key: Option<u8>,
    first_seen: i64,
}

/// An event in a [`Model`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ModelEntry {
    /// What it came with.
    pub body: Body,
    /// The key that it came with.
    pub key: Option<u8>,
    /// Where it stands.
    pub state: State,
    /// When it is due where it waits, when its lease ends where it is leased, else when it was settled.
    pub at: i64,
    /// How many attempts were begun.
    pub attempts: u32,
    /// How often it was claimed.
    pub claims: u32,
    /// Whether another event had its key before it.
    pub key_reused: bool,
    /// The attempts that failed: their numbers and errors.
    pub failures: Vec<(u32, &'static str)>,
}

/// A claim that a [`Model`] gave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ModelClaim {
    /// The event, counted from 0 in the order in which they were stored.
    pub entry: usize,
    /// Which attempt it is, counted from 1.
    pub attempt: u32,
    /// Which claim of the event it is, counted from 1.
    pub serial: u32,
}

/// What an operation gave.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Nothing to tell, or nothing to do it to.
    Nothing,
    /// What a delivery was, the event it was stored as, and whether that is held.
    Accepted(Verdict, Option<usize>, bool),
    /// The events that were claimed, the attempt each is at, and whether its key was reused.
    Claimed(Vec<(usize, u32, bool)>),
    /// Whether it was so.
    Whether(bool),
    /// What leases had ended.
    Reaped(Reaped),
    /// How many events and identities went.
    Pruned(u64, u64),
}

impl Model {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Its clock, in seconds from when it was made.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.now
    }

    /// The events, in the order in which they were stored; one that was pruned leaves its place.
    #[must_use]
    pub fn entries(&self) -> &[Option<ModelEntry>] {
        &self.entries
    }

    /// The claims, in the order in which they were given out.
    #[must_use]
    pub fn claims(&self) -> &[ModelClaim] {
        &self.claims
    }

    /// How many bodies are known.
    #[must_use]
    pub fn identities(&self) -> usize {
        self.identities.len()
    }

    /// Whether this body is known.
    #[must_use]
    pub fn knows(&self, body: Body) -> bool {
        self.identities.contains_key(&body)
    }

    /// Whether this claim's event is still leased by it.
    #[must_use]
    pub fn is_held(&self, claim: ModelClaim) -> bool {
        self.entry(claim.entry).is_some_and(|entry| entry.is_leased_by(claim))
    }

    /// When the next event is due.
    #[must_use]
    pub fn next_due(&self) -> Option<i64> {
        self.in_state(State::Waiting).map(|(_, entry)| entry.at).min()
    }

    /// Does it.
    pub fn apply(&mut self, operation: Operation) -> Outcome {
        match operation {
            Operation::Accept { body, key, hold, hold_if_key_reused } => {
                self.accept(body, key, hold, hold_if_key_reused)
            }
            Operation::Claim { limit } => self.claim(limit.into()),
            Operation::Extend { claim } => self.extend(claim.into()),
            Operation::Settle { claim, ending } => self.settle(claim.into(), ending),
            Operation::Reap => self.reap(),
            Operation::Retry { entry } => self.retry(entry.into()),
            Operation::Prune => self.prune(),
            Operation::Pass { seconds } => {
                self.now += i64::from(seconds);
                Outcome::Nothing
            }
        }
    }

    fn accept(&mut self, body: Body, key: Option<u8>, hold: bool, hold_if_key_reused: bool) -> Outcome {
        let verdict = self.judge(body, key);
        if !verdict.is_handled() {
            return Outcome::Accepted(verdict, None, false);
        }
        let key_reused = verdict == Verdict::KeyReused;
        let held = hold || key_reused && hold_if_key_reused;
        self.entries.push(Some(ModelEntry {
            body,
            key,
            state: if held { State::Held } else { State::Waiting },
            at: self.now,
            attempts: 0,
            claims: 0,
            key_reused,
            failures: Vec::new(),
        }));
        Outcome::Accepted(verdict, Some(self.entries.len() - 1), held)
    }

    fn judge(&mut self, body: Body, key: Option<u8>) -> Verdict {
        if let Some(known) = self.identities.get(&body) {
            return if known.key == key { Verdict::Duplicate } else { Verdict::Replay };
        }
        let mut others = Vec::new();
        if key.is_some() {
            others
                .extend(self.identities.iter().filter(|(_, other)| other.key == key).map(|(body, _)| *body));
        }
        self.identities.insert(body, Identity { key, first_seen: self.now });
        if others.is_empty() {
            Verdict::New
        } else if others.iter().any(|other| other.is_rebuilt(body)) {
            Verdict::Duplicate
        } else {
            Verdict::KeyReused
        }
    }

    fn claim(&mut self, limit: usize) -> Outcome {
        let now = self.now;
        let mut due: Vec<_> = self
            .in_state(State::Waiting)
            .map(|(id, entry)| (entry.at, id))
            .filter(|due| due.0 <= now)
            .collect();
        due.sort_unstable();
        let mut ids: Vec<_> = due.into_iter().take(limit).map(|(_, id)| id).collect();
        ids.sort_unstable();
        let claimed = ids.into_iter().filter_map(|id| {
            let entry = self.entries.get_mut(id)?.as_mut()?;
            entry.set(State::Leased, now + LEASE);
            entry.attempts += 1;
            entry.claims += 1;
            self.claims.push(ModelClaim { entry: id, attempt: entry.attempts, serial: entry.claims });
            Some((id, entry.attempts, entry.key_reused))
        });
        Outcome::Claimed(claimed.collect())
    }

    fn extend(&mut self, claim: usize) -> Outcome {
        let until = self.now + LEASE;
        if let Some((claim, entry)) = self.claimed(claim)
            && entry.is_leased_by(claim)
        {
            entry.at = until;
        }
        Outcome::Nothing
    }

    fn settle(&mut self, claim: usize, ending: Ending) -> Outcome {
        if self.claims.get(claim).is_none() {
            return Outcome::Nothing;
        }
        let now = self.now;
        let Some((claim, entry)) = self.claimed(claim) else { return Outcome::Whether(false) };
        if !entry.is_leased_by(claim) {
            // A handler may have completed it in a transaction of its own.
            let is_done = entry.state == State::Done && entry.claims == claim.serial;
            return Outcome::Whether(is_done && ending == Ending::Done);
        }
        match ending {
            Ending::Done => entry.set(State::Done, now),
            Ending::Failed => entry.set(State::Waiting, now + DUE_AFTER),
            Ending::Dead => entry.set(State::Dead, now),
            Ending::Returned => {
                entry.set(State::Waiting, now);
                entry.attempts -= 1;
            }
        }
        if matches!(ending, Ending::Failed | Ending::Dead) {
            entry.failures.push((claim.attempt, ending.error()));
        }
        Outcome::Whether(true)
    }

    fn reap(&mut self) -> Outcome {
        let (now, mut reaped) = (self.now, Reaped::default());
        let ended = self.entries.iter_mut().flatten();
        for entry in ended.filter(|entry| entry.state == State::Leased && entry.at <= now) {
            entry.failures.push((entry.attempts, LEASE_ENDED));
            if entry.attempts >= MAX_ATTEMPTS {
                entry.set(State::Dead, now);
                reaped.dead += 1;
            } else {
                entry.set(State::Waiting, now);
                reaped.returned += 1;
            }
        }
        Outcome::Reaped(reaped)
    }

    fn retry(&mut self, entry: usize) -> Outcome {
        if entry >= self.entries.len() {
            return Outcome::Nothing;
        }
        let now = self.now;
        let entry = self.entries.get_mut(entry).and_then(Option::as_mut);
        let settled = entry.filter(|entry| matches!(entry.state, State::Done | State::Dead | State::Held));
        let Some(entry) = settled else { return Outcome::Whether(false) };
        entry.set(State::Waiting, now);
        entry.attempts = 0;
        Outcome::Whether(true)
    }

    fn prune(&mut self) -> Outcome {
        let (mut events, old) = (0, self.now - KEEP_DONE);
        for entry in &mut self.entries {
            if entry.as_ref().is_some_and(|entry| entry.state == State::Done && entry.at < old) {
                *entry = None;
                events += 1;
            }
        }
        let (known, old) = (self.identities.len(), self.now - KEEP_IDENTITIES);
        self.identities.retain(|_, identity| identity.first_seen >= old);
        Outcome::Pruned(events, (known - self.identities.len()) as u64)
    }

    fn in_state(&self, state: State) -> impl Iterator<Item = (usize, &ModelEntry)> {
        let entries = self.entries.iter().enumerate().filter_map(|(id, entry)| Some((id, entry.as_ref()?)));
        entries.filter(move |(_, entry)| entry.state == state)
    }

    fn entry(&self, id: usize) -> Option<&ModelEntry> {
        self.entries.get(id)?.as_ref()
    }

    fn claimed(&mut self, claim: usize) -> Option<(ModelClaim, &mut ModelEntry)> {
        let claim = *self.claims.get(claim)?;
        Some((claim, self.entries.get_mut(claim.entry)?.as_mut()?))
    }
}

impl ModelEntry {
    fn is_leased_by(&self, claim: ModelClaim) -> bool {
        self.state == State::Leased && self.claims == claim.serial
    }

    fn set(&mut self, state: State, at: i64) {
        self.state = state;
        self.at = at;
    }
}
