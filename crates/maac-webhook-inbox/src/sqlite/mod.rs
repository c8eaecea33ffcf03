//! The embedded store: one SQLite file, no server.
//!
//! One thread of the process writes. It takes whatever waits for it into one transaction, so that concurrent accepts share
//! one flush of the disk and a lone one waits for nobody. The file is in WAL mode with `synchronous=FULL`: a commit is on the
//! disk before an accept returns. Other processes may open the same file, to look after the inbox or to work on it.

mod accept;
mod error;
mod migrate;
mod quarantine;
mod queries;
mod rows;
mod writer;

use std::{
    fmt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use maac_webhook::{Delivery, jiff::Timestamp};
use rusqlite::{Connection, OpenFlags, Transaction};
use tokio::sync::Notify;

use crate::{
    Accepted, Attempt, Backlog, Claim, Claimed, Entry, EntryId, Filter, Incoming, Reaped, Retention,
    Settlement, Stats, Store, StoreError, StoreErrorKind,
};
use accept::Digested;
use error::store_error;
use writer::Writer;

pub use rusqlite;

/// Bytes of a page, how many of them are written ahead before they go into the file itself, and what is kept in memory of
/// it: as twice as many events a second came of it as of SQLite's own choice.
const PAGE: usize = 8 * 1024;
const CHECKPOINT_PAGES: usize = 4000;
const CACHE_KIB: i64 = 32 * 1024;

/// How long a statement waits for another process that writes.
const BUSY: Duration = Duration::from_secs(2);

/// An inbox in a SQLite file. Cheap to clone; the file is closed once the last clone is gone.
#[derive(Clone)]
pub struct SqliteStore {
    writer: Writer,
    path: Arc<Path>,
    stored: Arc<Notify>,
    quota: Arc<AtomicU64>,
}

impl SqliteStore {
    /// Opens the inbox in this file, and makes it where there is none, readable for its owner alone: it holds personal data. The file
    /// may hold other tables too.
    ///
    /// # Errors
    ///
    /// A file that cannot be opened or is no database; an inbox of a later version than this program knows.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path: Arc<Path> = path.as_ref().into();
        make_private(&path);
        let mut connection = connect(&path, OpenFlags::default()).map_err(store_error)?;
        migrate::migrate(&mut connection)?;
        Ok(Self {
            writer: Writer::start(connection)?,
            path,
            stored: Arc::new(Notify::new()),
            quota: Arc::new(AtomicU64::new(u64::MAX)),
        })
    }

    /// Opens the inbox in this file, which must be there.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and where there is no such file.
    pub fn open_existing(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        if !path.is_file() {
            return Err(StoreError::new(StoreErrorKind::Unavailable, "there is no such file"));
        }
        Self::open(path)
    }

    /// Bounds what the file holds, in bytes, whether or not the disk has more room. At the bound events are refused, and come
    /// back; what is there is handled and pruned all the same, and makes room.
    pub fn set_quota(&self, bytes: u64) {
        self.quota.store(bytes, Ordering::Relaxed);
    }

    /// Accepts a delivery in a transaction of your own, on a connection to the same file: it is durable once that commits.
    /// Answer 200 only then.
    ///
    /// # Errors
    ///
    /// What SQLite says. Roll back then.
    pub fn accept_in(
        transaction: &Transaction<'_>,
        incoming: Incoming,
        now: Timestamp,
    ) -> rusqlite::Result<Accepted> {
        accept::accept(transaction, &Digested::new(incoming), now)
    }

    /// Completes an event in a transaction of your own, on a connection to the same file: its effects and "done" commit
    /// together, once. `false` where the lease is lost: roll back then, since somebody else may be at it.
    ///
    /// # Errors
    ///
    /// What SQLite says. Roll back then.
    pub fn complete_in(
        transaction: &Transaction<'_>,
        claim: Claim,
        now: Timestamp,
    ) -> rusqlite::Result<bool> {
        queries::settle(transaction, claim, &Settlement::Done, now)
    }

    fn quota(&self) -> u64 {
        self.quota.load(Ordering::Relaxed)
    }

    /// A connection for reading, so that who looks at an inbox keeps no writer waiting.
    async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let path = self.path.clone();
        let read = tokio::task::spawn_blocking(move || {
            let connection = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
            query(&connection)
        });
        read.await.map_err(|_| writer::stopped())?.map_err(store_error)
    }
}

/// Makes the file, if there is none, so that nobody else can read it; SQLite's other files have the mode of this one.
fn make_private(path: &Path) {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // It is there, or SQLite says what is wrong.
    let _ = options.open(path);
}

fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    // An event fills a page of the usual 4 KiB alone, half empty. It counts only for a file that is made now.
    connection.pragma_update(None, "page_size", PAGE)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(connection)
}

impl Store for SqliteStore {
    async fn accept(&self, incoming: Incoming, now: Timestamp) -> Result<Accepted, StoreError> {
        let (digested, quota) = (Digested::new(incoming), self.quota());
        let accept = move |transaction: &Transaction<'_>| {
            // Events come before what is in quarantine.
            while queries::within(transaction, quota).is_err() {
                if quarantine::give_way(transaction)? == 0 {
                    queries::within(transaction, quota)?;
                }
            }
            accept::accept(transaction, &digested, now)
        };
        let accepted = self.writer.write(accept).await?;
        if accepted.entry.is_some() && !accepted.held {
            self.stored.notify_one();
        }
        Ok(accepted)
    }

    async fn claim(&self, limit: usize, lease: Duration, now: Timestamp) -> Result<Vec<Claimed>, StoreError> {
        self.writer.write(move |transaction| queries::claim(transaction, limit, lease, now)).await
    }

    async fn extend(&self, claims: Vec<Claim>, lease: Duration, now: Timestamp) -> Result<(), StoreError> {
        self.writer.write(move |transaction| queries::extend(transaction, &claims, lease, now)).await
    }

    async fn settle(&self, claim: Claim, settlement: Settlement, now: Timestamp) -> Result<bool, StoreError> {
        let returned = settlement == Settlement::Returned;
        let settled = self
            .writer
            .write(move |transaction| queries::settle(transaction, claim, &settlement, now))
            .await?;
        if returned {
            self.stored.notify_one();
        }
        Ok(settled)
    }

    async fn reap(&self, max_attempts: u32, now: Timestamp) -> Result<Reaped, StoreError> {
        self.writer.write(move |transaction| queries::reap(transaction, max_attempts, now)).await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.read(queries::next_due).await
    }

    async fn wait_for_work(&self) {
        self.stored.notified().await;
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        self.read(queries::stats).await
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        self.read(queries::backlog).await
    }

    async fn list(&self, filter: Filter) -> Result<Vec<Entry>, StoreError> {
        self.read(move |connection| queries::list(connection, &filter)).await
    }

    async fn show(&self, id: EntryId) -> Result<Option<(Entry, Delivery, Vec<Attempt>)>, StoreError> {
        self.read(move |connection| queries::show(connection, id)).await
    }

    async fn retry(&self, id: EntryId, now: Timestamp) -> Result<bool, StoreError> {
        let retried = self.writer.write(move |transaction| queries::retry(transaction, id, now)).await?;
        self.stored.notify_one();
        Ok(retried)
    }

    async fn prune(
        &self,
        retention: Retention,
        limit: usize,
        now: Timestamp,
    ) -> Result<(u64, u64), StoreError> {
        self.writer.write(move |transaction| queries::prune(transaction, retention, limit, now)).await
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.path).finish_non_exhaustive()
    }
}
