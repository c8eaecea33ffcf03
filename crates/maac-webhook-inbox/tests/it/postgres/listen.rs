//! Being told of work that another process stored.

use std::time::Duration;

use maac_webhook_inbox::{Inbox, Store, Worker, maac_webhook::Delivery, postgres::PgStore};
use tower::service_fn;

use super::{accept, database, event, execute, number, store, until};
use crate::worker::start;

async fn until_done(store: &PgStore, events: u64) {
    until("they are handled", async || {
        let stats = store.stats().await.unwrap();
        if stats.done == events { Ok(()) } else { Err(stats) }
    })
    .await;
}

#[tokio::test]
async fn a_worker_is_told_of_what_another_receiver_stores_also_after_its_listener_was_lost() {
    let Some((url, mut own)) = database().await else { return };
    let (receiver, working) = (store(&url).await, store(&url).await);
    let handler = service_fn(async |_: Delivery| Ok::<_, std::io::Error>(()));
    // It must be told: it would not look by itself.
    let never = Duration::from_secs(3600);
    let (_stop, _running) = start(Worker::new(Inbox::new(working.clone()), handler).with_look_every(never));
    accept(&receiver, event(1, None)).await.unwrap();
    until_done(&receiver, 1).await;

    let others = "pid <> pg_backend_pid() AND datname = current_database()";
    execute(&mut own, format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")).await;
    // At once, on a connection that was lost: the store finds another one.
    accept(&receiver, event(2, None)).await.unwrap();
    until_done(&receiver, 2).await;

    let listening =
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()";
    until("it listens again", async || match number(&mut own, listening).await {
        1 => Ok(()),
        other => Err(other),
    })
    .await;
    accept(&receiver, event(3, None)).await.unwrap();
    until_done(&receiver, 3).await;
}
