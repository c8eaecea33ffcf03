//! Whole invocations as snapshots: what is printed where, and the exit status.

use std::process::Command;

use crate::support::{File, Listener, SECRET, maac_webhook, run};

const BODY: &str = "{\"topic\": \"t\", \"data\": {\"name\": \"\\u5973\", \"amount\": 65.0}}";

fn with_secret(args: &[&str]) -> Command {
    let mut command = maac_webhook(args);
    command.env("MAAC_SHARE_SECRET", SECRET);
    command
}

macro_rules! assert_invocation {
    ($name:literal, $output:expr) => {
        insta::with_settings!({
            filters => vec![
                (r"127\.0\.0\.1:\d+", "ADDR"),
                (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|\+08:00)", "TIME"),
                (r"\w{3}, \d\d \w{3} \d{4} [0-9:]{8} GMT", "TIME"),
                (r"\b[0-9a-f]{32}\b", "KEY"),
                (r"[0-9.]+ ms", "N ms"),
                (r#""duration_ms":[0-9.]+"#, r#""duration_ms":N"#),
                (r"/\S+/maac-webhook-cli-\d+-\d+-", "DIR/"),
            ],
            omit_expression => true,
        }, { insta::assert_snapshot!($name, $output); });
    };
}

fn signature(body: &str) -> String {
    let secret = maac_webhook::ShareSecret::new(SECRET).unwrap();
    maac_webhook::Signature::sign(&secret, body.as_bytes()).to_string()
}

#[test]
fn help() {
    assert_invocation!("help", run(&mut maac_webhook(&["--help"]), b""));
    for command in ["demo", "listen", "sandbox", "send", "check", "sign", "verify", "inbox"] {
        let said = run(&mut maac_webhook(&[command, "--help"]), b"");
        insta::with_settings!({ omit_expression => true }, {
            insta::assert_snapshot!(format!("help_{command}"), said);
        });
    }
}

#[test]
fn demo_shows_that_every_fate_is_as_it_must_be() {
    assert_invocation!("demo", run(&mut maac_webhook(&["demo", "--once"]), b""));
    let json = run(&mut maac_webhook(&["demo", "--once", "--output", "json"]), b"");
    let stdout = json.split("----- stdout -----\n").nth(1).unwrap().split("\n-----").next().unwrap();
    let fates: Vec<serde_json::Value> = serde_json::from_str(stdout).unwrap();
    assert!(fates.iter().all(|fate| fate["as_it_must_be"] == true), "{json}");
}

#[test]
fn sign_prints_the_signature_of_the_exact_bytes() {
    assert_invocation!("sign", run(&mut with_secret(&["sign"]), BODY.as_bytes()));
    assert_invocation!("sign_json", run(&mut with_secret(&["sign", "--output", "json"]), BODY.as_bytes()));
    let file = File::new("crlf", format!("{SECRET}\r\n"));
    let from_file = run(&mut maac_webhook(&["sign", "--secret-file", file.path()]), BODY.as_bytes());
    assert_eq!(from_file, run(&mut with_secret(&["sign"]), BODY.as_bytes()));
    assert_invocation!(
        "sign_by_flag",
        run(&mut maac_webhook(&["sign", "--secret", SECRET]), BODY.as_bytes())
    );
}

#[test]
fn a_secret_that_cannot_be_used_is_told() {
    assert_invocation!("no_secret", run(&mut maac_webhook(&["sign"]), b""));
    assert_invocation!("empty_secret", run(maac_webhook(&["sign"]).env("MAAC_SHARE_SECRET", ""), b""));
    let spaced = File::new("spaced", "hush \n");
    for command in
        [&["sign"][..], &["listen"], &["send", "message.first_open", "--to", "http://127.0.0.1:1/"]]
    {
        let mut command = maac_webhook(command);
        let said = run(command.args(["--secret-file", spaced.path()]), b"");
        assert!(!said.contains("hush"), "{said}");
        assert_invocation!("spaced_secret", said);
    }
    assert_invocation!(
        "missing_secret_file",
        run(&mut maac_webhook(&["sign", "--secret-file", "/nowhere/s"]), b"")
    );
    let both = ["sign", "--secret-file", "/nowhere/s", "--secret", "hush"];
    assert_invocation!("two_secrets", run(&mut maac_webhook(&both), b""));
}

#[test]
fn verify_explains_a_mismatch() {
    let hex = signature(BODY);
    let verify = |signature: &str, body: &str| {
        run(&mut with_secret(&["verify", "--signature", signature]), body.as_bytes())
    };
    assert_invocation!("verify_valid", verify(&hex, BODY));
    assert_invocation!("verify_newline", verify(&hex, &format!("{BODY}\n")));
    assert_invocation!(
        "verify_reserialised",
        verify(&hex, "{\"topic\":\"t\",\"data\":{\"name\":\"女\",\"amount\":65.0}}")
    );
    assert_invocation!("verify_upper_case", verify(&hex.to_uppercase(), BODY));
    assert_invocation!("verify_base64", verify("W9zBRr9gdU5qBCZCCJV1x1oAPwidJzmDnexYuWTsOEM=", BODY));
    assert_invocation!("verify_nonsense", verify("-abc", BODY));
    assert_invocation!("verify_another", verify(&signature("another"), BODY));

    let mut spaced = maac_webhook(&["verify", "--signature", &hex]);
    assert_invocation!(
        "verify_spaced_secret",
        run(spaced.env("MAAC_SHARE_SECRET", format!(" {SECRET}\n")), BODY.as_bytes())
    );
    let json = ["verify", "--output", "json", "--signature", &hex];
    assert_invocation!("verify_json", run(&mut with_secret(&json), format!("{BODY}\n").as_bytes()));
}

#[test]
fn send_tells_what_was_sent_and_what_came_of_it() {
    let data = File::new("data.json", "{\"points_id\": \"p\", \"points_count\": 5e0}");
    let to_nobody = |more: &[&str]| {
        let args = ["send", "prize.points_added", "--to", "http://127.0.0.1:1/hooks", "--key", "a-key"];
        let mut command = with_secret(&args);
        command.args(["--retry-delays", "0.01", "--data", data.path()]).args(more);
        // The signature is of a body with the time in it.
        let said = run(&mut command, b"");
        let signed = said
            .split("Signature")
            .nth(1)
            .map(|rest| rest.trim_start_matches([':', ' ', '"', ',']).chars().take(64).collect::<String>());
        said.replace(&signed.unwrap(), "SIGNATURE")
    };
    assert_invocation!("send_refused", to_nobody(&[]));
    assert_invocation!("send_refused_json", to_nobody(&["--output", "json"]));
}

#[test]
fn send_of_what_cannot_be_sent_is_told() {
    let send = |args: &[&str], stdin: &str| {
        let mut command = with_secret(&["send"]);
        run(command.args(args), stdin.as_bytes())
    };
    let to = "http://127.0.0.1:1/";
    assert_invocation!("send_unknown_topic", send(&["new.topic", "--to", to], ""));
    assert_invocation!("send_bad_url", send(&["message.first_open", "--to", "ftp://shop.example/"], ""));
    assert_invocation!("send_no_file", send(&["message.first_open", "--to", to, "--data", "/nowhere/d"], ""));
    assert_invocation!(
        "send_not_json",
        send(&["message.first_open", "--to", to, "--data", "-"], "{\"a\": 1,}")
    );
    let whole = r#"{"topic": "prize.points_added", "data": {}}"#;
    assert_invocation!("send_other_topic", send(&["message.first_open", "--to", to, "--data", "-"], whole));
    assert_invocation!("send_bad_key", send(&["message.first_open", "--to", to, "--key", "é"], ""));
    assert_invocation!(
        "send_bad_delay",
        send(&["message.first_open", "--to", to, "--retry-delays", "1,x"], "")
    );
}

fn scenario(name: &str) -> String {
    format!("{}/../maac-webhook-mock/scenarios/{name}.json", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn send_runs_a_scenario_against_a_receiver() {
    let listener = Listener::start(&[]);
    let send = |name: &str, more: &[&str]| {
        let file = scenario(name);
        let mut command = with_secret(&["send", "--scenario", &file, "--to", &listener.url]);
        run(command.args(["--retry-delays", "0,0,0"]).args(more), b"")
    };
    assert_invocation!("send_scenario_topics", send("topics", &[]));
    assert_invocation!("send_scenario_forgeries", send("forgeries", &[]));
    assert_invocation!("send_scenario_keys", send("keys", &[]));
    assert_invocation!("send_scenario_network", send("network", &[]));

    let said = send("forgeries", &["--output", "json"]);
    let json = said.split("----- stdout -----\n").nth(1).unwrap().split("\n-----").next().unwrap();
    let report: serde_json::Value = serde_json::from_str(json).unwrap();
    assert!(report["steps"].as_array().unwrap().iter().all(|step| step["met"] == true), "{said}");
    assert_eq!(report["steps"][3]["sent"]["events"][0]["attempts"][0]["response"]["status"], 401);
}

#[test]
fn send_of_a_scenario_that_a_receiver_fails_shows_what_arrived() {
    let wrong = r#"{"name": "a receiver that is to refuse", "steps": [
        {"event": {"body": "OK", "key": "a-key"}, "expect": {"rejected": 401}, "attempts": 1},
        {"event": {"body": "OK", "key": "a-key"}}
    ]}"#;
    let listener = Listener::start(&[]);
    let mut command = with_secret(&["send", "--scenario", "-", "--to", &listener.url]);
    assert_invocation!("send_scenario_failed", run(&mut command, wrong.as_bytes()));
}

#[test]
fn send_of_a_scenario_that_cannot_be_sent_is_told() {
    let to = "http://127.0.0.1:1/";
    let send =
        |args: &[&str], stdin: &str| run(with_secret(&["send", "--to", to]).args(args), stdin.as_bytes());
    assert_invocation!("send_scenario_no_file", send(&["--scenario", "/nowhere/s.json"], ""));
    let file =
        r#"{"name": "n", "steps": [{"event": {"topic": "message.first_open"}, "tampering": "signature"}]}"#;
    assert_invocation!("send_scenario_wrong_file", send(&["--scenario", "-"], file));
    let file = r#"{"name": "n", "steps": [{"event": {"topic": "message.first_open"}, "behaviour": "out_of_order"}]}"#;
    assert_invocation!("send_scenario_unsendable", send(&["--scenario", "-"], file));
    assert_invocation!("send_scenario_and_topic", send(&["message.first_open", "--scenario", "-"], ""));
    assert_invocation!("send_nothing", send(&[], ""));
}
