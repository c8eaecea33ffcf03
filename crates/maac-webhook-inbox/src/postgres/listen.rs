//! Being told of work that others stored, by LISTEN on a connection of its own.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use sqlx::postgres::{PgListener, PgPool};
use tokio::{sync::Notify, task::JoinHandle, time::sleep};

/// How long it waits after it lost the server: a worker looks by itself in the meantime.
const PAUSE: Duration = Duration::from_millis(500);

/// Listens from the first time that somebody waits, until it is dropped.
#[derive(Default)]
pub(super) struct Listener {
    told: Arc<Notify>,
    task: OnceLock<JoinHandle<()>>,
}

impl Listener {
    pub(super) fn notify_one(&self) {
        self.told.notify_one();
    }

    pub(super) async fn notified(&self, pool: &PgPool, channel: &str) {
        self.task.get_or_init(|| tokio::spawn(listen(pool.clone(), channel.to_owned(), self.told.clone())));
        self.told.notified().await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }
}

async fn listen(pool: PgPool, channel: String, told: Arc<Notify>) {
    loop {
        if let Err(error) = listen_once(&pool, &channel, &told).await {
            tracing::debug!(%error, "the inbox's database does not tell of work: it is looked for instead");
        }
        sleep(PAUSE).await;
    }
}

/// Until the connection is lost.
async fn listen_once(pool: &PgPool, channel: &str, told: &Notify) -> sqlx::Result<()> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.eager_reconnect(false);
    listener.listen(channel).await?;
    // What was told meanwhile was missed.
    wake(told);
    while listener.try_recv().await?.is_some() {
        wake(told);
    }
    Ok(())
}

/// Whoever waits, and the next who comes: it may have looked just before.
fn wake(told: &Notify) {
    told.notify_waiters();
    told.notify_one();
}
