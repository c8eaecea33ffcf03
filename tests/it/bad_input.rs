//! Bodies that are too large, stall or break off, on every adapter.

use std::time::{Duration, Instant};

use h2::Reason;
use maac_webhook::{BodyBudget, Endpoint, ShareSecret, Signature, headers};
use maac_webhook_test_support::{
    PATIENCE,
    wire::{self, Answer},
};
use maac_webhook_tests::{
    http2::Exchange,
    logs::Logs,
    receivers::{Kind, REJECTION, Receiver},
};
use tokio::{io::AsyncWriteExt, net::TcpStream};

const BODY: &[u8] = br#"{"timestamp": "2025-11-28T10:00:00+08:00", "topic": "marker.topic", "data": {}}"#;

fn secret() -> ShareSecret {
    ShareSecret::new("hush-hush").unwrap()
}

/// An endpoint that waits longer than any machine takes.
fn patient() -> Endpoint {
    Endpoint::new("crm", secret()).with_body_limit(BODY.len()).with_body_timeout(Duration::from_secs(60))
}

/// An endpoint that gives a body up soon: for bodies that never end alone, for any other may be too slow.
fn impatient() -> Endpoint {
    patient().with_body_timeout(Duration::from_millis(200))
}

fn signed(body: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let signature = Signature::sign(&secret(), body).to_string().into_bytes();
    vec![(headers::SIGNATURE, signature), (headers::IDEMPOTENCY_KEY, b"key".to_vec())]
}

/// The head of a request whose body is said to be this long.
fn declaring(length: u64) -> Vec<u8> {
    let head = wire::head("POST", wire::PATH, &signed(BODY));
    [head, format!("Content-Length: {length}\r\n\r\n").into_bytes()].concat()
}

fn assert_rejected(kind: Kind, answer: &Answer, logs: &Logs, receiver: &Receiver, status: u16, reason: &str) {
    let lines = logs.take();
    assert_eq!(answer.status, status, "{kind:?}");
    assert_eq!(answer.header(REJECTION), Some(reason), "{kind:?}");
    assert_eq!(answer.body, b"", "{kind:?}");
    assert!(receiver.take_handled().is_empty(), "{kind:?}");
    assert_eq!(lines.len(), 1, "{kind:?}: {lines:#?}");
    assert!(lines[0].contains(&format!("kind=\"{reason}\"")), "{lines:#?}");
    assert!(!lines[0].contains("hush") && !lines[0].contains("marker"), "{lines:#?}");
}

#[tokio::test]
async fn a_body_over_the_limit_is_answered_413_with_and_without_a_declared_length() {
    let logs = Logs::capture();
    let body = [BODY, b" "].concat();
    for kind in Kind::ALL {
        let receiver = Receiver::start(kind, patient()).await;
        for request in [wire::fixed(&signed(&body), &body), wire::chunked(&signed(&body), &body, 10)] {
            let answer = wire::exchange(receiver.address, &request).await;
            assert_rejected(kind, &answer, &logs, &receiver, 413, "body_too_large");
        }
    }
}

#[tokio::test]
async fn a_declared_length_over_the_limit_is_refused_before_a_byte_of_the_body_is_sent() {
    let logs = Logs::capture();
    for kind in Kind::ALL {
        let receiver = Receiver::start(kind, patient()).await;
        let answer = wire::exchange(receiver.address, &declaring(18_446_744_073_709_551_000)).await;
        assert_rejected(kind, &answer, &logs, &receiver, 413, "body_too_large");
    }
}

#[tokio::test]
async fn a_body_that_stalls_is_answered_408() {
    let logs = Logs::capture();
    for kind in Kind::ALL {
        let receiver = Receiver::start(kind, impatient()).await;
        for sent in [0, 1, BODY.len() - 1] {
            let request = wire::fixed(&signed(BODY), BODY);
            let stalled = &request[..request.len() - BODY.len() + sent];
            let answer = wire::exchange(receiver.address, stalled).await;
            assert_rejected(kind, &answer, &logs, &receiver, 408, "body_timeout");
        }
    }
}

