//! `check`, on `listen` and on what is none.

use std::{net::TcpListener, path::Path, process::Command};

use maac_webhook_test_support::process::{Lines, Running};
use serde_json::Value;

use crate::support::{File, Listener, SECRET, maac_webhook, run};

/// The suite with a receiver's secret, and its exit status, standard output and standard error.
fn check(args: &[&str]) -> (i32, String, String) {
    let mut command = maac_webhook(&[&["check"], args].concat());
    let said = run(command.env("MAAC_SHARE_SECRET", SECRET), b"");
    let (status, rest) =
        said.strip_prefix("exit status: ").unwrap().split_once("\n----- stdout -----\n").unwrap();
    let (stdout, stderr) = rest.split_once("----- stderr -----\n").unwrap();
    (status.parse().unwrap(), stdout.to_owned(), stderr.to_owned())
}

#[test]
fn listen_does_all_that_it_must_and_all_that_it_should() {
    let listener = Listener::start(&[]);
    let [json, junit, html] = ["r.json", "r.xml", "r.html"].map(|name| File::new(name, ""));
    let files = ["--json", json.path(), "--junit", junit.path(), "--html", html.path()];
    let (status, stdout, stderr) = check(&[&[listener.url.as_str()], &files[..]].concat());
    assert_eq!((status, stderr.as_str()), (0, ""), "{stdout}");
    assert!(stdout.contains("MAAC-SIG-003   MUST   pass"), "{stdout}");

    let read = |file: &File| std::fs::read_to_string(file.path()).unwrap();
    let report: Value = serde_json::from_str(&read(&json)).unwrap();
    assert_eq!((&report["verdict"], &report["url"]), (&"passed".into(), &listener.url.as_str().into()));
    let cases = report["cases"].as_array().unwrap();
    for case in cases {
        let fine =
            ["pass", "non-strict"].iter().any(|fine| case["status"] == *fine) || case["needs_probe"] == true;
        assert!(fine, "{case:#}");
    }
    assert!(cases.iter().any(|case| case["exchanges"][0]["answer"]["status"] == 200));
    assert!(read(&junit).starts_with("<?xml"));
    assert!(read(&html).starts_with("<!DOCTYPE html>"));
    for file in [json, junit, html] {
        assert!(!read(&file).contains(SECRET));
    }
}

#[test]
fn a_receiver_with_another_secret_fails_with_status_1() {
    let listener = Listener::start(&[]);
    let mut command = maac_webhook(&["check", &listener.url, "--case", "MAAC-SIG-001", "--output", "json"]);
    let said = run(command.env("MAAC_SHARE_SECRET", "another"), b"");
    assert!(said.starts_with("exit status: 1\n"), "{said}");
    assert!(said.contains(r#""verdict":"failed""#), "{said}");
    assert!(said.ends_with("----- stderr -----\n1 of 1: MAAC-SIG-001 fail\n"), "{said}");
}

#[test]
fn a_case_runs_alone_by_the_command_that_its_report_tells() {
    let listener = Listener::start(&[]);
    let (_, stdout, _) = check(&[&listener.url, "--case", "maac-sig-003", "--output", "json"]);
    let report: Value = serde_json::from_str(&stdout).unwrap();
    let repeat = report["cases"][0]["repeat"].as_str().unwrap().to_owned();
    let words: Vec<_> = repeat.strip_prefix("maac-webhook check ").unwrap().split(' ').collect();
    let (status, stdout, _) = check(&words);
    assert_eq!(status, 0);
    assert!(stdout.trim_start().starts_with("1 of 1  MAAC-SIG-003   MUST   pass"), "{stdout}");
    assert_eq!(stdout.matches("MAAC-").count(), 1, "{stdout}");
}

#[test]
fn what_cannot_be_run_is_status_2() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hooks", nobody.local_addr().unwrap());
    drop(nobody);
    let listener = Listener::start(&[]);
    for (args, told) in [
        (&[url.as_str()][..], "nobody listens at"),
        (&[&listener.url, "--case", "MAAC-SIG-999"], "there is no case \"MAAC-SIG-999\""),
        (&[&listener.url, "--case", "MAAC-SIG-001", "--group", "topics"], "no case is of all"),
        (&[&listener.url, "--group", "nothing"], "it is none of signature, body"),
        (&[&listener.url, "--topic", "coupon.redeemed"], "it is none of receipt.receipt_validated, "),
        (
            &[&listener.url, "--topic", "prize.points_added", "--case", "MAAC-TOPIC-006"],
            "could not be graded",
        ),
        (&[&listener.url, "--probe", &listener.url], "the probe at"),
        (&[&listener.url, "--case", "MAAC-IDEM-002"], "could not be graded"),
        (&[], "required arguments were not provided"),
    ] {
        let (status, stdout, stderr) = check(args);
        assert_eq!(status, 2, "{args:?}: {stdout}{stderr}");
        assert!(stderr.contains(told), "{args:?}: {stderr}");
    }
}

#[test]
fn the_cases_are_listed_and_none_is_run() {
    let (status, stdout, _) = check(&["--list", "--level", "must", "--group", "topics"]);
    assert_eq!((status, stdout.lines().count()), (0, 8), "{stdout}");
    assert!(stdout.contains("MAAC-TOPIC-007  MUST"), "{stdout}");
    let (_, stdout, _) = check(&["--list", "--output", "json"]);
    let cases: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(cases[2]["id"], "MAAC-SIG-003");
}

#[test]
fn a_receiver_behind_tls_is_graded_under_a_root_that_is_trusted() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = File::new("certificate.pem", made.cert.pem());
    let key = File::new("key.pem", made.signing_key.serialize_pem());
    let mut receiver = Command::new("python3");
    receiver.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/receiver.py"));
    receiver.args([certificate.path(), key.path()]).env("MAAC_SHARE_SECRET", SECRET);
    let (_process, stdout) = Running::start(&mut receiver);
    let lines = Lines::of(stdout);
    let url = lines.next();
    // One of them is written by hand.
    let cases = "MAAC-SIG-001,MAAC-SIG-003,MAAC-SIG-011";
    let (status, stdout, _) = check(&[&url, "--case", cases, "--ca-file", certificate.path()]);
    assert_eq!((status, stdout.matches(" pass  ").count()), (0, 3), "{stdout}");
    let (status, _, stderr) = check(&[&url, "--case", cases]);
    assert_eq!(status, 2);
    assert!(stderr.contains("--ca-file"), "{stderr}");
}

