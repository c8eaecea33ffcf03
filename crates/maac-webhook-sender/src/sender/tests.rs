use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::Request;
use maac_webhook::ShareSecret;

use super::*;
use crate::RecordedBody;

type Seen = Arc<Mutex<Vec<(Instant, Request<Bytes>)>>>;

/// Answers each attempt with the next of these, and keeps when and what it was sent.
struct Script {
    answers: Mutex<Vec<Result<u16, TransportErrorKind>>>,
    seen: Seen,
}

impl Transport for Script {
    async fn send(&self, _: &Target, request: Request<Bytes>) -> Result<ResponseRecord, TransportError> {
        self.seen.lock().unwrap().push((Instant::now(), request));
        match self.answers.lock().unwrap().remove(0) {
            Ok(status) => Ok(ResponseRecord::new(status, "OK")),
            Err(kind) => Err(TransportError::new(kind, "by the script")),
        }
    }
}

fn target() -> Target {
    "http://127.0.0.1:1/hooks".parse().unwrap()
}

fn request() -> WebhookRequest {
    WebhookRequest::signed(&ShareSecret::new("hush").unwrap(), Bytes::from_static(b"{\"a\": 1}"))
}

async fn deliver(
    answers: &[Result<u16, TransportErrorKind>],
) -> (DeliveryRecord, Vec<(u64, Request<Bytes>)>) {
    let seen = Seen::default();
    let script = Script { answers: Mutex::new(answers.to_vec()), seen: Arc::clone(&seen) };
    let began = Instant::now();
    let record = Sender::new(script).deliver(&target(), &request()).await;
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    (record, seen.into_iter().map(|(at, request)| ((at - began).as_millis() as u64, request)).collect())
}

#[tokio::test(start_paused = true)]
async fn what_fails_for_the_moment_is_tried_again_after_1_2_and_4_seconds_and_then_is_gone() {
    use TransportErrorKind as K;
    for answers in [
        [Ok(503); 4],
        [Ok(408), Ok(429), Ok(500), Ok(599)],
        [Err(K::Refused), Err(K::Timeout), Err(K::Reset), Err(K::Dns)],
        [Err(K::Closed), Err(K::Tls), Err(K::Protocol), Err(K::Unreachable)],
    ] {
        let (record, seen) = deliver(&answers).await;
        assert_eq!(record.outcome, Outcome::Exhausted);
        assert_eq!(seen.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [0, 1000, 3000, 7000]);
        let delays: Vec<_> = record.attempts.iter().map(|a| a.retry_after.map(|d| d.as_secs())).collect();
        assert_eq!(delays, [Some(1), Some(2), Some(4), None]);
        assert_eq!(record.attempts.iter().map(|a| a.number).collect::<Vec<_>>(), [1, 2, 3, 4]);
    }
}

#[tokio::test(start_paused = true)]
async fn each_attempt_sends_the_same_bytes_key_and_signature() {
    let (record, seen) = deliver(&[Ok(503), Ok(503), Ok(200)]).await;
    assert_eq!((record.outcome, record.status(), seen.len()), (Outcome::Delivered, Some(200), 3));
    for (_, request) in &seen {
        assert_eq!(request.body(), record.request.body.as_bytes());
        assert_eq!(request.headers(), seen[0].1.headers());
    }
    assert_eq!(seen[0].1.headers()["cresclab-idempotency-key"], record.idempotency_key.as_str());
    assert_eq!(record.idempotency_key.len(), 32);
}

#[tokio::test(start_paused = true)]
async fn a_final_answer_is_not_retried() {
    for status in [100, 300, 302, 304, 400, 401, 403, 404, 409, 413, 422] {
        let (record, seen) = deliver(&[Ok(status)]).await;
        assert_eq!((record.outcome, seen.len()), (Outcome::Refused, 1), "{status}");
        assert_eq!(record.attempts[0].retry_after, None);
    }
}

