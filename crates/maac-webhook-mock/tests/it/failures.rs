//! A wrong receiver fails the assertion, and the failure tells what arrived.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{Router, body::Body, http::StatusCode, routing::post};
use http::Request;
use http_body_util::BodyExt;
use maac_webhook::{Endpoint, RejectionKind};
use maac_webhook_mock::{
    Behaviour, Expectation, MockDelivery, MockErrorKind, MockEvent, Scenario, Sent, Step, Tampering, samples,
};

use crate::receivers::{Handled, Kind, router, secret, secrets, send, sender, serve};

fn answering(status: StatusCode, body: &'static str) -> Router {
    Router::new().route("/webhooks/maac", post(async move || (status, body)))
}

fn event() -> MockDelivery<'static> {
    let event = MockEvent::raw(r#"{"timestamp": "t", "topic": "a.topic", "data": {"名": "\u5973"}}"#);
    sender().event(event).idempotency_key("own-key")
}

fn failure(assert: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(assert)).unwrap_err();
    payload.downcast_ref::<String>().expect("a text").clone()
}

/// The text without what differs from run to run.
fn stable(text: &str) -> String {
    text.replace(concat!("maac-webhook/", env!("CARGO_PKG_VERSION")), "maac-webhook/VERSION")
}

#[tokio::test]
async fn a_receiver_that_lets_a_forgery_in_fails_and_the_failure_shows_what_was_sent_and_answered() {
    let forged = event().tampering(Tampering::SignatureUpperCase);
    let sent = forged.send_to(&mut answering(StatusCode::OK, "OK")).await;
    let text = failure(|| {
        sent.assert_rejected(401);
    });
    assert_eq!(
        stable(&text),
        "\
the event was to be answered 401:

sent: a body of 65 bytes, with its signature in upper case
  POST http://localhost/webhooks/maac
  Host: localhost
  User-Agent: maac-webhook/VERSION
  Accept: */*
  Content-Type: application/json; charset=utf-8
  CrescLab-Signature: SIGNATUR…
  CrescLab-Idempotency-Key: own-key
  Content-Length: 65

  {\"timestamp\": \"t\", \"topic\": \"a.topic\", \"data\": {\"名\": \"\\u5973\"}}

attempt 1: answered 200
  Content-Type: text/plain; charset=utf-8
  Content-Length: 2

  OK

"
        .replace("SIGNATUR", &signature(&sent)[..8])
    );
    assert!(!text.contains(&signature(&sent)));
}

fn signature(sent: &Sent) -> String {
    let headers = &sent.events[0].attempts[0].request.headers;
    headers.iter().find(|(name, _)| name == "CrescLab-Signature").unwrap().1.clone()
}

#[tokio::test]
async fn a_receiver_that_refuses_a_genuine_event_fails_with_each_attempt() {
    let lost = event().behaviour(Behaviour::AnswerLost);
    let sent = lost.send_to(&mut answering(StatusCode::BAD_REQUEST, "no\x1b[31m")).await;
    let text = failure(|| {
        sent.assert_accepted();
    });
    assert!(text.starts_with(
        "the event was to be answered 200:\n\nsent: a body of 65 bytes; the first answer lost\n"
    ));
    let attempts = text.split("\nattempt ").collect::<Vec<_>>();
    assert_eq!(attempts.len(), 3, "{text}");
    assert!(
        attempts[1].starts_with(
            "1: no answer heard: closed: the answer was lost; the receiver answered 400; the next attempt is in 1 s\n"
        ),
        "{text}"
    );
    assert!(attempts[2].starts_with("2: answered 400\n"), "{text}");
    assert!(text.contains("  no\\u{1b}[31m\n"), "{text}");
    // The request is shown once where it is the same again.
    assert_eq!(text.matches("POST ").count(), 1);
}

#[tokio::test]
async fn another_success_than_200_fails_and_so_does_a_number_of_attempts() {
    let sent = event().send_to(&mut answering(StatusCode::ACCEPTED, "")).await;
    assert!(failure(|| drop(sent.assert_accepted().clone())).contains("attempt 1: answered 202\n"));
    assert!(
        failure(|| drop(sent.assert_unanswered().clone()))
            .starts_with("the event was to be left unanswered:")
    );
    assert!(
        failure(|| drop(sent.assert_attempts(2).clone())).starts_with("the event was to take 2 attempts:")
    );
    assert!(sent.to_string().contains("(no body)"));
}

#[tokio::test]
async fn nothing_sent_meets_no_expectation() {
    let mut app = answering(StatusCode::OK, "OK");
    let nothing = || sender().events([] as [MockEvent; 0]);
    for delivery in [nothing(), nothing().behaviour(Behaviour::OutOfOrder)] {
        let error = delivery.try_send_to(&mut app).await.unwrap_err();
        assert_eq!(error.kind(), MockErrorKind::Empty);
    }

    let mut sent = event().send_to(&mut app).await;
    sent.events.clear();
    for expected in [Expectation::Accepted, Expectation::Rejected(401), Expectation::Unanswered] {
        assert!(!sent.met(expected));
    }
    let text = failure(|| drop(sent.assert_accepted().clone()));
    assert_eq!(text, "the event was to be answered 200, and nothing was sent");
    let text = failure(|| drop(sent.assert_attempts(0).clone()));
    assert_eq!(text, "the event was to take 0 attempts, and nothing was sent");
}

#[tokio::test]
async fn a_receiver_without_a_signature_check_is_found_by_each_forgery() {
    for tampering in Tampering::ALL {
        let sender = sender().change_secret(maac_webhook::ShareSecret::new("hush-2").unwrap());
        let delivery = sender.event(samples::receipt_validated()).tampering(tampering);
        let expected = delivery.expectation();
        let sent = delivery.send_to(&mut answering(StatusCode::OK, "OK")).await;
        let forged = expected != Expectation::Accepted;
        assert_eq!(sent.met(expected), !forged, "{tampering}");
    }
}

/// Refuses one request of five.
fn refusing_some() -> Router {
    let calls = Arc::new(AtomicUsize::new(0));
    let handler = async move || match calls.fetch_add(1, Ordering::Relaxed) % 5 {
        2 => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    };
    Router::new().route("/webhooks/maac", post(handler))
}

#[tokio::test]
async fn of_many_events_those_that_fail_are_shown_and_the_others_counted() {
    let events = || (0..25).map(|id| MockEvent::raw(format!("event {id}")));
    let sent = sender().events(events()).send_to(&mut refusing_some()).await;
    let text = failure(|| drop(sent.assert_accepted().clone()));
    assert!(text.starts_with("each event was to be answered 200; 5 of 25 events fail:\n\nsent: "), "{text}");
    assert!(text.ends_with("\n20 other events are as expected\n"), "{text}");
    assert_eq!((text.matches("POST ").count(), text.matches("answered 400\n").count()), (5, 5), "{text}");
    assert!(text.contains("  event 22\n") && !text.contains("  event 21\n"), "{text}");

    let all = failure(|| drop(sent.assert_attempts(2).clone()));
    assert!(all.starts_with("each event was to take 2 attempts; 25 of 25 events fail:\n"), "{all}");
    assert!(!all.contains("as expected"));

    let scenario = Scenario::new("n").step(Step::events(events().take(3)).named("three"));
    let report = scenario.run(&sender(), &mut refusing_some()).await.unwrap();
    let text = report.to_string();
    let told = "\nstep 1, three: was to be answered 200; 1 of 3 events fails\n\nsent: a body of 7 bytes\n";
    assert!(text.contains(told), "{text}");
    assert!(text.contains("\n2 other events are as expected\n\n0 of 1 steps are as expected"), "{text}");
}

#[tokio::test]
async fn why_a_receiver_rejects_is_shown_in_process() {
    for kind in Kind::ALL {
        let (sent, _) = send(kind, Endpoint::new("crm", secret("another")), event()).await;
        let text = failure(|| drop(sent.assert_accepted().clone()));
        let (rejection, told) = match kind {
            Kind::Url => (None, "\nattempt 1: answered 401\n"),
            _ => (Some(RejectionKind::SignatureMismatch), "\nattempt 1: answered 401 (signature_mismatch)\n"),
        };
        assert!(text.contains(told), "{kind:?}: {text}");
        assert_eq!(sent.events[0].attempts[0].rejection, rejection);

        let broken = event().behaviour(Behaviour::ContentLengthTooLarge);
        let text = send(kind, Endpoint::new("crm", secrets()), broken).await.0.to_string();
        let told = "; the receiver answered 503 (body_incomplete); the next attempt is in 1 s\n";
        assert_eq!(text.contains(told), kind != Kind::Url, "{kind:?}: {text}");
    }
}

#[tokio::test]
async fn a_receiver_in_process_that_reads_without_a_limit_fails_whatever_it_answers() {
    let buffering = async |request: Request<Body>| {
        let _ = request.into_body().collect().await;
        StatusCode::PAYLOAD_TOO_LARGE
    };
    let mut app = Router::new().route("/webhooks/maac", post(buffering));
    let url = serve(app.clone()).await;
    let large = || event().tampering(Tampering::BodyTooLarge).behaviour(Behaviour::Chunked);
    let sent = large().send_to(&mut app).await;
    let text = failure(|| drop(sent.assert_rejected(413).clone()));
    let told = "attempt 1: answered 413; the receiver read 64 MiB of 64 MiB, without a limit\n";
    assert!(text.contains(told), "{text}");
    assert!(text.len() < 2000 && !sent.events[0].attempts[0].request.body.as_bytes().ends_with(b" "));
    // Over a socket nobody can tell what was kept of what was read.
    let sent = large().send_to(&url).await;
    assert_eq!(sent.assert_rejected(413).events[0].attempts[0].body_read, None);
}

#[tokio::test]
async fn a_long_body_and_one_that_is_no_text_are_shortened() {
    let mut app = router(Endpoint::new("crm", secrets()), Handled::default());
    let sent = sender().event(MockEvent::raw("茶".repeat(500))).send_to(&mut app).await;
    assert!(sent.to_string().contains(&format!("{}… (1500 bytes)", "茶".repeat(400))));
    let sent = sender().event(MockEvent::raw(vec![0xff; 9])).send_to(&mut app).await;
    assert!(sent.to_string().contains("(9 bytes that are no text)"));
}
