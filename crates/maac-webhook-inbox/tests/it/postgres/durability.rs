//! What is acknowledged is on the server's disk, whatever the server's defaults.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
    time::Duration,
};

use maac_webhook_inbox::{
    Settlement, Store,
    maac_webhook::jiff::Timestamp,
    postgres::sqlx::{self, Connection, PgConnection},
};
use maac_webhook_test_postgres::Postgres;
use tracing_subscriber::fmt::MakeWriter;

use super::{accept, database, event, execute, store, until};

#[tokio::test]
async fn a_commit_is_flushed_where_the_server_would_not() {
    let Some((url, mut own)) = database().await else { return };
    let name = url.rsplit('/').next().unwrap();
    execute(&mut own, format!("ALTER DATABASE {name} SET synchronous_commit = off")).await;
    let store = store(&url).await;
    execute(
        &mut own,
        "CREATE TABLE observed (setting TEXT);
         CREATE FUNCTION observe() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN INSERT INTO observed VALUES (current_setting('synchronous_commit')); RETURN new; END $$;
         CREATE TRIGGER observe BEFORE INSERT OR UPDATE ON maac_inbox_events
           FOR EACH ROW EXECUTE FUNCTION observe()",
    )
    .await;
    accept(&store, event(1, None)).await.unwrap();
    let claimed = store.claim(1, Duration::from_secs(60), Timestamp::now()).await.unwrap();
    store.settle(claimed[0].claim, Settlement::Done, Timestamp::now()).await.unwrap();
    let observed: Vec<String> =
        sqlx::query_scalar("SELECT setting FROM observed").fetch_all(&mut own).await.unwrap();
    assert_eq!(observed, ["on"; 3]);
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_server_that_does_not_flush_is_warned_of() {
    let Some(postgres) = Postgres::start() else { return };
    let url = postgres.new_database();
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    store(&url).await;
    assert!(!log.text().contains("fsync"), "{}", log.text());

    let mut own = PgConnection::connect(&url).await.unwrap();
    execute(&mut own, "ALTER SYSTEM SET fsync = off").await;
    execute(&mut own, "SELECT pg_reload_conf()").await;
    until("the server has read its settings", async || {
        let mut another = PgConnection::connect(&url).await.unwrap();
        let fsync: String = sqlx::query_scalar("SHOW fsync").fetch_one(&mut another).await.unwrap();
        if fsync == "off" { Ok(()) } else { Err(fsync) }
    })
    .await;
    store(&url).await;
    assert!(log.text().contains("WARN"), "{}", log.text());
    assert!(log.text().contains("fsync=off"), "{}", log.text());
}
