//! A server that goes away under load, and comes back.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use maac_webhook_inbox::{
    Filter, Inbox, State, Store, Verdict, Worker,
    maac_webhook::{Delivery, RejectionKind},
};
use maac_webhook_test_postgres::Postgres;
use tower::service_fn;

use super::{event, store, until};
use crate::worker::{NO_TIME, Seen, start};

#[derive(Default)]
struct Load {
    numbers: AtomicUsize,
    stop: AtomicBool,
    acknowledged: Mutex<HashSet<usize>>,
    refused: Mutex<Vec<(RejectionKind, Duration)>>,
}

impl Load {
    fn acknowledged(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    fn refused(&self) -> usize {
        self.refused.lock().unwrap().len()
    }
}

async fn at_least(number: usize, of: impl Fn() -> usize) {
    until("enough of them", async || if of() >= number { Ok(()) } else { Err(of()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_with_the_server_and_it_is_found_again() {
    let Some(postgres) = Postgres::start() else { return };
    let inbox = Inbox::new(store(&postgres.new_database()).await);
    let seen = Seen::default();
    let handler = {
        let seen = seen.clone();
        service_fn(move |delivery: Delivery| {
            seen.note(&delivery);
            async { Ok::<_, std::io::Error>(()) }
        })
    };
    let worker = Worker::new(inbox.clone(), handler).with_lease(Duration::from_secs(2)).with_backoff(NO_TIME);
    let (stop, working) = start(worker);

    let load = Arc::new(Load::default());
    let producers: Vec<_> = (0..16)
        .map(|_| {
            let (inbox, load) = (inbox.clone(), load.clone());
            tokio::spawn(async move {
                while !load.stop.load(Ordering::Relaxed) {
                    let number = load.numbers.fetch_add(1, Ordering::Relaxed);
                    let begun = Instant::now();
                    match inbox.accept(event(number, None)).await {
                        Ok(_) => drop(load.acknowledged.lock().unwrap().insert(number)),
                        Err(error) => {
                            load.refused.lock().unwrap().push((error.kind(), begun.elapsed()));
                            // As a sender does.
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                    }
                }
            })
        })
        .collect();

    for _ in 0..2 {
        at_least(load.acknowledged() + 200, || load.acknowledged()).await;
        postgres.stop();
        at_least(load.refused() + 50, || load.refused()).await;
        postgres.run();
    }
    at_least(load.acknowledged() + 200, || load.acknowledged()).await;
    load.stop.store(true, Ordering::Relaxed);
    for producer in producers {
        producer.await.unwrap();
    }

    for (kind, took) in load.refused.lock().unwrap().iter() {
        assert_eq!((*kind, kind.status()), (RejectionKind::StoreUnavailable, 503));
        // The inbox's patience, and what a busy machine adds.
        assert!(*took < Duration::from_secs(20), "{took:?}");
    }
    until("everything is handled", async || {
        let stats = inbox.store().stats().await.unwrap();
        if stats.waiting + stats.leased == 0 { Ok(()) } else { Err(stats) }
    })
    .await;
    stop.send(()).unwrap();
    working.await.unwrap();

    let acknowledged = load.acknowledged.lock().unwrap().clone();
    let mut done = Filter::in_state(State::Done);
    done.limit = usize::MAX;
    let done = inbox.store().list(done).await.unwrap().len();
    assert!(done >= acknowledged.len(), "{done} of {}", acknowledged.len());
    assert_eq!(seen.times().len(), done);
    for number in acknowledged {
        assert!(seen.has(&event(number, None)), "event {number} was acknowledged");
        if number % 50 == 0 {
            assert_eq!(inbox.accept(event(number, None)).await.unwrap().verdict, Verdict::Duplicate);
        }
    }
}
