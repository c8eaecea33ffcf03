//! Receivers in other languages, each with a probe and killed for real: every MUST passes, and no SHOULD fails.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use maac_webhook_test_support::supervised::Supervised;

use crate::support::{SECRET, assert_right, suite};

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
async fn a_receiver_with_express_is_right() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().to_owned();
    for file in ["package.json", "package-lock.json", "receiver.js"] {
        fs::copy(example("node-express").join(file), own.join(file)).unwrap();
    }
    let install = Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund"])
        .current_dir(&own)
        .stdout(Stdio::null())
        .status()
        .expect("npm, which `cargo xtask test` installs");
    assert!(install.success(), "npm ci ended with {install}");
    let receiver = Supervised::start(move |address| {
        let mut command = Command::new("node");
        command.arg(own.join("receiver.js")).env("DATA_DIR", own.join("events"));
        with_settings(command, address)
    });
    grade(&receiver).await;
}
