use std::sync::atomic::{AtomicUsize, Ordering};

use maac_webhook_inbox::{acceptance, sqlite::SqliteStore};

#[tokio::test(flavor = "multi_thread")]
async fn the_sqlite_store_passes_the_acceptance_suite() {
    let folder = tempfile::tempdir().unwrap();
    let stores = AtomicUsize::new(0);
    acceptance::suite(async || {
        let number = stores.fetch_add(1, Ordering::Relaxed);
        SqliteStore::open(folder.path().join(format!("{number}.db"))).unwrap()
    })
    .await;
    assert!(stores.into_inner() > 10);
}
