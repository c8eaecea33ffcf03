//! What a worker has claimed, until it is settled.

use std::{
    collections::HashMap,
    error::Error,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use backon::{BackoffBuilder, ExponentialBuilder};
use maac_webhook::{error_with_causes, jiff::Timestamp};
use tokio::time::sleep;
use tower_service::Service;

use super::Worker;
use crate::{Claim, Claimed, EntryId, Settlement, Store, metrics};

/// What this worker has claimed and not settled.
#[derive(Clone, Default)]
pub(super) struct AtWork(Arc<Mutex<HashMap<EntryId, Claim>>>);

impl AtWork {
    pub(super) fn claims(&self) -> MutexGuard<'_, HashMap<EntryId, Claim>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn handle<S, H, R>(self, worker: Worker<S, H>, claimed: Claimed)
    where
        S: Store,
        H: Service<R>,
        H::Error: Into<Box<dyn Error + Send + Sync>>,
        R: From<Claimed>,
    {
        let (claim, store) = (claimed.claim, worker.inbox.store().clone());
        let endpoint = claimed.delivery.endpoint().to_owned();
        let _held = Held::new(&self, claim);
        let settlement = worker.attempt(claimed).await;
        metrics::attempt(&endpoint, &settlement);
        match &settlement {
            Settlement::Failed { error, due } => {
                let (entry, attempt, error) = (claim.entry().get(), claim.attempt(), one_line(error));
                tracing::warn!(entry, attempt, %due, "an event was not handled, and is due again: {error}");
            }
            Settlement::Dead { error } => {
                let (entry, attempt, error) = (claim.entry().get(), claim.attempt(), one_line(error));
                tracing::error!(entry, attempt, "an event is a dead letter: {error}");
            }
            _ => {}
        }
        settle(&store, claim, settlement).await;
    }

    pub(super) async fn extend(&self, store: &impl Store, lease: Duration) {
        let claims: Vec<_> = self.claims().values().copied().collect();
        if !claims.is_empty()
            && let Err(error) = store.extend(claims, lease, Timestamp::now()).await
        {
            metrics::store_error(&error);
            tracing::warn!(error = %error_with_causes(&error), "leases could not be prolonged");
        }
    }
}

/// Gives back what was cut off. What had been settled by then is not given back.
pub(super) async fn give_back(store: &impl Store, claims: Vec<Claim>) {
    tracing::warn!(events = claims.len(), "given back: they were not done when the worker stopped");
    for claim in claims {
        // Where it fails, the lease ends by itself.
        let _ = store.settle(claim, Settlement::Returned, Timestamp::now()).await;
    }
}

/// A claim whose lease is prolonged until this is dropped, by a panic too.
struct Held<'a> {
    at_work: &'a AtWork,
    entry: EntryId,
}

impl<'a> Held<'a> {
    fn new(at_work: &'a AtWork, claim: Claim) -> Self {
        at_work.claims().insert(claim.entry(), claim);
        Self { at_work, entry: claim.entry() }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.at_work.claims().remove(&self.entry);
    }
}

/// A handler's error may quote what a stranger wrote, which is to begin no line of the log, nor steer a terminal.
fn one_line(error: &str) -> String {
    error.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

/// Writes down what became of an attempt. Should the store be away for longer, the event is handled again.
async fn settle(store: &impl Store, claim: Claim, settlement: Settlement) {
    let tries =
        ExponentialBuilder::new().with_min_delay(Duration::from_millis(100)).with_max_times(8).build();
    for pause in tries.map(Some).chain([None]) {
        match store.settle(claim, settlement.clone(), Timestamp::now()).await {
            Ok(true) => return,
            Ok(false) => {
                let entry = claim.entry().get();
                tracing::warn!(
                    entry,
                    "the lease of an event was lost while it was handled: it may be handled twice"
                );
                return;
            }
            Err(error) => {
                metrics::store_error(&error);
                match pause {
                    Some(pause) => sleep(pause).await,
                    None => {
                        let (entry, error) = (claim.entry().get(), error_with_causes(&error));
                        tracing::error!(
                            entry,
                            error,
                            "what became of an event could not be written: it is handled again"
                        );
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stranger_wrote_begins_no_line_of_the_log() {
        assert_eq!(
            one_line("女: a\r\nERROR b\u{1b}[31m\u{9b}"),
            "女: a\u{fffd}\u{fffd}ERROR b\u{fffd}[31m\u{fffd}"
        );
    }
}
