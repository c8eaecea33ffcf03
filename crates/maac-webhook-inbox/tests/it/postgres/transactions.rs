//! Transactions of the user's own.

use std::time::Duration;

use maac_webhook_inbox::{
    Claim, Claimed, Incoming, Settlement, State, Store, Verdict, Worker,
    maac_webhook::jiff::Timestamp,
    postgres::{
        PgStore,
        sqlx::{self, Connection, PgPool},
    },
};
use tower::service_fn;

use super::{accept, database, event, execute, number, store};
use crate::worker::{Fixture, start};

async fn claim(store: &PgStore) -> Claim {
    store.claim(1, Duration::from_secs(60), Timestamp::now()).await.unwrap()[0].claim
}

#[tokio::test]
async fn a_delivery_is_accepted_with_the_users_own_rows_or_not_at_all() {
    let Some((url, mut own)) = database().await else { return };
    let store = store(&url).await;
    execute(&mut own, "CREATE TABLE rows (id BIGINT); SET synchronous_commit = off").await;
    let incoming = Incoming::new(event(1, Some("key-1")));
    for (commits, verdict) in [(false, Verdict::New), (true, Verdict::New), (true, Verdict::Duplicate)] {
        let mut transaction = own.begin().await.unwrap();
        execute(&mut transaction, "INSERT INTO rows VALUES (1)").await;
        let accepted =
            PgStore::accept_in(&mut transaction, incoming.clone(), Timestamp::now()).await.unwrap();
        assert_eq!(accepted.verdict, verdict);
        let durable: String =
            sqlx::query_scalar("SHOW synchronous_commit").fetch_one(&mut *transaction).await.unwrap();
        assert_eq!(durable, "on");
        if commits {
            transaction.commit().await.unwrap();
        } else {
            transaction.rollback().await.unwrap();
        }
    }
    assert_eq!(number(&mut own, "SELECT count(*) FROM rows").await, 2);
    assert_eq!(store.stats().await.unwrap().waiting, 1);
    assert_eq!(accept(&store, event(1, Some("key-1"))).await.unwrap().verdict, Verdict::Duplicate);
}

#[tokio::test]
async fn an_event_is_completed_with_its_effects_or_not_at_all() {
    let Some((url, mut own)) = database().await else { return };
    let store = store(&url).await;
    execute(&mut own, "CREATE TABLE effects (id BIGINT)").await;
    accept(&store, event(1, None)).await.unwrap();
    let claim = claim(&store).await;
    for commits in [false, true] {
        let mut transaction = own.begin().await.unwrap();
        execute(&mut transaction, "INSERT INTO effects VALUES (1)").await;
        assert!(PgStore::complete_in(&mut transaction, claim, Timestamp::now()).await.unwrap());
        if commits {
            transaction.commit().await.unwrap();
        } else {
            transaction.rollback().await.unwrap();
            assert_eq!(store.stats().await.unwrap().leased, 1);
        }
    }
    assert_eq!(number(&mut own, "SELECT count(*) FROM effects").await, 1);
    assert_eq!(store.stats().await.unwrap().done, 1);
    assert!(store.settle(claim, Settlement::Done, Timestamp::now()).await.unwrap(), "so the worker finds it");

    accept(&store, event(2, None)).await.unwrap();
    let lost = self::claim(&store).await;
    assert!(store.settle(lost, Settlement::Returned, Timestamp::now()).await.unwrap());
    let mut transaction = own.begin().await.unwrap();
    assert!(!PgStore::complete_in(&mut transaction, lost, Timestamp::now()).await.unwrap());
}

#[tokio::test]
async fn a_handler_may_complete_an_event_in_the_transaction_of_its_effects() {
    let Some(fixture) = Fixture::on_postgres().await else { return };
    let pool = PgPool::connect(&fixture.url).await.unwrap();
    sqlx::raw_sql("CREATE TABLE effects (points_id TEXT)").execute(&pool).await.unwrap();
    let handler = {
        let pool = pool.clone();
        service_fn(move |claimed: Claimed| {
            let pool = pool.clone();
            async move {
                let mut transaction = pool.begin().await?;
                sqlx::query("INSERT INTO effects VALUES ($1)")
                    .bind(claimed.delivery.event().natural_key().as_str())
                    .execute(&mut *transaction)
                    .await?;
                if PgStore::complete_in(&mut transaction, claimed.claim, Timestamp::now()).await? {
                    transaction.commit().await?;
                }
                Ok::<_, sqlx::Error>(())
            }
        })
    };
    for number in 0..5 {
        fixture.accept(number).await;
    }
    let (_stop, _running) = start(Worker::new(fixture.inbox.clone(), handler));
    let done = fixture.until(State::Done, 5).await;
    assert!(done.iter().all(|entry| entry.attempts == 1 && entry.last_error.is_none()), "{done:#?}");
    let effects: i64 = sqlx::query_scalar("SELECT count(*) FROM effects").fetch_one(&pool).await.unwrap();
    assert_eq!(effects, 5);
}
