//! `listen` with an inbox, killed and started again, and `inbox`.

use std::{
    collections::HashSet,
    fs,
    io::{BufRead, BufReader, Read},
    process::Stdio,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use maac_webhook_test_postgres::Postgres;
use maac_webhook_test_support::{PATIENCE, process::Running};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Client, Listener, SECRET, maac_webhook, run};

pub(crate) struct Inbox {
    url: String,
    folder: Option<TempDir>,
}

impl Inbox {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { url: format!("sqlite:{}", folder.path().join("inbox.db").display()), folder: Some(folder) }
    }

    pub(crate) fn on_postgres() -> Option<Self> {
        Some(Self { url: Postgres::shared()?.new_database(), folder: None })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// One that may be killed, with all that it prints until then.
    fn receiver(&self) -> (Running, Client, thread::JoinHandle<Vec<String>>) {
        let mut command = maac_webhook(&["listen", "--addr", "127.0.0.1:0", "--inbox", self.url()]);
        let (mut process, stdout) = Running::start(command.env("MAAC_SHARE_SECRET", SECRET));
        let url = process.listening();
        let lines = thread::spawn(move || BufReader::new(stdout).lines().map_while(Result::ok).collect());
        (process, Client { url }, lines)
    }

    fn listen(&self) -> Listener {
        Listener::start(&["--inbox", self.url()])
    }

    /// What `inbox` says, without the dates.
    pub(crate) fn said(&self, args: &[&str]) -> String {
        run(maac_webhook(&["inbox"]).args(args).args(["--inbox", self.url()]), b"")
    }

    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let said = self.said(&[args, &["--output", "json"]].concat());
        let stdout = said.split("----- stdout -----\n").nth(1).unwrap().split("----- stderr").next().unwrap();
        serde_json::from_str(stdout).unwrap_or_else(|_| panic!("{said}"))
    }

    /// What the files of one on SQLite take.
    pub(crate) fn bytes_on_disk(&self) -> u64 {
        let files = fs::read_dir(self.folder.as_ref().unwrap()).unwrap();
        files.map(|file| file.unwrap().metadata().unwrap().len()).sum()
    }

    /// Waits until so many events are in a state.
    pub(crate) fn until(&self, state: &str, events: usize) {
        let begun = Instant::now();
        while self.json(&["stats"])[state] != events {
            assert!(begun.elapsed() < PATIENCE, "{}", self.json(&["stats"]));
        }
    }
}

pub(crate) fn event(number: usize) -> String {
    format!(
        r#"{{"timestamp": "2026-11-24T10:00:00.000000+08:00", "topic": "prize.points_added", "data": {{"points_id": "p-{number}"}}}}"#
    )
}

#[test]
fn an_event_is_printed_once_and_known_after_a_restart() {
    printed_once_and_known_after_a_restart(&Inbox::new());
}

#[test]
fn an_event_is_printed_once_and_known_after_a_restart_on_postgres() {
    let Some(inbox) = Inbox::on_postgres() else { return };
    printed_once_and_known_after_a_restart(&inbox);
}

fn printed_once_and_known_after_a_restart(inbox: &Inbox) {
    let listener = inbox.listen();
    assert_eq!(listener.post(event(1).as_bytes(), Some("key-1")), 200);
    assert_eq!(listener.next()["event"], json!({"points_id": "p-1"}));
    inbox.until("done", 1);
    drop(listener);

    let listener = inbox.listen();
    assert_eq!(listener.post(event(1).as_bytes(), Some("key-1")), 200, "a retry");
    assert_eq!(listener.post(event(1).as_bytes(), Some("key-2")), 200, "a replay");
    assert_eq!(listener.post(event(2).as_bytes(), Some("key-1")), 200, "a burnt key");
    let line = listener.next();
    assert_eq!((&line["event"], &line["key_reused"]), (&json!({"points_id": "p-2"}), &json!(true)));
    inbox.until("done", 2);
}

