use std::{
    fmt, io,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::{Connection, Transaction};

/// A SQLite database. Cheap to clone.
#[derive(Clone)]
pub struct Database(Arc<Mutex<Connection>>);

impl Database {
    /// Opens it, or makes it.
    ///
    /// # Errors
    ///
    /// A file that cannot be opened or is no such database.
    pub fn open(path: impl AsRef<Path>) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        // A commit is on the disk before the 200 is on its way.
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute_batch(include_str!("schema.sql"))?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// Runs `work` in a transaction, off the threads that serve requests, and commits what it did.
    pub(crate) async fn write<F>(&self, work: F) -> io::Result<()>
    where
        F: FnOnce(&Transaction<'_>) -> rusqlite::Result<()> + Send + 'static,
    {
        let database = self.clone();
        let written = tokio::task::spawn_blocking(move || {
            let mut connection = database.0.lock().unwrap_or_else(PoisonError::into_inner);
            let transaction = connection.transaction()?;
            work(&transaction)?;
            transaction.commit()
        });
        written.await?.map_err(io::Error::other)
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").finish_non_exhaustive()
    }
}
