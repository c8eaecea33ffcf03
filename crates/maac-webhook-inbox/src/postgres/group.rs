//! Group commit: what waits at the same time shares a transaction, and so one flush of the disk.

use std::{
    collections::VecDeque,
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::future::join_all;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::{
    error::{is_away, store_error},
    session::{Session, Work},
};
use crate::{StoreError, StoreErrorKind};

/// What may wait at once: beyond it, it is refused, and events come back.
const QUEUE: usize = 16 * 1024;

/// What shares a transaction at most, so that nobody waits for too large a one.
const MOST: usize = 512;
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// Connections on which a failed batch is tried again one by one, and how many batches may be at it.
const LANES: usize = 4;
const FAILED: usize = 2;

type Answer<W> = Result<<W as Work>::Answer, StoreError>;

struct Job<W: Work> {
    work: W,
    answer: oneshot::Sender<Answer<W>>,
}

/// Does work in batches, in a task that ends with the last clone.
pub(super) struct Group<W: Work>(mpsc::Sender<Job<W>>);

impl<W: Work> Group<W> {
    pub(super) fn start(session: Session, options: PgConnectOptions) -> Self {
        let (jobs, waiting) = mpsc::channel(QUEUE);
        tokio::spawn(run(session, options, waiting));
        Self(jobs)
    }

    /// Returns once the work is durable. The first starts at once; what comes meanwhile is in the next batch.
    pub(super) async fn submit(&self, work: W) -> Answer<W> {
        let (answer, done) = oneshot::channel();
        self.0.try_send(Job { work, answer }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => {
                StoreError::new(StoreErrorKind::Overloaded, "too many wait for the inbox")
            }
            mpsc::error::TrySendError::Closed(_) => stopped(),
        })?;
        done.await.unwrap_or_else(|_| Err(stopped()))
    }
}

fn stopped() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "the inbox has stopped")
}

async fn run<W: Work>(mut session: Session, options: PgConnectOptions, mut jobs: mpsc::Receiver<Job<W>>) {
    let failed = Arc::new(Semaphore::new(FAILED));
    let mut waiting = Vec::new();
    loop {
        if waiting.is_empty() && jobs.recv_many(&mut waiting, MOST).await == 0 {
            return;
        }
        while waiting.len() < MOST
            && let Ok(job) = jobs.try_recv()
        {
            waiting.push(job);
        }
        let rest = waiting.split_off(fitting(&waiting));
        let batch = mem::replace(&mut waiting, rest);
        let (work, answers): (Vec<_>, Vec<_>) = batch.into_iter().map(|job| (job.work, job.answer)).unzip();
        match session.transact(&work).await {
            Ok(done) => {
                // What it holds is free before anybody goes on.
                drop(work);
                // Whoever gave up waiting gets the event again, and is told that it is known.
                answers.into_iter().zip(done).for_each(|(answer, done)| drop(answer.send(Ok(done))));
            }
            Err(error) if work.len() == 1 || is_away(&error) => {
                let error = Arc::new(error);
                answers.into_iter().for_each(|answer| drop(answer.send(Err(store_error(error.clone())))));
            }
            // One that cannot be written, or waits for somebody's lock, must not take its neighbours with it, nor keep
            // those behind.
            Err(_) => {
                let jobs = work.into_iter().zip(answers).map(|(work, answer)| Job { work, answer });
                let retry = one_by_one(options.clone(), jobs.collect());
                let permit = failed.clone().acquire_owned().await;
                tokio::spawn(async move {
                    retry.await;
                    drop(permit);
                });
            }
        }
    }
}

/// How many of the first make a batch.
fn fitting<W: Work>(waiting: &[Job<W>]) -> usize {
    let mut bytes = 0;
    let fit = waiting.iter().take_while(|job| {
        bytes += job.work.bytes();
        bytes <= MOST_BYTES
    });
    fit.count().max(1)
}

async fn one_by_one<W: Work>(options: PgConnectOptions, jobs: VecDeque<Job<W>>) {
    let jobs = Mutex::new(jobs);
    let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let lane = async || {
        let mut session = Session::new(options.clone(), None);
        while let Some(Job { work, answer }) = next() {
            let done = session.transact(&[work]).await;
            let away = done.as_ref().is_err_and(is_away);
            let done = done.map_err(store_error).and_then(|mut done| done.pop().ok_or_else(stopped));
            drop(answer.send(done));
            if away {
                // The others need not try the same, one after another.
                while let Some(Job { answer, .. }) = next() {
                    drop(answer.send(Err(StoreError::new(
                        StoreErrorKind::Unavailable,
                        "the inbox's database went away",
                    ))));
                }
            }
        }
    };
    join_all((0..LANES).map(|_| lane())).await;
}

impl<W: Work> Clone for Group<W> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}
