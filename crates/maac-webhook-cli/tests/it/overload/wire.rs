//! Requests that are odd on the wire, against the real binary.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::Duration,
};

use super::{Receiver, Size, sign};
use crate::support::Listener;

const BODY: &[u8] = br#"{"timestamp": "2025-11-28T10:00:00.000000+08:00", "topic": "t.t", "data": {}}"#;

fn head(lengths: &str) -> String {
    let signature = sign(BODY);
    format!("POST /webhooks/maac HTTP/1.1\r\nHost: a\r\nCrescLab-Signature: {signature}\r\n{lengths}\r\n")
}

fn genuine() -> Vec<u8> {
    [head(&format!("Content-Length: {}\r\n", BODY.len())).as_bytes(), BODY].concat()
}

fn chunked() -> Vec<u8> {
    [format!("{:x}\r\n", BODY.len()).as_bytes(), BODY, b"\r\n0\r\n\r\n"].concat()
}

fn connect(listener: &Listener) -> TcpStream {
    let stream = TcpStream::connect(listener.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream
}

/// All that is answered until the connection is closed.
fn answers(stream: &mut TcpStream) -> Vec<u16> {
    let mut text = Vec::new();
    match stream.read_to_end(&mut text) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("{error}: {}", text.escape_ascii()),
    }
    let text = String::from_utf8(text).unwrap();
    text.split("HTTP/1.1 ").skip(1).map(|answer| answer[..3].parse().unwrap()).collect()
}

/// RFC 9112, 6.3: the chunks count, and nothing that follows on the connection is a request.
#[test]
fn what_follows_a_request_of_two_lengths_is_not_looked_at() {
    let listener = Listener::start(&[]);
    for lengths in [
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\nConnection: keep-alive\r\n",
    ] {
        let mut stream = connect(&listener);
        stream.write_all(&[head(lengths).as_bytes(), &chunked(), &genuine()].concat()).unwrap();
        assert_eq!(answers(&mut stream), [200], "{lengths}");
    }
}

#[test]
fn a_request_whose_length_cannot_be_told_is_refused_and_its_connection_closed() {
    let listener = Listener::start(&[]);
    let length = BODY.len();
    for lengths in [
        format!("Content-Length: {length}\r\nContent-Length: {}\r\n", length + 1),
        format!("Content-Length: +{length}\r\n"),
        format!("Content-Length: {length}, {length}\r\n"),
        "Transfer-Encoding: gzip\r\n".to_owned(),
        "Transfer-Encoding: chunked, gzip\r\n".to_owned(),
        "Transfer-Encoding : chunked\r\n".to_owned(),
    ] {
        let mut stream = connect(&listener);
        stream.write_all(&[head(&lengths).as_bytes(), BODY, &genuine()].concat()).unwrap();
        assert_eq!(answers(&mut stream), [400], "{lengths}");
    }
    let mut stream = connect(&listener);
    stream
        .write_all(&[head("Transfer-Encoding: chunked\r\n").as_bytes(), b"zz\r\n", &genuine()].concat())
        .unwrap();
    assert_eq!(answers(&mut stream), [503], "a chunk's size that is none");
}

#[test]
fn pipelined_requests_are_answered_each_in_its_turn() {
    let listener = Listener::start(&[]);
    let forged = String::from_utf8(genuine()).unwrap().replace(&sign(BODY), &"0".repeat(64)).into_bytes();
    let last = head(&format!("Connection: close\r\nContent-Length: {}\r\n", BODY.len()));
    let mut sent = [genuine(), forged].concat().repeat(50);
    sent.extend([last.as_bytes(), BODY].concat());
    let mut stream = connect(&listener);
    stream.write_all(&sent).unwrap();
    let expected: Vec<u16> = [200, 401].repeat(50).into_iter().chain([200]).collect();
    assert_eq!(answers(&mut stream), expected);
}

/// A body that is declared or sent too large, and a head that does not end.
#[test]
fn what_is_too_large_is_refused_without_being_held() {
    let receiver = Receiver::start(Size { connections: 300, lasts: Duration::ZERO, is_full: false });
    let listener = &receiver.listener;
    for _ in 0..20 {
        let mut stream = connect(listener);
        stream.write_all(head("Content-Length: 1099511627776\r\n").as_bytes()).unwrap();
        assert_eq!(answers(&mut stream), [413]);

        let mut stream = connect(listener);
        stream.write_all(head("Transfer-Encoding: chunked\r\n").as_bytes()).unwrap();
        let chunk = [&b"10000\r\n"[..], &[b' '; 65536], b"\r\n"].concat();
        // It may be cut before it has sent all.
        let _ = (0..64).try_for_each(|_| stream.write_all(&chunk));
        assert_eq!(answers(&mut stream), [413]);

        let mut stream = connect(listener);
        let _ = stream.write_all(format!("POST / HTTP/1.1\r\nX: {}", "x".repeat(1 << 20)).as_bytes());
        assert!(matches!(answers(&mut stream).as_slice(), [] | [431]));
    }
    assert!(
        receiver.peak_memory()
            < super::memory_bound(Size { connections: 300, lasts: Duration::ZERO, is_full: false }, 8.0)
    );
}

/// Who sends and never reads holds what a connection may, and is cut; others are answered.
#[test]
fn who_reads_no_answer_is_cut_and_holds_little() {
    let receiver = Receiver::start(Size { connections: 300, lasts: Duration::ZERO, is_full: false });
    let listener = &receiver.listener;
    let unsigned = b"GET /webhooks/maac HTTP/1.1\r\nHost: a\r\n\r\n".repeat(1000);
    let mut streams: Vec<TcpStream> = (0..50).map(|_| connect(listener)).collect();
    for stream in &mut streams {
        stream.set_write_timeout(Some(Duration::from_millis(20))).unwrap();
        // Until nothing more is taken.
        while stream.write_all(&unsigned).is_ok() {}
    }
    assert_eq!(listener.post(BODY, Some("key")), 200);
    for mut stream in streams {
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut answers = [0; 65536];
        while let Ok(1..) = stream.read(&mut answers) {}
    }
    assert!(
        receiver.peak_memory()
            < super::memory_bound(Size { connections: 300, lasts: Duration::ZERO, is_full: false }, 16.0)
    );
}
