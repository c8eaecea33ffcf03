//! `listen` over real sockets.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use maac_webhook::headers;
use maac_webhook_test_support::{PATIENCE, process::Running, wire};
use serde_json::json;

use crate::support::{Client, File, Listener, SECRET, maac_webhook};

const EVENT: &[u8] = br#"{"timestamp": "2025-11-28T10:00:00.000000+08:00", "topic": "message.first_open", "data": {"message_type": "openapi", "message_id": 999, "line_uid": "U1", "customer_id": null}}"#;

fn event(second: u32, count: u32) -> Vec<u8> {
    format!(
        r#"{{"timestamp": "2025-11-28T10:00:{second:02}+08:00", "topic": "prize.points_added", "data": {{"points_id": "marker-{count}", "points_count": {count}.0}}}}"#
    )
    .into_bytes()
}

#[test]
fn an_event_is_a_line_with_its_key_topic_data_and_event_id() {
    let listener = Listener::start(&[]);
    assert_eq!(listener.post(EVENT, Some("key-1")), 200);
    let mut line = listener.next();
    let received_at = line.as_object_mut().unwrap().remove("received_at").unwrap();
    assert!(received_at.as_str().unwrap().ends_with('Z'), "{received_at}");
    assert_eq!(
        line,
        json!({
            "idempotency_key": "key-1",
            "topic": "message.first_open",
            "event_id": 999,
            "event": {"message_type": "openapi", "message_id": 999, "line_uid": "U1", "customer_id": null},
        })
    );
}

#[test]
fn whatever_is_verified_is_printed_and_nothing_else_is() {
    let listener = Listener::start(&[]);
    let nested = [&b"{\"topic\": \"t\", \"data\": "[..], &[b'['; 10_000], &[b']'; 10_000], b"}"].concat();
    for body in [b"not json".to_vec(), b"\xff\x00".to_vec(), Vec::new(), b"[1]".to_vec(), nested] {
        assert_eq!(listener.post(&body, None), 200);
        let line = listener.next();
        assert_eq!(line["idempotency_key"], json!(null));
        assert_eq!(line["raw_base64"], BASE64_STANDARD.encode(&body));
        assert!(line["error"].as_str().is_some_and(|error| !error.is_empty()), "{line}");
        assert!(line.get("event").is_none(), "{line}");
    }
    let pretty = b"{\n  \"topic\": \"new.topic\",\r\n  \"data\": {\n    \"a\": 1.50\n  }\n}\n";
    assert_eq!(listener.post(pretty, None), 200);
    assert_eq!(listener.next()["event"], json!({"a": 1.5}));

    assert_eq!(listener.post_signed("another", EVENT, Some("k")), 401);
    let unsigned = listener.exchange(&wire::fixed(&[], EVENT));
    assert_eq!((unsigned.status, unsigned.body), (401, Vec::new()));
    assert_eq!(listener.exchange(&wire::request("POST", "/elsewhere", &[], EVENT)).status, 404);
    let large = vec![b' '; 1024 * 1024 + 1];
    assert_eq!(listener.post(&large, None), 413);
    assert!(listener.is_silent_for_sure());
}

#[test]
fn what_is_not_posted_is_answered_405_before_it_is_verified() {
    let mut listener = Listener::start(&[]);
    for method in ["GET", "HEAD", "PUT", "OPTIONS", "ODD"] {
        let answer = listener.exchange(&wire::request(method, wire::PATH, &[], b""));
        assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")), "{method}");
    }
    assert!(listener.is_silent_for_sure());
    let log = listener.process.log_to_its_end();
    assert!(!log.contains("ERROR") && !log.contains("rejected"), "{log}");
}

#[test]
fn a_signed_event_to_a_wrong_path_comes_back_and_a_stray_request_does_not() {
    let mut listener = Listener::start(&[]);
    let signed = [(headers::SIGNATURE, "0".repeat(64).into_bytes())];
    let sent = |listener: &Listener, method: &str, path: &str, headers: &[_], body: &[u8]| {
        let answer = listener.exchange(&wire::request(method, path, headers, body));
        assert_eq!(answer.body, b"");
        answer.status
    };
    for path in ["/", "/webhooks/maac/", "/webhook/maac?token=hush"] {
        assert_eq!(sent(&listener, "POST", path, &signed, EVENT), 503);
    }
    let line = listener.process.line_with("asked=\"/webhook/maac\"");
    assert!(line.contains(" WARN ") && line.contains("served=\"/webhooks/maac\""), "{line}");
    assert_eq!(sent(&listener, "POST", &format!("/{}", "x".repeat(5000)), &signed, EVENT), 503);
    let line = listener.process.line_with("asked=\"/xxx");
    assert!(line.len() < 500, "{line}");

    assert_eq!(sent(&listener, "POST", "/other", &[], EVENT), 404);
    assert_eq!(sent(&listener, "GET", "/other", &signed, b""), 404);
    assert!(listener.is_silent_for_sure());
    let log = listener.process.log_to_its_end();
    assert!(!log.contains("hush") && !log.contains("/other"), "{log}");
}

