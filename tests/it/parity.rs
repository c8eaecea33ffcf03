//! One table of requests through the core and through every adapter: the same fate, reason and log.

use std::{
    collections::{HashMap, hash_map::Entry},
    net::SocketAddr,
};

use bytes::Bytes;
use maac_webhook::{
    Delivery, Endpoint, RejectionKind, RequestHead, ShareSecret, Signature, Verifier, headers,
};
use maac_webhook_test_support::{
    PATIENCE,
    wire::{self, Answer},
};
use maac_webhook_tests::{
    http2,
    logs::Logs,
    receivers::{Kind, POINTS, REFUSES, REJECTION, Receiver},
    vectors::{self, Vector},
};

fn by_core(vector: &Vector) -> Result<Delivery, RejectionKind> {
    let (signatures, keys) = (vector.signature_values(), vector.key_values());
    let head = RequestHead::new(signatures.iter().map(Vec::as_slice), keys.iter().map(Vec::as_slice));
    let verifier = Verifier::new(vector.endpoint());
    verifier.verify(head, Bytes::from(vector.body())).map_err(|rejection| rejection.kind())
}

fn assert_delivered(vector: &Vector, delivery: &Delivery, by: &str) {
    let key = delivery.idempotency_key().map(ToString::to_string);
    assert_eq!(key, vector.idempotency_key, "{by}: {}", vector.name);
    assert_eq!(delivery.body(), &vector.body(), "{by}: {}", vector.name);
    let topic = delivery.event().topic().map(|topic| topic.to_string());
    assert_eq!(topic, vector.topic, "{by}: {}", vector.name);
}

#[test]
fn the_core_decides_as_the_table_says() {
    for vector in vectors::all() {
        match (by_core(&vector), &vector.rejection) {
            (Ok(delivery), None) => assert_delivered(&vector, &delivery, "core"),
            (Err(kind), Some(expected)) => assert_eq!(kind.as_str(), expected, "{}", vector.name),
            (decided, expected) => panic!("{}: {decided:?}, not {expected:?}", vector.name),
        }
    }
}

/// How a request goes over the wire.
#[derive(Clone, Copy, Debug)]
enum Way {
    Fixed,
    Chunked,
    /// The body is sent once the receiver has said to continue. One that refuses by the head alone may say
    /// so at once: the fate is the same.
    Expecting,
    Http2Fixed,
    Http2Undeclared,
}

impl Way {
    /// HTTP/2 can carry each vector's headers too.
    async fn send(self, address: SocketAddr, vector: &Vector) -> Answer {
        let (headers, body) = (vector.headers(), vector.body());
        match self {
            Self::Fixed => wire::exchange(address, &wire::fixed(&headers, &body)).await,
            Self::Chunked => wire::exchange(address, &wire::chunked(&headers, &body, 97)).await,
            Self::Expecting => wire::exchange_expecting(address, &headers, &body).await,
            Self::Http2Fixed => http2::fixed(address, &headers, &body).await,
            Self::Http2Undeclared => http2::undeclared(address, &headers, &body, 97).await,
        }
    }
}

async fn run_through(kind: Kind, way: Way) {
    let logs = Logs::capture();
    // Most vectors are for one and the same endpoint, and a server takes its time to start.
    let mut receivers = HashMap::new();
    for vector in vectors::all() {
        let receiver = match receivers.entry(vector.settings()) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(Receiver::start(kind, vector.endpoint()).await),
        };
        let _ = logs.take();
        let answer = way.send(receiver.address, &vector).await;
        let (handled, lines) = (receiver.take_handled(), logs.take());
        let at = format!("{kind:?}, {way:?}: {}: {lines:#?}", vector.name);

        match &vector.rejection {
            None => {
                assert_eq!((answer.status, answer.body.as_slice()), (200, &b"OK"[..]), "{at}");
                assert_eq!(answer.header(REJECTION), None, "{at}");
                assert_eq!(handled.len(), 1, "{at}");
                assert_delivered(&vector, &handled[0], &at);
                let warnings = usize::from(vector.idempotency_key.is_none());
                assert_eq!(lines.len(), warnings, "{at}");
            }
            Some(expected) => {
                let known = RejectionKind::ALL.iter().find(|kind| kind.as_str() == expected).unwrap();
                assert_eq!(answer.status, known.status(), "{at}");
                assert_eq!(answer.header(REJECTION), Some(known.as_str()), "{at}");
                assert_says_no_more(&answer, &at);
                assert!(handled.is_empty(), "{at}");
                assert_eq!(lines.len(), 1, "{at}");
                assert!(lines[0].contains(&format!("kind=\"{expected}\"")), "{at}");
                assert!(lines[0].contains("endpoint=\"vectors\""), "{at}");
            }
        }
        assert_nothing_leaks(&vector, &lines.concat());
    }
}

