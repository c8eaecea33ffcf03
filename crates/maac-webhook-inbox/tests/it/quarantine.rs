//! What no live secret verified, on each store.

use std::{
    net::IpAddr,
    num::NonZeroU32,
    time::{Duration, Instant},
};

use ::metrics::set_default_local_recorder;
use maac_webhook_inbox::{
    Inbox, Quarantine, QuarantineLimits, QuarantineStats, QuarantineStore, RateLimit, State,
    maac_webhook::{
        Delivery, Endpoint, Rejection, RejectionKind, RequestHead, ShareSecret, ShareSecrets, Signature,
        Verifier, bytes::Bytes, jiff::Timestamp,
    },
    postgres::sqlx::{self, Connection},
    sqlite::rusqlite,
};
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::{sync::oneshot, task::JoinHandle};

use crate::worker::{Fixture, on_each_store};

fn secret(text: &str) -> ShareSecret {
    ShareSecret::new(text).unwrap()
}

/// An event of its own for each number, of now.
fn body(number: usize) -> Bytes {
    let now = Timestamp::now();
    let topic = "prize.points_added";
    format!(r#"{{"timestamp": "{now}", "topic": "{topic}", "data": {{"points_id": "p-{number}"}}}}"#).into()
}

on_each_store!(
    what_came_under_the_new_secret_is_an_event_once_it_is_known,
    what_was_kept_is_an_event_after_a_restart_with_the_right_secret,
    a_rotation_window_is_seen_by_all_receivers_within_a_second,
    a_flood_of_one_peer_keeps_no_event_of_another_out,
    a_flood_keeps_no_event_of_a_proven_peer_out,
    a_replay_proves_nobody,
    retries_of_what_is_kept_cost_nothing,
    it_ends_when_it_is_told_and_sees_the_window_while_much_is_to_be_verified,
);

/// A receiver whose quarantine is kept until it is dropped.
struct Receiver<S> {
    inbox: Inbox<S>,
    secrets: ShareSecrets,
    verifier: Verifier,
    stop: Option<oneshot::Sender<()>>,
    keeping: JoinHandle<()>,
}

impl<S: QuarantineStore> Receiver<S> {
    async fn start(inbox: &Inbox<S>, knows: &str) -> Self {
        Self::with_limits(inbox, knows, QuarantineLimits::default()).await
    }

    async fn with_limits(inbox: &Inbox<S>, knows: &str, limits: QuarantineLimits) -> Self {
        let secrets = ShareSecrets::new(secret(knows));
        let quarantine = Quarantine::new(inbox.clone()).with_limits(limits);
        let (endpoint, keeper) = quarantine.watch(Endpoint::new("crm", secrets.clone())).await.unwrap();
        let (stop, stopped) = oneshot::channel();
        let keeping = tokio::spawn(keeper.run(async { drop(stopped.await) }));
        let (inbox, verifier) = (inbox.clone(), Verifier::new(endpoint));
        Self { inbox, secrets, verifier, stop: Some(stop), keeping }
    }

    fn verify(&self, body: &Bytes, signed_with: &str, peer: &str) -> Result<Delivery, Rejection> {
        let signature = Signature::sign(&secret(signed_with), body).to_string();
        let peer: Option<IpAddr> = peer.parse().ok();
        let head = RequestHead::new([signature.as_bytes()], []).with_peer(peer);
        self.verifier.verify(head, body.clone())
    }

    /// As a handler does with what its layer let through.
    async fn receive(&self, body: &Bytes, signed_with: &str) -> u16 {
        let accepted = match self.verify(body, signed_with, "203.0.113.9") {
            Ok(delivery) => self.inbox.accept(delivery).await.map(drop),
            Err(rejection) => Err(rejection),
        };
        accepted.map_or_else(|rejection| rejection.status(), |()| 200)
    }

    async fn stats(&self) -> QuarantineStats {
        self.inbox.store().quarantine_stats().await.unwrap()
    }

    async fn until_kept(&self, requests: u64) {
        until(async || self.stats().await.requests == requests).await;
    }

    async fn stop(mut self) {
        drop(self.stop.take());
        self.keeping.await.unwrap();
    }
}

async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < Duration::from_secs(60), "it is not so");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn what_came_under_the_new_secret_is_an_event_once_it_is_known(fixture: Fixture<impl QuarantineStore>) {
    let receiver = Receiver::start(&fixture.inbox, "old").await;
    let (one, other) = (body(1), body(2));
    for sent in [&one, &other, &one] {
        assert_eq!(receiver.receive(sent, "new").await, 401);
    }
    assert_eq!(receiver.receive(&body(3), "forged").await, 401);
    receiver.until_kept(3).await;
    assert!(fixture.in_state(State::Waiting).await.is_empty());

    receiver.secrets.rotate(secret("new"), Duration::ZERO);
    fixture.until(State::Waiting, 2).await;
    receiver.until_kept(1).await;
    assert_eq!(receiver.receive(&one, "new").await, 200, "a late retry");
    assert_eq!(fixture.in_state(State::Waiting).await.len(), 2);
}