#[test]
fn a_line_that_nobody_takes_does_not_hold_up_the_end_and_is_printed_after_it() {
    let inbox = Inbox::new();
    let mut command = maac_webhook(&["listen", "--addr", "127.0.0.1:0", "--inbox", inbox.url()]);
    let (mut process, stdout) = Running::start(command.env("MAAC_SHARE_SECRET", SECRET));
    let url = process.listening();
    // More than a pipe holds.
    let long = event(1).replace("p-1", &"1".repeat(500_000));
    assert_eq!(Client { url }.post(long.as_bytes(), None), 200);
    inbox.until("leased", 1);
    process.terminate();
    assert_eq!(process.wait().code(), Some(0));
    drop(stdout);
    assert_eq!(inbox.listen().next()["event"]["points_id"].as_str().unwrap().len(), 500_000);
}

#[test]
fn whatever_was_answered_200_is_printed_however_often_it_is_killed() {
    printed_however_often_it_is_killed(&Inbox::new());
}

#[test]
fn whatever_was_answered_200_is_printed_however_often_it_is_killed_on_postgres() {
    let Some(inbox) = Inbox::on_postgres() else { return };
    printed_however_often_it_is_killed(&inbox);
}

fn printed_however_often_it_is_killed(inbox: &Inbox) {
    const CYCLES: usize = 12;
    let load = Load::default();
    let mut answered = HashSet::new();
    let mut printed = Vec::new();
    for cycle in 0..CYCLES {
        let (mut process, client, lines) = inbox.receiver();
        let enough = load.answered() + 40 + 17 * cycle;
        thread::scope(|scope| {
            let senders: Vec<_> = (0..8).map(|_| scope.spawn(|| load.send(&client))).collect();
            load.until(enough);
            process.kill();
            for sender in senders {
                answered.extend(sender.join().unwrap());
            }
        });
        printed.extend(lines.join().unwrap());
    }
    // What was being printed when it was killed comes again once its lease ends.
    assert_printed(&answered, &printed, &inbox.listen());
}

/// Two receivers and their workers on one database, one of them killed under load: the other has it all.
#[test]
fn what_one_of_two_receivers_was_answering_when_it_was_killed_is_printed_by_the_other() {
    let Some(inbox) = Inbox::on_postgres() else { return };
    let (mut killed, client, lines) = inbox.receiver();
    let other = inbox.listen();
    let others = &other.client;
    let load = Load::default();
    let (mut answered, mut by_killed) = (HashSet::new(), HashSet::new());
    thread::scope(|scope| {
        let to_killed: Vec<_> = (0..4).map(|_| scope.spawn(|| load.send(&client))).collect();
        let to_other: Vec<_> = (0..4).map(|_| scope.spawn(|| load.send(others))).collect();
        load.until(300);
        killed.kill();
        to_killed.into_iter().for_each(|sender| by_killed.extend(sender.join().unwrap()));
        load.until(load.answered() + 100);
        load.stop.store(true, Ordering::Relaxed);
        to_other.into_iter().for_each(|sender| answered.extend(sender.join().unwrap()));
    });
    assert!(!by_killed.is_empty() && answered.len() > 100, "both were at it");
    answered.extend(by_killed);
    assert_printed(&answered, &lines.join().unwrap(), &other);
}

/// Waits until each of these is printed, where it is not already.
fn assert_printed(answered: &HashSet<usize>, printed: &[String], listener: &Listener) {
    let of_text = |line: &String| number(&serde_json::from_str(line).ok()?);
    let mut seen: HashSet<usize> = printed.iter().filter_map(of_text).collect();
    while !answered.is_subset(&seen) {
        seen.extend(number(&listener.next()));
    }
}

/// Events one after another, and how many were answered.
#[derive(Default)]
struct Load {
    next: AtomicUsize,
    answered: AtomicUsize,
    stop: AtomicBool,
}

impl Load {
    /// Sends until the receiver is gone or it is told to stop, and gives what was answered 200.
    fn send(&self, client: &Client) -> Vec<usize> {
        let mut answered = Vec::new();
        while !self.stop.load(Ordering::Relaxed) {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let key = format!("key-{number}");
            let Some(status) = client.try_post(SECRET, event(number).as_bytes(), Some(&key)) else { break };
            assert_eq!(status, 200);
            self.answered.fetch_add(1, Ordering::Relaxed);
            answered.push(number);
        }
        answered
    }

