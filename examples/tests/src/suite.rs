use std::{path::PathBuf, process::Command, sync::Arc, time::Duration};

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

/// What the handlers wrote.
async fn handled(State(watched): State<Arc<Watched>>) -> Json<Value> {
    let tables =
        ["receipts", "survey_answers", "messages", "phone_numbers", "grants", "first_opens", "other_events"];
    let database = Connection::open(&watched.database).unwrap();
    let mut all = Vec::new();
    for table in tables {
        let mut keys = database.prepare(&format!("SELECT natural_key FROM {table}")).unwrap();
        let keys = keys.query_map([], |row| row.get::<_, String>(0)).unwrap();
        all.extend(keys.map(|key| json!({"natural_key": key.unwrap()})));
    }
    Json(json!({"handled": all, "faults": ["store_down", "store_up", "crash"]}))
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
    let inbox = Connection::open(&watched.inbox).unwrap();
    inbox.busy_timeout(Duration::from_secs(5)).unwrap();
    inbox.execute_batch(statement).unwrap();
    StatusCode::NO_CONTENT
}
