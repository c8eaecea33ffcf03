//! The suite that every [`Store`] passes: run [`suite`] in a test of a store of your own, and [`quarantine_suite`] where it is a
//! [`QuarantineStore`](crate::QuarantineStore). It panics where one does not.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a suite of tests panics")]

mod follow;
mod model;
mod operation;
mod quarantine;

use std::{collections::HashSet, time::Duration};

use maac_webhook::{
    Delivery, Endpoint, RequestHead, ShareSecret, Signature, Verifier, bytes::Bytes, jiff::Timestamp,
};

use crate::{
    Backlog, Claim, Claimed, EntryId, Filter, Incoming, Reaped, Retention, Settlement, State, Stats, Store,
    Verdict,
};

pub use follow::follow_the_model;
pub use model::{Model, ModelClaim, ModelEntry, Outcome};
pub use operation::{Body, Ending, Operation};
pub use quarantine::quarantine_suite;

const LEASE: Duration = Duration::from_secs(60);

/// Runs every case on a store of its own that `new_store` makes, empty.
pub async fn suite<S: Store>(new_store: impl AsyncFn() -> S) {
    the_identity_table(&new_store().await).await;
    a_rebuilt_retry_is_known_by_its_own_body_too(&new_store().await).await;
    endpoints_do_not_share_identities(&new_store().await).await;
    a_burnt_key_loses_no_event(&new_store().await).await;
    a_thousand_copies_at_once_are_one_event(&new_store().await).await;
    any_bytes_come_back_as_they_were(&new_store().await).await;
    what_is_held_is_not_claimed_until_it_is_retried(&new_store().await).await;
    claims_are_in_order_and_exclusive(&new_store().await).await;
    an_attempt_ends_as_it_is_settled(&new_store().await).await;
    only_the_holder_of_a_lease_settles(&new_store().await).await;
    a_lease_that_ends_returns_the_event_or_ends_it(&new_store().await).await;
    a_prolonged_lease_does_not_end(&new_store().await).await;
    what_is_dead_is_listed_shown_and_retried(&new_store().await).await;
    only_what_is_done_is_pruned(&new_store().await).await;
    a_key_is_known_as_long_as_a_body_that_came_with_it(&new_store().await).await;
    a_waiter_is_told_of_work(&new_store().await).await;
}

/// A verified delivery to the endpoint `crm`.
#[must_use]
pub fn delivery(body: impl Into<Bytes>, key: Option<&str>) -> Delivery {
    delivery_to("crm", body, key)
}

fn delivery_to(endpoint: &str, body: impl Into<Bytes>, key: Option<&str>) -> Delivery {
    let (body, secret) = (body.into(), ShareSecret::new("acceptance").unwrap());
    let signature = Signature::sign(&secret, &body).to_string();
    let head = RequestHead::new([signature.as_bytes()], key.map(str::as_bytes));
    Verifier::new(Endpoint::new(endpoint, secret)).verify(head, body).unwrap()
}

/// An event's body, one of its own for each number and second.
fn body(number: u32, second: u32) -> String {
    format!(
        r#"{{"timestamp": "2026-11-24T10:00:{second:02}+08:00", "topic": "prize.points_added", "data": {{"points_id": "p-{number}"}}}}"#
    )
}

