//! Writes the lines of events that are stored already.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use maac_webhook_inbox::{Backoff, Claimed, Inbox, Store, Worker};
use tokio::{sync::Notify, task::spawn_blocking};
use tower_service::Service;

use super::{Sink, line};

/// How long after a line that could not be written it is tried again. An output may come back; nothing is given up.
const AGAIN: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(30));

/// How long a line is left to a printer that was not heard of: after a crash it is printed again.
const LEASE: Duration = Duration::from_secs(10);

/// How long lines that are being written may take once it is to stop.
const GRACE: Duration = Duration::from_secs(1);

/// Writes the line of each event it is given, one at a time.
#[derive(Clone)]
pub(crate) struct Printer {
    sink: Arc<Mutex<dyn Sink>>,
    lost: Arc<Notify>,
}

impl Printer {
    pub(crate) fn new(sink: impl Sink) -> Self {
        Self { sink: Arc::new(Mutex::new(sink)), lost: Arc::new(Notify::new()) }
    }

    /// Waits until the output is gone for good.
    pub(crate) async fn lost(&self) {
        self.lost.notified().await;
    }

    /// What prints an inbox's events.
    pub(crate) fn worker<S: Store>(&self, inbox: Inbox<S>) -> Worker<S, Self> {
        Worker::new(inbox, self.clone())
            .with_lease(LEASE)
            .with_backoff(AGAIN)
            .with_max_attempts(u32::MAX)
            // A line that is being written cannot be called back.
            .with_attempt_timeout(Duration::MAX)
            .with_grace(GRACE)
    }
}

impl Service<Claimed> for Printer {
    type Response = ();
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, claimed: Claimed) -> Self::Future {
        let Self { sink, lost } = self.clone();
        Box::pin(async move {
            let line = line::of(&claimed.delivery, claimed.key_reused)?;
            let write = move || sink.lock().unwrap_or_else(PoisonError::into_inner).write(&line);
            let written = spawn_blocking(write).await.map_err(io::Error::other)?;
            if written.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
                lost.notify_one();
            }
            written
        })
    }
}
