//! What outlives the program: one SQLite file with what was set up, what was pushed and who opened it, and a log of every delivery.
//!
//! The file is this process's alone while it is open, readable for its owner alone (it has share secrets and personal data in it), and in WAL
//! mode with `synchronous=NORMAL`: what was written survives the program's end however it ends, and is not waited for until it is on the
//! disk, as nothing here has to survive the machine's.

mod error;
mod events;
mod log;
mod migrate;
pub(crate) mod pushed;
mod read;
mod rows;
mod saved;

use std::{
    fmt,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rusqlite::Connection;

pub use error::{StoreError, StoreErrorKind};
pub use log::SqliteLog;
pub use rows::{
    AttemptResult, DeliveryDetails, DeliveryState, DeliverySummary, EventId, Page, PublishedEvent,
    StoredAttempt, Verdict,
};
pub(crate) use saved::{Saved, SavedPlatform};

/// The file, or what is in memory in its place. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Database(Arc<Mutex<Connection>>);

impl Database {
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        make_private(path);
        let connection = Connection::open(path)?;
        // Before the first look at it, so that it is never shared.
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        Self::of(connection)
    }

    pub(crate) fn in_memory() -> Result<Self, StoreError> {
        Self::of(Connection::open_in_memory()?)
    }

    fn of(mut connection: Connection) -> Result<Self, StoreError> {
        connection.pragma_update(None, "foreign_keys", true)?;
        migrate::migrate(&mut connection)?;
        log::interrupt(&connection)?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs this on a thread that may wait for the disk.
    pub(crate) async fn run<T, E>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        E: Into<StoreError>,
    {
        let database = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&mut database.lock()).map_err(Into::into));
        done.await.unwrap_or_else(|error| Err(StoreError::because(StoreErrorKind::Unavailable, error)))
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").finish_non_exhaustive()
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