    fn answered(&self) -> usize {
        self.answered.load(Ordering::Relaxed)
    }

    fn until(&self, enough: usize) {
        let begun = Instant::now();
        while self.answered() < enough {
            assert!(begun.elapsed() < PATIENCE, "{} of {enough} were answered", self.answered());
            thread::sleep(Duration::from_millis(1));
        }
    }
}

fn number(line: &Value) -> Option<usize> {
    line["event"]["points_id"].as_str()?.strip_prefix("p-")?.parse().ok()
}

#[test]
fn an_event_that_nobody_takes_stays_in_the_inbox() {
    let inbox = Inbox::new();
    let mut command = maac_webhook(&["listen", "--addr", "127.0.0.1:0", "--inbox", inbox.url()]);
    let (mut process, stdout) = Running::start(command.env("MAAC_SHARE_SECRET", SECRET));
    let url = process.listening();
    drop(stdout);
    assert_eq!(Client { url }.post(event(1).as_bytes(), None), 200, "it is stored, whoever reads the lines");
    assert_eq!(process.wait().code(), Some(2));
    assert!(process.rest_of_stderr().contains("standard output is closed"));
    inbox.until("waiting", 1);
    assert_eq!(inbox.listen().next()["event"], json!({"points_id": "p-1"}));
}

#[test]
fn an_inbox_is_looked_after() {
    let inbox = Inbox::new();
    let listener = inbox.listen();
    for (number, key) in [(1, "key-1"), (2, "key-2"), (3, "key-1")] {
        assert_eq!(listener.post(event(number).as_bytes(), Some(key)), 200);
        listener.next();
    }
    assert_eq!(listener.post(b"\xff\0", None), 200);
    listener.next();
    inbox.until("done", 4);
    drop(listener);
    for (name, args) in [
        ("stats", &["stats"][..]),
        ("stats_json", &["stats", "--output", "json"]),
        ("list", &["list"]),
        ("list_dead", &["list", "--state", "dead"]),
        ("list_page", &["list", "--before", "3", "--limit", "1", "--output", "json"]),
        ("list_no_state", &["list", "--state", "lost"]),
        ("show", &["show", "1"]),
        ("show_bytes", &["show", "4", "--output", "json"]),
        ("show_none", &["show", "99"]),
        ("retry", &["retry", "2", "99"]),
        ("retry_nothing", &["retry"]),
        ("retry_state", &["retry", "--state", "done", "--output", "json"]),
    ] {
        insta::with_settings!({
            filters => vec![(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z *", "TIME ")],
            omit_expression => true,
        }, { insta::assert_snapshot!(format!("inbox_{name}"), inbox.said(args)); });
    }
    inbox.until("waiting", 4);
    let again = inbox.listen();
    let mut numbers: Vec<_> = (0..4).map(|_| number(&again.next())).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [None, Some(1), Some(2), Some(3)]);
}

#[test]
fn what_is_no_inbox_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    fs::write(&path, "this is no database, and long enough to be read as the head of one ".repeat(20))
        .unwrap();
    let url = format!("sqlite:{}", path.display());
    for args in [&["inbox", "stats"][..], &["listen", "--addr", "127.0.0.1:0"]] {
        let mut command = maac_webhook(args);
        command.args(["--inbox", &url]).env("MAAC_SHARE_SECRET", SECRET).stdin(Stdio::null());
        let said = run(&mut command, b"");
        assert!(said.starts_with("exit status: 2") && said.contains("is not a database"), "{said}");
    }
    let mut bytes = Vec::new();
    fs::File::open(&path).unwrap().read_to_end(&mut bytes).unwrap();
    assert!(bytes.starts_with(b"this is no database"));
    let said = run(&mut maac_webhook(&["inbox", "stats", "--inbox", "sqlite:/nowhere/inbox.db"]), b"");
    assert!(said.starts_with("exit status: 2") && said.contains("there is no such file"), "{said}");
}
