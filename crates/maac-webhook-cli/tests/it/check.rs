//! `check`, on `listen` and on what is none.

use std::{
    env,
    net::{TcpListener, TcpStream},
    path::Path,
    process::Command,
};

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
    assert!(read(&html).starts_with("<!doctype html>"));
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
    assert!(stdout.starts_with("MAAC-SIG-003   MUST   pass"), "{stdout}");
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

/// The template of a customer's CI, on the receiver in Python.
#[cfg(unix)]
#[test]
fn the_shell_template_starts_a_receiver_grades_it_and_stops_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let binaries = Path::new(env!("CARGO_BIN_EXE_maac-webhook")).parent().unwrap();
    let path = env::join_paths(
        [binaries.to_owned()].into_iter().chain(env::split_paths(&env::var_os("PATH").unwrap())),
    );
    let folder = tempfile::tempdir().unwrap();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let template = |secret: &str| {
        let mut command = Command::new("sh");
        command
            .arg(root.join("docs/ci/grade.sh"))
            .args(["--retry-delays", "0.1,0.1,0.1"])
            .current_dir(folder.path())
            .env("PATH", path.as_ref().unwrap())
            .env(
                "RECEIVER",
                format!(
                    "env MAAC_SHARE_SECRET={secret} python3 {}",
                    root.join("examples/python-stdlib/receiver.py").display()
                ),
            )
            .env("MAAC_SHARE_SECRET", SECRET)
            .env("MAAC_PROBE", "1")
            .env("LISTEN_ADDR", address.to_string())
            .env("URL", format!("http://{address}/webhooks/maac"))
            .env("PROBE", format!("http://{address}/probe"));
        let output = command.output().unwrap();
        // Nothing of it is left.
        assert!(TcpStream::connect(address).is_err());
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };

    let (status, said) = template(SECRET);
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("MAAC-RETRY-006 MUST   pass"), "{said}");
    for report in ["report.json", "report.xml", "report.html"] {
        assert!(folder.path().join("maac-reports").join(report).is_file(), "{report}");
    }
    let (status, said) = template("another-secret");
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("does the receiver have the same share secret?"), "{said}");
}
