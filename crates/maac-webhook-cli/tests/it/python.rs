//! Python's standard library on the other side: it must accept what `send` sends, and `listen` what it sends.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
};

use maac_webhook_test_support::process::Running;
use serde_json::{Value, json};

use crate::{
    inbox::Inbox,
    support::{File, Listener, SECRET, maac_webhook, run},
};

fn python(script: &str, args: &[&str]) -> Command {
    let mut command = Command::new("python3");
    command.arg(format!("{}/tests/python/{script}", env!("CARGO_MANIFEST_DIR"))).args(args);
    command.env("MAAC_SHARE_SECRET", SECRET).env("PYTHONUNBUFFERED", "1");
    command
}

#[test]
fn a_python_receiver_accepts_what_send_sends() {
    let (_process, stdout) = Running::start(&mut python("receiver.py", &[]));
    let mut lines = BufReader::new(stdout).lines().map(Result::unwrap);
    let url = lines.next().unwrap();
    let astral = File::new(
        "astral.json",
        r#"{"名": "🎉 \u0000 \u2028 \"\\/", "n": [1e2, -0, 65.0, 1E-7, 12345678901234567890123]}"#,
    );

    for topic in [
        "receipt.receipt_validated",
        "form.surveycake_submitted",
        "pnp.status_updated",
        "pnp.profile_updated",
        "prize.points_added",
        "message.first_open",
        "new.topic",
    ] {
        let styles = [&[][..], &["--raw-utf8"], &["--compact"], &["--raw-utf8", "--compact"]];
        for (at, style) in styles.into_iter().enumerate() {
            let mut send = maac_webhook(&["send", topic, "--to", &url, "--key", "a-key"]);
            send.env("MAAC_SHARE_SECRET", SECRET).args(style);
            if topic == "new.topic" {
                send.args(["--data", astral.path()]);
            }
            let said = run(&mut send, b"");
            assert!(said.starts_with("exit status: 0\n"), "{said}");
            let received: Value = serde_json::from_str(&lines.next().unwrap()).unwrap();
            assert_eq!(received["topic"], topic);
            assert_eq!(received["key"], "a-key");
            assert_eq!(received["content_type"], "application/json; charset=utf-8");
            // Python's own json.dumps of what it read is what it was sent.
            assert_eq!(received["as_json_dumps"][at], true, "{topic} {style:?}");
        }
    }
    let mut forged = maac_webhook(&["send", "message.first_open", "--to", &url, "--secret", "another"]);
    let said = run(&mut forged, b"");
    assert!(said.starts_with("exit status: 1\n") && said.contains("answered 401"), "{said}");
}

#[test]
fn a_python_upstream_accepts_what_listen_forwards() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = File::new("certificate.pem", made.cert.pem());
    let key = File::new("key.pem", made.signing_key.serialize_pem());
    let mut upstream = python("receiver.py", &[certificate.path(), key.path()]);
    let (_process, stdout) = Running::start(upstream.env("MAAC_SHARE_SECRET", "own"));
    let mut lines = BufReader::new(stdout).lines().map(Result::unwrap);
    let (url, own, inbox) = (lines.next().unwrap(), File::new("own", "own\n"), Inbox::new());
    let forward = ["--forward", &url, "--forward-secret-file", own.path(), "--ca-file", certificate.path()];
    let listener = Listener::start(&[&["--inbox", inbox.url()], &forward[..]].concat());
    let body = r#"{"topic": "new.topic", "data": {"名": "🎉 \u5973", "n": 1e2}}"#;
    assert_eq!(listener.post(body.as_bytes(), Some("a-key")), 200);
    let received: Value = serde_json::from_str(&lines.next().unwrap()).unwrap();
    assert_eq!((&received["topic"], &received["key"]), (&json!("new.topic"), &json!("a-key")));
    assert_eq!(received["content_type"], "application/json; charset=utf-8");
    inbox.until("done", 1);
}

#[test]
fn listen_accepts_what_a_python_sender_signs() {
    let listener = Listener::start(&[]);
    let mut sender = python("sender.py", &[&listener.url]).stdin(Stdio::piped()).spawn().unwrap();
    let events = [
        json!({"topic": "message.first_open", "data": {"message_type": "broadcast", "message_id": 999, "line_uid": "U1"}}),
        json!({"topic": "new.topic", "data": {"名": "🎉", "amount": 65.0, "n": null}}),
    ];
    let mut stdin = sender.stdin.take().unwrap();
    for event in &events {
        writeln!(stdin, "{event}").unwrap();
    }
    drop(stdin);
    assert!(sender.wait().unwrap().success(), "it was not answered 200 each time");
    // Each event is sent in four styles of JSON, and read the same.
    for event in events {
        for _ in 0..4 {
            let line = listener.next();
            assert_eq!((&line["topic"], &line["event"]), (&event["topic"], &event["data"]));
            assert_eq!(line["idempotency_key"].as_str().unwrap().len(), 32);
        }
    }
}

#[test]
fn send_trusts_a_certificate_only_under_a_root_that_it_knows() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = File::new("certificate.pem", made.cert.pem());
    let key = File::new("key.pem", made.signing_key.serialize_pem());
    let (_process, stdout) = Running::start(&mut python("receiver.py", &[certificate.path(), key.path()]));
    let mut lines = BufReader::new(stdout).lines();
    let url = lines.next().unwrap().unwrap();
    assert!(url.starts_with("https://"), "{url}");

    let send = |more: &[&str]| {
        let mut send = maac_webhook(&["send", "message.first_open", "--retry-delays", "", "--to", &url]);
        // So the machine's own certificates play no part, and none can be read.
        run(send.env("MAAC_SHARE_SECRET", SECRET).env("SSL_CERT_FILE", "/nowhere/roots.pem").args(more), b"")
    };
    let trusting = send(&["--ca-file", certificate.path()]);
    assert!(trusting.starts_with("exit status: 0\n"), "{trusting}");
    let untrusting = send(&[]);
    assert!(untrusting.starts_with("exit status: 1\n"), "{untrusting}");
    assert!(untrusting.contains("ms: tls: invalid peer certificate"), "{untrusting}");
    assert!(untrusting.contains("--ca-file"), "{untrusting}");
    assert!(untrusting.contains("/nowhere/roots.pem"), "{untrusting}");
    let no_certificate = send(&["--ca-file", key.path()]);
    assert!(no_certificate.contains("there is no certificate in it"), "{no_certificate}");
}