/// A rejection has no body, and no header but those that every answer has.
fn assert_says_no_more(answer: &Answer, at: &str) {
    assert_eq!(answer.body, b"", "{at}");
    for (name, value) in &answer.headers {
        let known = ["connection", "content-length", "date", REJECTION];
        assert!(known.iter().any(|known| name.eq_ignore_ascii_case(known)), "{name}: {value}, {at}");
    }
    assert!(answer.header("content-length").is_none_or(|length| length == "0"), "{at}");
}

/// No secret, no digest that would have been accepted, no payload.
fn assert_nothing_leaks(vector: &Vector, log: &str) {
    let digests = vector.secrets().map(|secret| {
        let secret = maac_webhook::ShareSecret::new(secret).unwrap();
        maac_webhook::Signature::sign(&secret, &vector.body()).to_string()
    });
    for hidden in digests.chain(vector.secrets().map(str::to_owned)).chain(["6b1f4b2e".to_owned()]) {
        assert!(!log.contains(&hidden), "{}: {log}", vector.name);
    }
}

#[tokio::test]
async fn every_adapter_decides_as_the_table_says_with_a_fixed_length() {
    for kind in Kind::ALL {
        run_through(kind, Way::Fixed).await;
    }
}

#[tokio::test]
async fn every_adapter_decides_as_the_table_says_with_a_chunked_body() {
    for kind in Kind::ALL {
        run_through(kind, Way::Chunked).await;
    }
}

#[tokio::test]
async fn every_adapter_decides_as_the_table_says_where_the_body_waits_to_be_asked_for() {
    for kind in Kind::ALL {
        run_through(kind, Way::Expecting).await;
    }
}

#[tokio::test]
async fn every_adapter_decides_as_the_table_says_over_http2() {
    for kind in Kind::ALL {
        run_through(kind, Way::Http2Fixed).await;
        run_through(kind, Way::Http2Undeclared).await;
    }
}

/// What handlers take and answer, with the same reason and log everywhere.
#[tokio::test]
async fn every_adapter_makes_the_same_of_what_a_handler_takes_and_answers() {
    const GENUINE: &str = r#"{"topic": "prize.points_added", "data": {"points_id": "p-1"}}"#;
    const DRIFTED: &str = r#"{"topic": "prize.points_added", "data": {}}"#;
    const OTHER: &str = r#"{"topic": "new.topic", "data": {}}"#;

    let logs = Logs::capture();
    let secret = ShareSecret::new("one").unwrap();
    let strict = Endpoint::new("crm", secret.clone()).with_body_timeout(PATIENCE);
    let lenient = strict.clone().ignore_others().preserve_inner_status();
    for kind in Kind::ALL {
        let (refused, reason) = if kind.is_guarded() { (503, Some("handler_refused")) } else { (404, None) };
        for (endpoint, path, body, status, reason) in [
            (&strict, POINTS, GENUINE, 200, None),
            (&strict, POINTS, OTHER, 503, Some("unexpected_topic")),
            (&strict, POINTS, DRIFTED, 503, Some("unreadable_payload")),
            (&strict, REFUSES, OTHER, refused, reason),
            (&lenient, POINTS, OTHER, 200, None),
            (&lenient, POINTS, DRIFTED, 503, Some("unreadable_payload")),
            (&lenient, REFUSES, OTHER, 404, None),
        ] {
            let receiver = Receiver::start(kind, endpoint.clone()).await;
            let signature = Signature::sign(&secret, body.as_bytes()).to_string();
            let headers =
                [(headers::SIGNATURE, signature.into_bytes()), (headers::IDEMPOTENCY_KEY, b"key".to_vec())];
            let request = wire::request("POST", path, &headers, body.as_bytes());
            let answer = wire::exchange(receiver.address, &request).await;
            let (lines, at) = (logs.take(), format!("{kind:?}: {path}: {body}"));
            assert_eq!((answer.status, answer.header(REJECTION)), (status, reason), "{at}: {lines:#?}");
            assert_eq!(lines.len(), usize::from(reason.is_some()), "{at}: {lines:#?}");
            if let Some(reason) = reason {
                assert!(
                    lines[0].contains("ERROR") && lines[0].contains(&format!("kind=\"{reason}\"")),
                    "{at}: {lines:#?}"
                );
                assert!(lines[0].contains("endpoint=\"crm\"") && answer.body.is_empty(), "{at}: {lines:#?}");
            }
        }
    }
}

#[test]
fn the_table_is_what_its_script_writes() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors/write_requests.py");
    let checked = std::process::Command::new("python3").args([script, "--check"]).status().unwrap();
    assert!(checked.success());
}
