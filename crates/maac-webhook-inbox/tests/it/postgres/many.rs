//! Several receivers and several workers on one database.

use std::{future::pending, sync::Arc, time::Duration};

use maac_webhook_inbox::{
    Accepted, Filter, Inbox, State, Store, Verdict, Worker, acceptance::delivery, maac_webhook::Delivery,
};
use tokio::sync::Barrier;
use tower::service_fn;

use super::{accept, all_at_once, database, event, number, store, until};
use crate::worker::{Seen, start};

fn count(accepted: &[Accepted], verdict: Verdict) -> usize {
    accepted.iter().filter(|accepted| accepted.verdict == verdict).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_copies_through_two_receivers_are_one_event() {
    let Some((url, _)) = database().await else { return };
    let stores = [store(&url).await, store(&url).await];
    let copies = (0..1000).map(|copy| {
        let store = stores[copy % 2].clone();
        tokio::spawn(async move { accept(&store, event(1, Some("key-1"))).await.unwrap() })
    });
    let accepted: Vec<_> = all_at_once(copies).await.into_iter().map(Result::unwrap).collect();
    assert_eq!((count(&accepted, Verdict::New), count(&accepted, Verdict::Duplicate)), (1, 999));
    assert_eq!(stores[0].stats().await.unwrap().waiting, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_receivers_accept_is_handled_though_one_of_two_workers_is_gone_in_the_middle() {
    const EVENTS: usize = 300;
    let Some((url, _)) = database().await else { return };
    let stores = [store(&url).await, store(&url).await];
    let lease = Duration::from_millis(500);
    // The one that will be gone is stuck in each third event.
    let stuck = service_fn(|delivery: Delivery| async move {
        if delivery.body().len().is_multiple_of(3) { pending().await } else { Ok::<_, std::io::Error>(()) }
    });
    let gone = Worker::new(Inbox::new(stores[0].clone()), stuck).with_lease(lease);
    let (_gone_stop, gone) = start(gone);

    let accepting = (0..EVENTS * 4).map(|copy| {
        let (store, number) = (stores[copy % 2].clone(), copy / 4);
        let body = format!(
            r#"{{"topic": "prize.points_added", "data": {{"points_id": "{}"}}}}"#,
            "p".repeat(number)
        );
        tokio::spawn(async move { accept(&store, delivery(body, None)).await.unwrap() })
    });
    let accepted: Vec<_> = all_at_once(accepting).await.into_iter().map(Result::unwrap).collect();
    assert_eq!((count(&accepted, Verdict::New), count(&accepted, Verdict::Duplicate)), (EVENTS, EVENTS * 3));

    until("the first worker is in the middle of something", async || {
        let leased = stores[1].stats().await.unwrap().leased;
        if leased > 0 { Ok(()) } else { Err(leased) }
    })
    .await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());

    let seen = Seen::default();
    let handler = {
        let seen = seen.clone();
        service_fn(move |delivery: Delivery| {
            seen.note(&delivery);
            async { Ok::<_, std::io::Error>(()) }
        })
    };
    let (stop, other) = start(Worker::new(Inbox::new(stores[1].clone()), handler).with_lease(lease));
    until("every event is handled", async || {
        let stats = stores[1].stats().await.unwrap();
        if stats.done == EVENTS as u64 { Ok(()) } else { Err(stats) }
    })
    .await;
    stop.send(()).unwrap();
    other.await.unwrap();
    let mut done = Filter::in_state(State::Done);
    done.limit = EVENTS;
    let again = stores[0].list(done).await.unwrap();
    assert!(
        again.iter().any(|entry| entry.attempts == 2),
        "some were in the hands of the worker that is gone"
    );
    assert!(!seen.times().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_receivers_of_the_same_events_in_opposite_orders_never_wait_in_a_circle() {
    const ROUNDS: usize = 60;
    const EVENTS: usize = 120;
    let Some((url, mut own)) = database().await else { return };
    // A circle is found and counted before anybody gives up waiting.
    let url = format!("{url}?options[deadlock_timeout]=10ms");
    let stores = [store(&url).await, store(&url).await];
    let together = Arc::new(Barrier::new(stores.len()));
    for round in 0..ROUNDS {
        // Through the second receiver, each event comes under the key that another has through the first.
        let key = |event: usize| format!("key-{round}-{event}");
        let sent = |receiver: usize, place: usize| match receiver {
            0 => event(round * EVENTS + place, Some(&key(place))),
            _ => event(round * EVENTS + EVENTS - 1 - place, Some(&key(place / 2))),
        };
        let receivers = stores.iter().enumerate().map(|(receiver, store)| {
            let (store, together) = (store.clone(), together.clone());
            let sent: Vec<_> = (0..EVENTS).map(|place| sent(receiver, place)).collect();
            tokio::spawn(async move {
                let mut accepted = Vec::new();
                // Batches of several sizes, that begin together and meet.
                together.wait().await;
                for some in sent.chunks([EVENTS, EVENTS * 2 / 3, 10][round % 3]) {
                    accepted.extend(all_at_once(some.iter().map(|sent| accept(&store, sent.clone()))).await);
                }
                accepted.into_iter().collect::<Result<Vec<_>, _>>().unwrap()
            })
        });
        let accepted: Vec<_> = all_at_once(receivers).await.into_iter().map(Result::unwrap).collect();
        for place in 0..EVENTS {
            let (one, other) = (accepted[0][place].verdict, accepted[1][EVENTS - 1 - place].verdict);
            let handled = usize::from(one.is_handled()) + usize::from(other.is_handled());
            assert_eq!(handled, 1, "an event is handled once: {one:?}, {other:?}");
        }
        let all = accepted.concat();
        assert_eq!(count(&all, Verdict::New) + count(&all, Verdict::KeyReused), EVENTS);
    }
    let events = number(&mut own, "SELECT count(*) FROM maac_inbox_events").await;
    assert_eq!(events, (ROUNDS * EVENTS) as i64);
    let wrong =
        "SELECT count(*) FROM maac_inbox_keys JOIN maac_inbox_events USING (endpoint, idempotency_key)
                  WHERE NOT key_reused GROUP BY endpoint, idempotency_key HAVING count(*) <> 1";
    let wrong: Option<i64> =
        maac_webhook_inbox::postgres::sqlx::query_scalar(wrong).fetch_optional(&mut own).await.unwrap();
    assert_eq!(wrong, None, "each key is one event's");
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(number(&mut own, deadlocks).await, 0);
}
