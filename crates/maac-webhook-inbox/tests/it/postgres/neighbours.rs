//! Neighbours in a batch: whatever comes of one, the others are stored.

use std::time::Duration;

use maac_webhook_inbox::{
    Filter, Inbox, Incoming, Settlement, State, Store, StoreErrorKind, Verdict,
    acceptance::delivery,
    maac_webhook::jiff::Timestamp,
    postgres::{PgStore, sqlx::Connection},
};

use super::{accept, all_at_once, database, event, execute, store};

/// One for whoever starts at once, the others together.
const NEIGHBOURS: usize = 40;

#[tokio::test]
async fn a_nul_in_a_payload_fails_nobody() {
    let Some((url, _)) = database().await else { return };
    let store = store(&url).await;
    let odd = [
        &b"{\"topic\": \"\\u0000\", \"data\": {\"x\": \"\\u0000\"}}"[..],
        b"\0",
        b"{\"topic\": \"a\0\", \"data\": {}}",
    ];
    let deliveries = (0..NEIGHBOURS).map(|number| event(number, Some(&format!("key-{number}"))));
    let deliveries: Vec<_> = deliveries.chain(odd.map(|body| delivery(body, Some("odd")))).collect();
    let accepted = all_at_once(deliveries.iter().map(|delivery| accept(&store, delivery.clone()))).await;
    assert!(accepted.into_iter().all(|accepted| accepted.unwrap().verdict.is_handled()));

    let lease = Duration::from_secs(60);
    let claimed = store.claim(100, lease, Timestamp::now()).await.unwrap();
    let bodies: Vec<_> = claimed.iter().map(|claimed| claimed.delivery.body()).collect();
    assert_eq!(bodies, deliveries.iter().map(|delivery| delivery.body()).collect::<Vec<_>>());
}

#[tokio::test]
async fn copies_rebuilt_retries_and_reused_keys_in_one_batch_are_told_apart() {
    let Some((url, _)) = database().await else { return };
    let store = store(&url).await;
    let body = |second: u32, id: u32| {
        format!(
            r#"{{"timestamp": "2026-11-24T10:00:{second:02}+08:00", "topic": "t", "data": {{"id": {id}}}}}"#
        )
    };
    let sent = [
        (body(0, 1), Some("key-1"), Verdict::New),
        (body(0, 1), Some("key-1"), Verdict::Duplicate),
        (body(0, 1), Some("key-2"), Verdict::Replay),
        (body(0, 1), None, Verdict::Replay),
        (body(9, 1), Some("key-1"), Verdict::Duplicate),
        (body(9, 1), Some("key-3"), Verdict::Replay),
        (body(0, 2), Some("key-1"), Verdict::KeyReused),
        (body(0, 2), Some("key-1"), Verdict::Duplicate),
        (body(0, 3), Some("key-2"), Verdict::New),
        (body(0, 4), None, Verdict::New),
        (body(0, 4), None, Verdict::Duplicate),
        ("no envelope".to_owned(), Some("key-1"), Verdict::KeyReused),
        ("nor this".to_owned(), Some("key-4"), Verdict::New),
        ("nor that".to_owned(), Some("key-4"), Verdict::KeyReused),
    ];
    let accepting = sent.iter().map(|(body, key, _)| accept(&store, delivery(body.clone(), *key)));
    let verdicts: Vec<_> =
        all_at_once(accepting).await.into_iter().map(|accepted| accepted.unwrap().verdict).collect();
    assert_eq!(verdicts, sent.map(|(.., verdict)| verdict));
}

#[tokio::test]
async fn an_event_that_the_database_refuses_takes_nobody_with_it() {
    let Some((url, mut own)) = database().await else { return };
    let store = store(&url).await;
    execute(
        &mut own,
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN IF new.body = 'poison' THEN RAISE 'no'; END IF; RETURN new; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON maac_inbox_events FOR EACH ROW EXECUTE FUNCTION refuse()",
    )
    .await;
    let deliveries = (0..NEIGHBOURS).map(|number| event(number, None)).chain([delivery("poison", None)]);
    let mut accepted = all_at_once(deliveries.map(|delivery| accept(&store, delivery))).await;
    assert_eq!(accepted.pop().unwrap().unwrap_err().kind(), StoreErrorKind::Failed);
    assert!(accepted.into_iter().all(|accepted| accepted.unwrap().verdict == Verdict::New));

    execute(&mut own, "DROP TRIGGER refuse ON maac_inbox_events").await;
    let again = accept(&store, delivery("poison", None)).await.unwrap();
    assert_eq!(again.verdict, Verdict::New, "nothing is left of what was refused");
}

#[tokio::test]
async fn an_event_that_waits_for_somebody_keeps_nobody_waiting() {
    let Some((url, mut own)) = database().await else { return };
    // Patience for a busy machine.
    let inbox = Inbox::new(store(&url).await).with_patience(Duration::from_secs(20));
    let mut open = own.begin().await.unwrap();
    PgStore::accept_in(&mut open, Incoming::new(event(0, None)), Timestamp::now()).await.unwrap();

    let accepting = (0..NEIGHBOURS).map(|number| inbox.accept(event(number, None)));
    let mut accepted = all_at_once(accepting).await.into_iter();
    let refused = accepted.next().unwrap().unwrap_err();
    assert_eq!(refused.status(), 503);
    assert!(refused.detail().unwrap().contains("took"), "{refused}");
    assert!(accepted.all(|accepted| accepted.unwrap().verdict == Verdict::New));

    open.commit().await.unwrap();
    assert_eq!(inbox.accept(event(0, None)).await.unwrap().verdict, Verdict::Duplicate);
}

#[tokio::test]
async fn what_the_database_says_is_told_by_its_kind() {
    let Some((url, mut own)) = database().await else { return };
    let store = store(&url).await;
    let kinds = [
        ("53100", StoreErrorKind::Full),
        ("53200", StoreErrorKind::Overloaded),
        ("53300", StoreErrorKind::Unavailable),
        ("57P01", StoreErrorKind::Unavailable),
        ("25006", StoreErrorKind::Unavailable),
        ("57014", StoreErrorKind::Timeout),
        ("42P01", StoreErrorKind::Incompatible),
        ("40P01", StoreErrorKind::Failed),
        ("23514", StoreErrorKind::Failed),
    ];
    for (code, kind) in kinds {
        execute(
            &mut own,
            format!(
                "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                   $$ BEGIN RAISE 'no' USING ERRCODE = '{code}'; END $$;
                 CREATE OR REPLACE TRIGGER refuse BEFORE INSERT ON maac_inbox_events EXECUTE FUNCTION refuse()"
            ),
        )
        .await;
        assert_eq!(accept(&store, event(1, None)).await.unwrap_err().kind(), kind, "{code}");
    }
    execute(&mut own, "DROP TRIGGER refuse ON maac_inbox_events").await;
    assert_eq!(accept(&store, event(1, None)).await.unwrap().verdict, Verdict::New);
}

#[tokio::test]
async fn a_nul_in_an_error_is_replaced() {
    let Some((url, _)) = database().await else { return };
    let store = store(&url).await;
    accept(&store, event(1, None)).await.unwrap();
    let claimed = store.claim(1, Duration::from_secs(60), Timestamp::now()).await.unwrap();
    let dead = Settlement::Dead { error: "no\0database".to_owned() };
    assert!(store.settle(claimed[0].claim, dead, Timestamp::now()).await.unwrap());
    let listed = store.list(Filter::in_state(State::Dead)).await.unwrap();
    assert_eq!(listed[0].last_error.as_deref(), Some("no\u{fffd}database"));
}