async fn what_was_kept_is_an_event_after_a_restart_with_the_right_secret(
    fixture: Fixture<impl QuarantineStore>,
) {
    let wrong = Receiver::start(&fixture.inbox, "wrong").await;
    for number in 0..100 {
        assert_eq!(wrong.receive(&body(number), "right").await, 401);
    }
    // It keeps what came just before it stopped, too.
    wrong.stop().await;
    let right = Receiver::start(&fixture.inbox, "right").await;
    fixture.until(State::Waiting, 100).await;
    right.until_kept(0).await;
}

async fn a_rotation_window_is_seen_by_all_receivers_within_a_second(fixture: Fixture<impl QuarantineStore>) {
    let receivers =
        [Receiver::start(&fixture.inbox, "old").await, Receiver::start(&fixture.inbox, "old").await];
    let statuses =
        async || [receivers[0].receive(&body(1), "new").await, receivers[1].receive(&body(1), "new").await];
    assert_eq!(statuses().await, [401, 401]);
    let store = fixture.inbox.store();
    let minute = Timestamp::now() + Duration::from_secs(60);
    for (until_then, expected) in [(Some(minute), 503), (None, 401), (Some(minute), 503)] {
        store.set_rotation(until_then).await.unwrap();
        let begun = Instant::now();
        until(async || statuses().await == [expected, expected]).await;
        assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    }
    // It ends by itself.
    store.set_rotation(Some(Timestamp::now() + Duration::from_millis(50))).await.unwrap();
    until(async || statuses().await == [401, 401]).await;
    // Whichever of them learns the new secret.
    receivers[1].secrets.set(secret("new"));
    until(async || fixture.inbox.store().stats().await.unwrap().waiting > 0).await;
}

async fn two_hundred_come(receiver: &Receiver<impl QuarantineStore>) {
    for number in 0..200 {
        assert_eq!(receiver.receive(&body(number), "new").await, 401);
    }
}

/// A flood that keeps every bucket and queue of those who are not proven full, from many addresses, while the store is slow.
async fn a_flood_keeps_no_event_of_a_proven_peer_out(fixture: Fixture<impl QuarantineStore>) {
    let receiver = Receiver::start(&fixture.inbox, "old").await;
    assert_eq!(receiver.receive(&body(0), "old").await, 200, "its peer is proven by it");
    let large = |number: usize| Bytes::from([&body(number)[..], &vec![b' '; 60_000]].concat());
    let mut genuine = 0;
    for flood in 1..=3000 {
        receiver.verify(&large(flood), "forged", &format!("192.0.2.{}", flood % 200)).unwrap_err();
        if flood % 10 == 0 {
            genuine += 1;
            assert_eq!(receiver.receive(&body(10_000 + flood), "new").await, 401);
        }
    }
    receiver.secrets.rotate(secret("new"), Duration::ZERO);
    // More than a list shows.
    until(async || fixture.inbox.store().stats().await.unwrap().waiting == 1 + genuine).await;
}

async fn a_replay_proves_nobody(fixture: Fixture<impl QuarantineStore>) {
    let number = |number| NonZeroU32::new(number).unwrap();
    let one = RateLimit { rate: NonZeroU32::MIN, burst: NonZeroU32::MIN };
    let limits = QuarantineLimits {
        peer: one,
        proven_peer: RateLimit { rate: number(1), burst: number(50) },
        ..Default::default()
    };
    let receiver = Receiver::with_limits(&fixture.inbox, "old", limits).await;
    let captured = body(0);
    assert_eq!(receiver.receive(&captured, "old").await, 200);
    let replayed = receiver.verify(&captured, "old", "192.0.2.1").unwrap();
    fixture.inbox.accept(replayed).await.unwrap();
    for forged in 1..20 {
        receiver.verify(&body(forged), "forged", "192.0.2.1").unwrap_err();
        assert_eq!(receiver.receive(&body(100 + forged), "new").await, 401);
    }
    // All nineteen of the one that brought a new event, and one or two of the one that replayed it.
    until(async || receiver.stats().await.requests >= 20).await;
    assert!(receiver.stats().await.requests < 25);
}

