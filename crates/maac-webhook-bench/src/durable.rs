//! The durable rows: how many events a second are on the disk before they are answered.
//!
//! Producers wait for one event each to be durable and go on with the next. SQLite's stores are files in one
//! folder, Postgres's the databases of one server.

use std::{
    error::Error,
    fs::File,
    io::Write,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use maac_webhook::{Delivery, Endpoint, RequestHead, ShareSecret, Signature, Verifier, jiff::Timestamp};
use maac_webhook_inbox::{
    Inbox, Incoming,
    postgres::{PgStore, sqlx::PgPool},
    sqlite::{SqliteStore, rusqlite},
};
use maac_webhook_test_postgres::Postgres;
use tokio::{
    runtime::Runtime,
    sync::{mpsc, oneshot},
    task::JoinSet,
};

use crate::{
    fixture::{self, Fixture},
    harness::{Plan, Rounds},
    http,
    report::{Goal, Row},
};

/// How an event is made durable.
#[derive(Clone)]
enum Durable {
    /// Ours: the inbox in SQLite.
    Inbox(Inbox<SqliteStore>),
    /// Ours: the inbox in Postgres.
    OnPostgres(Inbox<PgStore>),
    /// A transaction of Postgres's for each, on a pool's connections.
    Pool(PgPool),
    /// By a thread that does as the channel's events come.
    Thread(mpsc::Sender<(Delivery, oneshot::Sender<()>)>),
}

impl Durable {
    async fn accept(&self, delivery: Delivery) -> Result<(), Box<dyn Error + Send + Sync>> {
        match self {
            Self::Inbox(inbox) => {
                inbox.accept(delivery).await?;
            }
            Self::OnPostgres(inbox) => {
                inbox.accept(delivery).await?;
            }
            Self::Pool(pool) => {
                let mut transaction = pool.begin().await?;
                PgStore::accept_in(&mut transaction, Incoming::new(delivery), Timestamp::now()).await?;
                transaction.commit().await?;
            }
            Self::Thread(events) => {
                let (done, durable) = oneshot::channel();
                events.send((delivery, done)).await?;
                durable.await?;
            }
        }
        Ok(())
    }
}

/// The same inserts, in a transaction for each event.
fn one_by_one(path: &Path) -> Result<Durable, Box<dyn Error>> {
    drop(SqliteStore::open(path)?);
    let mut connection = rusqlite::Connection::open(path)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let (events, mut waiting) = mpsc::channel::<(Delivery, oneshot::Sender<()>)>(1024);
    thread::spawn(move || {
        while let Some((delivery, done)) = waiting.blocking_recv() {
            let transaction = connection.transaction().expect("a transaction");
            SqliteStore::accept_in(&transaction, Incoming::new(delivery), Timestamp::now())
                .expect("an accept");
            transaction.commit().expect("a commit");
            let _ = done.send(());
        }
    });
    Ok(Durable::Thread(events))
}

/// What the disk can do: the bodies that wait are appended to a file, and flushed together.
fn raw_append(path: &Path) -> Result<Durable, Box<dyn Error>> {
    let mut file = File::create(path)?;
    let (events, mut waiting) = mpsc::channel::<(Delivery, oneshot::Sender<()>)>(1024);
    thread::spawn(move || {
        let (mut batch, mut bytes) = (Vec::new(), Vec::new());
        while waiting.blocking_recv_many(&mut batch, 1024) > 0 {
            bytes.clear();
            batch.iter().for_each(|(delivery, _)| bytes.extend_from_slice(delivery.body()));
            file.write_all(&bytes).and_then(|()| file.sync_data()).expect("an append");
            batch.drain(..).for_each(|(_, done)| {
                let _ = done.send(());
            });
        }
    });
    Ok(Durable::Thread(events))
}

/// Events like the fixture, each with a body of its own.
struct Events {
    verifier: Verifier,
    secret: ShareSecret,
    body: String,
    next: AtomicU64,
}

impl Events {
    fn new(fixture: &Fixture) -> Result<Self, Box<dyn Error>> {
        let secret = fixture::share_secret()?;
        let verifier = Verifier::new(Endpoint::new("bench", secret.clone()));
        let body = std::str::from_utf8(&fixture.body)?.to_owned();
        Ok(Self { verifier, secret, body, next: AtomicU64::new(0) })
    }

    fn next(&self) -> Result<Delivery, Box<dyn Error + Send + Sync>> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        // White space is part of a body, and so of an identity.
        let body = Bytes::from(format!("{}{number:>20}", self.body));
        let (signature, key) = (Signature::sign(&self.secret, &body).to_string(), format!("{number:032x}"));
        let head = RequestHead::new([signature.as_bytes()], [key.as_bytes()]);
        Ok(self.verifier.verify(head, body)?)
    }
}

