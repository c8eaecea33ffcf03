//! The stores do what the model does, whatever is done to them; and the model keeps what is promised, in every order of
//! what a sender, receivers, workers, clocks and crashes can do.

mod promises;
mod world;

use maac_webhook_inbox::{
    acceptance::{Body, Ending, Operation, follow_the_model},
    sqlite::SqliteStore,
};
use maac_webhook_test_postgres::Postgres;
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, TestRunner},
};

/// Operations that meet each other: few events, keys and claims.
fn operation() -> impl Strategy<Value = Operation> {
    let body = prop_oneof![
        6 => (0..3_u8, 0..3_u8).prop_map(|(event, build)| Body::Event { event, build }),
        1 => (0..2_u8).prop_map(|number| Body::Unreadable { number }),
    ];
    let ending = prop_oneof![
        3 => Just(Ending::Done),
        1 => Just(Ending::Failed),
        1 => Just(Ending::Dead),
        1 => Just(Ending::Returned),
    ];
    let accept = (body, proptest::option::of(0..3_u8), prop::bool::weighted(0.1), prop::bool::weighted(0.2));
    prop_oneof![
        6 => accept.prop_map(|(body, key, hold, hold_if_key_reused)| {
            Operation::Accept { body, key, hold, hold_if_key_reused }
        }),
        4 => (1..4_u8).prop_map(|limit| Operation::Claim { limit }),
        1 => (0..6_u8).prop_map(|claim| Operation::Extend { claim }),
        4 => (0..8_u8, ending).prop_map(|(claim, ending)| Operation::Settle { claim, ending }),
        2 => Just(Operation::Reap),
        1 => (0..4_u8).prop_map(|entry| Operation::Retry { entry }),
        2 => Just(Operation::Prune),
        3 => prop_oneof![0..12_u8, 30..60_u8].prop_map(|seconds| Operation::Pass { seconds }),
    ]
}

/// Operations, and now and then a worker that is never heard of again.
fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let worker_lost = [Operation::Claim { limit: 3 }, Operation::Pass { seconds: 10 }, Operation::Reap];
    let some = prop_oneof![8 => operation().prop_map(|one| vec![one]), 1 => Just(worker_lost.to_vec())];
    vec(some, 1..40).prop_map(|some| some.concat())
}

fn runner(cases: u32) -> TestRunner {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(cases);
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[test]
fn the_sqlite_store_does_what_the_model_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("inbox.db");
    let checked = runner(100).run(&operations(), |operations| {
        for file in ["inbox.db", "inbox.db-wal", "inbox.db-shm"] {
            let _ = std::fs::remove_file(folder.path().join(file));
        }
        block_on(follow_the_model(&SqliteStore::open(&path).unwrap(), operations));
        Ok(())
    });
    checked.unwrap();
}

#[test]
fn the_postgres_store_does_what_the_model_does() {
    let Some(postgres) = Postgres::shared() else { return };
    let checked = runner(15).run(&operations(), |operations| {
        let url = postgres.new_database();
        block_on(async { follow_the_model(&super::postgres::store(&url).await, operations).await });
        Ok(())
    });
    checked.unwrap();
}
