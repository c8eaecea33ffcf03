//! That an event is on the disk before it is acknowledged: a killed process does not tell, for the page cache outlives it. The system
//! calls do.

use std::{env, fs, io::Write, process::Command};

use maac_webhook_inbox::{
    Inbox, Incoming,
    acceptance::delivery,
    maac_webhook::jiff::Timestamp,
    sqlite::{SqliteStore, rusqlite},
};

/// Tells the traced process which way to store, and where.
const HOW: &str = "MAAC_INBOX_FLUSH_TEST";

const EVENTS: usize = 5;

/// Runs this test's binary again, traced, and gives what it did to files for each acknowledgement.
fn traced(how: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let output = Command::new("strace")
        .args(["-f", "-y", "-e", "trace=fsync,fdatasync,write", "-o"])
        .arg(&trace)
        .arg(env::current_exe().unwrap())
        .args(["--exact", "flush::traced_process", "--ignored", "--nocapture", "--test-threads=1"])
        .env(HOW, format!("{how} {}", folder.path().join("inbox.db").display()))
        .output()
        .expect("strace runs: `cargo xtask test` installs it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let trace = fs::read_to_string(trace).unwrap();
    let parts: Vec<_> = trace.split("acknowledged").map(str::to_owned).collect();
    // Before the first is what opening the inbox does, and after the last what closing it does.
    assert_eq!(parts.len(), EVENTS + 2, "{trace}");
    parts[1..=EVENTS].to_vec()
}

fn is_flushed(trace: &str) -> bool {
    trace.lines().any(|line| line.contains("sync(") && line.contains("inbox.db-wal"))
}

#[test]
fn an_event_is_flushed_to_the_disk_before_it_is_acknowledged() {
    let parts = traced("inbox");
    assert!(parts.iter().all(|part| is_flushed(part)), "{parts:#?}");
}

/// The test above would tell.
#[test]
fn what_is_not_flushed_is_seen() {
    let parts = traced("unsafe");
    assert!(!parts.iter().any(|part| is_flushed(part)), "{parts:#?}");
}

/// Not a test: what is traced.
#[tokio::test]
#[ignore = "run by the tests above"]
async fn traced_process() {
    let Ok(how) = env::var(HOW) else { return };
    let (how, path) = how.split_once(' ').unwrap();
    let acknowledge = || std::io::stdout().write_all(b"acknowledged\n").unwrap();
    let event = |number: usize| delivery(format!("event {number}"), None);
    if how == "inbox" {
        let inbox = Inbox::new(SqliteStore::open(path).unwrap());
        acknowledge();
        for number in 0..EVENTS {
            inbox.accept(event(number)).await.unwrap();
            acknowledge();
        }
    } else {
        drop(SqliteStore::open(path).unwrap());
        let mut connection = rusqlite::Connection::open(path).unwrap();
        connection.pragma_update(None, "synchronous", "OFF").unwrap();
        acknowledge();
        for number in 0..EVENTS {
            let transaction = connection.transaction().unwrap();
            SqliteStore::accept_in(&transaction, Incoming::new(event(number)), Timestamp::now()).unwrap();
            transaction.commit().unwrap();
            acknowledge();
        }
    }
}
