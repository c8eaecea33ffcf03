//! What idle connections cost: `cargo test --release -p maac-webhook-cli --test it -- --ignored --nocapture idle`.

use std::{
    fs,
    io::{ErrorKind, Read, Write},
    net::TcpStream,
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use maac_webhook_test_support::wire;

use crate::support::Listener;

const CONNECTIONS: usize = 10_000;

/// Memory in use and at most, in KiB.
fn memory(listener: &Listener) -> (usize, usize) {
    let status = fs::read_to_string(format!("/proc/{}/status", listener.process.id())).unwrap();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    };
    (field("VmRSS:"), field("VmHWM:"))
}

/// Opens connections, each with these bytes on it, and gives them once the last was served as far as can be.
fn open(listener: &Listener, sent: &[u8], is_answered: bool) -> Vec<TcpStream> {
    let mut streams = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut stream = TcpStream::connect(listener.address()).unwrap();
        stream.write_all(sent).unwrap();
        if is_answered {
            let mut answer = [0; 1024];
            assert!(stream.read(&mut answer).unwrap() > 0);
            assert!(answer.starts_with(b"HTTP/1.1 405"));
        }
        streams.push(stream);
    }
    // A connection is accepted only after those before it.
    assert_eq!(listener.exchange(&wire::request("GET", wire::PATH, &[], b"")).status, 405);
    streams
}

fn is_open(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    stream.peek(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

#[test]
#[ignore = "opens 10,000 connections"]
fn an_idle_connection_costs_at_most_64_kib() {
    let files = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: files.maximum, maximum: files.maximum }).unwrap();
    for (what, sent, is_answered) in [
        ("connected, and nothing sent", &b""[..], false),
        ("half a head", b"POST /webhooks/maac HTTP/1.1\r\nHost: a\r\n", false),
        ("kept after an answer", b"GET /webhooks/maac HTTP/1.1\r\nHost: a\r\n\r\n", true),
    ] {
        let listener = Listener::start(&["--max-connections", "10001"]);
        assert_eq!(listener.exchange(&wire::request("GET", wire::PATH, &[], b"")).status, 405);
        let (before, _) = memory(&listener);
        let streams = open(&listener, sent, is_answered);
        let (after, most) = memory(&listener);
        let each = |memory: usize| (memory - before) as f64 / CONNECTIONS as f64;
        let open = streams.iter().filter(|stream| is_open(stream)).count();
        assert_eq!(open, CONNECTIONS, "{what}: they did not all come about before the first was given up");
        println!("{what}: {:.1} KiB each, {:.1} at most", each(after), each(most));
        assert!(each(most) <= 64.0);
        drop(streams);
    }
}
