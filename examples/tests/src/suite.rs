use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use maac_webhook::ShareSecret;
use maac_webhook_conformance::{Level, Status, Suite, Verdict};
use maac_webhook_test_support::supervised::Supervised;
use rusqlite::Connection;
use serde_json::{Value, json};
use tokio::net::TcpListener;

const SECRET: &str = "test-share-secret";

/// A receiver with an inbox, its files, and whoever watches over it.
struct Watched {
    receiver: Supervised,
    inbox: PathBuf,
    database: PathBuf,
}

/// Runs an example that has an inbox, with a probe beside it that looks into its files, and grades it: each MUST passes, and
/// nothing fails.
///
/// # Panics
///
/// Where it is not so.
#[tokio::main]
pub async fn passes_the_suite(binary: &'static str) {
    let folder = tempfile::tempdir().unwrap();
    let [inbox, database] = ["inbox.db", "events.db"].map(|name| folder.path().join(name));
    let files = [("INBOX", inbox.clone()), ("DATABASE", database.clone())];
    let receiver = Supervised::start(move |address| {
        let mut command = Command::new(binary);
        command.env_remove("RUST_LOG").env("LISTEN_ADDR", address).env("MAAC_SHARE_SECRET", SECRET);
        command.envs(files.clone());
        command
    });
    let url = receiver.url.parse().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let probe = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    watch(&open(&database)).unwrap();
    let watched = Arc::new(Watched { receiver, inbox, database });
    let router = Router::new().route("/", get(handled).post(suffer)).with_state(watched);
    tokio::spawn(async move { axum::serve(listener, router).await });

    let report = Suite::new(url, ShareSecret::new(SECRET).unwrap())
        .with_probe(probe)
        .with_retry_delays([50, 100, 200].map(Duration::from_millis))
        .run()
        .await
        .unwrap();
    for case in &report.cases {
        let right = matches!(case.status, Status::Pass | Status::NonStrict);
        assert!(right, "{case}\n{:#?}", case.exchanges);
    }
    assert_eq!(report.verdict(), Verdict::Passed);
    assert!(report.count(Level::Must, Status::Pass) > 30);
}

/// The tables that the handlers write to.
const TABLES: [&str; 7] =
    ["receipts", "survey_answers", "messages", "phone_numbers", "grants", "first_opens", "other_events"];

fn open(database: &Path) -> Connection {
    let database = Connection::open(database).unwrap();
    database.busy_timeout(Duration::from_secs(5)).unwrap();
    database
}

/// Has each call of a handler leave a line, in the transaction of what it writes. The rows alone would not show a second call: it
/// meets the row of the first.
fn watch(database: &Connection) -> rusqlite::Result<()> {
    database.execute_batch("CREATE TABLE handled (natural_key TEXT NOT NULL)")?;
    for table in TABLES {
        // Before the insert, and so before its conflict is known.
        database.execute_batch(&format!(
            "CREATE TRIGGER watch_{table} BEFORE INSERT ON {table}
             BEGIN INSERT INTO handled VALUES (NEW.natural_key); END"
        ))?;
    }
    Ok(())
}

fn calls(database: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut calls = database.prepare("SELECT natural_key FROM handled")?;
    calls.query_map([], |row| row.get(0))?.collect()
}

/// What the handlers did.
async fn handled(State(watched): State<Arc<Watched>>) -> Json<Value> {
    let calls = calls(&open(&watched.database)).unwrap();
    let handled: Vec<_> = calls.into_iter().map(|key| json!({"natural_key": key})).collect();
    Json(json!({"handled": handled, "faults": ["store_down", "store_up", "crash"]}))
}

async fn suffer(State(watched): State<Arc<Watched>>, Json(fault): Json<Value>) -> StatusCode {
    let statement = match fault["fault"].as_str() {
        Some("store_down") => {
            "CREATE TRIGGER down BEFORE INSERT ON maac_inbox_events BEGIN SELECT RAISE(ABORT, 'the store is down'); END"
        }
        Some("store_up") => "DROP TRIGGER IF EXISTS down",
        Some("crash") => {
            watched.receiver.kill();
            return StatusCode::NO_CONTENT;
        }
        _ => return StatusCode::BAD_REQUEST,
    };
    open(&watched.inbox).execute_batch(statement).unwrap();
    StatusCode::NO_CONTENT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probe_shows_what_was_handled_twice_whatever_its_handler_makes_of_it() {
        let database = Connection::open_in_memory().unwrap();
        database.execute_batch(include_str!("../../upsert/src/schema.sql")).unwrap();
        watch(&database).unwrap();
        for statement in [
            "INSERT INTO grants VALUES ('grant', 'U1', '5') ON CONFLICT DO NOTHING",
            "INSERT INTO phone_numbers VALUES ('phone', '+886912345678', 'U1', NULL)
             ON CONFLICT DO UPDATE SET customer_id = excluded.customer_id",
        ] {
            database.execute(statement, []).unwrap();
            database.execute(statement, []).unwrap();
        }
        assert_eq!(calls(&database).unwrap(), ["grant", "grant", "phone", "phone"]);
    }
}
