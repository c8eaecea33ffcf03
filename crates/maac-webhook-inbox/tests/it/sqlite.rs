//! What is SQLite's own.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use maac_webhook_inbox::{
    Claimed, Incoming, Settlement, State, Store, Verdict, Worker,
    acceptance::{self, delivery},
    maac_webhook::{RejectionKind, jiff::Timestamp},
    sqlite::{SqliteStore, rusqlite},
};
use tower::service_fn;

use crate::worker::{Fixture, start};

#[tokio::test(flavor = "multi_thread")]
async fn the_sqlite_store_passes_the_acceptance_suite() {
    let folder = tempfile::tempdir().unwrap();
    let stores = AtomicUsize::new(0);
    acceptance::suite(async || {
        let number = stores.fetch_add(1, Ordering::Relaxed);
        SqliteStore::open(folder.path().join(format!("{number}.db"))).unwrap()
    })
    .await;
    assert!(stores.load(Ordering::Relaxed) > 10);
    acceptance::quarantine_suite(async || {
        let number = stores.fetch_add(1, Ordering::Relaxed);
        SqliteStore::open(folder.path().join(format!("{number}.db"))).unwrap()
    })
    .await;
}

#[tokio::test]
async fn a_handler_may_complete_an_event_in_the_transaction_of_its_effects() {
    let fixture = Fixture::on_sqlite();
    let path = fixture.url.clone();
    let own = rusqlite::Connection::open(&path).unwrap();
    own.execute_batch("CREATE TABLE effects (points_id TEXT)").unwrap();
    let handler = service_fn(move |claimed: Claimed| {
        let path = path.clone();
        async move {
            let effect = tokio::task::spawn_blocking(move || -> rusqlite::Result<bool> {
                let mut own = rusqlite::Connection::open(path)?;
                own.busy_timeout(Duration::from_secs(10))?;
                let transaction = own.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
                transaction.execute(
                    "INSERT INTO effects VALUES (?)",
                    [claimed.delivery.event().natural_key().as_str()],
                )?;
                let ours = SqliteStore::complete_in(&transaction, claimed.claim, Timestamp::now())?;
                if ours {
                    transaction.commit()?;
                }
                Ok(ours)
            });
            assert!(effect.await.unwrap().unwrap());
            Ok::<_, std::io::Error>(())
        }
    });
    for number in 0..5 {
        fixture.accept(number).await;
    }
    let (_stop, _running) = start(Worker::new(fixture.inbox.clone(), handler));
    let done = fixture.until(State::Done, 5).await;
    assert!(done.iter().all(|entry| entry.attempts == 1 && entry.last_error.is_none()), "{done:#?}");
    let effects: usize = own.query_row("SELECT count(*) FROM effects", [], |row| row.get(0)).unwrap();
    assert_eq!(effects, 5);
}

#[tokio::test]
async fn a_delivery_may_be_accepted_in_a_transaction_of_ones_own() {
    let fixture = Fixture::on_sqlite();
    let mut own = rusqlite::Connection::open(&fixture.url).unwrap();
    let incoming = Incoming::new(delivery(r#"{"topic": "t", "data": {}}"#, Some("key-1")));
    let transaction = own.transaction().unwrap();
    SqliteStore::accept_in(&transaction, incoming.clone(), Timestamp::now()).unwrap();
    transaction.rollback().unwrap();
    assert!(fixture.in_state(State::Waiting).await.is_empty());

    let transaction = own.transaction().unwrap();
    let accepted = SqliteStore::accept_in(&transaction, incoming.clone(), Timestamp::now()).unwrap();
    transaction.commit().unwrap();
    assert_eq!(fixture.in_state(State::Waiting).await[0].id, accepted.entry.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_inbox_answers_503_and_goes_on_once_there_is_room() {
    let fixture = Fixture::on_sqlite();
    let store = fixture.inbox.store();
    store.set_quota(1024 * 1024);
    let large =
        |number: usize| delivery(format!("{number}{}", "x".repeat(20_000)), Some(&format!("key-{number}")));

    let (mut accepted, mut refused) = (Vec::new(), Vec::new());
    for number in 0..100 {
        match fixture.inbox.accept(large(number)).await {
            Ok(_) => accepted.push(number),
            Err(rejection) => {
                assert_eq!((rejection.kind(), rejection.status()), (RejectionKind::StoreUnavailable, 503));
                assert!(rejection.detail().unwrap().contains("no room left"), "{rejection}");
                refused.push(number);
            }
        }
    }
    assert!(accepted.len() > 20 && refused.len() > 20, "{} and {}", accepted.len(), refused.len());
    // What is there is handled all the same.
    let claimed = store.claim(1, Duration::from_secs(60), Timestamp::now()).await.unwrap();
    assert!(store.settle(claimed[0].claim, Settlement::Done, Timestamp::now()).await.unwrap());

    store.set_quota(100 * 1024 * 1024);
    for number in refused {
        let verdict = fixture.inbox.accept(large(number)).await.unwrap().verdict;
        assert_eq!(verdict, Verdict::New, "nothing of what was refused is left");
    }
    for number in accepted {
        assert_eq!(fixture.inbox.accept(large(number)).await.unwrap().verdict, Verdict::Duplicate);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stalled_store_holds_on_to_is_bounded_in_bytes() {
    let fixture = Fixture::on_sqlite();
    let inbox = fixture.inbox.clone().with_patience(Duration::from_millis(100)).with_waiting_bytes(30_000);
    let large = |number: usize| delivery(format!("{number}{}", "x".repeat(20_000)), None);
    let stalled = rusqlite::Connection::open(&fixture.url).unwrap();
    stalled.execute_batch("BEGIN IMMEDIATE").unwrap();

    let refused = async |number| inbox.accept(large(number)).await.unwrap_err();
    let gave_up = refused(1).await;
    assert!(gave_up.detail().unwrap().contains("longer than"), "{gave_up}");
    let no_place = refused(2).await;
    assert_eq!((no_place.kind(), no_place.status()), (RejectionKind::StoreUnavailable, 503));
    assert!(no_place.detail().unwrap().contains("too many bytes"), "{no_place}");

    stalled.execute_batch("ROLLBACK").unwrap();
    let accepted = async {
        while inbox.accept(large(3)).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), accepted).await.expect("there is room again");
}

#[tokio::test]
async fn one_delivery_may_be_larger_than_all_that_may_wait() {
    let fixture = Fixture::on_sqlite();
    let inbox = fixture.inbox.clone().with_waiting_bytes(1);
    for number in 0..3 {
        assert_eq!(inbox.accept(delivery(format!("{number}"), None)).await.unwrap().verdict, Verdict::New);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn an_inbox_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let fixture = Fixture::on_sqlite();
    fixture.inbox.accept(delivery("x", None)).await.unwrap();
    for suffix in ["", "-wal", "-shm"] {
        let mode = std::fs::metadata(format!("{}{suffix}", fixture.url)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{suffix}");
    }
}
