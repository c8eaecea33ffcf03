//! The worker, on each store.

use std::{
    collections::HashMap,
    error::Error,
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use maac_webhook_inbox::{
    Backoff, Claimed, Entry, Filter, Inbox, State, Store, Worker,
    acceptance::delivery,
    maac_webhook::{Delivery, TopicRouter, event::PrizePointsAdded, jiff::Timestamp},
    postgres::PgStore,
    sqlite::SqliteStore,
};
use maac_webhook_test_postgres::Postgres;
use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinHandle};
use tower::{Service, service_fn};

pub(crate) const NO_TIME: Backoff = Backoff::new(Duration::from_millis(1), Duration::from_millis(2));

/// An inbox that is empty.
pub(crate) struct Fixture<S> {
    pub(crate) inbox: Inbox<S>,
    /// Its file, or its database.
    pub(crate) url: String,
    _folder: Option<TempDir>,
}

impl Fixture<SqliteStore> {
    pub(crate) fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = folder.path().join("inbox.db").to_str().unwrap().to_owned();
        Self { inbox: Inbox::new(SqliteStore::open(&url).unwrap()), url, _folder: Some(folder) }
    }
}

impl Fixture<PgStore> {
    /// `None` where there is no Postgres.
    pub(crate) async fn on_postgres() -> Option<Self> {
        let url = Postgres::shared()?.new_database();
        Some(Self { inbox: Inbox::new(PgStore::connect(&url).await.unwrap()), url, _folder: None })
    }
}

