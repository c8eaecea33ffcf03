//! Receivers in other languages, each with a probe and killed for real: every MUST passes, and no SHOULD fails.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use maac_webhook_conformance::maac_webhook_sender::RetrySchedule;
use maac_webhook_mock::{MockEvent, MockSender, samples};
use maac_webhook_test_support::{PATIENCE, supervised::Supervised, wire};
#[cfg(target_os = "linux")]
use maac_webhook_test_support::{
    disk::Disk,
    process::{Lines, Running},
};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{SECRET, assert_right, secret, suite};

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name)
}

async fn grade(receiver: &Supervised) {
    let probe = receiver.url.replace("/webhooks/maac", "/probe");
    assert_right(&suite(&receiver.url, Some(&probe)).run().await.unwrap());
}

fn with_settings(mut command: Command, address: &str) -> Command {
    command.env("MAAC_SHARE_SECRET", SECRET).env("MAAC_PROBE", "1").env("LISTEN_ADDR", address);
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_with_pythons_standard_library_is_right() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("events.db");
    let receiver = Supervised::start(move |address| {
        let mut command = Command::new("python3");
        command.arg(example("python-stdlib/receiver.py")).env("DATABASE", &database);
        with_settings(command, address)
    });
    grade(&receiver).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_handler_in_python_keeps_no_answer_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let source = fs::read_to_string(example("python-stdlib/receiver.py")).unwrap();
    let waits = "    open('begun', 'w').close()\n    while not os.path.exists('go-on'): time.sleep(0.01)\n";
    let slow = source.replacen("def handle(event):\n", &format!("def handle(event):\n{waits}"), 1);
    assert_ne!(slow, source);
    fs::write(folder.path().join("slow.py"), slow).unwrap();
    let own = folder.path().to_owned();
    let receiver = Supervised::start(move |address| {
        let mut command = Command::new("python3");
        command.arg("slow.py").current_dir(&own);
        with_settings(command, address)
    });

    let accepts = || send(&receiver.url, samples::prize_points_added());
    assert_eq!(accepts().await, Some(200));
    until(async || folder.path().join("begun").exists()).await;
    for _ in 0..3 {
        assert_eq!(accepts().await, Some(200));
    }
    assert_eq!(handled(&receiver.url).await.len(), 0);
    fs::write(folder.path().join("go-on"), "").unwrap();
    until(async || handled(&receiver.url).await.len() == 4).await;
}

/// Sends an event once, and gives what it is answered.
async fn send(url: &str, event: impl Into<MockEvent>) -> Option<u16> {
    let sender = MockSender::new(secret()).schedule(RetrySchedule::new([])).attempt_timeout(PATIENCE);
    sender.event(event).send_to(url).await.events[0].status()
}

/// The digests of what was handled, as the probe shows it.
async fn handled(url: &str) -> HashSet<String> {
    let address = url.split('/').nth(2).unwrap();
    let answer = wire::exchange(address, &wire::request("GET", "/probe", &[], b"")).await;
    let listing: Value = serde_json::from_slice(&answer.body).unwrap();
    let digest = |entry: &Value| entry["body_sha256"].as_str().unwrap().to_owned();
    listing["handled"].as_array().unwrap().iter().map(digest).collect()
}

async fn until(so: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !so().await {
        assert!(began.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The receiver with express, with what it needs.
fn express() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path();
    for file in ["package.json", "package-lock.json", "receiver.js"] {
        fs::copy(example("node-express").join(file), own.join(file)).unwrap();
    }
    let install = Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund"])
        .current_dir(own)
        .stdout(Stdio::null())
        .status()
        .expect("npm, which `cargo xtask test` installs");
    assert!(install.success(), "npm ci ended with {install}");
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_with_express_is_right() {
    let folder = express();
    let own = folder.path().to_owned();
    let receiver = Supervised::start(move |address| {
        let mut command = Command::new("node");
        command.arg(own.join("receiver.js")).env("DATA_DIR", own.join("events"));
        with_settings(command, address)
    });
    grade(&receiver).await;
}

/// What fits in part alone is not acknowledged, and spoils nothing that comes after it.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_under_express_costs_no_event() {
    let (folder, data) = (express(), tempfile::tempdir().unwrap());
    let Some(disk) = Disk::new(data.path()) else { return };
    let mut node = Command::new("node");
    node.arg(folder.path().join("receiver.js"));
    let mut command = with_settings(disk.with(data.path(), 1, &node), "127.0.0.1:0");
    let (mut receiver, stdout) = Running::start(command.env("DATA_DIR", data.path()));
    let url = receiver.listening();
    // It prints what it handles.
    let _lines = Lines::of(stdout);

    let body = |number: usize| {
        format!(r#"{{"topic": "prize.points_added", "data": "{number} {}"}}"#, "x".repeat(20_011))
    };
    let (mut accepted, mut refused) = (HashSet::new(), Vec::new());
    for number in 0..60 {
        match send(&url, MockEvent::raw(body(number))).await {
            Some(200) => drop(accepted.insert(digest(&body(number)))),
            Some(503) => refused.push(number),
            other => panic!("{other:?}"),
        }
    }
    assert!(accepted.len() > 10 && refused.len() > 10, "{} and {}", accepted.len(), refused.len());
    // As it would read it when it is started again.
    let journal = || {
        let file = Path::new("/proc").join(receiver.id().to_string()).join("root");
        let file = file.join(data.path().strip_prefix("/").unwrap()).join("accepted.jsonl");
        let text = fs::read_to_string(file).unwrap();
        let entries = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        entries.map(|entry| entry["digest"].as_str().unwrap().to_owned()).collect::<HashSet<_>>()
    };
    assert_eq!(journal(), accepted);

    disk.grow(data.path(), 16, receiver.id());
    for number in refused {
        assert_eq!(send(&url, MockEvent::raw(body(number))).await, Some(200));
        accepted.insert(digest(&body(number)));
    }
    assert_eq!(journal(), accepted);
    until(async || handled(&url).await == accepted).await;
}

#[cfg(target_os = "linux")]
fn digest(body: &str) -> String {
    use sha2::{Digest, Sha256};

    Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}
