//! What is Postgres's own: many receivers, a server that goes away, and transactions of the user's.

mod durability;
mod listen;
mod many;
mod migrations;
mod neighbours;
mod outage;
mod transactions;

use std::{
    fmt::Debug,
    future::Future,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use maac_webhook_inbox::{
    Accepted, Incoming, Store, StoreError, acceptance,
    maac_webhook::{Delivery, jiff::Timestamp},
    postgres::{
        PgStore,
        sqlx::{self, Connection, PgConnection, raw_sql},
    },
};
use maac_webhook_test_postgres::Postgres;

/// A database of the test's own: its URL, and a connection to it.
async fn database() -> Option<(String, PgConnection)> {
    let url = Postgres::shared()?.new_database();
    let connection = PgConnection::connect(&url).await.unwrap();
    Some((url, connection))
}

pub(crate) async fn store(url: &str) -> PgStore {
    PgStore::connect(url).await.unwrap()
}

async fn execute(connection: &mut PgConnection, sql: impl Into<String>) {
    raw_sql(sqlx::AssertSqlSafe(sql.into())).execute(connection).await.unwrap();
}

async fn number(connection: &mut PgConnection, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(connection).await.unwrap()
}

async fn accept(store: &PgStore, delivery: Delivery) -> Result<Accepted, StoreError> {
    store.accept(Incoming::new(delivery), Timestamp::now()).await
}

/// An event of its own for each number.
fn event(number: usize, key: Option<&str>) -> Delivery {
    let body = format!(r#"{{"topic": "prize.points_added", "data": {{"points_id": "p-{number}"}}}}"#);
    acceptance::delivery(body, key)
}

async fn until<T: Debug>(what: &str, mut look: impl AsyncFnMut() -> Result<(), T>) {
    let begun = Instant::now();
    while let Err(found) = look().await {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}: {found:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// All at the same time, so that they share batches.
async fn all_at_once<T>(futures: impl IntoIterator<Item = impl Future<Output = T>>) -> Vec<T> {
    futures_util::future::join_all(futures).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_postgres_store_passes_the_acceptance_suite() {
    let Some((url, mut own)) = database().await else { return };
    for schema in 0..30 {
        execute(&mut own, format!("CREATE SCHEMA s{schema}")).await;
    }
    // One schema of the same database each.
    let stores = AtomicUsize::new(0);
    acceptance::suite(async || {
        let schema = stores.fetch_add(1, Ordering::Relaxed);
        store(&format!("{url}?options[search_path]=s{schema}")).await
    })
    .await;
    assert!(stores.load(Ordering::Relaxed) > 10);
    acceptance::quarantine_suite(async || {
        let schema = stores.fetch_add(1, Ordering::Relaxed);
        store(&format!("{url}?options[search_path]=s{schema}")).await
    })
    .await;
}
