//! `sandbox` and the demo's console, as processes.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
};

use maac_webhook_test_support::{PATIENCE, process::Running};

use crate::support::{maac_webhook, run};

fn start(args: &[&str]) -> (Running, String) {
    let (mut running, _) = Running::start(&mut maac_webhook(args));
    let url = running.listening();
    (running, url.strip_prefix("http://").unwrap().to_owned())
}

fn get(address: &str, path: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_sandbox_serves_its_console_and_ends_when_told_to_though_somebody_follows_it() {
    let (mut running, address) = start(&["sandbox", "--addr", "127.0.0.1:0", "--data", "none"]);
    let page = get(&address, "/webhooks", "Accept-Language: zh-TW\r\n");
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("歡迎使用 Webhook"), "{page}");

    let mut live = TcpStream::connect(&address).unwrap();
    write!(live, "GET /live HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
    let mut begun = [0; 12];
    live.read_exact(&mut begun).unwrap();
    assert_eq!(&begun, b"HTTP/1.1 200");
    let log = running.log_to_its_end();
    assert!(!log.contains("ERROR"), "{log}");
}

#[test]
fn what_others_can_reach_needs_a_token_and_a_token_is_long() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let path = file.to_str().unwrap();
    let refused = run(&mut maac_webhook(&["sandbox", "--addr", "0.0.0.0:0", "--data", "none"]), b"");
    assert!(
        refused.contains("name a file with a token by --token-file") && refused.contains("2\n"),
        "{refused}"
    );
    fs::write(&file, "short\n").unwrap();
    let args = ["sandbox", "--addr", "0.0.0.0:0", "--data", "none", "--token-file", path];
    let refused = run(&mut maac_webhook(&args), b"");
    assert!(refused.contains("fewer than 16 characters"), "{refused}");

    fs::write(&file, "correct-horse-battery\n").unwrap();
    let (mut running, address) = start(&args);
    let address = address.replace("0.0.0.0", "127.0.0.1");
    assert!(get(&address, "/webhooks", "").starts_with("HTTP/1.1 303"));
    let with = "Authorization: Bearer correct-horse-battery\r\n";
    assert!(get(&address, "/webhooks", with).starts_with("HTTP/1.1 200"));
    assert!(!running.log_to_its_end().contains("correct-horse"));
}

#[test]
fn a_sandboxs_file_is_one_programs_at_a_time_and_is_told_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let data = format!("sqlite:{}", folder.path().join("own.db").display());
    let args = ["sandbox", "--addr", "127.0.0.1:0", "--data", &data];
    let (mut first, _) = start(&args);
    let second = run(&mut maac_webhook(&args), b"");
    assert!(second.contains("own.db: another program has the sandbox's file open"), "{second}");
    first.log_to_its_end();
    let (_again, address) = start(&args);
    assert!(get(&address, "/webhooks", "").starts_with("HTTP/1.1 200"));
    let wrong = run(&mut maac_webhook(&["sandbox", "--data", "postgres://a"]), b"");
    assert!(wrong.contains("it is neither sqlite:PATH nor none"), "{wrong}");
}

#[test]
fn the_demo_stays_up_for_its_console_which_has_what_was_sent() {
    let (mut running, _stdout) = Running::start(&mut maac_webhook(&["demo"]));
    let line = running.line_with("the console is on ");
    let address = line.split("http://").nth(1).unwrap().split(';').next().unwrap();
    let page = get(address, "/deliveries", "");
    // Each topic once, the event that was retried, and the same once more.
    assert_eq!(page.matches("<tr ").count() - 1, 8, "{page}");
    running.log_to_its_end();
}

#[test]
fn beside_the_console_are_the_api_and_maacs_openapi_calls_and_further_targets_can_be_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let (file, token) = (folder.path().join("token"), "a-token-of-my-own");
    fs::write(&file, format!("{token}\n")).unwrap();
    let args = ["sandbox", "--addr", "127.0.0.1:0", "--data", "none", "--allow-target", "172.17.0.0/16"];
    let args = [&args[..], &["--openapi-token-file", file.to_str().unwrap()]].concat();
    let (mut running, _) = Running::start(&mut maac_webhook(&args));
    assert!(running.line_with("OpenAPI calls at ").ends_with("/openapi shows"));
    let address = running.listening().strip_prefix("http://").unwrap().to_owned();
    let described = get(&address, "/api/openapi.json", "");
    assert!(described.starts_with("HTTP/1.1 200") && described.contains(r#""openapi""#), "{described}");
    assert!(get(&address, "/openapi/v1/event/", "").starts_with("HTTP/1.1 401"));
    let with = format!("Authorization: Bearer {token}\r\n");
    assert!(get(&address, "/openapi/v1/event/", &with).starts_with("HTTP/1.1 200"));
    let page = get(&address, "/openapi", "");
    assert!(page.contains("/openapi/v1/event/") && !page.contains(token), "{page}");
    assert!(!running.log_to_its_end().contains(token));

    let wrong = run(&mut maac_webhook(&["sandbox", "--data", "none", "--allow-target", "10.0.0.0/99"]), b"");
    assert!(wrong.contains("10.0.0.0/99"), "{wrong}");
}
