//! Connections, and what holds on each of them.

use std::{io, time::Duration};

use sqlx::{
    Connection, PgConnection,
    postgres::{PgConnectOptions, PgPool, PgPoolOptions},
    query_scalar, raw_sql,
};
use tokio::time::timeout;

use super::error::{is_away, is_conflict, took_too_long};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(2);

/// How long a batch may take with whatever it is tried again: less than whoever waits for it has patience.
const BATCH: Duration = Duration::from_millis(2500);

/// How often a batch is tried that was undone for the sake of another transaction.
const TRIES: u32 = 5;

/// Connections for everything but batches; one of them listens.
const POOL: u32 = 5;

/// A commit is on the disk before it is acknowledged; what is stronger already stays. Each statement sees what was
/// committed before it. Nobody waits long for a lock, and a receiver that is gone keeps none for longer than the
/// sender tries again. An idle connection is kept up. Every query is by an index, and a plan that was made while a
/// table was small must not outlive that.
const SETTINGS: &str = "
    SELECT set_config('synchronous_commit', 'on', false)
     WHERE current_setting('synchronous_commit') <> 'remote_apply';
    SET default_transaction_isolation = 'read committed';
    SET lock_timeout = '1200ms';
    SET idle_in_transaction_session_timeout = '2s';
    SET statement_timeout = '10s';
    SET tcp_keepalives_idle = 30;
    SET tcp_keepalives_interval = 5;
    SET tcp_keepalives_count = 3;
    SET enable_seqscan = off;
    SET enable_hashjoin = off;
    SET enable_mergejoin = off;
";

async fn set_up(connection: &mut PgConnection) -> sqlx::Result<()> {
    raw_sql(SETTINGS).execute(&mut *connection).await?;
    let commit: String =
        query_scalar("SELECT current_setting('synchronous_commit')").fetch_one(connection).await?;
    if !matches!(commit.as_str(), "on" | "remote_apply") {
        return Err(sqlx::Error::Protocol(format!("synchronous_commit stays {commit}")));
    }
    Ok(())
}

pub(super) async fn connect(options: &PgConnectOptions) -> sqlx::Result<PgConnection> {
    let connected = timeout(CONNECT, async {
        let mut connection = PgConnection::connect_with(options).await?;
        set_up(&mut connection).await?;
        Ok(connection)
    });
    connected.await.unwrap_or_else(|_| {
        let error = io::Error::new(io::ErrorKind::NotConnected, format!("no connection within {CONNECT:?}"));
        Err(sqlx::Error::Io(error))
    })
}

pub(super) fn pool(options: &PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(POOL)
        .acquire_timeout(CONNECT)
        .after_connect(|connection, _| Box::pin(set_up(connection)))
        .connect_lazy_with(options.clone())
}

/// Warns of a server that would lose what it acknowledged.
pub(super) async fn look_at_durability(connection: &mut PgConnection) -> sqlx::Result<()> {
    let fsync: String = query_scalar("SELECT current_setting('fsync')").fetch_one(connection).await?;
    if fsync != "on" {
        tracing::warn!(
            "the inbox's server has fsync={fsync}: it loses what it acknowledged when its machine stops"
        );
    }
    Ok(())
}

/// Things to be done in one transaction.
pub(super) trait Work: Send + Sync + Sized + 'static {
    type Answer: Send + 'static;

    /// About how much it sends.
    fn bytes(&self) -> usize;

    /// Does them all, in the caller's transaction, with an answer to each.
    fn run(
        connection: &mut PgConnection,
        batch: &[Self],
    ) -> impl Future<Output = sqlx::Result<Vec<Self::Answer>>> + Send;
}

/// A connection that comes back.
#[derive(Debug)]
pub(super) struct Session {
    options: PgConnectOptions,
    connection: Option<PgConnection>,
}

impl Session {
    pub(super) fn new(options: PgConnectOptions, connection: Option<PgConnection>) -> Self {
        Self { options, connection }
    }

    /// Does a batch in a transaction, and returns once that is durable.
    pub(super) async fn transact<W: Work>(&mut self, batch: &[W]) -> sqlx::Result<Vec<W::Answer>> {
        let tries = async {
            let mut tries = 1;
            loop {
                let was_open = self.connection.is_some();
                match self.attempt(batch).await {
                    Err(error) if is_conflict(&error) && tries < TRIES => tries += 1,
                    // The server may have been away, and be back.
                    Err(error) if is_away(&error) && was_open => {}
                    done => return done,
                }
            }
        };
        // Where it takes too long, the connection has gone with it.
        timeout(BATCH, tries).await.unwrap_or_else(|_| Err(took_too_long()))
    }

    async fn attempt<W: Work>(&mut self, batch: &[W]) -> sqlx::Result<Vec<W::Answer>> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => connect(&self.options).await?,
        };
        let mut transaction = connection.begin().await?;
        let done = W::run(&mut transaction, batch).await;
        match &done {
            Ok(_) => transaction.commit().await?,
            Err(error) if is_away(error) => return done,
            Err(_) => transaction.rollback().await?,
        }
        self.connection = Some(connection);
        done
    }
}