fn time(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

async fn accept(store: &impl Store, delivery: Delivery) -> (Verdict, Option<EntryId>) {
    let accepted = store.accept(Incoming::new(delivery), time(0)).await.unwrap();
    (accepted.verdict, accepted.entry)
}

async fn verdict(store: &impl Store, delivery: Delivery) -> Verdict {
    let (verdict, entry) = accept(store, delivery).await;
    assert_eq!(entry.is_some(), verdict.is_handled());
    verdict
}

async fn claim(store: &impl Store, limit: usize, now: i64) -> Vec<Claimed> {
    store.claim(limit, LEASE, time(now)).await.unwrap()
}

async fn claim_one(store: &impl Store, now: i64) -> Claim {
    let claimed = claim(store, 10, now).await;
    assert_eq!(claimed.len(), 1, "one event is due");
    claimed[0].claim
}

async fn the_identity_table(store: &impl Store) {
    assert_eq!(verdict(store, delivery(body(1, 0), Some("key-1"))).await, Verdict::New);
    assert_eq!(verdict(store, delivery(body(2, 0), None)).await, Verdict::New);
    // Known bodies.
    assert_eq!(verdict(store, delivery(body(1, 0), Some("key-1"))).await, Verdict::Duplicate);
    assert_eq!(verdict(store, delivery(body(2, 0), None)).await, Verdict::Duplicate);
    assert_eq!(verdict(store, delivery(body(1, 0), Some("key-2"))).await, Verdict::Replay);
    assert_eq!(verdict(store, delivery(body(1, 0), None)).await, Verdict::Replay);
    assert_eq!(verdict(store, delivery(body(2, 0), Some("key-3"))).await, Verdict::Replay);
    // A replay's key is not registered.
    assert_eq!(verdict(store, delivery(body(3, 0), Some("key-2"))).await, Verdict::New);
    // New bodies under a known key.
    assert_eq!(verdict(store, delivery(body(1, 9), Some("key-1"))).await, Verdict::Duplicate);
    assert_eq!(verdict(store, delivery(body(4, 0), Some("key-1"))).await, Verdict::KeyReused);
    assert_eq!(verdict(store, delivery(body(4, 0), Some("key-1"))).await, Verdict::Duplicate);
    // Each event of a reused key has retries of its own.
    assert_eq!(verdict(store, delivery(body(4, 9), Some("key-1"))).await, Verdict::Duplicate);
    assert_eq!(verdict(store, delivery(body(1, 10), Some("key-1"))).await, Verdict::Duplicate);
    assert_eq!(verdict(store, delivery("no envelope", Some("key-1"))).await, Verdict::KeyReused);
    assert_eq!(verdict(store, delivery("nor this", Some("key-1"))).await, Verdict::KeyReused);

    let claimed = claim(store, 10, 0).await;
    let reused: Vec<_> = claimed.iter().map(|claimed| claimed.key_reused).collect();
    assert_eq!(reused, [false, false, false, true, true, true]);
}

async fn a_rebuilt_retry_is_known_by_its_own_body_too(store: &impl Store) {
    assert_eq!(verdict(store, delivery(body(1, 0), Some("key-1"))).await, Verdict::New);
    assert_eq!(verdict(store, delivery(body(1, 1), Some("key-1"))).await, Verdict::Duplicate);
    assert_eq!(verdict(store, delivery(body(1, 1), Some("key-1"))).await, Verdict::Duplicate);
    assert_eq!(verdict(store, delivery(body(1, 1), Some("key-2"))).await, Verdict::Replay);
}

async fn endpoints_do_not_share_identities(store: &impl Store) {
    for endpoint in ["crm", "shop"] {
        let delivery = delivery_to(endpoint, body(1, 0), Some("key-1"));
        assert_eq!(verdict(store, delivery).await, Verdict::New);
    }
}

/// Whoever captured a request sends its body under the key that a genuine event is about to use.
async fn a_burnt_key_loses_no_event(store: &impl Store) {
    assert_eq!(verdict(store, delivery(body(1, 0), Some("key-1"))).await, Verdict::New);
    assert_eq!(verdict(store, delivery(body(1, 0), Some("key-2"))).await, Verdict::Replay);
    assert_eq!(verdict(store, delivery(body(2, 0), Some("key-2"))).await, Verdict::New);
    assert_eq!(claim(store, 10, 0).await.len(), 2);
}

async fn a_thousand_copies_at_once_are_one_event(store: &impl Store) {
    let mut copies = tokio::task::JoinSet::new();
    for copy in 0..1000 {
        let store = store.clone();
        // Four events, whose copies come mixed.
        let delivery = delivery(body(copy % 4, 0), Some(&format!("key-{}", copy % 4)));
        copies.spawn(async move { accept(&store, delivery).await });
    }
    let accepted = copies.join_all().await;
    let new = accepted.iter().filter(|(verdict, _)| *verdict == Verdict::New).count();
    let duplicates = accepted.iter().filter(|(verdict, _)| *verdict == Verdict::Duplicate).count();
    assert_eq!((new, duplicates), (4, 996));
    let stored: HashSet<_> = claim(store, 10, 0).await.iter().map(|claimed| claimed.claim.entry()).collect();
    assert_eq!(stored, accepted.iter().filter_map(|(_, entry)| *entry).collect());
}

async fn any_bytes_come_back_as_they_were(store: &impl Store) {
    let bodies: Vec<Bytes> = vec![
        Bytes::new(),
        Bytes::from_static(b"\0"),
        Bytes::from_static(br#"{"topic": "a\u0000b", "data": {"x": "\u0000"}}"#),
        Bytes::from_static(b"{\"topic\": \"a\0b\", \"data\": {}}"),
        Bytes::from_static(&[0xff, 0xfe, 0x00, 0x80]),
        Bytes::from(vec![b'x'; 1024 * 1024]),
        Bytes::from("{\"topic\": \"女\u{1f389}'\\\";--\", \"data\": {}}"),
    ];
    let sent: Vec<_> = bodies.iter().map(|body| delivery(body.clone(), Some("k'\";--"))).collect();
    for delivery in &sent {
        assert!(verdict(store, delivery.clone()).await.is_handled());
    }
    let claimed = claim(store, 100, 0).await;
    assert_eq!(claimed.len(), sent.len());
    for (sent, claimed) in sent.iter().zip(claimed) {
        let back = claimed.delivery;
        assert_eq!(back.body(), sent.body());
        assert_eq!(back.idempotency_key(), sent.idempotency_key());
        assert_eq!(back.signature(), sent.signature());
        assert_eq!((back.endpoint(), back.matched()), (sent.endpoint(), sent.matched()));
        assert_eq!(back.received_at().as_microsecond(), sent.received_at().as_microsecond());
    }
}

async fn what_is_held_is_not_claimed_until_it_is_retried(store: &impl Store) {
    let mut incoming = Incoming::new(delivery(body(1, 0), Some("key-1")));
    incoming.hold = true;
    let accepted = store.accept(incoming, time(0)).await.unwrap();
    assert_eq!((accepted.verdict, accepted.held), (Verdict::New, true));
    let mut incoming = Incoming::new(delivery(body(2, 0), Some("key-1")));
    incoming.hold_if_key_reused = true;
    let reused = store.accept(incoming, time(0)).await.unwrap();
    assert_eq!((reused.verdict, reused.held), (Verdict::KeyReused, true));
    assert!(claim(store, 10, 1000).await.is_empty());

    let held = store.list(Filter::in_state(State::Held)).await.unwrap();
    assert_eq!(held.iter().map(|entry| Some(entry.id)).collect::<Vec<_>>(), [reused.entry, accepted.entry]);
    assert!(store.retry(held[0].id, time(5)).await.unwrap());
    assert_eq!(claim_one(store, 5).await.entry(), held[0].id);
}

async fn claims_are_in_order_and_exclusive(store: &impl Store) {
    let mut stored = Vec::new();
    for number in 0..10 {
        stored.extend(accept(store, delivery(body(number, 0), None)).await.1);
    }
    let order = |claimed: &[Claimed]| claimed.iter().map(|claimed| claimed.claim.entry()).collect::<Vec<_>>();
    assert_eq!(order(&claim(store, 4, 0).await), stored[..4]);
    let mut rest = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let store = store.clone();
        rest.spawn(async move { claim(&store, 2, 0).await });
    }
    let mut rest: Vec<_> =
        rest.join_all().await.concat().iter().map(|claimed| claimed.claim.entry()).collect();
    rest.sort_unstable();
    assert_eq!(rest, stored[4..], "each is claimed once");
}

async fn an_attempt_ends_as_it_is_settled(store: &impl Store) {
    accept(store, delivery(body(1, 0), None)).await;
    let failed = |due| Settlement::Failed { error: "no \"database\"".to_owned(), due: time(due) };

    let first = claim_one(store, 0).await;
    assert_eq!(first.attempt(), 1);
    assert!(store.settle(first, failed(10), time(1)).await.unwrap());
    assert_eq!(store.next_due().await.unwrap(), Some(time(10)));
    assert!(claim(store, 10, 9).await.is_empty());

    let second = claim_one(store, 10).await;
    assert_eq!(second.attempt(), 2);
    assert!(store.settle(second, Settlement::Returned, time(11)).await.unwrap());

    let again = claim_one(store, 11).await;
    assert_eq!(again.attempt(), 2, "what was given back was no attempt");
    assert!(!store.settle(second, Settlement::Done, time(12)).await.unwrap(), "an earlier claim is void");
    assert!(store.settle(again, Settlement::Done, time(12)).await.unwrap());
    assert!(store.settle(again, Settlement::Done, time(12)).await.unwrap(), "it was done in this very claim");
    assert!(!store.settle(again, failed(20), time(12)).await.unwrap());
    assert!(claim(store, 10, 100_000).await.is_empty());
    assert_eq!(store.next_due().await.unwrap(), None);
    let expected = Stats { done: 1, identities: 1, ..Stats::default() };
    assert_eq!(store.stats().await.unwrap(), expected);
}

async fn only_the_holder_of_a_lease_settles(store: &impl Store) {
    accept(store, delivery(body(1, 0), None)).await;
    let lost = claim_one(store, 0).await;
    assert_eq!(store.reap(5, time(60)).await.unwrap(), Reaped::new(1, 0));
    let held = claim_one(store, 60).await;
    for settlement in [Settlement::Done, Settlement::Dead { error: "x".to_owned() }, Settlement::Returned] {
        assert!(!store.settle(lost, settlement, time(61)).await.unwrap());
    }
    assert!(store.settle(held, Settlement::Done, time(62)).await.unwrap());
}

async fn a_lease_that_ends_returns_the_event_or_ends_it(store: &impl Store) {
    accept(store, delivery(body(1, 0), None)).await;
    claim_one(store, 0).await;
    assert_eq!(store.reap(2, time(59)).await.unwrap(), Reaped::new(0, 0));
    assert_eq!(store.reap(2, time(60)).await.unwrap(), Reaped::new(1, 0));
    assert_eq!(claim_one(store, 60).await.attempt(), 2);
    assert_eq!(
        store.reap(2, time(120)).await.unwrap(),
        Reaped::new(0, 1),
        "what kills its worker goes dead too"
    );
    let dead = store.list(Filter::in_state(State::Dead)).await.unwrap();
    assert_eq!((dead.len(), dead[0].attempts), (1, 2));
    let (_, _, failures) = store.show(dead[0].id).await.unwrap().unwrap();
    assert_eq!(failures.iter().map(|failure| failure.number).collect::<Vec<_>>(), [1, 2]);
}

async fn a_prolonged_lease_does_not_end(store: &impl Store) {
    accept(store, delivery(body(1, 0), None)).await;
    let held = claim_one(store, 0).await;
    store.extend(vec![held], LEASE, time(50)).await.unwrap();
    assert_eq!(store.reap(9, time(109)).await.unwrap(), Reaped::new(0, 0));
    assert_eq!(store.reap(9, time(110)).await.unwrap(), Reaped::new(1, 0));
    // Not one that is lost.
    store.extend(vec![held], LEASE, time(110)).await.unwrap();
    assert_eq!(claim_one(store, 110).await.attempt(), 2);
}

async fn what_is_dead_is_listed_shown_and_retried(store: &impl Store) {
    let body = body(1, 0);
    accept(store, delivery(body.clone(), Some("key-1"))).await;
    let claim = claim_one(store, 0).await;
    let error = "女: 'no'".to_owned();
    store.settle(claim, Settlement::Dead { error: error.clone() }, time(1)).await.unwrap();

    let dead = store.list(Filter::in_state(State::Dead)).await.unwrap();
    let entry = &dead[0];
    assert_eq!((dead.len(), entry.id, entry.state), (1, claim.entry(), State::Dead));
    assert_eq!((entry.endpoint.as_str(), entry.idempotency_key.as_deref()), ("crm", Some("key-1")));
    assert_eq!((entry.attempts, entry.body_bytes), (1, body.len()));
    assert_eq!(entry.last_error.as_deref(), Some(error.as_str()));
    let filter = Filter { before: Some(entry.id), ..Filter::default() };
    assert!(store.list(filter).await.unwrap().is_empty());

    let (shown, delivery, failures) = store.show(entry.id).await.unwrap().unwrap();
    assert_eq!((&shown, delivery.body().as_ref()), (entry, body.as_bytes()));
    assert_eq!(
        (failures.len(), failures[0].error.as_str(), failures[0].ended_at),
        (1, error.as_str(), time(1))
    );
    assert!(store.show(EntryId::new(i64::MAX)).await.unwrap().is_none());

    assert!(store.retry(entry.id, time(2)).await.unwrap());
    assert!(!store.retry(entry.id, time(2)).await.unwrap(), "it waits already");
    let again = claim_one(store, 2).await;
    assert_eq!(again.attempt(), 1, "all its attempts are before it");
    assert!(!store.settle(claim, Settlement::Done, time(3)).await.unwrap(), "its earlier claim is void");
    store.settle(again, Settlement::Dead { error }, time(3)).await.unwrap();
    let (_, _, failures) = store.show(entry.id).await.unwrap().unwrap();
    assert_eq!(failures.len(), 2, "what went before is kept");
}

async fn only_what_is_done_is_pruned(store: &impl Store) {
    for number in 0..4 {
        accept(store, delivery(body(number, 0), Some(&format!("key-{number}")))).await;
    }
    let claimed = claim(store, 3, 0).await;
    store.settle(claimed[0].claim, Settlement::Done, time(0)).await.unwrap();
    store.settle(claimed[1].claim, Settlement::Dead { error: "x".to_owned() }, time(0)).await.unwrap();
    let retention = Retention { done: Duration::from_secs(10), identities: Duration::from_secs(100) };

    assert_eq!(store.prune(retention, 10, time(10)).await.unwrap(), (0, 0));
    assert_eq!(store.prune(retention, 10, time(11)).await.unwrap(), (1, 0));
    assert_eq!(verdict(store, delivery(body(0, 0), Some("key-0"))).await, Verdict::Duplicate);
    assert_eq!(store.prune(retention, 3, time(1000)).await.unwrap(), (0, 3));
    assert_eq!(store.prune(retention, 3, time(1000)).await.unwrap(), (0, 1));
    assert_eq!(verdict(store, delivery(body(0, 0), Some("key-0"))).await, Verdict::New);
    let stats = store.stats().await.unwrap();
    assert_eq!((stats.waiting, stats.leased, stats.dead, stats.done), (2, 1, 1, 0));
    let Stats { waiting, leased, dead, held, oldest_waiting, .. } = stats;
    assert!(oldest_waiting.is_some());
    let expected = Backlog { waiting, leased, dead, held, oldest_waiting };
    assert_eq!(store.backlog().await.unwrap(), expected);
}

/// A retry that was built anew is known for longer than the first try, and its key with it.
async fn a_key_is_known_as_long_as_a_body_that_came_with_it(store: &impl Store) {
    let accept_at = async |body: String, now| {
        store.accept(Incoming::new(delivery(body, Some("key-1"))), time(now)).await.unwrap().verdict
    };
    let retention = Retention { done: Duration::from_secs(10), identities: Duration::from_secs(100) };
    assert_eq!(accept_at(body(1, 0), 0).await, Verdict::New);
    assert_eq!(accept_at(body(1, 1), 50).await, Verdict::Duplicate);
    assert_eq!(store.prune(retention, 10, time(101)).await.unwrap(), (0, 1));
    assert_eq!(accept_at(body(2, 0), 101).await, Verdict::KeyReused);
    assert_eq!(store.prune(retention, 10, time(1000)).await.unwrap(), (0, 2));
    assert_eq!(accept_at(body(3, 0), 1000).await, Verdict::New);
}

async fn a_waiter_is_told_of_work(store: &impl Store) {
    let waiting = store.clone();
    let told = tokio::spawn(async move { waiting.wait_for_work().await });
    accept(store, delivery(body(1, 0), None)).await;
    // Generous, since a machine may be busy; a worker looks by itself each second.
    tokio::time::timeout(Duration::from_secs(20), told).await.unwrap().unwrap();
}
