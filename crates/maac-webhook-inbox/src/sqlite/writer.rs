//! The one thread that writes: what waits for it shares a transaction, and so one flush of the disk.

use std::{sync::Arc, thread};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::error::store_error;
use crate::{StoreError, StoreErrorKind};

/// Writes that may wait at once: beyond it they are refused, and their events come back.
const QUEUE: usize = 16 * 1024;

/// Writes that share a transaction at most, so that nobody waits for too large a one.
const BATCH: usize = 512;

#[derive(Clone)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Box<dyn Job>>,
    // Joined when the last clone goes, so that the file is closed then.
    _thread: Arc<Thread>,
}

struct Thread(Option<thread::JoinHandle<()>>);

impl Writer {
    pub(super) fn start(connection: Connection) -> Result<Self, StoreError> {
        let (jobs, waiting) = mpsc::channel(QUEUE);
        let thread =
            thread::Builder::new().name("maac-inbox".to_owned()).spawn(move || run(connection, waiting));
        let thread = thread.map_err(|error| {
            StoreError::new(StoreErrorKind::Unavailable, "the inbox's thread cannot be started")
                .because(error)
        })?;
        Ok(Self { jobs, _thread: Arc::new(Thread(Some(thread))) })
    }

    /// Runs `work` in a transaction, and returns once that is durable. `work` may run twice: where the transaction it
    /// shared was rolled back.
    pub(super) async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        let (reply, written) = oneshot::channel();
        let task = Task { work, result: None, reply };
        self.jobs.try_send(Box::new(task)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => {
                StoreError::new(StoreErrorKind::Overloaded, "too many wait for the inbox")
            }
            mpsc::error::TrySendError::Closed(_) => stopped(),
        })?;
        written.await.unwrap_or_else(|_| Err(stopped()))
    }
}

pub(super) fn stopped() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "the inbox has stopped")
}

trait Job: Send {
    fn run(&mut self, transaction: &Transaction<'_>) -> rusqlite::Result<()>;
    fn finish(self: Box<Self>, committed: rusqlite::Result<()>);
}

struct Task<F, T> {
    work: F,
    result: Option<T>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T> Job for Task<F, T>
where
    T: Send,
    F: FnMut(&Transaction<'_>) -> rusqlite::Result<T> + Send,
{
    fn run(&mut self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        self.result = Some((self.work)(transaction)?);
        Ok(())
    }

    fn finish(self: Box<Self>, committed: rusqlite::Result<()>) {
        let Self { work, result, reply } = *self;
        // What it holds is free before anybody goes on.
        drop(work);
        let result = committed.map_err(store_error).and_then(|()| result.ok_or_else(stopped));
        // Whoever gave up waiting gets the event again, and is told that it is known.
        let _ = reply.send(result);
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            // It has nothing more to wait for. Should it have panicked, whoever waited for it was told.
            let _ = thread.join();
        }
    }
}

fn run(mut connection: Connection, mut waiting: mpsc::Receiver<Box<dyn Job>>) {
    let mut batch = Vec::new();
    while waiting.blocking_recv_many(&mut batch, BATCH) > 0 {
        if batch.len() > 1 && commit(&mut connection, &mut batch).is_ok() {
            batch.drain(..).for_each(|job| job.finish(Ok(())));
            continue;
        }
        // One that cannot be written must not take its neighbours with it.
        for job in batch.drain(..) {
            let mut alone = [job];
            let committed = commit(&mut connection, &mut alone);
            let [job] = alone;
            job.finish(committed);
        }
    }
}

fn commit(connection: &mut Connection, jobs: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for job in jobs {
        job.run(&transaction)?;
    }
    transaction.commit()
}
