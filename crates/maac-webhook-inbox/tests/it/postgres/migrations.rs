//! The schema's versions.

use std::time::{Duration, Instant};

use maac_webhook_inbox::{QuarantineStore, Store, StoreErrorKind, postgres::PgStore};

use super::{all_at_once, database, execute, number, store};

#[tokio::test(flavor = "multi_thread")]
async fn eight_receivers_that_start_at_once_make_one_inbox() {
    let Some((url, mut own)) = database().await else { return };
    let stores = all_at_once((0..8).map(|_| {
        let url = url.clone();
        tokio::spawn(async move { PgStore::connect(&url).await })
    }));
    for store in stores.await {
        assert_eq!(store.unwrap().unwrap().stats().await.unwrap().waiting, 0);
    }
    assert_eq!(number(&mut own, "SELECT count(*) FROM maac_inbox_version").await, 2);
}

#[tokio::test]
async fn an_inbox_of_a_later_version_is_refused() {
    let Some((url, mut own)) = database().await else { return };
    drop(store(&url).await);
    execute(&mut own, "INSERT INTO maac_inbox_version VALUES (99)").await;
    let error = PgStore::connect(&url).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Incompatible);
    assert_eq!(error.to_string(), "the inbox is of version 99, and this program knows 2 at most");
}

#[tokio::test]
async fn an_inbox_of_the_first_version_is_brought_up_to_date_with_what_is_in_it() {
    let Some((url, mut own)) = database().await else { return };
    let first = store(&url).await;
    super::accept(&first, super::event(1, Some("key-1"))).await.unwrap();
    drop(first);
    execute(
        &mut own,
        "DROP TABLE maac_inbox_quarantine, maac_inbox_rotation; DELETE FROM maac_inbox_version WHERE version > 1",
    )
    .await;
    let now = store(&url).await;
    assert_eq!(now.stats().await.unwrap().waiting, 1);
    assert_eq!(now.quarantine_stats().await.unwrap().requests, 0);
}

#[tokio::test]
async fn what_may_not_create_tables_may_use_those_that_are_there() {
    let Some((url, mut own)) = database().await else { return };
    drop(store(&url).await);
    execute(
        &mut own,
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC;
         CREATE ROLE receiver LOGIN;
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO receiver",
    )
    .await;
    let restricted = store(&url.replace("maac@", "receiver@")).await;
    let accepted = super::accept(&restricted, super::event(1, Some("key-1"))).await.unwrap();
    assert!(accepted.entry.is_some());
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_soon() {
    let begun = Instant::now();
    // A port that nobody listens at but the system's own.
    let error = PgStore::connect("postgres://maac@127.0.0.1:1/inbox").await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert_eq!(PgStore::connect("mysql:inbox").await.unwrap_err().kind(), StoreErrorKind::Failed);
}