#[test]
fn the_body_is_the_identity_and_the_key_a_hint() {
    let mut listener = Listener::start(&[]);
    let handled = |body: &[u8], key: &str| {
        assert_eq!(listener.post(body, Some(key)), 200);
        !listener.is_silent_for_sure()
    };
    assert!(handled(&event(1, 1), "a"), "new");
    assert!(!handled(&event(1, 1), "a"), "a retry");
    assert!(!handled(&event(1, 1), "fresh"), "a replay");
    assert!(handled(&event(2, 2), "fresh"), "the replay did not burn the key");
    assert!(!handled(&event(3, 1), "a"), "a retry that was built anew");
    assert!(handled(&event(3, 3), "a"), "another event under a known key");
    let log = listener.process.log_to_its_end();
    assert_eq!(log.matches(" WARN a replay").count(), 1, "{log}");
    assert_eq!(log.matches("ERROR another event under a known idempotency key").count(), 1, "{log}");
    assert!(!log.contains("marker") && !log.contains(SECRET), "{log}");
}

impl Listener {
    /// Posts a marker event and looks whether its line is the next one: what was posted before it was then
    /// not printed.
    fn is_silent_for_sure(&self) -> bool {
        let marker = uuid::Uuid::new_v4().to_string();
        assert_eq!(self.post(marker.as_bytes(), None), 200);
        let mut silent = true;
        while self.next()["raw_base64"] != BASE64_STANDARD.encode(&marker) {
            silent = false;
        }
        silent
    }
}

#[test]
fn concurrent_copies_are_one_line_and_all_answered_200() {
    let listener = Listener::start(&[]);
    let client = &listener.client;
    thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| assert_eq!(client.post(EVENT, Some("key")), 200));
        }
    });
    assert_eq!(listener.next()["topic"], "message.first_open");
    assert!(listener.is_silent_for_sure());
}

#[test]
fn a_changed_secret_file_is_followed_and_a_bad_one_leaves_the_last_good_secret() {
    let file = File::new("rotated", "one\n");
    let mut listener = Listener::start(&["--secret-file", file.path()]);
    assert_eq!(listener.post_signed("one", &event(1, 1), None), 200);
    assert_eq!(listener.post_signed("two", &event(1, 2), None), 401);

    // As one that writes it in two steps.
    fs::write(&file.0, "tw").unwrap();
    fs::write(&file.0, "two\n").unwrap();
    listener.process.line_with("the share secret changed");
    assert_eq!(listener.post_signed("two", &event(1, 3), None), 200);
    assert_eq!(listener.post_signed("one", &event(1, 4), None), 200, "within the overlap");

    fs::write(&file.0, "").unwrap();
    listener.process.line_with("the last good share secret stays in force");
    assert_eq!(listener.post_signed("two", &event(1, 5), None), 200);
}

#[test]
fn it_ends_well_when_it_is_told_to() {
    let mut listener = Listener::start(&[]);
    assert_eq!(listener.post(EVENT, None), 200);
    listener.process.terminate();
    assert_eq!(listener.process.wait().code(), Some(0));
    assert_eq!(listener.next()["topic"], "message.first_open");
}

#[test]
fn it_does_not_wait_for_half_a_request_or_an_idle_client() {
    let mut listener = Listener::start(&[]);
    let idle = TcpStream::connect(listener.address()).unwrap();
    let mut half = TcpStream::connect(listener.address()).unwrap();
    half.write_all(b"POST /webhooks/maac HTTP/1.1\r\nHost: a\r\n").unwrap();
    assert_eq!(listener.post(EVENT, None), 200);
    let told = Instant::now();
    listener.process.terminate();
    assert_eq!(listener.process.wait().code(), Some(0));
    assert!(told.elapsed() < Duration::from_secs(8), "{:?}", told.elapsed());
    drop((idle, half));
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let mut listener = Listener::start(&[]);
    let slow = listener.post_without_its_body();
    assert_eq!(listener.post(EVENT, None), 200);
    listener.process.terminate();
    listener.process.line_with("INFO told to stop");
    listener.process.terminate();
    listener.process.line_with("WARN told to stop once more");
    assert_eq!(listener.process.wait().code(), Some(0));
    drop(slow);
}