async fn a_flood_of_one_peer_keeps_no_event_of_another_out(fixture: Fixture<impl QuarantineStore>) {
    let number = |number| NonZeroU32::new(number).unwrap();
    let limits =
        QuarantineLimits { peer: RateLimit { rate: number(1), burst: number(20) }, ..Default::default() };
    let receiver = Receiver::with_limits(&fixture.inbox, "old", limits).await;
    let mut genuine = 0;
    for flood in 0..1000 {
        receiver.verify(&body(flood), "forged", "192.0.2.1").unwrap_err();
        if flood % 100 == 0 {
            genuine += 1;
            assert_eq!(receiver.receive(&body(10_000 + flood), "new").await, 401);
        }
    }
    receiver.secrets.set(secret("new"));
    fixture.until(State::Waiting, genuine).await;
    let kept = receiver.stats().await.requests;
    // One more may be let in for each second that it took.
    assert!((20..200).contains(&kept), "{kept}");
}

async fn retries_of_what_is_kept_cost_nothing(fixture: Fixture<impl QuarantineStore>) {
    let limit = RateLimit { rate: NonZeroU32::MIN, burst: NonZeroU32::new(100).unwrap() };
    let limits = QuarantineLimits { peer: limit, ..Default::default() };
    let receiver = Receiver::with_limits(&fixture.inbox, "old", limits).await;
    let bodies: Vec<_> = (0..100).map(body).collect();
    for _ in 0..4 {
        for body in &bodies {
            assert_eq!(receiver.receive(body, "new").await, 401);
        }
    }
    receiver.until_kept(100).await;
}

