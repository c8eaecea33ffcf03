//! `listen --forward`, with upstreams on real sockets.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use maac_webhook::{ShareSecret, Signature};
use maac_webhook_test_support::PATIENCE;

use crate::{
    inbox::{Inbox, event},
    support::{File, Listener, SECRET, maac_webhook, run},
};

fn sign(secret: &str, body: &[u8]) -> String {
    Signature::sign(&ShareSecret::new(secret).unwrap(), body).to_string()
}

/// What an upstream was sent.
struct Sent {
    head: String,
    body: Vec<u8>,
}

impl Sent {
    fn header(&self, name: &str) -> &str {
        let mut lines = self.head.lines();
        lines
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
            .unwrap_or_else(|| panic!("{}", self.head))
    }
}

/// Answers each request with the next of its answers, and after the last one 204. No answer at all is `None`.
struct Upstream {
    url: String,
    sent: mpsc::Receiver<Sent>,
}

impl Upstream {
    fn start(answers: &'static [Option<&'static str>]) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").unwrap(), answers)
    }

    fn on(listener: TcpListener, answers: &'static [Option<&'static str>]) -> Self {
        let url = format!("http://{}/hooks?shop=1", listener.local_addr().unwrap());
        let (send, sent) = mpsc::channel();
        thread::spawn(move || {
            let mut answers = answers.iter();
            // What is not answered is not closed either.
            let mut unanswered = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                // A crashed forwarder may have sent half of it.
                let Some(request) = read(&mut stream) else { continue };
                match answers.next().unwrap_or(&Some("204 No Content\r\n\r\n")) {
                    Some(answer) => {
                        let _ = write!(stream, "HTTP/1.1 {answer}");
                    }
                    None => unanswered.push(stream),
                }
                if send.send(request).is_err() {
                    return;
                }
            }
        });
        Self { url, sent }
    }

    fn next(&self) -> Sent {
        self.sent.recv_timeout(PATIENCE).unwrap()
    }

    fn is_sent_no_more(&self) -> bool {
        self.sent.recv_timeout(Duration::from_millis(100)).is_err()
    }
}

fn read(stream: &mut TcpStream) -> Option<Sent> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let sent = Sent { head, body: bytes[end + 4..].to_vec() };
            if sent.body.len() == sent.header("Content-Length").parse::<usize>().unwrap() {
                return Some(sent);
            }
        }
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&piece[..read]),
        }
    }
}

impl Inbox {
    fn forward(&self, upstream: &str, more: &[&str]) -> Listener {
        Listener::start(&[&["--inbox", self.url(), "--forward", upstream], more].concat())
    }

