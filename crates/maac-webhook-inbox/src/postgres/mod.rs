//! The store on a server: Postgres, for many receivers and many workers.
//!
//! What a process accepts at the same time shares a transaction, and so one flush of the server's disk; a lone one waits
//! for nobody. `synchronous_commit` is on, whatever the server's default: a commit is on its disk before an accept
//! returns. A server that is away is [`Unavailable`](crate::StoreErrorKind::Unavailable), and is found again by itself.
//!
//! The tables are in the first schema of the connection's `search_path`, and their names begin with `maac_inbox_`:
//! `postgres://user@host/database?options[search_path]=maac`. A pooler between must keep a session on one connection.
//! `sslmode=require` and stronger want the feature `postgres-tls`.

mod accept;
mod error;
mod group;
mod listen;
mod migrate;
mod quarantine;
mod queries;
mod rows;
mod session;
mod settle;

use std::{fmt, future::Future, sync::Arc, time::Duration};

use maac_webhook::{Delivery, jiff::Timestamp};
use sqlx::{ConnectOptions, PgConnection, PgPool, postgres::PgConnectOptions, query, query_scalar};
use tokio::time::timeout;

use crate::{
    Accepted, Attempt, Backlog, Claim, Claimed, Entry, EntryId, Filter, Incoming, Reaped, Retention,
    Settlement, Stats, Store, StoreError, StoreErrorKind,
};
use accept::Digested;
use error::{store_error, took_too_long};
use group::Group;
use listen::Listener;
use session::{Session, Work};
use settle::Settled;

pub use sqlx;

/// How long a query may take: longer than the server lets it.
const LONGEST: Duration = Duration::from_secs(12);

/// An inbox in a Postgres database. Cheap to clone. It lives in the tokio runtime that it was connected in.
#[derive(Clone)]
pub struct PgStore {
    accepting: Group<Digested>,
    settling: Group<Settled>,
    pool: PgPool,
    channel: Arc<str>,
    listener: Arc<Listener>,
}

impl PgStore {
    /// Connects to the inbox in this database, and makes it where there is none. The database may hold other tables too.
    ///
    /// # Errors
    ///
    /// A server that cannot be reached within two seconds; an inbox of a later version than this program knows.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let no_url = StoreError::new(StoreErrorKind::Failed, "not the URL of a Postgres database");
        // sqlx reads the URL of any server, and finds the local one.
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(no_url);
        }
        let options: PgConnectOptions = url.parse().map_err(|error: sqlx::Error| no_url.because(error))?;
        Self::connect_with(options).await
    }

    /// The same for what no URL says.
    ///
    /// # Errors
    ///
    /// As for [`connect`](Self::connect).
    pub async fn connect_with(options: PgConnectOptions) -> Result<Self, StoreError> {
        // A line for each statement says nothing to whoever looks after an inbox.
        let options = options.disable_statement_logging();
        let mut connection = session::connect(&options).await.map_err(store_error)?;
        session::look_at_durability(&mut connection).await.map_err(store_error)?;
        migrate::migrate(&mut connection).await?;
        let channel: String = query_scalar("SELECT 'maac_inbox_' || 'maac_inbox_events'::regclass::oid")
            .fetch_one(&mut connection)
            .await
            .map_err(store_error)?;
        let accepting = Session::new(options.clone(), Some(connection));
        let settling = Session::new(options.clone(), None);
        Ok(Self {
            accepting: Group::start(accepting, options.clone()),
            settling: Group::start(settling, options.clone()),
            pool: session::pool(&options),
            channel: channel.into(),
            listener: Arc::default(),
        })
    }

    /// Accepts a delivery in a transaction of your own: it is durable once that commits, which this sees to whatever the
    /// transaction's `synchronous_commit`. Answer 200 only then, and commit soon: copies of the event wait for it.
    ///
    /// # Errors
    ///
    /// What Postgres says. Roll back then.
    pub async fn accept_in(
        transaction: &mut PgConnection,
        incoming: Incoming,
        now: Timestamp,
    ) -> sqlx::Result<Accepted> {
        query(
            "SELECT set_config('synchronous_commit', 'on', true)
              WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')",
        )
        .execute(&mut *transaction)
        .await?;
        one(Digested::run(transaction, &[Digested::new(incoming, now)]).await?)
    }

    /// Completes an event in a transaction of your own: its effects and "done" commit together, once. `false` where the
    /// lease is lost: roll back then, since somebody else may be at it.
    ///
    /// # Errors
    ///
    /// What Postgres says. Roll back then.
    pub async fn complete_in(
        transaction: &mut PgConnection,
        claim: Claim,
        now: Timestamp,
    ) -> sqlx::Result<bool> {
        one(Settled::run(transaction, &[Settled::new(claim, Settlement::Done, now)]).await?)
    }
}

fn one<T>(mut answers: Vec<T>) -> sqlx::Result<T> {
    answers.pop().ok_or(sqlx::Error::RowNotFound)
}

async fn in_time<T>(query: impl Future<Output = sqlx::Result<T>>) -> Result<T, StoreError> {
    timeout(LONGEST, query).await.unwrap_or_else(|_| Err(took_too_long())).map_err(store_error)
}

impl Store for PgStore {
    async fn accept(&self, incoming: Incoming, now: Timestamp) -> Result<Accepted, StoreError> {
        let accepted = self.accepting.submit(Digested::new(incoming, now)).await?;
        if accepted.entry.is_some() && !accepted.held {
            self.listener.notify_one();
        }
        Ok(accepted)
    }

    async fn claim(&self, limit: usize, lease: Duration, now: Timestamp) -> Result<Vec<Claimed>, StoreError> {
        in_time(queries::claim(&self.pool, limit, lease, now)).await
    }

    async fn extend(&self, claims: Vec<Claim>, lease: Duration, now: Timestamp) -> Result<(), StoreError> {
        in_time(queries::extend(&self.pool, &claims, lease, now)).await
    }

    async fn settle(&self, claim: Claim, settlement: Settlement, now: Timestamp) -> Result<bool, StoreError> {
        let returned = settlement == Settlement::Returned;
        let settled = self.settling.submit(Settled::new(claim, settlement, now)).await?;
        if returned {
            self.listener.notify_one();
        }
        Ok(settled)
    }

    async fn reap(&self, max_attempts: u32, now: Timestamp) -> Result<Reaped, StoreError> {
        in_time(queries::reap(&self.pool, max_attempts, now)).await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        in_time(queries::next_due(&self.pool)).await
    }

    async fn wait_for_work(&self) {
        self.listener.notified(&self.pool, &self.channel).await;
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        in_time(queries::stats(&self.pool)).await
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        in_time(queries::backlog(&self.pool)).await
    }

    async fn list(&self, filter: Filter) -> Result<Vec<Entry>, StoreError> {
        in_time(queries::list(&self.pool, &filter)).await
    }

    async fn show(&self, id: EntryId) -> Result<Option<(Entry, Delivery, Vec<Attempt>)>, StoreError> {
        in_time(queries::show(&self.pool, id)).await
    }

    async fn retry(&self, id: EntryId, now: Timestamp) -> Result<bool, StoreError> {
        let retried = in_time(queries::retry(&self.pool, id, now)).await?;
        self.listener.notify_one();
        Ok(retried)
    }

    async fn prune(
        &self,
        retention: Retention,
        limit: usize,
        now: Timestamp,
    ) -> Result<(u64, u64), StoreError> {
        in_time(queries::prune(&self.pool, retention, limit, now)).await
    }
}

impl fmt::Debug for PgStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PgStore").finish_non_exhaustive()
    }
}