async fn it_ends_when_it_is_told_and_sees_the_window_while_much_is_to_be_verified(
    fixture: Fixture<impl QuarantineStore>,
) {
    let inbox = fixture.inbox.clone().with_patience(Duration::ZERO);
    let receiver = Receiver::start(&inbox, "old").await;
    for number in 0..500 {
        assert_eq!(receiver.receive(&body(number), "new").await, 401);
    }
    receiver.until_kept(500).await;
    // Each of them verifies now, and none can be stored in no time.
    receiver.secrets.set(secret("new"));
    let later = Timestamp::now() + Duration::from_secs(60);
    inbox.store().set_rotation(Some(later)).await.unwrap();
    until(async || receiver.receive(&body(1000), "forged").await == 503).await;
    tokio::time::timeout(Duration::from_secs(5), receiver.stop()).await.expect("it ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_sqlite_is_locked_what_comes_waits() {
    let fixture = Fixture::on_sqlite();
    let receiver = Receiver::start(&fixture.inbox, "old").await;
    let locked = rusqlite::Connection::open(&fixture.url).unwrap();
    locked.execute_batch("BEGIN IMMEDIATE").unwrap();
    two_hundred_come(&receiver).await;
    // Longer than the store waits for the lock.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    locked.execute_batch("ROLLBACK").unwrap();
    receiver.until_kept(200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_table_of_postgres_is_locked_what_comes_waits() {
    let Some(fixture) = Fixture::on_postgres().await else { return };
    let receiver = Receiver::start(&fixture.inbox, "old").await;
    let mut locked = sqlx::PgConnection::connect(&fixture.url).await.unwrap();
    sqlx::raw_sql("BEGIN; LOCK TABLE maac_inbox_quarantine").execute(&mut locked).await.unwrap();
    two_hundred_come(&receiver).await;
    // Longer than the store waits for the lock.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    sqlx::raw_sql("ROLLBACK").execute(&mut locked).await.unwrap();
    receiver.until_kept(200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forgeries_take_no_room_from_events_in_a_small_quota() {
    let fixture = Fixture::on_sqlite();
    fixture.inbox.store().set_quota(8 * 1024 * 1024);
    let receiver = Receiver::start(&fixture.inbox, "old").await;
    let large = |number: usize| Bytes::from([&body(number)[..], &vec![b' '; 60_000]].concat());
    for peer in 0..40 {
        for number in 0..10 {
            let peer_address = format!("192.0.2.{peer}");
            receiver.verify(&large(peer * 100 + number), "forged", &peer_address).unwrap_err();
        }
        // What waits has a bound of its own.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    until(async || receiver.stats().await.requests > 10).await;
    let kept = receiver.stats().await.bytes;
    assert!(kept <= 2 * 1024 * 1024, "a quarter of the quota, not {kept}");
    // Events take what is there, and what is in quarantine gives way.
    let mut stored = 0;
    while receiver.receive(&large(100_000 + stored), "old").await == 200 {
        stored += 1;
    }
    assert!(stored > 80, "{stored} events of 60 KB in 8 MiB");
    assert_eq!(receiver.stats().await.requests, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_cannot_be_read_keeps_no_other_in() {
    let fixture = Fixture::on_sqlite();
    let receiver = Receiver::start(&fixture.inbox, "old").await;
    for number in 0..100 {
        assert_eq!(receiver.receive(&body(number), "new").await, 401);
    }
    receiver.until_kept(100).await;
    let damaged = rusqlite::Connection::open(&fixture.url).unwrap();
    damaged.execute_batch("UPDATE maac_inbox_quarantine SET signature = x'00' WHERE id = 1").unwrap();
    receiver.secrets.set(secret("new"));
    fixture.until(State::Waiting, 99).await;
}

#[tokio::test]
async fn what_becomes_of_requests_is_counted() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _guard = set_default_local_recorder(&recorder);
    let fixture = Fixture::on_sqlite();
    let limits = QuarantineLimits {
        peer: RateLimit { rate: NonZeroU32::MIN, burst: NonZeroU32::MIN },
        ..Default::default()
    };
    let receiver = Receiver::with_limits(&fixture.inbox, "old", limits).await;
    let sent = [0, 1, 2].map(body);
    for (number, peer) in [(1, "192.0.2.1"), (1, "192.0.2.2"), (2, "192.0.2.1")] {
        receiver.verify(&sent[number], "new", peer).unwrap_err();
    }
    let counted = async |outcome: &str, expected: u32| {
        let line =
            format!(r#"maac_webhook_quarantined_total{{endpoint="crm",outcome="{outcome}"}} {expected}"#);
        until(async || recorder.handle().render().contains(&line)).await;
    };
    counted("limited", 1).await;
    counted("kept", 1).await;
    counted("known", 1).await;
    until(async || recorder.handle().render().contains("maac_webhook_quarantine_requests")).await;
    receiver.secrets.set(secret("new"));
    counted("released", 1).await;
}

/// A body that was handled before the secret changed, captured then, or sent again by MAAC under the new one.
#[tokio::test]
async fn an_old_body_after_a_secret_change_is_known_under_the_new_secret_and_forged_under_the_old() {
    let fixture = Fixture::on_sqlite();
    let receiver = Receiver::start(&fixture.inbox, "old").await;
    let old = body(1);
    assert_eq!(receiver.receive(&old, "old").await, 200);
    receiver.secrets.rotate(secret("new"), Duration::ZERO);
    assert_eq!(
        receiver.receive(&old, "old").await,
        401,
        "whoever captured it has no valid signature any more"
    );
    assert_eq!(receiver.receive(&old, "new").await, 200);
    assert_eq!(fixture.in_state(State::Waiting).await.len(), 1);
    // Back under the old secret, what was captured is known too.
    receiver.secrets.rotate(secret("old"), Duration::ZERO);
    receiver.until_kept(0).await;
    assert_eq!(fixture.in_state(State::Waiting).await.len(), 1);
}

#[tokio::test]
async fn a_secret_change_under_load_loses_events_without_a_quarantine_and_none_with_one() {
    let fixture = Fixture::on_sqlite();
    let bare = Verifier::new(Endpoint::new("bare", secret("old")));
    let receiver = Receiver::start(&fixture.inbox, "old").await;
    let mut lost = 0;
    for number in 0..50 {
        let sent = body(number);
        let signature = Signature::sign(&secret("new"), &sent).to_string();
        let head = RequestHead::new([signature.as_bytes()], []);
        lost += usize::from(!bare.verify(head, sent.clone()).unwrap_err().kind().sender_retries());
        assert_eq!(receiver.receive(&sent, "new").await, RejectionKind::SignatureMismatch.status());
    }
    receiver.secrets.rotate(secret("new"), ShareSecrets::DEFAULT_OVERLAP);
    assert_eq!((lost, fixture.until(State::Waiting, 50).await.len()), (50, 50));
}