#[test]
fn a_report_that_cannot_be_written_is_told_before_anything_is_sent() {
    let listener = Listener::start(&[]);
    for flag in ["--json", "--junit", "--html"] {
        let (status, stdout, stderr) = check(&[&listener.url, flag, "/nowhere/report"]);
        assert_eq!((status, stdout.as_str()), (2, ""), "{stderr}");
        assert!(stderr.contains("cannot write /nowhere/report: No such file or directory"), "{stderr}");
    }
}

/// It opens, and has no room.
#[cfg(target_os = "linux")]
#[test]
fn a_report_that_is_not_written_in_the_end_loses_neither_the_result_nor_the_other_reports() {
    let listener = Listener::start(&[]);
    let junit = File::new("r.xml", "");
    let run = |secret: &str| {
        let mut command = maac_webhook(&["check", &listener.url, "--case", "MAAC-SIG-001"]);
        command.args(["--json", "/dev/full", "--junit", junit.path()]);
        run(command.env("MAAC_SHARE_SECRET", secret), b"")
    };
    let said = run(SECRET);
    assert!(said.starts_with("exit status: 2\n"), "{said}");
    assert!(said.contains("the receiver does what it must"), "{said}");
    assert!(said.contains("error: cannot write /dev/full: No space left on device"), "{said}");
    assert!(std::fs::read_to_string(junit.path()).unwrap().contains("MAAC-SIG-001"));
    let said = run("another-secret");
    assert!(said.starts_with("exit status: 1\n") && said.contains("cannot write /dev/full"), "{said}");
}

#[test]
fn how_far_it_is_is_told_with_each_case() {
    let listener = Listener::start(&[]);
    let (_, stdout, _) = check(&[&listener.url, "--case", "MAAC-SIG-001,MAAC-SIG-003"]);
    let begin: Vec<_> = stdout.lines().take(2).map(|line| line.trim_start().split_at(22).0).collect();
    assert_eq!(begin, ["1 of 2  MAAC-SIG-001  ", "2 of 2  MAAC-SIG-003  "], "{stdout}");
}

#[test]
fn whether_anybody_listens_is_told_and_nothing_is_sent() {
    let somebody = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hooks", somebody.local_addr().unwrap());
    let run = |args: &[&str]| run(&mut maac_webhook(&[&["check", &url, "--listening"], args].concat()), b"");
    assert_eq!(
        run(&[]),
        format!("exit status: 0\n----- stdout -----\nsomebody listens at {url}\n----- stderr -----\n")
    );
    let (mut stream, _) = somebody.accept().unwrap();
    let mut sent = Vec::new();
    std::io::Read::read_to_end(&mut stream, &mut sent).unwrap();
    assert_eq!(sent, b"");
    drop(somebody);
    let said = run(&["--wait", "0.1", "--output", "json"]);
    assert_eq!(said, "exit status: 1\n----- stdout -----\n{\"listening\":false}\n----- stderr -----\n");
}

#[test]
fn a_receiver_of_some_topics_is_graded_for_these() {
    let listener = Listener::start(&[]);
    let secret = File::new("a secret's file", SECRET);
    let mut command = maac_webhook(&["check", &listener.url, "--group", "topics", "--output", "json"]);
    command.args(["--topic", "message.first_open, prize.points_added", "--secret-file", secret.path()]);
    let said = run(&mut command, b"");
    let report: Value = serde_json::from_str(said.lines().nth(2).unwrap()).unwrap();
    let topics = serde_json::json!(["prize.points_added", "message.first_open"]);
    assert_eq!((&report["verdict"], &report["topics"]), (&"passed".into(), &topics), "{report:#}");
    let statuses: Vec<_> = report["cases"].as_array().unwrap().iter().map(|case| &case["status"]).collect();
    assert_eq!(statuses, ["skip", "skip", "skip", "skip", "pass", "pass", "inconclusive"]);
    let quoted = secret.path().replace('\'', r"'\''");
    let again = format!(
        "maac-webhook check {} --case MAAC-TOPIC-006 --topic prize.points_added,message.first_open --secret-file '{quoted}'",
        listener.url
    );
    assert_eq!(report["cases"][5]["repeat"], again.as_str());
}