#[tokio::test(start_paused = true)]
async fn any_success_is_a_delivery() {
    for status in [200, 201, 202, 204] {
        let (record, seen) = deliver(&[Ok(status)]).await;
        assert_eq!((record.outcome, seen.len()), (Outcome::Delivered, 1), "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_without_an_answer_ends_at_its_time_out() {
    struct Silent;
    impl Transport for Silent {
        async fn send(&self, _: &Target, _: Request<Bytes>) -> Result<ResponseRecord, TransportError> {
            std::future::pending().await
        }
    }
    let began = Instant::now();
    let mut observed = Vec::new();
    let record = Sender::new(Silent)
        .deliver_observed(&target(), &request(), |attempt| {
            observed.push((began.elapsed().as_secs(), attempt.number));
        })
        .await;
    assert_eq!(record.outcome, Outcome::Exhausted);
    // Ten seconds each, with 1, 2 and 4 seconds between them; shown before the wait.
    assert_eq!(observed, [(10, 1), (21, 2), (33, 3), (47, 4)]);
    for attempt in &record.attempts {
        assert_eq!(attempt.result.as_ref().unwrap_err().kind(), TransportErrorKind::Timeout);
        assert_eq!(attempt.duration.as_secs(), 10);
    }
}

#[tokio::test(start_paused = true)]
async fn the_schedule_and_the_time_out_are_settings() {
    let seen = Seen::default();
    let script = Script { answers: Mutex::new(vec![Ok(500); 2]), seen: Arc::clone(&seen) };
    let schedule = RetrySchedule::new([Duration::from_millis(5)]);
    let record = Sender::new(script).with_schedule(schedule).deliver(&target(), &request()).await;
    assert_eq!((record.outcome, record.attempts.len()), (Outcome::Exhausted, 2));
}

#[tokio::test]
async fn without_waiting_the_delays_are_recorded_and_not_waited_for() {
    let script = Script { answers: Mutex::new(vec![Ok(503); 4]), seen: Seen::default() };
    let schedule = RetrySchedule::new([Duration::from_secs(3600); 3]);
    let record =
        Sender::new(script).with_schedule(schedule).without_waiting().deliver(&target(), &request()).await;
    assert_eq!((record.outcome, record.attempts.len()), (Outcome::Exhausted, 4));
    assert_eq!(record.attempts[0].retry_after, Some(Duration::from_secs(3600)));
}

#[tokio::test(start_paused = true)]
async fn a_record_is_json_of_the_documented_form_and_debug_shows_no_signature() {
    let (record, _) = deliver(&[Err(TransportErrorKind::Refused), Ok(200)]).await;
    let signature = record.request.headers[4].1.clone();
    let sent = request();
    assert_eq!(sent.to_http(&target()).headers()["cresclab-signature"], signature.as_str());
    assert!(!format!("{record:?} {sent:?} {:?}", sent.to_http(&target())).contains(&signature));

    let mut json = serde_json::to_value(&record).unwrap();
    for attempt in json["attempts"].as_array_mut().unwrap() {
        assert!(attempt["started_at"].as_str().unwrap().ends_with('Z'));
        assert!(attempt["duration_ms"].is_number());
        let attempt = attempt.as_object_mut().unwrap();
        attempt.remove("started_at");
        attempt.remove("duration_ms");
    }
    let expected = serde_json::json!({
        "url": "http://127.0.0.1:1/hooks",
        "idempotency_key": record.idempotency_key,
        "request": {
            "headers": [
                ["Host", "127.0.0.1:1"],
                ["User-Agent", concat!("maac-webhook/", env!("CARGO_PKG_VERSION"))],
                ["Accept", "*/*"],
                ["Content-Type", "application/json; charset=utf-8"],
                ["CrescLab-Signature", signature],
                ["CrescLab-Idempotency-Key", record.idempotency_key],
                ["Content-Length", "8"],
            ],
            "body": "{\"a\": 1}",
        },
        "attempts": [
            {"number": 1, "error": {"kind": "refused", "message": "by the script"}, "retry_after_ms": 1000.0},
            {"number": 2, "response": {"status": 200, "headers": [], "body": "OK", "truncated": false}},
        ],
        "outcome": "delivered",
    });
    assert_eq!(json, expected);
}

#[test]
fn a_body_that_is_no_text_is_recorded_in_base64() {
    let body = RecordedBody(Bytes::from_static(b"\xff\x00"));
    assert_eq!(serde_json::to_value(&body).unwrap(), serde_json::json!({"body_base64": "/wA="}));
}

#[test]
fn an_idempotency_key_of_ones_own_is_any_printable_ascii() {
    for key in ["", "a b", "order-1", &"k".repeat(300)] {
        assert_eq!(request().with_idempotency_key(key).unwrap().idempotency_key(), key);
    }
    for key in ["a\n", "\u{7f}", "é", "\t"] {
        assert!(request().with_idempotency_key(key).is_err(), "{key:?}");
    }
}
