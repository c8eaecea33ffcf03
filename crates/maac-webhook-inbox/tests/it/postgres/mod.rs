//! What is Postgres's own: many receivers, a server that goes away, and transactions of the user's.

use std::sync::atomic::{AtomicUsize, Ordering};

use maac_webhook_inbox::{
    acceptance,
    postgres::{
        PgStore,
        sqlx::{self, Connection, PgConnection, raw_sql},
    },
};
use maac_webhook_test_postgres::Postgres;

async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap()
}

async fn execute(connection: &mut PgConnection, sql: String) {
    raw_sql(sqlx::AssertSqlSafe(sql)).execute(connection).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_postgres_store_passes_the_acceptance_suite() {
    let Some(postgres) = Postgres::shared() else { return };
    let url = postgres.new_database();
    let mut own = connect(&url).await;
    let stores = AtomicUsize::new(0);

    for schema in (0..30).map(|number| format!("s{number}")) {
        execute(&mut own, format!("CREATE SCHEMA {schema}")).await;
    }
    // One schema of the same database each.
    acceptance::suite(async || {
        let number = stores.fetch_add(1, Ordering::Relaxed);
        PgStore::connect(&format!("{url}?options[search_path]=s{number}")).await.unwrap()
    })
    .await;
    assert!(stores.into_inner() > 10);
}