/// How many events a second, and how long each took.
fn produce(
    runtime: &Runtime,
    durable: &Durable,
    events: &Arc<Events>,
    producers: usize,
    time: Duration,
) -> Result<(f64, Vec<Duration>), Box<dyn Error>> {
    let start = Instant::now();
    let mut busy = JoinSet::new();
    for _ in 0..producers {
        let (durable, events) = (durable.clone(), events.clone());
        busy.spawn_on(
            async move {
                let mut took = Vec::new();
                while start.elapsed() < time {
                    let delivery = events.next()?;
                    let begun = Instant::now();
                    durable.accept(delivery).await?;
                    took.push(begun.elapsed());
                }
                Ok::<_, Box<dyn Error + Send + Sync>>(took)
            },
            runtime.handle(),
        );
    }
    let outcomes = runtime.block_on(busy.join_all());
    let elapsed = start.elapsed().as_secs_f64();
    let mut took = Vec::new();
    for outcome in outcomes {
        took.extend(outcome.map_err(|error| error.to_string())?);
    }
    Ok((took.len() as f64 / elapsed, took))
}

/// What is compared with the first of them.
struct Field {
    durables: Vec<Durable>,
    names: Vec<&'static str>,
    /// With 64 producers, of each other.
    goals: Vec<Goal>,
}

fn on_sqlite(folder: &Path) -> Result<Field, Box<dyn Error>> {
    Ok(Field {
        durables: vec![
            Durable::Inbox(Inbox::new(SqliteStore::open(folder.join("inbox.db"))?)),
            one_by_one(&folder.join("one-by-one.db"))?,
            raw_append(&folder.join("raw"))?,
        ],
        names: vec![
            "the inbox in SQLite",
            "SQLite, one transaction per event",
            "raw append + fdatasync in groups",
        ],
        goals: vec![Goal::AtLeast(20.0), Goal::AtLeast(0.5)],
    })
}

/// Both in databases of one server, started for it.
async fn on_postgres(server: &Postgres) -> Result<Field, Box<dyn Error>> {
    let alone = server.new_database();
    drop(PgStore::connect(&alone).await?);
    Ok(Field {
        durables: vec![
            Durable::OnPostgres(Inbox::new(PgStore::connect(&server.new_database()).await?)),
            // As many connections as a pool has where nothing is said.
            Durable::Pool(PgPool::connect(&alone).await?),
        ],
        names: vec!["the inbox in Postgres", "Postgres, one transaction per event, 10 connections"],
        goals: vec![Goal::None],
    })
}

pub(crate) fn rows(plan: Plan, fixture: &Fixture) -> Result<Vec<Row>, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let events = Arc::new(Events::new(fixture)?);
    let mut rows = http::inbox::rows(plan, fixture, folder.path())?;
    rows.extend(compare(plan, &runtime, &events, on_sqlite(folder.path())?)?);
    // Where it is not installed, that is told.
    if let Some(server) = Postgres::start() {
        let field = runtime.block_on(on_postgres(&server))?;
        rows.extend(compare(plan, &runtime, &events, field)?);
    }
    Ok(rows)
}

fn compare(
    plan: Plan,
    runtime: &Runtime,
    events: &Arc<Events>,
    field: Field,
) -> Result<Vec<Row>, Box<dyn Error>> {
    let Field { mut durables, names, goals } = field;
    let mut rows = Vec::new();
    for producers in [64, 1] {
        let (mut failure, mut turn) = (None, 0);
        let mut latencies = vec![Vec::new(); durables.len()];
        let rates = Rounds::run(plan, &mut durables, |durable| {
            let produced = produce(runtime, durable, events, producers, plan.turn);
            let variant = turn % names.len();
            turn += 1;
            match produced {
                Ok((rate, took)) => {
                    latencies[variant].extend(took);
                    rate
                }
                Err(error) => {
                    failure = Some(error);
                    f64::NAN
                }
            }
        });
        if let Some(error) = failure {
            return Err(error);
        }
        for (to, &goal) in (1..).zip(&goals) {
            rows.push(Row {
                work: format!("{}, {producers} producers", names[0]),
                against: names[to],
                goal: if producers == 64 { goal } else { Goal::None },
                ratio: rates.ratio(0, to),
                absolute: (rates.typical(0), rates.typical(to)),
                unit: "/s",
            });
        }
        for (name, took) in names.iter().zip(&mut latencies) {
            took.sort_unstable();
            let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
            println!(
                "accept latency, {producers} producers, {name}: p50 {:.2} ms, p99 {:.2} ms",
                at(0.5),
                at(0.99)
            );
        }
    }
    Ok(rows)
}