#[tokio::test]
async fn a_body_that_drips_is_answered_408_though_it_never_stalls() {
    let logs = Logs::capture();
    for kind in Kind::ALL {
        let receiver = Receiver::start(kind, impatient().with_body_limit(usize::MAX)).await;
        let mut stream = TcpStream::connect(receiver.address).await.unwrap();
        // So many bytes would take hours: nothing but the time-out can end this body.
        stream.write_all(&declaring(1 << 20)).await.unwrap();
        let answer = {
            let (mut read, mut write) = stream.split();
            let drip = async {
                while write.write_all(b"x").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                std::future::pending().await
            };
            tokio::select! {
                answer = wire::answer(&mut read) => answer,
                () = drip => unreachable!(),
            }
        };
        assert_rejected(kind, &answer, &logs, &receiver, 408, "body_timeout");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_not_handled_and_is_logged() {
    let logs = Logs::capture();
    for kind in Kind::ALL {
        let receiver = Receiver::start(kind, patient()).await;
        for request in [wire::fixed(&signed(BODY), BODY), wire::chunked(&signed(BODY), BODY, 10)] {
            let mut stream = TcpStream::connect(receiver.address).await.unwrap();
            stream.write_all(&request[..request.len() - 12]).await.unwrap();
            drop(stream);
            assert_broken_off(kind, &logs, &receiver).await;
        }
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_answered_413_over_http2_too() {
    let logs = Logs::capture();
    let body = [BODY, b" "].concat();
    for kind in Kind::ALL {
        let receiver = Receiver::start(kind, patient()).await;
        for sent in [&body[..0], &body] {
            let exchange = Exchange::begin(receiver.address, &signed(&body), body.len(), sent).await;
            assert_rejected(kind, &exchange.answer().await, &logs, &receiver, 413, "body_too_large");
        }
    }
}

#[tokio::test]
async fn a_body_that_stalls_is_answered_408_over_http2_too() {
    let logs = Logs::capture();
    for kind in Kind::ALL {
        let receiver = Receiver::start(kind, impatient()).await;
        for sent in [&BODY[..0], &BODY[..1], BODY] {
            let exchange = Exchange::begin(receiver.address, &signed(BODY), BODY.len(), sent).await;
            assert_rejected(kind, &exchange.answer().await, &logs, &receiver, 408, "body_timeout");
        }
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_over_http2_is_not_handled_and_is_logged() {
    let logs = Logs::capture();
    for kind in Kind::ALL {
        let receiver = Receiver::start(kind, patient()).await;
        let begin = async || {
            let sent = &BODY[..BODY.len() - 12];
            let mut exchange = Exchange::begin(receiver.address, &signed(BODY), BODY.len(), sent).await;
            exchange.flush().await;
            exchange
        };
        let mut reset = begin().await;
        reset.body.send_reset(Reason::CANCEL);
        assert_broken_off(kind, &logs, &receiver).await;
        drop(reset);
        drop(begin().await);
        assert_broken_off(kind, &logs, &receiver).await;
    }
}

async fn assert_broken_off(kind: Kind, logs: &Logs, receiver: &Receiver) {
    let lines = logged(logs).await;
    assert_eq!(lines.len(), 1, "{kind:?}: {lines:#?}");
    assert!(lines[0].contains("kind=\"body_incomplete\""), "{kind:?}: {lines:#?}");
    assert!(receiver.take_handled().is_empty(), "{kind:?}");
}

/// Waits for the log to say something.
async fn logged(logs: &Logs) -> Vec<String> {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let lines = logs.take();
        if !lines.is_empty() || Instant::now() > deadline {
            return lines;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn unverified_bodies_beyond_their_budget_are_answered_503_and_come_back() {
    let logs = Logs::capture();
    for kind in Kind::ALL {
        let budget = BodyBudget::new(BODY.len() + 10);
        let receiver = Receiver::start(kind, patient().with_body_budget(budget.clone())).await;
        let request = wire::fixed(&signed(BODY), BODY);
        // A stranger holds more than the genuine event leaves.
        let mut stranger = TcpStream::connect(receiver.address).await.unwrap();
        stranger.write_all(&request[..request.len() - 12]).await.unwrap();
        until(|| budget.held() == BODY.len() - 12).await;
        // In pieces: one that comes whole is verified at once.
        let pieces = wire::chunked(&signed(BODY), BODY, 10);
        let answer = wire::exchange(receiver.address, &pieces).await;
        assert_rejected(kind, &answer, &logs, &receiver, 503, "overloaded");

        drop(stranger);
        assert_eq!(logged(&logs).await.len(), 1, "{kind:?}");
        until(|| budget.held() == 0).await;
        assert_eq!(wire::exchange(receiver.address, &pieces).await.status, 200, "{kind:?}");
        assert_eq!(receiver.take_handled().len(), 1, "{kind:?}");
    }
}

async fn until(holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