    /// Waits until the first event's attempts failed like this, one after the other.
    fn until_failed(&self, errors: &[&str]) {
        let begun = Instant::now();
        loop {
            let shown = self.json(&["show", "1"]);
            let failed = shown["failed_attempts"].as_array().unwrap();
            let same = |(found, says): (&serde_json::Value, &&str)| {
                found["error"].as_str().unwrap().starts_with(says)
            };
            if failed.len() >= errors.len() {
                assert!(failed.iter().zip(errors).all(same), "{shown}");
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{shown}");
        }
    }
}

#[test]
fn an_event_is_posted_as_it_came_until_it_is_taken() {
    let upstream = Upstream::start(&[
        Some("500 Oops\r\nContent-Length: 10\r\n\r\n\"down\"\n\x1b[m"),
        Some("302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"),
        Some("200 OK\r\nContent-Length: 2\r\n\r\nOK"),
    ]);
    let (inbox, own) = (Inbox::new(), File::new("own", "forward-secret\n"));
    let listener = inbox.forward(&upstream.url, &["--forward-secret-file", own.path()]);
    let body = "{\"topic\": \"t\",\r\n \"data\": {\"name\": \"\\u5973 女\"}}".as_bytes();
    assert_eq!(listener.post(body, Some("key-1")), 200);
    for _ in 0..3 {
        let sent = upstream.next();
        assert!(sent.head.starts_with("POST /hooks?shop=1 HTTP/1.1\r\n"), "{}", sent.head);
        assert_eq!(sent.body, body);
        assert_eq!(sent.header("Content-Type"), "application/json; charset=utf-8");
        assert_eq!(sent.header("CrescLab-Idempotency-Key"), "key-1");
        assert_eq!(sent.header("CrescLab-Signature"), sign("forward-secret", body));
        assert_eq!(sent.header("Maac-Original-Signature"), sign(SECRET, body));
    }
    inbox.until("done", 1);
    inbox.until_failed(&[
        r#"answered 500: \"down\"\n\u{1b}[m"#,
        "answered 302, a redirect, which is not followed",
    ]);
    let shown = inbox.said(&["show", "1"]);
    assert!(shown.contains(r#": answered 500: \"down\"\n\u{1b}[m"#), "{shown}");
    assert!(upstream.is_sent_no_more());
}

#[test]
fn an_upstream_that_is_down_or_silent_is_waited_for_over_a_restart() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let (inbox, url) = (Inbox::new(), format!("http://{address}/"));
    let listener = inbox.forward(&url, &[]);
    assert_eq!(listener.post(event(1).as_bytes(), None), 200);
    inbox.until_failed(&["refused: "]);
    drop(listener);

    let upstream = Upstream::on(TcpListener::bind(address).unwrap(), &[None]);
    let mut listener = inbox.forward(&url, &["--forward-timeout", "200ms"]);
    let first = upstream.next();
    inbox.until_failed(&["refused: ", "timeout: no answer within 0.2 s"]);
    let again = upstream.next();
    assert_eq!((&*first.body, &*again.body), (event(1).as_bytes(), event(1).as_bytes()));
    let key = first.header("CrescLab-Idempotency-Key");
    assert_eq!(
        (key.len(), key),
        (64, again.header("CrescLab-Idempotency-Key")),
        "one of its own, which stays"
    );
    assert_eq!(again.header("CrescLab-Signature"), sign(SECRET, event(1).as_bytes()));
    inbox.until("done", 1);
    let log = listener.process.log_to_its_end();
    assert!(log.contains("an event was not handled, and is due again: timeout"), "{log}");
    assert!(!log.contains("p-1"), "{log}");
}

#[test]
fn what_is_being_posted_when_it_is_killed_is_posted_again_and_when_it_is_told_to_stop_given_back() {
    let upstream = Upstream::start(&[None, None]);
    let inbox = Inbox::new();
    let mut listener = inbox.forward(&upstream.url, &[]);
    assert_eq!(listener.post(event(1).as_bytes(), Some("key-1")), 200);
    upstream.next();
    listener.process.kill();

    let mut listener = inbox.forward(&upstream.url, &[]);
    upstream.next();
    let told = Instant::now();
    listener.process.terminate();
    assert_eq!(listener.process.wait().code(), Some(0));
    assert!(told.elapsed() < Duration::from_secs(8), "{:?}", told.elapsed());
    inbox.until("waiting", 1);

    let _listener = inbox.forward(&upstream.url, &[]);
    assert_eq!(upstream.next().header("CrescLab-Idempotency-Key"), "key-1");
    inbox.until("done", 1);
}

#[test]
fn a_changed_secret_signs_the_next_event() {
    let upstream = Upstream::start(&[]);
    let (share, own) = (File::new("share", "one\n"), File::new("own", "own-one\n"));
    let with_share = Inbox::new();
    let mut listener = with_share.forward(&upstream.url, &["--secret-file", share.path()]);
    let signed = |listener: &Listener, secret: &str, number: usize| {
        assert_eq!(listener.post_signed(secret, event(number).as_bytes(), None), 200);
        let sent = upstream.next();
        assert_eq!(sent.header("Maac-Original-Signature"), sign(secret, event(number).as_bytes()));
        sent.header("CrescLab-Signature").to_owned()
    };
    assert_eq!(signed(&listener, "one", 1), sign("one", event(1).as_bytes()));
    fs::write(&share.0, "two\n").unwrap();
    listener.process.line_with("the share secret changed");
    assert_eq!(signed(&listener, "one", 2), sign("two", event(2).as_bytes()), "the one in force");
    drop(listener);

    let with_own = Inbox::new();
    let mut listener = with_own.forward(&upstream.url, &["--forward-secret-file", own.path()]);
    assert_eq!(signed(&listener, SECRET, 3), sign("own-one", event(3).as_bytes()));
    fs::write(&own.0, "own-two\n").unwrap();
    listener.process.line_with("the secret to forward with changed");
    assert_eq!(signed(&listener, SECRET, 4), sign("own-two", event(4).as_bytes()));
}

#[test]
fn what_is_never_taken_is_a_dead_letter_and_sent_again_by_hand() {
    let upstream = Upstream::start(&[Some("503 Busy\r\nContent-Length: 4\r\n\r\nbusy"); 2]);
    let inbox = Inbox::new();
    let listener = inbox.forward(&upstream.url, &["--forward-for", "500ms"]);
    assert_eq!(listener.post(event(1).as_bytes(), Some("key-1")), 200);
    inbox.until("dead", 1);
    inbox.until_failed(&["answered 503: busy"; 2]);
    let listed = inbox.said(&["list", "--state", "dead"]);
    assert!(listed.contains("answered 503: busy"), "{listed}");
    for _ in 0..2 {
        upstream.next();
    }
    assert!(inbox.said(&["retry", "1"]).contains("1 event due again"));
    assert_eq!(upstream.next().header("CrescLab-Idempotency-Key"), "key-1");
    inbox.until("done", 1);
}

#[test]
fn what_cannot_be_forwarded_is_told_at_the_start() {
    let up = "http://127.0.0.1:1/";
    for (args, says) in [
        (&["--inbox", "none", "--forward", up][..], "error: --forward needs an inbox"),
        (&["--forward", "http://user:hush@shop.example/"], "it has a user name or password"),
        (
            &["--forward", up, "--forward-secret-file", "/nowhere/s"],
            "the secret to forward with cannot be used",
        ),
        (&["--forward", up, "--ca-file", "/nowhere/ca.pem"], "cannot use /nowhere/ca.pem"),
        (&["--forward", up, "--forward-for", "7"], "`7` is no duration such as 7d"),
        (&["--forward", up, "--forward-concurrency", "0"], "it is no number from 1 to 1000"),
        (&["--forward-for", "7d"], "--forward <URL>"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = maac_webhook(&["listen", "--addr", "127.0.0.1:0"]);
        command.args(args).current_dir(&folder).env("MAAC_SHARE_SECRET", SECRET);
        let said = run(&mut command, b"");
        assert!(said.starts_with("exit status: 2") && said.contains(says), "{args:?}: {said}");
        assert!(!said.contains("hush"), "{said}");
    }
}