impl Listener {
    /// A request that is under way until its body is given up.
    fn post_without_its_body(&self) -> TcpStream {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        let signature = "0".repeat(64);
        write!(stream, "POST /webhooks/maac HTTP/1.1\r\nHost: a\r\nCrescLab-Signature: {signature}\r\nContent-Length: 9\r\n\r\n")
            .unwrap();
        stream
    }
}

#[test]
fn a_flood_of_forgeries_is_a_few_lines_and_their_number() {
    let mut listener = Listener::start(&[]);
    for _ in 0..300 {
        assert_eq!(listener.post_signed("another", EVENT, None), 401);
    }
    let log = listener.process.log_to_its_end();
    let rejected: Vec<&str> = log.lines().filter(|line| line.contains("signature_mismatch")).collect();
    let more = |line: &&str| line.split_once(" and ")?.1.split_once(" more like")?.0.parse::<usize>().ok();
    let numbers: Vec<usize> = rejected.iter().filter_map(more).collect();
    assert_eq!(rejected.len() - numbers.len() + numbers.iter().sum::<usize>(), 300, "{log}");
    assert!(rejected.len() < 100, "{log}");
}

#[test]
fn a_log_that_nobody_reads_holds_nothing_up() {
    let mut command = maac_webhook(&["listen", "--inbox", "none", "--addr", "127.0.0.1:0"]);
    command.env("MAAC_SHARE_SECRET", SECRET).env("RUST_LOG", "debug");
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("listening on ") {
        line.clear();
        assert!(stderr.read_line(&mut line).unwrap() > 0);
    }
    let client = Client { url: line.trim_end().strip_prefix("listening on ").unwrap().to_owned() };
    // Far more than a pipe holds.
    for count in 0..1000 {
        let key = format!("{count:0200}");
        assert_eq!(client.post(&event(1, count), Some(&key)), 200);
    }
    let mut process = Running::without_output(child);
    process.terminate();
    assert_eq!(process.wait().code(), Some(0));
    drop(stderr);
}

#[test]
fn events_that_nobody_takes_come_back_and_the_receiver_ends() {
    let mut command = maac_webhook(&["listen", "--inbox", "none", "--addr", "127.0.0.1:0"]);
    let (mut process, stdout) = Running::start(command.env("MAAC_SHARE_SECRET", SECRET));
    let client = Client { url: process.listening() };
    drop(stdout);
    assert_eq!(client.post(EVENT, None), 503);
    assert_eq!(process.wait().code(), Some(2));
    process.line_with("error: standard output is closed");
}

#[test]
fn an_address_in_use_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut command = maac_webhook(&["listen", "--inbox", "none", "--addr", &address]);
    let said = crate::support::run(command.env("MAAC_SHARE_SECRET", SECRET), b"");
    assert!(said.starts_with("exit status: 2\n"), "{said}");
    assert!(said.contains(&format!("error: cannot listen on {address}: Address already in use")), "{said}");
}

#[test]
fn a_name_is_listened_on_as_well_and_what_is_no_address_is_told() {
    let mut command = maac_webhook(&["listen", "--inbox", "none", "--addr", "localhost:0"]);
    let (mut process, _stdout) = Running::start(command.env("MAAC_SHARE_SECRET", SECRET));
    process.line_with("listening on http://");
    for odd in ["localhost", ":8080", "127.0.0.1:", "::1:x", "127.0.0.1:65536"] {
        let mut command = maac_webhook(&["listen", "--inbox", "none", "--addr", odd]);
        let said = crate::support::run(command.env("MAAC_SHARE_SECRET", SECRET), b"");
        assert!(said.contains("it is not HOST:PORT, such as 127.0.0.1:8080"), "{said}");
    }
}

#[test]
fn a_slow_body_is_given_up_and_does_not_hold_others_up() {
    let listener = Listener::start(&[]);
    let mut slow = listener.post_without_its_body();
    assert_eq!(listener.post(EVENT, None), 200);
    let mut answer = [0; 12];
    slow.set_read_timeout(Some(PATIENCE)).unwrap();
    slow.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408");
}