impl<S: Store> Fixture<S> {
    pub(crate) async fn accept(&self, number: usize) {
        let body = format!(r#"{{"topic": "prize.points_added", "data": {{"points_id": "p-{number}"}}}}"#);
        self.inbox.accept(delivery(body, None)).await.unwrap();
    }

    pub(crate) async fn in_state(&self, state: State) -> Vec<Entry> {
        self.inbox.store().list(Filter::in_state(state)).await.unwrap()
    }

    /// Waits until so many events are in a state.
    pub(crate) async fn until(&self, state: State, events: usize) -> Vec<Entry> {
        let begun = Instant::now();
        loop {
            let found = self.in_state(state).await;
            if found.len() == events {
                return found;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "{} are {}: {found:#?}",
                found.len(),
                state.as_str()
            );
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// What a handler saw, by the body's number.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<HashMap<String, usize>>>);

impl Seen {
    pub(crate) fn note(&self, delivery: &Delivery) -> usize {
        let mut seen = self.0.lock().unwrap();
        let times = seen.entry(delivery.event().natural_key().to_string()).or_default();
        *times += 1;
        *times
    }

    pub(crate) fn has(&self, delivery: &Delivery) -> bool {
        self.0.lock().unwrap().contains_key(delivery.event().natural_key().as_str())
    }

    pub(crate) fn times(&self) -> Vec<usize> {
        self.0.lock().unwrap().values().copied().collect()
    }
}

/// Runs the worker until it is told to stop, or its sender is dropped.
pub(crate) fn start<S, H, R>(worker: Worker<S, H>) -> (oneshot::Sender<()>, JoinHandle<()>)
where
    S: Store,
    H: Service<R> + Clone + Send + 'static,
    H::Error: Into<Box<dyn Error + Send + Sync>>,
    H::Future: Send,
    R: From<Claimed> + Send + 'static,
{
    let (stop, stopped) = oneshot::channel::<()>();
    let stopped = async { drop(stopped.await) };
    (stop, tokio::spawn(worker.run(stopped)))
}

/// Each test on each store.
macro_rules! on_each_store {
    ($($test:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $test() {
                super::$test(super::Fixture::on_sqlite()).await;
            })*
        }

        mod on_postgres {
            $(#[tokio::test]
            async fn $test() {
                let Some(fixture) = super::Fixture::on_postgres().await else { return };
                super::$test(fixture).await;
            })*
        }
    };
}

pub(crate) use on_each_store;

on_each_store!(
    what_is_accepted_is_handled_at_once_and_once,
    an_event_that_fails_is_due_again_until_it_is_handled,
    what_fails_panics_or_takes_too_long_is_a_dead_letter_and_its_neighbours_are_handled,
    an_event_is_given_up_at_its_first_failure_after_so_long,
    what_cannot_be_read_goes_to_the_handler_or_to_the_dead_letters,
    no_more_events_are_handled_at_once_than_it_was_told,
    a_lease_is_prolonged_while_its_handler_runs,
    an_event_whose_worker_is_gone_is_handled_by_another,
    a_worker_that_stops_finishes_what_it_can_and_gives_the_rest_back,
    an_event_older_than_the_identities_is_held,
);

async fn what_is_accepted_is_handled_at_once_and_once(fixture: Fixture<impl Store>) {
    let seen = Seen::default();
    let handler = {
        let seen = seen.clone();
        TopicRouter::new().on::<(PrizePointsAdded, Delivery)>(move |(_, delivery)| {
            seen.note(&delivery);
            std::future::ready(Ok::<_, std::io::Error>(()))
        })
    };
    // It must be told of work: it would not look by itself.
    let never = Duration::from_secs(3600);
    let (stop, running) = start(Worker::new(fixture.inbox.clone(), handler).with_look_every(never));
    for number in 0..20 {
        fixture.accept(number).await;
        fixture.accept(number).await;
    }
    fixture.until(State::Done, 20).await;
    stop.send(()).unwrap();
    running.await.unwrap();
    assert_eq!(seen.times(), [1; 20]);
}

async fn an_event_that_fails_is_due_again_until_it_is_handled(fixture: Fixture<impl Store>) {
    let seen = Seen::default();
    let handler = {
        let seen = seen.clone();
        service_fn(move |delivery: Delivery| {
            let times = seen.note(&delivery);
            async move { if times < 3 { Err(std::io::Error::other(format!("failure {times}"))) } else { Ok(()) } }
        })
    };
    fixture.accept(1).await;
    let (_stop, _running) = start(Worker::new(fixture.inbox.clone(), handler).with_backoff(NO_TIME));
    let done = fixture.until(State::Done, 1).await;
    assert_eq!((seen.times(), done[0].attempts), (vec![3], 3));
    let (_, _, failures) = fixture.inbox.store().show(done[0].id).await.unwrap().unwrap();
    let errors: Vec<_> = failures.iter().map(|failure| failure.error.as_str()).collect();
    assert_eq!(errors, ["failure 1", "failure 2"]);
}

async fn what_fails_panics_or_takes_too_long_is_a_dead_letter_and_its_neighbours_are_handled(
    fixture: Fixture<impl Store>,
) {
    let handler = service_fn(|delivery: Delivery| async move {
        let body = std::str::from_utf8(delivery.body()).unwrap();
        match body {
            _ if body.contains("p-1\"") => Err(std::io::Error::other("no\0database")),
            _ if body.contains("p-2\"") => panic!("a bug"),
            _ if body.contains("p-3\"") => pending().await,
            _ => Ok(()),
        }
    });
    for number in 0..5 {
        fixture.accept(number).await;
    }
    let worker = Worker::new(fixture.inbox.clone(), handler)
        .with_backoff(NO_TIME)
        .with_max_attempts(2)
        .with_attempt_timeout(Duration::from_millis(50));
    let (_stop, _running) = start(worker);
    let dead = fixture.until(State::Dead, 3).await;
    fixture.until(State::Done, 2).await;
    assert!(dead.iter().all(|entry| entry.attempts == 2), "{dead:#?}");
    let mut errors: Vec<_> = dead.iter().map(|entry| entry.last_error.as_deref().unwrap()).collect();
    errors.sort_unstable();
    let timeout = "the handler took longer than 50ms";
    assert_eq!(errors, ["no\u{fffd}database", "the handler panicked: a bug", timeout]);
}

async fn an_event_is_given_up_at_its_first_failure_after_so_long(fixture: Fixture<impl Store>) {
    let seen = Seen::default();
    let handler = {
        let seen = seen.clone();
        service_fn(move |delivery: Delivery| {
            seen.note(&delivery);
            async { Err::<(), _>(std::io::Error::other("down")) }
        })
    };
    fixture.accept(1).await;
    let age = Duration::from_millis(300);
    let worker = Worker::new(fixture.inbox.clone(), handler)
        .with_backoff(NO_TIME)
        .with_max_attempts(u32::MAX)
        .with_give_up_after(age);
    let (_stop, _running) = start(worker);
    let dead = fixture.until(State::Dead, 1).await;
    let (entry, _, failures) = fixture.inbox.store().show(dead[0].id).await.unwrap().unwrap();
    let old = |at: Timestamp| Duration::try_from(at.duration_since(entry.received_at)).unwrap() >= age;
    let (last, before) = failures.split_last().unwrap();
    assert!(old(last.ended_at) && before.len() > 1, "{failures:#?}");

    let attempts = seen.times()[0];
    fixture.inbox.store().retry(entry.id, Timestamp::now()).await.unwrap();
    while seen.times()[0] == attempts {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    fixture.until(State::Dead, 1).await;
    assert_eq!(seen.times(), [attempts + 1], "one attempt more");
}

async fn what_cannot_be_read_goes_to_the_handler_or_to_the_dead_letters(fixture: Fixture<impl Store>) {
    let bodies = [
        r#"{"topic": "prize.points_added", "data": {}}"#,
        "no JSON",
        r#"{"topic": "new.topic", "data": {}}"#,
    ];
    for body in bodies {
        fixture.inbox.accept(delivery(body, None)).await.unwrap();
    }
    let handler = service_fn(async |_: Delivery| Ok::<_, std::io::Error>(()));
    let (stop, running) = start(Worker::new(fixture.inbox.clone(), handler).dead_letter_unreadable());
    let dead = fixture.until(State::Dead, 2).await;
    fixture.until(State::Done, 1).await;
    assert!(dead[1].last_error.as_ref().unwrap().contains("missing field `points_id`"), "{dead:#?}");
    stop.send(()).unwrap();
    running.await.unwrap();

    for entry in dead {
        fixture.inbox.store().retry(entry.id, Timestamp::now()).await.unwrap();
    }
    let (_stop, _running) = start(Worker::new(fixture.inbox.clone(), handler));
    fixture.until(State::Done, 3).await;
}

async fn no_more_events_are_handled_at_once_than_it_was_told(fixture: Fixture<impl Store>) {
    let (at_once, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let handler = {
        let most = most.clone();
        service_fn(move |_: Delivery| {
            let (at_once, most) = (at_once.clone(), most.clone());
            async move {
                most.fetch_max(at_once.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(1)).await;
                at_once.fetch_sub(1, Ordering::SeqCst);
                Ok::<_, std::io::Error>(())
            }
        })
    };
    for number in 0..30 {
        fixture.accept(number).await;
    }
    let (_stop, _running) = start(Worker::new(fixture.inbox.clone(), handler).with_concurrency(3));
    fixture.until(State::Done, 30).await;
    assert_eq!(most.load(Ordering::SeqCst), 3);
}

async fn a_lease_is_prolonged_while_its_handler_runs(fixture: Fixture<impl Store>) {
    let seen = Seen::default();
    let (go, gone) = oneshot::channel::<()>();
    let gone = Arc::new(tokio::sync::Mutex::new(Some(gone)));
    let handler = {
        let seen = seen.clone();
        service_fn(move |delivery: Delivery| {
            seen.note(&delivery);
            let gone = gone.clone();
            async move {
                let gone = gone.lock().await.take().expect("it is handled once");
                gone.await.map_err(std::io::Error::other)
            }
        })
    };
    fixture.accept(1).await;
    let lease = Duration::from_millis(600);
    // Two workers: the other one must not take it over.
    let worker = Worker::new(fixture.inbox.clone(), handler).with_lease(lease);
    let (_stop, _running) = start(worker.clone());
    let (_other_stop, _other) = start(worker);
    let leased = fixture.until(State::Leased, 1).await;
    let begun = Instant::now();
    while begun.elapsed() < lease * 3 {
        assert_eq!(fixture.until(State::Leased, 1).await[0].attempts, leased[0].attempts);
    }
    go.send(()).unwrap();
    fixture.until(State::Done, 1).await;
    assert_eq!(seen.times(), [1]);
}

async fn an_event_whose_worker_is_gone_is_handled_by_another(fixture: Fixture<impl Store>) {
    let stuck = service_fn(async |_: Delivery| pending::<Result<(), std::io::Error>>().await);
    fixture.accept(1).await;
    let lease = Duration::from_millis(100);
    let (_stop, running) = start(Worker::new(fixture.inbox.clone(), stuck).with_lease(lease));
    fixture.until(State::Leased, 1).await;
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());

    let handler = service_fn(async |_: Delivery| Ok::<_, std::io::Error>(()));
    let (_stop, _running) = start(Worker::new(fixture.inbox.clone(), handler).with_lease(lease));
    let done = fixture.until(State::Done, 1).await;
    assert_eq!(done[0].attempts, 2);
    assert_eq!(done[0].last_error.as_deref(), Some("the worker was gone before it was done"));
}

async fn a_worker_that_stops_finishes_what_it_can_and_gives_the_rest_back(fixture: Fixture<impl Store>) {
    let (go, gone) = oneshot::channel::<()>();
    let gone = Arc::new(tokio::sync::Mutex::new(Some(gone)));
    let handler = service_fn(move |delivery: Delivery| {
        let gone = gone.clone();
        async move {
            if delivery.body().ends_with(br#""p-1"}}"#) {
                gone.lock().await.take().expect("once").await.map_err(std::io::Error::other)
            } else {
                pending().await
            }
        }
    });
    fixture.accept(1).await;
    fixture.accept(2).await;
    let worker = Worker::new(fixture.inbox.clone(), handler).with_grace(Duration::from_millis(500));
    let (stop, running) = start(worker);
    fixture.until(State::Leased, 2).await;
    stop.send(()).unwrap();
    go.send(()).unwrap();
    running.await.unwrap();

    assert_eq!(fixture.in_state(State::Done).await.len(), 1);
    let waiting = fixture.in_state(State::Waiting).await;
    assert_eq!((waiting.len(), waiting[0].attempts), (1, 0), "what was given back was no attempt");
}

async fn an_event_older_than_the_identities_is_held(fixture: Fixture<impl Store>) {
    let body = |time: &str| format!(r#"{{"timestamp": "{time}", "topic": "t", "data": {{}}}}"#);
    let old = fixture.inbox.accept(delivery(body("2020-01-01T00:00:00+08:00"), None)).await.unwrap();
    let now = fixture.inbox.accept(delivery(body(&Timestamp::now().to_string()), None)).await.unwrap();
    assert!(old.held && !now.held);
    assert_eq!(fixture.in_state(State::Held).await[0].id, old.entry.unwrap());
}
